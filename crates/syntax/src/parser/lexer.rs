//! Text to tokens, by Spark's lexical rules: the longest match wins, and of equally long ones the first rule.

use firesteel_base::{SparkError, SparkResult};

use super::keywords::Keyword;
use super::token::{NO_LINK, Token, TokenKind};
use firesteel_base::error::ErrorKind;

/// The tokens of `text`, closed by one [`TokenKind::EndOfInput`]. Comments and blanks are left out.
pub(super) fn tokenize(text: &str) -> SparkResult<Vec<Token>> {
    let mut lexer = Lexer { text, offset: 0, characters: 0, questions: 0, open: Vec::new(), tokens: Vec::new() };
    lexer.run()?;
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    /// In bytes.
    offset: usize,
    /// In characters.
    characters: usize,
    questions: usize,
    /// Indices of the parentheses that are open.
    open: Vec<usize>,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn run(&mut self) -> SparkResult<()> {
        loop {
            self.skip_blanks()?;
            let rest = self.rest();
            let Some(first) = rest.chars().next() else {
                self.push(TokenKind::EndOfInput, 0);
                return Ok(());
            };
            let (kind, length) = scan(rest, first);
            self.push(kind, length);
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.offset..).unwrap_or("")
    }

    fn advance(&mut self, length: usize) {
        let end = self.offset.saturating_add(length).min(self.text.len());
        self.characters += self.text.get(self.offset..end).unwrap_or("").chars().count();
        self.offset = end;
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let (start, first) = (self.offset, self.characters);
        self.advance(length);
        let index = self.tokens.len();
        let link = match kind {
            TokenKind::LeftParen => {
                self.open.push(index);
                NO_LINK
            }
            TokenKind::RightParen => self.close(index),
            TokenKind::Question => {
                self.questions += 1;
                self.questions - 1
            }
            _ => NO_LINK,
        };
        let last = self.characters.saturating_sub(1).max(first);
        self.tokens.push(Token { kind, start, end: self.offset, first, last, link });
    }

    /// Ties the parenthesis at `index` to the one it closes.
    fn close(&mut self, index: usize) -> usize {
        let Some(partner) = self.open.pop() else { return NO_LINK };
        if let Some(token) = self.tokens.get_mut(partner) {
            token.link = index;
        }
        partner
    }

    fn skip_blanks(&mut self) -> SparkResult<()> {
        loop {
            let rest = self.rest();
            let length = if rest.starts_with("--") {
                line_comment_length(rest)
            } else if rest.starts_with("/*") && !rest.starts_with("/*+") {
                bracketed_comment_length(rest)
                    .ok_or_else(|| SparkError::new("UNCLOSED_BRACKETED_COMMENT").with_kind(ErrorKind::Parse))?
            } else {
                rest.find(|character| !is_blank(character)).unwrap_or(rest.len())
            };
            if length == 0 {
                return Ok(());
            }
            self.advance(length);
        }
    }
}

/// Spark's blanks: fewer than Unicode's.
fn is_blank(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t' | '\n' | '\u{c}' | '\r' | '\u{b}' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// A backslash at the end of the line goes on with the comment.
fn line_comment_length(text: &str) -> usize {
    let mut escaped = false;
    for (position, character) in text.char_indices() {
        match character {
            '\n' if !escaped => return position + 1,
            '\r' => {
                let behind = text.get(position + 1..).unwrap_or("");
                return position + if behind.starts_with('\n') { 2 } else { 1 };
            }
            _ => {}
        }
        escaped = character == '\\';
    }
    text.len()
}

/// Comments nest; hints do not count as comments. `None`: unclosed.
pub(super) fn bracketed_comment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut depth, mut position) = (0_usize, 0_usize);
    loop {
        let tail = bytes.get(position..)?;
        if tail.is_empty() {
            return None;
        }
        if tail.starts_with(b"/*") && !tail.starts_with(b"/*+") {
            depth += 1;
            position += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return Some(position);
            }
        } else {
            position += 1;
        }
    }
}

/// Kind and length in bytes of the token at the start of `rest`.
fn scan(rest: &str, first: char) -> (TokenKind, usize) {
    match first {
        '\'' => quoted(rest, TokenKind::String),
        '"' => quoted(rest, TokenKind::DoubleQuoted),
        '`' => back_quoted(rest),
        '$' => dollar_quoted(rest),
        'r' | 'R' if rest.get(1..2).is_some_and(|quote| quote == "'" || quote == "\"") => {
            raw_string(rest).unwrap_or_else(|| word(rest))
        }
        '.' => decimal_or_dot(rest),
        '0'..='9' => number_or_word(rest),
        '_' => word(rest),
        _ if first.is_alphabetic() => word(rest),
        _ => symbol(rest, first),
    }
}

