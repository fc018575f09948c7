//! `char`, `base64`, `unbase64`, `encode`, `decode`, `to_binary`, `try_to_binary` and the checks of UTF-8: bytes as
//! text and text as bytes.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{ColumnarValue, Expr, lit, when};
use firesteel_base::{SparkError, SparkResult, SparkType};

use crate::call::Call;
use crate::coercion::{Expected, common_type, quoted, quoted_type};
use crate::function::{Function, Scalar};
use crate::kernel::{Kernel, KernelCall, from_engine, kernel_call, kernel_udf};

pub(super) const CHAR: Function =
    Function::scalar("char", char).aliases(&["chr"]).since("2.3.0").arity(1..=1).prints_alias();
pub(super) const BASE64: Function = Function::scalar("base64", base64).since("1.5.0").arity(1..=1);
pub(super) const UNBASE64: Function = Function::scalar("unbase64", unbase64).since("1.5.0").arity(1..=1);
pub(super) const ENCODE: Function = Function::scalar("encode", encode).since("1.5.0").arity(2..=2);
pub(super) const DECODE: Function = Function::scalar("decode", decode).since("1.5.0").at_least(2);
pub(super) const TO_BINARY: Function =
    Function::scalar("to_binary", |call| to_binary(call, ToBinary)).since("3.3.0").arity(1..=2);
pub(super) const TRY_TO_BINARY: Function =
    Function::scalar("try_to_binary", |call| to_binary(call, TryToBinary)).since("3.3.0").arity(1..=2);
pub(super) const IS_VALID_UTF8: Function =
    Function::scalar("is_valid_utf8", |call| utf8(call, SparkType::Boolean, IsValid)).since("4.0.0").arity(1..=1);
pub(super) const MAKE_VALID_UTF8: Function =
    Function::scalar("make_valid_utf8", |call| utf8(call, SparkType::STRING, Validated::<MAKE>))
        .since("4.0.0")
        .arity(1..=1);
pub(super) const VALIDATE_UTF8: Function =
    Function::scalar("validate_utf8", |call| utf8(call, SparkType::STRING, Validated::<RAISE>))
        .since("4.0.0")
        .arity(1..=1);
pub(super) const TRY_VALIDATE_UTF8: Function =
    Function::scalar("try_validate_utf8", |call| utf8(call, SparkType::STRING, Validated::<TRY>))
        .since("4.0.0")
        .arity(1..=1);

/// Characters in the place of what is not text.
const MAKE: u8 = 0;
/// An error.
const RAISE: u8 = 1;
/// NULL.
const TRY: u8 = 2;

fn char(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, Char).casting(call.implicit_cast(&[Expected::LONG])?))
}

fn base64(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::STRING, Base64).casting(call.implicit_cast(&[Expected::Binary])?))
}

fn unbase64(call: &Call<'_>) -> SparkResult<Scalar> {
    Ok(Scalar::kernel(call, SparkType::Binary, Unbase64).casting(call.implicit_cast(&[Expected::STRING])?))
}

fn encode(call: &Call<'_>) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    Ok(Scalar::kernel(call, SparkType::Binary, Encode).casting(types).nullable(true))
}

/// Bytes are taken as they are, since as text they would have to be valid already.
fn utf8<K: Kernel>(call: &Call<'_>, result: SparkType, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::StringOrBinary])?;
    Ok(Scalar::kernel(call, result, kernel).casting(types).nullable(true))
}

/// With two arguments bytes in a character set; with more `CASE` with equality of NULLs.
fn decode(call: &Call<'_>) -> SparkResult<Scalar> {
    if call.len() == 2 {
        let types = call.implicit_cast(&[Expected::Binary, Expected::STRING])?;
        return Ok(Scalar::kernel(call, SparkType::STRING, Decode).casting(types).nullable(true));
    }
    let has_default = call.len().is_multiple_of(2);
    let is_result = |index: usize| index >= 2 && (index.is_multiple_of(2) || (has_default && index + 1 == call.len()));
    let (mut keys, mut results) = (Vec::new(), Vec::new());
    for (index, data_type) in call.data_types().into_iter().enumerate() {
        if is_result(index) { results.push(data_type) } else { keys.push(data_type) }
    }
    let common = |types: &[SparkType]| {
        common_type(types, call.ansi()).ok_or_else(|| {
            let listed: Vec<String> = types.iter().map(quoted_type).collect();
            call.data_diff_types("decode", format!("({})", listed.join(" or ")))
        })
    };
    let (key, result) = (common(&keys)?, common(&results)?);
    let types = (0..call.len()).map(|index| if is_result(index) { result.clone() } else { key.clone() }).collect();
    let nullable = !has_default
        || call.arguments.iter().enumerate().any(|(index, argument)| is_result(index) && argument.nullable);
    Ok(Scalar::expr(call, result, decode_case).casting(types).nullable(nullable))
}

