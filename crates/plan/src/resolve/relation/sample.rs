//! Samples, and the last rows.

use std::sync::Arc;

use datafusion::logical_expr::{Filter, LogicalPlan};
use firesteel_base::{SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_functions::sampler::POISSON_MEAN_MAX;
use firesteel_syntax::ir::relation::Sample;
use firesteel_syntax::ir::{Expression, Relation};

use crate::operator::{RandomSample, RowOperation, RowOperator};
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::typed::{SortKey, Typed};

impl Resolver<'_> {
    pub fn sample(&self, sample: &Sample, environment: Environment<'_>) -> SparkResult<Resolved> {
        if let Some(rows) = &sample.rows {
            return self.limit(&sample.input, rows, environment);
        }
        if sample.with_replacement && sample.upper - sample.lower >= POISSON_MEAN_MAX {
            return Err(SparkError::unsupported(format!("sampling every row {POISSON_MEAN_MAX} times or more")));
        }
        let mut input = self.resolve_relation(&sample.input, environment)?;
        if sample.deterministic_order {
            let orderable = |data_type: &SparkType| firesteel_functions::coercion::is_orderable(data_type);
            let keys = input.output.iter().filter(|attribute| orderable(&attribute.data_type));
            let keys: Vec<_> = keys
                .map(|attribute| SortKey { child: Typed::column(attribute), ascending: true, nulls_first: true })
                .collect();
            input = self.sorted(input, &keys)?;
        }
        let seed = sample.seed.unwrap_or(self.bind.query_time);
        let operator = RandomSample::new(sample.lower, sample.upper, sample.with_replacement, seed);
        let plan = RowOperation::plan(RowOperator::Sample(operator), input.plan.clone());
        Ok(Resolved { plan, block: None, ..input })
    }

    /// `df.tail`: the last rows in the input's order.
    pub fn tail(&self, input: &Relation, limit: &Expression, environment: Environment<'_>) -> SparkResult<Resolved> {
        let input = self.resolve_relation(input, environment)?;
        let count = usize::try_from(self.row_count("tail", limit, environment)?).unwrap_or(usize::MAX);
        let plan = RowOperation::plan(RowOperator::Tail(count), input.plan.clone());
        Ok(Resolved { plan, block: None, ..input })
    }

    /// The rows for which a resolved condition holds.
    pub fn filtered(&self, input: Resolved, condition: &Typed) -> SparkResult<Resolved> {
        let predicate = self.lowering().expression(condition)?;
        let filter = Filter::try_new(predicate, Arc::new(input.plan.clone())).map_err(from_engine)?;
        Ok(Resolved { plan: LogicalPlan::Filter(filter), block: None, ..input })
    }
}
