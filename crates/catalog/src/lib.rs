//! What exists under a name: databases, tables, views and functions, behind one trait.
//!
//! A [`Catalog`] keeps descriptions and never touches the data that they describe; each change is one transaction, so
//! that a crash leaves either the old description or the new one. [`SqliteCatalog`] is the default one: a file in the
//! warehouse directory, or memory for tests. What is temporary belongs to sessions and is not kept here.

mod error;
mod function;
mod name;
mod sqlite;
mod table;

use async_trait::async_trait;
use firesteel_base::SparkResult;

pub use function::Function;
pub use name::{CATALOG, DEFAULT_DATABASE, ObjectName};
pub use sqlite::SqliteCatalog;
pub use table::{Bucketing, ColumnStatistics, Database, Kind, Statistics, Table, ViewText};

pub use error::{already_exists, database_not_found};

/// What to do where an object of the same name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnExisting {
    Fail,
    Replace,
    /// Leaves what exists.
    Keep,
}

/// Databases, and the tables, views and functions in them.
///
/// Names come in the form in which they are compared: in lower case, unless the session distinguishes case.
#[async_trait]
pub trait Catalog: Send + Sync + std::fmt::Debug {
    /// All databases by name.
    async fn databases(&self) -> SparkResult<Vec<Database>>;

    async fn database(&self, name: &str) -> SparkResult<Option<Database>>;

    /// Whether it was created: `false` where one exists and is kept. `SCHEMA_ALREADY_EXISTS` where that is a failure.
    async fn create_database(&self, database: Database, existing: OnExisting) -> SparkResult<bool>;

    /// Puts the description in place of the one there is; `SCHEMA_NOT_FOUND` if there is none.
    async fn alter_database(&self, database: Database) -> SparkResult<()>;

    /// Drops a database, and with `cascade` what is in it; gives the tables and views that went with it.
    /// `SCHEMA_NOT_EMPTY` if it holds something and may not cascade.
    async fn drop_database(&self, name: &str, cascade: bool) -> SparkResult<Vec<Table>>;

    /// Tables and views of a database by name.
    async fn tables(&self, database: &str) -> SparkResult<Vec<Table>>;

    /// A table or view.
    async fn table(&self, name: &ObjectName) -> SparkResult<Option<Table>>;

    /// Whether it was created. `SCHEMA_NOT_FOUND` without its database, `TABLE_OR_VIEW_ALREADY_EXISTS` where an
    /// existing one is a failure.
    async fn create_table(&self, table: Table, existing: OnExisting) -> SparkResult<bool>;

    /// Puts the description in place of the one it was made from; under another name, it is renamed.
    ///
    /// Refused with `CATALOG_CHANGED` where somebody else changed the table since `table` was read.
    async fn alter_table(&self, name: &ObjectName, table: Table) -> SparkResult<()>;

    /// What was dropped, if there was something.
    async fn drop_table(&self, name: &ObjectName) -> SparkResult<Option<Table>>;

    /// Functions of a database by name.
    async fn functions(&self, database: &str) -> SparkResult<Vec<Function>>;

    async fn function(&self, name: &ObjectName) -> SparkResult<Option<Function>>;

    /// Whether it was created. `ROUTINE_ALREADY_EXISTS` where an existing one is a failure.
    async fn create_function(&self, function: Function, existing: OnExisting) -> SparkResult<bool>;

    /// Whether there was one.
    async fn drop_function(&self, name: &ObjectName) -> SparkResult<bool>;
}
