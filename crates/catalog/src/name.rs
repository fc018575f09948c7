//! Names of what a database holds.

use std::fmt;

use firesteel_base::identifier::quote_name_parts;
use serde::{Deserialize, Serialize};

/// The name under which sessions know the default catalog.
pub const CATALOG: &str = "spark_catalog";

/// The database that always exists.
pub const DEFAULT_DATABASE: &str = "default";

/// A table's, view's or function's name within the catalog.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName {
    pub database: String,
    pub name: String,
}

impl ObjectName {
    pub fn new(database: impl Into<String>, name: impl Into<String>) -> Self {
        Self { database: database.into(), name: name.into() }
    }

    /// Catalog, database and name.
    pub fn parts(&self) -> [&str; 3] {
        [CATALOG, &self.database, &self.name]
    }

    /// `` `spark_catalog`.`default`.`t` ``, as errors show it.
    pub fn quoted(&self) -> String {
        quote_name_parts(&self.parts())
    }
}

impl fmt::Display for ObjectName {
    /// `spark_catalog.default.t`
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.parts().join("."))
    }
}
