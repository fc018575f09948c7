//! The hidden column `_metadata`: what is known of the file that a row comes from.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use arrow::array::{ArrayRef, Int64Array, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::datatypes::{Field, FieldRef};
use datafusion::common::ScalarValue;
use firesteel_base::{SparkError, SparkField, SparkResult, SparkSchema, SparkType};

use crate::listing::DataFile;

/// The column's name.
pub(crate) const NAME: &str = "_metadata";

/// The column's type. A file is one block.
pub(crate) fn data_type() -> SparkType {
    SparkType::Struct(SparkSchema::new([
        SparkField::new("file_path", SparkType::STRING, false),
        SparkField::new("file_name", SparkType::STRING, false),
        SparkField::new("file_size", SparkType::Long, false),
        SparkField::new("file_block_start", SparkType::Long, false),
        SparkField::new("file_block_length", SparkType::Long, false),
        SparkField::new("file_modification_time", SparkType::Timestamp, false),
    ]))
}

/// The column's carrier.
pub(crate) fn field() -> FieldRef {
    Arc::new(Field::new(NAME, data_type().to_arrow(), false))
}

/// The column's value for a file.
pub(crate) fn value(file: &DataFile) -> SparkResult<ScalarValue> {
    let size = i64::try_from(file.size).unwrap_or(i64::MAX);
    let age = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    // Files know milliseconds.
    let modified = i64::try_from(age.as_millis()).unwrap_or(0).saturating_mul(1000);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec![file.location.url()])),
        Arc::new(StringArray::from(vec![file.location.name()])),
        Arc::new(Int64Array::from(vec![size])),
        Arc::new(Int64Array::from(vec![0])),
        Arc::new(Int64Array::from(vec![size])),
        Arc::new(TimestampMicrosecondArray::from(vec![modified])),
    ];
    let arrow::datatypes::DataType::Struct(fields) = data_type().to_arrow() else {
        return Err(SparkError::internal("file metadata is no struct"));
    };
    let failed = |error| SparkError::internal("file metadata does not fit its type").caused_by(error);
    let columns: Result<Vec<_>, _> =
        columns.iter().zip(&fields).map(|(column, field)| arrow::compute::cast(column, field.data_type())).collect();
    let structure = StructArray::try_new(fields, columns.map_err(failed)?, None).map_err(failed)?;
    Ok(ScalarValue::Struct(Arc::new(structure)))
}
