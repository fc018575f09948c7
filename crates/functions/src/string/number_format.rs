//! Formats of `to_number` and `to_char`: `S$99,999.99`, read into tokens, and numbers read and written by them.

use firesteel_base::{SparkError, SparkResult};

/// A format that makes sense.
#[derive(Debug)]
pub(super) struct NumberFormat {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// `MI`: minus or nothing.
    Minus,
    /// `S`: a sign.
    Sign,
    /// `$`
    Currency,
    /// Groups of digits before the point, from the left; each begins with `0` or `9`.
    Whole(Vec<String>),
    /// `.` or `D`
    Point,
    /// Digits behind the point.
    Fraction(String),
    /// `PR`: negative numbers stand in angle brackets.
    Brackets,
    Unknown(char),
}

impl Token {
    fn name(&self) -> String {
        match self {
            Self::Minus => "MI".to_owned(),
            Self::Sign => "S".to_owned(),
            Self::Currency => "$".to_owned(),
            Self::Whole(_) | Self::Fraction(_) => "digit sequence".to_owned(),
            Self::Point => ". or D".to_owned(),
            Self::Brackets => "PR".to_owned(),
            Self::Unknown(letter) => format!("character '{letter}''"),
        }
    }

    /// Its place in a format.
    fn order(&self, has_digits: bool) -> Option<u8> {
        match self {
            Self::Minus | Self::Sign if !has_digits => Some(0),
            Self::Currency if !has_digits => Some(1),
            Self::Whole(_) => Some(2),
            Self::Point => Some(3),
            Self::Fraction(_) => Some(4),
            Self::Minus | Self::Sign | Self::Brackets => Some(6),
            Self::Currency => Some(5),
            Self::Unknown(_) => None,
        }
    }
}

impl NumberFormat {
    pub fn parse(format: &str) -> SparkResult<Self> {
        let format = format.to_uppercase();
        let tokens = tokens(&format);
        let invalid =
            |kind: &str| SparkError::new(&format!("INVALID_FORMAT.{kind}")).param("format", format!("'{format}'"));
        if format.is_empty() {
            return Err(invalid("EMPTY"));
        }
        let is_digits = |token: &Token| matches!(token, Token::Whole(_) | Token::Fraction(_));
        if !tokens.iter().any(is_digits) {
            return Err(invalid("WRONG_NUM_DIGIT"));
        }
        for token in [Token::Point, Token::Currency, Token::Sign, Token::Minus, Token::Brackets] {
            if tokens.iter().filter(|other| **other == token).count() > 1 {
                return Err(invalid("WRONG_NUM_TOKEN").param("token", token.name()));
            }
        }
        let place = |token: &Token| tokens.iter().position(|other| other == token);
        let (currency, point) = (place(&Token::Currency), place(&Token::Point));
        if currency.is_some() && point.is_some() && currency > point {
            return Err(invalid("CUR_MUST_BEFORE_DEC"));
        }
        if currency.is_some() && currency > tokens.iter().position(is_digits) {
            return Err(invalid("CUR_MUST_BEFORE_DIGIT"));
        }
        if tokens.iter().any(|token| matches!(token, Token::Fraction(digits) if digits.contains(','))) {
            return Err(invalid("THOUSANDS_SEPS_MUST_BEFORE_DEC"));
        }
        let has_empty_group =
            |token: &Token| matches!(token, Token::Whole(groups) if groups.iter().any(String::is_empty));
        if tokens.iter().any(has_empty_group) {
            return Err(invalid("CONT_THOUSANDS_SEPS"));
        }
        let (mut last, mut has_digits) = (None, false);
        for token in &tokens {
            let order = token.order(has_digits);
            if order.is_none() || order <= last {
                return Err(invalid("UNEXPECTED_TOKEN").param("token", token.name()));
            }
            last = order;
            has_digits |= is_digits(token);
        }
        Ok(Self { tokens })
    }

    fn groups(&self) -> &[String] {
        let groups = self.tokens.iter().find_map(|token| match token {
            Token::Whole(groups) => Some(groups.as_slice()),
            _ => None,
        });
        groups.unwrap_or_default()
    }

    fn fraction(&self) -> &str {
        let digits = self.tokens.iter().find_map(|token| match token {
            Token::Fraction(digits) => Some(digits.as_str()),
            _ => None,
        });
        digits.unwrap_or("")
    }

