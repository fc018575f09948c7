//! Partitions of tables. The directories say which there are.

use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkResult};
use firesteel_catalog::{Kind, Table};
use firesteel_storage::partition_directory;
use firesteel_syntax::ir::table::PartitionSpecification;

use super::super::names::{self, Searched};
use super::columns::cast_to;
use super::insert::column_type;
use crate::answer::CommandResult;
use crate::session::Session;

/// Columns and the texts of their values.
pub(super) type Values = Vec<(String, Option<String>)>;

/// The values of a specification under the table's names, in its order.
pub(super) async fn values(
    session: &Session,
    table: &Table,
    specification: &PartitionSpecification,
) -> SparkResult<Values> {
    let unknown: Vec<String> = specification
        .iter()
        .filter(|(name, _)| !table.partition_columns.iter().any(|column| session.same_name(column, name)))
        .map(|(name, _)| quote_identifier(name))
        .collect();
    if !unknown.is_empty() {
        return Err(SparkError::new("PARTITIONS_NOT_FOUND")
            .param("partitionList", unknown.join(", "))
            .param("tableName", table.name.quoted()));
    }
    let mut values = Vec::new();
    for column in &table.partition_columns {
        let given = specification.iter().find(|(name, _)| session.same_name(name, column));
        if let Some((_, Some(value))) = given {
            let cast = cast_to(value.clone(), column_type(table, column));
            values.push((column.clone(), session.constant_text(cast).await?));
        }
    }
    Ok(values)
}

/// As [`values`]; refused unless every partition column has one.
pub(super) async fn full_values(
    session: &Session,
    table: &Table,
    specification: &PartitionSpecification,
) -> SparkResult<Values> {
    let values = values(session, table, specification).await?;
    if values.len() == table.partition_columns.len() {
        return Ok(values);
    }
    let given: Vec<&str> = specification.iter().map(|(name, _)| name.as_str()).collect();
    Err(SparkError::new("_LEGACY_ERROR_TEMP_1232")
        .param("specKeys", given.join(", "))
        .param("partitionColumnNames", table.partition_columns.join(", "))
        .param("tableName", table.name.quoted()))
}

fn directory(table: &Table, values: &Values) -> String {
    format!("{}/{}", table.location, partition_directory(values))
}

fn listed(values: &Values) -> String {
    let parts: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{} = {}", quote_identifier(name), value.as_deref().unwrap_or("null")))
        .collect();
    format!("PARTITION ({})", parts.join(", "))
}

fn short_name(table: &Table) -> String {
    firesteel_base::identifier::quote_name_parts(&[&table.name.database, &table.name.name])
}

async fn exists(session: &Session, table: &Table, values: &Values) -> SparkResult<bool> {
    let storage = &session.environment().storage;
    let all = storage.partitions(&table.location, table.partition_columns.len()).await?;
    let wanted: Vec<Option<String>> =
        values.iter().map(|(_, value)| value.clone().filter(|value| !value.is_empty())).collect();
    Ok(all.contains(&wanted))
}

/// `PARTITIONS_NOT_FOUND` unless the partition is there.
pub(super) async fn need(session: &Session, table: &Table, values: &Values) -> SparkResult<()> {
    if exists(session, table, values).await? {
        return Ok(());
    }
    Err(SparkError::new("PARTITIONS_NOT_FOUND")
        .param("partitionList", listed(values))
        .param("tableName", short_name(table)))
}

fn refuse_unpartitioned(table: &Table) -> SparkResult<()> {
    if table.partition_columns.is_empty() {
        return Err(
            SparkError::new("INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY").param("name", table.name.quoted())
        );
    }
    Ok(())
}

/// The partitions that have these values.
async fn matching(session: &Session, table: &Table, wanted: &Values) -> SparkResult<Vec<Values>> {
    let storage = &session.environment().storage;
    let all = storage.partitions(&table.location, table.partition_columns.len()).await?;
    let named = all.into_iter().map(|values| table.partition_columns.iter().cloned().zip(values).collect::<Values>());
    Ok(named.filter(|values| wanted.iter().all(|pair| values.contains(pair))).collect())
}

