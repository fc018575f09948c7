//! The options of CSV readers.

use firesteel_base::{SparkError, SparkResult};

use super::tokenizer::Dialect;
use crate::encoding::Encoding;
use crate::options::{Options, invalid_value};
use crate::parse::{ParseForms, ParseMode};
use crate::settings::FileSettings;
use crate::text_scan::Blocks;

/// What the options say about reading CSV.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CsvOptions {
    pub dialect: Dialect,
    pub header: bool,
    pub enforce_schema: bool,
    pub infer_schema: bool,
    pub prefer_date: bool,
    /// Part of the lines that inference looks at.
    pub sampling_ratio: f64,
    pub null_value: String,
    pub empty_value: String,
    pub mode: ParseMode,
    pub corrupt_column: String,
    pub encoding: Encoding,
    pub line_separator: Option<Vec<u8>>,
    pub columns_max: usize,
    pub characters_max: Option<usize>,
    pub forms: ParseForms,
    pub timestamps_without_zone: bool,
    pub case_sensitive: bool,
}

impl CsvOptions {
    pub(crate) fn of(options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        options.refuse_unless("CSV", "locale", &["en-US", "en_US"])?;
        options.refuse_unless("CSV", "unescapedQuoteHandling", &["STOP_AT_DELIMITER"])?;
        options.refuse_unless("CSV", "columnPruning", &["true"])?;
        options.refuse_unless("CSV", "enableDateTimeParsingFallback", &["false"])?;
        options.refuse("CSV", &["singleVariantColumn"])?;
        let characters_max = options.number::<i64>("maxcharspercolumn", -1)?;
        let line_separator = options.get("linesep").map(|text| text.as_bytes().to_vec());
        if line_separator.as_ref().is_some_and(Vec::is_empty) {
            return Err(invalid_value("lineSep", "", "at least one character"));
        }
        Ok(Self {
            dialect: dialect(options)?,
            header: options.boolean("header", false)?,
            enforce_schema: options.boolean("enforceschema", true)?,
            infer_schema: options.boolean("inferschema", false)?,
            prefer_date: options.boolean("preferdate", true)?,
            sampling_ratio: options.number("samplingratio", 1.0)?,
            null_value: options.string("nullvalue", ""),
            empty_value: options.string("emptyvalue", ""),
            mode: ParseMode::of(options),
            corrupt_column: options.string("columnnameofcorruptrecord", &settings.corrupt_record_column),
            encoding: Encoding::find(options.get_any(&["encoding", "charset"]).unwrap_or("UTF-8"), "CSVOptions")?,
            line_separator,
            columns_max: options.number("maxcolumns", 20_480)?,
            characters_max: usize::try_from(characters_max).ok(),
            forms: ParseForms::of(options, settings)?,
            timestamps_without_zone: settings.timestamps_without_zone,
            case_sensitive: settings.case_sensitive,
        })
    }

    pub(crate) fn blocks(&self) -> Blocks {
        let lines = !self.dialect.multi_line && self.encoding == Encoding::Utf8 && self.line_separator.is_none();
        if lines { Blocks::Lines } else { Blocks::WholeFile(self.encoding) }
    }
}

fn dialect(options: &Options) -> SparkResult<Dialect> {
    let ascii = |name: &str, default: char| -> SparkResult<Option<u8>> {
        match options.character(name, default)?.filter(|character| *character != '\0') {
            None => Ok(None),
            Some(character) if character.is_ascii() => Ok(u8::try_from(character).ok()),
            Some(character) => Err(SparkError::unsupported(format!("option {name}={character} of CSV files"))),
        }
    };
    let quote = ascii("quote", '"')?;
    let escape = ascii("escape", '\\')?;
    let escape_of_escape = match options.get("chartoescapequoteescaping") {
        Some(_) => ascii("chartoescapequoteescaping", '\0')?,
        None => escape.filter(|_| escape != quote),
    };
    Ok(Dialect {
        separator: delimiter(options)?.into_bytes(),
        quote,
        escape,
        escape_of_escape,
        comment: ascii("comment", '\0')?,
        trim_start: options.boolean("ignoreleadingwhitespace", false)?,
        trim_end: options.boolean("ignoretrailingwhitespace", false)?,
        multi_line: options.boolean("multiline", false)?,
    })
}

/// The separator, with its escapes (`\t`) read.
pub(crate) fn delimiter(options: &Options) -> SparkResult<String> {
    let text = options.get_any(&["sep", "delimiter"]).unwrap_or(",");
    if text.is_empty() {
        return Err(SparkError::new("INVALID_DELIMITER_VALUE.EMPTY_STRING"));
    }
    let mut separator = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            separator.push(character);
            continue;
        }
        separator.push(match characters.next() {
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(plain @ ('"' | '\'' | '\\')) => plain,
            None => return Err(SparkError::new("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH")),
            Some(_) => {
                return Err(SparkError::new("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER").param("str", text));
            }
        });
    }
    Ok(separator)
}
