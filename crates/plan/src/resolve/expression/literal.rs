//! Constants of the query to engine values.

use std::sync::Arc;

use arrow::array::{ArrayRef, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, IntervalMonthDayNano};
use datafusion::scalar::ScalarValue;
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::cast::CastMode;
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::Literal;
use firesteel_syntax::ir::literal::DatetimeKind;

use crate::resolver::Resolver;
use crate::typed::Typed;

impl Resolver<'_> {
    /// The literal as a typed constant.
    pub fn literal(&self, literal: &Literal) -> SparkResult<Typed> {
        if let Literal::Datetime { kind, text } = literal {
            return self.datetime_literal(*kind, text);
        }
        let data_type = literal_type(literal);
        let value = literal_value(literal, &data_type)?;
        Ok(Typed::literal(value, data_type))
    }

    fn datetime_literal(&self, kind: DatetimeKind, text: &str) -> SparkResult<Typed> {
        let (data_type, name) = match kind {
            DatetimeKind::Date => (SparkType::Date, "\"DATE\""),
            DatetimeKind::Timestamp if self.bind.timestamp_is_ntz && !has_zone(text) => {
                (SparkType::TimestampNtz, "\"TIMESTAMP_NTZ\"")
            }
            DatetimeKind::Timestamp | DatetimeKind::TimestampLtz => (SparkType::Timestamp, "\"TIMESTAMP\""),
            DatetimeKind::TimestampNtz => (SparkType::TimestampNtz, "\"TIMESTAMP_NTZ\""),
            DatetimeKind::Time => (SparkType::Time { precision: 6 }, "\"TIME\""),
        };
        if let Some(value) = self.special_datetime(text, &data_type)? {
            return Ok(Typed::literal(value, data_type));
        }
        let text_literal = Typed::literal(ScalarValue::Utf8(Some(text.to_owned())), SparkType::STRING);
        let cast = self.explicit_cast(
            text_literal,
            &data_type,
            firesteel_syntax::ir::expression::CastMode::Try,
            &firesteel_base::Origin::Unknown,
        )?;
        debug_assert!(self.session_cast() != CastMode::Try);
        match self.fold(&cast)? {
            Some(value) if !value.is_null() => Ok(Typed::literal(value, data_type)),
            _ => Err(SparkError::new("INVALID_TYPED_LITERAL")
                .param("valueType", name)
                .param("value", format!("'{text}'"))
                .with_kind(firesteel_base::error::ErrorKind::Parse)),
        }
    }
}

impl Resolver<'_> {
    /// The value of `epoch`, `now`, `today`, `tomorrow` or `yesterday`; all but `now` may have a zone behind.
    fn special_datetime(&self, text: &str, data_type: &SparkType) -> SparkResult<Option<ScalarValue>> {
        let mut words = text.split_whitespace();
        let (Some(word), zone, None) = (words.next(), words.next(), words.next()) else { return Ok(None) };
        let word = word.to_lowercase();
        let days = match word.as_str() {
            "epoch" | "now" | "today" => 0,
            "tomorrow" => 1,
            "yesterday" => -1,
            _ => return Ok(None),
        };
        if matches!(data_type, SparkType::Time { .. }) || (zone.is_some() && word == "now") {
            return Ok(None);
        }
        let unknown = &firesteel_base::Origin::Unknown;
        let string = |text: &str| Typed::literal(ScalarValue::Utf8(Some(text.to_owned())), SparkType::STRING);
        let value = match (word.as_str(), data_type) {
            ("epoch", SparkType::Timestamp) => string("1970-01-01T00:00:00Z"),
            ("epoch", _) => string("1970-01-01"),
            ("now", SparkType::Timestamp) => self.call("current_timestamp", Vec::new(), unknown)?,
            ("now", SparkType::TimestampNtz) => self.call("localtimestamp", Vec::new(), unknown)?,
            _ => {
                let days = Typed::literal(ScalarValue::Int32(Some(days)), SparkType::Integer);
                let today = self.call("current_date", Vec::new(), unknown)?;
                self.call("date_add", vec![today, days], unknown)?
            }
        };
        let mode = firesteel_syntax::ir::expression::CastMode::Session;
        let value = self.explicit_cast(value, data_type, mode, unknown)?;
        self.fold(&value)
    }
}

/// Whether a timestamp's text names a zone: a letter or an offset behind the time.
fn has_zone(text: &str) -> bool {
    let text = text.trim();
    let behind_date = text.get(10..).unwrap_or("");
    behind_date.ends_with('Z')
        || behind_date.contains(['+', '-', '/'])
        || behind_date.chars().skip(1).any(|character| character.is_ascii_alphabetic() && character != 'T')
}

fn literal_type(literal: &Literal) -> SparkType {
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
        Literal::Datetime { .. } => SparkType::Null,
        Literal::YearMonthInterval { start, end, .. } => SparkType::YearMonthInterval { start: *start, end: *end },
        Literal::DayTimeInterval { start, end, .. } => SparkType::DayTimeInterval { start: *start, end: *end },
        Literal::CalendarInterval { .. } => SparkType::CalendarInterval,
        Literal::Array { element, values } => {
            SparkType::array(element.clone(), values.iter().any(|value| matches!(value, Literal::Null(_))))
        }
        Literal::Map { key, value, values, .. } => {
            SparkType::map(key.clone(), value.clone(), values.iter().any(|value| matches!(value, Literal::Null(_))))
        }
        Literal::Struct { fields, .. } => fields.clone(),
    }
}

