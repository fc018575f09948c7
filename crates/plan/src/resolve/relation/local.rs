//! Rows that a client sent as Arrow streams: in the plan, or uploaded before.
//!
//! Few rows are kept in memory with the plan. Many are read from their files by each query anew, a batch at a time, so
//! that the data may be larger than the memory.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DataFusionError;
use datafusion::common::runtime::SpawnedTask;
use datafusion::datasource::{MemTable, TableProvider};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use firesteel_base::error::quoting::to_sql_type;
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};
use firesteel_functions::kernel::from_engine;
use firesteel_syntax::ir::relation::{LocalData, LocalRelation};
use futures::stream;

use crate::arrow_stream::{self, Batches};
use crate::resolved::Resolved;
use crate::resolver::Resolver;
use crate::sources::given_schema;

/// Uploads of so many bytes are read into memory once, larger ones by each query.
const MEMORY_BYTES_MAX: u64 = 4 << 20;

impl Resolver<'_> {
    /// Rows that the client sent.
    pub fn local(&self, local: &LocalRelation) -> SparkResult<Resolved> {
        let given = local.schema.as_ref().map(given_schema).transpose()?;
        let schema = match (given, local.data.first()) {
            (Some(schema), _) => schema,
            (None, Some(first)) => SparkSchema::from_arrow_fields(columns_of(first)?.fields())
                .ok_or_else(|| SparkError::unsupported("a local relation with a type that Spark does not have"))?,
            (None, None) => return Err(SparkError::new("CONNECT_INVALID_PLAN.SCHEMA_REQUIRED_FOR_LOCAL_RELATION")),
        };
        let fields = schema.iter().enumerate();
        let fields: Vec<_> = fields
            .map(|(index, field)| Field::new(format!("#{index}"), field.data_type.to_arrow(), field.nullable))
            .collect();
        let carrier = Arc::new(Schema::new(fields));
        let uploaded = Uploaded { data: local.data.clone(), schema: schema.clone(), carrier: Arc::clone(&carrier) };
        let table: Arc<dyn TableProvider> = if uploaded.bytes_on_disk() > MEMORY_BYTES_MAX {
            Arc::new(StreamingTable::try_new(carrier, vec![Arc::new(uploaded)]).map_err(from_engine)?)
        } else {
            let mut reading = uploaded.batches();
            let batches = std::iter::from_fn(|| reading.next().transpose()).collect::<SparkResult<_>>()?;
            Arc::new(MemTable::try_new(carrier, vec![batches]).map_err(from_engine)?)
        };
        self.scan(table, &schema, &[])
    }
}

fn columns_of(data: &LocalData) -> SparkResult<SchemaRef> {
    let (source, bytes) = opened(data)?;
    arrow_stream::schema_of(source, bytes)
}

type Source = Box<dyn Read + Send>;

/// Where the stream's bytes come from, and how many they are.
fn opened(data: &LocalData) -> SparkResult<(Source, u64)> {
    match data {
        LocalData::Memory(data) => Ok((Box::new(Cursor::new(Arc::clone(data))), data.len() as u64)),
        LocalData::File(file) => {
            let open = || {
                let mut source = File::open(&file.path)?;
                source.seek(SeekFrom::Start(file.offset))?;
                std::io::Result::Ok(source)
            };
            let unreadable = |error| SparkError::internal("an upload could not be read").caused_by(error);
            Ok((Box::new(BufReader::new(open().map_err(unreadable)?)), file.bytes))
        }
    }
}

/// The client's streams, one behind the other.
struct Uploaded {
    data: Vec<LocalData>,
    schema: SparkSchema,
    /// The columns under internal names.
    carrier: SchemaRef,
}

impl Uploaded {
    fn bytes_on_disk(&self) -> u64 {
        let bytes = |data: &LocalData| match data {
            LocalData::Memory(_) => 0,
            LocalData::File(file) => file.bytes,
        };
        self.data.iter().map(bytes).sum()
    }

    fn batches(&self) -> UploadedBatches {
        let (schema, carrier) = (self.schema.clone(), Arc::clone(&self.carrier));
        UploadedBatches { rest: self.data.clone().into_iter(), current: None, schema, carrier }
    }
}

/// The batches of the streams, each read when it is asked for.
struct UploadedBatches {
    rest: std::vec::IntoIter<LocalData>,
    current: Option<Batches<Source>>,
    schema: SparkSchema,
    carrier: SchemaRef,
}

impl UploadedBatches {
    fn next(&mut self) -> SparkResult<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.current.as_mut().and_then(Iterator::next) {
                return conform(&batch?, &self.schema, &self.carrier).map(Some);
            }
            let Some(data) = self.rest.next() else { return Ok(None) };
            let (source, bytes) = opened(&data)?;
            self.current = Some(Batches::new(source, bytes));
        }
    }
}

impl fmt::Debug for Uploaded {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Uploaded").field("streams", &self.data.len()).finish_non_exhaustive()
    }
}

impl PartitionStream for Uploaded {
    fn schema(&self) -> &SchemaRef {
        &self.carrier
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = stream::try_unfold(self.batches(), |mut batches| async move {
            let task = SpawnedTask::spawn_blocking(move || (batches.next(), batches));
            let (batch, batches) =
                task.join().await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?;
            let batch = batch.map_err(|error| DataFusionError::External(Box::new(error)))?;
            Ok::<_, DataFusionError>(batch.map(|batch| (batch, batches)))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.carrier), batches))
    }
}

/// The batch with exactly the carrier's types.
fn conform(batch: &RecordBatch, schema: &SparkSchema, carrier: &SchemaRef) -> SparkResult<RecordBatch> {
    if batch.num_columns() != schema.len() {
        return Err(SparkError::new("CONNECT_INVALID_PLAN.INVALID_SCHEMA_NON_STRUCT_TYPE")
            .param("inputSchema", schema.simple_string())
            .param("dataType", format!("{} columns", batch.num_columns())));
    }
    let mut columns = Vec::with_capacity(batch.num_columns());
    for (column, field) in batch.columns().iter().zip(carrier.fields()) {
        columns.push(if column.data_type() == field.data_type() {
            column.clone()
        } else {
            cast_column(column, field.data_type())?
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(carrier.clone(), columns, &options).map_err(|error| {
        let names: Vec<_> = schema.iter().filter(|field| !field.nullable).map(|field| field.name.clone()).collect();
        SparkError::new("NOT_NULL_ASSERT_VIOLATION")
            .param("walkedTypePath", format!("{}\n", names.join(", ")))
            .caused_by(error)
    })
}

fn cast_column(column: &arrow::array::ArrayRef, to: &DataType) -> SparkResult<arrow::array::ArrayRef> {
    let strict = arrow::compute::CastOptions { safe: false, ..Default::default() };
    arrow::compute::cast_with_options(column, to, &strict).map_err(|error| {
        let from = SparkType::from_arrow(column.data_type()).unwrap_or(SparkType::Null);
        let target = SparkType::from_arrow(to).unwrap_or(SparkType::Null);
        SparkError::new("DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION")
            .param("sqlExpr", "\"local relation\"")
            .param("srcType", to_sql_type(&from))
            .param("targetType", to_sql_type(&target))
            .caused_by(error)
    })
}
