//! JSON values into columns. A value that does not fit its type becomes NULL and marks its record.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, ListArray, MapArray, NullArray, PrimitiveBuilder, StringBuilder,
    StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use base64::Engine as _;
use firesteel_base::{SparkError, SparkResult, SparkType};

use super::parser::{Node, Value, special_number};
use crate::parse::{ParseForms, decimal};

/// A column under construction.
pub(super) enum Builder {
    Null(usize),
    Boolean(BooleanBuilder),
    Byte(PrimitiveBuilder<Int8Type>),
    Short(PrimitiveBuilder<Int16Type>),
    Integer(PrimitiveBuilder<Int32Type>),
    Long(PrimitiveBuilder<Int64Type>),
    Float(PrimitiveBuilder<Float32Type>),
    Double(PrimitiveBuilder<Float64Type>),
    Decimal { builder: PrimitiveBuilder<Decimal128Type>, precision: u8, scale: i8 },
    String(StringBuilder),
    Binary(BinaryBuilder),
    Date(PrimitiveBuilder<Date32Type>),
    Timestamp(PrimitiveBuilder<TimestampMicrosecondType>),
    TimestampNtz(PrimitiveBuilder<TimestampMicrosecondType>),
    Array { element: Box<Builder>, ranges: Ranges },
    Map { keys: StringBuilder, value: Box<Builder>, ranges: Ranges },
    Struct(Fields),
}

/// Where the elements of each list begin and end; a NULL list may cover elements that nobody sees.
#[derive(Default)]
pub(super) struct Ranges {
    ends: Vec<i32>,
    valid: Vec<bool>,
}

/// The fields of objects.
pub(super) struct Fields {
    places: HashMap<String, usize>,
    pub builders: Vec<Builder>,
    valid: Vec<bool>,
}

impl Ranges {
    fn push(&mut self, elements: usize, valid: bool) {
        let last = self.ends.last().copied().unwrap_or(0);
        self.ends.push(last.saturating_add(i32::try_from(elements).unwrap_or(i32::MAX)));
        self.valid.push(valid);
    }

    fn finish(&mut self) -> (OffsetBuffer<i32>, NullBuffer) {
        let mut offsets = vec![0];
        offsets.append(&mut self.ends);
        (OffsetBuffer::new(ScalarBuffer::from(offsets)), NullBuffer::from(std::mem::take(&mut self.valid)))
    }
}

impl Fields {
    pub(super) fn new<'a>(fields: impl Iterator<Item = (&'a str, &'a SparkType)>) -> SparkResult<Self> {
        let mut places = HashMap::new();
        let mut builders = Vec::new();
        for (name, data_type) in fields {
            places.insert(name.to_owned(), builders.len());
            builders.push(Builder::new(data_type)?);
        }
        Ok(Self { places, builders, valid: Vec::new() })
    }

    pub(super) fn append_null(&mut self) {
        self.builders.iter_mut().for_each(Builder::append_null);
        self.valid.push(false);
    }

    /// Appends an object; says whether all of it fitted. Fields that nobody asked for are passed over.
    pub(super) fn append(&mut self, object: &[(std::borrow::Cow<'_, str>, Node<'_>)], forms: &ParseForms) -> bool {
        let mut values: Vec<Option<&Node<'_>>> = vec![None; self.builders.len()];
        for (name, node) in object {
            if let Some(slot) = self.places.get(name.as_ref()).and_then(|place| values.get_mut(*place)) {
                *slot = Some(node);
            }
        }
        let mut fits = true;
        for (builder, value) in self.builders.iter_mut().zip(values) {
            match value {
                Some(node) => fits &= builder.append(node, forms),
                None => builder.append_null(),
            }
        }
        self.valid.push(true);
        fits
    }

    pub(super) fn len(&self) -> usize {
        self.valid.len()
    }

    /// The columns, without regard to whole rows that are NULL.
    pub(super) fn finish_columns(&mut self, types: &[DataType]) -> SparkResult<Vec<ArrayRef>> {
        self.valid.clear();
        self.builders.iter_mut().zip(types).map(|(builder, data_type)| builder.finish(data_type)).collect()
    }
}