/// `'…'` or `"…"`: a backslash takes the next character along, and the doubled quote stands for itself.
fn quoted(rest: &str, kind: TokenKind) -> (TokenKind, usize) {
    let quote = if kind == TokenKind::String { '\'' } else { '"' };
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((position, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return (kind, position + 1);
            }
        }
    }
    (TokenKind::Unrecognized, 1)
}

fn raw_string(rest: &str) -> Option<(TokenKind, usize)> {
    let body = rest.get(2..)?;
    let quote = rest.get(1..2)?;
    body.find(quote).map(|length| (TokenKind::String, length + 3))
}

fn back_quoted(rest: &str) -> (TokenKind, usize) {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((position, character)) = characters.next() {
        if character == '`' {
            if characters.peek().is_some_and(|(_, next)| *next == '`') {
                characters.next();
            } else {
                return (TokenKind::Quoted, position + 1);
            }
        }
    }
    (TokenKind::Unrecognized, 1)
}

/// `$$…$$` and `$tag$…$tag$`.
fn dollar_quoted(rest: &str) -> (TokenKind, usize) {
    let close = rest.get(1..).and_then(|tail| tail.find('$'));
    let delimiter = close.and_then(|length| rest.get(..length + 2));
    let Some(delimiter) = delimiter else { return (TokenKind::Unrecognized, 1) };
    let tag = delimiter.trim_matches('$');
    let body = rest.get(delimiter.len()..).unwrap_or("");
    match body.find(delimiter) {
        Some(length) if tag.chars().all(is_word_character) => (TokenKind::DollarQuoted, length + 2 * delimiter.len()),
        _ => (TokenKind::Unrecognized, 1),
    }
}

fn is_word_character(character: char) -> bool {
    character == '_' || character.is_ascii_digit() || (character.is_alphabetic() && !character.is_ascii_digit())
}

fn word_length(rest: &str) -> usize {
    rest.find(|character| !is_word_character(character)).unwrap_or(rest.len())
}

fn word(rest: &str) -> (TokenKind, usize) {
    let length = word_length(rest);
    let spelling = rest.get(..length).unwrap_or("");
    if let Some(uri) = uri_length(rest, length) {
        return (TokenKind::Word, uri);
    }
    (Keyword::find(spelling).map_or(TokenKind::Word, TokenKind::Keyword), length.max(1))
}

/// A path such as `s3://bucket/key` is one word, so that it can be refused as one.
fn uri_length(rest: &str, scheme: usize) -> Option<usize> {
    let is_scheme = rest.get(..scheme)?.chars().all(char::is_alphabetic);
    let path = rest.get(scheme..)?.strip_prefix("://")?;
    let length =
        path.find(|character| !(is_word_character(character) || "/-.?=&#%".contains(character))).unwrap_or(path.len());
    (is_scheme && scheme > 0 && length > 0).then_some(scheme + 3 + length)
}

fn digits_length(text: &str) -> usize {
    text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len())
}