fn decode_case(arguments: Vec<Expr>) -> SparkResult<Expr> {
    let mut arguments = arguments.into_iter();
    let missing = || SparkError::internal("decode was bound with too few arguments");
    let key = arguments.next().ok_or_else(missing)?;
    let rest: Vec<Expr> = arguments.collect();
    let (pairs, default) = rest.as_chunks::<2>();
    let mut branches = pairs.iter().map(|[search, result]| (same(&key, search), result.clone()));
    let (condition, result) = branches.next().ok_or_else(missing)?;
    let mut case = when(condition, result);
    for (condition, result) in branches {
        case = case.when(condition, result);
    }
    let case = match default.first() {
        Some(default) => case.otherwise(default.clone()),
        None => case.end(),
    };
    case.map_err(from_engine)
}

fn same(left: &Expr, right: &Expr) -> Expr {
    datafusion::logical_expr::binary_expr(
        left.clone(),
        datafusion::logical_expr::Operator::IsNotDistinctFrom,
        right.clone(),
    )
}

fn to_binary<K: Kernel>(call: &Call<'_>, kernel: K) -> SparkResult<Scalar> {
    let types = call.implicit_cast(&[Expected::STRING, Expected::STRING])?;
    let mut nullable = true;
    if let Some(format) = call.arguments.get(1) {
        if !format.is_foldable {
            return Err(call
                .mismatch("NON_FOLDABLE_INPUT")
                .param("inputName", "`fmt`")
                .param("inputType", quoted_type(&format.data_type))
                .param("inputExpr", quoted(&format.sql())));
        }
        let name = format.constant.as_ref().map(|format| format.to_string().to_lowercase());
        let is_null = format.constant.as_ref().is_some_and(ScalarValue::is_null);
        if let Some(name) = name.filter(|_| !is_null)
            && !["hex", "utf-8", "utf8", "base64"].contains(&name.as_str())
            && K::NAME == ToBinary::NAME
        {
            return Err(call
                .mismatch("INVALID_ARG_VALUE")
                .param("inputName", "fmt")
                .param("requireType", "case-insensitive \"STRING\"")
                .param("validValues", "'hex', 'utf-8', 'utf8', or 'base64'")
                .param("inputValue", format!("'{name}'")));
        }
        // Decoding base 64 is the only way that is known to give bytes or an error.
        let of_base64 =
            matches!(&format.constant, Some(ScalarValue::Utf8(Some(name))) if name.eq_ignore_ascii_case("base64"));
        nullable = !of_base64 || K::NAME != ToBinary::NAME || call.any_nullable();
    }
    let bound = Scalar::expr(call, SparkType::Binary, move |mut arguments| {
        if arguments.len() < 2 {
            arguments.push(lit("hex"));
        }
        kernel_call(kernel_udf(kernel), arguments, &SparkType::Binary, -1)
    });
    Ok(bound.casting(types).nullable(nullable))
}

/// The character of a code below 256; of a larger one its lowest byte counts.
#[derive(Debug, Default, Clone, Copy)]
struct Char;

