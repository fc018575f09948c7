//! `ALTER TABLE`, `ALTER VIEW`, `COMMENT ON TABLE`.

use firesteel_base::identifier::quote_identifier;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema};
use firesteel_catalog::{Kind, Table};
use firesteel_syntax::ir::table::{AlterAction, AlterColumn, AlterTable, ColumnDefinition};

use super::super::names::{self, Named, Searched, unsupported_operation};
use super::super::view;
use super::columns::{CURRENT_DEFAULT, checked_default, declared_field, refuse_duplicates};
use super::{create, partition};
use crate::answer::CommandResult;
use crate::session::Session;

pub(super) async fn run(session: &Session, alter: AlterTable) -> SparkResult<CommandResult> {
    if alter.is_view {
        return alter_view(session, alter).await;
    }
    if let AlterAction::Rename(to) = &alter.action {
        return rename(session, &alter.name, to, false).await;
    }
    let operation = operation_name(&alter.action);
    let table = names::need_table(session, &alter.name, &operation, Searched::Objects).await?;
    alter_table(session, table, alter.action).await?;
    Ok(CommandResult::empty())
}

fn operation_name(action: &AlterAction) -> String {
    let words = match action {
        AlterAction::SetProperties(_) => "SET TBLPROPERTIES",
        AlterAction::UnsetProperties { .. } => "UNSET TBLPROPERTIES",
        AlterAction::SetSerdeProperties { .. } => "SET [SERDE|SERDEPROPERTIES]",
        AlterAction::AddColumns(_) => "ADD COLUMNS",
        AlterAction::ReplaceColumns(_) => "REPLACE COLUMNS",
        AlterAction::RenameColumn { .. } => "RENAME COLUMN",
        AlterAction::DropColumns { .. } => "DROP COLUMNS",
        AlterAction::AlterColumns(columns) if columns.first().is_some_and(|column| column.is_change) => "CHANGE COLUMN",
        AlterAction::AlterColumns(_) => "ALTER COLUMN",
        AlterAction::AddPartitions { .. } => "ADD PARTITION",
        AlterAction::DropPartitions { .. } => "DROP PARTITION",
        AlterAction::RenamePartition { .. } => "RENAME TO PARTITION",
        AlterAction::SetLocation { .. } => "SET LOCATION",
        AlterAction::RecoverPartitions => "RECOVER PARTITIONS",
        AlterAction::ClusterBy(_) => "CLUSTER BY",
        AlterAction::Rename(_) | AlterAction::ViewQuery { .. } | AlterAction::ViewSchema(_) => "RENAME TO",
        AlterAction::Refused(operation) => operation,
    };
    format!("ALTER TABLE ... {words}")
}

async fn alter_table(session: &Session, mut table: Table, action: AlterAction) -> SparkResult<()> {
    let name = table.name.clone();
    match action {
        AlterAction::SetProperties(mut properties) => {
            if let Some(comment) = properties.shift_remove("comment") {
                table.comment = Some(comment);
            }
            table.properties.extend(properties);
        }
        AlterAction::UnsetProperties { keys, .. } => {
            if keys.iter().any(|key| key == "comment") {
                table.comment = None;
            }
            table.properties.retain(|key, _| !keys.contains(key));
        }
        AlterAction::SetSerdeProperties { properties, partition: None } => table.options.extend(properties),
        AlterAction::SetSerdeProperties { .. } => {
            return Err(SparkError::unsupported("options of a single partition"));
        }
        AlterAction::AddColumns(columns) => add_columns(session, &mut table, &columns).await?,
        AlterAction::ReplaceColumns(_) => return Err(unsupported_operation(&name, "REPLACE COLUMNS")),
        AlterAction::RenameColumn { .. } => return Err(unsupported_operation(&name, "RENAME COLUMN")),
        AlterAction::DropColumns { .. } => return Err(unsupported_operation(&name, "DROP COLUMN")),
        AlterAction::AlterColumns(columns) => {
            for column in &columns {
                alter_column(session, &mut table, column).await?;
            }
        }
        AlterAction::AddPartitions { partitions, if_not_exists } => {
            return partition::add(session, &table, &partitions, if_not_exists).await;
        }
        AlterAction::DropPartitions { partitions, if_exists } => {
            return partition::drop(session, &table, &partitions, if_exists).await;
        }
        AlterAction::RenamePartition { from, to } => {
            return partition::rename(session, &table, &from, &to).await;
        }
        AlterAction::SetLocation { partition: None, location } => {
            table.location = session.environment().storage.qualified(&location)?;
        }
        AlterAction::SetLocation { .. } => {
            return Err(SparkError::unsupported("partitions with a location of their own"));
        }
        AlterAction::RecoverPartitions => {
            if table.partition_columns.is_empty() {
                return Err(SparkError::new("NOT_A_PARTITIONED_TABLE")
                    .param("operation", "ALTER TABLE RECOVER PARTITIONS")
                    .param("tableIdentWithDB", name.quoted()));
            }
            return Ok(());
        }
        AlterAction::ClusterBy(columns) => {
            table.cluster_columns = columns.iter().map(|column| column.join(".")).collect();
        }
        AlterAction::Refused(operation) => return Err(unsupported_operation(&name, &operation)),
        AlterAction::Rename(_) | AlterAction::ViewQuery { .. } | AlterAction::ViewSchema(_) => {
            return Err(SparkError::internal("a change of a view came to a table"));
        }
    }
    session.catalog().alter_table(&name, table).await
}

