//! Partition directories (`column=value`): finds the columns, their types and each file's values, and writes such
//! names.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{NaiveDateTime, Timelike};
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::listing::Listing;
use crate::location::name_of;
use crate::parse::decimal;
use crate::settings::FileSettings;
use crate::temporal::{Zone, days_of, lenient_date, lenient_timestamp, strict_date, strict_time, strict_wall_clock};

/// The directory name that stands for NULL.
pub(crate) const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Partition columns and their values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Partitions {
    pub fields: Vec<SparkField>,
    /// One row for each file of the listing.
    pub values: Vec<Vec<ScalarValue>>,
}

/// Reads the partition columns of a listing out of its directories.
///
/// A column that `given` names has the type given there; the others' types are inferred.
pub(crate) fn discover(
    listing: &Listing,
    given: Option<&SparkSchema>,
    settings: &FileSettings,
) -> SparkResult<Partitions> {
    let none = || Partitions { fields: Vec::new(), values: vec![Vec::new(); listing.files.len()] };
    if !listing.partitioned {
        return Ok(none());
    }
    let mut directories: Vec<&Path> = Vec::new();
    let mut directory_of_file: Vec<usize> = Vec::with_capacity(listing.files.len());
    let mut positions: HashMap<&Path, usize> = HashMap::new();
    for file in &listing.files {
        let directory = file.location.path().parent().unwrap_or_else(|| file.location.path());
        let position = *positions.entry(directory).or_insert_with(|| {
            directories.push(directory);
            directories.len() - 1
        });
        directory_of_file.push(position);
    }
    let parsed: Vec<Parsed> =
        directories.iter().map(|directory| Parsed::of(directory, &listing.base_paths)).collect::<SparkResult<_>>()?;
    if parsed.iter().all(|parsed| parsed.segments.is_empty()) {
        return Ok(none());
    }
    check_one_base(&parsed)?;
    let with_columns: Vec<&Parsed> = parsed.iter().filter(|parsed| !parsed.segments.is_empty()).collect();
    let names = check_same_columns(&with_columns, settings)?;
    let columns: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(index, name)| Column::of(name, index, &with_columns, given, settings))
        .collect::<SparkResult<_>>()?;
    let zone = Zone::parse(&settings.time_zone)?;
    let rows: Vec<Vec<ScalarValue>> =
        parsed.iter().map(|parsed| row_of(parsed, &columns, zone)).collect::<SparkResult<_>>()?;
    let values = directory_of_file.iter().map(|position| rows.get(*position).cloned().unwrap_or_default()).collect();
    Ok(Partitions { fields: columns.into_iter().map(|column| column.field).collect(), values })
}

fn row_of(parsed: &Parsed, columns: &[Column], zone: Zone) -> SparkResult<Vec<ScalarValue>> {
    columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let text = parsed.segments.get(index).and_then(|(_, value)| value.as_deref());
            column.value(text, zone)
        })
        .collect()
}

/// What one directory's path says.
struct Parsed {
    directory: PathBuf,
    /// Name and value (`None`: NULL), outermost first.
    segments: Vec<(String, Option<String>)>,
    /// The directory above the outermost partition directory.
    base: Option<PathBuf>,
}

impl Parsed {
    fn of(directory: &Path, base_paths: &[PathBuf]) -> SparkResult<Self> {
        let mut segments = Vec::new();
        let mut current = Some(directory);
        while let Some(path) = current {
            // Half-written output of another writer.
            if name_of(path).eq_ignore_ascii_case("_temporary") {
                return Ok(Self { directory: directory.to_owned(), segments: Vec::new(), base: None });
            }
            if base_paths.iter().any(|base| base == path) {
                break;
            }
            match parse_segment(&name_of(path))? {
                Some(segment) => segments.push(segment),
                None if !segments.is_empty() => break,
                None => {}
            }
            current = path.parent();
        }
        segments.reverse();
        let base = if segments.is_empty() { Some(directory) } else { current };
        Ok(Self { directory: directory.to_owned(), segments, base: base.map(Path::to_owned) })
    }
}

