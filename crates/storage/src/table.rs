//! The table that files make: one `TableProvider` for all formats, over DataFusion's file scans.
//!
//! The files are those that were listed when the source was opened, as Spark's file index keeps them.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, BooleanArray, RecordBatch};
use arrow::datatypes::{FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, ScalarValue, Statistics};
use datafusion::datasource::TableProvider;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::Result;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr_adapter::PhysicalExprAdapterFactory;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

/// Ranges of files that a partition begins with; fewer where they would be shorter than [`RANGE_BYTES_MIN`].
const RANGES_PER_PARTITION: u64 = 8;
/// Opening a range costs as much as reading some of it.
const RANGE_BYTES_MIN: u64 = 4 << 20;

/// What a format adds to the common table.
#[async_trait]
pub(crate) trait ScanFormat: Send + Sync + fmt::Debug {
    /// The source that opens files of this format.
    fn file_source(&self, schema: TableSchema) -> Arc<dyn FileSource>;

    /// How columns of a file become columns of the table, where they differ.
    fn column_adapter(&self) -> Option<Arc<dyn PhysicalExprAdapterFactory>> {
        None
    }

    /// Whether any range of a file's bytes can be read alone.
    fn reads_ranges(&self) -> bool {
        false
    }

    /// The scan as an operator.
    async fn create_plan(&self, state: &dyn Session, config: FileScanConfig) -> Result<Arc<dyn ExecutionPlan>>;
}

/// Files of one format as a table.
#[derive(Debug)]
pub(crate) struct FileTable {
    pub(crate) format: Arc<dyn ScanFormat>,
    /// What the table shows: the columns of [`Self::table_schema`], in the order of `order`.
    schema: SchemaRef,
    /// Columns in files, then partition columns.
    table_schema: TableSchema,
    order: Vec<usize>,
    files: Vec<PartitionedFile>,
    /// Of all files, once somebody asks: rules of planning do so again and again.
    statistics: OnceLock<Statistics>,
}

impl FileTable {
    /// `order` says which column of files-then-partitions stands at each place of the table.
    pub(crate) fn new(
        format: Arc<dyn ScanFormat>,
        file_schema: SchemaRef,
        partition_fields: Vec<FieldRef>,
        order: Vec<usize>,
        files: Vec<PartitionedFile>,
    ) -> Result<Self> {
        let table_schema = TableSchema::builder(file_schema).with_table_partition_cols(partition_fields).build();
        let schema = Arc::new(table_schema.table_schema().project(&order)?);
        let mut files = files;
        // Files without bytes have no rows in any format, and a reader of Parquet would stumble over them.
        files.retain(|file| file.object_meta.size > 0);
        // Spark hands out large files first; the rows of equal files keep the order of their names.
        files.sort_by_key(|file| std::cmp::Reverse(file.object_meta.size));
        Ok(Self { format, schema, table_schema, order, files, statistics: OnceLock::new() })
    }

