//! The schema of JSON values: fields in the order of their names, types widened over all records.

use std::collections::BTreeMap;

use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use super::options::JsonOptions;
use super::parser::{Node, Value};

/// A type as far as values have shown it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Null,
    Scalar(SparkType),
    Array(Box<Shape>),
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    /// The shape of one value. An object in which a name occurs twice makes no columns.
    pub(super) fn of(node: &Node<'_>, options: &JsonOptions) -> SparkResult<Self> {
        let scalar = |data_type| Self::Scalar(if options.primitives_as_string { SparkType::STRING } else { data_type });
        Ok(match &node.value {
            Value::Null => Self::Null,
            Value::Boolean(_) => scalar(SparkType::Boolean),
            Value::Special(_) => scalar(SparkType::Double),
            Value::Number(text) => scalar(number(text, options)),
            // A text without characters shows no type.
            Value::String(text) if text.is_empty() => Self::Null,
            Value::String(text) => Self::Scalar(string(text, options)),
            Value::Array(elements) => {
                let element = elements.iter().try_fold(Self::Null, |shape, element| {
                    Ok::<_, SparkError>(shape.merged(Self::of(element, options)?))
                })?;
                Self::Array(Box::new(element))
            }
            Value::Object(fields) => {
                let mut shapes = BTreeMap::new();
                for (name, value) in fields {
                    let shape = Self::of(value, options)?;
                    if shapes.insert(name.clone().into_owned(), shape).is_some() {
                        let name = quote_identifier(&name.to_lowercase());
                        return Err(SparkError::new("COLUMN_ALREADY_EXISTS").param("columnName", name));
                    }
                }
                Self::Object(shapes)
            }
        })
    }

    /// The shape that holds the values of both.
    pub(super) fn merged(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, shape) | (shape, Self::Null) => shape,
            (Self::Array(left), Self::Array(right)) => Self::Array(Box::new(left.merged(*right))),
            (Self::Object(mut left), Self::Object(right)) => {
                for (name, shape) in right {
                    merge_into(&mut left, name, shape);
                }
                Self::Object(left)
            }
            (Self::Scalar(left), Self::Scalar(right)) => Self::Scalar(wider(&left, &right)),
            _ => Self::Scalar(SparkType::STRING),
        }
    }

    /// The type; `None` where it would have no fields.
    fn data_type(self, drop_all_null: bool) -> Option<SparkType> {
        match self {
            Self::Null if drop_all_null => None,
            Self::Null => Some(SparkType::STRING),
            Self::Scalar(data_type) => Some(data_type),
            Self::Array(element) => element.data_type(drop_all_null).map(|element| SparkType::array(element, true)),
            Self::Object(fields) => {
                let schema = schema_of(fields, drop_all_null);
                (!schema.is_empty()).then_some(SparkType::Struct(schema))
            }
        }
    }
}

/// Adds a field's shape to those known.
pub(super) fn merge_into(fields: &mut BTreeMap<String, Shape>, name: String, shape: Shape) {
    let merged = match fields.remove(&name) {
        Some(known) => known.merged(shape),
        None => shape,
    };
    fields.insert(name, merged);
}

/// The columns of records; fields without a name or without a type are left out.
pub(super) fn schema_of(fields: BTreeMap<String, Shape>, drop_all_null: bool) -> SparkSchema {
    let fields = fields
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .filter_map(|(name, shape)| Some(SparkField::new(name, shape.data_type(drop_all_null)?, true)));
    SparkSchema::new(fields.collect::<Vec<_>>())
}

fn number(text: &str, options: &JsonOptions) -> SparkType {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        if text.parse::<i64>().is_ok() {
            return SparkType::Long;
        }
        return decimal_type(text).unwrap_or(SparkType::Double);
    }
    if options.prefers_decimal { decimal_type(text).unwrap_or(SparkType::Double) } else { SparkType::Double }
}

/// The decimal type of a number as written, if it has at most 38 digits.
fn decimal_type(text: &str) -> Option<SparkType> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let mantissa = mantissa.strip_prefix(['-', '+']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let scale = i32::try_from(fraction.len()).ok()? - exponent;
    let digits = format!("{whole}{fraction}").trim_start_matches('0').len().max(1);
    let precision = i32::try_from(digits).ok()?.max(scale);
    let (precision, scale) = (u8::try_from(precision).ok()?, i8::try_from(scale).ok()?);
    (precision <= 38 && scale >= 0).then(|| SparkType::decimal(precision, scale))
}

fn string(text: &str, options: &JsonOptions) -> SparkType {
    if options.primitives_as_string {
        return SparkType::STRING;
    }
    if options.prefers_decimal
        && let Some(decimal) = decimal_type(text)
    {
        return decimal;
    }
    if options.infer_timestamp {
        if options.timestamps_without_zone && options.forms.timestamp_ntz(text).is_some() {
            return SparkType::TimestampNtz;
        }
        if options.forms.timestamp(text).is_some() {
            return SparkType::Timestamp;
        }
    }
    SparkType::STRING
}

fn wider(left: &SparkType, right: &SparkType) -> SparkType {
    use SparkType::{Decimal, Double, Long, Timestamp, TimestampNtz};
    if left == right {
        return left.clone();
    }
    match (left, right) {
        (Long | Decimal { .. }, Double) | (Double, Long | Decimal { .. }) => Double,
        (Long, Decimal { precision, scale }) | (Decimal { precision, scale }, Long) => {
            wider_decimal((20, 0), (*precision, *scale))
        }
        (Decimal { precision, scale }, Decimal { precision: other_precision, scale: other_scale }) => {
            wider_decimal((*precision, *scale), (*other_precision, *other_scale))
        }
        (Timestamp, TimestampNtz) | (TimestampNtz, Timestamp) => Timestamp,
        _ => SparkType::STRING,
    }
}

fn wider_decimal(left: (u8, i8), right: (u8, i8)) -> SparkType {
    let whole = |(precision, scale): (u8, i8)| i16::from(precision) - i16::from(scale);
    let scale = left.1.max(right.1);
    let precision = whole(left).max(whole(right)) + i16::from(scale);
    match u8::try_from(precision) {
        Ok(precision) if precision <= 38 => SparkType::decimal(precision, scale),
        _ => SparkType::Double,
    }
}
