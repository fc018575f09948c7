//! Writing a query's rows to files and tables.

use firesteel_base::{SparkError, SparkResult, SparkSchema};
use firesteel_catalog::{Bucketing, ObjectName, OnExisting, Table};
use firesteel_storage::WriteRequest;
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::command::{SaveMode, Write, WriteTarget};
use indexmap::IndexMap;

use super::names::{self, Named, Searched};
use super::table::NewTable;
use super::table::insert::TableInsert;
use crate::answer::{Answer, CommandResult};
use crate::session::Session;

pub(super) async fn run(session: &Session, write: Write) -> SparkResult<CommandResult> {
    match &write.target {
        WriteTarget::Table(name) => {
            let name = name.clone();
            let done = save_as_table(session, &name, write).await?;
            session.cached_tables_changed().await;
            return Ok(done);
        }
        WriteTarget::InsertInto(name) => {
            let name = name.clone();
            let done = insert_into(session, &name, write).await?;
            session.cached_tables_changed().await;
            return Ok(done);
        }
        WriteTarget::Path(_) | WriteTarget::Options => {}
    }
    let request = request(session, &write)?;
    let path = request.path.clone();
    let (schema, stream) = match session.run_query(write.input).await? {
        Answer::Rows(rows) => (rows.schema, rows.stream),
        Answer::Done(_) => return Err(SparkError::unsupported("writing the result of a command")),
    };
    let conf = session.conf();
    let settings = firesteel_plan::read_settings(&conf);
    let summary = session.environment().storage.write(&request, &schema, vec![stream], &settings).await?;
    session.cached_path_changed(&path).await;
    tracing::debug!(rows = summary.rows, bytes = summary.bytes, files = summary.files, "written");
    Ok(CommandResult::empty())
}

/// `saveAsTable`: a new table, or more rows by the names of their columns.
async fn save_as_table(session: &Session, name: &[String], write: Write) -> SparkResult<CommandResult> {
    let full = names::object_name(session, name)?;
    let existing = names::find(session, name).await?;
    if let Some(Named::View(_)) = &existing {
        return Err(names::table_expected(&firesteel_base::identifier::quote_name_parts(name), "saveAsTable"));
    }
    let existing = match existing {
        Some(Named::Object(table)) => Some(*table),
        _ => None,
    };
    match (existing, write.mode) {
        (Some(_), SaveMode::ErrorIfExists) => Err(firesteel_catalog::already_exists(&full)),
        (Some(_), SaveMode::Ignore) => Ok(CommandResult::empty()),
        (Some(table), SaveMode::Append) => {
            check_append(session, &table, &write)?;
            append(session, &table, write.input).await
        }
        (Some(table), SaveMode::Overwrite) => {
            if table.is_view() {
                return Err(names::table_expected(&full.quoted(), "saveAsTable"));
            }
            if super::table::insert::reads(session, &write.input, &table).await? {
                return Err(SparkError::new("UNSUPPORTED_OVERWRITE.TABLE").param("table", full.quoted()));
            }
            let (new, query) = new_table(full, write);
            super::table::replace_by_rows(session, &table, new, query).await
        }
        (None, _) => {
            let (new, query) = new_table(full, write);
            super::table::create_from_rows(session, new, query).await
        }
    }
}

fn new_table(name: ObjectName, write: Write) -> (NewTable, Relation) {
    let bucketing =
        write.bucket_by.map(|(buckets, columns)| Bucketing { buckets, columns, sort_columns: write.sort_by.clone() });
    let new = NewTable {
        name,
        provider: write.format,
        schema: SparkSchema::default(),
        partition_columns: write.partition_by,
        bucketing,
        cluster_columns: write.cluster_by,
        location: None,
        options: write.options,
        properties: IndexMap::new(),
        comment: None,
        collation: None,
        existing: OnExisting::Fail,
    };
    (new, write.input)
}

