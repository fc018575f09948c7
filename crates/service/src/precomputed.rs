//! Queries that run before a query: some relations have columns that only the rows of their input tell.
//!
//! Each such relation is replaced by one whose columns are known: a pivot by one with a list of values, a transposed
//! relation by its rows. Their inputs are bounded by settings. Commands, whose answers clients query, are run too.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::{concat_batches, interleave};
use arrow::datatypes::Schema;
use datafusion::scalar::ScalarValue;
use firesteel_base::error::quoting::{to_sql_conf, to_sql_type};
use firesteel_base::{Origin, SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_functions::coercion::{is_atomic, is_orderable, wider_type_without_string_promotion};
use firesteel_syntax::ir::expression::{CastMode, NullOrder, SortOrder};
use firesteel_syntax::ir::relation::{LocalData, LocalRelation, Pivot, SchemaText};
use firesteel_syntax::ir::visit::{Visitor, walk_relation};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind};

use crate::answer::Answer;
use crate::operation::write_stream;
use crate::session::Session;

/// The key that bounds the rows of a relation to transpose.
const TRANSPOSE_MAX_VALUES: &str = "spark.sql.transposeMaxValues";
const TRANSPOSE_MAX_VALUES_DEFAULT: i64 = 500;
const PIVOT_MAX_VALUES: &str = "spark.sql.pivotMaxValues";

impl Session {
    /// Runs what the relation's columns depend on, innermost first.
    pub(crate) async fn precompute(&self, relation: &mut Relation) -> SparkResult<()> {
        while let Some(kind) = take_pending(relation)? {
            let computed = match kind {
                RelationKind::Pivot(pivot) => Box::pin(self.pivot_with_values(*pivot)).await?,
                RelationKind::Crosstab { input, first, second } => {
                    Box::pin(self.crosstab(*input, &first, &second)).await?
                }
                RelationKind::Transpose { input, index_columns } => {
                    Box::pin(self.transposed(*input, index_columns)).await?
                }
                RelationKind::Command(command) => {
                    let answer = Box::pin(self.run_command(*command)).await?;
                    let (schema, batch) = self.gathered(answer).await?;
                    local(&schema, batch)?
                }
                other => other,
            };
            put_back(relation, computed)?;
        }
        Ok(())
    }

    /// The rows of a query that has few.
    async fn rows(&self, kind: RelationKind) -> SparkResult<(SparkSchema, RecordBatch)> {
        let answer = self.run_query(Relation::new(kind, Origin::Unknown)).await?;
        self.gathered(answer).await
    }

    /// An answer's rows in one batch.
    async fn gathered(&self, answer: Answer) -> SparkResult<(SparkSchema, RecordBatch)> {
        let (schema, batches) = answer.collect().await?;
        let arrow = match batches.first() {
            Some(batch) => batch.schema(),
            None => Arc::new(Schema::new(schema.to_arrow_fields(&self.time_zone()))),
        };
        let batch = concat_batches(&arrow, &batches).map_err(unreadable)?;
        Ok((schema, batch))
    }