/// `E`, an optional sign and digits; zero if there is none.
fn exponent_length(text: &str) -> usize {
    let Some(tail) = text.strip_prefix(['e', 'E']) else { return 0 };
    let sign = usize::from(tail.starts_with(['+', '-']));
    match digits_length(tail.get(sign..).unwrap_or("")) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

/// Whether a number with a point may end here: neither a letter, a digit nor an underscore follows.
fn may_end(tail: &str) -> bool {
    !tail.starts_with(|character: char| character.is_ascii_alphanumeric() || character == '_')
}

const SUFFIXES: [(&str, TokenKind); 3] =
    [("f", TokenKind::Float), ("d", TokenKind::Double), ("bd", TokenKind::BigDecimal)];

fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// The forms of a number whose mantissa is `mantissa` bytes long; `pointed` ones need [`may_end`].
fn number_forms(rest: &str, mantissa: usize, pointed: bool, forms: &mut Vec<(TokenKind, usize)>) {
    let tail = |length: usize| rest.get(length..).unwrap_or("");
    let mut add = |kind, length: usize| {
        if !pointed || may_end(tail(length)) {
            forms.push((kind, length));
        }
    };
    let exponent = exponent_length(tail(mantissa));
    if pointed {
        add(TokenKind::Decimal, mantissa);
    } else {
        for (suffix, kind) in [("l", TokenKind::BigInt), ("s", TokenKind::SmallInt), ("y", TokenKind::TinyInt)] {
            if starts_with_ignoring_case(tail(mantissa), suffix) {
                add(kind, mantissa + 1);
            }
        }
        add(TokenKind::Integer, mantissa);
    }
    if exponent > 0 {
        add(TokenKind::Exponent, mantissa + exponent);
    }
    let mut ends = vec![mantissa];
    if exponent > 0 {
        ends.push(mantissa + exponent);
    }
    for end in ends {
        for (suffix, kind) in SUFFIXES {
            if starts_with_ignoring_case(tail(end), suffix) {
                add(kind, end + suffix.len());
            }
        }
    }
}

fn longest(forms: &[(TokenKind, usize)]) -> Option<(TokenKind, usize)> {
    let mut best: Option<(TokenKind, usize)> = None;
    for form in forms {
        if best.is_none_or(|(_, length)| form.1 > length) {
            best = Some(*form);
        }
    }
    best
}

fn number_or_word(rest: &str) -> (TokenKind, usize) {
    let whole = digits_length(rest);
    let mut forms = Vec::new();
    number_forms(rest, whole, false, &mut forms);
    if let Some(fraction) = rest.get(whole..).and_then(|tail| tail.strip_prefix('.')) {
        number_forms(rest, whole + 1 + digits_length(fraction), true, &mut forms);
        // `2.` is a number too if the digits behind the point belong to something else.
        number_forms(rest, whole + 1, true, &mut forms);
    }
    forms.push((TokenKind::Word, word_length(rest)));
    longest(&forms).unwrap_or((TokenKind::Unrecognized, 1))
}

fn decimal_or_dot(rest: &str) -> (TokenKind, usize) {
    let digits = digits_length(rest.get(1..).unwrap_or(""));
    let mut forms = vec![(TokenKind::Dot, 1)];
    if digits > 0 {
        number_forms(rest, 1 + digits, true, &mut forms);
    }
    longest(&forms).unwrap_or((TokenKind::Dot, 1))
}

/// Longest first where one is the beginning of another.
const SYMBOLS: &[(&str, TokenKind)] = &[
    ("/*+", TokenKind::HintStart),
    ("*/", TokenKind::HintEnd),
    ("<=>", TokenKind::NullSafeEqual),
    ("<>", TokenKind::Unequal),
    ("<=", TokenKind::LessOrEqual),
    ("<<", TokenKind::ShiftLeft),
    ("<", TokenKind::Less),
    (">=", TokenKind::GreaterOrEqual),
    (">", TokenKind::Greater),
    ("!=", TokenKind::BangEqual),
    ("!>", TokenKind::LessOrEqual),
    ("!<", TokenKind::GreaterOrEqual),
    ("!", TokenKind::Bang),
    ("==", TokenKind::Equal),
    ("=>", TokenKind::FatArrow),
    ("=", TokenKind::Equal),
    ("||", TokenKind::ConcatPipe),
    ("|>", TokenKind::OperatorPipe),
    ("|", TokenKind::Pipe),
    ("->", TokenKind::Arrow),
    ("-", TokenKind::Minus),
    ("::", TokenKind::DoubleColon),
    (":", TokenKind::Colon),
    (";", TokenKind::Semicolon),
    ("(", TokenKind::LeftParen),
    (")", TokenKind::RightParen),
    (",", TokenKind::Comma),
    ("[", TokenKind::LeftBracket),
    ("]", TokenKind::RightBracket),
    ("+", TokenKind::Plus),
    ("*", TokenKind::Star),
    ("/", TokenKind::Slash),
    ("%", TokenKind::Percent),
    ("~", TokenKind::Tilde),
    ("&", TokenKind::Ampersand),
    ("^", TokenKind::Hat),
    ("?", TokenKind::Question),
];

fn symbol(rest: &str, first: char) -> (TokenKind, usize) {
    let found = SYMBOLS.iter().find(|(spelling, _)| rest.starts_with(spelling));
    found.map_or((TokenKind::Unrecognized, first.len_utf8()), |(spelling, kind)| (*kind, spelling.len()))
}
