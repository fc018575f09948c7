//! `INSERT`: rows into tables and directories, all or nothing.

use firesteel_base::config::{PartitionOverwriteMode, StoreAssignmentPolicy};
use firesteel_base::identifier::quote_identifier;
use firesteel_base::{Origin, SparkError, SparkResult, SparkType};
use firesteel_catalog::Table;
use firesteel_storage::{SaveMode, WriteRequest, partition_directory};
use firesteel_syntax::ir::relation::{StoreAssignment, StorePolicy, StoredColumn};
use firesteel_syntax::ir::table::{Insert, InsertTarget, PartitionSpecification, ReplacedKind, ReplacedRows};
use firesteel_syntax::ir::{Expression, ExpressionKind, Literal, Relation, RelationKind};
use indexmap::IndexMap;

use super::super::names::{self, Named, Searched};
use super::columns::CURRENT_DEFAULT;
use crate::answer::{Answer, CommandResult};
use crate::session::Session;

/// Rows on their way into a table.
pub(crate) struct TableInsert {
    pub(crate) query: Relation,
    pub(crate) overwrite: bool,
    /// Empty: all.
    pub(crate) columns: Vec<String>,
    pub(crate) by_name: bool,
    pub(crate) partition: PartitionSpecification,
    pub(crate) if_not_exists: bool,
}

pub(super) async fn run(session: &Session, inserts: Vec<Insert>) -> SparkResult<CommandResult> {
    for insert in inserts {
        if insert.schema_evolution {
            return Err(SparkError::unsupported("INSERT WITH SCHEMA EVOLUTION"));
        }
        match insert.target {
            InsertTarget::Table(name) => {
                if let Some(replaced) = insert.replaced {
                    return Err(refused_replacement(session, &name, &replaced).await?);
                }
                let table = names::need_table(session, &name, "INSERT", Searched::All).await?;
                let rows = TableInsert {
                    query: *insert.query,
                    overwrite: insert.overwrite,
                    columns: insert.columns,
                    by_name: insert.by_name,
                    partition: insert.partition,
                    if_not_exists: insert.if_not_exists,
                };
                insert_into(session, &table, rows).await?;
            }
            InsertTarget::Directory { path, provider, options } => {
                insert_directory(session, *insert.query, path, provider, options).await?;
            }
        }
    }
    Ok(CommandResult::empty())
}

/// What tables of the session catalog say to rows in the place of others.
async fn refused_replacement(session: &Session, name: &[String], rows: &ReplacedRows) -> SparkResult<SparkError> {
    let named = names::need(session, name, Searched::All).await?;
    if let (ReplacedKind::On, Named::Object(table)) = (rows.kind, &named)
        && !table.is_view()
    {
        return Ok(names::unsupported_operation(&table.name, "INSERT INTO ... REPLACE ON/USING"));
    }
    Ok(super::super::write_to::refused_write(&named, name).at(&rows.origin))
}

/// Writes rows into a table.
pub(crate) async fn insert_into(session: &Session, table: &Table, insert: TableInsert) -> SparkResult<()> {
    if insert.overwrite && reads(session, &insert.query, table).await? {
        return Err(SparkError::new("UNSUPPORTED_OVERWRITE.TABLE").param("table", table.name.quoted()));
    }
    let statics = static_values(session, table, &insert.partition).await?;
    let conf = session.conf();
    let storage = &session.environment().storage;
    let is_dynamic = conf.partition_overwrite_mode() == PartitionOverwriteMode::Dynamic
        && statics.len() < table.partition_columns.len();
    let prefix = (!statics.is_empty()).then(|| partition_directory(&statics));
    if insert.if_not_exists
        && let Some(prefix) = &prefix
        && !storage.is_vacant(&format!("{}/{prefix}", table.location)).await?
    {
        return Ok(());
    }
    let mut request = WriteRequest {
        format: table.provider.to_lowercase(),
        path: table.location.clone(),
        mode: if insert.overwrite { SaveMode::Overwrite } else { SaveMode::Append },
        options: table.options.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        partition_by: table.partition_columns.clone(),
        replaced_partition: if insert.overwrite && !is_dynamic { prefix } else { None },
    };
    if insert.overwrite && is_dynamic {
        request.options.push(("partitionOverwriteMode".to_owned(), "dynamic".to_owned()));
    }
    let relation = assignment(session, table, insert, &statics)?;
    let (schema, stream) = match session.run_query(relation).await? {
        Answer::Rows(rows) => (rows.schema, rows.stream),
        Answer::Done(_) => return Err(SparkError::unsupported("inserting the result of a command")),
    };
    let settings = firesteel_plan::read_settings(&conf);
    storage.write(&request, &schema, vec![stream], &settings).await?;
    Ok(())
}

