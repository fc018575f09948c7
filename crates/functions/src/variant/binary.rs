//! The binary form of variants: a dictionary of names, and values that refer to it.

use firesteel_base::{SparkError, SparkResult};

/// The deepest nesting that is followed.
const DEPTH_MAX: usize = 1000;
/// The largest value.
const BYTES_MAX: usize = 16 << 20;

/// A value that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Long(i64),
    Double(f64),
    Float(f32),
    /// Unscaled, and the scale.
    Decimal(i128, u8),
    Date(i32),
    /// Microseconds of an instant.
    Timestamp(i64),
    /// Microseconds of a wall clock.
    TimestampNtz(i64),
    Binary(Vec<u8>),
    Text(String),
    Uuid([u8; 16]),
    Array(Vec<Value>),
    /// In the order of the names.
    Object(Vec<(String, Value)>),
}

const PRIMITIVE: u8 = 0;
const SHORT_TEXT: u8 = 1;
const OBJECT: u8 = 2;
const ARRAY: u8 = 3;

/// The value and the metadata.
pub(super) fn encode(value: &Value) -> SparkResult<(Vec<u8>, Vec<u8>)> {
    let mut encoder = Encoder { names: Vec::new() };
    let mut bytes = Vec::new();
    encoder.value(value, &mut bytes);
    let metadata = encoder.metadata();
    if bytes.len() > BYTES_MAX || metadata.len() > BYTES_MAX {
        return Err(SparkError::new("VARIANT_CONSTRUCTOR_SIZE_LIMIT"));
    }
    Ok((bytes, metadata))
}

/// Bytes that hold numbers up to this one.
fn width(most: usize) -> usize {
    match most {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    }
}

fn push(number: usize, width: usize, out: &mut Vec<u8>) {
    out.extend(number.to_le_bytes().iter().take(width));
}

struct Encoder {
    names: Vec<String>,
}

impl Encoder {
    fn metadata(&self) -> Vec<u8> {
        let total: usize = self.names.iter().map(String::len).sum();
        let width = width(total.max(self.names.len()));
        let mut out = vec![1 | (((width - 1) as u8) << 6)];
        push(self.names.len(), width, &mut out);
        let mut offset = 0;
        push(0, width, &mut out);
        for name in &self.names {
            offset += name.len();
            push(offset, width, &mut out);
        }
        out.extend(self.names.iter().flat_map(|name| name.bytes()));
        out
    }

    fn id(&mut self, name: &str) -> usize {
        if let Some(index) = self.names.iter().position(|known| known == name) {
            return index;
        }
        self.names.push(name.to_owned());
        self.names.len() - 1
    }

    fn value(&mut self, value: &Value, out: &mut Vec<u8>) {
        let mut primitive = |kind: u8, bytes: &[u8]| {
            out.push(kind << 2 | PRIMITIVE);
            out.extend(bytes);
        };
        match value {
            Value::Null => primitive(0, &[]),
            Value::Boolean(true) => primitive(1, &[]),
            Value::Boolean(false) => primitive(2, &[]),
            Value::Long(number) => {
                let bytes = number.to_le_bytes();
                let (kind, width) = if i8::try_from(*number).is_ok() {
                    (3, 1)
                } else if i16::try_from(*number).is_ok() {
                    (4, 2)
                } else if i32::try_from(*number).is_ok() {
                    (5, 4)
                } else {
                    (6, 8)
                };
                primitive(kind, bytes.get(..width).unwrap_or(&bytes));
            }
            Value::Double(number) => primitive(7, &number.to_le_bytes()),
            Value::Float(number) => primitive(14, &number.to_le_bytes()),
            Value::Decimal(unscaled, scale) => {
                let bytes = unscaled.to_le_bytes();
                let digits = unscaled.unsigned_abs().checked_ilog10().unwrap_or(0) + 1;
                let digits = digits.max(u32::from(*scale));
                let (kind, width) = match digits {
                    0..=9 => (8, 4),
                    10..=18 => (9, 8),
                    _ => (10, 16),
                };
                primitive(kind, &[*scale]);
                out.extend(bytes.iter().take(width));
            }
            Value::Date(days) => primitive(11, &days.to_le_bytes()),
            Value::Timestamp(micros) => primitive(12, &micros.to_le_bytes()),
            Value::TimestampNtz(micros) => primitive(13, &micros.to_le_bytes()),
            Value::Binary(bytes) => {
                primitive(15, &(bytes.len() as u32).to_le_bytes());
                out.extend(bytes);
            }
            Value::Text(text) if text.len() < 64 => {
                out.push((text.len() as u8) << 2 | SHORT_TEXT);
                out.extend(text.bytes());
            }
            Value::Text(text) => {
                primitive(16, &(text.len() as u32).to_le_bytes());
                out.extend(text.bytes());
            }
            Value::Uuid(bytes) => primitive(20, bytes),
            Value::Array(items) => self.array(items, out),
            Value::Object(fields) => self.object(fields, out),
        }
    }

