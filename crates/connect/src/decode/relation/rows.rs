//! Relations that choose, order, sample, spread or show rows.

use firesteel_base::SparkResult;
use firesteel_syntax::ir::RelationKind;
use firesteel_syntax::ir::relation::{Range, Sample};
use spark_connect_proto as proto;

use super::number;
use crate::decode::{Decoder, invalid};

pub(super) fn range(range: &proto::Range) -> RelationKind {
    RelationKind::Range(Range {
        start: range.start.unwrap_or(0),
        end: range.end,
        step: range.step,
        partitions: range.num_partitions,
    })
}

impl<'a> Decoder<'a> {
    pub(super) fn filter(&self, filter: &'a proto::Filter) -> SparkResult<RelationKind> {
        let input = filter.input.as_deref().ok_or_else(invalid::missing)?;
        Ok(RelationKind::Filter {
            input: self.relation(input)?.boxed(),
            condition: self.required_expression(filter.condition.as_ref())?,
        })
    }

    pub(super) fn sort(&self, sort: &'a proto::Sort) -> SparkResult<RelationKind> {
        if sort.order.is_empty() {
            return Err(invalid::missing());
        }
        Ok(RelationKind::Sort {
            input: self.input(sort.input.as_deref())?,
            order: self.sort_orders(&sort.order)?,
            is_global: sort.is_global.unwrap_or(false),
        })
    }

    pub(super) fn limit(&self, limit: &'a proto::Limit) -> SparkResult<RelationKind> {
        Ok(RelationKind::Limit { input: self.input(limit.input.as_deref())?, limit: number(limit.limit) })
    }

    pub(super) fn offset(&self, offset: &'a proto::Offset) -> SparkResult<RelationKind> {
        Ok(RelationKind::Offset { input: self.input(offset.input.as_deref())?, offset: number(offset.offset) })
    }

    pub(super) fn tail(&self, tail: &'a proto::Tail) -> SparkResult<RelationKind> {
        Ok(RelationKind::Tail { input: self.input(tail.input.as_deref())?, limit: number(tail.limit) })
    }

    pub(super) fn sample(&self, sample: &'a proto::Sample) -> SparkResult<RelationKind> {
        Ok(RelationKind::Sample(Sample {
            input: self.input(sample.input.as_deref())?,
            lower: sample.lower_bound,
            upper: sample.upper_bound,
            with_replacement: sample.with_replacement.unwrap_or(false),
            seed: sample.seed,
            deterministic_order: sample.deterministic_order,
            rows: None,
        }))
    }

    pub(super) fn deduplicate(&self, deduplicate: &'a proto::Deduplicate) -> SparkResult<RelationKind> {
        let input = deduplicate.input.as_deref().ok_or_else(|| invalid::plan("DEDUPLICATE_NEEDS_INPUT"))?;
        let all = deduplicate.all_columns_as_keys.unwrap_or(false);
        let columns = match (all, deduplicate.column_names.is_empty()) {
            (true, false) => return Err(invalid::plan("DEDUPLICATE_ALL_COLUMNS_AND_SUBSET")),
            (false, true) => return Err(invalid::plan("DEDUPLICATE_REQUIRES_COLUMNS_OR_ALL")),
            (true, true) => None,
            (false, false) => Some(deduplicate.column_names.clone()),
        };
        Ok(RelationKind::Deduplicate {
            input: self.relation(input)?.boxed(),
            columns,
            within_watermark: deduplicate.within_watermark.unwrap_or(false),
        })
    }

    pub(super) fn repartition(&self, repartition: &'a proto::Repartition) -> SparkResult<RelationKind> {
        Ok(RelationKind::Repartition {
            input: self.input(repartition.input.as_deref())?,
            partitions: repartition.num_partitions,
            shuffle: repartition.shuffle.unwrap_or(false),
        })
    }

    pub(super) fn repartition_by_expression(
        &self,
        repartition: &'a proto::RepartitionByExpression,
    ) -> SparkResult<RelationKind> {
        Ok(RelationKind::RepartitionByExpression {
            input: self.input(repartition.input.as_deref())?,
            expressions: self.expressions(&repartition.partition_exprs)?,
            partitions: repartition.num_partitions,
        })
    }

    pub(super) fn hint(&self, hint: &'a proto::Hint) -> SparkResult<RelationKind> {
        Ok(RelationKind::Hint {
            input: self.input(hint.input.as_deref())?,
            name: hint.name.clone(),
            parameters: self.expressions(&hint.parameters)?,
        })
    }

    pub(super) fn show_string(&self, show: &'a proto::ShowString) -> SparkResult<RelationKind> {
        Ok(RelationKind::ShowString {
            input: self.input(show.input.as_deref())?,
            rows: show.num_rows,
            truncate: show.truncate,
            vertical: show.vertical,
        })
    }

    pub(super) fn html_string(&self, html: &'a proto::HtmlString) -> SparkResult<RelationKind> {
        Ok(RelationKind::HtmlString {
            input: self.input(html.input.as_deref())?,
            rows: html.num_rows,
            truncate: html.truncate,
        })
    }
}
