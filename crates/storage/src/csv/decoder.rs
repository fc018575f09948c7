//! Blocks of CSV text into batches.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use firesteel_base::{SparkError, SparkResult, SparkSchema, SparkType};

use super::options::CsvOptions;
use super::tokenizer::Token;
use crate::parse::{ParseMode, column, keep_rows, malformed};
use crate::text_scan::{BlockDecoder, FilePart, Lines, lines};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The records of a block, without comments and blank lines.
pub(super) struct Records<'a> {
    options: &'a CsvOptions,
    source: Source<'a>,
    tokens: Vec<Token<'a>>,
}

enum Source<'a> {
    Lines(Lines<'a>),
    /// Records that may go over lines: what is left of the text.
    Text(&'a [u8]),
}

impl<'a> Records<'a> {
    pub(super) fn new(options: &'a CsvOptions, block: &'a [u8], at_start: bool) -> Self {
        let block = if at_start { block.strip_prefix(BYTE_ORDER_MARK).unwrap_or(block) } else { block };
        let source = if options.dialect.multi_line {
            Source::Text(block)
        } else {
            Source::Lines(lines(block, options.line_separator.as_deref()))
        };
        Self { options, source, tokens: Vec::new() }
    }

    /// The next record: its text and its fields.
    pub(super) fn next_record(&mut self, url: &str) -> Option<SparkResult<(&'a [u8], &[Token<'a>])>> {
        let record = match &mut self.source {
            Source::Lines(lines) => lines.find(|line| is_record(line, self.options, false))?,
            Source::Text(text) => {
                while let Some(first_line) = lines(text, None).next() {
                    if is_record(first_line, self.options, true) {
                        break;
                    }
                    let skip = first_line.len() + usize::from(text.len() > first_line.len());
                    *text = text.get(skip..).unwrap_or_default();
                }
                if text.is_empty() {
                    return None;
                }
                text
            }
        };
        self.tokens.clear();
        let length = self.options.dialect.record(record, &mut self.tokens);
        let record = match &mut self.source {
            Source::Lines(_) => record,
            Source::Text(text) => {
                let (head, rest) = text.split_at_checked(length).unwrap_or((text, &[]));
                *text = rest;
                head.strip_suffix(b"\n").map_or(head, |head| head.strip_suffix(b"\r").unwrap_or(head))
            }
        };
        Some(self.within_limits(url).map(|()| (record, self.tokens.as_slice())))
    }

    fn within_limits(&self, url: &str) -> SparkResult<()> {
        let too_long = |token: &Token<'_>| self.options.characters_max.is_some_and(|max| token.text.len() > max);
        let limit = if self.tokens.len() > self.options.columns_max {
            format!("more than maxColumns={} columns", self.options.columns_max)
        } else if self.tokens.iter().any(too_long) {
            format!("more than maxCharsPerColumn={} characters", self.options.characters_max.unwrap_or_default())
        } else {
            return Ok(());
        };
        Err(crate::error::cannot_read(url, SparkError::new("MALFORMED_CSV_RECORD").param("badRecord", limit)))
    }
}

fn is_record(line: &[u8], options: &CsvOptions, multi_line: bool) -> bool {
    // A record that goes over lines may begin with blanks that belong to it.
    let blank = if multi_line { line.is_empty() } else { line.iter().all(|byte| *byte <= b' ') };
    !blank && options.dialect.comment.is_none_or(|comment| line.first() != Some(&comment))
}

/// Where a projected column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnSource {
    /// The field of this place in records.
    Field(usize),
    /// The text of records that are malformed.
    CorruptRecord,
}

pub(super) struct Decoder {
    options: Arc<CsvOptions>,
    output: SchemaRef,
    part: FilePart,
    batch_rows: usize,
    sources: Vec<ColumnSource>,
    types: Vec<SparkType>,
    /// Names of the fields in records.
    field_names: Vec<String>,
    /// Whether a record with too few or too many fields is malformed: Spark sees that only when it reads all of them,
    /// or when records may go over lines.
    counts_fields: bool,
    header_due: bool,
}

impl Decoder {
    pub(super) fn new(
        options: &Arc<CsvOptions>,
        schema: &SparkSchema,
        output: &SchemaRef,
        part: FilePart,
        batch_rows: usize,
    ) -> SparkResult<Self> {
        let is_corrupt = |name: &str| name == options.corrupt_column;
        let in_records: Vec<_> = schema.iter().filter(|field| !is_corrupt(&field.name)).collect();
        let mut sources = Vec::with_capacity(output.fields().len());
        let mut types = Vec::with_capacity(output.fields().len());
        for field in output.fields() {
            if is_corrupt(field.name()) {
                sources.push(ColumnSource::CorruptRecord);
                types.push(SparkType::STRING);
                continue;
            }
            let place = in_records.iter().position(|record| record.name == *field.name());
            let Some((place, record)) = place.and_then(|place| in_records.get(place).map(|record| (place, record)))
            else {
                return Err(SparkError::internal(format!("column {} is not in the file", field.name())));
            };
            sources.push(ColumnSource::Field(place));
            types.push(record.data_type.clone());
        }
        let fields_read = sources.iter().filter(|source| **source != ColumnSource::CorruptRecord).count();
        if fields_read == 0 && sources.contains(&ColumnSource::CorruptRecord) {
            return Err(SparkError::new("UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN"));
        }
        Ok(Self {
            options: Arc::clone(options),
            output: Arc::clone(output),
            header_due: options.header && part.at_start,
            part,
            batch_rows: batch_rows.max(1),
            counts_fields: options.dialect.multi_line || fields_read == in_records.len(),
            field_names: in_records.iter().map(|field| field.name.clone()).collect(),
            sources,
            types,
        })
    }

