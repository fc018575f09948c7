//! The protocol's literals.
//!
//! Types of nested values come from `data_type` (clients since 4.1) or from the deprecated fields of the values
//! (clients before).

use std::sync::Arc;

use firesteel_base::SparkResult;
use firesteel_base::types::{DayTimeField, SparkType, YearMonthField};
use firesteel_syntax::ir::Literal;
use spark_connect_proto as proto;
use spark_connect_proto::expression::literal::specialized_array::ValueType;
use spark_connect_proto::expression::literal::{self as message, LiteralType};

use super::{Decoder, invalid};

impl Decoder<'_> {
    /// A literal by itself.
    pub(super) fn literal(&self, literal: &proto::expression::Literal) -> SparkResult<Literal> {
        let given = literal.data_type.as_ref().map(|data_type| self.data_type(data_type)).transpose()?;
        self.typed_literal(literal, given.as_ref())
    }

    /// A literal of a type that is known from what surrounds it.
    fn typed_literal(&self, literal: &proto::expression::Literal, given: Option<&SparkType>) -> SparkResult<Literal> {
        let unset = || invalid::not_set("Expression.Literal", "LITERALTYPE");
        let value = literal.literal_type.as_ref().ok_or_else(unset)?;
        self.node(|| self.value(value, given))
    }

    fn value(&self, value: &LiteralType, given: Option<&SparkType>) -> SparkResult<Literal> {
        Ok(match value {
            LiteralType::Null(data_type) => Literal::Null(match (given, &data_type.kind) {
                (Some(given), None) => given.clone(),
                (_, Some(_)) => self.data_type(data_type)?,
                (None, None) => SparkType::Null,
            }),
            LiteralType::Binary(bytes) => Literal::Binary(Arc::from(bytes.as_ref())),
            LiteralType::Boolean(value) => Literal::Boolean(*value),
            LiteralType::Byte(value) => Literal::Byte(narrow(*value, "BYTE")?),
            LiteralType::Short(value) => Literal::Short(narrow(*value, "SHORT")?),
            LiteralType::Integer(value) => Literal::Integer(*value),
            LiteralType::Long(value) => Literal::Long(*value),
            LiteralType::Float(value) => Literal::Float(*value),
            LiteralType::Double(value) => Literal::Double(*value),
            LiteralType::Decimal(decimal) => decimal_value(decimal)?,
            LiteralType::String(text) => Literal::String(Arc::from(text.as_str())),
            LiteralType::Date(days) => Literal::Date(*days),
            LiteralType::Timestamp(micros) => Literal::Timestamp(*micros),
            LiteralType::TimestampNtz(micros) => Literal::TimestampNtz(*micros),
            LiteralType::CalendarInterval(interval) => Literal::CalendarInterval {
                months: interval.months,
                days: interval.days,
                microseconds: interval.microseconds,
            },
            LiteralType::YearMonthInterval(months) => {
                let (start, end) = match given {
                    Some(SparkType::YearMonthInterval { start, end }) => (*start, *end),
                    _ => (YearMonthField::Year, YearMonthField::Month),
                };
                Literal::YearMonthInterval { months: *months, start, end }
            }
            LiteralType::DayTimeInterval(microseconds) => {
                let (start, end) = match given {
                    Some(SparkType::DayTimeInterval { start, end }) => (*start, *end),
                    _ => (DayTimeField::Day, DayTimeField::Second),
                };
                Literal::DayTimeInterval { microseconds: *microseconds, start, end }
            }
            LiteralType::Array(array) => self.array(array, given)?,
            LiteralType::Map(map) => self.map(map, given)?,
            LiteralType::Struct(structure) => self.structure(structure, given)?,
            LiteralType::SpecializedArray(array) => specialized(array)?,
            LiteralType::Time(time) => Literal::Time {
                nanoseconds: time.nano,
                precision: u8::try_from(time.precision.unwrap_or(6)).map_err(|_| unsupported("TIME"))?,
            },
            LiteralType::TimestampNtzNanos(_) => return Err(unsupported("TIMESTAMP_NTZ_NANOS")),
            LiteralType::TimestampLtzNanos(_) => return Err(unsupported("TIMESTAMP_LTZ_NANOS")),
        })
    }

    #[expect(deprecated, reason = "clients before 4.1 send types here")]
    fn array(&self, array: &message::Array, given: Option<&SparkType>) -> SparkResult<Literal> {
        let element = match (given, &array.element_type) {
            (Some(SparkType::Array { element, .. }), _) => Some(SparkType::clone(element)),
            (Some(_), _) => return Err(incompatible("ARRAY")),
            (None, Some(element)) => Some(self.data_type(element)?),
            (None, None) => None,
        };
        let values = self.values(&array.elements, element.as_ref())?;
        let inferred = || values.iter().map(type_of).find(|found| *found != SparkType::Null);
        let element = element.or_else(inferred).ok_or_else(|| invalid::plan("ARRAY_LITERAL_MISSING_DATA_TYPE"))?;
        Ok(Literal::Array { element, values })
    }

    #[expect(deprecated, reason = "clients before 4.1 send types here")]
    fn map(&self, map: &message::Map, given: Option<&SparkType>) -> SparkResult<Literal> {
        let decode =
            |data_type: &Option<proto::DataType>| data_type.as_ref().map(|found| self.data_type(found)).transpose();
        let (key, value) = match given {
            Some(SparkType::Map { key, value, .. }) => (Some(SparkType::clone(key)), Some(SparkType::clone(value))),
            Some(_) => return Err(incompatible("MAP")),
            None => (decode(&map.key_type)?, decode(&map.value_type)?),
        };
        let keys = self.values(&map.keys, key.as_ref())?;
        let values = self.values(&map.values, value.as_ref())?;
        if keys.len() != values.len() {
            return Err(
                invalid::plan("ASSERTION_FAILURE").param("message", "keys and values of a map differ in number")
            );
        }
        let missing = || invalid::plan("MAP_LITERAL_MISSING_DATA_TYPE");
        let key = key.or_else(|| keys.first().map(type_of)).ok_or_else(missing)?;
        let value = value.or_else(|| values.first().map(type_of)).ok_or_else(missing)?;
        Ok(Literal::Map { key, value, keys, values })
    }

    #[expect(deprecated, reason = "clients before 4.1 send types here")]
    fn structure(&self, structure: &message::Struct, given: Option<&SparkType>) -> SparkResult<Literal> {
        let fields = match (given, &structure.struct_type) {
            (Some(given), _) => given.clone(),
            (None, Some(data_type)) => self.data_type(data_type)?,
            (None, None) => return Err(invalid::plan("STRUCT_LITERAL_MISSING_DATA_TYPE")),
        };
        let SparkType::Struct(schema) = &fields else { return Err(incompatible("STRUCT")) };
        if schema.len() != structure.elements.len() {
            return Err(incompatible("STRUCT"));
        }
        let elements = structure.elements.iter().zip(schema.iter());
        let values: SparkResult<Vec<Literal>> =
            elements.map(|(element, field)| self.typed_literal(element, Some(&field.data_type))).collect();
        Ok(Literal::Struct { values: values?, fields })
    }

    fn values(&self, literals: &[proto::expression::Literal], given: Option<&SparkType>) -> SparkResult<Vec<Literal>> {
        literals
            .iter()
            .map(|literal| match (&literal.data_type, given) {
                (Some(_), None) => self.literal(literal),
                (_, given) => self.typed_literal(literal, given),
            })
            .collect()
    }
}

