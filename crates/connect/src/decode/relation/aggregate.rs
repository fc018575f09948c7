//! Grouping and pivoting.

use firesteel_base::{Origin, SparkResult};
use firesteel_syntax::ir::relation::{Aggregate, Grouping, Pivot};
use firesteel_syntax::ir::{Expression, RelationKind};
use spark_connect_proto as proto;
use spark_connect_proto::aggregate::GroupType;

use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    pub(super) fn aggregate(&self, aggregate: &'a proto::Aggregate) -> SparkResult<RelationKind> {
        let input = aggregate.input.as_deref().ok_or_else(|| invalid::plan("AGGREGATE_NEEDS_PLAN_INPUT"))?;
        let input = self.relation(input)?;
        let columns = self.expressions(&aggregate.grouping_expressions)?;
        let expressions = self.expressions(&aggregate.aggregate_expressions)?;
        let grouping = match GroupType::try_from(aggregate.group_type) {
            Ok(GroupType::Groupby) => Grouping::By(columns),
            Ok(GroupType::Rollup) => Grouping::Rollup(columns),
            Ok(GroupType::Cube) => Grouping::Cube(columns),
            Ok(GroupType::GroupingSets) => {
                let sets: SparkResult<Vec<_>> =
                    aggregate.grouping_sets.iter().map(|set| self.expressions(&set.grouping_set)).collect();
                Grouping::Sets { sets: sets?, columns }
            }
            Ok(GroupType::Pivot) => {
                let pivot =
                    aggregate.pivot.as_ref().ok_or_else(|| invalid::plan("AGGREGATE_WITH_PIVOT_REQUIRES_PIVOT"))?;
                let value =
                    |value: &proto::expression::Literal| Ok(Expression::literal(self.literal(value)?, Origin::Unknown));
                let values: SparkResult<Vec<_>> = pivot.values.iter().map(value).collect();
                return Ok(RelationKind::Pivot(Box::new(Pivot {
                    input,
                    grouping: Some(columns),
                    aggregates: expressions,
                    columns: vec![self.required_expression(pivot.col.as_ref())?],
                    values: values?,
                })));
            }
            Ok(GroupType::Unspecified) | Err(_) => {
                return Err(invalid::enumeration(
                    "Aggregate.group_type",
                    "GROUP_TYPE_UNSPECIFIED",
                    aggregate.group_type,
                ));
            }
        };
        Ok(RelationKind::Aggregate(Box::new(Aggregate { input, grouping, expressions, prepend_grouping: true })))
    }
}
