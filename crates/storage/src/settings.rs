//! What a session says about reading and writing, as plain values: this crate knows no sessions.

/// Values of the session's configuration that change what a file says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileSettings {
    /// `spark.sql.session.timeZone`.
    pub time_zone: String,
    /// `spark.sql.caseSensitive`.
    pub case_sensitive: bool,
    /// `spark.sql.sources.partitionColumnTypeInference.enabled`.
    pub infer_partition_types: bool,
    /// `spark.sql.timestampType` is `TIMESTAMP_NTZ`: inferred timestamps have no zone.
    pub timestamps_without_zone: bool,
    /// `spark.sql.columnNameOfCorruptRecord`.
    pub corrupt_record_column: String,
    /// `spark.sql.parquet.mergeSchema`.
    pub merge_parquet_schemas: bool,
    /// `spark.sql.parquet.binaryAsString`.
    pub parquet_binary_as_string: bool,
    /// `spark.sql.parquet.compression.codec`.
    pub parquet_compression: String,
    /// `spark.sql.parquet.outputTimestampType`.
    pub parquet_timestamp_type: String,
    /// `spark.sql.jsonGenerator.ignoreNullFields`.
    pub json_ignore_null_fields: bool,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            case_sensitive: false,
            infer_partition_types: true,
            timestamps_without_zone: false,
            corrupt_record_column: "_corrupt_record".to_owned(),
            merge_parquet_schemas: false,
            parquet_binary_as_string: false,
            parquet_compression: "snappy".to_owned(),
            parquet_timestamp_type: "INT96".to_owned(),
            json_ignore_null_fields: true,
        }
    }
}