pub(super) async fn show(
    session: &Session,
    name: &[String],
    partition: Option<PartitionSpecification>,
) -> SparkResult<CommandResult> {
    let table = names::need_table(session, name, "SHOW PARTITIONS", Searched::Objects).await?;
    refuse_unpartitioned(&table)?;
    let wanted = match &partition {
        Some(partition) => values(session, &table, partition).await?,
        None => Vec::new(),
    };
    let rows = matching(session, &table, &wanted).await?;
    let rows = rows.iter().map(|values| vec![Some(partition_directory(values))]).collect();
    CommandResult::of_strings(&[("partition", false)], rows)
}

pub(super) async fn truncate(
    session: &Session,
    name: &[String],
    partition: Option<PartitionSpecification>,
) -> SparkResult<CommandResult> {
    let table = names::need_table(session, name, "TRUNCATE TABLE", Searched::Objects).await?;
    if table.kind == Kind::External {
        return Err(SparkError::unsupported("TRUNCATE TABLE … PARTITION of a table without partitions"));
    }
    let storage = &session.environment().storage;
    match partition {
        None => {
            // Partitions stay, without rows.
            let kept = matching(session, &table, &Vec::new()).await?;
            storage.clear_directory(&table.location).await?;
            for values in kept.iter().filter(|values| !values.is_empty()) {
                storage.create_directory(&directory(&table, values)).await?;
            }
        }
        Some(partition) => {
            refuse_unpartitioned(&table)?;
            let wanted = values(session, &table, &partition).await?;
            let found = matching(session, &table, &wanted).await?;
            if found.is_empty() && wanted.len() == table.partition_columns.len() {
                return Err(SparkError::new("PARTITIONS_NOT_FOUND")
                    .param("partitionList", listed(&wanted))
                    .param("tableName", short_name(&table)));
            }
            for values in found {
                storage.clear_directory(&directory(&table, &values)).await?;
            }
        }
    }
    Ok(CommandResult::empty())
}

pub(super) async fn add(
    session: &Session,
    table: &Table,
    partitions: &[(PartitionSpecification, Option<String>)],
    if_not_exists: bool,
) -> SparkResult<()> {
    refuse_unpartitioned(table)?;
    if partitions.iter().any(|(_, location)| location.is_some()) {
        return Err(SparkError::unsupported("partitions with a location of their own"));
    }
    let mut new = Vec::new();
    for (partition, _) in partitions {
        let values = full_values(session, table, partition).await?;
        if !exists(session, table, &values).await? {
            new.push(values);
        } else if !if_not_exists {
            return Err(SparkError::new("PARTITIONS_ALREADY_EXIST")
                .param("partitionList", listed(&values))
                .param("tableName", short_name(table)));
        }
    }
    for values in new {
        session.environment().storage.create_directory(&directory(table, &values)).await?;
    }
    Ok(())
}

pub(super) async fn drop(
    session: &Session,
    table: &Table,
    partitions: &[PartitionSpecification],
    if_exists: bool,
) -> SparkResult<()> {
    refuse_unpartitioned(table)?;
    let mut dropped = Vec::new();
    for partition in partitions {
        let wanted = values(session, table, partition).await?;
        let found = matching(session, table, &wanted).await?;
        if found.is_empty() && !if_exists {
            return Err(SparkError::new("PARTITIONS_NOT_FOUND")
                .param("partitionList", listed(&wanted))
                .param("tableName", short_name(table)));
        }
        dropped.extend(found);
    }
    for values in dropped {
        session.environment().storage.remove_directory(&directory(table, &values)).await?;
    }
    Ok(())
}

pub(super) async fn rename(
    session: &Session,
    table: &Table,
    from: &PartitionSpecification,
    to: &PartitionSpecification,
) -> SparkResult<()> {
    refuse_unpartitioned(table)?;
    let from = full_values(session, table, from).await?;
    let to = full_values(session, table, to).await?;
    need(session, table, &from).await?;
    if exists(session, table, &to).await? {
        return Err(SparkError::new("PARTITIONS_ALREADY_EXIST")
            .param("partitionList", listed(&to))
            .param("tableName", short_name(table)));
    }
    session.environment().storage.move_directory(&directory(table, &from), &directory(table, &to)).await
}

/// The directories are read anew by every query; only tables without partitions are refused.
pub(super) async fn repair(session: &Session, name: &[String], operation: &str) -> SparkResult<CommandResult> {
    let table = names::need_table(session, name, operation, Searched::Objects).await?;
    if table.partition_columns.is_empty() {
        return Err(SparkError::new("NOT_A_PARTITIONED_TABLE")
            .param("operation", operation)
            .param("tableIdentWithDB", table.name.quoted()));
    }
    Ok(CommandResult::empty())
}
