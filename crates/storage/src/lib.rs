//! Bytes to batches and back: file stores, file formats, writing. It knows neither plans nor sessions.

mod binary;
mod csv;
mod directory;
mod encoding;
mod error;
mod json;
mod listing;
mod location;
mod metadata;
mod options;
mod output;
mod parquet;
mod parse;
mod partition;
mod pattern;
mod request;
mod schema;
mod settings;
mod storage;
mod table;
mod temporal;
mod text;
mod text_scan;
mod value_text;
mod write;

pub use directory::{PartitionValues, partition_directory};
pub use location::Location;
pub use request::{OpenedSource, ReadRequest, SaveMode, WriteRequest, WriteSummary};
pub use settings::FileSettings;
pub use storage::Storage;
