//! Casts inside arrays, maps and structs.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, make_array};
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::convert::Conversion;
use crate::kernel::{downcast, from_arrow};

/// Lists of any layout with 32-bit offsets.
pub(super) fn list(array: &ArrayRef) -> SparkResult<ListArray> {
    let element = match array.data_type() {
        DataType::List(_) => return Ok(downcast::<ListArray>(array)?.clone()),
        DataType::LargeList(field)
        | DataType::ListView(field)
        | DataType::LargeListView(field)
        | DataType::FixedSizeList(field, _) => Arc::clone(field),
        other => return Err(SparkError::internal(format!("a cast met {other} instead of a list"))),
    };
    let array = cast(array, &DataType::List(element)).map_err(from_arrow)?;
    Ok(downcast::<ListArray>(&array)?.clone())
}

/// The values that the lists have, and where: what lies outside must not be cast, since it may not be castable.
fn compact(offsets: &OffsetBuffer<i32>, values: &ArrayRef) -> (OffsetBuffer<i32>, ArrayRef) {
    let (Some(first), Some(last)) = (offsets.first(), offsets.last()) else {
        return (offsets.clone(), Arc::clone(values));
    };
    let start = usize::try_from(*first).unwrap_or(0);
    let end = usize::try_from(*last).unwrap_or(0);
    if start == 0 && end == values.len() {
        return (offsets.clone(), Arc::clone(values));
    }
    let moved: ScalarBuffer<i32> = offsets.iter().map(|offset| offset - first).collect();
    (OffsetBuffer::new(moved), values.slice(start, end - start))
}

/// A struct's column with NULL where the struct is NULL: what lies beneath must not be cast.
fn masked(column: &ArrayRef, nulls: Option<&NullBuffer>) -> SparkResult<ArrayRef> {
    if nulls.is_none_or(|nulls| nulls.null_count() == 0) {
        return Ok(Arc::clone(column));
    }
    let nulls = NullBuffer::union(nulls, column.nulls());
    let data = column.to_data().into_builder().nulls(nulls).build().map_err(from_arrow)?;
    Ok(make_array(data))
}

impl Conversion<'_> {
    pub(super) fn array(&self, array: &ArrayRef, from: &SparkType, to: &SparkType) -> SparkResult<ArrayRef> {
        let array = list(array)?;
        let (offsets, values) = compact(array.offsets(), array.values());
        let values = self.inner(&values, from, to)?;
        let DataType::List(field) = self.to.to_arrow() else {
            return Err(SparkError::internal("a list is cast to something else"));
        };
        let cast = ListArray::try_new(field, offsets, values, array.nulls().cloned());
        Ok(Arc::new(cast.map_err(from_arrow)?))
    }

    pub(super) fn map(
        &self,
        array: &ArrayRef,
        (from_key, from_value): (&SparkType, &SparkType),
        (to_key, to_value): (&SparkType, &SparkType),
    ) -> SparkResult<ArrayRef> {
        let array = array.as_map_opt().ok_or_else(|| SparkError::internal("a cast met no map"))?;
        let (offsets, keys) = compact(array.offsets(), array.keys());
        let (_, values) = compact(array.offsets(), array.values());
        let keys = self.inner(&keys, from_key, to_key)?;
        let values = self.inner(&values, from_value, to_value)?;
        let DataType::Map(entries, ordered) = self.to.to_arrow() else {
            return Err(SparkError::internal("a map is cast to something else"));
        };
        let DataType::Struct(fields) = entries.data_type().clone() else {
            return Err(SparkError::internal("a map without entries"));
        };
        let pairs = StructArray::try_new(fields, vec![keys, values], None).map_err(from_arrow)?;
        let cast = MapArray::try_new(entries, offsets, pairs, array.nulls().cloned(), ordered);
        Ok(Arc::new(cast.map_err(from_arrow)?))
    }

    pub(super) fn structure(&self, array: &ArrayRef, from: &SparkSchema, to: &SparkSchema) -> SparkResult<ArrayRef> {
        let array = array.as_struct_opt().ok_or_else(|| SparkError::internal("a cast met no struct"))?;
        let columns: SparkResult<Vec<_>> = array
            .columns()
            .iter()
            .zip(from.iter().zip(to.iter()))
            .map(|(column, (from, to))| {
                let column = masked(column, array.nulls())?;
                self.inner(&column, &from.data_type, &to.data_type)
            })
            .collect();
        let fields: Fields =
            to.iter().map(|field| Field::new(&field.name, field.data_type.to_arrow(), field.nullable)).collect();
        if fields.is_empty() {
            return Ok(Arc::new(StructArray::new_empty_fields(array.len(), array.nulls().cloned())));
        }
        let cast = StructArray::try_new(fields, columns?, array.nulls().cloned());
        Ok(Arc::new(cast.map_err(from_arrow)?))
    }

    fn inner(&self, array: &ArrayRef, from: &SparkType, to: &SparkType) -> SparkResult<ArrayRef> {
        Conversion { from, to, mode: self.mode, zone: self.zone }.apply(array)
    }
}