impl Kernel for Char {
    const NAME: &'static str = "spark_char";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let codes = call.integers(0)?;
        let character = |code: i64| {
            if code < 0 { String::new() } else { char::from(u8::try_from(code & 0xFF).unwrap_or(0)).to_string() }
        };
        call.make_texts(|row| Ok(codes.get(row).map(character)))
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = [0_u8; 4];
        word.iter_mut().skip(1).zip(chunk).for_each(|(place, byte)| *place = *byte);
        let word = u32::from_be_bytes(word);
        for index in 0..4_usize {
            let six = (word >> (18 - 6 * index)) & 0x3F;
            let letter = ALPHABET.get(six as usize).copied().unwrap_or(b'=');
            text.push(if index <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// What is wrong with a text in base 64.
struct Malformed;

/// Decodes, leaving out all characters of other alphabets, as a MIME decoder does.
fn decoded(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut word, mut held) = (0_u32, 0_u8);
    let mut characters = text.bytes();
    while let Some(byte) = characters.next() {
        if byte == b'=' {
            // Padding only makes sense behind two or three characters.
            let rest_is_fine = match held {
                2 => characters.by_ref().find(|byte| *byte == b'=' || value(*byte).is_some()) == Some(b'='),
                3 => true,
                _ => false,
            };
            if !rest_is_fine || characters.any(|byte| byte == b'=' || value(byte).is_some()) {
                return Err(Malformed);
            }
            break;
        }
        let Some(six) = value(byte) else { continue };
        word = word << 6 | six;
        held += 1;
        if held == 4 {
            bytes.extend(word.to_be_bytes().into_iter().skip(1));
            (word, held) = (0, 0);
        }
    }
    match held {
        0 => {}
        2 => bytes.extend((word << 12).to_be_bytes().into_iter().skip(1).take(1)),
        3 => bytes.extend((word << 6).to_be_bytes().into_iter().skip(1).take(2)),
        _ => return Err(Malformed),
    }
    Ok(bytes)
}

fn value(byte: u8) -> Option<u32> {
    ALPHABET.iter().position(|letter| *letter == byte).and_then(|place| u32::try_from(place).ok())
}

#[derive(Debug, Default, Clone, Copy)]
struct Base64;

impl Kernel for Base64 {
    const NAME: &'static str = "spark_base64";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let bytes = call.bytes(0)?;
        call.make_texts(|row| Ok(bytes.get(row).map(encoded)))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Unbase64;

impl Kernel for Unbase64 {
    const NAME: &'static str = "spark_unbase64";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let texts = call.texts(0)?;
        call.make_bytes(|row| match texts.get(row) {
            Some(text) => decoded(text).map(Some).map_err(|Malformed| malformed(text, "BASE64", "try_to_binary")),
            None => Ok(None),
        })
    }
}

fn malformed(text: &str, format: &str, suggestion: &str) -> SparkError {
    SparkError::new("CONVERSION_INVALID_INPUT")
        .param("str", format!("'{text}'"))
        .param("fmt", format!("'{format}'"))
        .param("targetType", "\"BINARY\"")
        .param("suggestion", format!("`{suggestion}`"))
}

/// A character set that Spark knows.
#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf16Big,
    Utf16Little,
    /// With a mark of the order of bytes, big-endian where it is missing.
    Utf16,
    /// Big-endian.
    Utf32,
}

impl Charset {
    fn find(name: &str, function: &str) -> SparkResult<Self> {
        Ok(match name.to_uppercase().as_str() {
            "US-ASCII" => Self::Ascii,
            "ISO-8859-1" => Self::Latin1,
            "UTF-8" => Self::Utf8,
            "UTF-16BE" => Self::Utf16Big,
            "UTF-16LE" => Self::Utf16Little,
            "UTF-16" => Self::Utf16,
            "UTF-32" => Self::Utf32,
            _ => {
                return Err(SparkError::new("INVALID_PARAMETER_VALUE.CHARSET")
                    .param("functionName", format!("`{function}`"))
                    .param("parameter", "`charset`")
                    .param("charset", name)
                    .param("charsets", "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8"));
            }
        })
    }

    /// `None` if a character is not of the set.
    fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Latin1 => text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect(),
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16Big => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Self::Utf16Little => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Utf16 => {
                let mark = if text.is_empty() { None } else { Some([0xFE, 0xFF]) };
                Some(mark.into_iter().flatten().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect())
            }
            Self::Utf32 => Some(text.chars().flat_map(|character| u32::from(character).to_be_bytes()).collect()),
        }
    }

    /// `None` if the bytes are not of the set.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Ascii => bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect()),
            Self::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Utf16Big => utf16(bytes, u16::from_be_bytes),
            Self::Utf16Little => utf16(bytes, u16::from_le_bytes),
            Self::Utf16 => match bytes {
                [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
                [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
                bytes => utf16(bytes, u16::from_be_bytes),
            },
            Self::Utf32 => {
                let (words, rest) = bytes.as_chunks::<4>();
                let characters = words.iter().map(|word| char::from_u32(u32::from_be_bytes(*word)));
                if rest.is_empty() { characters.collect() } else { None }
            }
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|bytes| unit(*bytes)).collect();
    if rest.is_empty() { String::from_utf16(&units).ok() } else { None }
}