    /// Number of digits before and behind the point.
    pub fn size(&self) -> (usize, usize) {
        (self.groups().iter().map(String::len).sum(), self.fraction().len())
    }

    /// The number that a text says, with as many digits behind the point as the format has; `None` if the text is not
    /// of the format.
    pub fn read(&self, text: &str) -> Option<i128> {
        let input: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let mut rest = input.as_str();
        let mut is_negative = false;
        let mut is_bracketed = false;
        if self.tokens.contains(&Token::Brackets)
            && let Some(behind) = rest.strip_prefix('<')
        {
            (rest, is_bracketed) = (behind, true);
        }
        let mut digits = String::new();
        let mut fraction_digits = 0;
        for token in &self.tokens {
            match token {
                Token::Minus | Token::Sign => {
                    if let Some(behind) = rest.strip_prefix('-') {
                        (rest, is_negative) = (behind, true);
                    } else if *token == Token::Sign {
                        rest = rest.strip_prefix('+').unwrap_or(rest);
                    }
                }
                Token::Currency => rest = rest.strip_prefix('$')?,
                Token::Whole(groups) => {
                    let end = rest.find(|letter: char| !letter.is_numeric() && letter != ',').unwrap_or(rest.len());
                    let (whole, behind) = rest.split_at(end);
                    if !whole.is_empty() && !matches_groups(whole, groups) {
                        return None;
                    }
                    digits.extend(whole.chars().filter_map(decimal_digit));
                    rest = behind;
                }
                Token::Point => rest = rest.strip_prefix('.').unwrap_or(rest),
                Token::Fraction(places) => {
                    let end = rest.find(|letter: char| !letter.is_numeric()).unwrap_or(rest.len());
                    let (fraction, behind) = rest.split_at(end);
                    let count = fraction.chars().count();
                    let exact = places.starts_with('0');
                    if count > places.len() || (exact && count > 0 && count < places.len()) {
                        return None;
                    }
                    digits.extend(fraction.chars().filter_map(decimal_digit));
                    (rest, fraction_digits) = (behind, count);
                }
                Token::Brackets if is_bracketed => {
                    (rest, is_negative) = (rest.strip_prefix('>')?, true);
                }
                Token::Brackets | Token::Unknown(_) => {}
            }
        }
        if !rest.is_empty() || digits.is_empty() {
            return None;
        }
        let missing = u32::try_from(self.fraction().len() - fraction_digits).ok()?;
        let value = digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(missing)?)?;
        Some(if is_negative { -value } else { value })
    }

    /// Writes a number; digits that do not fit become `#`.
    pub fn write(&self, unscaled: i128, scale: i8) -> String {
        let text = format!("{:0>width$}", unscaled.unsigned_abs(), width = usize::try_from(scale).unwrap_or(0));
        let (whole, fraction) = text.split_at(text.len() - usize::try_from(scale).unwrap_or(0));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let (whole_size, fraction_size) = self.size();
        let fits = whole.len() <= whole_size && fraction.len() <= fraction_size;
        let is_negative = unscaled < 0;
        let mut result: Vec<char> = Vec::new();
        for token in &self.tokens {
            match token {
                Token::Minus => result.push(if is_negative { '-' } else { ' ' }),
                Token::Sign => result.push(if is_negative { '-' } else { '+' }),
                Token::Currency => result.push('$'),
                Token::Whole(groups) => write_whole(groups, fits.then_some(whole), &mut result),
                Token::Point => {
                    if let Some(last @ ' ') = result.last_mut() {
                        *last = '0';
                    }
                    result.push(if fraction_size > 0 { '.' } else { ' ' });
                }
                Token::Fraction(places) if fits => {
                    result.extend(format!("{fraction:0<width$}", width = places.len()).chars())
                }
                Token::Fraction(places) => result.extend(places.chars().map(|_| '#')),
                Token::Brackets if is_negative => {
                    let first = result.iter().position(|letter| *letter != ' ').unwrap_or(0);
                    result.insert(first, '<');
                    result.push('>');
                }
                Token::Brackets => result.extend([' ', ' ']),
                Token::Unknown(_) => {}
            }
        }
        result.into_iter().collect()
    }
}

/// The value of a digit of any script, as an ASCII digit.
fn decimal_digit(letter: char) -> Option<char> {
    if letter.is_ascii_digit() {
        return Some(letter);
    }
    // Decimal digits of a script are ten consecutive characters, the first of which stands for zero.
    let zeros = [0x0660_u32, 0x06F0, 0x0966, 0x09E6, 0xFF10];
    let code = u32::from(letter);
    zeros.iter().find_map(|zero| char::from_digit(code.checked_sub(*zero).filter(|digit| *digit < 10)?, 10))
}

