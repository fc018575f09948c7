//! From a pattern's letters to its items.

use super::{Field, Item, Number, OffsetStyle, Pattern, Problem, Sign, Use};

pub(super) fn compile(pattern: &str, purpose: Use) -> Result<Pattern, Problem> {
    let mut has_era = false;
    for (letter, count) in letters(pattern) {
        match letter {
            'Y' | 'W' | 'w' | 'u' | 'e' | 'c' => return Err(Problem::WeekBased(letter)),
            'A' | 'B' | 'n' | 'N' | 'p' => return Err(Problem::Illegal(letter)),
            'E' | 'F' | 'q' | 'Q' if purpose == Use::Read => return Err(Problem::Illegal(letter)),
            'G' | 'M' | 'L' | 'E' | 'Q' | 'q' if count >= 5 => return Err(Problem::TooLong),
            'y' if count >= 7 => return Err(Problem::TooLong),
            'G' => has_era = true,
            _ => {}
        }
    }
    let mut compiler = Compiler { purpose, has_era, stack: Vec::new(), items: Vec::new(), number: None };
    compiler.run(pattern)?;
    Ok(Pattern { items: compiler.items, legacy: None })
}

/// Whether Java's old `SimpleDateFormat` takes the pattern.
pub(super) fn was_valid_once(pattern: &str) -> bool {
    pattern.matches('\'').count().is_multiple_of(2)
        && letters(pattern).iter().all(|(letter, count)| match letter {
            'X' => *count <= 3,
            letter => "GyYMLwWDdFEuaHkKhmsSzZ".contains(*letter),
        })
}

/// The runs of equal letters outside of quotes.
fn letters(pattern: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for part in pattern.split('\'').step_by(2) {
        let mut previous = None;
        for letter in part.chars() {
            match runs.last_mut() {
                Some((_, count)) if previous == Some(letter) => *count += 1,
                Some(_) | None if letter.is_ascii_alphabetic() => runs.push((letter, 1)),
                Some(_) | None => {}
            }
            previous = letter.is_ascii_alphabetic().then_some(letter);
        }
    }
    runs
}

struct Compiler {
    purpose: Use,
    has_era: bool,
    /// The items before each optional section that is open.
    stack: Vec<Vec<Item>>,
    items: Vec<Item>,
    /// Where the number stands that leaves digits to the ones behind it.
    number: Option<usize>,
}

