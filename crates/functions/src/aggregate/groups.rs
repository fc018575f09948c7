//! Values gathered for many groups at once, and their adaptation to DataFusion's accumulators of one and of many groups.

use std::fmt::Debug;
use std::mem::size_of_val;

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::kernel::{AggregateCall, AggregateKernel};

/// What is gathered for each of a number of groups, which are called by their indices.
pub(crate) trait Groups: Debug + Send + Sync + 'static {
    /// Makes place for groups, so that there are `total`.
    fn resize(&mut self, total: usize);

    /// Takes in rows: the arguments' columns, and the group of each row. The groups exist.
    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()>;

    /// Takes in partial results, as [`Self::state`] gives them.
    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()>;

    /// The results of the first `count` groups.
    fn evaluate(&self, count: usize) -> Result<ArrayRef>;

    /// The partial results of the first `count` groups.
    fn state(&self, count: usize) -> Result<Vec<ArrayRef>>;

    /// Forgets the first `count` groups; the others move up.
    fn remove(&mut self, count: usize) -> Result<()>;

    fn len(&self) -> usize;

    /// Bytes in memory.
    fn size(&self) -> usize;
}

/// The accumulator of one group.
#[derive(Debug)]
pub(super) struct SingleGroup {
    groups: Box<dyn Groups>,
    /// The group of each row: as many zeros as the largest batch had rows.
    zeros: Vec<usize>,
}

impl SingleGroup {
    pub fn new(mut groups: Box<dyn Groups>) -> Self {
        groups.resize(1);
        Self { groups, zeros: Vec::new() }
    }

    fn make_zeros(&mut self, columns: &[ArrayRef]) -> usize {
        let rows = columns.first().map_or(0, |values| values.len());
        if self.zeros.len() < rows {
            self.zeros.resize(rows, 0);
        }
        rows
    }
}

impl Accumulator for SingleGroup {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = self.make_zeros(values);
        self.groups.update(values, self.zeros.get(..rows).unwrap_or_default(), None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = self.make_zeros(states);
        self.groups.merge(states, self.zeros.get(..rows).unwrap_or_default())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.groups.evaluate(1)?, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.groups.state(1)?.iter().map(|values| ScalarValue::try_from_array(values, 0)).collect()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.size() + self.zeros.capacity() * size_of::<usize>()
    }
}

/// The accumulator of all groups.
#[derive(Debug)]
pub(super) struct ManyGroups<K> {
    kernel: K,
    call: AggregateCall,
    groups: Box<dyn Groups>,
}

impl<K: AggregateKernel> ManyGroups<K> {
    pub fn try_new(kernel: K, call: AggregateCall) -> Result<Self> {
        let groups = kernel.groups(&call)?;
        Ok(Self { kernel, call, groups })
    }

    fn count(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.groups.len(),
            EmitTo::First(count) => count,
        }
    }
}

impl<K: AggregateKernel> GroupsAccumulator for ManyGroups<K> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.groups.resize(total_num_groups);
        self.groups.update(values, group_indices, opt_filter)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.groups.resize(total_num_groups);
        self.groups.merge(values, group_indices)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let count = self.count(emit_to);
        let result = self.groups.evaluate(count)?;
        self.groups.remove(count)?;
        Ok(result)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let count = self.count(emit_to);
        let state = self.groups.state(count)?;
        self.groups.remove(count)?;
        Ok(state)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values.first().map_or(0, |values| values.len());
        let mut each = self.kernel.groups(&self.call)?;
        each.resize(rows);
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, opt_filter)?;
        each.state(rows)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.groups.size()
    }
}

/// Which groups have seen a value. While all have, nothing is kept but their number.
#[derive(Debug, Default)]
pub(super) struct Seen {
    total: usize,
    flags: Option<Vec<bool>>,
}

