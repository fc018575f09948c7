//! Spark's keys: what a session begins with, and which values each key takes.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::UNDEFINED;
use super::value::ValueType;
use crate::error::SparkResult;

/// Recorded from Spark's server: key, default, default as `SET -v` shows it if that is different, type, scope,
/// visibility, first version, constraint, key whose value is the default.
static TABLE: &str = include_str!("../../data/spark-conf.tsv");
/// Keys of Spark's core, which a session cannot set.
static CORE_KEYS: &str = include_str!("../../data/spark-core-keys.txt");

/// By key, in order.
static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let mut definitions: Vec<_> = TABLE.lines().filter_map(Definition::from_line).collect();
    definitions.sort_by_key(|definition| definition.key);
    definitions
});

static CORE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| CORE_KEYS.lines().collect());

/// A key that Spark knows.
#[derive(Clone, Debug)]
pub struct Definition {
    key: &'static str,
    default: String,
    shown: String,
    value_type: ValueType,
    is_static: bool,
    is_public: bool,
    since: &'static str,
    fallback: &'static str,
}

impl Definition {
    /// The definition of this key.
    pub fn find(key: &str) -> Option<&'static Self> {
        let index = DEFINITIONS.binary_search_by(|definition| definition.key.cmp(key)).ok()?;
        DEFINITIONS.get(index)
    }

    /// All definitions, by key.
    pub fn all() -> &'static [Self] {
        &DEFINITIONS
    }

    fn from_line(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let key = cells.next()?;
        let default = unescaped(cells.next()?);
        let shown = unescaped(cells.next()?);
        let type_name = cells.next()?;
        let is_static = cells.next()? == "static";
        let is_public = cells.next()? == "public";
        let since = cells.next()?;
        let value_type = ValueType::from_cells(type_name, cells.next()?)?;
        let shown = if shown.is_empty() { default.clone() } else { shown };
        Some(Self { key, default, shown, value_type, is_static, is_public, since, fallback: cells.next()? })
    }

    pub fn key(&self) -> &'static str {
        self.key
    }

    /// The default as `spark.conf.get` prints it; `None` where the key has no value unless it is set.
    pub fn default_value(&self) -> Option<&str> {
        (self.default != UNDEFINED).then_some(self.default.as_str())
    }

    /// The default as `SET -v` prints it.
    pub fn shown_default(&self) -> &str {
        &self.shown
    }

    /// Whether only the server can set it.
    pub fn is_static(&self) -> bool {
        self.is_static
    }

    /// Whether `SET -v` lists it.
    pub fn is_public(&self) -> bool {
        self.is_public
    }

    /// The version of Spark that brought it.
    pub fn since(&self) -> &'static str {
        self.since
    }

    /// The key whose value is this one's default. It may be one of Spark's core.
    pub fn fallback(&self) -> Option<&'static str> {
        (!self.fallback.is_empty()).then_some(self.fallback)
    }

    pub(super) fn value_type(&self) -> &ValueType {
        &self.value_type
    }

    /// Refuses a value that the key does not take. The refusal names the key that this one falls back to, if any.
    pub fn check(&self, value: &str) -> SparkResult<()> {
        self.value_type().check(self.fallback().unwrap_or(self.key), value)
    }
}

/// Whether the key belongs to Spark's core.
pub(super) fn is_core_key(key: &str) -> bool {
    CORE.contains(key)
}

fn unescaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIONS, Definition, TABLE};

    #[test]
    fn every_line_is_a_definition() {
        assert_eq!(TABLE.lines().count(), DEFINITIONS.len());
        assert!(DEFINITIONS.windows(2).all(|pair| pair[0].key < pair[1].key));
    }

    #[test]
    fn defaults_pass_their_own_check() {
        for definition in Definition::all() {
            if let Some(default) = definition.default_value().filter(|default| *default != "<dynamic>") {
                assert!(definition.check(default).is_ok(), "{}: {default}", definition.key);
            }
        }
    }
}