    /// The pivot with the sorted values that its column has.
    async fn pivot_with_values(&self, mut pivot: Pivot) -> SparkResult<RelationKind> {
        let [column] = pivot.columns.as_slice() else {
            return Err(SparkError::unsupported("pivot of several columns without a list of values"));
        };
        let limit = self.conf().pivot_max_values();
        let values = RelationKind::Project {
            input: Box::new(pivot.input.clone()),
            expressions: vec![aliased(column.clone(), "value")],
        };
        let values = RelationKind::Distinct { input: unplaced(values) };
        let limited = Expression::literal(Literal::Integer(limit.saturating_add(1)), Origin::Unknown);
        let values = RelationKind::Limit { input: unplaced(values), limit: limited };
        let (schema, batch) = self.rows(sorted(values, "value")).await?;
        if i64::try_from(batch.num_rows()).unwrap_or(i64::MAX) > i64::from(limit) {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1324")
                .param("pivotColumn", column_text(column))
                .param("maxValues", limit.to_string())
                .param("config", PIVOT_MAX_VALUES));
        }
        let (Some(field), Some(found)) = (schema.iter().next(), batch.columns().first()) else {
            return Err(SparkError::internal("the values of a pivot have no column"));
        };
        let literal = |row: usize| {
            let value = ScalarValue::try_from_array(found, row).map_err(crate::engine_error)?;
            Ok(Expression::literal(literal(&value, &field.data_type)?, Origin::Unknown))
        };
        pivot.values = (0..found.len()).map(literal).collect::<SparkResult<_>>()?;
        if pivot.values.is_empty() {
            // Nothing to pivot: the groups alone are left.
            let grouping = pivot.grouping.clone().unwrap_or_default();
            let distinct = RelationKind::Project { input: Box::new(pivot.input), expressions: grouping };
            return Ok(RelationKind::Distinct { input: unplaced(distinct) });
        }
        Ok(RelationKind::Pivot(Box::new(pivot)))
    }

    /// A pivot that counts; both columns as texts.
    async fn crosstab(&self, input: Relation, first: &str, second: &str) -> SparkResult<RelationKind> {
        let text = |name: &str, clean: bool| {
            let column = || Expression::column(vec![name.to_owned()], Origin::Unknown);
            let child = Box::new(column());
            let cast = ExpressionKind::Cast { child, to: SparkType::STRING, mode: CastMode::Session };
            let mut text = Expression::new(cast, Origin::Unknown);
            if clean {
                text = Expression::call("replace", vec![text, string("`"), string("")], Origin::Unknown);
            }
            let is_null = Expression::call("isnull", vec![column()], Origin::Unknown);
            let branches = vec![(is_null, string("null"))];
            Expression::new(ExpressionKind::Case { branches, otherwise: Some(Box::new(text)) }, Origin::Unknown)
        };
        let one = Expression::literal(Literal::Long(1), Origin::Unknown);
        let group = format!("{first}_{second}");
        let pivot = Pivot {
            input,
            grouping: Some(vec![aliased(text(first, false), &group)]),
            aggregates: vec![Expression::call("count", vec![one], Origin::Unknown)],
            columns: vec![text(second, true)],
            values: Vec::new(),
        };
        let pivot = self.pivot_with_values(pivot).await?;
        Ok(RelationKind::FillNa { input: unplaced(pivot), columns: Vec::new(), values: vec![Literal::Long(0)] })
    }

    /// The rows as columns, named by the index column.
    async fn transposed(&self, input: Relation, index_columns: Vec<Expression>) -> SparkResult<RelationKind> {
        let schema = self.schema(input.clone()).await?;
        let index = self.index_column(&input, &schema, &index_columns).await?;
        let Some(index_field) = schema.iter().nth(index) else {
            let empty = SparkSchema::default();
            return local(&empty, RecordBatch::new_empty(Arc::new(Schema::empty())));
        };
        if !is_atomic(&index_field.data_type) || !is_orderable(&index_field.data_type) {
            let data_type = index_field.data_type.sql();
            return Err(invalid_index(&format!("Index column must be of atomic type, but found: {data_type}")));
        }
        let fields: Vec<&SparkField> =
            schema.iter().enumerate().filter(|(place, _)| *place != index).map(|(_, field)| field).collect();
        let common = common_type(&fields, self.conf().ansi())?;
        let limit = self.conf().get_option(TRANSPOSE_MAX_VALUES).and_then(|text| text.parse().ok());
        let limit: i64 = limit.unwrap_or(TRANSPOSE_MAX_VALUES_DEFAULT);
        let (_, batch) = self.rows(rows_to_transpose(input, schema.len(), index, &common, limit)).await?;
        if i64::try_from(batch.num_rows()).unwrap_or(i64::MAX) > limit {
            return Err(SparkError::new("TRANSPOSE_EXCEED_ROW_LIMIT")
                .param("maxValues", limit.to_string())
                .param("config", to_sql_conf(TRANSPOSE_MAX_VALUES)));
        }
        let Some((names, columns)) = batch.columns().split_first() else {
            return Err(SparkError::internal("a relation to transpose has no columns"));
        };
        let keys: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        transpose(names, columns, &keys, &common)
    }

    /// The place of the index column: the first one, unless another is asked for.
    async fn index_column(&self, input: &Relation, schema: &SparkSchema, asked: &[Expression]) -> SparkResult<usize> {
        let Some(expression) = asked.first() else { return Ok(0) };
        if asked.len() > 1 {
            return Err(SparkError::unsupported("transpose by several columns"));
        }
        let named = RelationKind::Project { input: Box::new(input.clone()), expressions: vec![expression.clone()] };
        let resolved = self.schema(Relation::new(named, expression.origin.clone())).await?;
        let is_column = matches!(expression.kind, ExpressionKind::Attribute(_));
        let name = resolved.iter().next().map(|field| field.name.to_lowercase());
        let place = schema.iter().position(|field| Some(field.name.to_lowercase()) == name);
        match place {
            Some(place) if is_column => Ok(place),
            _ => Err(invalid_index("Index column must be an atomic attribute")),
        }
    }
}