/// Groups are compared from the right; one that begins with zero is complete.
fn matches_groups(whole: &str, groups: &[String]) -> bool {
    let given: Vec<usize> = whole.split(',').map(|group| group.chars().count()).collect();
    let fits = given.iter().rev().zip(groups.iter().rev()).all(|(given, group)| {
        if group.starts_with('0') { *given == group.len() } else { (1..=group.len()).contains(given) }
    });
    let missing = groups.len().saturating_sub(given.len());
    let complete = groups.iter().take(missing).all(|group| group.starts_with('9'));
    given.len() <= groups.len() && fits && complete
}

/// Writes digits with separators: missing ones are zeros if the first place is a zero, else blanks.
fn write_whole(groups: &[String], digits: Option<&str>, result: &mut Vec<char>) {
    let size: usize = groups.iter().map(String::len).sum();
    let pads_with_zero = groups.first().is_some_and(|group| group.starts_with('0'));
    let mut digits = digits.map(|digits| (size - digits.len(), digits.chars()));
    for (index, group) in groups.iter().enumerate() {
        if index > 0 {
            if result.last().is_some_and(char::is_ascii_digit) { result.push(',') } else { push_blank(result) }
        }
        for _ in group.chars() {
            match &mut digits {
                None => result.push('#'),
                Some((missing @ 1.., _)) => {
                    *missing -= 1;
                    if pads_with_zero { result.push('0') } else { push_blank(result) }
                }
                Some((_, digits)) => result.extend(digits.next()),
            }
        }
    }
}

/// A blank goes before a sign.
fn push_blank(result: &mut Vec<char>) {
    match result.last() {
        Some('+' | '-') => result.insert(result.len() - 1, ' '),
        _ => result.push(' '),
    }
}

fn tokens(format: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = format;
    let mut behind_point = false;
    while let Some(letter) = rest.chars().next() {
        let is_place = |letter: char| matches!(letter, '0' | '9' | ',' | 'G');
        if is_place(letter) {
            let end = rest.find(|letter| !is_place(letter)).unwrap_or(rest.len());
            let (places, behind) = rest.split_at(end);
            let places = places.replace('G', ",");
            tokens.push(if behind_point {
                Token::Fraction(places)
            } else {
                Token::Whole(places.split(',').map(str::to_owned).collect())
            });
            rest = behind;
            continue;
        }
        let (token, length) = match letter {
            '.' | 'D' => (Token::Point, 1),
            '$' => (Token::Currency, 1),
            'S' => (Token::Sign, 1),
            'M' if rest.starts_with("MI") => (Token::Minus, 2),
            'P' if rest.starts_with("PR") => (Token::Brackets, 2),
            letter => (Token::Unknown(letter), letter.len_utf8()),
        };
        behind_point |= token == Token::Point;
        tokens.push(token);
        rest = rest.get(length..).unwrap_or("");
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes() {
        let write = |format: &str, unscaled, scale| NumberFormat::parse(format).unwrap().write(unscaled, scale);
        assert_eq!(write("$99.99", 7812, 2), "$78.12");
        assert_eq!(write("S999", -5, 0), "  -5");
        assert_eq!(write("S9.9", -5, 1), " -.5");
        assert_eq!(write("9.9", 5, 1), "0.5");
        assert_eq!(write("9,999,999", 1234, 0), "    1,234");
        assert_eq!(write("99PR", -5, 0), " <5>");
        assert_eq!(write("99.9", 12345, 3), "##.#");
        assert_eq!(write("99,99", 12345, 0), "## ##");
        assert_eq!(write("90", 0, 0), "  ");
        assert_eq!(write("09", 0, 0), "00");
    }

    #[test]
    fn reads() {
        let read = |format: &str, text: &str| NumberFormat::parse(format).unwrap().read(text);
        assert_eq!(read("S99,999.9", "-12,454.8"), Some(-124_548));
        assert_eq!(read("99,999", "12454"), None);
        assert_eq!(read("99,999", "454"), Some(454));
        assert_eq!(read("9,999PR", "<1,234>"), Some(-1234));
        assert_eq!(read("9.9", "1."), Some(10));
        assert_eq!(read("9.9", "."), None);
        assert_eq!(read("099", "12"), None);
    }
}
