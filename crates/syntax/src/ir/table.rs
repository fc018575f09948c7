//! Statements about databases, tables and what is in them.

use std::sync::Arc;

use firesteel_base::{Origin, SparkType};
use indexmap::IndexMap;

use super::expression::Expression;
use super::relation::Relation;

/// `CREATE TABLE`, `CREATE TABLE … AS SELECT`, `REPLACE TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    pub name: Vec<String>,
    pub columns: Vec<ColumnDefinition>,
    /// The rows of a `CREATE TABLE … AS SELECT`.
    pub query: Option<Box<Relation>>,
    pub clauses: TableClauses,
    pub existing: CreateMode,
    pub is_external: bool,
    /// `CONSTRAINT`s of the table as a whole.
    pub has_constraints: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateMode {
    Create,
    IfNotExists,
    Replace,
    CreateOrReplace,
}

/// What stands behind the columns of a `CREATE TABLE`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableClauses {
    /// `USING`
    pub provider: Option<String>,
    pub partitioning: Vec<Partitioning>,
    pub bucketing: Option<BucketClause>,
    pub cluster_by: Vec<Vec<String>>,
    pub options: IndexMap<String, String>,
    pub properties: IndexMap<String, String>,
    pub location: Option<String>,
    pub comment: Option<String>,
    pub collation: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Partitioning {
    Column(Vec<String>),
    /// A column of its own, as Hive has them.
    Typed(Box<ColumnDefinition>),
    /// `bucket(4, a)`, `years(d)`: as written.
    Transform(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketClause {
    pub columns: Vec<String>,
    /// In ascending order; nothing else can be said.
    pub sort_columns: Vec<String>,
    pub buckets: i32,
}

/// A column as it is declared.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Several parts for a field of a struct.
    pub name: Vec<String>,
    pub data_type: SparkType,
    pub nullable: bool,
    pub comment: Option<String>,
    pub default: Option<DefaultValue>,
    /// `GENERATED ALWAYS AS (expression)`
    pub is_generated: bool,
    pub is_identity: bool,
    pub has_constraint: bool,
    pub position: Option<ColumnPosition>,
}

/// The expression of a `DEFAULT` and how it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct DefaultValue {
    pub text: Arc<str>,
    pub expression: Expression,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnPosition {
    First,
    After(Vec<String>),
}

/// Values of partition columns; none for a column whose values the rows give.
pub type PartitionSpecification = Vec<(String, Option<Expression>)>;

/// `INSERT`.
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    pub target: InsertTarget,
    pub query: Box<Relation>,
    pub overwrite: bool,
    /// The columns given behind the table's name; empty: all.
    pub columns: Vec<String>,
    pub by_name: bool,
    pub partition: PartitionSpecification,
    /// `IF NOT EXISTS` behind the partition.
    pub if_not_exists: bool,
    /// `SELECT` columns that do not exist yet are errors; `true` for `WITH SCHEMA EVOLUTION`.
    pub schema_evolution: bool,
    pub replaced: Option<ReplacedRows>,
}

/// Rows that an insertion is to put others in place of. No table of the session catalog can.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplacedRows {
    pub kind: ReplacedKind,
    /// From the first word of the statement to the condition's last.
    pub origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplacedKind {
    Where,
    On,
}

#[derive(Clone, Debug, PartialEq)]
pub enum InsertTarget {
    Table(Vec<String>),
    Directory { path: Option<String>, provider: Option<String>, options: IndexMap<String, String> },
}

/// `ALTER TABLE` and `ALTER VIEW`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    pub name: Vec<String>,
    pub is_view: bool,
    pub action: AlterAction,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AlterAction {
    Rename(Vec<String>),
    SetProperties(IndexMap<String, String>),
    UnsetProperties {
        keys: Vec<String>,
        if_exists: bool,
    },
    /// Options of the table's format, or of one partition.
    SetSerdeProperties {
        properties: IndexMap<String, String>,
        partition: Option<PartitionSpecification>,
    },
    AddColumns(Vec<ColumnDefinition>),
    ReplaceColumns(Vec<ColumnDefinition>),
    RenameColumn {
        from: Vec<String>,
        to: String,
    },
    DropColumns {
        columns: Vec<Vec<String>>,
        if_exists: bool,
    },
    AlterColumns(Vec<AlterColumn>),
    AddPartitions {
        partitions: Vec<(PartitionSpecification, Option<String>)>,
        if_not_exists: bool,
    },
    DropPartitions {
        partitions: Vec<PartitionSpecification>,
        if_exists: bool,
    },
    RenamePartition {
        from: PartitionSpecification,
        to: PartitionSpecification,
    },
    SetLocation {
        partition: Option<PartitionSpecification>,
        location: String,
    },
    RecoverPartitions,
    /// `ALTER VIEW … AS query`
    ViewQuery {
        query: Box<Relation>,
        text: Arc<str>,
    },
    /// `ALTER VIEW … WITH SCHEMA mode`
    ViewSchema(String),
    ClusterBy(Vec<Vec<String>>),
    /// What no table of the session catalog can do: the operation's name.
    Refused(String),
}

