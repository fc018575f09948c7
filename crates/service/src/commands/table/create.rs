//! `CREATE TABLE` in its forms.

use firesteel_base::collation::Collation;
use firesteel_base::identifier::{quote_identifier, quote_name_parts};
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};
use firesteel_catalog::{Bucketing, Kind, ObjectName, OnExisting, Table, already_exists, database_not_found};
use firesteel_storage::{ReadRequest, SaveMode, WriteRequest};
use firesteel_syntax::ir::Relation;
use firesteel_syntax::ir::table::{ColumnDefinition, CreateMode, CreateTable, Partitioning, TableClauses};
use indexmap::IndexMap;

use super::super::names::{self, Named, Searched, unsupported_operation};
use super::columns::{declared_schema, refuse_duplicates};
use crate::answer::{Answer, CommandResult, Rows};
use crate::session::Session;

/// A table that is about to be.
pub(crate) struct NewTable {
    pub(crate) name: ObjectName,
    pub(crate) provider: Option<String>,
    pub(crate) schema: SparkSchema,
    pub(crate) partition_columns: Vec<String>,
    pub(crate) bucketing: Option<Bucketing>,
    pub(crate) cluster_columns: Vec<String>,
    pub(crate) location: Option<String>,
    pub(crate) options: IndexMap<String, String>,
    pub(crate) properties: IndexMap<String, String>,
    pub(crate) comment: Option<String>,
    /// The collation of the columns that name none.
    pub(crate) collation: Option<String>,
    pub(crate) existing: OnExisting,
}

pub(super) async fn run(session: &Session, create: CreateTable) -> SparkResult<CommandResult> {
    let name = names::object_name(session, &create.name)?;
    if matches!(create.existing, CreateMode::Replace | CreateMode::CreateOrReplace) {
        return Err(unsupported_operation(&name, "REPLACE TABLE"));
    }
    let collation = create.clauses.collation.as_deref();
    let collation = collation.map(|name| Collation::canonical(&[name.to_owned()])).transpose()?;
    if collation.is_some() && create.query.is_some() {
        return Err(SparkError::unsupported("DEFAULT COLLATION of a table that is made from a query"));
    }
    refuse_column_features(&name, &create.columns, create.has_constraints)?;
    let mut columns = create.columns.clone();
    let partition_columns = partition_columns(&create.clauses.partitioning, &mut columns)?;
    let mut schema = declared_schema(session, &columns, "CREATE TABLE").await?;
    if let Some(collation) = &collation {
        let collated = |field: &SparkField| SparkField {
            data_type: with_default_collation(&field.data_type, collation),
            ..field.clone()
        };
        schema = SparkSchema::new(schema.iter().map(collated).collect::<Vec<_>>());
    }
    let existing = if create.existing == CreateMode::IfNotExists { OnExisting::Keep } else { OnExisting::Fail };
    let new = NewTable {
        collation: collation.map(|name| name.to_string()),
        ..new_table(name, schema, partition_columns, create.clauses, existing)
    };
    match create.query {
        Some(query) => create_from_rows(session, new, *query).await,
        None => create_table(session, new).await,
    }
}

fn refuse_column_features(name: &ObjectName, columns: &[ColumnDefinition], has_constraints: bool) -> SparkResult<()> {
    if columns.iter().any(|column| column.is_generated) {
        return Err(unsupported_operation(name, "generated columns"));
    }
    if columns.iter().any(|column| column.is_identity) {
        return Err(unsupported_operation(name, "identity columns"));
    }
    if has_constraints || columns.iter().any(|column| column.has_constraint) {
        return Err(unsupported_operation(name, "CONSTRAINT"));
    }
    Ok(())
}

fn new_table(
    name: ObjectName,
    schema: SparkSchema,
    partition_columns: Vec<String>,
    clauses: TableClauses,
    existing: OnExisting,
) -> NewTable {
    let bucketing = clauses.bucketing.map(|bucket| Bucketing {
        buckets: bucket.buckets,
        columns: bucket.columns,
        sort_columns: bucket.sort_columns,
    });
    NewTable {
        name,
        provider: clauses.provider,
        schema,
        partition_columns,
        bucketing,
        cluster_columns: clauses.cluster_by.iter().map(|column| column.join(".")).collect(),
        location: clauses.location,
        options: clauses.options,
        properties: clauses.properties,
        comment: clauses.comment,
        collation: None,
        existing,
    }
}

