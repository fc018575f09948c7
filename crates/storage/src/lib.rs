//! Bytes to batches and back: file stores, file formats, writing. It knows neither plans nor sessions.

mod error;
mod listing;
mod location;
mod options;
mod parquet;
mod partition;
mod request;
mod schema;
mod settings;
mod storage;
mod table;
mod temporal;

pub use location::Location;
pub use request::{OpenedSource, ReadRequest, SaveMode, WriteRequest, WriteSummary};
pub use settings::FileSettings;
pub use storage::Storage;
