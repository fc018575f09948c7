//! A reader of JSON text that keeps what values looked like: numbers as written, nested values with their source,
//! since a STRING column holds them verbatim.

use std::borrow::Cow;

/// Values nested deeper make a record malformed.
const DEPTH_MAX: usize = 500;

/// Where the reader is laxer than JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leniency {
    pub comments: bool,
    pub unquoted_names: bool,
    pub single_quotes: bool,
    pub leading_zeros: bool,
    pub non_numeric_numbers: bool,
    pub escapes_of_any_character: bool,
    pub control_characters: bool,
}

/// A value and the text it was read from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node<'a> {
    pub source: &'a str,
    pub value: Value<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Boolean(bool),
    /// As written.
    Number(&'a str),
    /// `NaN` and the infinities.
    Special(f64),
    String(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// In the order written; a name may occur twice.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Text that is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// Reads the first value of a text, and passes over what follows it. `None`: there is nothing but blanks.
pub(crate) fn parse<'a>(text: &'a str, leniency: &Leniency) -> Result<Option<Node<'a>>, Malformed> {
    let mut parser = Parser { text, position: 0, leniency };
    parser.skip_blanks()?;
    if parser.rest().is_empty() {
        return Ok(None);
    }
    parser.node(0).map(Some)
}

struct Parser<'a, 'b> {
    text: &'a str,
    position: usize,
    leniency: &'b Leniency,
}

impl<'a> Parser<'a, '_> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn skip_blanks(&mut self) -> Result<(), Malformed> {
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
                self.position += 1;
            }
            if !self.leniency.comments {
                return Ok(());
            }
            let rest = self.rest();
            if rest.starts_with("//") {
                self.position += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                self.position += rest.find("*/").ok_or(Malformed)? + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, Malformed> {
        if depth > DEPTH_MAX {
            return Err(Malformed);
        }
        let start = self.position;
        let value = match self.peek().ok_or(Malformed)? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            b'"' => Value::String(self.string(b'"')?),
            b'\'' if self.leniency.single_quotes => Value::String(self.string(b'\'')?),
            _ => self.word()?,
        };
        Ok(Node { source: self.between(start, self.position), value })
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        self.position += 1;
        let mut fields = Vec::new();
        self.skip_blanks()?;
        if self.peek() == Some(b'}') {
            self.position += 1;
            return Ok(Value::Object(fields));
        }
        loop {
            self.skip_blanks()?;
            let name = self.name()?;
            self.skip_blanks()?;
            self.expect(b':')?;
            self.skip_blanks()?;
            fields.push((name, self.node(depth + 1)?));
            self.skip_blanks()?;
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.position += 1;
                    return Ok(Value::Object(fields));
                }
                _ => return Err(Malformed),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, Malformed> {
        self.position += 1;
        let mut elements = Vec::new();
        self.skip_blanks()?;
        if self.peek() == Some(b']') {
            self.position += 1;
            return Ok(Value::Array(elements));
        }
        loop {
            self.skip_blanks()?;
            elements.push(self.node(depth + 1)?);
            self.skip_blanks()?;
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    return Ok(Value::Array(elements));
                }
                _ => return Err(Malformed),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.peek() != Some(byte) {
            return Err(Malformed);
        }
        self.position += 1;
        Ok(())
    }

    fn name(&mut self) -> Result<Cow<'a, str>, Malformed> {
        match self.peek() {
            Some(b'"') => self.string(b'"'),
            Some(b'\'') if self.leniency.single_quotes => self.string(b'\''),
            _ if self.leniency.unquoted_names => {
                let rest = self.rest();
                let is_part = |character: char| character.is_alphanumeric() || matches!(character, '_' | '$' | '-');
                let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
                let name = rest.get(..length).filter(|name| !name.is_empty()).ok_or(Malformed)?;
                self.position += length;
                Ok(Cow::Borrowed(name))
            }
            _ => Err(Malformed),
        }
    }

    fn string(&mut self, quote: u8) -> Result<Cow<'a, str>, Malformed> {
        self.position += 1;
        let start = self.position;
        let mut owned: Option<String> = None;
        let mut from = start;
        loop {
            match self.peek().ok_or(Malformed)? {
                byte if byte == quote => break,
                b'\\' => {
                    let plain = self.between(from, self.position);
                    let text = owned.get_or_insert_default();
                    text.push_str(plain);
                    self.position += 1;
                    let character = self.escape()?;
                    owned.get_or_insert_default().push(character);
                    from = self.position;
                }
                control if control < b' ' && !self.leniency.control_characters => return Err(Malformed),
                _ => self.position += 1,
            }
        }
        let tail = self.between(from, self.position);
        self.position += 1;
        Ok(match owned {
            None => Cow::Borrowed(tail),
            Some(mut text) => {
                text.push_str(tail);
                Cow::Owned(text)
            }
        })
    }

    /// The character that an escape stands for; the backslash is read already.
    fn escape(&mut self) -> Result<char, Malformed> {
        let character = self.rest().chars().next().ok_or(Malformed)?;
        self.position += character.len_utf8();
        Ok(match character {
            '"' | '\\' | '/' => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(),
            '\'' if self.leniency.single_quotes => character,
            other if self.leniency.escapes_of_any_character => other,
            _ => return Err(Malformed),
        })
    }

    fn unicode_escape(&mut self) -> Result<char, Malformed> {
        let high = self.hex_digits()?;
        if let Some(character) = char::from_u32(high) {
            return Ok(character);
        }
        if (0xD800..0xDC00).contains(&high) && self.rest().starts_with("\\u") {
            let before = self.position;
            self.position += 2;
            let low = self.hex_digits()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                return char::from_u32(code).ok_or(Malformed);
            }
            self.position = before;
        }
        // Half of a pair stands for no character.
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn hex_digits(&mut self) -> Result<u32, Malformed> {
        let digits = self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = u32::from_str_radix(digits.ok_or(Malformed)?, 16).map_err(|_| Malformed)?;
        self.position += 4;
        Ok(code)
    }

    /// A number, `true`, `false`, `null`, or a number by name.
    fn word(&mut self) -> Result<Value<'a>, Malformed> {
        let rest = self.rest();
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let word = rest.get(..length).unwrap_or_default();
        let value = match word {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            "null" => Value::Null,
            _ => match special_number(word).filter(|_| self.leniency.non_numeric_numbers) {
                Some(special) => Value::Special(special),
                None if self.is_number(word) => Value::Number(word),
                None => return Err(Malformed),
            },
        };
        self.position += length;
        Ok(value)
    }

    fn is_number(&self, word: &str) -> bool {
        let digits_of = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = word.strip_prefix('-').unwrap_or(word);
        let whole = digits_of(rest);
        if whole == 0 || (whole > 1 && rest.starts_with('0') && !self.leniency.leading_zeros) {
            return false;
        }
        let mut rest = rest.get(whole..).unwrap_or_default();
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = digits_of(fraction);
            if length == 0 {
                return false;
            }
            rest = fraction.get(length..).unwrap_or_default();
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let length = digits_of(exponent);
            if length == 0 {
                return false;
            }
            rest = exponent.get(length..).unwrap_or_default();
        }
        rest.is_empty()
    }
}