pub(crate) fn parse_segment(name: &str) -> SparkResult<Option<(String, Option<String>)>> {
    let Some((column, value)) = name.split_once('=') else { return Ok(None) };
    if column.is_empty() {
        return Err(SparkError::new("EMPTY_PARTITION_COLUMN_NAME").param("columnSpec", name));
    }
    if value.is_empty() {
        return Err(SparkError::new("EMPTY_PARTITION_COLUMN_VALUE").param("columnSpec", name));
    }
    let value = (value != NULL_PARTITION).then(|| unescape(value));
    Ok(Some((unescape(column), value)))
}

fn check_one_base(parsed: &[Parsed]) -> SparkResult<()> {
    let mut bases: Vec<String> = Vec::new();
    for base in parsed.iter().filter_map(|parsed| parsed.base.as_ref()) {
        let text = format!("file:{}", base.display()).to_lowercase();
        if !bases.contains(&text) {
            bases.push(text);
        }
    }
    if bases.len() <= 1 {
        return Ok(());
    }
    let listed: String = bases.iter().map(|base| format!("\n\t{base}")).collect();
    Err(SparkError::new("CONFLICTING_DIRECTORY_STRUCTURES").param("discoveredBasePaths", format!("{listed}\n")))
}

/// The one list of column names that all directories share.
fn check_same_columns(parsed: &[&Parsed], settings: &FileSettings) -> SparkResult<Vec<String>> {
    let mut lists: Vec<(Vec<String>, Vec<String>)> = Vec::new();
    for parsed in parsed {
        let names: Vec<String> = parsed.segments.iter().map(|(name, _)| name.clone()).collect();
        let key = if settings.case_sensitive { names.clone() } else { lower(&names) };
        if !lists.iter().any(|(_, other)| *other == key) {
            lists.push((names, key));
        }
    }
    let [(names, keys)] = lists.as_slice() else {
        return Err(conflicting_columns(&lists, parsed));
    };
    for (index, key) in keys.iter().enumerate() {
        if keys.iter().take(index).any(|earlier| earlier == key) {
            return Err(SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", format!("`{key}`")));
        }
    }
    Ok(names.clone())
}

fn lower(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name.to_lowercase()).collect()
}

fn conflicting_columns(lists: &[(Vec<String>, Vec<String>)], parsed: &[&Parsed]) -> SparkError {
    let listed: String = lists
        .iter()
        .enumerate()
        .map(|(index, (names, _))| format!("\n\tPartition column name list #{index}: {}", names.join(", ")))
        .collect();
    let paths: String = parsed.iter().map(|parsed| format!("\n\tfile:{}", parsed.directory.display())).collect();
    SparkError::new("CONFLICTING_PARTITION_COLUMN_NAMES")
        .param("distinctPartColLists", format!("{listed}\n"))
        .param("suspiciousPaths", paths)
}

/// A partition column.
struct Column {
    field: SparkField,
    /// The type was given: a value that does not fit is an error.
    given: bool,
}

impl Column {
    fn of(
        name: &str,
        index: usize,
        parsed: &[&Parsed],
        given: Option<&SparkSchema>,
        settings: &FileSettings,
    ) -> SparkResult<Self> {
        let same = |field: &&SparkField| {
            if settings.case_sensitive { field.name == name } else { field.name.eq_ignore_ascii_case(name) }
        };
        if let Some(field) = given.and_then(|schema| schema.iter().find(same)) {
            let field = SparkField { nullable: true, ..field.clone() };
            return Ok(Self { field, given: true });
        }
        let zone = Zone::parse(&settings.time_zone)?;
        let mut data_type = SparkType::Null;
        for parsed in parsed {
            let value = parsed.segments.get(index).and_then(|(_, value)| value.as_deref());
            data_type = wider(data_type, infer_type(value, settings, zone));
        }
        Ok(Self { field: SparkField::new(name, data_type, true), given: false })
    }

    fn value(&self, text: Option<&str>, zone: Zone) -> SparkResult<ScalarValue> {
        let data_type = &self.field.data_type;
        let null = || ScalarValue::try_from(&data_type.to_arrow()).map_err(crate::error::from_datafusion);
        let Some(text) = text else { return null() };
        match parse_value(text, data_type, zone) {
            Some(value) => Ok(value),
            None if self.given => Err(SparkError::new("INVALID_PARTITION_VALUE")
                .param("value", format!("'{text}'"))
                .param("dataType", format!("\"{}\"", data_type.sql()))
                .param("columnName", format!("`{}`", self.field.name))),
            None => null(),
        }
    }
}

