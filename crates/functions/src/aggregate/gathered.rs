//! Aggregates that need all rows of a group at the end: `collect_list`, `percentile`, `mode` and such.

use std::fmt::Debug;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, UInt64Array, new_empty_array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, internal_err};

use super::groups::{Groups, for_each_row, taking_part};
use super::kernel::{AggregateCall, column};

/// Rows of many groups, as they came.
#[derive(Debug)]
pub(super) struct GatheredRows {
    types: Vec<DataType>,
    /// The columns of each batch.
    pieces: Vec<Vec<ArrayRef>>,
    /// The group of each row of all pieces.
    groups: Vec<usize>,
    total: usize,
}

impl GatheredRows {
    pub fn new(types: Vec<DataType>) -> Self {
        Self { types, pieces: Vec::new(), groups: Vec::new(), total: 0 }
    }

    /// One list for each of the first `width` columns.
    pub fn state_types(types: &[DataType], width: usize) -> Vec<DataType> {
        types.iter().take(width).map(|data_type| DataType::List(element(data_type))).collect()
    }

    pub fn resize(&mut self, total: usize) {
        self.total = total;
    }

    pub fn len(&self) -> usize {
        self.total
    }

    /// Keeps the rows that are valid.
    pub fn add(&mut self, columns: &[ArrayRef], groups: &[usize], valid: Option<&NullBuffer>) -> Result<()> {
        let columns = columns.get(..self.types.len()).unwrap_or(columns);
        match valid {
            Some(valid) if valid.null_count() > 0 => {
                let mut rows = Vec::with_capacity(groups.len() - valid.null_count());
                for_each_row(groups, Some(valid), |group, row| {
                    self.groups.push(group);
                    rows.push(row as u64);
                });
                let rows = UInt64Array::from(rows);
                let kept = columns.iter().map(|column| take(column.as_ref(), &rows, None));
                self.pieces.push(kept.collect::<std::result::Result<_, _>>()?);
            }
            Some(_) | None => {
                self.groups.extend_from_slice(groups);
                self.pieces.push(columns.to_vec());
            }
        }
        Ok(())
    }

    /// Keeps the rows of lists: partial results.
    pub fn add_lists(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        let mut columns = Vec::with_capacity(state.len());
        for (index, lists) in state.iter().enumerate() {
            let Some(lists) = lists.as_list_opt::<i32>() else {
                return internal_err!("a partial result is {} instead of a list", lists.data_type());
            };
            let mut elements: Vec<ArrayRef> = Vec::new();
            for (row, group) in groups.iter().enumerate() {
                if lists.is_valid(row) {
                    let list = lists.value(row);
                    if index == 0 {
                        self.groups.extend(std::iter::repeat_n(*group, list.len()));
                    }
                    elements.push(list);
                }
            }
            let elements: Vec<&dyn Array> = elements.iter().map(AsRef::as_ref).collect();
            columns.push(if elements.is_empty() {
                new_empty_array(lists.values().data_type())
            } else {
                concat(&elements)?
            });
        }
        self.pieces.push(columns);
        Ok(())
    }

