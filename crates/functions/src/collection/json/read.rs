//! Trees to columns: each type's values are made together, and a value that is not of its type is NULL and marks its row.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryBuilder, BooleanBuilder, NullBufferBuilder, PrimitiveBuilder, StringArray,
    StringBuilder, StringViewArray, StructArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType,
};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::base64;
use super::options::Options;
use super::tree::{Node, Value, is_integer, number};
use crate::cast::number::{ParsedDecimal, parse_decimal};
use crate::cast::{CastMode, Zone, cast_array};
use crate::datetime::PatternReader;
use crate::kernel::from_arrow;
use crate::kernel::nested::RowBuilder;

/// A value and the row it belongs to.
type Item<'v, 't> = (usize, Option<&'v Value<'t>>);

pub(super) struct Reader {
    zone: Zone,
    zone_name: String,
    dates: Option<PatternReader>,
    timestamps: Option<PatternReader>,
    ntz_timestamps: Option<PatternReader>,
    bad: RefCell<Vec<bool>>,
}

impl Reader {
    pub(super) fn new(options: &Options, zone: &str, rows: usize) -> SparkResult<Self> {
        let pattern = |name: &str| options.get(name).map(PatternReader::new).transpose();
        Ok(Self {
            zone: Zone::parse(zone)?,
            zone_name: zone.to_owned(),
            dates: pattern("dateformat")?,
            timestamps: pattern("timestampformat")?,
            ntz_timestamps: pattern("timestampntzformat")?,
            bad: RefCell::new(vec![false; rows]),
        })
    }

    pub(super) fn mark_bad(&self, row: usize) {
        if let Some(slot) = self.bad.borrow_mut().get_mut(row) {
            *slot = true;
        }
    }

    pub(super) fn any_bad(&self) -> bool {
        self.bad.borrow().contains(&true)
    }

    /// Whole records: a struct that cannot be read has NULLs for fields, unless there is no text at all.
    pub(super) fn read_roots(
        &self,
        roots: &[Item<'_, '_>],
        schema: &SparkType,
        is_absent: &dyn Fn(usize) -> bool,
    ) -> SparkResult<ArrayRef> {
        let result = self.read(roots, schema)?;
        match schema {
            SparkType::Struct(_) => {
                let structs = result.as_struct();
                let mut nulls = NullBufferBuilder::new(roots.len());
                for (row, _) in roots {
                    nulls.append(!is_absent(*row));
                }
                let (fields, columns, _) = structs.clone().into_parts();
                let structs = StructArray::try_new_with_length(fields, columns, nulls.finish(), roots.len())
                    .map_err(from_arrow)?;
                Ok(Arc::new(structs))
            }
            _ => Ok(result),
        }
    }

    /// Puts the texts that could not be read into the column for them, if the schema has one.
    pub(super) fn with_corrupt_records(
        &self,
        result: ArrayRef,
        schema: &SparkType,
        options: &Options,
        texts: &StringViewArray,
    ) -> SparkResult<ArrayRef> {
        let name = options.get("columnnameofcorruptrecord").unwrap_or("_corrupt_record");
        let SparkType::Struct(fields) = schema else { return Ok(result) };
        let Some(place) = fields.iter().position(|field| field.name == name && field.data_type.is_string()) else {
            return Ok(result);
        };
        let bad = self.bad.borrow();
        let records: StringArray = (0..texts.len())
            .map(|row| {
                let is_bad = bad.get(row).copied().unwrap_or(false);
                (is_bad && texts.is_valid(row)).then(|| texts.value(row))
            })
            .collect();
        let (fields, mut columns, nulls) = result.as_struct().clone().into_parts();
        if let Some(column) = columns.get_mut(place) {
            *column = Arc::new(records);
        }
        let structs = StructArray::try_new_with_length(fields, columns, nulls, texts.len()).map_err(from_arrow)?;
        Ok(Arc::new(structs))
    }

