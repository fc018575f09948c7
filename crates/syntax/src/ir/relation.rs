//! Unresolved relations: anything that yields rows.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use firesteel_base::{Origin, SparkField, SparkSchema};
use indexmap::IndexMap;

use super::expression::{Expression, SortOrder, Window};

/// A relation, the client's id for it, and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    pub kind: RelationKind,
    /// The client's id of this plan node: `df["a"]` refers to it.
    pub plan_id: Option<i64>,
    pub origin: Origin,
}

/// What is asked for. Boxed children keep the enum small.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationKind {
    /// A table, view or CTE by name.
    Table(TableReference),
    /// Files by format and path (`spark.read…load`), or `` parquet.`path` `` in SQL.
    DataSource(DataSource),
    /// `VALUES (…), (…)`.
    Values {
        rows: Vec<Vec<Expression>>,
    },
    /// Rows the client sent.
    Local(LocalRelation),
    /// One row without columns: `SELECT` without `FROM`.
    OneRow,
    Range(Range),
    /// A table-valued function in `FROM`, or a generator called as a table.
    TableFunction(TableFunction),
    /// `SELECT` list or `df.select`. Becomes a global aggregate when an aggregate function stands in it.
    Project {
        input: Box<Relation>,
        expressions: Vec<Expression>,
    },
    Filter {
        input: Box<Relation>,
        condition: Expression,
    },
    Aggregate(Box<Aggregate>),
    /// `HAVING` above an [`Aggregate`] or a [`RelationKind::Project`].
    Having {
        input: Box<Relation>,
        condition: Expression,
    },
    /// `QUALIFY`: a filter on window functions above a projection.
    Qualify {
        input: Box<Relation>,
        condition: Expression,
    },
    Join(Box<Join>),
    SetOperation(Box<SetOperation>),
    Sort {
        input: Box<Relation>,
        order: Vec<SortOrder>,
        is_global: bool,
    },
    /// `ORDER BY ALL`.
    SortAll {
        input: Box<Relation>,
        ascending: bool,
        nulls: super::expression::NullOrder,
    },
    Limit {
        input: Box<Relation>,
        limit: Expression,
    },
    /// `LIMIT ALL`: no limit, not even that of recursion.
    LimitAll {
        input: Box<Relation>,
    },
    Offset {
        input: Box<Relation>,
        offset: Expression,
    },
    Tail {
        input: Box<Relation>,
        limit: Expression,
    },
    /// All columns, or the named ones.
    Deduplicate {
        input: Box<Relation>,
        columns: Option<Vec<String>>,
        within_watermark: bool,
    },
    /// `SELECT DISTINCT`.
    Distinct {
        input: Box<Relation>,
    },
    Sample(Sample),
    /// `TRANSFORM … USING`: rows through a program.
    ScriptTransform(Box<ScriptTransform>),
    /// `name(columns)`; `columns` may be empty.
    SubqueryAlias {
        input: Box<Relation>,
        name: String,
        qualifier: Vec<String>,
        columns: Vec<String>,
    },
    /// `WITH` in front of a query: each name stands for its query, in this query only.
    With(Box<With>),
    /// `WINDOW name AS (…)` above the query block that uses the names.
    WithWindows {
        input: Box<Relation>,
        windows: Vec<(String, Window)>,
    },
    /// `LATERAL VIEW [OUTER] generator(…) table AS columns`, also `explode` in `FROM` with `LATERAL`.
    LateralView(Box<LateralView>),
    Pivot(Box<Pivot>),
    Unpivot(Box<Unpivot>),
    Hint {
        input: Box<Relation>,
        name: String,
        parameters: Vec<Expression>,
    },
    /// `df.repartition(n)`, `coalesce(n)`.
    Repartition {
        input: Box<Relation>,
        partitions: i32,
        shuffle: bool,
    },
    /// `df.repartition(n, cols)`, `DISTRIBUTE BY`, `CLUSTER BY` (with a local sort above).
    RepartitionByExpression {
        input: Box<Relation>,
        expressions: Vec<Expression>,
        partitions: Option<i32>,
    },
    ToDf {
        input: Box<Relation>,
        columns: Vec<String>,
    },
    /// `df.to(schema)`.
    ToSchema {
        input: Box<Relation>,
        schema: SparkSchema,
    },
    /// `withColumns`: replaces a column of the same name or appends. Each is `(name, expression, metadata)`.
    WithColumns {
        input: Box<Relation>,
        columns: Vec<(String, Expression, Option<Arc<str>>)>,
    },
    WithColumnsRenamed {
        input: Box<Relation>,
        renames: Vec<(String, String)>,
    },
    /// By expression, and by name (names that do not exist are passed over).
    Drop {
        input: Box<Relation>,
        columns: Vec<Expression>,
        names: Vec<String>,
    },
    ShowString {
        input: Box<Relation>,
        rows: i32,
        truncate: i32,
        vertical: bool,
    },
    HtmlString {
        input: Box<Relation>,
        rows: i32,
        truncate: i32,
    },
    /// `observe`.
    CollectMetrics {
        input: Box<Relation>,
        name: String,
        metrics: Vec<Expression>,
    },
    FillNa {
        input: Box<Relation>,
        columns: Vec<String>,
        values: Vec<super::Literal>,
    },
    DropNa {
        input: Box<Relation>,
        columns: Vec<String>,
        min_non_nulls: Option<i32>,
    },
    Replace {
        input: Box<Relation>,
        columns: Vec<String>,
        replacements: Vec<(super::Literal, super::Literal)>,
    },
    Summary {
        input: Box<Relation>,
        statistics: Vec<String>,
    },
    Describe {
        input: Box<Relation>,
        columns: Vec<String>,
    },
    Crosstab {
        input: Box<Relation>,
        first: String,
        second: String,
    },
    Covariance {
        input: Box<Relation>,
        first: String,
        second: String,
    },
    Correlation {
        input: Box<Relation>,
        first: String,
        second: String,
        method: Option<String>,
    },
    ApproxQuantile {
        input: Box<Relation>,
        columns: Vec<String>,
        probabilities: Vec<f64>,
        relative_error: f64,
    },
    FrequentItems {
        input: Box<Relation>,
        columns: Vec<String>,
        support: Option<f64>,
    },
    SampleBy {
        input: Box<Relation>,
        column: Expression,
        fractions: Vec<(super::Literal, f64)>,
        seed: Option<i64>,
    },
    /// `spark.read.json(df)` and `.csv(df)`.
    Parse {
        input: Box<Relation>,
        format: String,
        schema: Option<SparkSchema>,
        options: IndexMap<String, String>,
    },
    Transpose {
        input: Box<Relation>,
        index_columns: Vec<Expression>,
    },
    /// Relations that expressions of `input` refer to by plan id (DataFrame subqueries, `spark.sql(query, df=df)`).
    WithRelations {
        input: Box<Relation>,
        references: Vec<Relation>,
    },
    /// A subquery with parameter values: `spark.sql(query, args)`.
    WithParameters {
        input: Box<Relation>,
        named: IndexMap<String, Expression>,
        positional: Vec<Expression>,
    },
    /// Rows brought into the columns of the table that they are written to.
    StoreAssignment(Box<StoreAssignment>),
    /// A relation whose rows are kept by the session.
    Held(HeldRows),
    /// A catalog request or statement that yields rows (`SHOW TABLES`, `spark.catalog.listTables()`).
    Command(Box<super::Command>),
    /// Something that is understood but not built: refused by name where it is resolved.
    Unsupported(String),
}

