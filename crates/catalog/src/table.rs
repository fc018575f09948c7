//! Descriptions of databases, tables and views.

use firesteel_base::{SparkSchema, SparkType};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::name::ObjectName;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub name: String,
    pub comment: String,
    /// The directory of its tables: `file:/warehouse/name.db`.
    pub location: String,
    pub owner: String,
    #[serde(with = "pairs")]
    pub properties: IndexMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Its files are dropped with it.
    Managed,
    /// Its files are somebody else's.
    External,
    View,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Managed => "MANAGED",
            Self::External => "EXTERNAL",
            Self::View => "VIEW",
        }
    }
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: ObjectName,
    pub kind: Kind,
    /// The format of a table's files.
    pub provider: String,
    /// Partition columns come last. Types are as declared; comments and defaults lie in the metadata.
    #[serde(with = "schema_json")]
    pub schema: SparkSchema,
    pub partition_columns: Vec<String>,
    pub bucketing: Option<Bucketing>,
    pub cluster_columns: Vec<String>,
    /// `file:/…`; empty for views.
    pub location: String,
    /// Options of the format.
    #[serde(with = "pairs")]
    pub options: IndexMap<String, String>,
    #[serde(with = "pairs")]
    pub properties: IndexMap<String, String>,
    pub comment: Option<String>,
    pub collation: Option<String>,
    pub owner: String,
    /// Milliseconds since the epoch.
    pub created_at: i64,
    pub view: Option<ViewText>,
    pub statistics: Option<Statistics>,
    /// Counts the changes of the description: a change is refused if this is not the current one.
    #[serde(skip)]
    pub revision: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucketing {
    pub buckets: i32,
    pub columns: Vec<String>,
    pub sort_columns: Vec<String>,
}

/// The query of a view, and what it was written against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewText {
    pub text: String,
    /// The database that its unqualified names mean.
    pub database: String,
    /// Names of the query's columns in the order of the view's.
    pub query_columns: Vec<String>,
    /// `BINDING`, `COMPENSATION`, `TYPE EVOLUTION` or `EVOLUTION`.
    pub schema_mode: String,
    /// Settings that change what the text means, as they were.
    #[serde(with = "pairs")]
    pub settings: IndexMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    pub size_bytes: u64,
    pub rows: Option<u64>,
    #[serde(with = "pairs")]
    pub columns: IndexMap<String, ColumnStatistics>,
}

/// Values are spelled as casts to text spell them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    pub distinct: u64,
    pub nulls: u64,
    pub min: Option<String>,
    pub max: Option<String>,
    pub average_length: u64,
    pub max_length: u64,
}

impl Table {
    pub fn is_view(&self) -> bool {
        self.kind == Kind::View
    }

    /// Whether a column of this name partitions the table.
    pub fn is_partition_column(&self, name: &str) -> bool {
        self.partition_columns.iter().any(|column| column.eq_ignore_ascii_case(name))
    }
}

/// Schemas are kept as Spark's JSON of a struct type.
mod schema_json {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{SparkSchema, SparkType};

    pub(super) fn serialize<S: Serializer>(schema: &SparkSchema, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&SparkType::Struct(schema.clone()).json())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SparkSchema, D::Error> {
        let text = String::deserialize(deserializer)?;
        match SparkType::from_json(&text) {
            Ok(SparkType::Struct(schema)) => Ok(schema),
            Ok(_) => Err(D::Error::custom("a table's schema is no struct")),
            Err(error) => Err(D::Error::custom(error)),
        }
    }
}

/// Maps are kept as lists of pairs, in their order.
mod pairs {
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<V: Serialize, S: Serializer>(
        map: &IndexMap<String, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map.iter())
    }

    pub(super) fn deserialize<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<IndexMap<String, V>, D::Error> {
        Ok(Vec::<(String, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
