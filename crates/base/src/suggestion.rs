//! Suggestions of names that come close to one that was not found.

use crate::identifier::{parse_attribute_name, quote_name_parts};

/// Names that an error suggests at most.
const SUGGESTIONS_MAX: usize = 5;

/// The candidates that come closest to `name`, quoted, the closest first: at most five.
///
/// Qualifiers are left out where `name` has none and all candidates share theirs; so are catalogs and schemas where
/// `name` has at most one qualifier. Equally close candidates keep their order.
pub fn suggest<C: AsRef<[String]>>(name: &str, candidates: &[C]) -> Vec<String> {
    let mut ordered = order_by_similarity(name, candidates);
    ordered.truncate(SUGGESTIONS_MAX);
    ordered
}

/// As [`suggest`], with all candidates.
pub fn order_by_similarity<C: AsRef<[String]>>(name: &str, candidates: &[C]) -> Vec<String> {
    let depth = parse_attribute_name(name).map_or(1, |parts| parts.len());
    let kept = [1, 2].into_iter().find(|kept| depth <= *kept && share_qualifier(candidates, *kept));
    let mut quoted: Vec<(usize, String)> = candidates
        .iter()
        .map(|candidate| {
            let parts = candidate.as_ref();
            let skipped = kept.map_or(0, |kept| parts.len().saturating_sub(kept));
            let quoted = quote_name_parts(parts.get(skipped..).unwrap_or_default());
            (levenshtein_distance(&quoted, name), quoted)
        })
        .collect();
    quoted.sort_by_key(|(distance, _)| *distance);
    quoted.into_iter().map(|(_, quoted)| quoted).collect()
}

/// Whether all candidates agree in what stands before their last `kept` parts.
fn share_qualifier<C: AsRef<[String]>>(candidates: &[C], kept: usize) -> bool {
    let mut qualifiers = candidates.iter().map(|candidate| {
        let parts = candidate.as_ref();
        parts.get(..parts.len().saturating_sub(kept)).unwrap_or_default()
    });
    match qualifiers.next() {
        Some(first) => qualifiers.all(|qualifier| qualifier == first),
        None => false,
    }
}

/// Insertions, removals and replacements of characters that lead from one text to the other.
pub fn levenshtein_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, left_character) in left.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(index + 1);
        let pairs = row.iter().zip(row.iter().skip(1)).zip(&right);
        for ((diagonal, above), right_character) in pairs {
            let replaced = diagonal + usize::from(left_character != *right_character);
            let beside = next.last().map_or(index + 1, |beside| beside + 1);
            next.push(replaced.min(above + 1).min(beside));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{order_by_similarity, suggest};

    fn names(candidates: &[&[&str]]) -> Vec<Vec<String>> {
        candidates.iter().map(|parts| parts.iter().map(|part| (*part).to_owned()).collect()).collect()
    }

    #[test]
    fn order_is_sparks() {
        let columns = names(&[&["id"], &["name"], &["idx"], &["identity"], &["a"], &["IDA"], &["zzz"]]);
        let expected = ["`id`", "`idx`", "`a`", "`name`", "`IDA`", "`zzz`", "`identity`"];
        assert_eq!(order_by_similarity("ida", &columns), expected);
        assert_eq!(suggest("ida", &columns), &expected[..5]);
    }

    #[test]
    fn shared_qualifiers_are_left_out() {
        type Case = (&'static str, &'static [&'static [&'static str]], &'static [&'static str]);
        let cases: [Case; 4] = [
            ("x", &[&["a", "b", "c"], &["a", "b", "d"]], &["`c`", "`d`"]),
            ("t.ida", &[&["t", "id"], &["t", "name"], &["u", "ida"]], &["`t`.`id`", "`u`.`ida`", "`t`.`name`"]),
            (
                "t1.c",
                &[&["spark_catalog", "default", "t", "c"], &["spark_catalog", "default", "t", "d"]],
                &["`t`.`c`", "`t`.`d`"],
            ),
            ("`a b`", &[&["a b"], &["a.c"]], &["`a b`", "`a.c`"]),
        ];
        for (name, candidates, expected) in cases {
            assert_eq!(suggest(name, &names(candidates)), expected, "{name}");
        }
    }
}