impl Builder {
    pub(super) fn new(data_type: &SparkType) -> SparkResult<Self> {
        Ok(match data_type {
            SparkType::Null => Self::Null(0),
            SparkType::Boolean => Self::Boolean(BooleanBuilder::new()),
            SparkType::Byte => Self::Byte(PrimitiveBuilder::new()),
            SparkType::Short => Self::Short(PrimitiveBuilder::new()),
            SparkType::Integer => Self::Integer(PrimitiveBuilder::new()),
            SparkType::Long => Self::Long(PrimitiveBuilder::new()),
            SparkType::Float => Self::Float(PrimitiveBuilder::new()),
            SparkType::Double => Self::Double(PrimitiveBuilder::new()),
            SparkType::Decimal { precision, scale } => {
                let builder = PrimitiveBuilder::new().with_data_type(data_type.to_arrow());
                Self::Decimal { builder, precision: *precision, scale: *scale }
            }
            SparkType::String { .. } => Self::String(StringBuilder::new()),
            SparkType::Binary => Self::Binary(BinaryBuilder::new()),
            SparkType::Date => Self::Date(PrimitiveBuilder::new()),
            SparkType::Timestamp => Self::Timestamp(PrimitiveBuilder::new().with_data_type(data_type.to_arrow())),
            SparkType::TimestampNtz => Self::TimestampNtz(PrimitiveBuilder::new()),
            SparkType::Array { element, .. } => {
                Self::Array { element: Box::new(Self::new(element)?), ranges: Ranges::default() }
            }
            SparkType::Map { key, value, .. } if matches!(**key, SparkType::String { .. }) => {
                Self::Map { keys: StringBuilder::new(), value: Box::new(Self::new(value)?), ranges: Ranges::default() }
            }
            SparkType::Struct(schema) => {
                let fields = schema.iter().map(|field| (field.name.as_str(), &field.data_type));
                Self::Struct(Fields::new(fields)?)
            }
            other => return Err(SparkError::unsupported(format!("reading {} from JSON", other.sql()))),
        })
    }

    pub(super) fn append_null(&mut self) {
        match self {
            Self::Null(length) => *length += 1,
            Self::Boolean(builder) => builder.append_null(),
            Self::Byte(builder) => builder.append_null(),
            Self::Short(builder) => builder.append_null(),
            Self::Integer(builder) => builder.append_null(),
            Self::Long(builder) => builder.append_null(),
            Self::Float(builder) => builder.append_null(),
            Self::Double(builder) => builder.append_null(),
            Self::Decimal { builder, .. } => builder.append_null(),
            Self::String(builder) => builder.append_null(),
            Self::Binary(builder) => builder.append_null(),
            Self::Date(builder) => builder.append_null(),
            Self::Timestamp(builder) | Self::TimestampNtz(builder) => builder.append_null(),
            Self::Array { ranges, .. } | Self::Map { ranges, .. } => ranges.push(0, false),
            Self::Struct(fields) => fields.append_null(),
        }
    }

