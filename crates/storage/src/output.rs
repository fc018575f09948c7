//! Files of text under way: compression and bytes to disk.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::options::Options;
use crate::write::cannot_write;

/// Compression of text files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Gzip,
    Deflate,
}

impl Codec {
    pub(crate) fn of(options: &Options) -> SparkResult<Self> {
        let Some(name) = options.get_any(&["compression", "codec"]) else { return Ok(Self::None) };
        match name.to_ascii_lowercase().as_str() {
            "none" | "uncompressed" => Ok(Self::None),
            "gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "bzip2" | "snappy" | "lz4" => Err(SparkError::unsupported(format!("compression {name} of text files"))),
            _ => Err(SparkError::new("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION")
                .param("codecName", name)
                .param("availableCodecs", "deflate, uncompressed, none, gzip")
                .with_kind(ErrorKind::IllegalArgument)),
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Deflate => ".deflate",
        }
    }
}

/// A text file that is being written.
pub(crate) struct TextFile {
    output: Output,
    path: PathBuf,
}

enum Output {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Deflate(ZlibEncoder<BufWriter<File>>),
}

impl TextFile {
    pub(crate) fn create(path: &Path, codec: Codec) -> SparkResult<Self> {
        let file = BufWriter::new(File::create(path).map_err(|error| cannot_write(path, error))?);
        let level = flate2::Compression::default();
        let output = match codec {
            Codec::None => Output::Plain(file),
            Codec::Gzip => Output::Gzip(GzEncoder::new(file, level)),
            Codec::Deflate => Output::Deflate(ZlibEncoder::new(file, level)),
        };
        Ok(Self { output, path: path.to_owned() })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> SparkResult<()> {
        let result = match &mut self.output {
            Output::Plain(output) => output.write_all(bytes),
            Output::Gzip(output) => output.write_all(bytes),
            Output::Deflate(output) => output.write_all(bytes),
        };
        result.map_err(|error| cannot_write(&self.path, error))
    }

    /// Completes the file; gives its size.
    pub(crate) fn finish(self) -> SparkResult<u64> {
        let Self { output, path } = self;
        let buffer = match output {
            Output::Plain(output) => Ok(output),
            Output::Gzip(output) => output.finish(),
            Output::Deflate(output) => output.finish(),
        };
        let buffer = buffer.map_err(|error| cannot_write(&path, error))?;
        let file = buffer.into_inner().map_err(|error| cannot_write(&path, error.into_error()))?;
        Ok(file.metadata().map_err(|error| cannot_write(&path, error))?.len())
    }
}
