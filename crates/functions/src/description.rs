//! What Spark tells of its own functions: the class of each, and how a call of it is written.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Generated from Apache Spark: name, class, and shapes of calls.
static ROWS: &str = include_str!("../data/descriptions.tsv");

/// What is told of a built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    pub name: &'static str,
    /// Empty for what is part of the language.
    pub class: &'static str,
    /// `abs(expr)`; several are separated by semicolons.
    pub usage: &'static str,
}

static DESCRIPTIONS: LazyLock<HashMap<&'static str, Description>> =
    LazyLock::new(|| all().map(|description| (description.name, description)).collect());

/// All of them by name.
pub fn all() -> impl Iterator<Item = Description> {
    ROWS.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Description { name: cells.next()?, class: cells.next()?, usage: cells.next()? })
    })
}

/// What is told of the function of this name, written in any case.
pub fn find(name: &str) -> Option<Description> {
    DESCRIPTIONS.get(name.to_lowercase().as_str()).copied()
}

#[cfg(test)]
mod tests {
    use super::{all, find};

    #[test]
    fn each_row_has_a_name_and_a_shape() {
        assert!(all().all(|row| !row.name.is_empty() && !row.usage.is_empty()));
    }

    #[test]
    fn names_are_found_in_any_case() {
        let found = find("ABS").unwrap();
        assert_eq!((found.class, found.usage), ("org.apache.spark.sql.catalyst.expressions.Abs", "abs(expr)"));
    }
}