pub(super) fn malformed_characters(function: &str, charset: &str) -> SparkError {
    SparkError::new("MALFORMED_CHARACTER_CODING").param("function", format!("`{function}`")).param("charset", charset)
}

#[derive(Debug, Default, Clone, Copy)]
struct Encode;

impl Kernel for Encode {
    const NAME: &'static str = "spark_encode";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, charsets) = (call.texts(0)?, call.texts(1)?);
        call.make_bytes(|row| {
            let (Some(text), Some(charset)) = (texts.get(row), charsets.get(row)) else { return Ok(None) };
            let encoded = Charset::find(charset, "encode")?.encode(text);
            encoded.map(Some).ok_or_else(|| malformed_characters("encode", charset))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Decode;

impl Kernel for Decode {
    const NAME: &'static str = "spark_decode";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (sources, charsets) = (call.bytes(0)?, call.texts(1)?);
        call.make_texts(|row| {
            let (Some(bytes), Some(charset)) = (sources.get(row), charsets.get(row)) else { return Ok(None) };
            let decoded = Charset::find(charset, "decode")?.decode(bytes);
            decoded.map(Some).ok_or_else(|| malformed_characters("decode", charset))
        })
    }
}

/// The bytes that a text stands for in a format; `None` if it does not.
fn binary(text: &str, format: &str) -> Option<Vec<u8>> {
    match format.to_lowercase().as_str() {
        "hex" => crate::math::hex::bytes_of_hex(text),
        "base64" => strict_base64(text),
        "utf-8" | "utf8" => Some(text.as_bytes().to_vec()),
        _ => None,
    }
}

/// Base 64 without anything else but white space, of which there is none behind padding.
fn strict_base64(text: &str) -> Option<Vec<u8>> {
    let is_allowed = |byte: u8| value(byte).is_some() || byte == b'=' || byte.is_ascii_whitespace();
    let is_padded_last = text.bytes().skip_while(|byte| *byte != b'=').all(|byte| byte == b'=');
    if is_padded_last && text.bytes().all(is_allowed) { decoded(text).ok() } else { None }
}

#[derive(Debug, Default, Clone, Copy)]
struct ToBinary;

impl Kernel for ToBinary {
    const NAME: &'static str = "spark_to_binary";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, formats) = (call.texts(0)?, call.texts(1)?);
        call.make_bytes(|row| {
            let (Some(text), Some(format)) = (texts.get(row), formats.get(row)) else { return Ok(None) };
            let bytes = binary(text, format);
            bytes.map(Some).ok_or_else(|| malformed(text, &format.to_uppercase(), "try_to_binary"))
        })
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct TryToBinary;

impl Kernel for TryToBinary {
    const NAME: &'static str = "spark_try_to_binary";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let (texts, formats) = (call.texts(0)?, call.texts(1)?);
        call.make_bytes(|row| Ok(texts.get(row).zip(formats.get(row)).and_then(|(text, format)| binary(text, format))))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct IsValid;

impl Kernel for IsValid {
    const NAME: &'static str = "spark_is_valid_utf8";

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let bytes = call.bytes(0)?;
        call.make_booleans(|row| Ok(bytes.get(row).map(|bytes| std::str::from_utf8(bytes).is_ok())))
    }
}

#[derive(Debug, Default, Clone, Copy)]
struct Validated<const MODE: u8>;

impl<const MODE: u8> Kernel for Validated<MODE> {
    const NAME: &'static str = match MODE {
        MAKE => "spark_make_valid_utf8",
        RAISE => "spark_validate_utf8",
        _ => "spark_try_validate_utf8",
    };

    fn evaluate(&self, call: &KernelCall<'_>) -> SparkResult<ColumnarValue> {
        let bytes = call.bytes(0)?;
        call.make_texts(|row| {
            let Some(bytes) = bytes.get(row) else { return Ok(None) };
            match (std::str::from_utf8(bytes), MODE) {
                (Ok(text), _) => Ok(Some(text.to_owned())),
                (Err(_), MAKE) => Ok(Some(String::from_utf8_lossy(bytes).into_owned())),
                (Err(_), TRY) => Ok(None),
                (Err(_), _) => Err(invalid_utf8(bytes)),
            }
        })
    }
}

fn invalid_utf8(bytes: &[u8]) -> SparkError {
    let digits: String = bytes.iter().map(|byte| format!("\\x{byte:02X}")).collect();
    SparkError::new("INVALID_UTF8_STRING").param("str", digits)
}
