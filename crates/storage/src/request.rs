//! What callers ask of storage, and what they get.

use std::fmt;
use std::sync::Arc;

use datafusion::datasource::TableProvider;
use firesteel_base::{SparkError, SparkSchema, SparkType};

/// What to read: hashable, so that one analysis opens each source once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadRequest {
    /// In lower case: `parquet`, `csv`, `json`, `text`.
    pub format: String,
    pub schema: Option<SparkSchema>,
    pub options: Vec<(String, String)>,
    pub paths: Vec<String>,
    /// Whether the provider has the column `_metadata` behind those of the schema: what is known of each row's file.
    pub file_metadata: bool,
}

/// A source that was opened: its files are known, and so is its schema.
#[derive(Clone)]
pub struct OpenedSource {
    /// Field `i` of its Arrow schema carries field `i` of `schema`. Strings may be `Utf8View`; timestamps are in
    /// microseconds, those with a zone in UTC.
    pub provider: Arc<dyn TableProvider>,
    /// The type of the provider's last column, if metadata of the files was asked for.
    pub metadata: Option<SparkType>,
    /// The user's names; partition columns come last; everything may be NULL.
    pub schema: SparkSchema,
    /// Names of the columns that directories give.
    pub partition_columns: Vec<String>,
    /// Addresses of the files, as `inputFiles()` answers.
    pub files: Vec<String>,
}

impl fmt::Debug for OpenedSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("OpenedSource").field("schema", &self.schema).field("files", &self.files).finish()
    }
}

/// Formats of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum FileFormat {
    Parquet,
    Csv,
    Json,
    Text,
    /// Each file a row.
    Binary,
}

impl FileFormat {
    /// The format of a name, in any case. Formats that Spark has and this server does not are refused by name.
    pub(crate) fn find(name: &str) -> Result<Self, SparkError> {
        match name.to_ascii_lowercase().as_str() {
            "parquet" => Ok(Self::Parquet),
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "binaryfile" => Ok(Self::Binary),
            "orc" | "avro" | "xml" | "jdbc" | "libsvm" | "image" | "hive" => {
                Err(SparkError::unsupported(format!("data source {name}")))
            }
            _ => Err(SparkError::new("DATA_SOURCE_NOT_FOUND").param("provider", name)),
        }
    }

    /// The name in Spark's messages.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Text => "Text",
            Self::Binary => "binary",
        }
    }
}

/// What to do where the target of a write exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SaveMode {
    ErrorIfExists,
    Append,
    Overwrite,
    Ignore,
}

/// What to write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WriteRequest {
    pub format: String,
    pub path: String,
    pub mode: SaveMode,
    pub options: Vec<(String, String)>,
    pub partition_by: Vec<String>,
    /// With `Overwrite`: only the partitions below this directory of the target are replaced (`p=1/q=2`).
    pub replaced_partition: Option<String>,
}

/// What a write did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteSummary {
    pub rows: u64,
    pub bytes: u64,
    pub files: u64,
}
