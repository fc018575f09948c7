//! Arrays, maps and structs in kernels: reading them whatever carries them, comparing their elements, and building
//! results by picking elements.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float32Array, Float64Array, ListArray, MapArray, NullBufferBuilder, StructArray,
    new_null_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::{cast, interleave};
use arrow::datatypes::{DataType, FieldRef, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use firesteel_base::{SparkError, SparkResult};

use super::from_arrow;
use super::rows::at;

/// The same values under another type that differs in names, nullability and carriers only.
pub(crate) fn conform(array: &ArrayRef, to: &DataType) -> SparkResult<ArrayRef> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::List(_), DataType::List(field)) => {
            let list = array.as_list::<i32>();
            let values = conform(list.values(), field.data_type())?;
            let list = ListArray::try_new(Arc::clone(field), list.offsets().clone(), values, list.nulls().cloned());
            Ok(Arc::new(list.map_err(from_arrow)?))
        }
        (DataType::Map(_, _), DataType::Map(field, sorted)) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let entries = conform(&entries, field.data_type())?;
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            let map = MapArray::try_new(Arc::clone(field), offsets, entries.as_struct().clone(), nulls, *sorted);
            Ok(Arc::new(map.map_err(from_arrow)?))
        }
        (DataType::Struct(from), DataType::Struct(fields)) if from.len() == fields.len() => {
            let structs = array.as_struct();
            let columns: SparkResult<Vec<_>> = structs
                .columns()
                .iter()
                .zip(fields)
                .map(|(column, field)| conform(column, field.data_type()))
                .collect();
            let nulls = structs.nulls().cloned();
            let structs = StructArray::try_new_with_length(fields.clone(), columns?, nulls, structs.len());
            Ok(Arc::new(structs.map_err(from_arrow)?))
        }
        _ => cast(array, to).map_err(from_arrow),
    }
}

/// The array at `index` as one of arrays.
pub(crate) fn lists(arrays: &[ArrayRef], index: usize) -> SparkResult<ListArray> {
    let array = at(arrays, index)?;
    match array.data_type() {
        DataType::List(_) => Ok(array.as_list::<i32>().clone()),
        DataType::LargeList(field) | DataType::ListView(field) | DataType::FixedSizeList(field, _) => {
            let list = cast(array, &DataType::List(Arc::clone(field))).map_err(from_arrow)?;
            Ok(list.as_list::<i32>().clone())
        }
        other => Err(SparkError::internal(format!("a kernel met {other} instead of an array"))),
    }
}

/// The array at `index` as one of maps.
pub(crate) fn maps(arrays: &[ArrayRef], index: usize) -> SparkResult<MapArray> {
    let array = at(arrays, index)?;
    array
        .as_map_opt()
        .cloned()
        .ok_or_else(|| SparkError::internal(format!("a kernel met {} instead of a map", array.data_type())))
}

/// Where the elements of a row lie among the values.
pub(crate) fn range(offsets: &OffsetBuffer<i32>, row: usize) -> Range<usize> {
    let start = offsets.get(row).copied().unwrap_or(0);
    let end = offsets.get(row + 1).copied().unwrap_or(start);
    start as usize..end as usize
}

/// Which values are NULL.
pub(crate) struct Nulls(Option<NullBuffer>);

impl Nulls {
    pub(crate) fn of(array: &dyn Array) -> Self {
        Self(array.logical_nulls())
    }

    pub(crate) fn is_null(&self, index: usize) -> bool {
        self.0.as_ref().is_some_and(|nulls| nulls.is_null(index))
    }
}

/// Rows of bytes that are equal, and ordered, as Spark's values are: NaN is one value and the greatest, both zeros are
/// one, NULL is the least.
pub(crate) fn comparable(values: &[&ArrayRef]) -> SparkResult<Vec<Rows>> {
    let Some(first) = values.first() else { return Ok(Vec::new()) };
    let converter = RowConverter::new(vec![SortField::new(first.data_type().clone())]).map_err(from_arrow)?;
    values
        .iter()
        .map(|array| {
            let array = canonical(&conform(array, first.data_type())?)?;
            converter.convert_columns(&[array]).map_err(from_arrow)
        })
        .collect()
}

/// The values with one NaN and one zero.
fn canonical(array: &ArrayRef) -> SparkResult<ArrayRef> {
    Ok(match array.data_type() {
        DataType::Float64 => {
            let values = array.as_primitive::<Float64Type>();
            let one = |value: f64| {
                if value == 0.0 {
                    0.0
                } else if value.is_nan() {
                    f64::NAN
                } else {
                    value
                }
            };
            let values: Float64Array = values.unary(one);
            Arc::new(values)
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            let one = |value: f32| {
                if value == 0.0 {
                    0.0
                } else if value.is_nan() {
                    f32::NAN
                } else {
                    value
                }
            };
            let values: Float32Array = values.unary(one);
            Arc::new(values)
        }
        DataType::List(field) => {
            let list = array.as_list::<i32>();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let values = canonical(list.values())?;
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(from_arrow)?)
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns: SparkResult<Vec<_>> = structs.columns().iter().map(canonical).collect();
            let nulls = structs.nulls().cloned();
            let structs = StructArray::try_new_with_length(fields.clone(), columns?, nulls, structs.len());
            Arc::new(structs.map_err(from_arrow)?)
        }
        _ => Arc::clone(array),
    })
}

