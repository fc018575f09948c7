//! Java's regular expressions on Rust's engines: the linear one where it can, a backtracking one for look-around,
//! back-references and possessive quantifiers.

/// A compiled Java regular expression.
#[derive(Debug)]
pub enum JavaRegex {
    Linear(regex::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl JavaRegex {
    /// `None` if the expression is malformed.
    pub fn new(pattern: &str) -> Option<Self> {
        let translated = Translation::of(pattern)?;
        if !translated.backtracks
            && let Ok(regex) = regex::Regex::new(&translated.text)
        {
            return Some(Self::Linear(regex));
        }
        fancy_regex::Regex::new(&translated.text).ok().map(|regex| Self::Backtracking(Box::new(regex)))
    }

    /// Whether it is found anywhere in the text. A search that backtracks without end finds nothing.
    pub fn is_match(&self, text: &str) -> bool {
        match self {
            Self::Linear(regex) => regex.is_match(text),
            Self::Backtracking(regex) => regex.is_match(text).unwrap_or(false),
        }
    }
}

/// A Java expression in Rust's spelling.
pub(crate) struct Translation {
    pub(crate) text: String,
    /// It needs the backtracking engine.
    pub(crate) backtracks: bool,
}

impl Translation {
    pub(crate) fn of(pattern: &str) -> Option<Self> {
        let mut translator = Translator {
            rest: pattern,
            text: String::with_capacity(pattern.len() + 16),
            backtracks: false,
            class_depth: 0,
            // With a flag that lets the dot match line ends, the engine's own dot follows it.
            keeps_dot: has_flag(pattern, 's'),
        };
        translator.run()?;
        Some(Self { text: translator.text, backtracks: translator.backtracks })
    }
}

/// Whether an inline flag group turns the flag on.
fn has_flag(pattern: &str, flag: char) -> bool {
    pattern.split("(?").skip(1).any(|group| {
        let flags = group.split([')', ':', '-']).next().unwrap_or("");
        flags.chars().all(|letter| letter.is_ascii_alphabetic()) && flags.contains(flag)
    })
}

struct Translator<'a> {
    rest: &'a str,
    text: String,
    backtracks: bool,
    class_depth: usize,
    keeps_dot: bool,
}

impl Translator<'_> {
    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        Some(letter)
    }

    fn accept(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn run(&mut self) -> Option<()> {
        while let Some(letter) = self.next() {
            match letter {
                '\\' => self.escape()?,
                '[' => {
                    self.class_depth += 1;
                    self.text.push('[');
                    if self.accept("^") {
                        self.text.push('^');
                    }
                    // A bracket that comes first is itself.
                    if self.accept("]") {
                        self.text.push_str("\\]");
                    }
                }
                ']' if self.class_depth > 0 => {
                    self.class_depth -= 1;
                    self.text.push(']');
                }
                letter if self.class_depth > 0 => self.in_class(letter),
                '(' => self.group(),
                '.' if !self.keeps_dot => self.text.push_str("[^\\n\\r\\x{85}\\x{2028}\\x{2029}]"),
                '*' | '+' | '?' | '}' => {
                    self.text.push(letter);
                    if self.accept("+") {
                        self.backtracks = true;
                        self.text.push('+');
                    }
                }
                letter => self.text.push(letter),
            }
        }
        (self.class_depth == 0).then_some(())
    }

    /// Set operators of Rust's classes that Java does not have are escaped.
    fn in_class(&mut self, letter: char) {
        if matches!(letter, '-' | '~') && self.rest.starts_with(letter) {
            self.text.push('\\');
        }
        self.text.push(letter);
    }

    fn group(&mut self) {
        self.text.push('(');
        if !self.rest.starts_with('?') {
            return;
        }
        for look in ["?=", "?!", "?<=", "?<!", "?>"] {
            if self.accept(look) {
                self.backtracks = true;
                self.text.push_str(look);
                return;
            }
        }
        let Some(end) = self.rest.find([':', ')', '<']) else { return };
        let flags = self.rest.get(1..end).unwrap_or("");
        if flags.chars().all(|flag| flag.is_ascii_alphabetic() || flag == '-') && !flags.is_empty() {
            // Flags about Unicode and line ends, which mean something else here.
            let kept: String = flags.chars().filter(|flag| !matches!(flag, 'u' | 'U' | 'd')).collect();
            let kept = kept.trim_end_matches('-');
            self.rest = self.rest.get(end..).unwrap_or("");
            if kept.is_empty() && self.rest.starts_with(')') {
                self.text.push_str("?:");
                return;
            }
            self.text.push('?');
            self.text.push_str(kept);
        }
    }

    fn escape(&mut self) -> Option<()> {
        let letter = self.next()?;
        let in_class = self.class_depth > 0;
        match letter {
            'd' => self.class("0-9", false),
            'D' => self.class("0-9", true),
            'w' => self.class("a-zA-Z0-9_", false),
            'W' => self.class("a-zA-Z0-9_", true),
            's' => self.class(" \\t\\n\\x0B\\f\\r", false),
            'S' => self.class(" \\t\\n\\x0B\\f\\r", true),
            'h' => self.class(HORIZONTAL, false),
            'H' => self.class(HORIZONTAL, true),
            'v' => self.class(VERTICAL, false),
            'V' => self.class(VERTICAL, true),
            'R' if !in_class => self.text.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}])"),
            'Q' => self.quote(),
            'E' => {}
            'e' => self.text.push_str("\\x1B"),
            'u' => self.code(4)?,
            'x' if !self.rest.starts_with('{') => self.code(2)?,
            '0' => self.octal()?,
            'c' => {
                let control = u32::from(self.next()?) ^ 64;
                self.text.push_str(&format!("\\x{{{control:x}}}"));
            }
            'p' | 'P' => self.property(letter == 'P')?,
            'Z' => self.text.push_str("\\z"),
            'k' | '1'..='9' if !in_class => {
                self.backtracks = true;
                self.text.push('\\');
                self.text.push(letter);
            }
            'G' | 'X' | 'N' => return None,
            't' | 'n' | 'r' | 'f' | 'a' | 'b' | 'B' | 'A' | 'z' | 'x' => {
                self.text.push('\\');
                self.text.push(letter);
            }
            letter if letter.is_ascii_alphabetic() => return None,
            letter if letter.is_ascii() && !letter.is_ascii_alphanumeric() => self.literal(letter),
            letter => self.text.push(letter),
        }
        Some(())
    }

    fn literal(&mut self, letter: char) {
        if letter.is_ascii_punctuation() {
            self.text.push('\\');
        }
        self.text.push(letter);
    }

    fn class(&mut self, members: &str, negated: bool) {
        if self.class_depth > 0 && !negated {
            self.text.push_str(members);
        } else {
            self.text.push_str(if negated { "[^" } else { "[" });
            self.text.push_str(members);
            self.text.push(']');
        }
    }

    fn quote(&mut self) {
        let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
        for letter in quoted.chars() {
            self.literal(letter);
        }
        self.rest = rest;
    }

    fn code(&mut self, digits: usize) -> Option<()> {
        let code = self.rest.get(..digits)?;
        if !code.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.text.push_str(&format!("\\x{{{code}}}"));
        self.rest = self.rest.get(digits..)?;
        Some(())
    }

    fn octal(&mut self) -> Option<()> {
        let length = self.rest.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        let code = u32::from_str_radix(self.rest.get(..length)?, 8).ok()?;
        self.text.push_str(&format!("\\x{{{code:x}}}"));
        self.rest = self.rest.get(length..)?;
        Some(())
    }

    fn property(&mut self, negated: bool) -> Option<()> {
        if !self.accept("{") {
            let letter = self.next()?;
            self.text.push_str(if negated { "\\P" } else { "\\p" });
            self.text.push(letter);
            return Some(());
        }
        let (name, rest) = self.rest.split_once('}')?;
        self.rest = rest;
        if let Some((_, members)) = POSIX.iter().find(|(known, _)| *known == name) {
            self.class(members, negated);
            return Some(());
        }
        let name = match name {
            "javaLowerCase" => "Lowercase",
            "javaUpperCase" => "Uppercase",
            "javaWhitespace" => "White_Space",
            name => name.strip_prefix("Is").or_else(|| name.strip_prefix("In")).unwrap_or(name),
        };
        self.text.push_str(if negated { "\\P{" } else { "\\p{" });
        self.text.push_str(name);
        self.text.push('}');
        Some(())
    }
}

