//! Writing a query's rows to files.

use firesteel_base::{SparkError, SparkResult};
use firesteel_storage::WriteRequest;
use firesteel_syntax::ir::command::{SaveMode, Write, WriteTarget};

use crate::answer::{Answer, CommandResult};
use crate::session::Session;

pub(super) async fn run(session: &Session, write: Write) -> SparkResult<CommandResult> {
    let request = request(session, &write)?;
    let (schema, stream) = match session.run_query(write.input).await? {
        Answer::Rows(rows) => (rows.schema, rows.stream),
        Answer::Done(_) => return Err(SparkError::unsupported("writing the result of a command")),
    };
    let conf = session.conf();
    let settings = firesteel_plan::read_settings(&conf);
    let summary = session.environment().storage.write(&request, &schema, vec![stream], &settings).await?;
    tracing::debug!(rows = summary.rows, bytes = summary.bytes, files = summary.files, "written");
    Ok(CommandResult::empty())
}

/// What is asked of storage; what it cannot do is refused by name.
fn request(session: &Session, write: &Write) -> SparkResult<WriteRequest> {
    if !write.sort_by.is_empty() {
        return Err(SparkError::unsupported("sortBy on writing"));
    }
    if write.bucket_by.is_some() {
        return Err(SparkError::unsupported("bucketBy on writing"));
    }
    if !write.cluster_by.is_empty() {
        return Err(SparkError::unsupported("clusterBy on writing"));
    }
    let option = |key: &str| write.options.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
    let path = match &write.target {
        WriteTarget::Path(path) => path.clone(),
        WriteTarget::Options => match option("path") {
            Some((_, path)) => path.clone(),
            None => return Err(SparkError::new("_LEGACY_ERROR_TEMP_2047")),
        },
        WriteTarget::Table(_) => return Err(SparkError::unsupported("saveAsTable")),
        WriteTarget::InsertInto(_) => return Err(SparkError::unsupported("insertInto")),
    };
    let format = match &write.format {
        Some(format) => format.clone(),
        None => session.conf().default_source(),
    };
    let mode = match write.mode {
        SaveMode::ErrorIfExists => firesteel_storage::SaveMode::ErrorIfExists,
        SaveMode::Append => firesteel_storage::SaveMode::Append,
        SaveMode::Overwrite => firesteel_storage::SaveMode::Overwrite,
        SaveMode::Ignore => firesteel_storage::SaveMode::Ignore,
    };
    let options = write.options.iter().filter(|(key, _)| !key.eq_ignore_ascii_case("path"));
    Ok(WriteRequest {
        format: format.to_lowercase(),
        path,
        mode,
        options: options.map(|(key, value)| (key.clone(), value.clone())).collect(),
        partition_by: write.partition_by.clone(),
    })
}
