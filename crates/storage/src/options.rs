//! Options of a reader or writer: names compare without case, and every one that is not built is refused by name.

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};

/// Options in the order given; a later one overrides an earlier one of the same name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    entries: Vec<(String, String)>,
}

impl Options {
    pub(crate) fn new(entries: &[(String, String)]) -> Self {
        Self { entries: entries.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect() }
    }

    /// The value under a name, which is given in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.entries.iter().rev().find(|(entry, _)| entry == name).map(|(_, value)| value.as_str())
    }

    /// The value under the first of several names of one option.
    pub(crate) fn get_any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    pub(crate) fn string(&self, name: &str, default: &str) -> String {
        self.get(name).unwrap_or(default).to_owned()
    }

    pub(crate) fn boolean(&self, name: &str, default: bool) -> SparkResult<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(invalid_value(name, text, "true or false")),
        }
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str, default: T) -> SparkResult<T> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| invalid_value(name, text, "a number")),
        }
    }

    /// Refuses the options of this list that are given: Spark has them, this server does not.
    pub(crate) fn refuse(&self, format: &str, names: &[&str]) -> SparkResult<()> {
        match names.iter().find(|name| self.get(&name.to_ascii_lowercase()).is_some()) {
            Some(name) => Err(SparkError::unsupported(format!("option {name} of {format} files"))),
            None => Ok(()),
        }
    }

    /// Refuses all options that begin with a prefix, except some.
    pub(crate) fn refuse_prefixed(&self, format: &str, prefix: &str, except: &[&str]) -> SparkResult<()> {
        let refused = |name: &str| name.starts_with(prefix) && !except.contains(&name);
        match self.entries.iter().find(|(name, _)| refused(name)) {
            Some((name, _)) => Err(SparkError::unsupported(format!("option {name} of {format} files"))),
            None => Ok(()),
        }
    }

    /// The first character of an option: `None` where the option is empty.
    pub(crate) fn character(&self, name: &str, default: char) -> SparkResult<Option<char>> {
        let Some(text) = self.get(name) else { return Ok(Some(default)) };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (first, None) => Ok(first),
            _ => Err(invalid_value(name, text, "a single character")),
        }
    }

    /// Refuses an option unless it says what this server does anyway.
    pub(crate) fn refuse_unless(&self, format: &str, name: &str, accepted: &[&str]) -> SparkResult<()> {
        match self.get(&name.to_ascii_lowercase()) {
            Some(value) if !accepted.iter().any(|accepted| accepted.eq_ignore_ascii_case(value)) => {
                Err(SparkError::unsupported(format!("option {name}={value} of {format} files")))
            }
            _ => Ok(()),
        }
    }
}

/// A value that an option does not take.
pub(crate) fn invalid_value(name: &str, value: &str, expected: &str) -> SparkError {
    SparkError::new("INVALID_OPTION_VALUE")
        .param("option", name)
        .param("value", value)
        .param("expected", expected)
        .with_kind(ErrorKind::IllegalArgument)
}