/// The type with its texts that name no collation in this one.
fn with_default_collation(data_type: &SparkType, collation: &str) -> SparkType {
    match data_type {
        SparkType::String { collation: None } => SparkType::collated(collation),
        SparkType::Array { element, contains_null } => {
            SparkType::array(with_default_collation(element, collation), *contains_null)
        }
        SparkType::Map { key, value, value_contains_null } => SparkType::map(
            with_default_collation(key, collation),
            with_default_collation(value, collation),
            *value_contains_null,
        ),
        other => other.clone(),
    }
}

/// Names of partition columns; columns that only the partitioning declares become columns of the table.
fn partition_columns(partitioning: &[Partitioning], columns: &mut Vec<ColumnDefinition>) -> SparkResult<Vec<String>> {
    let mut names = Vec::with_capacity(partitioning.len());
    for field in partitioning {
        match field {
            Partitioning::Column(name) => names.push(name.join(".")),
            Partitioning::Typed(column) => {
                names.push(column.name.join("."));
                columns.push(column.as_ref().clone());
            }
            Partitioning::Transform(transform) => {
                return Err(SparkError::unsupported(format!("partitioning by {transform}")));
            }
        }
    }
    Ok(names)
}

/// Creates a table without rows, or over files that are there.
pub(crate) async fn create_table(session: &Session, new: NewTable) -> SparkResult<CommandResult> {
    if let Some(done) = check_existing(session, &new).await? {
        return Ok(done);
    }
    let mut new = new;
    if new.schema.is_empty() {
        infer(session, &mut new).await?;
    }
    let table = describe(session, new).await?;
    let storage = &session.environment().storage;
    storage.check_format(&table.provider, &table.schema)?;
    let is_managed = table.kind == Kind::Managed;
    let location = table.location.clone();
    if is_managed {
        refuse_occupied(session, &table).await?;
    }
    if session.catalog().create_table(table, OnExisting::Fail).await? && is_managed {
        storage.create_directory(&location).await?;
    }
    Ok(CommandResult::empty())
}

/// Creates a table of a query's rows: it exists when all rows are written.
pub(crate) async fn create_from_rows(session: &Session, new: NewTable, query: Relation) -> SparkResult<CommandResult> {
    if let Some(done) = check_existing(session, &new).await? {
        return Ok(done);
    }
    let (table, rows) = rows_of_table(session, new, query).await?;
    // Spark refuses directories with something in them, whosever they are.
    refuse_occupied(session, &table).await?;
    let mode = if table.kind == Kind::Managed { SaveMode::Overwrite } else { SaveMode::Append };
    write_rows(session, &table, rows, mode).await?;
    let (location, is_managed) = (table.location.clone(), table.kind == Kind::Managed);
    let created = session.catalog().create_table(table, OnExisting::Fail).await;
    if created.is_err() && is_managed {
        session.environment().storage.remove_directory(&location).await?;
    }
    created.map(|_| CommandResult::empty())
}

/// Another table in place of one. The old one and its rows stay until all rows of the new one are written.
pub(crate) async fn replace_by_rows(
    session: &Session,
    old: &Table,
    new: NewTable,
    query: Relation,
) -> SparkResult<CommandResult> {
    let (table, rows) = rows_of_table(session, new, query).await?;
    if table.schema.is_empty() {
        return Err(SparkError::new("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE").param("format", &old.provider));
    }
    let is_same_place = table.location == old.location;
    if !is_same_place {
        refuse_occupied(session, &table).await?;
    }
    write_rows(session, &table, rows, SaveMode::Overwrite).await?;
    session.catalog().create_table(table, OnExisting::Replace).await?;
    if old.kind == Kind::Managed && !is_same_place {
        session.environment().storage.remove_directory(&old.location).await?;
    }
    Ok(CommandResult::empty())
}

/// The table that a query's rows make, and the rows.
async fn rows_of_table(session: &Session, mut new: NewTable, query: Relation) -> SparkResult<(Table, Rows)> {
    let rows = match session.run_query(query).await? {
        Answer::Rows(rows) => rows,
        Answer::Done(_) => return Err(SparkError::unsupported("a table of the result of a command")),
    };
    new.schema = SparkSchema::new(rows.schema.iter().map(stored_field).collect::<Vec<_>>());
    let table = describe(session, new).await?;
    session.environment().storage.check_format(&table.provider, &table.schema)?;
    Ok((table, rows))
}

