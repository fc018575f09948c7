//! Spark's table of error conditions: name, SQLSTATE, message template.

use std::collections::HashMap;
use std::sync::LazyLock;

use indexmap::IndexMap;

/// Generated from Spark's `error-conditions.json`: name, SQLSTATE, template, a row a line, tab-separated.
static TABLE: &str = include_str!("../../data/error-conditions.tsv");
/// Conditions that Spark's list lacks and this server needs, in the same form.
static OWN: &str = include_str!("../../data/own-conditions.tsv");

/// What Spark puts for `<docroot>`.
const DOCUMENTATION_ROOT: &str = "https://spark.apache.org/docs/latest";

static ROWS: LazyLock<HashMap<&'static str, Row>> = LazyLock::new(|| {
    let row = |line: &'static str| {
        let mut cells = line.splitn(3, '\t');
        let (name, sql_state, template) = (cells.next()?, cells.next()?, cells.next()?);
        Some((name, Row { name, sql_state, template }))
    };
    TABLE.lines().chain(OWN.lines()).filter_map(row).collect()
});

#[derive(Clone, Copy, Debug)]
struct Row {
    name: &'static str,
    sql_state: &'static str,
    template: &'static str,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Condition(Row);

impl Condition {
    /// The condition of this name, with its sub-condition behind a dot.
    pub fn find(name: &str) -> Option<Self> {
        ROWS.get(name).copied().map(Self)
    }

    /// `INTERNAL_ERROR`.
    pub(super) const fn internal() -> Self {
        Self(Row { name: "INTERNAL_ERROR", sql_state: "XX000", template: "<message>" })
    }

    /// No condition: the message stands for itself.
    pub(super) const fn unnamed() -> Self {
        Self(Row { name: "", sql_state: "", template: "<message>" })
    }

    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub fn sql_state(self) -> &'static str {
        self.0.sql_state
    }

    /// Parameters whose values do not depend on the error: the root of Spark's documentation.
    pub(super) fn given_parameters(self) -> IndexMap<String, String> {
        let mut parameters = IndexMap::new();
        if self.0.template.contains("<docroot>") {
            parameters.insert("docroot".to_owned(), DOCUMENTATION_ROOT.to_owned());
        }
        parameters
    }

    /// The template with `<parameter>`s put in. Parameters that are missing stay as they are.
    pub(super) fn render(self, parameters: &IndexMap<String, String>) -> String {
        let mut text = String::with_capacity(self.0.template.len() + 64);
        let mut rest = self.0.template;
        while let Some(position) = rest.find(['<', '\\']) {
            let (before, tail) = rest.split_at(position);
            text.push_str(before);
            rest = Self::render_one(tail, parameters, &mut text);
        }
        text.push_str(rest);
        text
    }

    /// Renders the escape or parameter at the head of `tail`; gives what is behind it.
    fn render_one<'a>(tail: &'a str, parameters: &IndexMap<String, String>, text: &mut String) -> &'a str {
        for (escape, character) in [("\\n", '\n'), ("\\t", '\t'), ("\\\\", '\\')] {
            if let Some(rest) = tail.strip_prefix(escape) {
                text.push(character);
                return rest;
            }
        }
        let parameter = tail.strip_prefix('<').and_then(|inner| inner.split_once('>'));
        if let Some((name, rest)) = parameter
            && let Some(value) = parameters.get(name)
        {
            text.push_str(value);
            return rest;
        }
        let length = tail.chars().next().map_or(0, char::len_utf8);
        let (head, rest) = tail.split_at(length);
        text.push_str(head);
        rest
    }
}