fn narrow<T: TryFrom<i32>>(value: i32, name: &str) -> SparkResult<T> {
    T::try_from(value).map_err(|_| unsupported(&format!("{name} {value}")))
}

fn unsupported(info: &str) -> firesteel_base::SparkError {
    invalid::plan("UNSUPPORTED_LITERAL_TYPE").param("typeInfo", info)
}

fn incompatible(literal: &str) -> firesteel_base::SparkError {
    invalid::plan("INCOMPATIBLE_LITERAL_DATA_TYPE").param("dataTypeKindCase", "other").param("literalTypeCase", literal)
}

fn specialized(array: &message::SpecializedArray) -> SparkResult<Literal> {
    let missing = || invalid::plan("ARRAY_LITERAL_MISSING_DATA_TYPE");
    let (element, values) = match array.value_type.as_ref().ok_or_else(missing)? {
        ValueType::Bools(list) => {
            (SparkType::Boolean, list.values.iter().map(|value| Literal::Boolean(*value)).collect())
        }
        ValueType::Ints(list) => {
            (SparkType::Integer, list.values.iter().map(|value| Literal::Integer(*value)).collect())
        }
        ValueType::Longs(list) => (SparkType::Long, list.values.iter().map(|value| Literal::Long(*value)).collect()),
        ValueType::Floats(list) => (SparkType::Float, list.values.iter().map(|value| Literal::Float(*value)).collect()),
        ValueType::Doubles(list) => {
            (SparkType::Double, list.values.iter().map(|value| Literal::Double(*value)).collect())
        }
        ValueType::Strings(list) => {
            (SparkType::STRING, list.values.iter().map(|value| Literal::String(Arc::from(value.as_str()))).collect())
        }
    };
    Ok(Literal::Array { element, values })
}