const HORIZONTAL: &str = " \\t\\x{A0}\\x{1680}\\x{180e}\\x{2000}-\\x{200a}\\x{202f}\\x{205f}\\x{3000}";
const VERTICAL: &str = "\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}";

/// Java's POSIX classes, ASCII only.
const POSIX: &[(&str, &str)] = &[
    ("Lower", "a-z"),
    ("Upper", "A-Z"),
    ("ASCII", "\\x00-\\x7F"),
    ("Alpha", "a-zA-Z"),
    ("Digit", "0-9"),
    ("Alnum", "a-zA-Z0-9"),
    ("Punct", "!-/:-@\\[-`{-~"),
    ("Graph", "!-~"),
    ("Print", " -~"),
    ("Blank", " \\t"),
    ("Cntrl", "\\x00-\\x1F\\x7F"),
    ("XDigit", "0-9a-fA-F"),
    ("Space", " \\t\\n\\x0B\\f\\r"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_s_syntax() {
        let found = |pattern: &str, text: &str| JavaRegex::new(pattern).map(|regex| regex.is_match(text));
        assert_eq!(found("^a.c$", "abc"), Some(true));
        assert_eq!(found("a.c", "a\nc"), Some(false));
        assert_eq!(found("(?s)a.c", "a\nc"), Some(true));
        assert_eq!(found("(?i)X", "axb"), Some(true));
        assert_eq!(found("a(?=b)", "ab"), Some(true));
        assert_eq!(found("(a)\\1", "aa"), Some(true));
        assert_eq!(found("\\d", "٣"), Some(false));
        assert_eq!(found("[\\d\\-]+x", "1-2x"), Some(true));
        assert_eq!(found("\\Qa.b\\E", "a.b"), Some(true));
        assert_eq!(found("\\Qa.b\\E", "axb"), Some(false));
        assert_eq!(found("\\u0041", "A"), Some(true));
        assert_eq!(found("\\p{Punct}", "!"), Some(true));
        assert_eq!(found("[^\\W]", "!"), Some(false));
        assert_eq!(found("a++b", "aab"), Some(true));
        assert_eq!(found("(", "("), None);
        assert_eq!(found("[a", "a"), None);
        assert_eq!(found("", ""), Some(true));
    }
}