    fn read(&self, items: &[Item<'_, '_>], data_type: &SparkType) -> SparkResult<ArrayRef> {
        match data_type {
            SparkType::Boolean => self.booleans(items),
            SparkType::Byte => self.primitives::<Int8Type>(items, data_type, integer),
            SparkType::Short => self.primitives::<Int16Type>(items, data_type, integer),
            SparkType::Integer => self.primitives::<Int32Type>(items, data_type, integer),
            SparkType::Long => self.primitives::<Int64Type>(items, data_type, integer),
            SparkType::Float => self.primitives::<Float32Type>(items, data_type, |value| Some(double(value)? as f32)),
            SparkType::Double => self.primitives::<Float64Type>(items, data_type, double),
            SparkType::Decimal { precision, scale } => {
                self.primitives::<Decimal128Type>(items, data_type, |value| decimal(value, *precision, *scale))
            }
            SparkType::Date => self.primitives::<Date32Type>(items, data_type, |value| self.date(value)),
            SparkType::Timestamp => {
                self.primitives::<TimestampMicrosecondType>(items, data_type, |value| self.timestamp(value))
            }
            SparkType::TimestampNtz => {
                self.primitives::<TimestampMicrosecondType>(items, data_type, |value| self.timestamp_ntz(value))
            }
            SparkType::String { .. } | SparkType::Char(_) | SparkType::Varchar(_) => Ok(self.texts(items)),
            SparkType::Binary => self.binaries(items),
            SparkType::Array { element, .. } => self.arrays(items, element, data_type),
            SparkType::Map { key, value, .. } => self.maps(items, key, value, data_type),
            SparkType::Struct(fields) => self.structs(items, fields),
            SparkType::Null => Ok(arrow::array::new_null_array(&DataType::Null, items.len())),
            other => self.cast_texts(items, other),
        }
    }

    /// What to do with a value: `Ok(None)` for null, `Err` for one that is not of the type.
    fn each<'v, 't, T>(
        &self,
        (row, value): Item<'v, 't>,
        convert: impl FnOnce(&'v Value<'t>) -> Option<T>,
    ) -> Option<T> {
        let value = value.filter(|value| !matches!(value.node, Node::Null))?;
        let converted = convert(value);
        if converted.is_none() {
            self.mark_bad(row);
        }
        converted
    }