    fn array(&mut self, items: &[Value], out: &mut Vec<u8>) {
        let mut data = Vec::new();
        let mut offsets = vec![0];
        for item in items {
            self.value(item, &mut data);
            offsets.push(data.len());
        }
        let (is_large, width) = (items.len() > 255, width(data.len()));
        out.push(u8::from(is_large) << 4 | ((width - 1) as u8) << 2 | ARRAY);
        push(items.len(), if is_large { 4 } else { 1 }, out);
        offsets.iter().for_each(|offset| push(*offset, width, out));
        out.extend(data);
    }

    /// Fields lie in the order they came; their ids and offsets in the order of the names.
    fn object(&mut self, fields: &[(String, Value)], out: &mut Vec<u8>) {
        let mut data = Vec::new();
        let mut places: Vec<(&str, usize, usize)> = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let id = self.id(name);
            places.push((name, id, data.len()));
            self.value(value, &mut data);
        }
        places.sort_by(|(left, ..), (right, ..)| left.encode_utf16().cmp(right.encode_utf16()));
        let is_large = fields.len() > 255;
        let id_width = width(places.iter().map(|(_, id, _)| *id).max().unwrap_or(0));
        let offset_width = width(data.len());
        out.push(u8::from(is_large) << 6 | ((id_width - 1) as u8) << 4 | ((offset_width - 1) as u8) << 2 | OBJECT);
        push(fields.len(), if is_large { 4 } else { 1 }, out);
        places.iter().for_each(|(_, id, _)| push(*id, id_width, out));
        places.iter().for_each(|(_, _, offset)| push(*offset, offset_width, out));
        push(data.len(), offset_width, out);
        out.extend(data);
    }
}

/// Decodes a value; `MALFORMED_VARIANT` if the bytes are none.
pub(super) fn decode(value: &[u8], metadata: &[u8]) -> SparkResult<Value> {
    let decoder = Decoder { metadata };
    decoder.check().and_then(|()| decoder.value(value, 0)).ok_or_else(|| SparkError::new("MALFORMED_VARIANT"))
}

