//! Aggregates whose result is a sketch: one state for each group, whose bytes are its partial result as well.

use std::fmt::Debug;
use std::mem::size_of_val;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryBuilder, BooleanArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use firesteel_base::SparkResult;

use crate::aggregate::groups::{Groups, for_each_row, taking_part};
use crate::aggregate::kernel::{AggregateCall, column};
use crate::aggregate::raise;

/// The sketch of one group.
pub(super) trait State: Debug + Send + Sync + 'static {
    /// Takes in a row of the arguments.
    fn update(&mut self, columns: &[ArrayRef], row: usize) -> SparkResult<()>;

    /// Takes in a partial result.
    fn merge(&mut self, bytes: &[u8]) -> SparkResult<()>;

    /// The result; of a group without a row, too.
    fn result(&self) -> SparkResult<Vec<u8>>;

    /// The partial result; `None` if there is nothing to tell.
    fn partial(&self) -> SparkResult<Option<Vec<u8>>> {
        self.result().map(Some)
    }

    /// Bytes in memory, about.
    fn size(&self) -> usize;
}

/// Makes the state of a group.
pub(super) type MakeState = fn(&AggregateCall) -> SparkResult<Box<dyn State>>;

#[derive(Debug)]
pub(super) struct SketchGroups {
    call: AggregateCall,
    make: MakeState,
    states: Vec<Box<dyn State>>,
    missing: usize,
}

impl SketchGroups {
    pub fn new(call: &AggregateCall, make: MakeState) -> Self {
        Self { call: call.clone(), make, states: Vec::new(), missing: 0 }
    }

    /// Makes the states that [`Groups::resize`] asked for.
    fn make(&mut self) -> Result<()> {
        while self.states.len() < self.missing {
            self.states.push((self.make)(&self.call).map_err(raise)?);
        }
        Ok(())
    }
}

impl Groups for SketchGroups {
    fn resize(&mut self, total: usize) {
        self.missing = self.missing.max(total);
    }

    fn update(&mut self, columns: &[ArrayRef], groups: &[usize], filter: Option<&BooleanArray>) -> Result<()> {
        self.make()?;
        let valid = taking_part(None, filter);
        let mut outcome = Ok(());
        let states = &mut self.states;
        for_each_row(groups, valid.as_ref(), |group, row| {
            if outcome.is_ok()
                && let Some(state) = states.get_mut(group)
            {
                outcome = state.update(columns, row);
            }
        });
        outcome.map_err(raise)
    }

    fn merge(&mut self, state: &[ArrayRef], groups: &[usize]) -> Result<()> {
        self.make()?;
        let partials = cast(column(state, 0)?, &DataType::Binary)?;
        let partials = partials.as_binary::<i32>();
        for (row, group) in groups.iter().enumerate() {
            if partials.is_valid(row)
                && let Some(state) = self.states.get_mut(*group)
            {
                state.merge(partials.value(row)).map_err(raise)?;
            }
        }
        Ok(())
    }

    fn evaluate(&self, count: usize) -> Result<ArrayRef> {
        let mut results = BinaryBuilder::new();
        for state in self.states.iter().take(count) {
            results.append_value(state.result().map_err(raise)?);
        }
        for _ in self.states.len()..count {
            results.append_value((self.make)(&self.call).and_then(|state| state.result()).map_err(raise)?);
        }
        Ok(Arc::new(results.finish()))
    }

    fn state(&self, count: usize) -> Result<Vec<ArrayRef>> {
        let mut partials = BinaryBuilder::new();
        for state in self.states.iter().take(count) {
            partials.append_option(state.partial().map_err(raise)?);
        }
        for _ in self.states.len()..count {
            partials.append_null();
        }
        Ok(vec![Arc::new(partials.finish())])
    }

    fn remove(&mut self, count: usize) -> Result<()> {
        self.states.drain(..count.min(self.states.len()));
        self.missing = self.missing.saturating_sub(count);
        Ok(())
    }

    fn len(&self) -> usize {
        self.missing
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.states.iter().map(|state| state.size()).sum::<usize>()
    }
}

/// A constant argument of an aggregate as an `INT`.
pub(super) fn int_argument(call: &AggregateCall, index: usize) -> Option<i32> {
    match call.constant(index)?.cast_to(&DataType::Int32).ok()? {
        ScalarValue::Int32(value) => value,
        _ => None,
    }
}

/// A constant argument of an aggregate as text.
pub(super) fn text_argument(call: &AggregateCall, index: usize) -> Option<String> {
    match call.constant(index)?.cast_to(&DataType::Utf8).ok()? {
        ScalarValue::Utf8(value) => value,
        _ => None,
    }
}

/// Declares aggregates by how a group's state is made.
macro_rules! sketch_aggregates {
    ($($kernel:ident = $name:literal => $make:expr;)+) => {$(
        #[derive(Clone, Copy, Debug, Default)]
        struct $kernel;

        impl $crate::aggregate::kernel::AggregateKernel for $kernel {
            const NAME: &'static str = $name;

            fn return_type(
                &self,
                _arguments: &[arrow::datatypes::DataType],
            ) -> datafusion::common::Result<arrow::datatypes::DataType> {
                Ok(arrow::datatypes::DataType::Binary)
            }

            fn state(
                &self,
                _arguments: &[arrow::datatypes::DataType],
                _return_type: &arrow::datatypes::DataType,
            ) -> Vec<arrow::datatypes::DataType> {
                vec![arrow::datatypes::DataType::Binary]
            }

            fn groups(
                &self,
                call: &$crate::aggregate::kernel::AggregateCall,
            ) -> datafusion::common::Result<Box<dyn $crate::aggregate::groups::Groups>> {
                Ok(Box::new($crate::sketch::groups::SketchGroups::new(call, $make)))
            }
        }
    )+};
}
pub(super) use sketch_aggregates;
