//! Values of a result as the protocol's literals.

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, DurationMicrosecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalYearMonthType, TimestampMicrosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkType};
use spark_connect_proto as proto;
use spark_connect_proto::expression::Literal;
use spark_connect_proto::expression::literal::{self as message, LiteralType};

use super::data_type;

fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef, row: usize) -> Option<T::Native> {
    array.as_primitive_opt::<T>().map(|array: &PrimitiveArray<T>| array.value(row))
}

/// A value of a column. Types of nested values stand in the deprecated fields, which all clients read.
#[expect(deprecated, reason = "clients before 4.1 read types here")]
pub(crate) fn literal(array: &ArrayRef, row: usize, kind: &SparkType) -> SparkResult<Literal> {
    if array.is_null(row) {
        return Ok(of(LiteralType::Null(data_type::data_type(kind))));
    }
    let value = match kind {
        SparkType::Boolean => array.as_boolean_opt().map(|array| LiteralType::Boolean(array.value(row))),
        SparkType::Byte => primitive::<Int8Type>(array, row).map(|value| LiteralType::Byte(value.into())),
        SparkType::Short => primitive::<Int16Type>(array, row).map(|value| LiteralType::Short(value.into())),
        SparkType::Integer => primitive::<Int32Type>(array, row).map(LiteralType::Integer),
        SparkType::Long => primitive::<Int64Type>(array, row).map(LiteralType::Long),
        SparkType::Float => primitive::<Float32Type>(array, row).map(LiteralType::Float),
        SparkType::Double => primitive::<Float64Type>(array, row).map(LiteralType::Double),
        SparkType::Decimal { precision, scale } => array.as_primitive_opt::<Decimal128Type>().map(|array| {
            LiteralType::Decimal(message::Decimal {
                value: array.value_as_string(row),
                precision: Some((*precision).into()),
                scale: Some((*scale).into()),
            })
        }),
        SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => {
            array.as_string_opt::<i32>().map(|array| LiteralType::String(array.value(row).to_owned()))
        }
        SparkType::Binary => {
            array.as_binary_opt::<i32>().map(|array| LiteralType::Binary(array.value(row).to_vec().into()))
        }
        SparkType::Date => primitive::<Date32Type>(array, row).map(LiteralType::Date),
        SparkType::Timestamp => primitive::<TimestampMicrosecondType>(array, row).map(LiteralType::Timestamp),
        SparkType::TimestampNtz => primitive::<TimestampMicrosecondType>(array, row).map(LiteralType::TimestampNtz),
        SparkType::DayTimeInterval { .. } => {
            primitive::<DurationMicrosecondType>(array, row).map(LiteralType::DayTimeInterval)
        }
        SparkType::YearMonthInterval { .. } => {
            primitive::<IntervalYearMonthType>(array, row).map(LiteralType::YearMonthInterval)
        }
        SparkType::Array { element, .. } => {
            let Some(list) = array.as_list_opt::<i32>() else { return Err(unfit(kind)) };
            let elements = literals(&list.value(row), element)?;
            Some(LiteralType::Array(message::Array { element_type: Some(data_type::data_type(element)), elements }))
        }
        SparkType::Map { key, value, .. } => {
            let Some(map) = array.as_map_opt() else { return Err(unfit(kind)) };
            let entries = map.value(row);
            let column = |index: usize| entries.columns().get(index).cloned().ok_or_else(|| unfit(kind));
            Some(LiteralType::Map(message::Map {
                key_type: Some(data_type::data_type(key)),
                value_type: Some(data_type::data_type(value)),
                keys: literals(&column(0)?, key)?,
                values: literals(&column(1)?, value)?,
            }))
        }
        SparkType::Struct(schema) => {
            let Some(structure) = array.as_struct_opt() else { return Err(unfit(kind)) };
            let fields = structure.columns().iter().zip(schema.iter());
            let elements = fields.map(|(column, field)| literal(column, row, &field.data_type));
            Some(LiteralType::Struct(message::Struct {
                struct_type: Some(data_type::data_type(kind)),
                elements: elements.collect::<SparkResult<_>>()?,
            }))
        }
        _ => return Err(SparkError::unsupported(format!("a metric of the type {}", kind.sql()))),
    };
    value.map(of).ok_or_else(|| unfit(kind))
}

fn literals(array: &ArrayRef, kind: &SparkType) -> SparkResult<Vec<Literal>> {
    (0..array.len()).map(|row| literal(array, row, kind)).collect()
}

fn of(value: LiteralType) -> Literal {
    proto::expression::Literal { literal_type: Some(value), data_type: None }
}

fn unfit(kind: &SparkType) -> SparkError {
    SparkError::internal(format!("a metric is not of its type {}", kind.sql()))
}