/// The numbers that have names.
pub(super) fn special_number(word: &str) -> Option<f64> {
    match word {
        "NaN" => Some(f64::NAN),
        "Infinity" | "INF" | "+Infinity" | "+INF" => Some(f64::INFINITY),
        "-Infinity" | "-INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Leniency = Leniency {
        comments: false,
        unquoted_names: false,
        single_quotes: false,
        leading_zeros: false,
        non_numeric_numbers: false,
        escapes_of_any_character: false,
        control_characters: false,
    };

    #[test]
    fn keeps_the_source_of_values() {
        let node = parse(r#" {"a": [1, 2.50], "b":"\u00e9\ud83d\ude00\n\/"} x"#, &STRICT).unwrap().unwrap();
        let Value::Object(fields) = &node.value else { panic!("{node:?}") };
        assert_eq!(fields[0].1.source, "[1, 2.50]");
        assert_eq!(fields[1].1.value, Value::String("é😀\n/".into()));
    }

    #[test]
    fn is_strict_unless_told() {
        for text in
            ["bad", "{'a':1}", "{a:1}", r#"{"a":01}"#, r#"{"a":1,}"#, "{\"a\":\"\t\"}", r#"{"a":"\x"}"#, "NaN", "1."]
        {
            assert_eq!(parse(text, &STRICT), Err(Malformed), "{text}");
        }
        let lax = Leniency {
            comments: true,
            unquoted_names: true,
            single_quotes: true,
            leading_zeros: true,
            non_numeric_numbers: true,
            escapes_of_any_character: true,
            control_characters: true,
        };
        for text in ["{'a':1}", "{a:1} // c", "/* c */ {\"a\":01}", "{\"a\":\"\t\"}", r#"{"a":"\x"}"#, "-INF"] {
            assert!(parse(text, &lax).is_ok(), "{text}");
        }
        assert_eq!(parse("  ", &lax), Ok(None));
        assert_eq!(parse(&"[".repeat(100_000), &lax), Err(Malformed));
    }
}
