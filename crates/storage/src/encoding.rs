//! Encodings of text files, by Java's names.

use firesteel_base::error::ErrorKind;
use firesteel_base::{SparkError, SparkResult};

/// An encoding that Spark's readers accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Latin1,
    Ascii,
    /// With a mark of the byte order, big-endian without.
    Utf16,
    Utf16Big,
    Utf16Little,
    Utf32,
}

impl Encoding {
    pub(crate) fn find(name: &str, function: &str) -> SparkResult<Self> {
        match name.to_ascii_lowercase().as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "iso-8859-1" | "latin1" => Ok(Self::Latin1),
            "us-ascii" | "ascii" => Ok(Self::Ascii),
            "utf-16" => Ok(Self::Utf16),
            "utf-16be" => Ok(Self::Utf16Big),
            "utf-16le" => Ok(Self::Utf16Little),
            "utf-32" => Ok(Self::Utf32),
            _ => Err(SparkError::new("INVALID_PARAMETER_VALUE.CHARSET")
                .param("functionName", format!("`{function}`"))
                .param("parameter", "`charset`")
                .param("charset", name)
                .param("charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8")
                .with_kind(ErrorKind::IllegalArgument)),
        }
    }

    /// The bytes as UTF-8; what is no character becomes the replacement character.
    pub(crate) fn decode(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Utf8 => bytes,
            Self::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes(),
            Self::Ascii => {
                let decode = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
                bytes.iter().map(decode).collect::<String>().into_bytes()
            }
            Self::Utf16 => match bytes.split_first_chunk::<2>() {
                Some((b"\xff\xfe", rest)) => utf16(rest, u16::from_le_bytes),
                Some((b"\xfe\xff", rest)) => utf16(rest, u16::from_be_bytes),
                _ => utf16(&bytes, u16::from_be_bytes),
            },
            Self::Utf16Big => utf16(&bytes, u16::from_be_bytes),
            Self::Utf16Little => utf16(&bytes, u16::from_le_bytes),
            Self::Utf32 => {
                let (chunks, _) = bytes.as_chunks::<4>();
                let decode =
                    |chunk: &[u8; 4]| char::from_u32(u32::from_be_bytes(*chunk)).unwrap_or(char::REPLACEMENT_CHARACTER);
                chunks.iter().map(decode).collect::<String>().into_bytes()
            }
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (chunks, _) = bytes.as_chunks::<2>();
    let units: Vec<u16> = chunks.iter().map(|chunk| unit(*chunk)).collect();
    String::from_utf16_lossy(&units).into_bytes()
}
