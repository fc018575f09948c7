//! Footers of Parquet files: read through the process-wide cache, and what scans need of them.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use datafusion::common::{ColumnStatistics, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::execution::cache::cache_manager::{CachedFileMetadata, FileStatisticsCache};
use datafusion::execution::cache::{SchemaFingerprint, TableScopedPath};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion_datasource_parquet::Int96Coercer;
use datafusion_datasource_parquet::metadata::DFParquetMetadata;
use firesteel_base::{SparkError, SparkResult, SparkSchema};

use super::adapter::FILE_KEY;
use super::schema::spark_schema;
use crate::error::from_datafusion;
use crate::listing::DataFile;
use crate::settings::FileSettings;
use crate::storage::{file_error, scan_file};

/// The key of the footer under which Spark leaves its own schema.
pub(crate) const ROW_METADATA_KEY: &str = "org.apache.spark.sql.parquet.row.metadata";

/// Keys with which Spark marks files whose dates or timestamps follow the old, mixed calendar.
const OLD_CALENDAR_KEYS: [&str; 2] = ["org.apache.spark.legacyDateTime", "org.apache.spark.legacyINT96"];

/// Reads footers through the cache of the process.
pub(super) struct FooterReader {
    runtime: Arc<RuntimeEnv>,
}

impl FooterReader {
    pub(super) fn new(runtime: &Arc<RuntimeEnv>) -> Self {
        Self { runtime: Arc::clone(runtime) }
    }

    pub(super) async fn read(&self, file: &DataFile) -> SparkResult<Footer> {
        let scanned = scan_file(file)?;
        let store = self.runtime.object_store(ObjectStoreUrl::local_filesystem()).map_err(from_datafusion)?;
        let metadata = DFParquetMetadata::new(store.as_ref(), &scanned.object_meta)
            .with_file_metadata_cache(Some(self.runtime.cache_manager.get_file_metadata_cache()))
            .fetch_metadata()
            .await
            .map_err(|error| {
                SparkError::new("FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER")
                    .param("path", file.location.qualified())
                    .caused_by(error)
            })?;
        let footer = Footer { metadata, statistics_cache: self.runtime.cache_manager.get_file_statistic_cache() };
        footer.refuse_old_calendar(file)?;
        Ok(footer)
    }
}

/// The footer of a file.
pub(super) struct Footer {
    metadata: Arc<ParquetMetaData>,
    statistics_cache: Option<Arc<FileStatisticsCache>>,
}

impl Footer {
    fn key_value(&self, key: &str) -> Option<&str> {
        let entries = self.metadata.file_metadata().key_value_metadata()?;
        entries.iter().find(|entry| entry.key == key)?.value.as_deref()
    }

    fn refuse_old_calendar(&self, file: &DataFile) -> SparkResult<()> {
        match OLD_CALENDAR_KEYS.iter().find(|key| self.key_value(key).is_some()) {
            Some(key) => Err(SparkError::unsupported(format!(
                "reading {}, whose dates follow the calendar of Spark 2 ({key})",
                file.location.qualified()
            ))),
            None => Ok(()),
        }
    }

    /// The columns as Spark reads them: as Spark's own note says, where it left one.
    pub(super) fn spark_schema(&self, binary_as_string: bool) -> SparkResult<SparkSchema> {
        let noted = self.key_value(ROW_METADATA_KEY).and_then(|json| SparkSchema::from_json(json).ok());
        match noted {
            Some(schema) => Ok(super::nullable(&schema)),
            None => spark_schema(self.metadata.file_metadata().schema_descr().root_schema(), binary_as_string),
        }
    }

    /// The Arrow schema that the file's columns are read with: Parquet's own types, whatever an Arrow writer noted,
    /// and strings as views where the table wants views.
    fn arrow_schema(&self, file: &DataFile, table: &SchemaRef, case_sensitive: bool) -> SparkResult<Schema> {
        let descriptor = self.metadata.file_metadata().schema_descr();
        let plain = parquet_to_arrow_schema(descriptor, None).map_err(|error| file_error(file, error))?;
        let plain = Int96Coercer::new(descriptor, &plain, &TimeUnit::Microsecond)
            .with_timezone(Some("UTC".into()))
            .coerce()
            .unwrap_or(plain);
        let fields: Vec<FieldRef> = plain
            .fields()
            .iter()
            .map(|field| {
                let wanted = table.fields().iter().find(|wanted| {
                    if case_sensitive {
                        wanted.name() == field.name()
                    } else {
                        wanted.name().eq_ignore_ascii_case(field.name())
                    }
                });
                as_view(field, wanted)
            })
            .collect();
        let metadata = HashMap::from([(FILE_KEY.to_owned(), file.location.url())]);
        Ok(Schema::new_with_metadata(fields, metadata))
    }

    /// The file as scans take it, with the table's statistics of it.
    pub(super) fn scan_file(
        &self,
        file: &DataFile,
        table: &SchemaRef,
        settings: &FileSettings,
    ) -> SparkResult<PartitionedFile> {
        let mut scanned = scan_file(file)?;
        let physical = Arc::new(self.arrow_schema(file, table, settings.case_sensitive)?);
        scanned.statistics = Some(self.statistics(&scanned, table, &physical)?);
        scanned.arrow_schema = Some(physical);
        Ok(scanned)
    }

    fn statistics(
        &self,
        scanned: &PartitionedFile,
        table: &SchemaRef,
        physical: &SchemaRef,
    ) -> SparkResult<Arc<Statistics>> {
        let key = TableScopedPath { table: None, path: scanned.object_meta.location.clone() };
        let fingerprint = Arc::new(SchemaFingerprint::from_schema(table));
        let cached = self.statistics_cache.as_ref().and_then(|cache| cache.get(&key));
        if let Some(cached) = cached
            && cached.is_valid_for(&scanned.object_meta, &fingerprint)
        {
            return Ok(cached.statistics);
        }
        let statistics =
            DFParquetMetadata::statistics_from_parquet_metadata(&self.metadata, table).map_err(from_datafusion)?;
        let statistics = Arc::new(trustworthy(statistics, table, physical));
        if let Some(cache) = &self.statistics_cache {
            let entry =
                CachedFileMetadata::new(scanned.object_meta.clone(), fingerprint, Arc::clone(&statistics), None);
            cache.put(&key, entry);
        }
        Ok(statistics)
    }
}

fn as_view(field: &FieldRef, wanted: Option<&FieldRef>) -> FieldRef {
    let is_view = wanted.is_some_and(|wanted| wanted.data_type() == &DataType::Utf8View);
    match field.data_type() {
        DataType::Utf8 | DataType::Binary if is_view => {
            Arc::new(Field::clone(field).with_data_type(DataType::Utf8View))
        }
        _ => Arc::clone(field),
    }
}

/// Keeps the statistics of columns whose name and type in the file are the table's. DataFusion takes any other column
/// for missing or converts its bounds wrongly.
fn trustworthy(mut statistics: Statistics, table: &SchemaRef, physical: &SchemaRef) -> Statistics {
    for (column, field) in statistics.column_statistics.iter_mut().zip(table.fields()) {
        let same = physical
            .field_with_name(field.name())
            .is_ok_and(|physical| physical.data_type() == field.data_type() && !field.data_type().is_nested());
        if !same {
            *column = ColumnStatistics::new_unknown();
        }
    }
    statistics
}
