//! Rows that the query itself brings: VALUES, local relations, ranges, the single row of a SELECT without FROM.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_ipc::reader::StreamReader;
use datafusion::common::DFSchema;
use datafusion::datasource::MemTable;
use datafusion::functions_table::generate_series::{GenSeriesArgs, GenerateSeriesTable};
use datafusion::logical_expr::{EmptyRelation, LogicalPlan, Values};
use firesteel_base::error::quoting::to_sql_type;
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_functions::kernel::{from_arrow, from_engine};
use firesteel_syntax::ir::Expression;
use firesteel_syntax::ir::relation::{LocalRelation, Range};

use crate::attribute::Attribute;
use crate::resolved::Resolved;
use crate::resolver::{Environment, Resolver};
use crate::scope::Scope;
use crate::sources::given_schema;
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
            return Err(SparkError::new("INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH")
                .param("expectedNumCols", width.to_string())
                .param("actualNumCols", row.len().to_string())
                .param("rowIndex", index.to_string())
                .at(origin));
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

    /// Rows that the client sent as an Arrow stream.
    pub fn local(&self, local: &LocalRelation) -> SparkResult<Resolved> {
        let given = local.schema.as_ref().map(given_schema).transpose()?;
        let (sent, batches) = match &local.data {
            Some(data) => read_stream(data)?,
            None => (None, Vec::new()),
        };
        let schema = match (given, &sent) {
            (Some(schema), _) => schema,
            (None, Some(sent)) => SparkSchema::from_arrow_fields(sent.fields())
                .ok_or_else(|| SparkError::unsupported("a local relation with a type that Spark does not have"))?,
            (None, None) => return Err(SparkError::new("CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION")),
        };
        let carrier = Arc::new(Schema::new(
            schema
                .iter()
                .enumerate()
                .map(|(index, field)| Field::new(format!("#{index}"), field.data_type.to_arrow(), field.nullable))
                .collect::<Vec<_>>(),
        ));
        let batches: SparkResult<Vec<_>> =
            batches.into_iter().map(|batch| conform(&batch, &schema, &carrier)).collect();
        let table = MemTable::try_new(carrier, vec![batches?]).map_err(from_engine)?;
        self.scan(Arc::new(table), &schema, &[])
    }
}

fn internal_field(attribute: &Attribute) -> Field {
    Field::new(attribute.column.name(), attribute.data_type.to_arrow(), attribute.nullable)
}

fn read_stream(data: &Arc<[u8]>) -> SparkResult<(Option<SchemaRef>, Vec<RecordBatch>)> {
    let read = || {
        let reader = StreamReader::try_new(std::io::Cursor::new(Arc::clone(data)), None).map_err(from_arrow)?;
        let schema = reader.schema();
        let batches: Result<Vec<_>, _> = reader.collect();
        Ok((Some(schema), batches.map_err(from_arrow)?))
    };
    // The reader trusts the places of buffers that a message tells, and panics where they lie beyond its end.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(SparkError::new("CONNECT_INVALID_PLAN.CANNOT_PARSE").param("errorMsg", "malformed Arrow data"))
    })
}

/// The batch with exactly the carrier's types.
fn conform(batch: &RecordBatch, schema: &SparkSchema, carrier: &SchemaRef) -> SparkResult<RecordBatch> {
    if batch.num_columns() != schema.len() {
        return Err(SparkError::new("CONNECT_INVALID_PLAN.INVALID_SCHEMA_NON_STRUCT_TYPE")
            .param("inputSchema", schema.simple_string())
            .param("dataType", format!("{} columns", batch.num_columns())));
    }
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (column, field) in batch.columns().iter().zip(carrier.fields()) {
        columns.push(if column.data_type() == field.data_type() {
            column.clone()
        } else {
            cast_column(column, field.data_type())?
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(carrier.clone(), columns, &options).map_err(|error| {
        let names: Vec<_> = schema.iter().filter(|field| !field.nullable).map(|field| field.name.clone()).collect();
        SparkError::new("NOT_NULL_ASSERT_VIOLATION")
            .param("walkedTypePath", format!("{}\n", names.join(", ")))
            .caused_by(error)
    })
}

fn cast_column(column: &arrow::array::ArrayRef, to: &DataType) -> SparkResult<arrow::array::ArrayRef> {
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    arrow::compute::cast_with_options(column, to, &strict).map_err(|error| {
        let from = SparkType::from_arrow(column.data_type()).unwrap_or(SparkType::Null);
        let target = SparkType::from_arrow(to).unwrap_or(SparkType::Null);
        SparkError::new("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION")
            .param("sqlExpr", "\"local relation\"")
            .param("srcType", to_sql_type(&from))
            .param("targetType", to_sql_type(&target))
            .caused_by(error)
    })
}
