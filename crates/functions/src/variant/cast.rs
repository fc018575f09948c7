//! Casts from and to variants.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit};
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::binary::{Value, encode};
use super::json::{decimal, value_at, write_json};
use crate::cast::{CastMode, Zone, cast_array};
use crate::coercion::quoted_type;
use crate::kernel::cells::{Cell, build};
use crate::kernel::nested::range;
use crate::kernel::rows::{at, text};
use crate::kernel::{KernelCall, kernel_call, kernel_udf, kernels};

kernels! {
    /// Of a variant, the type as JSON, and whether failing casts yield NULL.
    FromVariant = "spark_cast_from_variant" => |call| from_variant(call);
    /// Of a value and its type as JSON.
    ToVariant = "spark_cast_to_variant" => |call| to_variant(call);
}

/// The cast of a variant.
pub(crate) fn cast_from(expr: Expr, to: &SparkType, mode: CastMode, origin: i32) -> SparkResult<Expr> {
    let arguments = vec![expr, lit(to.json()), lit(mode == CastMode::Try)];
    kernel_call(kernel_udf(FromVariant), arguments, to, origin)
}

/// The cast to a variant.
pub(crate) fn cast_to(expr: Expr, from: &SparkType, origin: i32) -> SparkResult<Expr> {
    kernel_call(kernel_udf(ToVariant), vec![expr, lit(from.json())], &SparkType::Variant, origin)
}

fn from_variant(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let types = text(arrays, 1)?;
        if values.is_empty() {
            return build(&[], call.return_type);
        }
        let to = SparkType::from_json(types.value(0))?;
        let tries = at(arrays, 2)?.as_boolean().value(0);
        let target = Target { zone: Zone::parse(call.time_zone())?, zone_name: call.time_zone(), tries };
        let mut cells = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            cells.push(match values.is_valid(row) {
                true => target.cell(&value_at(values, row)?, &to)?,
                false => Cell::Null,
            });
        }
        build(&cells.iter().collect::<Vec<_>>(), call.return_type)
    })
}

fn to_variant(call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
    call.with_arrays(|arrays| {
        let values = at(arrays, 0)?;
        let types = text(arrays, 1)?;
        if values.is_empty() {
            return build(&[], call.return_type);
        }
        let from = SparkType::from_json(types.value(0))?;
        let mut cells = Vec::with_capacity(values.len());
        for row in 0..values.len() {
            cells.push(match values.is_valid(row) {
                true => variant_cell(&of_array(values, row, &from)?)?,
                false => Cell::Null,
            });
        }
        build(&cells.iter().collect::<Vec<_>>(), call.return_type)
    })
}

/// A variant's two parts.
pub(super) fn variant_cell(value: &Value) -> SparkResult<Cell> {
    let (value, metadata) = encode(value)?;
    let part = |bytes| Cell::Leaf(ScalarValue::Binary(Some(bytes)));
    Ok(Cell::Struct(vec![part(value), part(metadata)]))
}

/// Where casts of variants go.
pub(super) struct Target<'a> {
    pub zone: Zone,
    pub zone_name: &'a str,
    /// What fails is NULL.
    pub tries: bool,
}

