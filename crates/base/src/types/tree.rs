//! The tree that `printSchema` shows.

use super::{SparkField, SparkSchema, SparkType};

/// Levels still to be shown; `None` has no bound.
type Levels = Option<usize>;

fn below(levels: Levels) -> Levels {
    levels.map(|count| count.saturating_sub(1))
}

impl SparkSchema {
    /// The schema as a tree, a line a field and a line break at the end.
    ///
    /// `level` bounds the depth; `None` and zero show everything.
    pub fn tree_string(&self, level: Option<usize>) -> String {
        let mut text = "root\n".to_owned();
        let levels = level.filter(|count| *count > 0);
        self.write_tree(" |", levels, &mut text);
        text
    }

    fn write_tree(&self, prefix: &str, levels: Levels, text: &mut String) {
        for field in self.iter() {
            field.write_tree(prefix, levels, text);
        }
    }
}

impl SparkField {
    fn write_tree(&self, prefix: &str, levels: Levels, text: &mut String) {
        let note = format!(" (nullable = {})", self.nullable);
        self.data_type.write_tree_line(prefix, &escaped(&self.name), &note, levels, text);
    }
}

impl SparkType {
    /// One line for this type under a name, and the lines of the types inside it.
    fn write_tree_line(&self, prefix: &str, name: &str, note: &str, levels: Levels, text: &mut String) {
        if levels == Some(0) {
            return;
        }
        text.push_str(&format!("{prefix}-- {name}: {}{note}\n", self.type_name()));
        let prefix = format!("{prefix}    |");
        let levels = below(levels);
        match self {
            Self::Array { element, contains_null } => {
                let note = format!(" (containsNull = {contains_null})");
                element.write_tree_line(&prefix, "element", &note, levels, text);
            }
            Self::Map { key, value, value_contains_null } => {
                key.write_tree_line(&prefix, "key", "", levels, text);
                let note = format!(" (valueContainsNull = {value_contains_null})");
                value.write_tree_line(&prefix, "value", &note, levels, text);
            }
            Self::Struct(schema) => schema.write_tree(&prefix, levels, text),
            _ => {}
        }
    }
}

/// Control characters as Spark shows them in one-line texts.
fn escaped(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{c}' => text.push_str("\\f"),
            '\u{8}' => text.push_str("\\b"),
            '\u{b}' => text.push_str("\\v"),
            '\u{7}' => text.push_str("\\a"),
            _ => text.push(character),
        }
    }
    text
}