/// One column of an `ALTER COLUMN`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterColumn {
    pub column: Vec<String>,
    pub data_type: Option<SparkType>,
    pub nullable: Option<bool>,
    pub comment: Option<String>,
    pub position: Option<ColumnPosition>,
    /// `SET DEFAULT value`, or `DROP DEFAULT` without one.
    pub default: Option<Option<DefaultValue>>,
    /// How the statement was written: `ALTER TABLE … CHANGE COLUMN`.
    pub is_change: bool,
}

/// Statements about databases.
#[derive(Clone, Debug, PartialEq)]
pub enum NamespaceCommand {
    Create {
        name: Vec<String>,
        if_not_exists: bool,
        comment: Option<String>,
        location: Option<String>,
        collation: Option<String>,
        properties: IndexMap<String, String>,
    },
    Drop {
        name: Vec<String>,
        if_exists: bool,
        cascade: bool,
    },
    SetProperties {
        name: Vec<String>,
        properties: IndexMap<String, String>,
    },
    UnsetProperties {
        name: Vec<String>,
        keys: Vec<String>,
    },
    SetLocation {
        name: Vec<String>,
        location: String,
    },
    Describe {
        name: Vec<String>,
        extended: bool,
    },
    Comment {
        name: Vec<String>,
        comment: Option<String>,
    },
    /// `SHOW DATABASES`
    Show {
        parent: Option<Vec<String>>,
        pattern: Option<String>,
    },
    ShowCurrent,
    /// `USE name`; `USE DATABASE name` never means a catalog.
    Use {
        name: Vec<String>,
        is_namespace: bool,
    },
    SetCatalog(String),
    ShowCatalogs {
        pattern: Option<String>,
    },
}

/// Statements about tables that are neither their creation nor changes of their description.
#[derive(Clone, Debug, PartialEq)]
pub enum TableCommand {
    Create(Box<CreateTable>),
    CreateLike {
        name: Vec<String>,
        source: Vec<String>,
        if_not_exists: bool,
        clauses: Box<TableClauses>,
    },
    Alter(Box<AlterTable>),
    Drop {
        name: Vec<String>,
        if_exists: bool,
    },
    Truncate {
        name: Vec<String>,
        partition: Option<PartitionSpecification>,
    },
    /// One, or several of a `FROM … INSERT … INSERT …`.
    Insert(Vec<Insert>),
    /// `DELETE`, `UPDATE`, `MERGE INTO` of a table, with the operation's name.
    RowOperation {
        name: Vec<String>,
        operation: &'static str,
    },
    /// `LOAD DATA INPATH`
    Load {
        name: Vec<String>,
        origin: Origin,
    },
    Comment {
        name: Vec<String>,
        comment: Option<String>,
    },
    Describe {
        name: Vec<String>,
        extended: bool,
        partition: Option<PartitionSpecification>,
        as_json: bool,
    },
    DescribeColumn {
        name: Vec<String>,
        column: Vec<String>,
        extended: bool,
    },
    ShowCreate {
        name: Vec<String>,
        as_serde: bool,
    },
    ShowProperties {
        name: Vec<String>,
        key: Option<String>,
    },
    ShowPartitions {
        name: Vec<String>,
        partition: Option<PartitionSpecification>,
    },
    ShowExtended {
        namespace: Option<Vec<String>>,
        pattern: String,
        partition: Option<PartitionSpecification>,
    },
    Analyze {
        name: Vec<String>,
        partition: Option<PartitionSpecification>,
        no_scan: bool,
        columns: AnalyzedColumns,
    },
    AnalyzeAll {
        namespace: Option<Vec<String>>,
        no_scan: bool,
    },
    Refresh(Vec<String>),
    RefreshPath(String),
    /// `MSCK REPAIR TABLE`
    Repair {
        name: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnalyzedColumns {
    None,
    Named(Vec<String>),
    All,
}