async fn write_rows(session: &Session, table: &Table, rows: Rows, mode: SaveMode) -> SparkResult<()> {
    let request = WriteRequest {
        format: table.provider.to_lowercase(),
        path: table.location.clone(),
        mode,
        options: table.options.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        partition_by: table.partition_columns.clone(),
        replaced_partition: None,
    };
    let settings = firesteel_plan::read_settings(&session.conf());
    session.environment().storage.write(&request, &rows.schema, vec![rows.stream], &settings).await?;
    Ok(())
}

/// A column of a query as a table keeps it: what the query knows of its values does not hold for later rows.
fn stored_field(field: &SparkField) -> SparkField {
    let comment = field.comment();
    let plain = SparkField::new(field.name.clone(), field.data_type.clone(), true);
    match comment {
        Some(comment) => plain.with_comment(&comment),
        None => plain,
    }
}

/// The answer if the table exists and is kept; a refusal if it must not exist.
async fn check_existing(session: &Session, new: &NewTable) -> SparkResult<Option<CommandResult>> {
    names::check_name(&new.name.name)?;
    if session.catalog().database(&new.name.database).await?.is_none() {
        return Err(database_not_found(&new.name.database));
    }
    if session.catalog().table(&new.name).await?.is_none() {
        return Ok(None);
    }
    match new.existing {
        OnExisting::Keep => Ok(Some(CommandResult::empty())),
        OnExisting::Fail | OnExisting::Replace => Err(already_exists(&new.name)),
    }
}

/// A managed table begins with an empty directory.
async fn refuse_occupied(session: &Session, table: &Table) -> SparkResult<()> {
    if session.environment().storage.is_vacant(&table.location).await? {
        return Ok(());
    }
    Err(SparkError::new("LOCATION_ALREADY_EXISTS")
        .param("location", format!("'{}'", table.location))
        .param("identifier", table.name.quoted()))
}

/// Columns as the files at the location have them.
async fn infer(session: &Session, new: &mut NewTable) -> SparkResult<()> {
    let format = new.provider.clone().unwrap_or_else(|| session.conf().default_source()).to_lowercase();
    let location = new.location.clone().or_else(|| path_option(&new.options));
    let Some(location) = location else {
        session.environment().storage.check_format(&format, &SparkSchema::default())?;
        let mut title = format.clone();
        if let Some(first) = title.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let title = if matches!(format.as_str(), "csv" | "json") { format.to_uppercase() } else { title };
        return Err(SparkError::new("UNABLE_TO_INFER_SCHEMA").param("format", title));
    };
    let options = new.options.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("path"));
    let request = ReadRequest {
        file_metadata: false,
        format,
        schema: None,
        options: options.map(|(key, value)| (key.clone(), value.clone())).collect(),
        paths: vec![location],
    };
    let settings = firesteel_plan::read_settings(&session.conf());
    let opened = session.environment().storage.open(&request, &settings).await?;
    if new.partition_columns.is_empty() {
        new.partition_columns = opened.partition_columns.clone();
    }
    new.schema = opened.schema;
    Ok(())
}

fn path_option(options: &IndexMap<String, String>) -> Option<String> {
    options.iter().find(|(key, _)| key.eq_ignore_ascii_case("path")).map(|(_, value)| value.clone())
}

/// The table's description, checked, with partition columns last.
async fn describe(session: &Session, new: NewTable) -> SparkResult<Table> {
    let schema = ordered_columns(session, &new)?;
    if let Some(bucketing) = &new.bucketing {
        check_bucketing(session, &new, bucketing)?;
    }
    let storage = &session.environment().storage;
    let given = new.location.clone().or_else(|| path_option(&new.options));
    let (kind, location) = match given {
        Some(location) => (Kind::External, storage.qualified(&location)?),
        None => (Kind::Managed, default_location(session, &new.name).await?),
    };
    let mut options = new.options;
    options.retain(|key, _| !key.eq_ignore_ascii_case("path"));
    Ok(Table {
        name: new.name,
        kind,
        provider: new.provider.unwrap_or_else(|| session.conf().default_source()),
        schema,
        partition_columns: new.partition_columns,
        bucketing: new.bucketing,
        cluster_columns: new.cluster_columns,
        location,
        options,
        properties: new.properties,
        comment: new.comment,
        collation: new.collation,
        owner: String::new(),
        created_at: session.clock().unix_micros() / 1000,
        view: None,
        statistics: None,
        revision: 0,
    })
}