struct Decoder<'a> {
    metadata: &'a [u8],
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(width)?)?;
    Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl Decoder<'_> {
    fn check(&self) -> Option<()> {
        (self.metadata.first()? & 0xf == 1).then_some(())
    }

    fn name(&self, id: usize) -> Option<&str> {
        let width = usize::from(self.metadata.first()? >> 6) + 1;
        let count = number(self.metadata, 1, width)?;
        if id >= count {
            return None;
        }
        let names = 1 + width * (count + 2);
        let start = number(self.metadata, 1 + width * (id + 1), width)?;
        let end = number(self.metadata, 1 + width * (id + 2), width)?;
        std::str::from_utf8(self.metadata.get(names + start..names + end)?).ok()
    }

    fn value(&self, bytes: &[u8], depth: usize) -> Option<Value> {
        if depth > DEPTH_MAX {
            return None;
        }
        let header = *bytes.first()?;
        let info = header >> 2;
        match header & 3 {
            PRIMITIVE => primitive(bytes, info),
            SHORT_TEXT => {
                let text = bytes.get(1..1 + usize::from(info))?;
                Some(Value::Text(std::str::from_utf8(text).ok()?.to_owned()))
            }
            OBJECT => {
                let (id_width, offset_width) = (usize::from(info >> 2 & 3) + 1, usize::from(info & 3) + 1);
                let size_width = if info >> 4 & 1 == 1 { 4 } else { 1 };
                let count = number(bytes, 1, size_width)?;
                let ids = 1 + size_width;
                let offsets = ids.checked_add(count.checked_mul(id_width)?)?;
                let data = offsets.checked_add((count + 1).checked_mul(offset_width)?)?;
                let field = |index: usize| {
                    let name = self.name(number(bytes, ids + index * id_width, id_width)?)?;
                    let offset = number(bytes, offsets + index * offset_width, offset_width)?;
                    Some((name.to_owned(), self.value(bytes.get(data.checked_add(offset)?..)?, depth + 1)?))
                };
                (0..count).map(field).collect::<Option<Vec<_>>>().map(Value::Object)
            }
            _ => {
                let offset_width = usize::from(info & 3) + 1;
                let size_width = if info >> 2 & 1 == 1 { 4 } else { 1 };
                let count = number(bytes, 1, size_width)?;
                let offsets = 1 + size_width;
                let data = offsets.checked_add((count + 1).checked_mul(offset_width)?)?;
                let item = |index: usize| {
                    let offset = number(bytes, offsets + index * offset_width, offset_width)?;
                    self.value(bytes.get(data.checked_add(offset)?..)?, depth + 1)
                };
                (0..count).map(item).collect::<Option<Vec<_>>>().map(Value::Array)
            }
        }
    }
}

fn primitive(bytes: &[u8], kind: u8) -> Option<Value> {
    let counted = || {
        let length = number(bytes, 1, 4)?;
        bytes.get(5..5_usize.checked_add(length)?)
    };
    Some(match kind {
        0 => Value::Null,
        1 => Value::Boolean(true),
        2 => Value::Boolean(false),
        3 => Value::Long(i8::from_le_bytes(array(bytes, 1)?).into()),
        4 => Value::Long(i16::from_le_bytes(array(bytes, 1)?).into()),
        5 => Value::Long(i32::from_le_bytes(array(bytes, 1)?).into()),
        6 => Value::Long(i64::from_le_bytes(array(bytes, 1)?)),
        7 => Value::Double(f64::from_le_bytes(array(bytes, 1)?)),
        8 => Value::Decimal(i32::from_le_bytes(array(bytes, 2)?).into(), *bytes.get(1)?),
        9 => Value::Decimal(i64::from_le_bytes(array(bytes, 2)?).into(), *bytes.get(1)?),
        10 => Value::Decimal(i128::from_le_bytes(array(bytes, 2)?), *bytes.get(1)?),
        11 => Value::Date(i32::from_le_bytes(array(bytes, 1)?)),
        12 => Value::Timestamp(i64::from_le_bytes(array(bytes, 1)?)),
        13 => Value::TimestampNtz(i64::from_le_bytes(array(bytes, 1)?)),
        14 => Value::Float(f32::from_le_bytes(array(bytes, 1)?)),
        15 => Value::Binary(counted()?.to_vec()),
        16 => Value::Text(std::str::from_utf8(counted()?).ok()?.to_owned()),
        20 => Value::Uuid(array(bytes, 1)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_spark_writes() {
        let array = Value::Array(vec![Value::Long(1), Value::Decimal(25, 1), Value::Text("x".to_owned())]);
        let object = Value::Object(vec![("b".to_owned(), array.clone()), ("a".to_owned(), Value::Null)]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let (value, metadata) = encode(&object).unwrap();
        assert_eq!(hex(&value), "0202010010001103030002080a0c01200119000000057800");
        assert_eq!(hex(&metadata), "01020001026261");
        let sorted = Value::Object(vec![("a".to_owned(), Value::Null), ("b".to_owned(), array)]);
        assert_eq!(decode(&value, &metadata).unwrap(), sorted);
        assert_eq!(decode(&[3], &metadata).unwrap_err().condition(), "MALFORMED_VARIANT");
    }
}