    fn primitives<T: ArrowPrimitiveType>(
        &self,
        items: &[Item<'_, '_>],
        data_type: &SparkType,
        convert: impl Fn(&Value<'_>) -> Option<T::Native>,
    ) -> SparkResult<ArrayRef> {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(items.len()).with_data_type(data_type.to_arrow());
        for item in items {
            builder.append_option(self.each(*item, &convert));
        }
        Ok(Arc::new(builder.finish()))
    }

    fn booleans(&self, items: &[Item<'_, '_>]) -> SparkResult<ArrayRef> {
        let mut builder = BooleanBuilder::with_capacity(items.len());
        for item in items {
            builder.append_option(self.each(*item, |value| match value.node {
                Node::Boolean(truth) => Some(truth),
                _ => None,
            }));
        }
        Ok(Arc::new(builder.finish()))
    }

    /// Text is itself, anything else is as it was spelled.
    fn texts(&self, items: &[Item<'_, '_>]) -> ArrayRef {
        let mut builder = StringBuilder::new();
        for (_, value) in items {
            match value.map(|value| (&value.node, value.raw)) {
                None | Some((Node::Null, _)) => builder.append_null(),
                Some((Node::Text(text), _)) => builder.append_value(text),
                Some((_, raw)) => builder.append_value(raw),
            }
        }
        Arc::new(builder.finish())
    }

    fn binaries(&self, items: &[Item<'_, '_>]) -> SparkResult<ArrayRef> {
        let mut builder = BinaryBuilder::new();
        for item in items {
            builder.append_option(self.each(*item, |value| base64::decode(text_of(value)?)));
        }
        Ok(Arc::new(builder.finish()))
    }

    /// Types that are read as a cast reads them.
    fn cast_texts(&self, items: &[Item<'_, '_>], data_type: &SparkType) -> SparkResult<ArrayRef> {
        let texts: StringArray = items.iter().map(|item| self.each(*item, text_of)).collect();
        let texts: ArrayRef = Arc::new(texts);
        let result = cast_array(&texts, &SparkType::STRING, data_type, CastMode::Try, &self.zone_name)?;
        for (index, (row, _)) in items.iter().enumerate() {
            if texts.is_valid(index) && result.is_null(index) {
                self.mark_bad(*row);
            }
        }
        Ok(result)
    }

    fn date(&self, value: &Value<'_>) -> Option<i32> {
        let text = text_of(value)?;
        match &self.dates {
            Some(pattern) => pattern.date(text, &self.zone),
            None => crate::cast::datetime::parse_date(text),
        }
    }

    fn timestamp(&self, value: &Value<'_>) -> Option<i64> {
        if let Node::Number(spelling) = &value.node {
            return integer::<i64>(value).filter(|_| is_integer(spelling))?.checked_mul(1_000_000);
        }
        let text = text_of(value)?;
        match &self.timestamps {
            Some(pattern) => pattern.timestamp(text, &self.zone),
            None => crate::cast::datetime::parse_timestamp(text, &self.zone, crate::cast::datetime::today),
        }
    }

    fn timestamp_ntz(&self, value: &Value<'_>) -> Option<i64> {
        let text = text_of(value)?;
        match &self.ntz_timestamps {
            Some(pattern) => pattern.timestamp(text, &Zone::UTC),
            None => crate::cast::datetime::parse_timestamp_ntz(text, false),
        }
    }

    fn arrays(&self, items: &[Item<'_, '_>], element: &SparkType, data_type: &SparkType) -> SparkResult<ArrayRef> {
        let mut elements: Vec<Item<'_, '_>> = Vec::new();
        let mut rows = RowBuilder::new(items.len());
        for item in items {
            let array = self.each(*item, |value| match &value.node {
                Node::Array(elements) => Some(elements),
                _ => None,
            });
            match array {
                Some(array) => {
                    elements.extend(array.iter().map(|element| (item.0, Some(element))));
                    rows.end(elements.len())?;
                }
                None => rows.end_null(elements.len())?,
            }
        }
        rows.into_lists(&self.read(&elements, element)?, &data_type.to_arrow())
    }

    fn maps(
        &self,
        items: &[Item<'_, '_>],
        key: &SparkType,
        value: &SparkType,
        data_type: &SparkType,
    ) -> SparkResult<ArrayRef> {
        let mut keys: Vec<&str> = Vec::new();
        let mut values: Vec<Item<'_, '_>> = Vec::new();
        let mut rows = RowBuilder::new(items.len());
        for item in items {
            let object = self.each(*item, |value| match &value.node {
                Node::Object(fields) => Some(fields),
                _ => None,
            });
            match object {
                Some(fields) => {
                    for (name, value) in fields {
                        keys.push(name);
                        values.push((item.0, Some(value)));
                    }
                    rows.end(keys.len())?;
                }
                None => rows.end_null(keys.len())?,
            }
        }
        if !key.is_string() {
            return Err(SparkError::unsupported("JSON objects as maps whose keys are not text"));
        }
        let keys: ArrayRef = Arc::new(StringArray::from(keys));
        rows.into_maps(&keys, &self.read(&values, value)?, &data_type.to_arrow())
    }

    fn structs(&self, items: &[Item<'_, '_>], fields: &SparkSchema) -> SparkResult<ArrayRef> {
        let mut nulls = NullBufferBuilder::new(items.len());
        let mut objects = Vec::with_capacity(items.len());
        for item in items {
            let object = self.each(*item, |value| match &value.node {
                Node::Object(fields) => Some(fields),
                _ => None,
            });
            nulls.append(object.is_some());
            objects.push((item.0, object));
        }
        let mut columns = Vec::with_capacity(fields.len());
        for field in fields.iter() {
            let values: Vec<Item<'_, '_>> = objects
                .iter()
                .map(|(row, object)| {
                    let value = object.and_then(|object| object.iter().rev().find(|(name, _)| *name == field.name));
                    (*row, value.map(|(_, value)| value))
                })
                .collect();
            columns.push(self.read(&values, &field.data_type)?);
        }
        let arrow = fields.to_arrow_fields("UTC");
        let structs =
            StructArray::try_new_with_length(arrow, columns, nulls.finish(), items.len()).map_err(from_arrow)?;
        Ok(Arc::new(structs))
    }
}

fn text_of<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match &value.node {
        Node::Text(text) => Some(text),
        _ => None,
    }
}

fn integer<T: std::str::FromStr>(value: &Value<'_>) -> Option<T> {
    match &value.node {
        Node::Number(spelling) if is_integer(spelling) => spelling.parse().ok(),
        _ => None,
    }
}

fn double(value: &Value<'_>) -> Option<f64> {
    match &value.node {
        Node::Number(spelling) => Some(number(spelling)),
        Node::Text(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "INF" | "+INF" | "Infinity" | "+Infinity" => Some(f64::INFINITY),
            "-INF" | "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn decimal(value: &Value<'_>, precision: u8, scale: i8) -> Option<i128> {
    let spelling = match &value.node {
        Node::Number(spelling) => spelling,
        Node::Text(text) => text.as_str(),
        _ => return None,
    };
    match parse_decimal(spelling, precision, scale) {
        ParsedDecimal::Value(unscaled) => Some(unscaled),
        _ => None,
    }
}