/// Where the files of a managed table lie.
pub(super) async fn default_location(session: &Session, name: &ObjectName) -> SparkResult<String> {
    let database = session.catalog().database(&name.database).await?;
    let database = database.ok_or_else(|| database_not_found(&name.database))?;
    Ok(format!("{}/{}", database.location.trim_end_matches('/'), name.name))
}

fn ordered_columns(session: &Session, new: &NewTable) -> SparkResult<SparkSchema> {
    refuse_duplicates(session, new.schema.iter().map(|field| field.name.as_str()))?;
    refuse_duplicates(session, new.partition_columns.iter().map(String::as_str))?;
    let mut partitions = Vec::with_capacity(new.partition_columns.len());
    for name in &new.partition_columns {
        let found = new.schema.iter().find(|field| session.same_name(&field.name, name));
        let field = found.ok_or_else(|| {
            let known: Vec<String> = new.schema.iter().map(|field| quote_identifier(&field.name)).collect();
            SparkError::new("COLUMN_NOT_DEFINED_IN_TABLE")
                .param("colType", "partition")
                .param("colName", quote_identifier(name))
                .param("tableName", new.name.quoted())
                .param("tableCols", known.join(", "))
        })?;
        if field.data_type.is_nested() {
            return Err(SparkError::new("INVALID_PARTITION_COLUMN_DATA_TYPE")
                .param("type", firesteel_base::error::to_sql_type(&field.data_type)));
        }
        partitions.push(field.clone());
    }
    if !partitions.is_empty() && partitions.len() == new.schema.len() {
        return Err(SparkError::new("ALL_PARTITION_COLUMNS_NOT_ALLOWED"));
    }
    let is_partition = |field: &&SparkField| partitions.iter().any(|partition| partition.name == field.name);
    let mut fields: Vec<SparkField> = new.schema.iter().filter(|field| !is_partition(field)).cloned().collect();
    fields.extend(partitions.iter().cloned());
    Ok(SparkSchema::new(fields))
}

fn check_bucketing(session: &Session, new: &NewTable, bucketing: &Bucketing) -> SparkResult<()> {
    for (kind, names) in [("bucket", &bucketing.columns), ("sort", &bucketing.sort_columns)] {
        for name in names {
            if !new.schema.iter().any(|field| session.same_name(&field.name, name)) {
                let known: Vec<String> = new.schema.iter().map(|field| quote_identifier(&field.name)).collect();
                return Err(SparkError::new("COLUMN_NOT_DEFINED_IN_TABLE")
                    .param("colType", kind)
                    .param("colName", quote_identifier(name))
                    .param("tableName", new.name.quoted())
                    .param("tableCols", known.join(", ")));
            }
        }
    }
    if bucketing.buckets <= 0 || bucketing.buckets > 100_000 {
        return Err(SparkError::new("INVALID_BUCKET_COUNT")
            .param("bucketingMaxBuckets", "100000")
            .param("numBuckets", bucketing.buckets.to_string()));
    }
    Ok(())
}

/// `CREATE TABLE … LIKE …`: the columns and the format of another table or view.
pub(super) async fn like(
    session: &Session,
    name: &[String],
    source: &[String],
    if_not_exists: bool,
    clauses: TableClauses,
) -> SparkResult<CommandResult> {
    let name = names::object_name(session, name)?;
    let existing = if if_not_exists { OnExisting::Keep } else { OnExisting::Fail };
    let mut new = new_table(name, SparkSchema::default(), Vec::new(), clauses, existing);
    match names::need(session, source, Searched::Objects).await? {
        Named::Object(table) => {
            if new.provider.is_none() && !table.is_view() {
                new.provider = Some(table.provider.clone());
                new.options = table.options.clone();
                new.bucketing.clone_from(&table.bucketing);
            }
            new.schema = table.schema.clone();
            new.partition_columns.clone_from(&table.partition_columns);
        }
        Named::View(_) => {
            let relation = Relation::table(source.to_vec(), firesteel_base::Origin::Unknown);
            let schema = session.schema(relation).await?;
            new.schema = SparkSchema::new(schema.iter().map(stored_field).collect::<Vec<_>>());
        }
    }
    if new.schema.is_empty() {
        return Err(SparkError::internal(format!("{} has no columns", quote_name_parts(source))));
    }
    create_table(session, new).await
}
