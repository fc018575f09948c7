//! Descriptions of functions written in SQL.

use serde::{Deserialize, Serialize};

use crate::name::ObjectName;

/// A function: the statement that created it says everything, and is read again where the function is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    pub name: ObjectName,
    /// The `CREATE FUNCTION` statement.
    pub text: String,
    /// The database that its unqualified names mean.
    pub database: String,
    /// What a `RETURNS` that was left out or says no columns is: DDL of the result.
    pub returns: Option<String>,
    pub owner: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}
