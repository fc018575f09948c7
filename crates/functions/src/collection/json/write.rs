//! JSON text as Jackson writes it.

use std::fmt::Write;

use super::tree::{Node, Value, is_integer, number};
use crate::cast::number::write_double;

/// Appends a text in quotes.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            letter if letter < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04X}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

/// Appends a tree: without blanks, numbers with a fraction as doubles.
pub(super) fn write_value(value: &Value<'_>, out: &mut String) {
    match &value.node {
        Node::Null => out.push_str("null"),
        Node::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Node::Number(spelling) if is_integer(spelling) => out.push_str(spelling),
        Node::Number(spelling) => write_number(number(spelling), out),
        Node::Text(text) => write_text(text, out),
        Node::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_value(element, out);
            }
            out.push(']');
        }
        Node::Object(fields) => {
            out.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_text(name, out);
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
    }
}

/// Appends a double; what is no number in JSON is put in quotes.
pub(super) fn write_number(value: f64, out: &mut String) {
    if value.is_finite() {
        write_double(value, out);
        return;
    }
    out.push('"');
    write_double(value, out);
    out.push('"');
}
