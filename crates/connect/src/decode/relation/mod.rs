//! The protocol's relations, one small function for each.

mod aggregate;
mod columns;
mod join;
mod local;
mod missing_values;
mod read;
mod rows;
mod statistics;

use std::sync::Arc;

use firesteel_base::{Origin, SparkResult};
use firesteel_syntax::ir::relation::{HeldRows, TableFunction};
use firesteel_syntax::ir::{Command, Expression, Literal, Relation, RelationKind};
use indexmap::IndexMap;
use spark_connect_proto as proto;
use spark_connect_proto::relation::RelType;

use super::{Decoder, invalid};

impl<'a> Decoder<'a> {
    /// A relation with its plan id and the place it was written.
    pub(crate) fn relation(&self, relation: &'a proto::Relation) -> SparkResult<Relation> {
        let common = relation.common.as_ref();
        let origin = super::origin(common.and_then(|common| common.origin.as_ref()));
        let unset = || invalid::not_set("Relation", "RELTYPE");
        let rel_type = relation.rel_type.as_ref().ok_or_else(unset)?;
        let mut decoded = self.node(|| self.of_rel_type(rel_type)).map_err(|error| error.at_if_unknown(&origin))?;
        decoded.plan_id = common.and_then(|common| common.plan_id);
        if decoded.origin.is_unknown() {
            decoded.origin = origin;
        }
        Ok(decoded)
    }

    /// An input that must be there; one that is not is as one without content.
    pub(super) fn required(&self, relation: Option<&'a proto::Relation>) -> SparkResult<Relation> {
        match relation {
            Some(relation) => self.relation(relation),
            None => Err(invalid::not_set("Relation", "RELTYPE")),
        }
    }

    pub(super) fn input(&self, relation: Option<&'a proto::Relation>) -> SparkResult<Box<Relation>> {
        self.required(relation).map(Box::new)
    }

    /// SQL text and `WithRelations` come with origins of their own; the other kinds get the message's.
    fn of_rel_type(&self, rel_type: &'a RelType) -> SparkResult<Relation> {
        match rel_type {
            RelType::Sql(sql) => self.sql(sql),
            RelType::WithRelations(with) => self.with_relations(with),
            _ => Ok(Relation::new(self.kind(rel_type)?, Origin::Unknown)),
        }
    }

