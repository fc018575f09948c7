//! Parquet files: schema and statistics out of footers, which are read once in a process and kept.

mod adapter;
mod footer;
mod schema;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::datasource::file_format::FileFormat as _;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::physical_expr_adapter::PhysicalExprAdapterFactory;
use datafusion::physical_plan::ExecutionPlan;
use firesteel_base::{SparkField, SparkResult, SparkSchema, SparkType};
use futures::{FutureExt, StreamExt, TryStreamExt};

use crate::request::FileFormat;
use crate::storage::{OpenContext, OpenedFormat, unable_to_infer};
pub(crate) use footer::ROW_METADATA_KEY;
use footer::{Footer, FooterReader};

/// Footers that are fetched at a time.
const CONCURRENT_FOOTERS: usize = 32;

/// Opens Parquet files. Every footer is read (or taken from the cache), since statistics come from there.
pub(crate) async fn open(context: &OpenContext<'_>) -> SparkResult<OpenedFormat> {
    context.options.refuse_unless("Parquet", "datetimeRebaseMode", &["CORRECTED", "EXCEPTION"])?;
    context.options.refuse_unless("Parquet", "int96RebaseMode", &["CORRECTED", "EXCEPTION"])?;
    let reader = &FooterReader::new(context.runtime);
    // Files without bytes have no footer; scans leave them out.
    let footers: Vec<Option<Footer>> = futures::stream::iter(0..context.listing.files.len())
        .map(|index| read_footer(reader, context, index).boxed())
        .buffered(CONCURRENT_FOOTERS)
        .try_collect()
        .await?;
    let schema = match &context.given {
        Some(given) => nullable(given),
        None => infer(context, reader, &footers).await?,
    };
    let arrow: Vec<FieldRef> = schema.iter().map(carrier).collect();
    let table = Arc::new(arrow::datatypes::Schema::new(arrow.clone()));
    let files = footers
        .iter()
        .zip(&context.listing.files)
        .map(|(footer, file)| match footer {
            Some(footer) => footer.scan_file(file, &table, context.settings),
            None => crate::storage::scan_file(file),
        })
        .collect::<SparkResult<Vec<_>>>()?;
    let scan = Arc::new(ParquetScan { case_sensitive: context.settings.case_sensitive });
    Ok(OpenedFormat { scan, schema, arrow, files })
}

async fn read_footer(reader: &FooterReader, context: &OpenContext<'_>, index: usize) -> SparkResult<Option<Footer>> {
    match context.listing.files.get(index) {
        Some(file) if file.size > 0 => reader.read(file).await.map(Some),
        Some(_) | None => Ok(None),
    }
}

/// The schema of one file, or of all where schemas are to be merged.
async fn infer(
    context: &OpenContext<'_>,
    reader: &FooterReader,
    footers: &[Option<Footer>],
) -> SparkResult<SparkSchema> {
    let binary_as_string = context.settings.parquet_binary_as_string;
    let files = &context.listing.files;
    let merge = context.options.boolean("mergeschema", context.settings.merge_parquet_schemas)?;
    if merge {
        let mut merged: Option<SparkSchema> = None;
        for footer in footers.iter().flatten() {
            let schema = footer.spark_schema(binary_as_string)?;
            merged = Some(match merged {
                None => schema,
                Some(merged) => crate::schema::merge(&merged, &schema, context.settings.case_sensitive)?,
            });
        }
        return merged.ok_or_else(|| unable_to_infer(FileFormat::Parquet));
    }
    let named = |name: &str| context.listing.metadata_files.iter().find(|file| file.location.name() == name);
    if let Some(file) = named("_common_metadata").or_else(|| named("_metadata")) {
        return reader.read(file).await?.spark_schema(binary_as_string);
    }
    match footers.iter().zip(files).min_by_key(|(_, file)| &file.location) {
        Some((Some(footer), _)) => footer.spark_schema(binary_as_string),
        Some((None, file)) => reader.read(file).await?.spark_schema(binary_as_string),
        None => Err(unable_to_infer(FileFormat::Parquet)),
    }
}

/// The schema with everything nullable, at all depths.
pub(crate) fn nullable(schema: &SparkSchema) -> SparkSchema {
    SparkSchema::new(schema.iter().map(nullable_field).collect::<Vec<_>>())
}

fn nullable_field(field: &SparkField) -> SparkField {
    SparkField { data_type: nullable_type(&field.data_type), nullable: true, ..field.clone() }
}

fn nullable_type(data_type: &SparkType) -> SparkType {
    match data_type {
        SparkType::Array { element, .. } => SparkType::array(nullable_type(element), true),
        SparkType::Map { key, value, .. } => SparkType::map(nullable_type(key), nullable_type(value), true),
        SparkType::Struct(schema) => SparkType::Struct(nullable(schema)),
        other => other.clone(),
    }
}

/// The Arrow field that carries a column out of Parquet files: strings as views, which are read without a copy.
fn carrier(field: &SparkField) -> FieldRef {
    let data_type = match field.data_type.to_arrow() {
        DataType::Utf8 => DataType::Utf8View,
        other => other,
    };
    Arc::new(Field::new(&field.name, data_type, true))
}

/// Scans Parquet files with DataFusion's source.
#[derive(Clone)]
struct ParquetScan {
    case_sensitive: bool,
}

impl fmt::Debug for ParquetScan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ParquetScan")
    }
}

#[async_trait]
impl crate::table::ScanFormat for ParquetScan {
    fn file_source(&self, schema: TableSchema) -> Arc<dyn FileSource> {
        Arc::new(ParquetSource::new(schema))
    }

    fn column_adapter(&self) -> Option<Arc<dyn PhysicalExprAdapterFactory>> {
        Some(Arc::new(adapter::ColumnAdapterFactory { case_sensitive: self.case_sensitive }))
    }

    /// A row group belongs to the range in which it begins.
    fn reads_ranges(&self) -> bool {
        true
    }

    async fn create_plan(&self, state: &dyn Session, config: FileScanConfig) -> Result<Arc<dyn ExecutionPlan>> {
        let mut options = state.default_table_options().parquet;
        options.global = state.config_options().execution.parquet.clone();
        // INT96 holds instants; Spark keeps microseconds of them.
        options.global.coerce_int96 = Some("us".to_owned());
        options.global.coerce_int96_tz = Some("UTC".to_owned());
        ParquetFormat::default().with_options(options).create_physical_plan(state, config).await
    }
}