fn unreadable(error: arrow::error::ArrowError) -> SparkError {
    SparkError::internal("rows of a first query cannot be read").caused_by(error)
}

fn invalid_index(reason: &str) -> SparkError {
    SparkError::new("TRANSPOSE_INVALID_INDEX_COLUMN").param("reason", reason)
}

fn unplaced(kind: RelationKind) -> Box<Relation> {
    Relation::new(kind, Origin::Unknown).boxed()
}

fn string(text: &str) -> Expression {
    Expression::literal(Literal::String(Arc::from(text)), Origin::Unknown)
}

pub(crate) fn aliased(child: Expression, name: &str) -> Expression {
    let child = match child.kind {
        ExpressionKind::Alias { child, .. } => child,
        _ => Box::new(child),
    };
    let kind = ExpressionKind::Alias { child, names: vec![name.to_owned()], metadata: None };
    Expression::new(kind, Origin::Unknown)
}

fn column_text(column: &Expression) -> String {
    match &column.kind {
        ExpressionKind::Attribute(name) => name.name.join("."),
        _ => "pivot".to_owned(),
    }
}

fn sorted(input: RelationKind, column: &str) -> RelationKind {
    let child = Expression::column(vec![column.to_owned()], Origin::Unknown);
    let order = vec![SortOrder { child, ascending: true, nulls: NullOrder::Default }];
    RelationKind::Sort { input: unplaced(input), order, is_global: true }
}

/// The type of all columns that become rows; text if there are none.
fn common_type(fields: &[&SparkField], ansi: bool) -> SparkResult<SparkType> {
    let Some((first, rest)) = fields.split_first() else { return Ok(SparkType::STRING) };
    rest.iter().try_fold(first.data_type.clone(), |common, field| {
        wider_type_without_string_promotion(&common, &field.data_type, ansi).ok_or_else(|| {
            SparkError::new("TRANSPOSE_NO_LEAST_COMMON_TYPE")
                .param("dt1", to_sql_type(&common))
                .param("dt2", to_sql_type(&field.data_type))
        })
    })
}

/// The index as text and the other columns in their common type, sorted by the index.
fn rows_to_transpose(input: Relation, width: usize, index: usize, common: &SparkType, limit: i64) -> RelationKind {
    let names: Vec<String> = (0..width).map(|place| format!("c{place}")).collect();
    let column = |place: usize| Expression::column(vec![format!("c{place}")], Origin::Unknown);
    let cast = |place: usize, to: &SparkType| {
        let kind = ExpressionKind::Cast { child: Box::new(column(place)), to: to.clone(), mode: CastMode::Session };
        Expression::new(kind, Origin::Unknown)
    };
    let renamed = RelationKind::ToDf { input: input.boxed(), columns: names };
    let condition = Expression::call("isnotnull", vec![column(index)], Origin::Unknown);
    let present = RelationKind::Filter { input: unplaced(renamed), condition };
    let limit = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
    let limited = RelationKind::Limit {
        input: unplaced(sorted(present, &format!("c{index}"))),
        limit: Expression::literal(Literal::Integer(limit), Origin::Unknown),
    };
    let others = (0..width).filter(|place| *place != index).map(|place| cast(place, common));
    let expressions = std::iter::once(cast(index, &SparkType::STRING)).chain(others).collect();
    RelationKind::Project { input: unplaced(limited), expressions }
}

/// One row for each column, under its key; one column for each name.
fn transpose(
    names: &ArrayRef,
    columns: &[ArrayRef],
    keys: &[&str],
    data_type: &SparkType,
) -> SparkResult<RelationKind> {
    let mut fields = vec![SparkField::new("key", SparkType::STRING, false)];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(StringArray::from(keys.to_vec()))];
    let names = names.as_string_opt::<i32>().ok_or_else(|| SparkError::internal("the index is no text"))?;
    let sources: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    for row in 0..names.len() {
        fields.push(SparkField::new(names.value(row), data_type.clone(), true));
        let places: Vec<(usize, usize)> = (0..columns.len()).map(|column| (column, row)).collect();
        arrays.push(if sources.is_empty() {
            arrow::array::new_empty_array(&data_type.to_arrow())
        } else {
            interleave(&sources, &places).map_err(unreadable)?
        });
    }
    let arrow: Vec<_> = fields
        .iter()
        .zip(&arrays)
        .map(|(field, array)| arrow::datatypes::Field::new(&field.name, array.data_type().clone(), field.nullable))
        .collect();
    let batch = RecordBatch::try_new(Arc::new(Schema::new(arrow)), arrays).map_err(unreadable)?;
    local(&SparkSchema::new(fields), batch)
}