/// New columns stand behind the others and in front of the partition columns.
async fn add_columns(session: &Session, table: &mut Table, columns: &[ColumnDefinition]) -> SparkResult<()> {
    if columns.iter().any(|column| column.name.len() > 1) {
        return Err(unsupported_operation(&table.name, "ADD COLUMN with qualified column"));
    }
    if columns.iter().any(|column| column.position.is_some()) {
        return Err(unsupported_operation(&table.name, "ADD COLUMN ... FIRST | AFTER"));
    }
    if columns.iter().any(|column| !column.nullable) {
        return Err(unsupported_operation(&table.name, "ADD COLUMN with NOT NULL"));
    }
    if columns.iter().any(|column| column.default.is_some()) {
        // Rows that are there already would have to show the default.
        return Err(SparkError::unsupported("ADD COLUMNS with DEFAULT"));
    }
    let mut added = Vec::with_capacity(columns.len());
    for column in columns {
        added.push(declared_field(session, column, "ALTER TABLE ADD COLUMNS").await?);
    }
    let names = table.schema.iter().chain(&added).map(|field| field.name.as_str());
    refuse_duplicates(session, names)?;
    session.environment().storage.check_format(&table.provider, &SparkSchema::new(added.clone()))?;
    let (mut fields, partitions): (Vec<SparkField>, Vec<SparkField>) =
        table.schema.iter().cloned().partition(|field| !table.is_partition_column(&field.name));
    fields.extend(added);
    fields.extend(partitions);
    table.schema = SparkSchema::new(fields);
    Ok(())
}

async fn alter_column(session: &Session, table: &mut Table, column: &AlterColumn) -> SparkResult<()> {
    let name = column.column.join(".");
    if column.position.is_some() {
        return Err(unsupported_operation(&table.name, "ALTER COLUMN ... FIRST | AFTER"));
    }
    if column.nullable == Some(false) {
        return Err(unsupported_operation(&table.name, "ALTER COLUMN ... SET NOT NULL"));
    }
    let place = table.schema.iter().position(|field| session.same_name(&field.name, &name));
    let mut fields: Vec<SparkField> = table.schema.iter().cloned().collect();
    let Some(field) = place.and_then(|place| fields.get_mut(place)) else {
        if column.column.len() > 1 {
            return Err(unsupported_operation(&table.name, "ALTER COLUMN with qualified column"));
        }
        let known: Vec<Vec<String>> = table.schema.iter().map(|field| vec![field.name.clone()]).collect();
        return Err(SparkError::new("UNRESOLVED_COLUMN.WITH_SUGGESTION")
            .param("objectName", quote_identifier(&name))
            .param("proposal", firesteel_base::suggestion::suggest(&name, &known).join(", ")));
    };
    if let Some(data_type) = &column.data_type
        && *data_type != field.data_type
    {
        return Err(SparkError::new("NOT_SUPPORTED_CHANGE_COLUMN")
            .param("table", table.name.quoted())
            .param("originName", quote_identifier(&field.name))
            .param("originType", firesteel_base::error::to_sql_type(&field.data_type))
            .param("newName", quote_identifier(&field.name))
            .param("newType", firesteel_base::error::to_sql_type(data_type)));
    }
    if let Some(comment) = &column.comment {
        *field = field.clone().with_comment(comment);
    }
    match &column.default {
        Some(Some(default)) => {
            checked_default(session, field, default, "ALTER TABLE ALTER COLUMN").await?;
            let mut metadata = field.metadata_object();
            metadata.insert(CURRENT_DEFAULT.to_owned(), default.text.to_string().into());
            *field = field.clone().with_metadata(&metadata);
        }
        Some(None) => {
            let mut metadata = field.metadata_object();
            metadata.shift_remove(CURRENT_DEFAULT);
            *field = field.clone().with_metadata(&metadata);
        }
        None => {}
    }
    table.schema = SparkSchema::new(fields);
    Ok(())
}