    fn kind(&self, rel_type: &'a RelType) -> SparkResult<RelationKind> {
        match rel_type {
            RelType::Sql(_) | RelType::WithRelations(_) => Err(invalid::missing()),
            RelType::Read(read) => self.read(read),
            RelType::Parse(parse) => self.parse(parse),
            RelType::Project(project) => self.project(project),
            RelType::Filter(filter) => self.filter(filter),
            RelType::Join(join) => self.join(join),
            RelType::LateralJoin(join) => self.lateral_join(join),
            RelType::SetOp(operation) => self.set_operation(operation),
            RelType::Sort(sort) => self.sort(sort),
            RelType::Limit(limit) => self.limit(limit),
            RelType::Offset(offset) => self.offset(offset),
            RelType::Tail(tail) => self.tail(tail),
            RelType::Aggregate(aggregate) => self.aggregate(aggregate),
            RelType::LocalRelation(local) => self.local(local),
            RelType::CachedLocalRelation(cached) => self.cached_local(cached),
            RelType::ChunkedCachedLocalRelation(chunked) => self.chunked_local(chunked),
            RelType::Sample(sample) => self.sample(sample),
            RelType::Deduplicate(deduplicate) => self.deduplicate(deduplicate),
            RelType::Range(range) => Ok(rows::range(range)),
            RelType::SubqueryAlias(alias) => self.subquery_alias(alias),
            RelType::Repartition(repartition) => self.repartition(repartition),
            RelType::RepartitionByExpression(repartition) => self.repartition_by_expression(repartition),
            RelType::ToDf(to_df) => self.to_df(to_df),
            RelType::ToSchema(to_schema) => self.to_schema(to_schema),
            RelType::WithColumns(with_columns) => self.with_columns(with_columns),
            RelType::WithColumnsRenamed(renamed) => self.with_columns_renamed(renamed),
            RelType::Drop(drop) => self.drop_columns(drop),
            RelType::Hint(hint) => self.hint(hint),
            RelType::Unpivot(unpivot) => self.unpivot(unpivot),
            RelType::Transpose(transpose) => self.transpose(transpose),
            RelType::CollectMetrics(metrics) => self.collect_metrics(metrics),
            RelType::ShowString(show) => self.show_string(show),
            RelType::HtmlString(html) => self.html_string(html),
            RelType::UnresolvedTableValuedFunction(function) => self.table_function(function),
            RelType::FillNa(fill) => self.fill_na(fill),
            RelType::DropNa(drop) => self.drop_na(drop),
            RelType::Replace(replace) => self.replace(replace),
            RelType::Summary(summary) => self.summary(summary),
            RelType::Describe(describe) => self.describe(describe),
            RelType::Crosstab(crosstab) => self.crosstab(crosstab),
            RelType::Cov(covariance) => self.covariance(covariance),
            RelType::Corr(correlation) => self.correlation(correlation),
            RelType::ApproxQuantile(quantile) => self.approx_quantile(quantile),
            RelType::FreqItems(items) => self.frequent_items(items),
            RelType::SampleBy(sample) => self.sample_by(sample),
            RelType::Catalog(catalog) => Ok(RelationKind::Command(Box::new(Command::Catalog(self.catalog(catalog)?)))),
            RelType::CachedRemoteRelation(remote) => self.checkpointed(&remote.relation_id),
            RelType::Extension(any) => {
                Err(invalid::plan("NO_HANDLER_FOR_EXTENSION").param("extensionTypeUrl", &any.type_url))
            }
            RelType::Unknown(_) => Err(invalid::not_supported("Relation", "UNKNOWN", 999)),
            other => Ok(RelationKind::Unsupported(unsupported(other).to_owned())),
        }
    }

    fn checkpointed(&self, id: &str) -> SparkResult<RelationKind> {
        match self.session.checkpointed(id) {
            Some(id) => Ok(RelationKind::Held(HeldRows { id, input: None })),
            None => Err(invalid::plan("DATAFRAME_NOT_FOUND")
                .param("dfId", id)
                .param("sessionId", &self.session.key().session_id)),
        }
    }

    fn table_function(&self, function: &proto::UnresolvedTableValuedFunction) -> SparkResult<RelationKind> {
        Ok(RelationKind::TableFunction(TableFunction {
            name: vec![function.function_name.clone()],
            arguments: self.expressions(&function.arguments)?,
            options: IndexMap::new(),
        }))
    }
}

/// What a relation that is not built is called where it is refused.
fn unsupported(rel_type: &RelType) -> &'static str {
    match rel_type {
        RelType::MapPartitions(_) => "mapInPandas and mapInArrow",
        RelType::GroupMap(_) => "applyInPandas",
        RelType::CoGroupMap(_) => "cogroup().applyInPandas",
        RelType::ApplyInPandasWithState(_) => "applyInPandasWithState",
        RelType::WithWatermark(_) => "withWatermark",
        RelType::CommonInlineUserDefinedTableFunction(_) => "Python user-defined table functions",
        RelType::CommonInlineUserDefinedDataSource(_) => "Python data sources",
        RelType::AsOfJoin(_) => "as-of joins",
        RelType::RelationChanges(_) => "reading a table's changes",
        RelType::NearestByJoin(_) => "nearest-by joins",
        RelType::Zip(_) => "zip",
        RelType::MlRelation(_) => "Spark ML",
        _ => "a relation of the protocol",
    }
}

/// A constant number of rows.
pub(super) fn number(value: i32) -> Expression {
    Expression::literal(Literal::Integer(value), Origin::Unknown)
}

/// Text that is not empty, shared.
pub(super) fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}

/// The options of a message, whose order means nothing, in an order that is always the same.
pub(crate) fn options(map: &std::collections::HashMap<String, String>) -> IndexMap<String, String> {
    let mut options: IndexMap<String, String> = map.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    options.sort_keys();
    options
}
