//! CSV output: values as text, quoted where a reader would stumble.

use std::path::Path;

use arrow::array::{Array, StringArray};
use arrow::record_batch::RecordBatch;
use firesteel_base::{SparkResult, SparkSchema, SparkType};

use super::{RecordWriter, WriterFactory};
use crate::csv::delimiter;
use crate::options::Options;
use crate::output::{Codec, TextFile};
use crate::settings::FileSettings;
use crate::value_text::{TextForms, column_text};

pub(super) struct Factory {
    types: Vec<SparkType>,
    codec: Codec,
    forms: TextForms,
    style: Style,
    header: Option<String>,
    extension: String,
}

/// The characters of a CSV dialect.
#[derive(Clone, Debug)]
struct Style {
    separator: String,
    quote: char,
    /// `None`: no character protects a quote.
    escape: Option<char>,
    /// What protects the escape character within quotes.
    escape_of_escape: Option<char>,
    quote_all: bool,
    /// Values with a quote inside are quoted.
    escape_quotes: bool,
    comment: char,
    null: String,
    empty: String,
    trim_start: bool,
    trim_end: bool,
    line_separator: String,
}

impl Factory {
    pub(super) fn new(schema: &SparkSchema, options: &Options, settings: &FileSettings) -> SparkResult<Self> {
        options.refuse_unless("CSV", "encoding", &["UTF-8", "UTF8"])?;
        options.refuse_unless("CSV", "charset", &["UTF-8", "UTF8"])?;
        options.refuse_unless("CSV", "locale", &["en-US", "en_US"])?;
        let style = Style::of(options)?;
        let header = options.boolean("header", false)?.then(|| {
            let mut line = String::new();
            style.line(schema.iter().map(|field| Some(field.name.as_str())), &mut line);
            line
        });
        let codec = Codec::of(options)?;
        let extension = options.string("extension", "csv");
        Ok(Self {
            types: schema.iter().map(|field| field.data_type.clone()).collect(),
            codec,
            forms: TextForms::of_file(options, settings)?,
            style,
            header,
            extension,
        })
    }
}

impl Style {
    fn of(options: &Options) -> SparkResult<Self> {
        let quote = options.character("quote", '"')?.unwrap_or('\0');
        let escape = options.character("escape", '\\')?;
        let escape_of_escape = match options.get("chartoescapequoteescaping") {
            Some(_) => options.character("chartoescapequoteescaping", '\0')?,
            None => escape.filter(|escape| *escape != quote),
        };
        Ok(Self {
            separator: delimiter(options)?,
            quote,
            escape,
            escape_of_escape,
            quote_all: options.boolean("quoteall", false)?,
            escape_quotes: options.boolean("escapequotes", true)?,
            comment: options.character("comment", '#')?.unwrap_or('\0'),
            null: options.string("nullvalue", ""),
            empty: options.string("emptyvalue", "\"\""),
            trim_start: options.boolean("ignoreleadingwhitespace", true)?,
            trim_end: options.boolean("ignoretrailingwhitespace", true)?,
            line_separator: options.string("linesep", "\n"),
        })
    }

    fn line<'a>(&self, values: impl Iterator<Item = Option<&'a str>>, output: &mut String) {
        let start = output.len();
        for (place, value) in values.enumerate() {
            if place > 0 {
                output.push_str(&self.separator);
            }
            self.value(value, output);
        }
        if output.len() == start {
            // A line of nothing would be passed over by readers.
            output.push_str(&self.empty);
        }
        output.push_str(&self.line_separator);
    }

    fn value(&self, value: Option<&str>, output: &mut String) {
        let Some(value) = value else {
            if self.quote_all {
                self.quoted(&self.null, output);
            } else {
                output.push_str(&self.null);
            }
            return;
        };
        let blank = |character: char| character <= ' ';
        let value = if self.trim_start { value.trim_start_matches(blank) } else { value };
        let value = if self.trim_end { value.trim_end_matches(blank) } else { value };
        if value.is_empty() {
            output.push_str(&self.empty);
        } else if self.needs_quotes(value) {
            self.quoted(value, output);
        } else {
            output.push_str(value);
        }
    }

    fn needs_quotes(&self, value: &str) -> bool {
        self.quote_all
            || value.contains(['\n', '\r'])
            || value.contains(&self.separator)
            || value.starts_with(self.quote)
            || (self.escape_quotes && value.contains(self.quote))
            || value.starts_with(self.comment)
    }

    fn quoted(&self, value: &str, output: &mut String) {
        output.push(self.quote);
        for character in value.chars() {
            if character == '\n' {
                output.push_str(&self.line_separator);
                continue;
            }
            if character == self.quote {
                output.extend(self.escape);
            } else if Some(character) == self.escape {
                output.extend(self.escape_of_escape);
            }
            output.push(character);
        }
        output.push(self.quote);
    }
}

impl WriterFactory for Factory {
    fn extension(&self) -> String {
        format!(".{}{}", self.extension, self.codec.extension())
    }

    fn create(&self, path: &Path) -> SparkResult<Box<dyn RecordWriter>> {
        let mut file = TextFile::create(path, self.codec)?;
        if let Some(header) = &self.header {
            file.write(header.as_bytes())?;
        }
        Ok(Box::new(Writer {
            file,
            types: self.types.clone(),
            forms: self.forms.clone(),
            style: self.style.clone(),
            buffer: String::new(),
        }))
    }
}

struct Writer {
    file: TextFile,
    types: Vec<SparkType>,
    forms: TextForms,
    style: Style,
    buffer: String,
}

impl RecordWriter for Writer {
    fn write(&mut self, batch: &RecordBatch) -> SparkResult<()> {
        let columns = batch
            .columns()
            .iter()
            .zip(&self.types)
            .map(|(column, data_type)| column_text(column, data_type, &self.forms))
            .collect::<SparkResult<Vec<StringArray>>>()?;
        self.buffer.clear();
        for row in 0..batch.num_rows() {
            let values = columns.iter().map(|column| column.is_valid(row).then(|| column.value(row)));
            self.style.line(values, &mut self.buffer);
        }
        self.file.write(self.buffer.as_bytes())
    }

    fn finish(self: Box<Self>) -> SparkResult<u64> {
        self.file.finish()
    }
}
