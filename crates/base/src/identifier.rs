//! Identifiers as Spark writes them: with back-ticks always, or only where SQL needs them; and multi-part names read.

/// The identifier between back-ticks: `` `a``b` ``.
pub fn quote_identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// The identifier, between back-ticks unless it consists of letters, digits and underscores and begins with no digit.
pub fn quote_if_needed(name: &str) -> String {
    let mut characters = name.chars();
    let plain = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|character| character.is_ascii_alphanumeric() || character == '_');
    if plain { name.to_owned() } else { quote_identifier(name) }
}

/// All parts between back-ticks, joined with dots: `` `a`.`b c` ``.
pub fn quote_name_parts<S: AsRef<str>>(parts: &[S]) -> String {
    let quoted: Vec<_> = parts.iter().map(|part| quote_identifier(part.as_ref())).collect();
    quoted.join(".")
}

/// The parts joined with dots, each between back-ticks where it needs them: `` a.`b c` ``.
pub fn quote_name_parts_if_needed<S: AsRef<str>>(parts: &[S]) -> String {
    let quoted: Vec<_> = parts.iter().map(|part| quote_if_needed(part.as_ref())).collect();
    quoted.join(".")
}

/// The parts of an attribute's name as clients write it: dots separate, back-ticks protect and are doubled inside.
///
/// `None` where back-ticks do not pair up, or where a part beside a dot is empty.
pub fn parse_attribute_name(name: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = name.chars().peekable();
    let mut quoted = false;
    while let Some(character) = characters.next() {
        match (quoted, character) {
            (true, '`') if characters.peek() == Some(&'`') => {
                characters.next();
                part.push('`');
            }
            (true, '`') => {
                quoted = false;
                // A closed part ends the name or is followed by a dot.
                if characters.peek().is_some_and(|next| *next != '.') {
                    return None;
                }
            }
            (true, _) => part.push(character),
            (false, '`') if part.is_empty() => quoted = true,
            (false, '`') => return None,
            (false, '.') => {
                if characters.peek().is_none() || part.is_empty() {
                    return None;
                }
                parts.push(std::mem::take(&mut part));
            }
            (false, _) => part.push(character),
        }
    }
    if quoted {
        return None;
    }
    parts.push(part);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::{parse_attribute_name, quote_identifier, quote_if_needed, quote_name_parts};

    #[test]
    fn quoting_is_sparks() {
        for plain in ["a", "a1", "select", "_x", "A", "ANTI"] {
            assert_eq!(quote_if_needed(plain), plain);
        }
        for quoted in ["1", "1a", "a b", "", "é", "a.b", "123_4", "a-b", "0x1"] {
            assert_eq!(quote_if_needed(quoted), format!("`{quoted}`"));
        }
        assert_eq!(quote_identifier("a`b"), "`a``b`");
        assert_eq!(quote_name_parts(&["a", "b c"]), "`a`.`b c`");
    }

    #[test]
    fn names_are_parsed_as_sparks() {
        for (name, expected) in [
            ("a.b", vec!["a", "b"]),
            ("`a.b`.c", vec!["a.b", "c"]),
            ("`a``b`", vec!["a`b"]),
            ("``", vec![""]),
            ("", vec![""]),
            (" a . b", vec![" a ", " b"]),
        ] {
            assert_eq!(parse_attribute_name(name).unwrap(), expected, "{name}");
        }
        for name in ["a`b", ".a", "a.", "a..b", "`a`b", "a.`b", "`a`."] {
            assert_eq!(parse_attribute_name(name), None, "{name}");
        }
    }
}