    fn check_header(&self, tokens: &[Token<'_>]) -> SparkResult<()> {
        if self.options.enforce_schema {
            return Ok(());
        }
        let found: Vec<Cow<'_, str>> = tokens.iter().map(|token| String::from_utf8_lossy(&token.text)).collect();
        let same = |left: &str, right: &str| {
            if self.options.case_sensitive { left == right } else { left.eq_ignore_ascii_case(right) }
        };
        let fits = found.len() == self.field_names.len()
            && found.iter().zip(&self.field_names).all(|(found, name)| same(found, name));
        if fits {
            return Ok(());
        }
        let cause = SparkError::new("MALFORMED_CSV_RECORD").param("badRecord", found.join(", "));
        Err(crate::error::cannot_read(&self.part.url, cause))
    }

    fn flush(&self, rows: &mut Rows) -> SparkResult<Option<RecordBatch>> {
        if rows.bad.is_empty() {
            return Ok(None);
        }
        let mut bad = std::mem::take(&mut rows.bad);
        let records = rows.records.finish();
        let mut columns: Vec<Option<ArrayRef>> = Vec::with_capacity(self.sources.len());
        for ((source, data_type), texts) in self.sources.iter().zip(&self.types).zip(&mut rows.texts) {
            columns.push(match source {
                ColumnSource::Field(_) => Some(column(&texts.finish(), data_type, &self.options.forms, &mut bad)?),
                // Needs the marks of all columns.
                ColumnSource::CorruptRecord => None,
            });
        }
        if self.options.mode == ParseMode::FailFast
            && let Some(record) = records.iter().zip(&bad).find_map(|(record, bad)| record.filter(|_| *bad))
        {
            return Err(malformed(&self.part.url, record));
        }
        let mut columns: Vec<ArrayRef> = columns
            .into_iter()
            .map(|column| {
                column.unwrap_or_else(|| {
                    let corrupt = records.iter().zip(&bad).map(|(record, bad)| record.filter(|_| *bad));
                    Arc::new(corrupt.collect::<arrow::array::StringArray>())
                })
            })
            .collect();
        let mut length = bad.len();
        if self.options.mode == ParseMode::DropMalformed {
            columns = keep_rows(columns, &bad)?;
            length = bad.iter().filter(|bad| !**bad).count();
        }
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .map(Some)
            .map_err(|error| SparkError::internal(error.to_string()))
    }

    fn add(&self, record: &[u8], tokens: &[Token<'_>], rows: &mut Rows) {
        let count_differs = self.counts_fields && tokens.len() != self.field_names.len() && !self.sources.is_empty();
        rows.bad.push(count_differs);
        if rows.keeps_records {
            rows.records.append_value(String::from_utf8_lossy(record));
        }
        for (source, texts) in self.sources.iter().zip(&mut rows.texts) {
            let ColumnSource::Field(place) = source else { continue };
            match tokens.get(*place) {
                Some(token) => append(token, &self.options, texts),
                None => texts.append_null(),
            }
        }
    }
}

/// Appends a field's text, or NULL where it stands for NULL.
fn append(token: &Token<'_>, options: &CsvOptions, texts: &mut StringBuilder) {
    if token.text.is_empty() {
        if token.quoted && options.empty_value != options.null_value {
            texts.append_value(&options.empty_value);
        } else {
            texts.append_null();
        }
        return;
    }
    let text = String::from_utf8_lossy(&token.text);
    if text == options.null_value { texts.append_null() } else { texts.append_value(text) }
}

/// The rows of a batch as text.
struct Rows {
    texts: Vec<StringBuilder>,
    records: StringBuilder,
    keeps_records: bool,
    bad: Vec<bool>,
}

impl BlockDecoder for Decoder {
    fn decode(&mut self, block: &[u8]) -> SparkResult<Vec<RecordBatch>> {
        let options = Arc::clone(&self.options);
        let mut batches = Vec::new();
        let mut rows = Rows {
            texts: self.sources.iter().map(|_| StringBuilder::new()).collect(),
            records: StringBuilder::new(),
            keeps_records: self.sources.contains(&ColumnSource::CorruptRecord) || options.mode == ParseMode::FailFast,
            bad: Vec::new(),
        };
        let mut records = Records::new(&options, block, self.part.at_start);
        self.part.at_start = false;
        while let Some((record, tokens)) = records.next_record(&self.part.url).transpose()? {
            if self.header_due {
                self.header_due = false;
                self.check_header(tokens)?;
                continue;
            }
            self.add(record, tokens, &mut rows);
            if rows.bad.len() >= self.batch_rows {
                batches.extend(self.flush(&mut rows)?);
            }
        }
        batches.extend(self.flush(&mut rows)?);
        Ok(batches)
    }
}