/// A table, view or CTE by name.
#[derive(Clone, Debug, PartialEq)]
pub struct TableReference {
    pub name: Vec<String>,
    pub options: IndexMap<String, String>,
    pub is_streaming: bool,
    /// `VERSION AS OF` / `TIMESTAMP AS OF`.
    pub time_travel: Option<TimeTravel>,
    /// `IDENTIFIER(expr)` in place of the name.
    pub identifier: Option<Box<Expression>>,
    /// The database that a name of one part means: of the view or function whose text this stands in. `None`: the
    /// session's.
    pub database: Option<Arc<str>>,
}

/// Rows on their way into a table: each column's value, cast as assignments are.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreAssignment {
    pub input: Relation,
    /// The table's name as errors show it.
    pub table: String,
    /// The table's columns in its order.
    pub columns: Vec<StoredColumn>,
    /// The columns that `input` gives in its order: places in `columns`. Not used `by_name`.
    pub given: Vec<usize>,
    pub by_name: bool,
    /// Whether a column of `input` that the table does not have may be left out.
    pub policy: StorePolicy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorePolicy {
    Ansi,
    Legacy,
    Strict,
}

#[derive(Clone, Debug, PartialEq)]
pub struct StoredColumn {
    pub field: SparkField,
    /// The value where the rows give none: a default, or what the partition says.
    pub value: Option<Expression>,
    /// Whether the rows must not give it: a partition column with a value.
    pub is_static: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TimeTravel {
    Version(String),
    Timestamp(Box<Expression>),
}

/// Files by format and path.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSource {
    /// `None`: `spark.sql.sources.default`.
    pub format: Option<String>,
    pub schema: Option<SchemaText>,
    /// Keys as the user wrote them; they match without case.
    pub options: IndexMap<String, String>,
    pub paths: Vec<String>,
    pub predicates: Vec<String>,
    pub is_streaming: bool,
}

