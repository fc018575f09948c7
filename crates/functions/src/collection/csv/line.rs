//! A line of separated values: its format, reading it and writing it.

use crate::collection::json::Options;

/// How values are told apart.
#[derive(Clone, Debug)]
pub(super) struct Format {
    separator: String,
    quote: char,
    escape: char,
    /// What is written for NULL, and read as NULL.
    null: String,
    trims_start: bool,
    trims_end: bool,
}

impl Format {
    /// `writes`: blanks around values are dropped by default when writing only.
    pub(super) fn new(options: &Options, writes: bool) -> Self {
        let letter =
            |name: &str, default: char| options.get(name).and_then(|text| text.chars().next()).unwrap_or(default);
        Self {
            separator: options.get("sep").or_else(|| options.get("delimiter")).unwrap_or(",").to_owned(),
            quote: letter("quote", '"'),
            escape: letter("escape", '\\'),
            null: options.get("nullvalue").unwrap_or("").to_owned(),
            trims_start: options.flag("ignoreleadingwhitespace", writes),
            trims_end: options.flag("ignoretrailingwhitespace", writes),
        }
    }

    /// The values of a line; `None` is NULL.
    pub(super) fn read(&self, line: &str) -> Vec<Option<String>> {
        let mut values = Vec::new();
        let mut rest = line;
        loop {
            let (value, after) = self.read_value(rest);
            values.push(value);
            match after {
                Some(after) => rest = after,
                None => return values,
            }
        }
    }

    /// The first value and what stands behind its separator.
    fn read_value<'a>(&self, text: &'a str) -> (Option<String>, Option<&'a str>) {
        let trimmed = if self.trims_start { text.trim_start_matches([' ', '\t']) } else { text };
        if let Some(inner) = trimmed.strip_prefix(self.quote)
            && let Some((value, after)) = self.read_quoted(inner)
        {
            return (Some(value), after);
        }
        let (raw, after) = match trimmed.split_once(self.separator.as_str()) {
            Some((raw, after)) => (raw, Some(after)),
            None => (trimmed, None),
        };
        let raw = if self.trims_end { raw.trim_end_matches([' ', '\t']) } else { raw };
        ((raw != self.null).then(|| raw.to_owned()), after)
    }

    /// A value up to its closing quote, which a separator or the end must follow.
    fn read_quoted<'a>(&self, text: &'a str) -> Option<(String, Option<&'a str>)> {
        let mut value = String::new();
        let mut letters = text.char_indices();
        while let Some((index, letter)) = letters.next() {
            if letter == self.escape && self.escape != self.quote {
                match letters.clone().next() {
                    Some((_, next)) if next == self.quote || next == self.escape => {
                        value.push(next);
                        letters.next();
                    }
                    Some(_) | None => value.push(letter),
                }
                continue;
            }
            if letter != self.quote {
                value.push(letter);
                continue;
            }
            let after = text.get(index + letter.len_utf8()..)?;
            if after.is_empty() {
                return Some((value, None));
            }
            if let Some(after) = after.strip_prefix(self.separator.as_str()) {
                return Some((value, Some(after)));
            }
            if self.escape == self.quote && after.starts_with(self.quote) {
                value.push(self.quote);
                letters.next();
                continue;
            }
            // A quote inside a value that is not escaped: the value was not quoted at all.
            return None;
        }
        None
    }

    /// Appends a value, in quotes where it could not be told from others.
    pub(super) fn write(&self, value: Option<&str>, is_first: bool, out: &mut String) {
        if !is_first {
            out.push_str(&self.separator);
        }
        let Some(value) = value else {
            out.push_str(&self.null);
            return;
        };
        let value = if self.trims_start { value.trim_start() } else { value };
        let value = if self.trims_end { value.trim_end() } else { value };
        let needs_quotes = value.is_empty()
            || value.contains(self.separator.as_str())
            || value.contains(['\n', '\r'])
            || value.contains(self.quote);
        if !needs_quotes {
            out.push_str(value);
            return;
        }
        out.push(self.quote);
        for letter in value.chars() {
            if letter == self.quote {
                out.push(self.escape);
            }
            out.push(letter);
        }
        out.push(self.quote);
    }
}
