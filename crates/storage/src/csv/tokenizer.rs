//! Cuts CSV text into fields, with the rules of the parser that Spark uses: a backslash protects quotes, and a quote
//! in the wrong place makes its field plain text up to the next separator.

use std::borrow::Cow;

/// The characters of a CSV dialect; all of them ASCII, so that bytes can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub separator: Vec<u8>,
    pub quote: Option<u8>,
    pub escape: Option<u8>,
    /// What protects the escape character within quotes.
    pub escape_of_escape: Option<u8>,
    pub comment: Option<u8>,
    pub trim_start: bool,
    pub trim_end: bool,
    /// Records may go over lines.
    pub multi_line: bool,
}

/// A field: its text and whether it stood in quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub text: Cow<'a, [u8]>,
    pub quoted: bool,
}

impl Dialect {
    /// Reads a record at the head of `input`; gives the number of bytes it takes, its line end included.
    pub(crate) fn record<'a>(&self, input: &'a [u8], tokens: &mut Vec<Token<'a>>) -> usize {
        let mut position = 0;
        loop {
            let (token, end) = self.field(input, position);
            tokens.push(token);
            let rest = input.get(end..).unwrap_or_default();
            if rest.starts_with(&self.separator) {
                position = end + self.separator.len();
            } else {
                return end + line_end(rest);
            }
        }
    }

    /// Whether a field ends where `rest` begins.
    fn ends_field(&self, rest: &[u8]) -> bool {
        match rest.first() {
            None => true,
            Some(byte) => rest.starts_with(&self.separator) || (self.multi_line && matches!(byte, b'\n' | b'\r')),
        }
    }

    /// Where the field ends that plain text from `start` on makes.
    fn plain_end(&self, input: &[u8], start: usize) -> usize {
        let first = self.separator.first().copied().unwrap_or_default();
        let mut position = start;
        while let Some(rest) = input.get(position..) {
            let found =
                if self.multi_line { memchr::memchr3(first, b'\n', b'\r', rest) } else { memchr::memchr(first, rest) };
            match found {
                None => break,
                Some(offset) if self.ends_field(rest.get(offset..).unwrap_or_default()) => return position + offset,
                Some(offset) => position += offset + 1,
            }
        }
        input.len()
    }

    fn is_blank(&self, rest: &[u8]) -> bool {
        rest.first().is_some_and(|byte| *byte <= b' ') && !self.ends_field(rest)
    }

    fn skip_blanks(&self, input: &[u8], start: usize) -> usize {
        let mut position = start;
        while self.is_blank(input.get(position..).unwrap_or_default()) {
            position += 1;
        }
        position
    }

    fn field<'a>(&self, input: &'a [u8], start: usize) -> (Token<'a>, usize) {
        let start = if self.trim_start { self.skip_blanks(input, start) } else { start };
        if let Some(quote) = self.quote
            && input.get(start) == Some(&quote)
        {
            return self.quoted_field(input, start, quote);
        }
        let end = self.plain_end(input, start);
        let text = input.get(start..end).unwrap_or_default();
        let text = if self.trim_end { trim_end(text) } else { text };
        (Token { text: Cow::Borrowed(text), quoted: false }, end)
    }

    fn quoted_field<'a>(&self, input: &'a [u8], start: usize, quote: u8) -> (Token<'a>, usize) {
        let mut content = Content { input, owned: None, from: start + 1 };
        let mut position = start + 1;
        while let Some(byte) = input.get(position) {
            let next = input.get(position + 1);
            let protects_quote = Some(*byte) == self.escape && next == Some(&quote);
            let protects_escape = Some(*byte) == self.escape_of_escape && next.copied() == self.escape;
            if (protects_quote || protects_escape) && self.escape != self.quote {
                content.skip(position);
                position += 2;
            } else if *byte == quote {
                if protects_quote {
                    content.skip(position);
                    position += 2;
                    continue;
                }
                let after = self.skip_blanks(input, position + 1);
                if self.ends_field(input.get(after..).unwrap_or_default()) {
                    return (Token { text: self.normalized(content.finish(position)), quoted: true }, after);
                }
                // A quote that neither ends the field nor is protected: the field is what it looks like.
                let end = self.plain_end(input, position);
                let mut text = vec![quote];
                text.extend_from_slice(&content.finish(end));
                let text = if self.trim_end { trim_end(&text).to_vec() } else { text };
                return (Token { text: Cow::Owned(text), quoted: false }, end);
            } else {
                position += 1;
            }
        }
        (Token { text: self.normalized(content.finish(input.len())), quoted: true }, input.len())
    }

    /// Line ends within a field are line feeds.
    fn normalized<'a>(&self, text: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
        if !self.multi_line || !text.windows(2).any(|pair| pair == b"\r\n") {
            return text;
        }
        let mut normalized = Vec::with_capacity(text.len());
        for (place, byte) in text.iter().enumerate() {
            if *byte != b'\r' || text.get(place + 1) != Some(&b'\n') {
                normalized.push(*byte);
            }
        }
        Cow::Owned(normalized)
    }
}