/// The rows of an insertion in the columns of the table.
fn assignment(
    session: &Session,
    table: &Table,
    insert: TableInsert,
    statics: &[(String, Option<String>)],
) -> SparkResult<Relation> {
    let is_static = |name: &str| statics.iter().any(|(column, _)| session.same_name(column, name));
    let mut columns = Vec::with_capacity(table.schema.len());
    for field in table.schema.iter() {
        let given = insert.partition.iter().find(|(name, _)| session.same_name(name, &field.name));
        let value = match given.and_then(|(_, value)| value.clone()) {
            Some(value) => Some(value),
            None => default_of(session, field)?,
        };
        columns.push(StoredColumn { field: field.clone(), value, is_static: is_static(&field.name) });
    }
    let given = given_places(session, table, &insert.columns, &columns)?;
    let mut input = insert.query;
    let defaults: Vec<Expression> = given
        .iter()
        .filter_map(|place| columns.get(*place))
        .map(|column| column.value.clone().unwrap_or_else(null))
        .collect();
    put_defaults(&mut input, &defaults);
    let policy = match session.conf().store_assignment_policy() {
        StoreAssignmentPolicy::Ansi => StorePolicy::Ansi,
        StoreAssignmentPolicy::Legacy => StorePolicy::Legacy,
        StoreAssignmentPolicy::Strict => StorePolicy::Strict,
    };
    let assignment =
        StoreAssignment { input, table: table.name.quoted(), columns, given, by_name: insert.by_name, policy };
    Ok(Relation::new(RelationKind::StoreAssignment(Box::new(assignment)), Origin::Unknown))
}

/// The places of the columns that the rows give, in their order.
fn given_places(
    session: &Session,
    table: &Table,
    named: &[String],
    columns: &[StoredColumn],
) -> SparkResult<Vec<usize>> {
    if named.is_empty() {
        let places = columns.iter().enumerate().filter(|(_, column)| !column.is_static);
        return Ok(places.map(|(place, _)| place).collect());
    }
    super::columns::refuse_duplicates(session, named.iter().map(String::as_str))?;
    named
        .iter()
        .map(|name| {
            let place = columns.iter().position(|column| session.same_name(&column.field.name, name));
            place.ok_or_else(|| {
                let known: Vec<Vec<String>> = table.schema.iter().map(|field| vec![field.name.clone()]).collect();
                SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
                    .param("objectName", quote_identifier(name))
                    .param("proposal", firesteel_base::suggestion::suggest(name, &known).join(", "))
            })
        })
        .collect()
}

fn null() -> Expression {
    Expression::literal(Literal::Null(SparkType::Null), Origin::Unknown)
}

/// The default that a column declares.
fn default_of(session: &Session, field: &firesteel_base::SparkField) -> SparkResult<Option<Expression>> {
    match field.metadata_string(CURRENT_DEFAULT) {
        Some(text) => firesteel_syntax::parse_expression(&text, &session.parser_options()).map(Some),
        None => Ok(None),
    }
}

/// Puts the columns' defaults in place of `DEFAULT` among the values of the rows.
fn put_defaults(relation: &mut Relation, defaults: &[Expression]) {
    let put = |list: &mut [Expression]| {
        for (value, default) in list.iter_mut().zip(defaults) {
            let is_default = match &value.kind {
                ExpressionKind::Default => true,
                ExpressionKind::Attribute(attribute) => {
                    matches!(attribute.name.as_slice(), [name] if name.eq_ignore_ascii_case("default"))
                }
                _ => false,
            };
            if is_default {
                *value = default.clone();
            }
        }
    };
    match &mut relation.kind {
        RelationKind::Values { rows } => rows.iter_mut().for_each(|row| put(row)),
        RelationKind::Project { expressions, .. } => put(expressions),
        RelationKind::SubqueryAlias { input, .. } => put_defaults(input, defaults),
        RelationKind::With(with) => put_defaults(&mut with.input, defaults),
        RelationKind::WithParameters { input, .. } => put_defaults(input, defaults),
        _ => {}
    }
}

