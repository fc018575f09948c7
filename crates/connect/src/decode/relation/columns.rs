//! Relations that choose, make, rename or drop columns.

use firesteel_base::{Origin, SparkResult, SparkType};
use firesteel_syntax::ir::relation::Unpivot;
use firesteel_syntax::ir::{Relation, RelationKind};
use spark_connect_proto as proto;

use super::read::not_a_struct;
use super::shared;
use crate::decode::{Decoder, invalid};

impl<'a> Decoder<'a> {
    /// Without an input it is a projection of one row.
    pub(super) fn project(&self, project: &'a proto::Project) -> SparkResult<RelationKind> {
        let input = match project.input.as_deref() {
            Some(input) => self.relation(input)?,
            None => Relation::new(RelationKind::OneRow, Origin::Unknown),
        };
        Ok(RelationKind::Project { input: input.boxed(), expressions: self.expressions(&project.expressions)? })
    }

    pub(super) fn to_df(&self, to_df: &'a proto::ToDf) -> SparkResult<RelationKind> {
        Ok(RelationKind::ToDf { input: self.input(to_df.input.as_deref())?, columns: to_df.column_names.clone() })
    }

    pub(super) fn to_schema(&self, to_schema: &'a proto::ToSchema) -> SparkResult<RelationKind> {
        let input = self.input(to_schema.input.as_deref())?;
        let schema = to_schema.schema.as_ref().ok_or_else(invalid::missing)?;
        match self.data_type(schema)? {
            SparkType::Struct(schema) => Ok(RelationKind::ToSchema { input, schema }),
            other => Err(not_a_struct(&other)),
        }
    }

    pub(super) fn with_columns(&self, with_columns: &'a proto::WithColumns) -> SparkResult<RelationKind> {
        let column = |alias: &proto::expression::Alias| {
            let [name] = alias.name.as_slice() else {
                let got = alias.name.join(".");
                return Err(invalid::plan("WITH_COLUMNS_REQUIRE_SINGLE_NAME_PART").param("got", got));
            };
            let metadata = alias.metadata.as_deref().filter(|metadata| !metadata.is_empty()).map(shared);
            Ok((name.clone(), self.required_expression(alias.expr.as_deref())?, metadata))
        };
        let input = self.input(with_columns.input.as_deref())?;
        let columns: SparkResult<Vec<_>> = with_columns.aliases.iter().map(column).collect();
        Ok(RelationKind::WithColumns { input, columns: columns? })
    }

    pub(super) fn with_columns_renamed(&self, renamed: &'a proto::WithColumnsRenamed) -> SparkResult<RelationKind> {
        let input = self.input(renamed.input.as_deref())?;
        let mut renames: Vec<(String, String)> =
            renamed.renames.iter().map(|rename| (rename.col_name.clone(), rename.new_col_name.clone())).collect();
        // Clients before 4.0 send their renames here.
        let old = super::options(&renamed.rename_columns_map);
        renames.extend(old);
        Ok(RelationKind::WithColumnsRenamed { input, renames })
    }

    pub(super) fn drop_columns(&self, drop: &'a proto::Drop) -> SparkResult<RelationKind> {
        Ok(RelationKind::Drop {
            input: self.input(drop.input.as_deref())?,
            columns: self.expressions(&drop.columns)?,
            names: drop.column_names.clone(),
        })
    }

    pub(super) fn unpivot(&self, unpivot: &'a proto::Unpivot) -> SparkResult<RelationKind> {
        let values = match &unpivot.values {
            None => None,
            Some(values) => {
                let columns = self.expressions(&values.values)?;
                Some(columns.into_iter().map(|column| (vec![column], None)).collect())
            }
        };
        Ok(RelationKind::Unpivot(Box::new(Unpivot {
            input: self.required(unpivot.input.as_deref())?,
            ids: Some(self.expressions(&unpivot.ids)?),
            values,
            variable_column: unpivot.variable_column_name.clone(),
            value_columns: vec![unpivot.value_column_name.clone()],
            include_nulls: true,
        })))
    }

    pub(super) fn transpose(&self, transpose: &'a proto::Transpose) -> SparkResult<RelationKind> {
        Ok(RelationKind::Transpose {
            input: self.input(transpose.input.as_deref())?,
            index_columns: self.expressions(&transpose.index_columns)?,
        })
    }

    pub(super) fn collect_metrics(&self, metrics: &'a proto::CollectMetrics) -> SparkResult<RelationKind> {
        Ok(RelationKind::CollectMetrics {
            input: self.input(metrics.input.as_deref())?,
            name: metrics.name.clone(),
            metrics: self.expressions(&metrics.metrics)?,
        })
    }

    pub(super) fn subquery_alias(&self, alias: &'a proto::SubqueryAlias) -> SparkResult<RelationKind> {
        Ok(RelationKind::SubqueryAlias {
            input: self.input(alias.input.as_deref())?,
            name: alias.alias.clone(),
            qualifier: alias.qualifier.clone(),
            columns: Vec::new(),
        })
    }
}