    /// All rows sorted by group, and where each of the first `count` groups begins; rows of others are left out.
    fn by_group(&self, count: usize) -> Result<(Vec<ArrayRef>, Vec<usize>)> {
        let mut starts = vec![0_usize; count + 1];
        for group in &self.groups {
            if let Some(length) = starts.get_mut(*group + 1) {
                *length += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut order = vec![0_u32; sum];
        for (row, group) in self.groups.iter().enumerate().filter(|(_, group)| **group < count) {
            if let Some(place) = next.get_mut(*group) {
                if let Some(entry) = order.get_mut(*place) {
                    *entry = u32::try_from(row).unwrap_or(u32::MAX);
                }
                *place += 1;
            }
        }
        let is_sorted = count >= self.total && self.groups.is_sorted();
        let order = UInt32Array::from(order);
        let columns = (0..self.types.len()).map(|index| {
            let whole = self.whole(index)?;
            if is_sorted { Ok(whole) } else { Ok(take(whole.as_ref(), &order, None)?) }
        });
        Ok((columns.collect::<Result<_>>()?, starts))
    }

    fn whole(&self, index: usize) -> Result<ArrayRef> {
        let pieces = self.pieces.iter().map(|piece| column(piece, index).map(AsRef::as_ref));
        let pieces: Vec<&dyn Array> = pieces.collect::<Result<_>>()?;
        match pieces.as_slice() {
            [] => Ok(new_empty_array(self.types.get(index).unwrap_or(&DataType::Null))),
            pieces => Ok(concat(pieces)?),
        }
    }

    /// The rows of the first `count` groups as lists, one for each column; empty ones for groups without rows.
    pub fn lists(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let (columns, starts) = self.by_group(count)?;
        let lists = columns.into_iter().map(|values| {
            let field = element(values.data_type());
            Ok(Arc::new(ListArray::try_new(field, offsets(&starts)?, values, None)?) as ArrayRef)
        });
        lists.collect()
    }

    /// Calls `each` with the columns of each of the first `count` groups.
    pub fn for_each_group(&self, count: usize, mut each: impl FnMut(&[ArrayRef]) -> Result<()>) -> Result<()> {
        let (columns, starts) = self.by_group(count)?;
        for (start, end) in starts.iter().zip(starts.iter().skip(1)) {
            let group: Vec<ArrayRef> = columns.iter().map(|column| column.slice(*start, end - start)).collect();
            each(&group)?;
        }
        Ok(())
    }

    pub fn remove(&mut self, count: usize) -> Result<()> {
        if count >= self.total {
            *self = Self::new(std::mem::take(&mut self.types));
            return Ok(());
        }
        let rows: UInt64Array =
            self.groups.iter().enumerate().filter(|(_, group)| **group >= count).map(|(row, _)| row as u64).collect();
        let columns = (0..self.types.len()).map(|index| Ok(take(self.whole(index)?.as_ref(), &rows, None)?));
        self.pieces = vec![columns.collect::<Result<Vec<_>>>()?];
        self.groups.retain(|group| *group >= count);
        self.groups.iter_mut().for_each(|group| *group -= count);
        self.total -= count;
        Ok(())
    }

    pub fn size(&self) -> usize {
        let arrays: usize = self.pieces.iter().flatten().map(|column| column.get_array_memory_size()).sum();
        size_of_val(self) + arrays + self.groups.capacity() * size_of::<usize>()
    }
}

fn element(data_type: &DataType) -> Arc<Field> {
    Arc::new(Field::new("element", data_type.clone(), true))
}

fn offsets(starts: &[usize]) -> Result<OffsetBuffer<i32>> {
    let starts: Option<Vec<i32>> = starts.iter().map(|start| i32::try_from(*start).ok()).collect();
    match starts {
        Some(starts) => Ok(OffsetBuffer::new(starts.into())),
        None => datafusion::common::exec_err!("the lists of an aggregate have more than {} elements", i32::MAX),
    }
}

/// How the gathered rows of a group become its result.
pub(super) trait Gathering: Debug + Copy + Send + Sync + 'static {
    /// The result of a group from its columns: one value, or the elements of a list if the result is one; `None` for
    /// NULL.
    fn finish(&self, call: &AggregateCall, columns: &[ArrayRef]) -> Result<Option<ArrayRef>>;
}

/// Validity of rows, from their columns.
type Validity = fn(&[ArrayRef]) -> Result<Option<NullBuffer>>;

/// Gathers the first `width` arguments, and the ordering if there is one (which needs all arguments gathered), of the
/// rows that `valid` leaves, and finishes each group at the end.
pub(super) fn boxed_gathering<G: Gathering>(
    gathering: G,
    call: &AggregateCall,
    width: usize,
    valid: Validity,
) -> Result<Box<dyn Groups>> {
    let order = call.order.iter().map(|(data_type, _)| data_type);
    let rows = GatheredRows::new(call.arguments.iter().take(width).chain(order).cloned().collect());
    Ok(Box::new(GatheredGroups { gathering, call: call.clone(), valid, rows }))
}

#[derive(Debug)]
struct GatheredGroups<G> {
    gathering: G,
    call: AggregateCall,
    valid: Validity,
    rows: GatheredRows,
}

impl<G: Gathering> Groups for GatheredGroups<G> {
    fn resize(&mut self, total: usize) {
        self.rows.resize(total);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        let valid = taking_part((self.valid)(columns)?.as_ref(), filter);
        self.rows.add(columns, groups, valid.as_ref())
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.rows.add_lists(state, groups)
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let list_of = match &self.call.return_type {
            DataType::List(field) => Some(Arc::clone(field)),
            _ => None,
        };
        let value_type = list_of.as_ref().map_or(&self.call.return_type, |field| field.data_type());
        let mut values: Vec<ArrayRef> = Vec::with_capacity(count);
        let mut lengths = Vec::with_capacity(count);
        let mut valid = Vec::with_capacity(count);
        self.rows.for_each_group(count, |columns| {
            let result = self.gathering.finish(&self.call, columns)?;
            valid.push(result.is_some());
            let missing = usize::from(list_of.is_none());
            let result = result.unwrap_or_else(|| arrow::array::new_null_array(value_type, missing));
            lengths.push(result.len());
            values.push(result);
            Ok(())
        })?;
        let values: Vec<&dyn Array> = values.iter().map(AsRef::as_ref).collect();
        let values = if values.is_empty() { new_empty_array(value_type) } else { concat(&values)? };
        match list_of {
            None => Ok(values),
            Some(field) => {
                let offsets = OffsetBuffer::from_lengths(lengths);
                Ok(Arc::new(ListArray::try_new(field, offsets, values, Some(valid.into()))?))
            }
        }
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        self.rows.lists(count)
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.rows.remove(count)
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn size(&self) -> usize {
        self.rows.size()
    }
}
