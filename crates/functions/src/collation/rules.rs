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

/// How the function of this name treats collated texts.
pub fn rule(name: &str) -> Rule {
    match name {
        "=" | "<=>" | "<" | "<=" | ">" | ">=" | "!=" | "between" | "equal_null" | "array_contains"
        | "array_position" | "arrays_overlap" | "like" => Rule::Keyed,
        "contains" | "startswith" | "endswith" | "instr" | "locate" | "position" | "replace" | "translate"
        | "substring_index" | "split_part" | "find_in_set" | "trim" | "ltrim" | "rtrim" | "btrim" | "initcap" => Rule::Searched,
        "collate" | "collation" | "concat" | "concat_ws" | "overlay" | "lpad" | "rpad" | "repeat" | "upper" | "lower"
        | "substring" | "substr" | "left" | "right" | "length" | "char_length" | "character_length" | "bit_length"
        | "octet_length" | "format_string" | "printf" | "sentences" | "reverse" | "ascii" | "base64"
        | "unbase64" | "hex" | "unhex" | "encode" | "decode" | "coalesce" | "if" | "nvl" | "ifnull" | "nvl2"
        | "isnull" | "isnotnull" | "array" | "elt" | "quote" | "space" | "size" | "cardinality" | "get" | "element_at"
        | "array_join" | "array_append" | "array_prepend" | "slice" | "typeof" | "md5" | "sha1" | "sha2" | "crc32"
        | "named_struct" | "struct" | "assert_true" | "raise_error" | "soundex" | "to_number" | "try_to_number"
        | "to_date" | "to_timestamp" | "and" | "or" | "not" | "concat_arrays" | "flatten" | "regexp_count" | "len"
        | "monotonically_increasing_id" | "is_valid_utf8" | "make_valid_utf8" | "validate_utf8"
        | "try_validate_utf8" => Rule::Indifferent,
        _ => Rule::Refused,
    }
}

/// The positions of the arguments that must agree in their collations, in the order in which Spark looks at them.
pub fn coerced_together(name: &str, count: usize) -> Vec<usize> {
    let first = |length: usize| (0..length.min(count)).collect();
    match name {
        "array" | "array_join" | "concat" | "greatest" | "least" | "coalesce" | "array_contains" | "array_except"
        | "concat_ws" | "mask" | "replace" | "translate" | "btrim" | "array_append" | "array_prepend"
        | "array_intersect" | "array_position" | "array_remove" | "array_union" | "arrays_overlap" | "contains"
        | "endswith" | "startswith" | "=" | "<=>" | "<" | "<=" | ">" | ">=" | "!=" | "find_in_set" | "instr" | "nvl"
        | "ifnull" | "nullif" | "like" | "ilike" | "equal_null" | "between" | "to_number" | "try_to_number" => {
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
        "concat" | "concat_ws" | "overlay" | "lpad" | "rpad" | "coalesce" | "if" | "nvl" | "ifnull" | "nvl2" | "array"
            | "elt" | "struct" | "named_struct" | "isnull" | "isnotnull" | "collate" | "collation" | "typeof"
    )
}

/// Whether collations that ignore accents but not case are refused: the search for texts does not know them.
pub fn refuses_accent_only(name: &str) -> bool {
    matches!(
        name,
        "contains" | "startswith" | "endswith" | "instr" | "locate" | "position" | "replace" | "translate"
            | "substring_index" | "split_part" | "trim" | "ltrim" | "rtrim" | "btrim"
    )
}
