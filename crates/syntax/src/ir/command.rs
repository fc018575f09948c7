//! Unresolved commands: what changes something, or answers about the session.

use std::sync::Arc;

use firesteel_base::Origin;
use indexmap::IndexMap;

use super::expression::Expression;
use super::relation::{Relation, SchemaText};
use super::routine::RoutineCommand;
use super::script::Script;
use super::table::{NamespaceCommand, TableCommand};

/// One SQL statement, or one plan of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    Query(Relation),
    Command(Command),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    CreateView(CreateView),
    DropView {
        name: Vec<String>,
        if_exists: bool,
    },
    Write(Box<Write>),
    /// `SET key = value`; `SET key`; `SET`; `SET -v`.
    Set(Set),
    /// `RESET`, `RESET key`.
    Reset {
        key: Option<String>,
    },
    SetTimeZone(TimeZone),
    Explain {
        statement: Box<Statement>,
        mode: ExplainMode,
    },
    /// `DESCRIBE QUERY …`.
    DescribeQuery(Box<Relation>),
    DescribeFunction {
        name: Vec<String>,
        extended: bool,
    },
    ShowFunctions {
        pattern: Option<String>,
        scope: FunctionScope,
        namespace: Option<Vec<String>>,
    },
    ShowTables {
        namespace: Option<Vec<String>>,
        pattern: Option<String>,
    },
    ShowViews {
        namespace: Option<Vec<String>>,
        pattern: Option<String>,
    },
    ShowColumns {
        table: Vec<String>,
        namespace: Option<Vec<String>>,
    },
    Namespace(NamespaceCommand),
    Table(TableCommand),
    Routine(RoutineCommand),
    Script(Box<Script>),
    Procedure(ProcedureCommand),
    WriteTo(Box<WriteTo>),
    CacheTable(CacheTable),
    UncacheTable {
        name: Vec<String>,
        if_exists: bool,
    },
    ClearCache,
    /// A catalog request of the client that is no SQL statement (`spark.catalog.currentDatabase()` and so on).
    Catalog(CatalogRequest),
    /// Understood by name, not built: refused with the statement's name.
    Unsupported {
        statement: String,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct CreateView {
    pub name: Vec<String>,
    pub columns: Vec<(String, Option<String>)>,
    pub query: Box<Relation>,
    /// The query's SQL text, if it came as SQL.
    pub text: Option<Arc<str>>,
    pub scope: ViewScope,
    pub replace: bool,
    pub if_not_exists: bool,
    pub comment: Option<String>,
    pub properties: IndexMap<String, String>,
    /// How a persistent view follows changes of what it reads: `WITH SCHEMA …`.
    pub schema_mode: Option<String>,
}

/// `CACHE TABLE`
#[derive(Clone, Debug, PartialEq)]
pub struct CacheTable {
    pub name: Vec<String>,
    /// The query whose rows are cached under the name of a temporary view, with its text.
    pub query: Option<(Box<Relation>, Arc<str>)>,
    pub is_lazy: bool,
    pub options: IndexMap<String, String>,
}

/// Where the rows of a cached query may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StorageLevel {
    pub disk: bool,
    pub memory: bool,
    pub off_heap: bool,
    pub deserialized: bool,
    pub replication: i32,
}

impl StorageLevel {
    pub const NONE: Self = Self::new(false, false, false, false, 1);
    pub const MEMORY_AND_DISK: Self = Self::new(true, true, false, true, 1);

    const fn new(disk: bool, memory: bool, off_heap: bool, deserialized: bool, replication: i32) -> Self {
        Self { disk, memory, off_heap, deserialized, replication }
    }

