//! Rows that the query itself brings: VALUES, ranges, the single row of a SELECT without FROM.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::DFSchema;
use datafusion::functions_table::generate_series::{GenSeriesArgs, GenerateSeriesTable};
use datafusion::logical_expr::{EmptyRelation, LogicalPlan, Values};
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::Expression;
use firesteel_syntax::ir::relation::Range;

use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::typed::Typed;

impl Resolver<'_> {
    /// One row without columns.
    pub fn one_row(&self) -> Resolved {
        let plan =
            LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: true, schema: Arc::new(DFSchema::empty()) });
        Resolved::new(plan, Vec::new())
    }

    pub fn range(&self, range: &Range) -> SparkResult<Resolved> {
        if range.step == 0 {
            return Err(SparkError::internal("requirement failed: step (0) cannot be 0"));
        }
        let carrier = Arc::new(Schema::new(vec![Field::new("value", DataType::Int64, false)]));
        let series = GenSeriesArgs::Int64Args {
            start: range.start,
            end: range.end,
            step: range.step,
            include_end: false,
            name: "range",
        };
        let schema = SparkSchema::new(vec![SparkField::new("id", SparkType::Long, false)]);
        self.scan(Arc::new(GenerateSeriesTable::new(carrier, series)), &schema, &[])
    }

    /// `VALUES`: each column has the common type of its values.
    pub fn values(
        &self,
        rows: &[Vec<Expression>],
        environment: Environment<'_>,
        origin: &Origin,
    ) -> SparkResult<Resolved> {
        let scope = Scope::empty(environment);
        let rows: SparkResult<Vec<Vec<Typed>>> = rows.iter().map(|row| self.resolve_all(row, &scope)).collect();
        let rows = rows?;
        let width = rows.first().map_or(0, Vec::len);
        if let Some((index, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != width) {
            return Err(columns_mismatch(width, row.len(), index).at(origin));
        }
        let mut attributes = Vec::with_capacity(width);
        for column in 0..width {
            let values: Vec<&Typed> = rows.iter().filter_map(|row| row.get(column)).collect();
            attributes.push(self.values_column(column, &values, origin)?);
        }
        let rows: SparkResult<Vec<Vec<_>>> = rows.into_iter().map(|row| self.values_row(row, &attributes)).collect();
        let fields = attributes.iter().map(internal_field).collect::<Vec<_>>();
        let schema = DFSchema::try_from(Schema::new(fields)).map_err(from_engine)?;
        let plan = LogicalPlan::Values(Values { schema: Arc::new(schema), values: rows? });
        Ok(Resolved::new(plan, attributes))
    }

    fn values_column(&self, index: usize, values: &[&Typed], origin: &Origin) -> SparkResult<Attribute> {
        let types: Vec<_> = values.iter().map(|value| value.data_type.clone()).collect();
        let name = format!("col{}", index + 1);
        let Some(data_type) = self.common_type(&types) else {
            return Err(SparkError::new("INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE")
                .param("colName", format!("`{name}`"))
                .at(origin));
        };
        let nullable = values.iter().any(|value| value.nullable);
        Ok(self.new_attribute(&name, data_type, nullable))
    }

    fn values_row(
        &self,
        row: Vec<Typed>,
        attributes: &[Attribute],
    ) -> SparkResult<Vec<datafusion::logical_expr::Expr>> {
        row.into_iter()
            .zip(attributes)
            .map(|(value, attribute)| {
                let printed = self.printer().print(&value);
                let origin = value.origin.clone();
                let value = self.coerce(value, &attribute.data_type)?;
                match self.fold(&value)? {
                    Some(value) => Ok(datafusion::logical_expr::Expr::Literal(value, None)),
                    None => Err(SparkError::new("INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE")
                        .param("expr", format!("\"{printed}\""))
                        .at(&origin)),
                }
            })
            .collect()
    }
}

fn internal_field(attribute: &Attribute) -> Field {
    Field::new(attribute.column.name(), attribute.data_type.to_arrow(), attribute.nullable)
}

/// A row of an inline table has other columns than the others, or than there are names.
pub fn columns_mismatch(expected: usize, actual: usize, row: usize) -> SparkError {
    SparkError::new("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH")
        .param("expectedNumCols", expected.to_string())
        .param("actualNumCols", actual.to_string())
        .param("rowIndex", row.to_string())
}
