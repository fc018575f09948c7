//! The boundary where user names and client types return: internal columns become the result's.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use firesteel_base::{Origin, SparkSchema};
use futures::StreamExt;

use crate::errors::spark_error;

/// The stream under the names and types of `schema`, timestamps labelled with `zone`. Columns whose type is right
/// already are passed on untouched.
pub fn conform(
    input: SendableRecordBatchStream,
    schema: &SparkSchema,
    zone: &str,
    origins: Arc<[Origin]>,
) -> SendableRecordBatchStream {
    let target: SchemaRef = Arc::new(Schema::new(schema.to_arrow_fields(zone)));
    let wanted = Arc::clone(&target);
    let stream = input.map(move |batch| {
        let result = batch.and_then(|batch| conform_batch(&batch, &wanted));
        result.map_err(|error| DataFusionError::External(Box::new(spark_error(error, &origins))))
    });
    Box::pin(RecordBatchStreamAdapter::new(target, stream))
}

/// The batch under the names and types of `schema`.
pub(crate) fn conform_batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, DataFusionError> {
    if batch.num_columns() != schema.fields().len() {
        return Err(DataFusionError::Internal(format!(
            "the plan yields {} columns, its schema has {}",
            batch.num_columns(),
            schema.fields().len()
        )));
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let columns: Result<Vec<ArrayRef>, DataFusionError> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(Arc::clone(column));
            }
            cast_with_options(column, field.data_type(), &strict).map_err(DataFusionError::from)
        })
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns?, &options)?)
}