/// A schema as the user gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SchemaText {
    Schema(SparkSchema),
    /// DDL (`a INT, b STRING`) or JSON text.
    Text(String),
}

/// Kept rows.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldRows {
    /// The session's number for them.
    pub id: u64,
    /// What they are the rows of, where the plan still says it; a checkpoint's does not.
    pub input: Option<Box<Relation>>,
}

/// Rows the client sent.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalRelation {
    /// The rows follow each other; all streams have the same columns.
    pub data: Vec<LocalData>,
    pub schema: Option<SchemaText>,
}

/// An Arrow IPC stream that a client sent.
#[derive(Clone, Debug, PartialEq)]
pub enum LocalData {
    /// In the plan itself.
    Memory(Arc<[u8]>),
    /// Uploaded before.
    File(UploadedFile),
}

/// A file whose name tells its content: what lies there does not change.
#[derive(Clone)]
pub struct UploadedFile {
    pub path: PathBuf,
    /// Where in the file the data begins.
    pub offset: u64,
    pub bytes: u64,
    /// The file stays while this is held.
    pub keeper: Arc<dyn Any + Send + Sync>,
}

impl PartialEq for UploadedFile {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.offset, self.bytes) == (&other.path, other.offset, other.bytes)
    }
}

impl fmt::Debug for UploadedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("UploadedFile").field(&self.path).finish()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: i64,
    pub end: i64,
    pub step: i64,
    pub partitions: Option<i32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct TableFunction {
    pub name: Vec<String>,
    pub arguments: Vec<Expression>,
    /// Options of `WITH (…)` behind the call.
    pub options: IndexMap<String, String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub input: Relation,
    pub grouping: Grouping,
    /// The `SELECT` list, or grouping columns followed by the aggregates for a DataFrame.
    pub expressions: Vec<Expression>,
    /// A DataFrame's `groupBy(…).agg(…)`: the grouping expressions are prepended to the output.
    pub prepend_grouping: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    By(Vec<Expression>),
    /// `GROUP BY ALL`.
    All,
    Rollup(Vec<Expression>),
    Cube(Vec<Expression>),
    /// `groupingSets` of the DataFrame API: the sets, and all grouping columns in order.
    Sets {
        sets: Vec<Vec<Expression>>,
        columns: Vec<Expression>,
    },
    /// SQL's `GROUP BY a, ROLLUP(b, c), GROUPING SETS (…)`: each element is combined with every other.
    Analytics(Vec<GroupingElement>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupingElement {
    Expression(Expression),
    /// Each item is a set of expressions: `ROLLUP((a, b), c)`.
    Rollup(Vec<Vec<Expression>>),
    Cube(Vec<Vec<Expression>>),
    Sets(Vec<GroupingElementSet>),
}

/// A member of `GROUPING SETS (…)`: a set, or a nested analytic.
#[derive(Clone, Debug, PartialEq)]
pub enum GroupingElementSet {
    Set(Vec<Expression>),
    Nested(GroupingElement),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    pub left: Relation,
    pub right: Relation,
    pub kind: JoinKind,
    pub condition: JoinCondition,
    /// The right side may refer to the left one's columns.
    pub is_lateral: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JoinKind {
    Inner,
    Cross,
    LeftOuter,
    RightOuter,
    FullOuter,
    LeftSemi,
    LeftAnti,
}

impl JoinKind {
    /// As SQL and errors write it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Inner => "INNER",
            Self::Cross => "CROSS",
            Self::LeftOuter => "LEFT OUTER",
            Self::RightOuter => "RIGHT OUTER",
            Self::FullOuter => "FULL OUTER",
            Self::LeftSemi => "LEFT SEMI",
            Self::LeftAnti => "LEFT ANTI",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum JoinCondition {
    None,
    On(Expression),
    Using(Vec<String>),
    Natural,
    /// For each row of the left side the best of the right one.
    NearestBy(NearestBy),
}

/// `APPROX NEAREST 3 BY DISTANCE expression`
#[derive(Clone, Debug, PartialEq)]
pub struct NearestBy {
    pub ranking: Expression,
    pub count: i32,
    /// `EXACT`: the ranking must give the same value each time.
    pub is_exact: bool,
    /// The least values are best (`DISTANCE`), or the greatest (`SIMILARITY`).
    pub is_distance: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SetOperation {
    pub left: Relation,
    pub right: Relation,
    pub kind: SetOperationKind,
    pub is_all: bool,
    pub by_name: bool,
    pub allow_missing_columns: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperationKind {
    Union,
    Intersect,
    Except,
}

/// Rows through a program: its input is a query block that selects the program's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptTransform {
    pub input: Relation,
    pub input_format: RowFormat,
    pub script: String,
    pub columns: ScriptColumns,
    pub output_format: RowFormat,
}

/// How rows are written as lines.
#[derive(Clone, Debug, PartialEq)]
pub struct RowFormat {
    /// What stands between two values.
    pub fields: String,
    /// What stands for NULL.
    pub null: String,
}

impl Default for RowFormat {
    fn default() -> Self {
        Self { fields: "\t".to_owned(), null: "\\N".to_owned() }
    }
}

/// The columns that a program writes.
#[derive(Clone, Debug, PartialEq)]
pub enum ScriptColumns {
    /// The first two values, as `key` and `value`.
    KeyValue,
    Named(Vec<(String, firesteel_base::SparkType)>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub input: Box<Relation>,
    pub lower: f64,
    pub upper: f64,
    pub with_replacement: bool,
    pub seed: Option<i64>,
    pub deterministic_order: bool,
    /// `TABLESAMPLE (n ROWS)`, which is a limit.
    pub rows: Option<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct With {
    pub input: Relation,
    pub tables: Vec<CommonTable>,
    pub is_recursive: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CommonTable {
    pub name: String,
    pub columns: Vec<String>,
    pub query: Relation,
    /// `MAX RECURSION LEVEL n`.
    pub recursion_limit: Option<i32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LateralView {
    pub input: Relation,
    /// The generator's name parts and arguments.
    pub generator: Expression,
    pub is_outer: bool,
    pub table: Option<String>,
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pivot {
    pub input: Relation,
    /// `None` in SQL: every column that neither the pivot nor the aggregates use.
    pub grouping: Option<Vec<Expression>>,
    pub aggregates: Vec<Expression>,
    /// One column, or several as a struct.
    pub columns: Vec<Expression>,
    /// Values with their optional aliases; empty: the distinct values of the column, sorted.
    pub values: Vec<Expression>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unpivot {
    pub input: Relation,
    /// DataFrame: the columns that stay. SQL: `None`, all that are not unpivoted.
    pub ids: Option<Vec<Expression>>,
    /// Groups of columns with an optional alias each; `None`: all that are not ids.
    pub values: Option<Vec<(Vec<Expression>, Option<String>)>>,
    pub variable_column: String,
    pub value_columns: Vec<String>,
    pub include_nulls: bool,
}

impl RelationKind {
    /// What the relation is called in outlines of a plan.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Table(_) => "UnresolvedRelation",
            Self::DataSource(_) => "UnresolvedDataSource",
            Self::Values { .. } => "Values",
            Self::Local(_) => "LocalRelation",
            Self::OneRow => "OneRowRelation",
            Self::Range(_) => "Range",
            Self::TableFunction(_) => "TableFunction",
            Self::Project { .. } => "Project",
            Self::Filter { .. } => "Filter",
            Self::Aggregate(_) => "Aggregate",
            Self::Having { .. } => "Having",
            Self::Qualify { .. } => "Qualify",
            Self::Join(_) => "Join",
            Self::SetOperation(_) => "SetOperation",
            Self::Sort { .. } => "Sort",
            Self::SortAll { .. } => "SortAll",
            Self::Limit { .. } => "Limit",
            Self::LimitAll { .. } => "LimitAll",
            Self::Offset { .. } => "Offset",
            Self::Tail { .. } => "Tail",
            Self::Deduplicate { .. } => "Deduplicate",
            Self::Distinct { .. } => "Distinct",
            Self::Sample(_) => "Sample",
            Self::ScriptTransform(_) => "ScriptTransformation",
            Self::SubqueryAlias { .. } => "SubqueryAlias",
            Self::With(_) => "UnresolvedWith",
            Self::WithWindows { .. } => "WithWindows",
            Self::LateralView(_) => "LateralView",
            Self::Pivot(_) => "Pivot",
            Self::Unpivot(_) => "Unpivot",
            Self::Hint { .. } => "Hint",
            Self::Repartition { .. } => "Repartition",
            Self::RepartitionByExpression { .. } => "RepartitionByExpression",
            Self::ToDf { .. } => "ToDf",
            Self::ToSchema { .. } => "ToSchema",
            Self::WithColumns { .. } => "WithColumns",
            Self::WithColumnsRenamed { .. } => "WithColumnsRenamed",
            Self::Drop { .. } => "Drop",
            Self::ShowString { .. } => "ShowString",
            Self::HtmlString { .. } => "HtmlString",
            Self::CollectMetrics { .. } => "CollectMetrics",
            Self::FillNa { .. } => "FillNa",
            Self::DropNa { .. } => "DropNa",
            Self::Replace { .. } => "Replace",
            Self::Summary { .. } => "Summary",
            Self::Describe { .. } => "Describe",
            Self::Crosstab { .. } => "Crosstab",
            Self::Covariance { .. } => "Covariance",
            Self::Correlation { .. } => "Correlation",
            Self::ApproxQuantile { .. } => "ApproxQuantile",
            Self::FrequentItems { .. } => "FrequentItems",
            Self::SampleBy { .. } => "SampleBy",
            Self::Parse { .. } => "Parse",
            Self::Transpose { .. } => "Transpose",
            Self::WithRelations { .. } => "WithRelations",
            Self::WithParameters { .. } => "WithParameters",
            Self::StoreAssignment(_) => "StoreAssignment",
            Self::Held(_) => "Held",
            Self::Command(_) => "Command",
            Self::Unsupported(_) => "Unsupported",
        }
    }
}

impl Relation {
    pub fn new(kind: RelationKind, origin: Origin) -> Self {
        Self { kind, plan_id: None, origin }
    }

    /// A table by name, without options.
    pub fn table(name: Vec<String>, origin: Origin) -> Self {
        let reference = TableReference {
            name,
            options: IndexMap::new(),
            is_streaming: false,
            time_travel: None,
            identifier: None,
            database: None,
        };
        Self::new(RelationKind::Table(reference), origin)
    }

    pub fn boxed(self) -> Box<Self> {
        Box::new(self)
    }
}
