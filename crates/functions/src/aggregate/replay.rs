//! What any aggregate can be wrapped in: aggregation of distinct arguments only, and of a frame that moves.

use std::collections::VecDeque;
use std::fmt;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;
use indexmap::IndexSet;

use super::groups::SingleGroup;
use super::kernel::{AggregateCall, AggregateKernel, column};

/// Aggregates each combination of arguments once.
pub(super) struct DistinctAccumulator<K> {
    kernel: K,
    call: AggregateCall,
    converter: RowConverter,
    /// The combinations seen, as encoded rows, in the order of their first occurrence.
    seen: IndexSet<Box<[u8]>>,
    bytes: usize,
}

impl<K> fmt::Debug for DistinctAccumulator<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DistinctAccumulator({} rows)", self.seen.len())
    }
}

impl<K: AggregateKernel> DistinctAccumulator<K> {
    pub fn try_new(kernel: K, call: AggregateCall) -> Result<Self> {
        let fields = call.arguments.iter().cloned().map(SortField::new).collect();
        Ok(Self { kernel, call, converter: RowConverter::new(fields)?, seen: IndexSet::new(), bytes: 0 })
    }

    /// One list for each argument.
    pub fn state_types(arguments: &[DataType]) -> Vec<DataType> {
        let list = |data_type: &DataType| DataType::List(Arc::new(Field::new("element", data_type.clone(), true)));
        arguments.iter().map(list).collect()
    }

    fn add(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let rows = self.converter.convert_columns(columns)?;
        for row in &rows {
            if !self.seen.contains(row.data()) {
                self.bytes += row.data().len();
                self.seen.insert(row.data().into());
            }
        }
        Ok(())
    }

    fn columns(&self) -> Result<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        Ok(self.converter.convert_rows(self.seen.iter().map(|row| parser.parse(row)))?)
    }
}

impl<K: AggregateKernel> Accumulator for DistinctAccumulator<K> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let arguments = self.call.arguments.len();
        self.add(values.get(..arguments).unwrap_or(values))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut accumulator = SingleGroup::new(self.kernel.groups(&self.call)?);
        accumulator.update_batch(&self.columns()?)?;
        accumulator.evaluate()
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.bytes + self.seen.capacity() * (size_of::<Box<[u8]>>() + size_of::<usize>() * 2)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let list = |values: ArrayRef| {
            let field = Arc::new(Field::new("element", values.data_type().clone(), true));
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            Ok(ScalarValue::List(Arc::new(ListArray::try_new(field, offsets, values, None)?)))
        };
        self.columns()?.into_iter().map(list).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = column(states, 0)?.len();
        for row in 0..rows {
            let columns: Vec<ArrayRef> = states.iter().map(|state| state.as_list::<i32>().value(row)).collect();
            self.add(&columns)?;
        }
        Ok(())
    }
}

/// Keeps the rows of a frame and aggregates them anew at each evaluation.
#[derive(Debug)]
pub(super) struct ReplayingAccumulator<K> {
    kernel: K,
    call: AggregateCall,
    is_distinct: bool,
    frame: VecDeque<Vec<ArrayRef>>,
}

/// More batches than this are put together before they are aggregated.
const BATCHES_MAX: usize = 16;

impl<K: AggregateKernel> ReplayingAccumulator<K> {
    pub fn new(kernel: K, call: AggregateCall, is_distinct: bool) -> Self {
        Self { kernel, call, is_distinct, frame: VecDeque::new() }
    }

    fn compact(&mut self) -> Result<()> {
        if self.frame.len() <= BATCHES_MAX {
            return Ok(());
        }
        let width = self.frame.front().map_or(0, Vec::len);
        let whole = (0..width).map(|index| {
            let pieces: Result<Vec<&dyn Array>> =
                self.frame.iter().map(|batch| column(batch, index).map(AsRef::as_ref)).collect();
            Ok(concat(&pieces?)?)
        });
        let whole = whole.collect::<Result<Vec<_>>>()?;
        self.frame = VecDeque::from([whole]);
        Ok(())
    }
}

impl<K: AggregateKernel> Accumulator for ReplayingAccumulator<K> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if values.first().is_some_and(|values| !values.is_empty()) {
            self.frame.push_back(values.to_vec());
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = values.first().map_or(0, |values| values.len());
        while leaving > 0
            && let Some(mut batch) = self.frame.pop_front()
        {
            let rows = batch.first().map_or(0, |values| values.len());
            if rows > leaving {
                batch.iter_mut().for_each(|values| *values = values.slice(leaving, rows - leaving));
                self.frame.push_front(batch);
            }
            leaving = leaving.saturating_sub(rows);
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.compact()?;
        let mut accumulator: Box<dyn Accumulator> = if self.is_distinct {
            Box::new(DistinctAccumulator::try_new(self.kernel, self.call.clone())?)
        } else {
            Box::new(SingleGroup::new(self.kernel.groups(&self.call)?))
        };
        for batch in &self.frame {
            accumulator.update_batch(batch)?;
        }
        accumulator.evaluate()
    }

    fn size(&self) -> usize {
        let bytes: usize = self.frame.iter().flatten().map(|values| values.get_array_memory_size()).sum();
        size_of_val(self) + bytes
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        datafusion::common::internal_err!("a frame has no partial result")
    }

    fn merge_batch(&mut self, _states: &[ArrayRef]) -> Result<()> {
        datafusion::common::internal_err!("a frame has no partial result")
    }
}
