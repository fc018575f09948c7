//! The schema of CSV files: names from the header, types from the values.

use firesteel_base::{SparkField, SparkSchema, SparkType};

use super::options::CsvOptions;
use super::tokenizer::Token;
use crate::temporal::strict_date;

/// Names of the columns, from the first record.
pub(super) fn names(first: &[Token<'_>], options: &CsvOptions) -> Vec<String> {
    let texts: Vec<String> = first.iter().map(|token| String::from_utf8_lossy(&token.text).into_owned()).collect();
    let is_null = |text: &String| text.is_empty() || *text == options.null_value;
    let key = |text: &String| if options.case_sensitive { text.clone() } else { text.to_lowercase() };
    let repeated = |text: &String| texts.iter().filter(|other| !is_null(other) && key(other) == key(text)).count() > 1;
    texts
        .iter()
        .enumerate()
        .map(|(place, text)| {
            if !options.header || is_null(text) {
                format!("_c{place}")
            } else if repeated(text) {
                format!("{text}{place}")
            } else {
                text.clone()
            }
        })
        .collect()
}

/// Types as far as values have shown them.
pub(super) struct Inference<'a> {
    options: &'a CsvOptions,
    types: Vec<SparkType>,
}

impl<'a> Inference<'a> {
    pub(super) fn new(options: &'a CsvOptions, columns: usize) -> Self {
        Self { options, types: vec![SparkType::Null; columns] }
    }

    pub(super) fn add(&mut self, tokens: &[Token<'_>]) {
        for (data_type, token) in self.types.iter_mut().zip(tokens) {
            let text = String::from_utf8_lossy(&token.text);
            if text.is_empty() || text == self.options.null_value || *data_type == SparkType::STRING {
                continue;
            }
            let found = narrowest(&text, data_type, self.options);
            *data_type = wider(data_type, &found, self.options);
        }
    }

    pub(super) fn schema(self, names: Vec<String>) -> SparkSchema {
        let fields = names.into_iter().zip(self.types).map(|(name, data_type)| {
            let data_type = if data_type == SparkType::Null { SparkType::STRING } else { data_type };
            SparkField::new(name, data_type, true)
        });
        SparkSchema::new(fields.collect::<Vec<_>>())
    }
}

/// The narrowest type of a value, from the type on that the column has so far.
fn narrowest(text: &str, so_far: &SparkType, options: &CsvOptions) -> SparkType {
    let begin = match so_far {
        SparkType::Long => 1,
        SparkType::Decimal { .. } => 2,
        SparkType::Double => 3,
        SparkType::Date => 4,
        SparkType::Timestamp | SparkType::TimestampNtz => 5,
        SparkType::Boolean => 6,
        _ => 0,
    };
    let tries: [fn(&str, &CsvOptions) -> Option<SparkType>; 7] =
        [integer, long, decimal, double, date, timestamp, boolean];
    tries.iter().skip(begin).find_map(|attempt| attempt(text, options)).unwrap_or(SparkType::STRING)
}

fn integer(text: &str, _: &CsvOptions) -> Option<SparkType> {
    text.parse::<i32>().ok().map(|_| SparkType::Integer)
}

fn long(text: &str, _: &CsvOptions) -> Option<SparkType> {
    text.parse::<i64>().ok().map(|_| SparkType::Long)
}

/// Whole numbers beyond LONG.
fn decimal(text: &str, _: &CsvOptions) -> Option<SparkType> {
    let text = text.replace(',', "");
    let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0').len().max(1);
    u8::try_from(significant)
        .ok()
        .filter(|precision| *precision <= 38)
        .map(|precision| SparkType::decimal(precision, 0))
}

fn double(text: &str, options: &CsvOptions) -> Option<SparkType> {
    options.forms.double(text).map(|_| SparkType::Double)
}

fn date(text: &str, options: &CsvOptions) -> Option<SparkType> {
    let is_date = match &options.forms.date {
        Some(_) => options.forms.date(text).is_some(),
        None => strict_date(text).is_some(),
    };
    (options.prefer_date && is_date).then_some(SparkType::Date)
}

fn timestamp(text: &str, options: &CsvOptions) -> Option<SparkType> {
    if options.timestamps_without_zone && options.forms.timestamp_ntz(text).is_some() {
        Some(SparkType::TimestampNtz)
    } else {
        options.forms.timestamp(text).map(|_| SparkType::Timestamp)
    }
}

fn boolean(text: &str, _: &CsvOptions) -> Option<SparkType> {
    crate::parse::boolean(text).map(|_| SparkType::Boolean)
}

/// The type that holds both.
fn wider(left: &SparkType, right: &SparkType, options: &CsvOptions) -> SparkType {
    use SparkType::{Date, Decimal, Double, Integer, Long, Null, Timestamp, TimestampNtz};
    if left == right {
        return left.clone();
    }
    match (left, right) {
        (Null, other) | (other, Null) => other.clone(),
        (Integer, Long) | (Long, Integer) => Long,
        (Integer | Long | Decimal { .. }, Double) | (Double, Integer | Long | Decimal { .. }) => Double,
        (Decimal { precision, .. }, other) | (other, Decimal { precision, .. }) => match other {
            Integer => SparkType::decimal((*precision).max(10), 0),
            Long => SparkType::decimal((*precision).max(20), 0),
            Decimal { precision: second, .. } => SparkType::decimal((*precision).max(*second), 0),
            _ => SparkType::STRING,
        },
        (Date, Timestamp) | (Timestamp, Date) if options.forms.timestamp.is_none() => Timestamp,
        (Date, TimestampNtz) | (TimestampNtz, Date) if options.forms.timestamp_ntz.is_none() => TimestampNtz,
        (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => Timestamp,
        _ => SparkType::STRING,
    }
}
