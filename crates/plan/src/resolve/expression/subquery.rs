//! Queries inside expressions.

use std::sync::Arc;

use firesteel_base::error::quoting::to_sql_expr;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::expression::Expression;

use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::{SubqueryPlan, Typed, TypedKind};
use crate::unnest::outer_occurrences;

impl Resolver<'_> {
    fn subquery(&self, query: &Relation, scope: &Scope<'_>) -> SparkResult<Resolved> {
        let environment = Environment { outer: Some(scope), windows: &[], is_limit_all: false, ..scope.environment };
        self.check_ambiguous_names(query, environment)?;
        self.resolve_relation(query, environment)
    }

    fn subquery_plan(&self, resolved: Resolved, scope: &Scope<'_>) -> SparkResult<Arc<SubqueryPlan>> {
        let references = outer_occurrences(&resolved.plan)?;
        let outer = references.iter().filter_map(|column| scope.attribute_of(column)).cloned().collect();
        Ok(Arc::new(SubqueryPlan { resolved, outer }))
    }

    pub fn scalar_subquery(&self, query: &Relation, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let resolved = self.subquery(query, scope)?;
        let [column] = resolved.output.as_slice() else {
            return Err(SparkError::new(
                "INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN",
            )
            .param("number", resolved.output.len().to_string()));
        };
        let data_type = column.data_type.clone();
        let kind = TypedKind::ScalarSubquery(self.subquery_plan(resolved, scope)?);
        Ok(Typed::new(kind, data_type, true, origin.clone()))
    }

    pub fn exists(&self, query: &Relation, scope: &Scope<'_>, origin: &Origin) -> SparkResult<Typed> {
        let resolved = self.subquery(query, scope)?;
        let kind = TypedKind::Exists(self.subquery_plan(resolved, scope)?);
        Ok(Typed::new(kind, SparkType::Boolean, false, origin.clone()))
    }

    /// `values IN (query)` as errors show it.
    fn in_subquery_sql(&self, values: &[Typed], resolved: Resolved, scope: &Scope<'_>) -> SparkResult<String> {
        let query = self.subquery_plan(resolved, scope)?;
        let outer: Vec<_> = query.outer.iter().map(|attribute| attribute.name.to_string()).collect();
        let printed: Vec<_> = values.iter().map(|value| self.printer().print(value)).collect();
        let value = match printed.as_slice() {
            [value] => value.clone(),
            values => {
                let fields: Vec<_> = values.iter().map(|value| format!("'{value}', {value}")).collect();
                format!("named_struct({})", fields.join(", "))
            }
        };
        Ok(to_sql_expr(&format!("({value} IN (listquery({})))", outer.join(", "))))
    }

    pub fn in_subquery(
        &self,
        values: &[Expression],
        query: &Relation,
        scope: &Scope<'_>,
        origin: &Origin,
    ) -> SparkResult<Typed> {
        let values = self.resolve_all(values, scope)?;
        let resolved = self.subquery(query, scope)?;
        if values.len() != resolved.output.len() {
            let left: Vec<_> = values.iter().map(|value| format!("\"{}\"", self.printer().print(value))).collect();
            let right: Vec<_> = resolved.output.iter().map(|column| format!("\"{}\"", column.name)).collect();
            let sql = self.in_subquery_sql(&values, resolved.clone(), scope)?;
            return Err(SparkError::new("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH")
                .param("sqlExpr", sql)
                .param("leftLength", values.len().to_string())
                .param("rightLength", resolved.output.len().to_string())
                .param("leftColumns", left.join(", "))
                .param("rightColumns", right.join(", ")));
        }
        let mut types = Vec::with_capacity(values.len());
        for (value, column) in values.iter().zip(&resolved.output) {
            let pair = [value.data_type.clone(), column.data_type.clone()];
            let Some(common) = self.common_type(&pair) else {
                return Err(SparkError::new("DATATYPE_MISMATCH.IN_SUBQUERY_DATA_TYPE_MISMATCH")
                    .param("sqlExpr", "\"(IN (listquery()))\"")
                    .param("mismatchedColumns", format!("(\"{}\", \"{}\")", self.printer().print(value), column.name))
                    .param("leftType", format!("\"{}\"", value.data_type.sql()))
                    .param("rightType", format!("\"{}\"", column.data_type.sql())));
            };
            types.push(common);
        }
        let nullable =
            values.iter().any(|value| value.nullable) || resolved.output.iter().any(|column| column.nullable);
        let resolved = self.cast_output(resolved, &types)?;
        let values: SparkResult<Vec<_>> =
            values.into_iter().zip(&types).map(|(value, data_type)| self.coerce(value, data_type)).collect();
        let kind = TypedKind::InSubquery { values: values?, query: self.subquery_plan(resolved, scope)? };
        Ok(Typed::new(kind, SparkType::Boolean, nullable, origin.clone()))
    }
}
