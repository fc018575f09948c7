//! Paths into variants: `$.name['name'][0]`.

use firesteel_base::{SparkError, SparkResult};

use super::binary::Value;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Segment {
    Name(String),
    Index(usize),
}

/// Reads a path, or `INVALID_VARIANT_GET_PATH`.
pub(super) fn path(text: &str, function: &str) -> SparkResult<Vec<Segment>> {
    segments(text).ok_or_else(|| {
        SparkError::new("INVALID_VARIANT_GET_PATH").param("path", text).param("functionName", format!("`{function}`"))
    })
}

fn segments(text: &str) -> Option<Vec<Segment>> {
    let mut rest = text.strip_prefix('$')?;
    let mut segments = Vec::new();
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix('.') {
            let end = behind.find(['.', '[']).unwrap_or(behind.len());
            let (name, behind) = behind.split_at_checked(end)?;
            if name.is_empty() {
                return None;
            }
            segments.push(Segment::Name(name.to_owned()));
            rest = behind;
            continue;
        }
        let behind = rest.strip_prefix('[')?;
        let quote = behind.chars().next().filter(|first| matches!(first, '\'' | '"'));
        rest = match quote {
            Some(quote) => {
                let (name, behind) = behind.get(1..)?.split_once(quote)?;
                segments.push(Segment::Name(name.to_owned()));
                behind.strip_prefix(']')?
            }
            None => {
                let (index, behind) = behind.split_once(']')?;
                segments.push(Segment::Index(index.parse().ok().filter(|_| !index.starts_with('+'))?));
                behind
            }
        };
    }
    Some(segments)
}

/// What lies at the end of the path.
pub(super) fn find<'a>(mut value: &'a Value, path: &[Segment]) -> Option<&'a Value> {
    for segment in path {
        value = match (segment, value) {
            (Segment::Name(name), Value::Object(fields)) => {
                fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)?
            }
            (Segment::Index(index), Value::Array(items)) => items.get(*index)?,
            _ => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths() {
        let name = |name: &str| Segment::Name(name.to_owned());
        assert_eq!(segments("$.a[1]['b c'][\"d\"]"), Some(vec![name("a"), Segment::Index(1), name("b c"), name("d")]));
        assert_eq!(segments("$"), Some(Vec::new()));
        for wrong in ["a", "$a", "$.", "$[x]", "$[-1]", ""] {
            assert_eq!(segments(wrong), None, "{wrong}");
        }
    }
}
