//! One worker's files: splits rows by partition values, limits rows per file, names files as Spark does.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::record_batch::RecordBatch;
use firesteel_base::{SparkError, SparkResult};

use super::commit::Staging;
use super::{Job, RecordWriter, cannot_write};
use crate::partition::{NULL_PARTITION, escape};
use crate::request::WriteSummary;
use crate::value_text::column_text;

/// Partition directories that one worker has files open in; the one written least recently is closed beyond that.
const OPEN_FILES_MAX: usize = 64;

/// The files of one worker.
pub(super) struct Sink {
    job: Arc<Job>,
    staging: Arc<Staging>,
    task: usize,
    open: HashMap<String, OpenFile>,
    /// Files begun in each directory.
    begun: HashMap<String, u64>,
    clock: u64,
    summary: WriteSummary,
}

struct OpenFile {
    writer: Box<dyn RecordWriter>,
    rows: u64,
    used: u64,
}

impl Sink {
    pub(super) fn new(job: Arc<Job>, staging: Arc<Staging>, task: usize) -> Self {
        Self {
            job,
            staging,
            task,
            open: HashMap::new(),
            begun: HashMap::new(),
            clock: 0,
            summary: WriteSummary::default(),
        }
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = self.conform(batch)?;
        if self.job.partition_columns.is_empty() {
            return self.append("", &batch);
        }
        let groups = self.partition(&batch)?;
        let data = self.without_partition_columns(&batch)?;
        for (directory, rows) in groups {
            let rows = UInt32Array::from(rows);
            let part = take_record_batch(&data, &rows).map_err(internal)?;
            self.append(&directory, &part)?;
        }
        Ok(())
    }

    /// Completes all files. The first worker writes a file even if it has no rows, so that the schema is kept.
    pub(super) fn finish(mut self) -> SparkResult<WriteSummary> {
        if self.task == 0 && self.begun.is_empty() && self.job.partition_columns.is_empty() {
            let file = self.begin("")?;
            self.open.insert(String::new(), file);
        }
        for (_, file) in std::mem::take(&mut self.open) {
            self.close(file)?;
        }
        Ok(self.summary)
    }

    /// The batch in the carriers of the target's types, under the user's names.
    fn conform(&self, batch: &RecordBatch) -> SparkResult<RecordBatch> {
        let columns = batch
            .columns()
            .iter()
            .zip(self.job.schema.fields())
            .map(|(column, field)| {
                if column.data_type() == field.data_type() {
                    Ok(Arc::clone(column))
                } else {
                    arrow::compute::cast(column, field.data_type()).map_err(internal)
                }
            })
            .collect::<SparkResult<Vec<ArrayRef>>>()?;
        RecordBatch::try_new(Arc::clone(&self.job.schema), columns).map_err(internal)
    }

    fn without_partition_columns(&self, batch: &RecordBatch) -> SparkResult<RecordBatch> {
        let kept: Vec<usize> =
            (0..batch.num_columns()).filter(|place| !self.job.partition_columns.contains(place)).collect();
        batch.project(&kept).map_err(internal)
    }

    /// The rows of each partition directory, directories in the order of their first rows.
    fn partition(&self, batch: &RecordBatch) -> SparkResult<Vec<(String, Vec<u32>)>> {
        let texts = self
            .job
            .partition_columns
            .iter()
            .map(|place| match (batch.columns().get(*place), self.job.types.get(*place)) {
                (Some(column), Some(data_type)) => column_text(column, data_type, &self.job.partition_forms),
                _ => Err(SparkError::internal("a partition column is missing from the input")),
            })
            .collect::<SparkResult<Vec<StringArray>>>()?;
        let mut places: HashMap<Vec<Option<&str>>, usize> = HashMap::new();
        let mut groups: Vec<(String, Vec<u32>)> = Vec::new();
        for (row, number) in (0..batch.num_rows()).zip(0_u32..) {
            // An empty text cannot name a directory; Spark keeps it as NULL.
            let key: Vec<Option<&str>> = texts
                .iter()
                .map(|text| text.is_valid(row).then(|| text.value(row)).filter(|value| !value.is_empty()))
                .collect();
            let place = *places.entry(key).or_insert_with_key(|key| {
                groups.push((self.directory(key), Vec::new()));
                groups.len() - 1
            });
            if let Some((_, rows)) = groups.get_mut(place) {
                rows.push(number);
            }
        }
        Ok(groups)
    }

    fn directory(&self, values: &[Option<&str>]) -> String {
        let segments: Vec<String> = self
            .job
            .partition_names
            .iter()
            .zip(values)
            .map(|(name, value)| {
                format!("{}={}", escape(name), value.map_or_else(|| NULL_PARTITION.to_owned(), escape))
            })
            .collect();
        segments.join("/")
    }

    fn append(&mut self, directory: &str, batch: &RecordBatch) -> SparkResult<()> {
        self.clock += 1;
        let mut offset = 0;
        while offset < batch.num_rows() {
            let mut file = match self.open.remove(directory) {
                Some(file) => file,
                None => {
                    self.make_room()?;
                    self.begin(directory)?
                }
            };
            let left = batch.num_rows() - offset;
            let room = self.job.rows_per_file.map_or(u64::MAX, |limit| limit - file.rows);
            let length = usize::try_from(room).unwrap_or(usize::MAX).min(left);
            file.writer.write(&batch.slice(offset, length))?;
            file.rows += length as u64;
            file.used = self.clock;
            offset += length;
            if self.job.rows_per_file.is_some_and(|limit| file.rows >= limit) {
                self.close(file)?;
            } else {
                self.open.insert(directory.to_owned(), file);
            }
        }
        Ok(())
    }

    fn make_room(&mut self) -> SparkResult<()> {
        if self.open.len() < OPEN_FILES_MAX {
            return Ok(());
        }
        let oldest = self.open.iter().min_by_key(|(_, file)| file.used).map(|(directory, _)| directory.clone());
        match oldest.and_then(|directory| self.open.remove(&directory)) {
            Some(file) => self.close(file),
            None => Ok(()),
        }
    }

    fn begin(&mut self, directory: &str) -> SparkResult<OpenFile> {
        let count = self.begun.entry(directory.to_owned()).or_insert(0);
        let separator = if self.job.partition_columns.is_empty() { '-' } else { '.' };
        let name =
            format!("part-{:05}-{}{separator}c{count:03}{}", self.task, self.job.id, self.job.factory.extension());
        *count += 1;
        let mut parent = self.staging.path().to_owned();
        // Not all at once: a staging directory that is gone means that the write was given up, and stays gone.
        for segment in directory.split('/').filter(|segment| !segment.is_empty()) {
            parent.push(segment);
            match fs::create_dir(&parent) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(cannot_write(&parent, error)),
                _ => {}
            }
        }
        let writer = self.job.factory.create(&parent.join(name))?;
        Ok(OpenFile { writer, rows: 0, used: self.clock })
    }

    fn close(&mut self, file: OpenFile) -> SparkResult<()> {
        self.summary.rows += file.rows;
        self.summary.files += 1;
        self.summary.bytes += file.writer.finish()?;
        Ok(())
    }
}

fn internal(error: arrow::error::ArrowError) -> SparkError {
    SparkError::internal(error.to_string()).caused_by(error)
}
