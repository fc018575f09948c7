//! The embedded catalog: one SQLite file, each change a transaction.
//!
//! The file comes into being with the first change, so that a session that only reads files leaves nothing behind.
//! Several servers may share it: SQLite's locks order their changes, and a change waits a bounded time for its turn.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use firesteel_base::{SparkError, SparkResult};
use indexmap::IndexMap;
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{
    already_exists, changed, database_exists, database_not_empty, database_not_found, function_exists, store,
    table_not_found,
};
use crate::function::Function;
use crate::name::{DEFAULT_DATABASE, ObjectName};
use crate::table::{Database, Table};
use crate::{Catalog, OnExisting};

/// How long a change waits for another server's.
const BUSY: Duration = Duration::from_secs(10);

/// The layout of the file: `PRAGMA user_version`.
const VERSION: i64 = 1;

const LAYOUT: &str = "
    CREATE TABLE databases (name TEXT PRIMARY KEY, description TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE tables (
        database TEXT NOT NULL REFERENCES databases(name), name TEXT NOT NULL, revision INTEGER NOT NULL,
        description TEXT NOT NULL, PRIMARY KEY (database, name)) WITHOUT ROWID;
    CREATE TABLE functions (
        database TEXT NOT NULL REFERENCES databases(name), name TEXT NOT NULL, description TEXT NOT NULL,
        PRIMARY KEY (database, name)) WITHOUT ROWID;
";

/// A catalog in a SQLite file, or in memory.
#[derive(Clone, Debug)]
pub struct SqliteCatalog {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None`: in memory.
    path: Option<PathBuf>,
    /// Where the default database's tables lie.
    warehouse: String,
    connection: Mutex<Option<Connection>>,
}

impl SqliteCatalog {
    /// The catalog in this file, which is made when something is to be kept. `warehouse` is where the tables of a
    /// default database lie that is made with it.
    pub fn at(path: &Path, warehouse: impl Into<String>) -> Self {
        Self::new(Some(path.to_owned()), warehouse.into())
    }

    /// A catalog that is forgotten with its last clone.
    pub fn in_memory(warehouse: impl Into<String>) -> Self {
        Self::new(None, warehouse.into())
    }

    fn new(path: Option<PathBuf>, warehouse: String) -> Self {
        Self { shared: Arc::new(Shared { path, warehouse, connection: Mutex::new(None) }) }
    }

    /// Runs `work` in a transaction, off the threads that wait.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> SparkResult<T> + Send + 'static,
    ) -> SparkResult<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.with(true, TransactionBehavior::Immediate, work)).await
    }

    async fn look<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> SparkResult<T> + Send + 'static,
    ) -> SparkResult<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || shared.with(false, TransactionBehavior::Deferred, work)).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> SparkResult<T> + Send + 'static) -> SparkResult<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(SparkError::internal("work on the catalog was broken off").caused_by(error)),
    }
}

impl Shared {
    fn with<T>(
        &self,
        creates: bool,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> SparkResult<T>,
    ) -> SparkResult<T> {
        let mut guard = self.connection.lock();
        if guard.is_none() {
            let exists = self.path.as_ref().is_none_or(|path| path.exists());
            if !exists && !creates {
                // Nothing was kept yet: an empty catalog for this look only.
                let mut empty = self.prepare(Connection::open_in_memory().map_err(store)?)?;
                return work(&empty.transaction().map_err(store)?);
            }
            *guard = Some(self.open()?);
        }
        let connection = guard.as_mut().ok_or_else(|| SparkError::internal("the catalog was not opened"))?;
        let transaction = connection.transaction_with_behavior(behavior).map_err(store)?;
        let result = work(&transaction)?;
        transaction.commit().map_err(store)?;
        Ok(result)
    }

    fn open(&self) -> SparkResult<Connection> {
        let connection = match &self.path {
            None => Connection::open_in_memory().map_err(store)?,
            Some(path) => {
                if let Some(directory) = path.parent() {
                    std::fs::create_dir_all(directory).map_err(store)?;
                }
                let connection = Connection::open(path).map_err(store)?;
                // Readers do not wait for a change, and a change is on disk when it is reported.
                connection.pragma_update(None, "journal_mode", "WAL").map_err(store)?;
                connection.pragma_update(None, "synchronous", "FULL").map_err(store)?;
                connection
            }
        };
        self.prepare(connection)
    }

    /// Brings the layout up to date and makes the default database.
    fn prepare(&self, mut connection: Connection) -> SparkResult<Connection> {
        connection.busy_timeout(BUSY).map_err(store)?;
        connection.pragma_update(None, "foreign_keys", "ON").map_err(store)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(store)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(store)?;
        match version {
            VERSION => {}
            0 => {
                transaction.execute_batch(LAYOUT).map_err(store)?;
                let default = Database {
                    name: DEFAULT_DATABASE.to_owned(),
                    comment: "default database".to_owned(),
                    location: self.warehouse.clone(),
                    owner: String::new(),
                    properties: IndexMap::new(),
                };
                insert_database(&transaction, &default)?;
                transaction.pragma_update(None, "user_version", VERSION).map_err(store)?;
            }
            newer => {
                let message =
                    format!("it has layout {newer}, made by a newer version; this one reads layout {VERSION}");
                return Err(SparkError::new("CATALOG_FAILED").param("message", message));
            }
        }
        transaction.commit().map_err(store)?;
        Ok(connection)
    }
}

fn text_of(description: &impl Serialize) -> SparkResult<String> {
    serde_json::to_string(description).map_err(store)
}

fn read<T: DeserializeOwned>(text: &str) -> SparkResult<T> {
    serde_json::from_str(text).map_err(store)
}

fn read_table(text: &str, revision: i64) -> SparkResult<Table> {
    let mut table: Table = read(text)?;
    table.revision = revision;
    Ok(table)
}

fn insert_database(transaction: &Transaction<'_>, database: &Database) -> SparkResult<()> {
    transaction
        .execute("INSERT INTO databases VALUES (?, ?)", params![database.name, text_of(database)?])
        .map_err(store)?;
    Ok(())
}

fn database(transaction: &Transaction<'_>, name: &str) -> SparkResult<Option<Database>> {
    let text: Option<String> = transaction
        .query_row("SELECT description FROM databases WHERE name = ?", [name], |row| row.get(0))
        .optional()
        .map_err(store)?;
    text.map(|text| read(&text)).transpose()
}

fn need_database(transaction: &Transaction<'_>, name: &str) -> SparkResult<()> {
    database(transaction, name)?.map(drop).ok_or_else(|| database_not_found(name))
}

fn table(transaction: &Transaction<'_>, name: &ObjectName) -> SparkResult<Option<Table>> {
    let found: Option<(String, i64)> = transaction
        .query_row(
            "SELECT description, revision FROM tables WHERE database = ? AND name = ?",
            params![name.database, name.name],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .map_err(store)?;
    found.map(|(text, revision)| read_table(&text, revision)).transpose()
}

fn tables(transaction: &Transaction<'_>, database: &str) -> SparkResult<Vec<Table>> {
    let mut statement = transaction
        .prepare_cached("SELECT description, revision FROM tables WHERE database = ? ORDER BY name")
        .map_err(store)?;
    let rows = statement.query_map([database], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).map_err(store)?;
    rows.map(|row| row.map_err(store).and_then(|(text, revision)| read_table(&text, revision))).collect()
}

fn descriptions<T: DeserializeOwned>(transaction: &Transaction<'_>, sql: &str, key: &[&str]) -> SparkResult<Vec<T>> {
    let mut statement = transaction.prepare_cached(sql).map_err(store)?;
    let rows = statement.query_map(rusqlite::params_from_iter(key), |row| row.get::<_, String>(0)).map_err(store)?;
    rows.map(|row| row.map_err(store).and_then(|text| read(&text))).collect()
}

fn delete_table(transaction: &Transaction<'_>, name: &ObjectName) -> SparkResult<usize> {
    transaction
        .execute("DELETE FROM tables WHERE database = ? AND name = ?", params![name.database, name.name])
        .map_err(store)
}

fn delete_function(transaction: &Transaction<'_>, name: &ObjectName) -> SparkResult<usize> {
    transaction
        .execute("DELETE FROM functions WHERE database = ? AND name = ?", params![name.database, name.name])
        .map_err(store)
}

fn insert_table(transaction: &Transaction<'_>, table: &Table, revision: i64) -> SparkResult<()> {
    transaction
        .execute(
            "INSERT INTO tables VALUES (?, ?, ?, ?)",
            params![table.name.database, table.name.name, revision, text_of(table)?],
        )
        .map_err(store)?;
    Ok(())
}

#[async_trait]
impl Catalog for SqliteCatalog {
    async fn databases(&self) -> SparkResult<Vec<Database>> {
        self.look(|transaction| descriptions(transaction, "SELECT description FROM databases ORDER BY name", &[])).await
    }

    async fn database(&self, name: &str) -> SparkResult<Option<Database>> {
        let name = name.to_owned();
        self.look(move |transaction| database(transaction, &name)).await
    }

    async fn create_database(&self, new: Database, existing: OnExisting) -> SparkResult<bool> {
        self.change(move |transaction| {
            match (database(transaction, &new.name)?, existing) {
                (None, _) => {}
                (Some(_), OnExisting::Keep) => return Ok(false),
                (Some(_), OnExisting::Fail | OnExisting::Replace) => return Err(database_exists(&new.name)),
            }
            insert_database(transaction, &new)?;
            Ok(true)
        })
        .await
    }

    async fn alter_database(&self, changed: Database) -> SparkResult<()> {
        self.change(move |transaction| {
            let sql = "UPDATE databases SET description = ? WHERE name = ?";
            let count = transaction.execute(sql, params![text_of(&changed)?, changed.name]).map_err(store)?;
            if count == 0 { Err(database_not_found(&changed.name)) } else { Ok(()) }
        })
        .await
    }

    async fn drop_database(&self, name: &str, cascade: bool) -> SparkResult<Vec<Table>> {
        let name = name.to_owned();
        self.change(move |transaction| {
            need_database(transaction, &name)?;
            let dropped = tables(transaction, &name)?;
            let functions = "SELECT description FROM functions WHERE database = ?";
            let has_functions = !descriptions::<Function>(transaction, functions, &[&name])?.is_empty();
            if !cascade && (has_functions || !dropped.is_empty()) {
                return Err(database_not_empty(&name));
            }
            for sql in [
                "DELETE FROM tables WHERE database = ?",
                "DELETE FROM functions WHERE database = ?",
                "DELETE FROM databases WHERE name = ?",
            ] {
                transaction.execute(sql, [&name]).map_err(store)?;
            }
            Ok(dropped)
        })
        .await
    }

    async fn tables(&self, database: &str) -> SparkResult<Vec<Table>> {
        let name = database.to_owned();
        self.look(move |transaction| {
            need_database(transaction, &name)?;
            tables(transaction, &name)
        })
        .await
    }

    async fn table(&self, name: &ObjectName) -> SparkResult<Option<Table>> {
        let name = name.clone();
        self.look(move |transaction| table(transaction, &name)).await
    }

    async fn create_table(&self, new: Table, existing: OnExisting) -> SparkResult<bool> {
        self.change(move |transaction| {
            need_database(transaction, &new.name.database)?;
            let revision = match (table(transaction, &new.name)?, existing) {
                (None, _) => 1,
                (Some(_), OnExisting::Keep) => return Ok(false),
                (Some(_), OnExisting::Fail) => return Err(already_exists(&new.name)),
                (Some(old), OnExisting::Replace) => {
                    delete_table(transaction, &new.name)?;
                    old.revision + 1
                }
            };
            insert_table(transaction, &new, revision)?;
            Ok(true)
        })
        .await
    }

    async fn alter_table(&self, name: &ObjectName, new: Table) -> SparkResult<()> {
        let name = name.clone();
        self.change(move |transaction| {
            let old = table(transaction, &name)?.ok_or_else(|| table_not_found(&name))?;
            if old.revision != new.revision {
                return Err(changed(&name));
            }
            delete_table(transaction, &name)?;
            need_database(transaction, &new.name.database)?;
            if table(transaction, &new.name)?.is_some() {
                return Err(already_exists(&new.name));
            }
            insert_table(transaction, &new, old.revision + 1)
        })
        .await
    }

    async fn drop_table(&self, name: &ObjectName) -> SparkResult<Option<Table>> {
        let name = name.clone();
        self.change(move |transaction| {
            let dropped = table(transaction, &name)?;
            delete_table(transaction, &name)?;
            Ok(dropped)
        })
        .await
    }

    async fn functions(&self, database: &str) -> SparkResult<Vec<Function>> {
        let name = database.to_owned();
        self.look(move |transaction| {
            need_database(transaction, &name)?;
            descriptions(transaction, "SELECT description FROM functions WHERE database = ? ORDER BY name", &[&name])
        })
        .await
    }

    async fn function(&self, name: &ObjectName) -> SparkResult<Option<Function>> {
        let name = name.clone();
        self.look(move |transaction| {
            let sql = "SELECT description FROM functions WHERE database = ? AND name = ?";
            Ok(descriptions(transaction, sql, &[&name.database, &name.name])?.pop())
        })
        .await
    }

    async fn create_function(&self, new: Function, existing: OnExisting) -> SparkResult<bool> {
        self.change(move |transaction| {
            need_database(transaction, &new.name.database)?;
            let sql = "SELECT description FROM functions WHERE database = ? AND name = ?";
            let old: Option<Function> = descriptions(transaction, sql, &[&new.name.database, &new.name.name])?.pop();
            match (old, existing) {
                (None, _) => {}
                (Some(_), OnExisting::Keep) => return Ok(false),
                (Some(_), OnExisting::Fail) => return Err(function_exists(&new.name)),
                (Some(_), OnExisting::Replace) => {
                    delete_function(transaction, &new.name)?;
                }
            }
            transaction
                .execute(
                    "INSERT INTO functions VALUES (?, ?, ?)",
                    params![new.name.database, new.name.name, text_of(&new)?],
                )
                .map_err(store)?;
            Ok(true)
        })
        .await
    }

    async fn drop_function(&self, name: &ObjectName) -> SparkResult<bool> {
        let name = name.clone();
        self.change(move |transaction| Ok(delete_function(transaction, &name)? > 0)).await
    }
}