impl Target<'_> {
    pub fn cell(&self, value: &Value, to: &SparkType) -> SparkResult<Cell> {
        match (value, to) {
            (value, SparkType::Variant) => variant_cell(value),
            (Value::Null, _) => Ok(Cell::Null),
            (Value::Array(items), SparkType::Array { element, .. }) => {
                items.iter().map(|item| self.cell(item, element)).collect::<SparkResult<_>>().map(Cell::List)
            }
            (Value::Object(fields), SparkType::Map { key, value, .. }) if key.is_string() => {
                let entry = |(name, field): &(String, Value)| Ok((name.clone(), self.cell(field, value)?));
                fields.iter().map(entry).collect::<SparkResult<_>>().map(Cell::Map)
            }
            (Value::Object(fields), SparkType::Struct(schema)) => {
                let find = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value);
                let field = |field: &firesteel_base::SparkField| match find(&field.name) {
                    Some(value) => self.cell(value, &field.data_type),
                    None => Ok(Cell::Null),
                };
                schema.iter().map(field).collect::<SparkResult<_>>().map(Cell::Struct)
            }
            (Value::Text(text), to) if to.is_string() => Ok(Cell::Leaf(ScalarValue::Utf8(Some(text.clone())))),
            (value, to) if to.is_string() => {
                let mut json = String::new();
                write_json(value, &self.zone, &mut json);
                // Plain values have no quotes here.
                let plain = !matches!(value, Value::Array(_) | Value::Object(_));
                let text = if plain { json.trim_matches('"').to_owned() } else { json };
                Ok(Cell::Leaf(ScalarValue::Utf8(Some(text))))
            }
            (value, to) => match self.plain(value, to) {
                Some(value) => Ok(Cell::Leaf(value)),
                None if self.tries => Ok(Cell::Null),
                None => {
                    let mut json = String::new();
                    write_json(value, &self.zone, &mut json);
                    Err(SparkError::new("INVALID_VARIANT_CAST").param("value", json).param("dataType", quoted_type(to)))
                }
            },
        }
    }

    fn plain(&self, value: &Value, to: &SparkType) -> Option<ScalarValue> {
        let utc = || Some("UTC".into());
        let (from, value) = match value {
            Value::Boolean(value) => (SparkType::Boolean, ScalarValue::Boolean(Some(*value))),
            Value::Long(value) => (SparkType::Long, ScalarValue::Int64(Some(*value))),
            Value::Double(value) => (SparkType::Double, ScalarValue::Float64(Some(*value))),
            Value::Float(value) => (SparkType::Float, ScalarValue::Float32(Some(*value))),
            Value::Decimal(unscaled, scale) => {
                let scale = i8::try_from(*scale).ok()?;
                (SparkType::decimal(38, scale), ScalarValue::Decimal128(Some(*unscaled), 38, scale))
            }
            Value::Date(days) => (SparkType::Date, ScalarValue::Date32(Some(*days))),
            Value::Timestamp(micros) => (SparkType::Timestamp, ScalarValue::TimestampMicrosecond(Some(*micros), utc())),
            Value::TimestampNtz(micros) => {
                (SparkType::TimestampNtz, ScalarValue::TimestampMicrosecond(Some(*micros), None))
            }
            Value::Binary(bytes) => (SparkType::Binary, ScalarValue::Binary(Some(bytes.clone()))),
            Value::Text(text) => (SparkType::STRING, ScalarValue::Utf8(Some(text.clone()))),
            Value::Null | Value::Uuid(_) | Value::Array(_) | Value::Object(_) => return None,
        };
        if !crate::cast::can_cast(&from, to, CastMode::Ansi) {
            return None;
        }
        let array = value.to_array().ok()?;
        let cast = cast_array(&array, &from, to, CastMode::Ansi, self.zone_name).ok()?;
        ScalarValue::try_from_array(&cast, 0).ok().filter(|value| !value.is_null())
    }
}

/// The value at `row` of an array.
pub(super) fn of_array(array: &ArrayRef, row: usize, data_type: &SparkType) -> SparkResult<Value> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match data_type {
        SparkType::Null => Value::Null,
        SparkType::Boolean => Value::Boolean(array.as_boolean().value(row)),
        SparkType::Byte => Value::Long(array.as_primitive::<Int8Type>().value(row).into()),
        SparkType::Short => Value::Long(array.as_primitive::<Int16Type>().value(row).into()),
        SparkType::Integer => Value::Long(array.as_primitive::<Int32Type>().value(row).into()),
        SparkType::Long => Value::Long(array.as_primitive::<Int64Type>().value(row)),
        SparkType::Float => Value::Float(array.as_primitive::<Float32Type>().value(row)),
        SparkType::Double => Value::Double(array.as_primitive::<Float64Type>().value(row)),
        SparkType::Decimal { scale, .. } => {
            decimal(array.as_primitive::<Decimal128Type>().value(row), u8::try_from(*scale).unwrap_or(0))
        }
        SparkType::Date => Value::Date(array.as_primitive::<Date32Type>().value(row)),
        SparkType::Timestamp => Value::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        SparkType::TimestampNtz => Value::TimestampNtz(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        SparkType::Binary => Value::Binary(crate::cast::text::binary(array)?.value(row).to_vec()),
        SparkType::Variant => value_at(array, row)?,
        text if text.is_string() => {
            let texts: ArrayRef = arrow::compute::cast(array, &DataType::Utf8).map_err(crate::kernel::from_arrow)?;
            Value::Text(texts.as_string::<i32>().value(row).to_owned())
        }
        SparkType::Array { element, .. } => {
            let list = array.as_list::<i32>();
            let items = range(list.offsets(), row).map(|index| of_array(list.values(), index, element));
            Value::Array(items.collect::<SparkResult<_>>()?)
        }
        SparkType::Map { value, .. } => {
            let map = array.as_map();
            let keys: ArrayRef = Arc::clone(map.keys());
            let entries = range(map.offsets(), row).map(|index| match of_array(&keys, index, &SparkType::STRING)? {
                Value::Text(name) => Ok((name, of_array(map.values(), index, value)?)),
                _ => Err(SparkError::internal("a map without a key")),
            });
            Value::Object(entries.collect::<SparkResult<_>>()?)
        }
        SparkType::Struct(schema) => {
            let columns = array.as_struct().columns();
            let fields = schema
                .iter()
                .zip(columns)
                .map(|(field, column)| Ok((field.name.clone(), of_array(column, row, &field.data_type)?)));
            Value::Object(fields.collect::<SparkResult<_>>()?)
        }
        other => return Err(SparkError::unsupported(format!("a variant of {}", quoted_type(other)))),
    })
}