async fn rename(session: &Session, from: &[String], to: &[String], is_view: bool) -> SparkResult<CommandResult> {
    let table = match names::need(session, from, Searched::Objects).await? {
        Named::Object(table) => *table,
        Named::View(_) => {
            session.visible_views().rename(from, to)?;
            return Ok(CommandResult::empty());
        }
    };
    match (is_view, table.is_view()) {
        (false, true) => {
            return Err(SparkError::new("EXPECT_TABLE_NOT_VIEW.USE_ALTER_VIEW")
                .param("viewName", firesteel_base::identifier::quote_name_parts(from))
                .param("operation", "ALTER TABLE"));
        }
        (true, false) => {
            return Err(SparkError::new("EXPECT_VIEW_NOT_TABLE.USE_ALTER_TABLE")
                .param("tableName", firesteel_base::identifier::quote_name_parts(from))
                .param("operation", "ALTER VIEW"));
        }
        _ => {}
    }
    let old = table.name.clone();
    let mut name = names::object_name(session, to)?;
    if to.len() == 1 {
        name.database.clone_from(&old.database);
    }
    if name.database != old.database {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1073")
            .param("db", &old.database)
            .param("newDb", &name.database));
    }
    names::check_name(&name.name)?;
    let mut renamed = table.clone();
    renamed.name = name;
    let moves = table.kind == Kind::Managed;
    if moves {
        renamed.location = create::default_location(session, &renamed.name).await?;
    }
    let (from_location, to_location) = (table.location.clone(), renamed.location.clone());
    if moves && !session.environment().storage.is_vacant(&to_location).await? {
        return Err(firesteel_catalog::already_exists(&renamed.name));
    }
    if session.catalog().table(&renamed.name).await?.is_some() {
        return Err(firesteel_catalog::already_exists(&renamed.name));
    }
    if moves {
        session.environment().storage.move_directory(&from_location, &to_location).await?;
    }
    let changed = session.catalog().alter_table(&old, renamed).await;
    if changed.is_err() && moves {
        session.environment().storage.move_directory(&to_location, &from_location).await?;
    }
    changed.map(|()| CommandResult::empty())
}

async fn alter_view(session: &Session, alter: AlterTable) -> SparkResult<CommandResult> {
    match alter.action {
        AlterAction::Rename(to) => rename(session, &alter.name, &to, true).await,
        AlterAction::ViewQuery { query, text } => view::alter(session, &alter.name, *query, text).await,
        action => {
            let mut table = super::need_view(session, &alter.name, "ALTER VIEW").await?;
            let name = table.name.clone();
            match action {
                AlterAction::ViewSchema(mode) => {
                    if let Some(view) = &mut table.view {
                        view.schema_mode = mode;
                    }
                }
                AlterAction::SetProperties(properties) => table.properties.extend(properties),
                AlterAction::UnsetProperties { keys, .. } => {
                    table.properties.retain(|key, _| !keys.contains(key));
                }
                _ => return Err(names::table_expected(&name.quoted(), "ALTER VIEW")),
            }
            session.catalog().alter_table(&name, table).await?;
            Ok(CommandResult::empty())
        }
    }
}

pub(super) async fn comment(session: &Session, name: &[String], comment: Option<String>) -> SparkResult<CommandResult> {
    let mut table = names::need_table(session, name, "COMMENT ON TABLE", Searched::Objects).await?;
    table.comment = Some(comment.unwrap_or_default());
    let name = table.name.clone();
    session.catalog().alter_table(&name, table).await?;
    Ok(CommandResult::empty())
}