    /// Appends a value; says whether it fitted.
    pub(super) fn append(&mut self, node: &Node<'_>, forms: &ParseForms) -> bool {
        if node.value == Value::Null {
            self.append_null();
            return true;
        }
        match self {
            Self::Null(length) => {
                *length += 1;
                false
            }
            Self::Boolean(builder) => {
                let value = if let Value::Boolean(value) = node.value { Some(value) } else { None };
                builder.append_option(value);
                value.is_some()
            }
            Self::Byte(builder) => put(builder, integral(node)),
            Self::Short(builder) => put(builder, integral(node)),
            Self::Integer(builder) => put(builder, integral(node)),
            Self::Long(builder) => put(builder, integral(node)),
            Self::Float(builder) => put(builder, float(node)),
            Self::Double(builder) => put(builder, double(node)),
            Self::Decimal { builder, precision, scale } => {
                put(builder, digits(node).and_then(|text| decimal(&text.replace(',', ""), *precision, *scale)))
            }
            Self::String(builder) => {
                match &node.value {
                    Value::String(text) => builder.append_value(text),
                    _ => builder.append_value(node.source),
                }
                true
            }
            Self::Binary(builder) => {
                let bytes = text(node).and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok());
                builder.append_option(bytes.as_deref());
                bytes.is_some()
            }
            Self::Date(builder) => put(builder, text(node).and_then(|text| forms.date(text))),
            Self::Timestamp(builder) => put(builder, timestamp(node, forms)),
            Self::TimestampNtz(builder) => put(builder, text(node).and_then(|text| forms.timestamp_ntz(text))),
            Self::Array { .. } | Self::Map { .. } | Self::Struct(_) => self.append_nested(node, forms),
        }
    }

    /// Appends to a column of lists, maps or structs; one of whose parts does not fit is NULL, but a struct keeps the
    /// fields that do.
    fn append_nested(&mut self, node: &Node<'_>, forms: &ParseForms) -> bool {
        match self {
            Self::Array { element, ranges } => {
                let Value::Array(elements) = &node.value else {
                    ranges.push(0, false);
                    return false;
                };
                let fits = elements.iter().fold(true, |fits, node| element.append(node, forms) & fits);
                ranges.push(elements.len(), fits);
                fits
            }
            Self::Map { keys, value, ranges } => {
                let Value::Object(entries) = &node.value else {
                    ranges.push(0, false);
                    return false;
                };
                let mut fits = true;
                for (key, node) in entries {
                    keys.append_value(key);
                    fits &= value.append(node, forms);
                }
                ranges.push(entries.len(), fits);
                fits
            }
            Self::Struct(fields) => {
                let Value::Object(object) = &node.value else {
                    fields.append_null();
                    return false;
                };
                fields.append(object, forms)
            }
            _ => false,
        }
    }

    /// The column so far, as an array of the type that carries it.
    pub(super) fn finish(&mut self, data_type: &DataType) -> SparkResult<ArrayRef> {
        let internal = |error: arrow::error::ArrowError| SparkError::internal(error.to_string());
        Ok(match (self, data_type) {
            (Self::Null(length), _) => Arc::new(NullArray::new(std::mem::take(length))),
            (Self::Boolean(builder), _) => Arc::new(builder.finish()),
            (Self::Byte(builder), _) => Arc::new(builder.finish()),
            (Self::Short(builder), _) => Arc::new(builder.finish()),
            (Self::Integer(builder), _) => Arc::new(builder.finish()),
            (Self::Long(builder), _) => Arc::new(builder.finish()),
            (Self::Float(builder), _) => Arc::new(builder.finish()),
            (Self::Double(builder), _) => Arc::new(builder.finish()),
            (Self::Decimal { builder, .. }, _) => Arc::new(builder.finish()),
            (Self::String(builder), _) => Arc::new(builder.finish()),
            (Self::Binary(builder), _) => Arc::new(builder.finish()),
            (Self::Date(builder), _) => Arc::new(builder.finish()),
            (Self::Timestamp(builder) | Self::TimestampNtz(builder), _) => Arc::new(builder.finish()),
            (Self::Array { element, ranges }, DataType::List(field)) => {
                let values = element.finish(field.data_type())?;
                let (offsets, nulls) = ranges.finish();
                Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, Some(nulls)).map_err(internal)?)
            }
            (Self::Map { keys, value, ranges }, DataType::Map(entries, ordered)) => {
                let DataType::Struct(fields) = entries.data_type() else {
                    return Err(SparkError::internal("a map without entries"));
                };
                let value_type = fields.get(1).map_or(&DataType::Null, |field| field.data_type());
                let columns = vec![Arc::new(keys.finish()) as ArrayRef, value.finish(value_type)?];
                let pairs = StructArray::try_new(fields.clone(), columns, None).map_err(internal)?;
                let (offsets, nulls) = ranges.finish();
                let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, Some(nulls), *ordered);
                Arc::new(map.map_err(internal)?)
            }
            (Self::Struct(fields), DataType::Struct(arrow_fields)) => {
                let valid = std::mem::take(&mut fields.valid);
                let types: Vec<DataType> = arrow_fields.iter().map(|field| field.data_type().clone()).collect();
                let columns = fields.finish_columns(&types)?;
                let length = valid.len();
                let nulls = NullBuffer::from(valid);
                let made = StructArray::try_new_with_length(arrow_fields.clone(), columns, Some(nulls), length);
                Arc::new(made.map_err(internal)?)
            }
            (_, other) => return Err(SparkError::internal(format!("no JSON column of type {other}"))),
        })
    }
}

fn put<T: ArrowPrimitiveType>(builder: &mut PrimitiveBuilder<T>, value: Option<T::Native>) -> bool {
    let fits = value.is_some();
    builder.append_option(value);
    fits
}

fn integral<T: std::str::FromStr>(node: &Node<'_>) -> Option<T> {
    if let Value::Number(text) = node.value { text.parse().ok() } else { None }
}

fn text<'a>(node: &'a Node<'_>) -> Option<&'a str> {
    if let Value::String(text) = &node.value { Some(text) } else { None }
}

fn double(node: &Node<'_>) -> Option<f64> {
    if let Value::Number(text) = node.value { text.parse().ok() } else { special(node) }
}

fn float(node: &Node<'_>) -> Option<f32> {
    match node.value {
        Value::Number(text) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "numbers with names have no digits to lose")]
        _ => special(node).map(|value| value as f32),
    }
}

/// A number's digits, whether in quotes or not.
fn digits<'a>(node: &'a Node<'_>) -> Option<&'a str> {
    if let Value::Number(text) = &node.value { Some(text) } else { text(node) }
}

/// A number counts seconds.
fn timestamp(node: &Node<'_>, forms: &ParseForms) -> Option<i64> {
    match node.value {
        Value::Number(_) => integral::<i64>(node)?.checked_mul(1_000_000),
        _ => forms.timestamp(text(node)?),
    }
}

/// A number by name, whether in quotes or not.
fn special(node: &Node<'_>) -> Option<f64> {
    match &node.value {
        Value::Special(value) => Some(*value),
        Value::String(text) => special_number(text),
        _ => None,
    }
}