    /// The level of this name, written in any case.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_uppercase().as_str() {
            "NONE" => Self::NONE,
            "DISK_ONLY" => Self::new(true, false, false, false, 1),
            "DISK_ONLY_2" => Self::new(true, false, false, false, 2),
            "DISK_ONLY_3" => Self::new(true, false, false, false, 3),
            "MEMORY_ONLY" => Self::new(false, true, false, true, 1),
            "MEMORY_ONLY_2" => Self::new(false, true, false, true, 2),
            "MEMORY_ONLY_SER" => Self::new(false, true, false, false, 1),
            "MEMORY_ONLY_SER_2" => Self::new(false, true, false, false, 2),
            "MEMORY_AND_DISK" => Self::MEMORY_AND_DISK,
            "MEMORY_AND_DISK_2" => Self::new(true, true, false, true, 2),
            "MEMORY_AND_DISK_SER" => Self::new(true, true, false, false, 1),
            "MEMORY_AND_DISK_SER_2" => Self::new(true, true, false, false, 2),
            "OFF_HEAP" => Self::new(true, true, true, false, 1),
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ViewScope {
    /// Of this session.
    Temporary,
    /// Of all sessions, in `global_temp`.
    GlobalTemporary,
    Persistent,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    pub input: Relation,
    pub format: Option<String>,
    pub target: WriteTarget,
    pub mode: SaveMode,
    pub options: IndexMap<String, String>,
    pub partition_by: Vec<String>,
    pub sort_by: Vec<String>,
    /// Number of buckets and their columns.
    pub bucket_by: Option<(i32, Vec<String>)>,
    pub cluster_by: Vec<String>,
}

/// `writeTo(table)`
#[derive(Clone, Debug, PartialEq)]
pub struct WriteTo {
    pub input: Relation,
    pub table: Vec<String>,
    pub provider: Option<String>,
    pub options: IndexMap<String, String>,
    pub properties: IndexMap<String, String>,
    pub partitioning: Vec<Expression>,
    pub cluster_by: Vec<String>,
    pub action: WriteToAction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteToAction {
    Create,
    Append,
    Overwrite,
    OverwritePartitions,
    Replace,
    CreateOrReplace,
}

/// Statements about procedures, of which the session catalog has none.
#[derive(Clone, Debug, PartialEq)]
pub enum ProcedureCommand {
    Show,
    /// `CALL` and `DESCRIBE`.
    Named {
        name: Vec<String>,
        origin: Origin,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteTarget {
    Path(String),
    /// `saveAsTable`.
    Table(Vec<String>),
    /// `insertInto`.
    InsertInto(Vec<String>),
    /// `save()` without a path: the options say where.
    Options,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveMode {
    ErrorIfExists,
    Append,
    Overwrite,
    Ignore,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Set {
    Assign { key: String, value: String },
    Get { key: String },
    All,
    AllVerbose,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TimeZone {
    Local,
    Name(String),
    Interval(Box<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExplainMode {
    Simple,
    Extended,
    Codegen,
    Cost,
    Formatted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FunctionScope {
    All,
    User,
    System,
}

/// The protocol's catalog requests. Those that are not built are refused by their Spark name.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogRequest {
    CurrentDatabase,
    SetCurrentDatabase(String),
    ListDatabases {
        pattern: Option<String>,
    },
    ListTables {
        database: Option<String>,
        pattern: Option<String>,
    },
    ListFunctions {
        database: Option<String>,
        pattern: Option<String>,
    },
    ListColumns {
        table: String,
        database: Option<String>,
    },
    GetDatabase(String),
    GetTable {
        table: String,
        database: Option<String>,
    },
    GetFunction {
        function: String,
        database: Option<String>,
    },
    DatabaseExists(String),
    TableExists {
        table: String,
        database: Option<String>,
    },
    FunctionExists {
        function: String,
        database: Option<String>,
    },
    CreateTable {
        table: String,
        path: Option<String>,
        source: Option<String>,
        schema: Option<SchemaText>,
        options: IndexMap<String, String>,
        description: Option<String>,
    },
    DropTempView(String),
    DropGlobalTempView(String),
    RecoverPartitions(String),
    IsCached(String),
    CacheTable {
        table: String,
        level: Option<StorageLevel>,
    },
    UncacheTable(String),
    ClearCache,
    RefreshTable(String),
    RefreshByPath(String),
    CurrentCatalog,
    SetCurrentCatalog(String),
    ListCatalogs {
        pattern: Option<String>,
    },
    ListViews {
        database: Option<String>,
        pattern: Option<String>,
    },
    Statement(CatalogStatement),
}

/// Requests of the client's catalog that do what a statement does. Names are as the user wrote them.
#[derive(Clone, Debug, PartialEq)]
pub enum CatalogStatement {
    DropTable { table: String, if_exists: bool },
    DropView { view: String, if_exists: bool },
    CreateDatabase { database: String, if_not_exists: bool, properties: IndexMap<String, String> },
    DropDatabase { database: String, if_exists: bool, cascade: bool },
    ListPartitions(String),
    GetTableProperties(String),
    GetCreateTableString { table: String, as_serde: bool },
    TruncateTable(String),
    AnalyzeTable { table: String, no_scan: bool },
}
