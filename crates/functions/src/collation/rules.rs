//! What each function does with collations: which of its arguments must agree, whose collation its result has, and
//! whether it compares texts at all.

/// How a function treats collated texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It compares nothing: the kernel for bytes serves.
    Indifferent,
    /// It compares whole texts: it is called on their keys.
    Keyed,
    /// It looks for texts in texts: it has a kernel that knows the collation.
    Searched,
    /// Not built yet.
    Refused,
}

/// Functions that compare whole texts.
const KEYED: &[&str] = &[
    "!=",
    "<",
    "<=",
    "<=>",
    "=",
    ">",
    ">=",
    "array_contains",
    "array_position",
    "arrays_overlap",
    "between",
    "equal_null",
    "like",
];

/// Functions that look for texts in texts.
const SEARCHED: &[&str] = &[
    "btrim",
    "contains",
    "endswith",
    "find_in_set",
    "initcap",
    "instr",
    "locate",
    "lower",
    "ltrim",
    "position",
    "replace",
    "rtrim",
    "split_part",
    "startswith",
    "substring_index",
    "translate",
    "trim",
    "upper",
];

/// Functions that compare nothing.
const INDIFFERENT: &[&str] = &[
    "and",
    "array",
    "array_append",
    "array_join",
    "array_prepend",
    "ascii",
    "assert_true",
    "base64",
    "bit_length",
    "cardinality",
    "char_length",
    "character_length",
    "coalesce",
    "collate",
    "collation",
    "concat",
    "concat_arrays",
    "concat_ws",
    "crc32",
    "decode",
    "element_at",
    "elt",
    "encode",
    "flatten",
    "format_string",
    "get",
    "hex",
    "if",
    "ifnull",
    "is_valid_utf8",
    "isnotnull",
    "isnull",
    "left",
    "len",
    "length",
    "lpad",
    "make_valid_utf8",
    "md5",
    "monotonically_increasing_id",
    "named_struct",
    "not",
    "nvl",
    "nvl2",
    "octet_length",
    "or",
    "overlay",
    "printf",
    "quote",
    "raise_error",
    "regexp_count",
    "repeat",
    "reverse",
    "right",
    "rpad",
    "sentences",
    "sha1",
    "sha2",
    "size",
    "slice",
    "soundex",
    "space",
    "struct",
    "substr",
    "substring",
    "to_date",
    "to_number",
    "to_timestamp",
    "try_to_number",
    "try_validate_utf8",
    "typeof",
    "unbase64",
    "unhex",
    "validate_utf8",
];

/// How the function of this name treats collated texts.
pub fn rule(name: &str) -> Rule {
    if KEYED.contains(&name) {
        Rule::Keyed
    } else if SEARCHED.contains(&name) {
        Rule::Searched
    } else if INDIFFERENT.contains(&name) {
        Rule::Indifferent
    } else {
        Rule::Refused
    }
}

/// The positions of the arguments that must agree in their collations, in the order in which Spark looks at them.
pub fn coerced_together(name: &str, count: usize) -> Vec<usize> {
    let first = |length: usize| (0..length.min(count)).collect();
    match name {
        "array" | "array_join" | "concat" | "greatest" | "least" | "coalesce" | "array_contains" | "array_except"
        | "concat_ws" | "mask" | "replace" | "translate" | "btrim" | "array_append" | "array_prepend"
        | "array_intersect" | "array_position" | "array_remove" | "array_union" | "arrays_overlap" | "contains"
        | "endswith" | "startswith" | "=" | "<=>" | "<" | "<=" | ">" | ">=" | "!=" | "find_in_set" | "instr"
        | "nvl" | "ifnull" | "nullif" | "equal_null" | "between" | "to_number" | "try_to_number" => {
            (0..count).collect()
        }
        // The parser and the two-argument forms put the characters first.
        "trim" | "ltrim" | "rtrim" => (0..count).rev().collect(),
        "locate" | "position" | "substring_index" | "split_part" | "overlay" => first(2),
        "lpad" | "rpad" | "regexp_replace" => [0, 2].into_iter().filter(|index| *index < count).collect(),
        "elt" | "if" | "nvl2" => (1..count).collect(),
        _ => Vec::new(),
    }
}

/// The argument whose collation the result has, if the function makes text of text.
pub fn result_source(name: &str, count: usize) -> Option<usize> {
    match name {
        "upper" | "lower" | "initcap" | "substring" | "substr" | "left" | "right" | "repeat" | "lpad" | "rpad"
        | "btrim" | "replace" | "translate" | "overlay" | "split_part" | "substring_index" | "format_string"
        | "printf" | "concat" | "concat_ws" | "reverse" | "sentences" | "split" | "mask" | "regexp_replace"
        | "regexp_extract" | "regexp_extract_all" | "regexp_substr" => Some(0),
        "trim" | "ltrim" | "rtrim" => count.checked_sub(1),
        "elt" => Some(1),
        _ => None,
    }
}

/// Whether the function takes texts of differing collations and passes them on without one.
pub fn keeps_indeterminate(name: &str) -> bool {
    matches!(
        name,
        "concat"
            | "concat_ws"
            | "overlay"
            | "lpad"
            | "rpad"
            | "coalesce"
            | "if"
            | "nvl"
            | "ifnull"
            | "nvl2"
            | "array"
            | "elt"
            | "struct"
            | "named_struct"
            | "isnull"
            | "isnotnull"
            | "collate"
            | "collation"
            | "typeof"
    )
}

/// Whether collations that ignore accents but not case are refused: the search for texts does not know them.
pub fn refuses_accent_only(name: &str) -> bool {
    matches!(
        name,
        "contains"
            | "startswith"
            | "endswith"
            | "instr"
            | "locate"
            | "position"
            | "replace"
            | "translate"
            | "substring_index"
            | "split_part"
            | "trim"
            | "ltrim"
            | "rtrim"
            | "btrim"
    )
}

/// Whether the function does not know Unicode's collations: it looks for patterns.
pub fn refuses_unicode(name: &str) -> bool {
    matches!(
        name,
        "like"
            | "ilike"
            | "rlike"
            | "regexp_replace"
            | "regexp_extract"
            | "regexp_extract_all"
            | "regexp_instr"
            | "regexp_count"
            | "regexp_substr"
            | "split"
    )
}
