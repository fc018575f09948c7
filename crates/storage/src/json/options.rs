//! The options of JSON readers.

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};

use super::parser::Leniency;
use crate::encoding::Encoding;
use crate::options::{Options, invalid_value};
use crate::parse::{ParseForms, ParseMode};
use crate::settings::FileSettings;
use crate::text_scan::Blocks;

/// What the options say about reading JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JsonOptions {
    pub leniency: Leniency,
    pub multi_line: bool,
    pub line_separator: Option<Vec<u8>>,
    pub encoding: Encoding,
    pub mode: ParseMode,
    pub corrupt_column: String,
    pub forms: ParseForms,
    pub primitives_as_string: bool,
    pub prefers_decimal: bool,
    pub drop_all_null: bool,
    pub infer_timestamp: bool,
    pub timestamps_without_zone: bool,
    pub sampling_ratio: f64,
}

impl JsonOptions {
    pub(crate) fn of(options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        options.refuse_unless("JSON", "locale", &["en-US", "en_US"])?;
        options.refuse_unless("JSON", "enableDateTimeParsingFallback", &["false"])?;
        options.refuse("JSON", &["singleVariantColumn"])?;
        let multi_line = options.boolean("multiline", false)?;
        let line_separator = options.get("linesep").map(|text| text.as_bytes().to_vec());
        if line_separator.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid_value("lineSep", "", "at least one character"));
        }
        let encoding = Encoding::find(options.get_any(&["encoding", "charset"]).unwrap_or("UTF-8"), "JSONOptions")?;
        if encoding != Encoding::Utf8 && !multi_line && line_separator.is_none() {
            return Err(SparkError::new("INVALID_OPTION_VALUE")
                .param("option", "encoding")
                .param("value", options.get_any(&["encoding", "charset"]).unwrap_or_default())
                .param("expected", "the option lineSep beside it")
                .with_kind(ErrorKind::IllegalArgument));
        }
        Ok(Self {
            leniency: Leniency {
                comments: options.boolean("allowcomments", false)?,
                unquoted_names: options.boolean("allowunquotedfieldnames", false)?,
                single_quotes: options.boolean("allowsinglequotes", true)?,
                leading_zeros: options.boolean("allownumericleadingzeros", false)?,
                non_numeric_numbers: options.boolean("allownonnumericnumbers", true)?,
                escapes_of_any_character: options.boolean("allowbackslashescapinganycharacter", false)?,
                control_characters: options.boolean("allowunquotedcontrolchars", false)?,
            },
            multi_line,
            line_separator,
            encoding,
            mode: ParseMode::of(options),
            corrupt_column: options.string("columnnameofcorruptrecord", &settings.corrupt_record_column),
            forms: ParseForms::of(options, settings)?,
            primitives_as_string: options.boolean("primitivesasstring", false)?,
            prefers_decimal: options.boolean("prefersdecimal", false)?,
            drop_all_null: options.boolean("dropfieldifallnull", false)?,
            infer_timestamp: options.boolean("infertimestamp", false)?,
            timestamps_without_zone: settings.timestamps_without_zone,
            sampling_ratio: options.number("samplingratio", 1.0)?,
        })
    }

    pub(crate) fn blocks(&self) -> Blocks {
        let lines = !self.multi_line && self.encoding == Encoding::Utf8 && self.line_separator.is_none();
        if lines { Blocks::Lines } else { Blocks::WholeFile(self.encoding) }
    }
}
