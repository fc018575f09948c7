//! The engine's errors as Spark's: the one place where foreign errors are understood.

use datafusion::common::DataFusionError;
use firesteel_base::error::causes;
use firesteel_base::{Origin, SparkError};
use firesteel_functions::RaisedAt;

/// The error as Spark's clients know it. `origins` are the analyzed plan's.
pub fn spark_error(error: DataFusionError, origins: &[Origin]) -> SparkError {
    if let Some(known) = raised(&error, origins) {
        return known;
    }
    match error.find_root() {
        DataFusionError::ResourcesExhausted(message) => {
            SparkError::new("MEMORY_LIMIT_EXCEEDED").param("message", message.clone()).caused_by(error)
        }
        DataFusionError::NotImplemented(feature) => SparkError::unsupported(feature.clone()).caused_by(error),
        _ => classify_text(error),
    }
}

/// A Spark error somewhere in the chain of causes, with the place that its number stands for.
fn raised(error: &DataFusionError, origins: &[Origin]) -> Option<SparkError> {
    causes(error).find_map(|cause| {
        if let Some(raised) = cause.downcast_ref::<RaisedAt>() {
            let origin = usize::try_from(raised.origin).ok().and_then(|number| origins.get(number));
            let error = raised.error.clone();
            return Some(origin.map_or_else(|| error.clone(), |origin| error.clone().at_if_unknown(origin)));
        }
        cause.downcast_ref::<SparkError>().cloned()
    })
}

/// Errors that upstream gives as text only. A golden case stands behind each, so that a change of words fails a test.
fn classify_text(error: DataFusionError) -> SparkError {
    let text = error.to_string();
    if text.contains("Scalar subquery returned more than one row")
        || text.contains("more than one row returned by a subquery")
    {
        return SparkError::new("SCALAR_SUBQUERY_TOO_MANY_ROWS").caused_by(error);
    }
    if text.contains("Physical plan does not support logical expression")
        || text.contains("This feature is not implemented")
    {
        return SparkError::unsupported(error.strip_backtrace()).caused_by(error);
    }
    SparkError::internal(error.strip_backtrace()).caused_by(error)
}