/// Rows are added in the table's own format and partitioning.
fn check_append(session: &Session, table: &Table, write: &Write) -> SparkResult<()> {
    if table.is_view() {
        return Err(names::table_expected(&table.name.quoted(), "saveAsTable"));
    }
    let format = write.format.clone().unwrap_or_else(|| session.conf().default_source());
    if !format.eq_ignore_ascii_case(&table.provider) {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1159")
            .param("tableName", table.name.to_string())
            .param("existingProvider", &table.provider)
            .param("specifiedProvider", format));
    }
    let same = write.partition_by.len() == table.partition_columns.len()
        && write.partition_by.iter().zip(&table.partition_columns).all(|(left, right)| session.same_name(left, right));
    if !write.partition_by.is_empty() && !same {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1163")
            .param("tableName", table.name.to_string())
            .param("specifiedPartCols", write.partition_by.join(", "))
            .param("existingPartCols", table.partition_columns.join(", ")));
    }
    Ok(())
}

async fn append(session: &Session, table: &Table, input: Relation) -> SparkResult<CommandResult> {
    let given = session.schema(input.clone()).await?;
    if given.len() != table.schema.len() {
        return Err(SparkError::new("_LEGACY_ERROR_TEMP_1161")
            .param("tableName", table.name.to_string())
            .param("existingTableSchema", table.schema.catalog_string())
            .param("querySchema", given.catalog_string()));
    }
    for field in table.schema.iter() {
        if !given.iter().any(|known| session.same_name(&known.name, &field.name)) {
            let columns: Vec<&str> = given.iter().map(|known| known.name.as_str()).collect();
            return Err(SparkError::new("_LEGACY_ERROR_TEMP_1162")
                .param("col", &field.name)
                .param("inputColumns", columns.join(", ")));
        }
    }
    let rows = TableInsert {
        query: input,
        overwrite: false,
        columns: Vec::new(),
        by_name: true,
        partition: Vec::new(),
        if_not_exists: false,
    };
    super::table::insert::insert_into(session, table, rows).await?;
    Ok(CommandResult::empty())
}

/// `insertInto`: rows by the positions of their columns.
async fn insert_into(session: &Session, name: &[String], write: Write) -> SparkResult<CommandResult> {
    if !write.partition_by.is_empty() {
        return Err(SparkError::unsupported("insertInto together with partitionBy"));
    }
    let table = names::need_table(session, name, "INSERT", Searched::All).await?;
    let rows = TableInsert {
        query: write.input,
        overwrite: write.mode == SaveMode::Overwrite,
        columns: Vec::new(),
        by_name: false,
        partition: Vec::new(),
        if_not_exists: false,
    };
    super::table::insert::insert_into(session, &table, rows).await?;
    Ok(CommandResult::empty())
}

/// What is asked of storage; what it cannot do is refused by name.
fn request(session: &Session, write: &Write) -> SparkResult<WriteRequest> {
    if !write.sort_by.is_empty() {
        return Err(SparkError::unsupported("sortBy on writing"));
    }
    if write.bucket_by.is_some() {
        return Err(SparkError::unsupported("bucketBy on writing"));
    }
    if !write.cluster_by.is_empty() {
        return Err(SparkError::unsupported("clusterBy on writing"));
    }
    let option = |key: &str| write.options.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    let path = match &write.target {
        WriteTarget::Path(path) => path.clone(),
        WriteTarget::Options => match option("path") {
            Some((_, path)) => path.clone(),
            None => return Err(SparkError::new("_LEGACY_ERROR_TEMP_2047")),
        },
        WriteTarget::Table(_) | WriteTarget::InsertInto(_) => {
            return Err(SparkError::internal("a table was written as a path"));
        }
    };
    let format = match &write.format {
        Some(format) => format.clone(),
        None => session.conf().default_source(),
    };
    let mode = match write.mode {
        SaveMode::ErrorIfExists => firesteel_storage::SaveMode::ErrorIfExists,
        SaveMode::Append => firesteel_storage::SaveMode::Append,
        SaveMode::Overwrite => firesteel_storage::SaveMode::Overwrite,
        SaveMode::Ignore => firesteel_storage::SaveMode::Ignore,
    };
    let options = write.options.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("path"));
    Ok(WriteRequest {
        format: format.to_lowercase(),
        path,
        mode,
        options: options.map(|(key, value)| (key.clone(), value.clone())).collect(),
        partition_by: write.partition_by.clone(),
        replaced_partition: None,
    })
}