/// The narrowest type of one value.
fn infer_type(value: Option<&str>, settings: &FileSettings, zone: Zone) -> SparkType {
    let Some(text) = value else { return SparkType::Null };
    if !settings.infer_partition_types {
        return SparkType::STRING;
    }
    let timestamp = if settings.timestamps_without_zone { SparkType::TimestampNtz } else { SparkType::Timestamp };
    if text.parse::<i32>().is_ok() {
        SparkType::Integer
    } else if text.parse::<i64>().is_ok() {
        SparkType::Long
    } else if let Some((digits, _)) = whole_decimal(text) {
        SparkType::decimal(digits, 0)
    } else if java_double(text).is_some() {
        SparkType::Double
    } else if strict_date(text).is_some() {
        SparkType::Date
    } else if partition_timestamp(text).is_some_and(|wall| zone.instant(wall).is_some()) {
        timestamp
    } else if strict_time(text).is_some() {
        SparkType::Time { precision: 6 }
    } else {
        SparkType::STRING
    }
}

/// `yyyy-MM-dd HH:mm:ss`, with one digit of a fraction at most: what inference takes for a timestamp.
fn partition_timestamp(text: &str) -> Option<NaiveDateTime> {
    let longest = "yyyy-MM-dd HH:mm:ss.S".len();
    strict_wall_clock(text).filter(|_| text.len() <= longest)
}

/// A decimal number without digits behind the point, of at most 38: number of digits and value.
fn whole_decimal(text: &str) -> Option<(u8, i128)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<u32>().ok()?),
        None => (text, 0),
    };
    let digits = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = mantissa.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(exponent)?)?;
    let length = u8::try_from(value.unsigned_abs().to_string().len()).ok()?;
    (length <= 38).then_some((length, value))
}

/// A number as Java's `parseDouble` takes it: blanks around it, and a `d` or `f` behind it.
pub(crate) fn java_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|character: char| character <= ' ');
    match text.strip_prefix(['+', '-']).unwrap_or(text) {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY }),
        _ => {}
    }
    let number = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    // Rust also reads `inf` and `nan`, which Java does not.
    if !number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return None;
    }
    number.parse().ok()
}

/// The type that holds the values of both, as partition columns widen.
fn wider(left: SparkType, right: SparkType) -> SparkType {
    use SparkType::{Date, Decimal, Double, Integer, Long, Null, Timestamp, TimestampNtz};
    if left == right {
        return left;
    }
    match (&left, &right) {
        (Null, _) => right,
        (_, Null) => left,
        (Integer, Long) | (Long, Integer) => Long,
        (Integer, Double) | (Double, Integer) => Double,
        (Decimal { precision, .. }, other) | (other, Decimal { precision, .. }) => match other {
            Integer => SparkType::decimal((*precision).max(10), 0),
            Long => SparkType::decimal((*precision).max(20), 0),
            Decimal { precision: second, .. } => SparkType::decimal((*precision).max(*second), 0),
            _ => SparkType::STRING,
        },
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (Date, TimestampNtz) | (TimestampNtz, Date) => TimestampNtz,
        _ => SparkType::STRING,
    }
}