impl Compiler {
    fn run(&mut self, pattern: &str) -> Result<(), Problem> {
        let mut letters = pattern.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                'a'..='z' | 'A'..='Z' => {
                    let mut count = 1;
                    while letters.next_if_eq(&letter).is_some() {
                        count += 1;
                    }
                    self.field(letter, count)?;
                }
                '\'' => {
                    let mut literal = String::new();
                    loop {
                        match letters.next() {
                            Some('\'') if letters.next_if_eq(&'\'').is_some() => literal.push('\''),
                            Some('\'') => break,
                            Some(letter) => literal.push(letter),
                            None => return Err(Problem::Malformed),
                        }
                    }
                    self.push(Item::Literal(if literal.is_empty() { "'".to_owned() } else { literal }));
                }
                '[' => {
                    self.number = None;
                    self.stack.push(std::mem::take(&mut self.items));
                }
                ']' => {
                    self.number = None;
                    let outer = self.stack.pop().ok_or(Problem::Malformed)?;
                    let inner = std::mem::replace(&mut self.items, outer);
                    self.items.push(Item::Optional(inner));
                }
                '{' | '}' | '#' => return Err(Problem::Malformed),
                letter => self.push(Item::Literal(letter.to_string())),
            }
        }
        while let Some(outer) = self.stack.pop() {
            let inner = std::mem::replace(&mut self.items, outer);
            self.items.push(Item::Optional(inner));
        }
        Ok(())
    }

    fn push(&mut self, item: Item) {
        self.number = None;
        self.items.push(item);
    }

    /// A number; one of fixed width takes its digits from the first of the numbers directly before it.
    fn push_number(&mut self, item: Item) {
        let fixed = match &item {
            Item::Number(number) if number.least == number.most && number.sign == Sign::NotNegative => number.most,
            Item::ReducedYear { .. } => 2,
            Item::Fraction { least, most } if least == most => *most,
            _ => 0,
        };
        let first = self.number.and_then(|index| self.items.get_mut(index));
        match first {
            Some(Item::Number(Number { subsequent, .. }) | Item::ReducedYear { subsequent, .. }) if fixed > 0 => {
                *subsequent += fixed;
            }
            Some(_) | None => self.number = Some(self.items.len()),
        }
        self.items.push(item);
    }

    fn value(&mut self, field: Field, least: usize, most: usize, sign: Sign) {
        self.push_number(Item::Number(Number { field, least, most, sign, subsequent: 0 }));
    }

    /// A number as wide as it is for one letter, else padded to two digits.
    fn short_value(&mut self, field: Field, count: usize) -> Result<(), Problem> {
        match count {
            1 => self.value(field, 1, 19, Sign::Normal),
            2 => self.value(field, 2, 2, Sign::NotNegative),
            _ => return Err(Problem::Malformed),
        }
        Ok(())
    }

    fn field(&mut self, letter: char, count: usize) -> Result<(), Problem> {
        match (letter, count) {
            ('G', _) => self.push(Item::Text { field: Field::Era, full: count == 4 }),
            ('y', _) => self.year(count),
            ('M' | 'L', 3 | 4) => self.push(Item::Text { field: Field::Month, full: count == 4 }),
            ('M' | 'L', _) => return self.short_value(Field::Month, count),
            ('Q' | 'q', 3 | 4) => self.push(Item::Text { field: Field::Quarter, full: count == 4 }),
            ('Q' | 'q', _) => return self.short_value(Field::Quarter, count),
            ('D', 1) => self.value(Field::DayOfYear, 1, 19, Sign::Normal),
            ('D', 2) => self.value(Field::DayOfYear, 2, 3, Sign::NotNegative),
            ('D', 3) => self.value(Field::DayOfYear, 3, 3, Sign::NotNegative),
            ('d', _) => return self.short_value(Field::Day, count),
            ('E', _) => self.push(Item::Text { field: Field::DayOfWeek, full: count == 4 }),
            ('F', 1) => self.value(Field::AlignedDay, 1, 19, Sign::Normal),
            ('a', 1) => self.push(Item::Text { field: Field::AmPm, full: false }),
            ('H', _) => return self.short_value(Field::Hour, count),
            ('k', _) => return self.short_value(Field::ClockHour, count),
            ('K', _) => return self.short_value(Field::HourOfAmPm, count),
            ('h', _) => return self.short_value(Field::ClockHourOfAmPm, count),
            ('m', _) => return self.short_value(Field::Minute, count),
            ('s', _) => return self.short_value(Field::Second, count),
            ('S', 1..=9) if self.purpose == Use::Read => self.push(Item::Fraction { least: 1, most: count }),
            ('S', 1..=9) => self.push_number(Item::Fraction { least: count, most: count }),
            ('g', 1..=19) => self.value(Field::ModifiedJulianDay, count, 19, Sign::Normal),
            ('z', 1..=4) => self.push(Item::ZoneName { full: count == 4 }),
            ('V', 2) => self.push(Item::ZoneId),
            ('O', 1 | 4) => self.push(Item::LocalizedOffset { full: count == 4 }),
            ('Z', 4) => self.push(Item::LocalizedOffset { full: true }),
            ('X' | 'x' | 'Z', 1..=5) => self.push(Item::Offset(offset_style(letter, count))),
            _ => return Err(Problem::Malformed),
        }
        Ok(())
    }

    fn year(&mut self, count: usize) {
        let field = if self.has_era { Field::YearOfEra } else { Field::Year };
        match count {
            1 | 3 => self.value(field, count, 19, Sign::Normal),
            2 => self.push_number(Item::ReducedYear { field, subsequent: 0 }),
            _ => self.value(field, count, 19, Sign::ExceedsPad),
        }
    }
}

fn offset_style(letter: char, count: usize) -> OffsetStyle {
    let colon = matches!((letter, count), (_, 5) | ('X' | 'x', 3));
    let zero = match (letter, count) {
        ('X', _) | ('Z', 5) => "Z",
        ('x', 1) => "+00",
        ('x', 3 | 5) => "+00:00",
        _ => "+0000",
    };
    OffsetStyle {
        colon,
        minutes_optional: letter != 'Z' && count == 1,
        seconds: count == 5 || (letter != 'Z' && count == 4),
        zero,
    }
}