/// Values of the partition columns that a statement gives, in the table's order; they come before the others.
async fn static_values(
    session: &Session,
    table: &Table,
    partition: &PartitionSpecification,
) -> SparkResult<Vec<(String, Option<String>)>> {
    if partition.is_empty() {
        return Ok(Vec::new());
    }
    let unknown: Vec<String> = partition
        .iter()
        .filter(|(name, _)| !table.partition_columns.iter().any(|column| session.same_name(column, name)))
        .map(|(name, _)| quote_identifier(name))
        .collect();
    if !unknown.is_empty() {
        return Err(SparkError::new("PARTITIONS_NOT_FOUND")
            .param("partitionList", unknown.join(", "))
            .param("tableName", table.name.quoted()));
    }
    if partition.len() < table.partition_columns.len() {
        let given: Vec<&str> = partition.iter().map(|(name, _)| name.as_str()).collect();
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1169")
            .param("tableName", table.name.quoted())
            .param("normalizedPartSpec", given.join(","))
            .param("partColNames", table.partition_columns.join(",")));
    }
    let mut values = Vec::new();
    let mut has_dynamic = false;
    for column in &table.partition_columns {
        let given = partition.iter().find(|(name, _)| session.same_name(name, column));
        match given.and_then(|(_, value)| value.clone()) {
            None => has_dynamic = true,
            Some(_) if has_dynamic => {
                return Err(SparkError::new("_LEGACY_ERROR_TEMP_1147")
                    .param("partColumns", format!("[{}]", table.partition_columns.join(","))));
            }
            Some(value) => {
                let data_type = column_type(table, column);
                let cast = super::columns::cast_to(value, data_type);
                values.push((column.clone(), session.constant_text(cast).await?));
            }
        }
    }
    Ok(values)
}

pub(super) fn column_type(table: &Table, column: &str) -> SparkType {
    let found = table.schema.iter().find(|field| field.name.eq_ignore_ascii_case(column));
    found.map_or(SparkType::STRING, |field| match &field.data_type {
        SparkType::Char(_) | SparkType::Varchar(_) => SparkType::STRING,
        other => other.clone(),
    })
}

/// Whether a query reads the table.
pub(crate) async fn reads(session: &Session, query: &Relation, table: &Table) -> SparkResult<bool> {
    let mut names = Vec::new();
    collect_tables(&mut query.clone(), &mut names);
    for name in names {
        if let Ok(found) = names::object_name(session, &name)
            && found == table.name
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn collect_tables(relation: &mut Relation, names: &mut Vec<Vec<String>>) {
    use firesteel_syntax::ir::children::{Child, expression_children, relation_children};
    if let RelationKind::Table(table) = &relation.kind {
        names.push(table.name.clone());
    }
    let mut pending = relation_children(relation);
    while let Some(child) = pending.pop() {
        match child {
            Child::Relation(relation) => {
                stacker::maybe_grow(64 << 10, 1 << 20, || collect_tables(relation, names));
            }
            Child::Expression(expression) => pending.extend(expression_children(expression)),
        }
    }
}

async fn insert_directory(
    session: &Session,
    query: Relation,
    path: Option<String>,
    provider: Option<String>,
    options: IndexMap<String, String>,
) -> SparkResult<()> {
    let option = options.iter().find(|(key, _)| key.eq_ignore_ascii_case("path")).map(|(_, value)| value.clone());
    let path = match (path, option) {
        (Some(path), None) | (None, Some(path)) => path,
        (Some(_), Some(_)) | (None, None) => {
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_0049"));
        }
    };
    let (schema, stream) = match session.run_query(query).await? {
        Answer::Rows(rows) => (rows.schema, rows.stream),
        Answer::Done(_) => return Err(SparkError::unsupported("writing the result of a command")),
    };
    let conf = session.conf();
    let request = WriteRequest {
        format: provider.unwrap_or_else(|| conf.default_source()).to_lowercase(),
        path,
        mode: SaveMode::Overwrite,
        options: options.into_iter().filter(|(key, _)| !key.eq_ignore_ascii_case("path")).collect(),
        partition_by: Vec::new(),
        replaced_partition: None,
    };
    let settings = firesteel_plan::read_settings(&conf);
    session.environment().storage.write(&request, &schema, vec![stream], &settings).await?;
    Ok(())
}
