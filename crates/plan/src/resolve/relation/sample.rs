//! Samples.

use std::sync::Arc;

use datafusion::logical_expr::{Filter, LogicalPlan};
use datafusion::scalar::ScalarValue;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::relation::Sample;

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::typed::Typed;

impl Resolver<'_> {
    pub fn sample(&self, sample: &Sample, environment: Environment<'_>) -> SparkResult<Resolved> {
        if let Some(rows) = &sample.rows {
            return self.limit(&sample.input, rows, environment);
        }
        if sample.with_replacement {
            return Err(SparkError::unsupported("sampling with replacement"));
        }
        let input = self.resolve_relation(&sample.input, environment)?;
        let seed = sample.seed.unwrap_or(self.bind.query_time);
        let double = |value: f64| Typed::literal(ScalarValue::Float64(Some(value)), SparkType::Double);
        let seed = || Typed::literal(ScalarValue::Int64(Some(seed)), SparkType::Long);
        let random = || self.call("rand", vec![seed()], &Origin::Unknown);
        let mut condition = self.call("<", vec![random()?, double(sample.upper)], &Origin::Unknown)?;
        if sample.lower > 0.0 {
            let above = self.call(">=", vec![random()?, double(sample.lower)], &Origin::Unknown)?;
            condition = self.call("and", vec![above, condition], &Origin::Unknown)?;
        }
        self.filtered(input, &condition)
    }

    /// The rows for which a resolved condition holds.
    pub fn filtered(&self, input: Resolved, condition: &Typed) -> SparkResult<Resolved> {
        let predicate = self.lowering().expression(condition)?;
        let filter = Filter::try_new(predicate, Arc::new(input.plan.clone())).map_err(from_engine)?;
        Ok(Resolved { plan: LogicalPlan::Filter(filter), block: None, ..input })
    }
}
