//! `ANALYZE TABLE`: sizes, rows, and values of columns.

use arrow::array::{Array, AsArray};
use firesteel_base::identifier::quote_identifier;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_catalog::{ColumnStatistics, Kind, Statistics, Table};
use firesteel_syntax::ir::expression::{CastMode, FunctionCall};
use firesteel_syntax::ir::table::{AnalyzedColumns, PartitionSpecification};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind};

use super::super::names::{self, Searched};
use super::super::show;
use super::partition;
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn analyze(
    session: &Session,
    name: &[String],
    partition: Option<PartitionSpecification>,
    no_scan: bool,
    columns: &AnalyzedColumns,
) -> SparkResult<CommandResult> {
    let table = names::need_table(session, name, "ANALYZE TABLE", Searched::Objects).await?;
    if let Some(partition) = partition {
        partition::values(session, &table, &partition).await?;
        return Err(SparkError::unsupported("ANALYZE TABLE PARTITION"));
    }
    analyze_table(session, table, no_scan, columns).await?;
    Ok(CommandResult::empty())
}

pub(super) async fn analyze_all(
    session: &Session,
    namespace: Option<&[String]>,
    no_scan: bool,
) -> SparkResult<CommandResult> {
    let database = show::check_namespace(session, namespace).await?;
    for table in session.catalog().tables(&database).await? {
        if table.kind != Kind::View {
            analyze_table(session, table, no_scan, &AnalyzedColumns::None).await?;
        }
    }
    Ok(CommandResult::empty())
}

async fn analyze_table(
    session: &Session,
    mut table: Table,
    no_scan: bool,
    columns: &AnalyzedColumns,
) -> SparkResult<()> {
    let size_bytes = session.environment().storage.size_bytes(&table.location).await?;
    let mut statistics = Statistics { size_bytes, ..Statistics::default() };
    if !no_scan {
        let names = analyzed_columns(session, &table, columns)?;
        measure(session, &table, &names, &mut statistics).await?;
    }
    if let (Some(old), true) = (&table.statistics, matches!(columns, AnalyzedColumns::None)) {
        statistics.columns.clone_from(&old.columns);
    }
    table.statistics = Some(statistics);
    let name = table.name.clone();
    session.catalog().alter_table(&name, table).await
}

fn analyzed_columns(session: &Session, table: &Table, columns: &AnalyzedColumns) -> SparkResult<Vec<String>> {
    let has_statistics = |data_type: &SparkType| {
        !matches!(
            data_type,
            SparkType::Array { .. }
                | SparkType::Map { .. }
                | SparkType::Struct(_)
                | SparkType::Variant
                | SparkType::Null
                | SparkType::CalendarInterval
        )
    };
    match columns {
        AnalyzedColumns::None => Ok(Vec::new()),
        AnalyzedColumns::All => Ok(table
            .schema
            .iter()
            .filter(|field| has_statistics(&field.data_type))
            .map(|field| field.name.clone())
            .collect()),
        AnalyzedColumns::Named(names) => names
            .iter()
            .map(|name| {
                let found = table.schema.iter().find(|field| session.same_name(&field.name, name));
                match found {
                    None => Err(SparkError::new("COLUMN_NOT_FOUND")
                        .param("colName", quote_identifier(name))
                        .param("caseSensitiveConfig", "\"spark.sql.caseSensitive\"")),
                    Some(field) if !has_statistics(&field.data_type) => {
                        Err(SparkError::new("UNSUPPORTED_FEATURE.ANALYZE_UNSUPPORTED_COLUMN_TYPE")
                            .param("columnType", firesteel_base::error::to_sql_type(&field.data_type))
                            .param("columnName", quote_identifier(&field.name))
                            .param("tableName", table.name.quoted()))
                    }
                    Some(field) => Ok(field.name.clone()),
                }
            })
            .collect(),
    }
}

/// Counts rows, and measures columns, by one query.
async fn measure(session: &Session, table: &Table, columns: &[String], statistics: &mut Statistics) -> SparkResult<()> {
    let call = |name: &str, arguments: Vec<Expression>, distinct: bool| {
        let call = FunctionCall { name: vec![name.to_owned()], arguments, distinct, ..FunctionCall::default() };
        Expression::new(ExpressionKind::Function(Box::new(call)), Origin::Unknown)
    };
    let text = |child: Expression| {
        let kind = ExpressionKind::Cast { child: Box::new(child), to: SparkType::STRING, mode: CastMode::Session };
        Expression::new(kind, Origin::Unknown)
    };
    let one = || Expression::literal(Literal::Integer(1), Origin::Unknown);
    let mut expressions = vec![text(call("count", vec![one()], false))];
    for name in columns {
        let column = || Expression::column(vec![name.clone()], Origin::Unknown);
        expressions.push(text(call("count", vec![column()], true)));
        expressions.push(text(call("count", vec![column()], false)));
        expressions.push(text(call("min", vec![column()], false)));
        expressions.push(text(call("max", vec![column()], false)));
        let length = || call("octet_length", vec![text(column())], false);
        expressions.push(text(call("ceil", vec![call("avg", vec![length()], false)], false)));
        expressions.push(text(call("max", vec![length()], false)));
    }
    let names = table.name.parts().iter().map(|part| (*part).to_owned()).collect();
    let input = Relation::table(names, Origin::Unknown).boxed();
    let query = Relation::new(RelationKind::Project { input, expressions }, Origin::Unknown);
    let (_, batches) = session.run_query(query).await?.collect().await?;
    let cells: Vec<Option<String>> = batches
        .iter()
        .filter(|batch| batch.num_rows() > 0)
        .flat_map(|batch| batch.columns().iter().map(|column| first_text(column.as_ref())))
        .collect();
    let number = |place: usize| cells.get(place).cloned().flatten().and_then(|text| text.parse::<u64>().ok());
    let rows = number(0).unwrap_or(0);
    statistics.rows = Some(rows);
    for (index, name) in columns.iter().enumerate() {
        let first = 1 + index * 6;
        let data_type = table.schema.iter().find(|field| field.name == *name).map(|field| field.data_type.clone());
        let is_sized = data_type.as_ref().is_some_and(|known| known.is_string() || *known == SparkType::Binary);
        let fixed = data_type.as_ref().map_or(0, SparkType::default_size);
        let length = |place: usize| if is_sized { number(place).unwrap_or(0) } else { fixed };
        let bound = |place: usize| if is_sized { None } else { cells.get(place).cloned().flatten() };
        let known = ColumnStatistics {
            distinct: number(first).unwrap_or(0),
            nulls: rows.saturating_sub(number(first + 1).unwrap_or(0)),
            min: bound(first + 2),
            max: bound(first + 3),
            average_length: length(first + 4),
            max_length: length(first + 5),
        };
        statistics.columns.insert(name.clone(), known);
    }
    Ok(())
}

fn first_text(column: &dyn Array) -> Option<String> {
    let text = column.as_string_opt::<i32>()?;
    (!text.is_empty() && text.is_valid(0)).then(|| text.value(0).to_owned())
}