/// Builds an array of values by picking them from other arrays.
pub(crate) struct Picker {
    /// The last one holds one NULL.
    sources: Vec<ArrayRef>,
    picks: Vec<(usize, usize)>,
}

impl Picker {
    /// Picks values of type `data_type` from `sources`.
    pub(crate) fn new(sources: &[&ArrayRef], data_type: &DataType) -> SparkResult<Self> {
        let mut conformed = Vec::with_capacity(sources.len() + 1);
        for source in sources {
            conformed.push(conform(source, data_type)?);
        }
        conformed.push(new_null_array(data_type, 1));
        Ok(Self { sources: conformed, picks: Vec::new() })
    }

    pub(crate) fn len(&self) -> usize {
        self.picks.len()
    }

    pub(crate) fn pick(&mut self, source: usize, index: usize) {
        self.picks.push((source, index));
    }

    /// Picks another value in the place of one picked before; `None` is NULL.
    pub(crate) fn replace(&mut self, place: usize, pick: Option<(usize, usize)>) {
        let null = (self.sources.len() - 1, 0);
        if let Some(known) = self.picks.get_mut(place) {
            *known = pick.unwrap_or(null);
        }
    }

    pub(crate) fn pick_null(&mut self) {
        self.picks.push((self.sources.len() - 1, 0));
    }

    pub(crate) fn finish(self) -> SparkResult<ArrayRef> {
        let sources: Vec<&dyn Array> = self.sources.iter().map(AsRef::as_ref).collect();
        if self.picks.is_empty() {
            return Ok(sources.first().map_or_else(|| new_null_array(&DataType::Null, 0), |source| source.slice(0, 0)));
        }
        interleave(&sources, &self.picks).map_err(from_arrow)
    }
}

/// The rows of an array of arrays or maps that is being built: how many elements each has, and which are NULL.
pub(crate) struct RowBuilder {
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl RowBuilder {
    pub(crate) fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self { offsets, nulls: NullBufferBuilder::new(rows) }
    }

    /// Ends a row behind `elements` elements in all.
    pub(crate) fn end(&mut self, elements: usize) -> SparkResult<()> {
        self.close(elements, true)
    }

    /// Ends a row that is NULL.
    pub(crate) fn end_null(&mut self, elements: usize) -> SparkResult<()> {
        self.close(elements, false)
    }

    fn close(&mut self, elements: usize, is_valid: bool) -> SparkResult<()> {
        let end = i32::try_from(elements)
            .map_err(|_| SparkError::unsupported("more than 2147483647 elements of arrays in one batch"))?;
        self.offsets.push(end);
        self.nulls.append(is_valid);
        Ok(())
    }

    fn finish(mut self) -> (OffsetBuffer<i32>, Option<NullBuffer>) {
        (OffsetBuffer::new(ScalarBuffer::from(self.offsets)), self.nulls.finish())
    }

    /// Arrays of these rows.
    pub(crate) fn into_lists(self, values: &ArrayRef, data_type: &DataType) -> SparkResult<ArrayRef> {
        let field = element_field(data_type)?;
        let values = conform(values, field.data_type())?;
        let (offsets, nulls) = self.finish();
        Ok(Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).map_err(from_arrow)?))
    }

    /// Maps of these rows.
    pub(crate) fn into_maps(self, keys: &ArrayRef, values: &ArrayRef, data_type: &DataType) -> SparkResult<ArrayRef> {
        let (entries, key, value) = entry_fields(data_type)?;
        let DataType::Struct(fields) = entries.data_type() else {
            return Err(SparkError::internal("a map without entries"));
        };
        let columns = vec![conform(keys, key.data_type())?, conform(values, value.data_type())?];
        let structs = StructArray::try_new(fields.clone(), columns, None).map_err(from_arrow)?;
        let (offsets, nulls) = self.finish();
        Ok(Arc::new(MapArray::try_new(Arc::clone(entries), offsets, structs, nulls, false).map_err(from_arrow)?))
    }
}

/// The elements of an array type.
pub(crate) fn element_field(data_type: &DataType) -> SparkResult<&FieldRef> {
    match data_type {
        DataType::List(field) => Ok(field),
        other => Err(SparkError::internal(format!("a kernel is to yield {other} instead of an array"))),
    }
}

/// The entries, keys and values of a map type.
pub(crate) fn entry_fields(data_type: &DataType) -> SparkResult<(&FieldRef, &FieldRef, &FieldRef)> {
    if let DataType::Map(entries, _) = data_type
        && let DataType::Struct(fields) = entries.data_type()
        && let [key, value] = fields.as_ref()
    {
        return Ok((entries, key, value));
    }
    Err(SparkError::internal(format!("a kernel is to yield {data_type} instead of a map")))
}