/// Digits behind the point of the text, with its exponent; then brought to the declared scale.
fn decimal_value(decimal: &message::Decimal) -> SparkResult<Literal> {
    let malformed = || unsupported(&format!("DECIMAL {}", decimal.value));
    let text = decimal.value.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| malformed())?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let mut unscaled: i128 = digits.parse().map_err(|_| malformed())?;
    let mut scale = i32::try_from(fraction.len()).map_err(|_| malformed())?.saturating_sub(exponent);
    // A declared scale may be too small for the value: it is a least one.
    let target = decimal.scale.unwrap_or(0).max(scale);
    while scale < target {
        unscaled = unscaled.checked_mul(10).ok_or_else(malformed)?;
        scale += 1;
    }
    let digits = i32::try_from(unscaled.unsigned_abs().to_string().len()).unwrap_or(i32::MAX);
    let precision = decimal.precision.unwrap_or(digits).max(scale).max(1);
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(precision @ ..=38), Ok(scale)) => Ok(Literal::Decimal { unscaled, precision, scale }),
        _ => Err(malformed()),
    }
}

/// The type a literal has by itself.
fn type_of(literal: &Literal) -> SparkType {
    use firesteel_syntax::ir::literal::DatetimeKind;
    match literal {
        Literal::Null(data_type) => data_type.clone(),
        Literal::Boolean(_) => SparkType::Boolean,
        Literal::Byte(_) => SparkType::Byte,
        Literal::Short(_) => SparkType::Short,
        Literal::Integer(_) => SparkType::Integer,
        Literal::Long(_) => SparkType::Long,
        Literal::Float(_) => SparkType::Float,
        Literal::Double(_) => SparkType::Double,
        Literal::Decimal { precision, scale, .. } => SparkType::decimal(*precision, *scale),
        Literal::String(_) => SparkType::STRING,
        Literal::Binary(_) => SparkType::Binary,
        Literal::Date(_) => SparkType::Date,
        Literal::Timestamp(_) => SparkType::Timestamp,
        Literal::TimestampNtz(_) => SparkType::TimestampNtz,
        Literal::Time { precision, .. } => SparkType::Time { precision: *precision },
        Literal::Datetime { kind, .. } => match kind {
            DatetimeKind::Date => SparkType::Date,
            DatetimeKind::Timestamp | DatetimeKind::TimestampLtz => SparkType::Timestamp,
            DatetimeKind::TimestampNtz => SparkType::TimestampNtz,
            DatetimeKind::Time => SparkType::Time { precision: 6 },
        },
        Literal::YearMonthInterval { start, end, .. } => SparkType::YearMonthInterval { start: *start, end: *end },
        Literal::DayTimeInterval { start, end, .. } => SparkType::DayTimeInterval { start: *start, end: *end },
        Literal::CalendarInterval { .. } => SparkType::CalendarInterval,
        Literal::Array { element, values } => {
            let contains_null = values.iter().any(|value| matches!(value, Literal::Null(_)));
            SparkType::array(element.clone(), contains_null)
        }
        Literal::Map { key, value, values, .. } => {
            let contains_null = values.iter().any(|value| matches!(value, Literal::Null(_)));
            SparkType::map(key.clone(), value.clone(), contains_null)
        }
        Literal::Struct { fields, .. } => fields.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_declared_scale() {
        let decimal = |value: &str, precision: Option<i32>, scale: Option<i32>| {
            decimal_value(&message::Decimal { value: value.to_owned(), precision, scale }).ok()
        };
        let is = |unscaled: i128, precision: u8, scale: i8| Some(Literal::Decimal { unscaled, precision, scale });
        assert_eq!(decimal("12.34", None, None), is(1234, 4, 2));
        assert_eq!(decimal("12.3", Some(10), Some(4)), is(123_000, 10, 4));
        assert_eq!(decimal("1E+3", None, None), is(1000, 4, 0));
        assert_eq!(decimal("-1E-3", None, None), is(-1, 3, 3));
        assert_eq!(decimal("x", None, None), None);
    }
}