fn literal_value(literal: &Literal, data_type: &SparkType) -> SparkResult<ScalarValue> {
    Ok(match literal {
        Literal::Null(_) | Literal::Datetime { .. } => {
            ScalarValue::try_from(&data_type.to_arrow()).map_err(from_engine)?
        }
        Literal::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        Literal::Byte(value) => ScalarValue::Int8(Some(*value)),
        Literal::Short(value) => ScalarValue::Int16(Some(*value)),
        Literal::Integer(value) => ScalarValue::Int32(Some(*value)),
        Literal::Long(value) => ScalarValue::Int64(Some(*value)),
        Literal::Float(value) => ScalarValue::Float32(Some(*value)),
        Literal::Double(value) => ScalarValue::Float64(Some(*value)),
        Literal::Decimal { unscaled, precision, scale } => ScalarValue::Decimal128(Some(*unscaled), *precision, *scale),
        Literal::String(value) => ScalarValue::Utf8(Some(value.to_string())),
        Literal::Binary(value) => ScalarValue::Binary(Some(value.to_vec())),
        Literal::Date(value) => ScalarValue::Date32(Some(*value)),
        Literal::Timestamp(value) => ScalarValue::TimestampMicrosecond(Some(*value), Some("UTC".into())),
        Literal::TimestampNtz(value) => ScalarValue::TimestampMicrosecond(Some(*value), None),
        Literal::Time { nanoseconds, .. } => ScalarValue::Time64Nanosecond(Some(*nanoseconds)),
        Literal::YearMonthInterval { months, .. } => ScalarValue::IntervalYearMonth(Some(*months)),
        Literal::DayTimeInterval { microseconds, .. } => ScalarValue::DurationMicrosecond(Some(*microseconds)),
        Literal::CalendarInterval { months, days, microseconds } => {
            let nanoseconds = microseconds.checked_mul(1000).ok_or_else(|| {
                SparkError::new("ARITHMETIC_OVERFLOW").param("message", "long overflow").param("alternative", "")
            })?;
            ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(*months, *days, nanoseconds)))
        }
        Literal::Array { element, values } => {
            let values = literal_array(values, element)?;
            let array = list_array(values, data_type)?;
            ScalarValue::try_from_array(&array, 0).map_err(from_engine)?
        }
        Literal::Map { key, value, keys, values } => {
            let keys = literal_array(keys, key)?;
            let values = literal_array(values, value)?;
            let array = map_array(keys, values, data_type)?;
            ScalarValue::try_from_array(&array, 0).map_err(from_engine)?
        }
        Literal::Struct { values, .. } => struct_value(values, data_type)?,
    })
}

fn literal_array(values: &[Literal], element: &SparkType) -> SparkResult<ArrayRef> {
    if values.is_empty() {
        return Ok(arrow::array::new_empty_array(&element.to_arrow()));
    }
    let scalars: SparkResult<Vec<_>> = values
        .iter()
        .map(|value| match value {
            Literal::Null(_) => ScalarValue::try_from(&element.to_arrow()).map_err(from_engine),
            _ => literal_value(value, &if is_nested(value) { element.clone() } else { literal_type(value) }),
        })
        .collect();
    let array = ScalarValue::iter_to_array(scalars?).map_err(from_engine)?;
    arrow::compute::cast(&array, &element.to_arrow()).map_err(firesteel_functions::kernel::from_arrow)
}

fn is_nested(literal: &Literal) -> bool {
    matches!(literal, Literal::Array { .. } | Literal::Map { .. } | Literal::Struct { .. })
}

fn list_array(values: ArrayRef, data_type: &SparkType) -> SparkResult<ArrayRef> {
    let DataType::List(field) = data_type.to_arrow() else {
        return Err(SparkError::internal("an array literal without an array type"));
    };
    let offsets = OffsetBuffer::from_lengths([values.len()]);
    let array = arrow::array::ListArray::try_new(field, offsets, values, None);
    Ok(Arc::new(array.map_err(firesteel_functions::kernel::from_arrow)?))
}

fn map_array(keys: ArrayRef, values: ArrayRef, data_type: &SparkType) -> SparkResult<ArrayRef> {
    let DataType::Map(entries, is_sorted) = data_type.to_arrow() else {
        return Err(SparkError::internal("a map literal without a map type"));
    };
    let DataType::Struct(fields) = entries.data_type().clone() else {
        return Err(SparkError::internal("a map without entries"));
    };
    let offsets = OffsetBuffer::from_lengths([keys.len()]);
    let structs =
        StructArray::try_new(fields, vec![keys, values], None).map_err(firesteel_functions::kernel::from_arrow)?;
    let array = arrow::array::MapArray::try_new(entries, offsets, structs, None, is_sorted);
    Ok(Arc::new(array.map_err(firesteel_functions::kernel::from_arrow)?))
}

fn struct_value(values: &[Literal], data_type: &SparkType) -> SparkResult<ScalarValue> {
    let (SparkType::Struct(schema), DataType::Struct(fields)) = (data_type, data_type.to_arrow()) else {
        return Err(SparkError::internal("a struct literal without a struct type"));
    };
    let columns: SparkResult<Vec<_>> = values
        .iter()
        .zip(schema.iter())
        .map(|(value, field)| literal_array(std::slice::from_ref(value), &field.data_type))
        .collect();
    let array = StructArray::try_new(fields, columns?, None).map_err(firesteel_functions::kernel::from_arrow)?;
    Ok(ScalarValue::Struct(Arc::new(array)))
}