/// The text of a field, borrowed until a protecting character has to go.
struct Content<'a> {
    input: &'a [u8],
    owned: Option<Vec<u8>>,
    from: usize,
}

impl<'a> Content<'a> {
    /// Leaves out the byte at `position`.
    fn skip(&mut self, position: usize) {
        let before = self.input.get(self.from..position).unwrap_or_default();
        self.owned.get_or_insert_default().extend_from_slice(before);
        self.from = position + 1;
    }

    fn finish(self, end: usize) -> Cow<'a, [u8]> {
        let tail = self.input.get(self.from..end).unwrap_or_default();
        match self.owned {
            None => Cow::Borrowed(tail),
            Some(mut owned) => {
                owned.extend_from_slice(tail);
                Cow::Owned(owned)
            }
        }
    }
}

fn trim_end(text: &[u8]) -> &[u8] {
    let length = text.iter().rposition(|byte| *byte > b' ').map_or(0, |last| last + 1);
    text.get(..length).unwrap_or_default()
}

fn line_end(rest: &[u8]) -> usize {
    if rest.starts_with(b"\r\n") { 2 } else { usize::from(!rest.is_empty()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect() -> Dialect {
        Dialect {
            separator: b",".to_vec(),
            quote: Some(b'"'),
            escape: Some(b'\\'),
            escape_of_escape: Some(b'\\'),
            comment: None,
            trim_start: false,
            trim_end: false,
            multi_line: false,
        }
    }

    fn fields(dialect: &Dialect, line: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        dialect.record(line.as_bytes(), &mut tokens);
        tokens.iter().map(|token| String::from_utf8_lossy(&token.text).into_owned()).collect()
    }

    #[test]
    fn cuts_as_spark_does() {
        let check = |line: &str, expected: &[&str]| assert_eq!(fields(&dialect(), line), expected, "{line}");
        check(r#""a,b",c"#, &["a,b", "c"]);
        check(r#""d""e",f"#, &[r#""d""e""#, "f"]);
        check(r#""g\"h",i"#, &[r#"g"h"#, "i"]);
        check(r#""j"#, &["j"]);
        check(r#"k",l"#, &[r#"k""#, "l"]);
        check(r#""a"b,c"#, &[r#""a"b"#, "c"]);
        check(r#"a"b,"c"d"e,f"#, &[r#"a"b"#, r#""c"d"e"#, "f"]);
        check(r#""x" ,y"#, &["x", "y"]);
        check(r#" "q",z"#, &[r#" "q""#, "z"]);
        check(r#""a\\b",c\d,"e\f""#, &[r"a\b", r"c\d", r"e\f"]);
        check(r#""a,b"#, &["a,b"]);
        check(",", &["", ""]);
        let doubled = Dialect { escape: Some(b'"'), escape_of_escape: None, ..dialect() };
        assert_eq!(fields(&doubled, r#""a""b",c"#), [r#"a"b"#, "c"]);
        let trimmed = Dialect { trim_start: true, trim_end: true, ..dialect() };
        assert_eq!(fields(&trimmed, r#" a , b "#), ["a", "b"]);
        assert_eq!(fields(&trimmed, r#"" c "," d ""#), [" c ", " d "]);
        let wide = Dialect { separator: b"||".to_vec(), ..dialect() };
        assert_eq!(fields(&wide, "a||b|c"), ["a", "b|c"]);
    }

    #[test]
    fn records_go_over_lines() {
        let dialect = Dialect { multi_line: true, ..dialect() };
        let mut tokens = Vec::new();
        let input = b"\"a\r\nb\",c\r\nd";
        assert_eq!(dialect.record(input, &mut tokens), 10);
        assert_eq!(tokens[0].text.as_ref(), b"a\nb");
    }
}
