//! A JSON text as a tree that knows the piece of text each value was read from.

/// The deepest nesting that is read, as Jackson limits it.
const DEEPEST: usize = 1000;

/// A value and the text it was read from.
#[derive(Debug)]
pub(crate) struct Value<'a> {
    pub(crate) node: Node<'a>,
    pub(crate) raw: &'a str,
}

#[derive(Debug)]
pub(crate) enum Node<'a> {
    Null,
    Boolean(bool),
    /// As it is spelled.
    Number(&'a str),
    Text(String),
    Array(Vec<Value<'a>>),
    Object(Vec<(String, Value<'a>)>),
}

/// What is read besides strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) single_quotes: bool,
    pub(crate) unquoted_names: bool,
    pub(crate) comments: bool,
    pub(crate) leading_zeros: bool,
    pub(crate) non_numeric: bool,
    pub(crate) escapes_anything: bool,
    pub(crate) control_characters: bool,
}

impl Dialect {
    /// JSON and nothing else.
    pub(crate) const STRICT: Self = Self {
        single_quotes: false,
        unquoted_names: false,
        comments: false,
        leading_zeros: false,
        non_numeric: false,
        escapes_anything: false,
        control_characters: false,
    };

    /// What the functions that take paths read.
    pub(crate) const PATHS: Self = Self {
        single_quotes: true,
        unquoted_names: false,
        comments: false,
        leading_zeros: false,
        non_numeric: false,
        escapes_anything: false,
        control_characters: true,
    };
}

/// Reads the first value of the text; what stands behind it is not looked at.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Option<Value<'_>> {
    let mut parser = Parser { text, position: 0, dialect };
    parser.blanks()?;
    parser.value(0)
}

/// The value of a number's spelling.
pub(crate) fn number(spelling: &str) -> f64 {
    match spelling.trim_start_matches(['+', '-']) {
        "INF" | "Infinity" if spelling.starts_with('-') => f64::NEG_INFINITY,
        "INF" | "Infinity" => f64::INFINITY,
        _ => spelling.parse().unwrap_or(f64::NAN),
    }
}

/// Whether a number is spelled without fraction and exponent.
pub(crate) fn is_integer(spelling: &str) -> bool {
    spelling.strip_prefix('-').unwrap_or(spelling).bytes().all(|byte| byte.is_ascii_digit())
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
    dialect: Dialect,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        if self.peek() == Some(byte) {
            self.position += 1;
            Some(())
        } else {
            None
        }
    }

    fn take_word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word).then(|| self.position += word.len())
    }

    /// Skips blanks, and comments where there may be some.
    fn blanks(&mut self) -> Option<()> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.position += 1,
                Some(b'/') if self.dialect.comments => {
                    let rest = self.rest();
                    let length = if rest.starts_with("/*") {
                        rest.find("*/")? + 2
                    } else if rest.starts_with("//") {
                        rest.find('\n').unwrap_or(rest.len())
                    } else {
                        return None;
                    };
                    self.position += length;
                }
                _ => return Some(()),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        if depth > DEEPEST {
            return None;
        }
        let start = self.position;
        let node = match self.peek()? {
            b'{' => self.object(depth)?,
            b'[' => self.array(depth)?,
            quote @ (b'"' | b'\'') => Node::Text(self.quoted(quote)?),
            b't' => self.take_word("true").map(|()| Node::Boolean(true))?,
            b'f' => self.take_word("false").map(|()| Node::Boolean(false))?,
            b'n' => self.take_word("null").map(|()| Node::Null)?,
            _ => self.number()?,
        };
        Some(Value { node, raw: self.text.get(start..self.position)? })
    }

    fn object(&mut self, depth: usize) -> Option<Node<'a>> {
        self.take(b'{')?;
        let mut fields = Vec::new();
        self.blanks()?;
        if self.take(b'}').is_some() {
            return Some(Node::Object(fields));
        }
        loop {
            self.blanks()?;
            let name = match self.peek()? {
                quote @ (b'"' | b'\'') => self.quoted(quote)?,
                _ => self.name()?,
            };
            self.blanks()?;
            self.take(b':')?;
            self.blanks()?;
            fields.push((name, self.value(depth + 1)?));
            self.blanks()?;
            if self.take(b',').is_none() {
                self.take(b'}')?;
                return Some(Node::Object(fields));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node<'a>> {
        self.take(b'[')?;
        let mut elements = Vec::new();
        self.blanks()?;
        if self.take(b']').is_some() {
            return Some(Node::Array(elements));
        }
        loop {
            self.blanks()?;
            elements.push(self.value(depth + 1)?);
            self.blanks()?;
            if self.take(b',').is_none() {
                self.take(b']')?;
                return Some(Node::Array(elements));
            }
        }
    }

    /// A field's name without quotes.
    fn name(&mut self) -> Option<String> {
        let rest = self.rest();
        let length =
            rest.find(|letter: char| !(letter.is_alphanumeric() || "_$".contains(letter))).unwrap_or(rest.len());
        let name = rest.get(..length).filter(|name| self.dialect.unquoted_names && !name.is_empty())?;
        self.position += length;
        Some(name.to_owned())
    }

    fn quoted(&mut self, quote: u8) -> Option<String> {
        if quote == b'\'' && !self.dialect.single_quotes {
            return None;
        }
        self.take(quote)?;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest.bytes().position(|byte| byte == quote || byte == b'\\' || byte < b' ')?;
            text.push_str(rest.get(..plain)?);
            self.position += plain;
            let byte = self.peek()?;
            self.position += 1;
            match byte {
                b'\\' => text.push(self.escape()?),
                byte if byte == quote => return Some(text),
                byte if self.dialect.control_characters => text.push(char::from(byte)),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = self.rest().chars().next()?;
        self.position += letter.len_utf8();
        Some(match letter {
            '"' | '\\' | '/' => letter,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode_escape(),
            '\'' if self.dialect.single_quotes => letter,
            letter if self.dialect.escapes_anything => letter,
            _ => return None,
        })
    }

    fn unicode_escape(&mut self) -> Option<char> {
        let unit = self.hex()?;
        if !(0xd800..0xdc00).contains(&unit) {
            return Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let before = self.position;
        if self.take_word("\\u").is_some()
            && let Some(low @ 0xdc00..0xe000) = self.hex()
        {
            return char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        }
        self.position = before;
        Some(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.rest().get(..4)?;
        let unit = u32::from_str_radix(digits, 16).ok()?;
        self.position += 4;
        Some(unit)
    }

    fn number(&mut self) -> Option<Node<'a>> {
        let rest = self.rest();
        if self.dialect.non_numeric {
            for word in ["NaN", "Infinity", "+Infinity", "-Infinity", "+INF", "-INF", "INF"] {
                if rest.starts_with(word) {
                    self.position += word.len();
                    return Some(Node::Number(rest.get(..word.len())?));
                }
            }
        }
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let whole = digits(sign);
        let has_leading_zero = whole > 1 && bytes.get(sign) == Some(&b'0');
        if whole == 0 || (has_leading_zero && !self.dialect.leading_zeros) {
            return None;
        }
        let mut end = sign + whole;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return None;
            }
            end += 1 + fraction;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let signed = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + signed);
            if exponent == 0 {
                return None;
            }
            end += 1 + signed + exponent;
        }
        // A number ends where a word cannot go on.
        if bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.' || *byte == b'_') {
            return None;
        }
        self.position += end;
        Some(Node::Number(rest.get(..end)?))
    }
}