    /// Files whose partition values may satisfy the filters. A filter that cannot be decided keeps its files.
    fn prune(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let fields = self.table_schema.table_partition_cols();
        let names: HashSet<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        let on_partitions: Vec<&Expr> = filters.iter().filter(|filter| decides_partitions(filter, &names)).collect();
        if on_partitions.is_empty() || fields.is_empty() || self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let columns = (0..fields.len())
            .map(|index| {
                let values = self.files.iter().filter_map(|file| file.partition_values.get(index).cloned());
                ScalarValue::iter_to_array(values)
            })
            .collect::<Result<Vec<_>>>()?;
        let schema = Arc::new(Schema::new(fields.clone()));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)?;
        let df_schema = DFSchema::try_from(schema)?;
        let mut keep = vec![true; self.files.len()];
        for filter in on_partitions {
            let Ok(expression) = state.create_physical_expr(filter.clone(), &df_schema) else { continue };
            let Ok(verdict) = expression.evaluate(&batch).and_then(|value| value.into_array(batch.num_rows())) else {
                continue;
            };
            let Some(verdict) = verdict.as_any().downcast_ref::<BooleanArray>() else { continue };
            for (keep, row) in keep.iter_mut().zip(0..verdict.len()) {
                *keep &= verdict.is_valid(row) && verdict.value(row);
            }
        }
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }

    /// Large files in ranges, several for each partition: a partition that is done early takes over what another has not
    /// begun.
    fn ranges(&self, files: Vec<PartitionedFile>, partitions: usize) -> Vec<PartitionedFile> {
        if !self.format.reads_ranges() || partitions < 2 {
            return files;
        }
        let whole: u64 = files.iter().map(PartitionedFile::effective_size).sum();
        let count = u64::try_from(partitions).unwrap_or(1).saturating_mul(RANGES_PER_PARTITION);
        let length = whole.div_ceil(count).max(RANGE_BYTES_MIN);
        files.into_iter().flat_map(|file| split(file, length)).collect()
    }

    /// Files in groups of similar size. Group after group has the files in their order, so that reading the groups
    /// one after another gives the rows in the order in which Spark collects them.
    fn groups(&self, files: Vec<PartitionedFile>, partitions: usize) -> Vec<FileGroup> {
        let weight = |file: &PartitionedFile| file.effective_size().max(1);
        let share = files.iter().map(weight).sum::<u64>().div_ceil(u64::try_from(partitions.max(1)).unwrap_or(1));
        let mut groups: Vec<Vec<PartitionedFile>> = Vec::new();
        let mut filled = u64::MAX;
        for file in files {
            if filled >= share {
                groups.push(Vec::new());
                filled = 0;
            }
            filled += weight(&file);
            if let Some(group) = groups.last_mut() {
                group.push(file);
            }
        }
        groups
            .into_iter()
            .map(|files| match files.iter().any(|file| file.range.is_some()) {
                true => FileGroup::new(files),
                false => {
                    let statistics = self.merged_statistics(&files);
                    FileGroup::new(files).with_statistics(Arc::new(statistics))
                }
            })
            .collect()
    }

    fn merged_statistics(&self, files: &[PartitionedFile]) -> Statistics {
        let schema = self.table_schema.table_schema();
        let unknown = Statistics::new_unknown(schema);
        let all: Option<Vec<&Statistics>> = files.iter().map(|file| file.statistics.as_deref()).collect();
        match all {
            Some(all) if !all.is_empty() => Statistics::try_merge_iter(all, schema).unwrap_or(unknown),
            _ => unknown,
        }
    }
}

/// The file in ranges of about `length` bytes, or whole where it is not much longer.
fn split(file: PartitionedFile, length: u64) -> Vec<PartitionedFile> {
    let size = file.object_meta.size;
    let count = size / length.max(1);
    if count < 2 {
        return vec![file];
    }
    let edge = |index: u64| i64::try_from(size * index / count).unwrap_or(i64::MAX);
    (0..count).map(|index| file.clone().with_range(edge(index), edge(index + 1))).collect()
}

/// Whether a filter speaks of partition columns alone and means the same for every row of a file.
fn decides_partitions(filter: &Expr, names: &HashSet<&str>) -> bool {
    let columns = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| names.contains(column.name.as_str())) && !filter.is_volatile()
}

/// A file's statistics with those of its partition values behind them.
pub(crate) fn with_partition_statistics(mut statistics: Statistics, values: &[ScalarValue]) -> Statistics {
    let rows = statistics.num_rows;
    for value in values {
        let null_count = if value.is_null() { rows } else { Precision::Exact(0) };
        statistics.column_statistics.push(ColumnStatistics {
            null_count,
            min_value: Precision::Exact(value.clone()),
            max_value: Precision::Exact(value.clone()),
            distinct_count: Precision::Exact(usize::from(!value.is_null())),
            ..ColumnStatistics::new_unknown()
        });
    }
    statistics
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let statistics = self.statistics.get_or_init(|| {
            let all = self.merged_statistics(&self.files);
            let shown = self.order.iter().filter_map(|index| all.column_statistics.get(*index).cloned());
            Statistics { column_statistics: shown.collect(), ..all }
        });
        Some(statistics.clone())
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let indices: Vec<usize> = match projection {
            None => self.order.clone(),
            Some(chosen) => chosen.iter().filter_map(|place| self.order.get(*place).copied()).collect(),
        };
        let files = self.prune(state, filters)?;
        if files.is_empty() {
            let schema = self.table_schema.table_schema().project(&indices)?;
            return Ok(Arc::new(EmptyExec::new(Arc::new(schema))));
        }
        let statistics = self.merged_statistics(&files);
        let partitions = state.config().target_partitions();
        let groups = self.groups(self.ranges(files, partitions), partitions);
        let source = self.format.file_source(self.table_schema.clone());
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(Some(indices))?
            .with_limit(limit)
            .with_expr_adapter(self.format.column_adapter())
            .build();
        self.format.create_plan(state, config).await
    }
}
