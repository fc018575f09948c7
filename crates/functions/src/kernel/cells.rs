//! Nested values that are read one by one, and the arrays they make.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray, StructArray, new_null_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkResult};

use super::nested::{RowBuilder, conform};
use super::{from_arrow, from_engine};

/// A value that was read.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Null,
    Leaf(ScalarValue),
    List(Vec<Cell>),
    Map(Vec<(String, Cell)>),
    Struct(Vec<Cell>),
}

/// An array of cells.
pub(crate) fn build(cells: &[&Cell], data_type: &DataType) -> SparkResult<ArrayRef> {
    match data_type {
        DataType::Struct(fields) => {
            let validity: Vec<bool> = cells.iter().map(|cell| matches!(cell, Cell::Struct(_))).collect();
            let mut columns = Vec::with_capacity(fields.len());
            for (index, field) in fields.iter().enumerate() {
                let column: Vec<&Cell> = cells
                    .iter()
                    .map(|cell| match cell {
                        Cell::Struct(values) => values.get(index).unwrap_or(&Cell::Null),
                        _ => &Cell::Null,
                    })
                    .collect();
                columns.push(build(&column, field.data_type())?);
            }
            let nulls = Some(NullBuffer::from(validity)).filter(|nulls| nulls.null_count() > 0);
            let structs = StructArray::try_new_with_length(fields.clone(), columns, nulls, cells.len());
            Ok(Arc::new(structs.map_err(from_arrow)?))
        }
        DataType::List(field) => {
            let lengths = cells.iter().map(|cell| if let Cell::List(items) = cell { items.len() } else { 0 });
            let offsets = OffsetBuffer::from_lengths(lengths);
            let validity: Vec<bool> = cells.iter().map(|cell| matches!(cell, Cell::List(_))).collect();
            let items: Vec<&Cell> = cells
                .iter()
                .flat_map(|cell| if let Cell::List(items) = cell { items.as_slice() } else { &[] })
                .collect();
            let items = build(&items, field.data_type())?;
            let nulls = Some(NullBuffer::from(validity)).filter(|nulls| nulls.null_count() > 0);
            let lists = arrow::array::ListArray::try_new(Arc::clone(field), offsets, items, nulls);
            Ok(Arc::new(lists.map_err(from_arrow)?))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(SparkError::internal("a map without entries"));
            };
            let mut rows = RowBuilder::new(cells.len());
            let (mut keys, mut values): (Vec<Option<&str>>, Vec<&Cell>) = (Vec::new(), Vec::new());
            for cell in cells {
                if let Cell::Map(entries) = cell {
                    keys.extend(entries.iter().map(|(key, _)| Some(key.as_str())));
                    values.extend(entries.iter().map(|(_, value)| value));
                    rows.end(keys.len())?;
                } else {
                    rows.end_null(keys.len())?;
                }
            }
            let value_type = fields.get(1).map_or(&DataType::Null, |field| field.data_type());
            let keys: ArrayRef = Arc::new(StringArray::from(keys));
            rows.into_maps(&keys, &build(&values, value_type)?, data_type)
        }
        leaf => {
            let null = ScalarValue::try_from(leaf).map_err(from_engine)?;
            if cells.is_empty() {
                return Ok(new_null_array(leaf, 0));
            }
            let values = cells.iter().map(|cell| match cell {
                Cell::Leaf(value) => conformed(value, leaf),
                _ => Ok(null.clone()),
            });
            let values: SparkResult<Vec<ScalarValue>> = values.collect();
            conform(&ScalarValue::iter_to_array(values?).map_err(from_engine)?, leaf)
        }
    }
}

fn conformed(value: &ScalarValue, leaf: &DataType) -> SparkResult<ScalarValue> {
    if value.data_type() == *leaf { Ok(value.clone()) } else { value.cast_to(leaf).map_err(from_engine) }
}