fn local(schema: &SparkSchema, batch: RecordBatch) -> SparkResult<RelationKind> {
    let data = write_stream(&batch)?;
    let schema = Some(SchemaText::Schema(schema.clone()));
    Ok(RelationKind::Local(LocalRelation { data: vec![LocalData::Memory(Arc::from(data.as_ref()))], schema }))
}

/// A value of a result as a constant of a query.
pub(crate) fn literal(value: &ScalarValue, data_type: &SparkType) -> SparkResult<Literal> {
    if value.is_null() {
        return Ok(Literal::Null(data_type.clone()));
    }
    Ok(match (value, data_type) {
        (ScalarValue::Boolean(Some(value)), _) => Literal::Boolean(*value),
        (ScalarValue::Int8(Some(value)), _) => Literal::Byte(*value),
        (ScalarValue::Int16(Some(value)), _) => Literal::Short(*value),
        (ScalarValue::Int32(Some(value)), _) => Literal::Integer(*value),
        (ScalarValue::Int64(Some(value)), _) => Literal::Long(*value),
        (ScalarValue::Float32(Some(value)), _) => Literal::Float(*value),
        (ScalarValue::Float64(Some(value)), _) => Literal::Double(*value),
        (ScalarValue::Decimal128(Some(unscaled), precision, scale), _) => {
            Literal::Decimal { unscaled: *unscaled, precision: *precision, scale: *scale }
        }
        (ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)), _) => {
            Literal::String(Arc::from(text.as_str()))
        }
        (ScalarValue::Binary(Some(bytes)) | ScalarValue::LargeBinary(Some(bytes)), _) => {
            Literal::Binary(Arc::from(bytes.as_slice()))
        }
        (ScalarValue::Date32(Some(days)), _) => Literal::Date(*days),
        (ScalarValue::TimestampMicrosecond(Some(micros), _), SparkType::TimestampNtz) => Literal::TimestampNtz(*micros),
        (ScalarValue::TimestampMicrosecond(Some(micros), _), _) => Literal::Timestamp(*micros),
        (ScalarValue::Struct(array), SparkType::Struct(schema)) => {
            let values = array.columns().iter().zip(schema.iter()).map(|(column, field)| {
                let value = ScalarValue::try_from_array(column, 0).map_err(crate::engine_error)?;
                literal(&value, &field.data_type)
            });
            Literal::Struct { values: values.collect::<SparkResult<_>>()?, fields: data_type.clone() }
        }
        _ => return Err(SparkError::unsupported(format!("pivot by a column of the type {}", data_type.sql()))),
    })
}

/// Stands for a relation that was taken out.
const TAKEN: &str = "a relation that is being computed";

fn is_pending(kind: &RelationKind) -> bool {
    match kind {
        RelationKind::Pivot(pivot) => pivot.values.is_empty() && !has_star(pivot),
        RelationKind::Crosstab { .. } | RelationKind::Transpose { .. } | RelationKind::Command(_) => true,
        _ => false,
    }
}

/// A pivot that resolving refuses runs nothing.
fn has_star(pivot: &Pivot) -> bool {
    pivot.aggregates.iter().any(|aggregate| match &aggregate.kind {
        ExpressionKind::Function(call) => {
            call.arguments.iter().any(|argument| matches!(argument.kind, ExpressionKind::Star(_)))
        }
        _ => false,
    })
}

/// Takes out the innermost relation that has to be computed.
fn take_pending(relation: &mut Relation) -> SparkResult<Option<RelationKind>> {
    struct Taker(Option<RelationKind>);
    impl Visitor for Taker {
        fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
            if self.0.is_none() && is_pending(&relation.kind) {
                let taken = RelationKind::Unsupported(TAKEN.to_owned());
                self.0 = Some(std::mem::replace(&mut relation.kind, taken));
            }
            Ok(())
        }
    }
    let mut taker = Taker(None);
    walk_relation(relation, &mut taker)?;
    Ok(taker.0)
}

fn put_back(relation: &mut Relation, computed: RelationKind) -> SparkResult<()> {
    struct Putter(Option<RelationKind>);
    impl Visitor for Putter {
        fn relation(&mut self, relation: &mut Relation) -> SparkResult<()> {
            if matches!(&relation.kind, RelationKind::Unsupported(name) if name == TAKEN)
                && let Some(computed) = self.0.take()
            {
                relation.kind = computed;
            }
            Ok(())
        }
    }
    walk_relation(relation, &mut Putter(Some(computed)))
}