impl Seen {
    /// Notes the groups of the rows that are valid. Groups beyond those known so far exist up to `total`.
    pub fn update(&mut self, groups: &[usize], valid: Option<&NullBuffer>, total: usize) {
        if groups.is_empty() {
            return;
        }
        let all_valid = valid.is_none_or(|valid| valid.null_count() == 0);
        // A group is made for a row, so that a batch without NULLs has a value for each group it brings.
        if self.flags.is_none() && all_valid {
            self.total = total;
            return;
        }
        let known = self.total;
        let flags = self.flags.get_or_insert_with(|| vec![true; known]);
        flags.resize(total, false);
        self.total = total;
        for_each_row(groups, valid, |group, _row| {
            if let Some(flag) = flags.get_mut(group) {
                *flag = true;
            }
        });
    }

    /// Validity of the first `count` groups' results.
    pub fn nulls(&self, count: usize) -> Option<NullBuffer> {
        let beyond = count.saturating_sub(self.total);
        match &self.flags {
            None if beyond == 0 => None,
            None => Some((0..count).map(|group| group < self.total).collect::<Vec<_>>().into()),
            Some(flags) => {
                Some((0..count).map(|group| flags.get(group).copied().unwrap_or(false)).collect::<Vec<_>>().into())
            }
        }
    }

    pub fn remove(&mut self, count: usize) {
        self.total = self.total.saturating_sub(count);
        if let Some(flags) = &mut self.flags {
            flags.drain(..count.min(flags.len()));
        }
    }

    pub fn size(&self) -> usize {
        self.flags.as_ref().map_or(0, Vec::capacity)
    }
}

/// The rows that a filter (with NULL for false) leaves, as validity.
fn filter_as_nulls(filter: &BooleanArray) -> NullBuffer {
    match filter.nulls() {
        Some(nulls) => NullBuffer::new(filter.values() & nulls.inner()),
        None => NullBuffer::new(filter.values().clone()),
    }
}

/// Validity of the rows that take part: those of `nulls` that pass the filter.
pub(crate) fn taking_part(nulls: Option<&NullBuffer>, filter: Option<&BooleanArray>) -> Option<NullBuffer> {
    NullBuffer::union(nulls, filter.map(filter_as_nulls).as_ref())
}

/// Calls `each(group, row)` for the rows that are valid.
pub(crate) fn for_each_row(groups: &[usize], valid: Option<&NullBuffer>, mut each: impl FnMut(usize, usize)) {
    match valid {
        Some(valid) if valid.null_count() > 0 => {
            groups.iter().zip(valid.iter()).enumerate().for_each(|(row, (group, is_valid))| {
                if is_valid {
                    each(*group, row);
                }
            });
        }
        Some(_) | None => groups.iter().enumerate().for_each(|(row, group)| each(*group, row)),
    }
}

/// Calls `each(group, value)` for the values that are valid.
pub(crate) fn for_each_value<T: ArrowPrimitiveType>(
    groups: &[usize],
    values: &PrimitiveArray<T>,
    valid: Option<&NullBuffer>,
    mut each: impl FnMut(usize, T::Native),
) {
    let pairs = groups.iter().zip(values.values());
    match valid {
        Some(valid) if valid.null_count() > 0 => pairs.zip(valid.iter()).for_each(|((group, value), is_valid)| {
            if is_valid {
                each(*group, *value);
            }
        }),
        Some(_) | None => pairs.for_each(|(group, value)| each(*group, *value)),
    }
}

/// A column of a primitive type.
pub(crate) fn primitive<T: ArrowPrimitiveType>(array: &ArrayRef) -> Result<&PrimitiveArray<T>> {
    match array.as_primitive_opt::<T>() {
        Some(array) => Ok(array),
        None => internal_err!("an aggregate met {} instead of {}", array.data_type(), T::DATA_TYPE),
    }
}

/// A column of booleans.
pub(crate) fn booleans(array: &ArrayRef) -> Result<&BooleanArray> {
    match array.as_boolean_opt() {
        Some(array) => Ok(array),
        None => internal_err!("an aggregate met {} instead of booleans", array.data_type()),
    }
}
