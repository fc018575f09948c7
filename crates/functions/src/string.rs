//! The group `string`: functions of text and of bytes.

pub(crate) mod arguments;
mod case;
mod char_varchar;
mod code;
mod concat;
mod format_number;
mod format_string;
mod length;
mod likeness;
mod mask;
mod number_format;
mod pad;
mod regexp;
mod replace;
mod search;
mod sentences;
mod split;
mod substring;
mod to_number;
mod trim;
mod url;

use crate::function::Function;

pub use char_varchar::{CHAR_READ, CHAR_WRITE, VARCHAR_WRITE};

/// The functions of this group.
pub static FUNCTIONS: &[&Function] = &[
    &case::INITCAP,
    &case::LOWER,
    &case::UPPER,
    &char_varchar::READ_CHAR,
    &char_varchar::WRITE_CHAR,
    &char_varchar::WRITE_VARCHAR,
    &code::BASE64,
    &code::CHAR,
    &code::DECODE,
    &code::ENCODE,
    &code::IS_VALID_UTF8,
    &code::MAKE_VALID_UTF8,
    &code::TO_BINARY,
    &code::TRY_TO_BINARY,
    &code::TRY_VALIDATE_UTF8,
    &code::UNBASE64,
    &code::VALIDATE_UTF8,
    &concat::CONCAT,
    &concat::CONCAT_WS,
    &concat::ELT,
    &format_number::FORMAT_NUMBER,
    &format_string::FORMAT_STRING,
    &length::ASCII,
    &length::BIT_LENGTH,
    &length::LENGTH,
    &length::OCTET_LENGTH,
    &likeness::LEVENSHTEIN,
    &likeness::SOUNDEX,
    &mask::LUHN_CHECK,
    &mask::MASK,
    &mask::QUOTE,
    &pad::LPAD,
    &pad::REPEAT,
    &pad::RPAD,
    &pad::SPACE,
    &regexp::REGEXP_COUNT,
    &regexp::REGEXP_EXTRACT,
    &regexp::REGEXP_EXTRACT_ALL,
    &regexp::REGEXP_INSTR,
    &regexp::REGEXP_REPLACE,
    &regexp::REGEXP_SUBSTR,
    &replace::REPLACE,
    &replace::REVERSE,
    &replace::TRANSLATE,
    &search::CONTAINS,
    &search::ENDSWITH,
    &search::FIND_IN_SET,
    &search::INSTR,
    &search::LOCATE,
    &search::POSITION,
    &search::STARTSWITH,
    &sentences::FUNCTION,
    &split::SPLIT,
    &split::SPLIT_PART,
    &substring::LEFT,
    &substring::OVERLAY,
    &substring::RIGHT,
    &substring::SUBSTR,
    &substring::SUBSTRING,
    &substring::SUBSTRING_INDEX,
    &to_number::TO_CHAR,
    &to_number::TO_NUMBER,
    &to_number::TRY_TO_NUMBER,
    &trim::BTRIM,
    &trim::LTRIM,
    &trim::RTRIM,
    &trim::TRIM,
    &url::PARSE_URL,
    &url::TRY_PARSE_URL,
    &url::TRY_URL_DECODE,
    &url::URL_DECODE,
    &url::URL_ENCODE,
];