/// A partition directory's text as a value of a type; `None` where it is none.
fn parse_value(text: &str, data_type: &SparkType, zone: Zone) -> Option<ScalarValue> {
    Some(match data_type {
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            ScalarValue::Utf8(Some(text.to_owned()))
        }
        SparkType::Boolean => ScalarValue::Boolean(Some(text.to_ascii_lowercase().parse().ok()?)),
        // Spark reads these two by way of INT and keeps the low bits.
        #[expect(clippy::cast_possible_truncation, reason = "Spark keeps the low bits")]
        SparkType::Byte => ScalarValue::Int8(Some(text.parse::<i32>().ok()? as i8)),
        #[expect(clippy::cast_possible_truncation, reason = "Spark keeps the low bits")]
        SparkType::Short => ScalarValue::Int16(Some(text.parse::<i32>().ok()? as i16)),
        SparkType::Integer => ScalarValue::Int32(Some(text.parse().ok()?)),
        SparkType::Long => ScalarValue::Int64(Some(text.parse().ok()?)),
        #[expect(clippy::cast_possible_truncation, reason = "a FLOAT column rounds")]
        SparkType::Float => ScalarValue::Float32(Some(java_double(text)? as f32)),
        SparkType::Double => ScalarValue::Float64(Some(java_double(text)?)),
        SparkType::Decimal { precision, scale } => {
            ScalarValue::Decimal128(Some(decimal(text, *precision, *scale)?), *precision, *scale)
        }
        SparkType::Date => ScalarValue::Date32(Some(days_of(lenient_date(text)?))),
        SparkType::Timestamp => {
            ScalarValue::TimestampMicrosecond(Some(lenient_timestamp(text)?.instant(zone)?), Some("UTC".into()))
        }
        SparkType::TimestampNtz => {
            ScalarValue::TimestampMicrosecond(Some(lenient_timestamp(text)?.wall_clock()?), None)
        }
        SparkType::Time { .. } => {
            let time = strict_time(text)?;
            let seconds = i64::from(time.num_seconds_from_midnight());
            ScalarValue::Time64Nanosecond(Some(seconds * 1_000_000_000 + i64::from(time.nanosecond())))
        }
        SparkType::Binary => ScalarValue::Binary(Some(text.as_bytes().to_vec())),
        _ => return None,
    })
}

/// Undoes [`escape`]; a `%` that no two hexadecimal digits follow stands for itself.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(code) => {
                let mut buffer = [0; 4];
                result.extend_from_slice(char::from(code).encode_utf8(&mut buffer).as_bytes());
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                result.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&result).into_owned()
}

/// A name or value as it stands in a directory's name: what a path cannot hold becomes `%XX`.
pub(crate) fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if needs_escape(character) {
            result.push_str(&format!("%{:02X}", u32::from(character)));
        } else {
            result.push(character);
        }
    }
    result
}

fn needs_escape(character: char) -> bool {
    matches!(character, '\u{1}'..='\u{1f}' | '\u{7f}')
        || matches!(character, '"' | '#' | '%' | '\'' | '*' | '/' | ':' | '=' | '?' | '\\' | '{' | '[' | ']' | '^')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_both_ways() {
        let text = "a b/c:d%e=f\u{1}é";
        assert_eq!(escape(text), "a b%2Fc%3Ad%25e%3Df%01é");
        assert_eq!(unescape(&escape(text)), text);
        assert_eq!(unescape("100%"), "100%");
    }

    #[test]
    fn widens_as_partition_columns_do() {
        let settings = FileSettings::default();
        let zone = Zone::parse("UTC").unwrap();
        let check = |values: &[&str], expected: SparkType| {
            let inferred = values
                .iter()
                .fold(SparkType::Null, |wide, value| wider(wide, infer_type(Some(value), &settings, zone)));
            assert_eq!(inferred, expected, "{values:?}");
        };
        check(&["1", "3000000000"], SparkType::Long);
        check(&["1", "1.5"], SparkType::Double);
        check(&["3000000000", "1.5"], SparkType::STRING);
        check(&["12345678901234567890", "1"], SparkType::decimal(20, 0));
        check(&["0.1", "12345678901234567890"], SparkType::STRING);
        check(&["1e3"], SparkType::decimal(4, 0));
        check(&[" 1", "2 "], SparkType::Double);
        check(&["01", "1"], SparkType::Integer);
        check(&["2020-01-01", "2020-01-02 10:00:00"], SparkType::Timestamp);
        check(&["2020-01-01 10:00:00.5"], SparkType::Timestamp);
        check(&["2020-01-01 10:00:00.12"], SparkType::STRING);
        check(&["2020-01-01", "1"], SparkType::STRING);
        check(&["2020-1-1"], SparkType::STRING);
        check(&["10:30:00"], SparkType::Time { precision: 6 });
        check(&["true"], SparkType::STRING);
        check(&["123456789012345678901234567890123456789012"], SparkType::Double);
    }
}
