//! Errors of the engine and its readers as Spark's.

use datafusion::error::DataFusionError;
use firesteel_base::SparkError;
use firesteel_base::error::causes;

/// The Spark error that a DataFusion error carries somewhere in its chain, or an internal error with its words.
pub(crate) fn from_datafusion(error: DataFusionError) -> SparkError {
    match carried(&error) {
        Some(spark) => spark,
        None => SparkError::internal(error.to_string()).caused_by(error),
    }
}

fn carried(error: &(dyn std::error::Error + 'static)) -> Option<SparkError> {
    causes(error).find_map(|cause| cause.downcast_ref::<SparkError>()).cloned()
}

/// A Spark error on its way through the engine.
pub(crate) fn to_datafusion(error: SparkError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A file that could not be read, for no reason that Spark has a name for.
pub(crate) fn cannot_read(url: &str, cause: impl std::error::Error + Send + Sync + 'static) -> SparkError {
    SparkError::new("FAILED_READ_FILE.NO_HINT").param("path", url).caused_by(cause)
}
