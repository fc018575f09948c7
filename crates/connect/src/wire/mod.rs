//! How deep a message nests, told from its bytes before it is decoded.
//!
//! Decoding calls itself for each nested message. Real plans are deep (a loop of `withColumn` nests once a call), so
//! prost's fixed limit of 100 is off; this scan, which does not call itself, takes its place: what nests too deep is
//! refused, and what is deep is decoded on a stack of the size it needs.

mod schema;

use prost::bytes::Buf;
use spark_connect_proto as proto;

/// A field's number and the index of its message's row.
type Field = (u32, u16);

/// Messages may nest so many levels. A relation or an expression takes two levels of messages, so plans may be half
/// as deep.
pub(crate) const LEVELS_MAX: usize = 4096;

/// A request that can be scanned.
pub(crate) trait Scanned {
    /// The row of the request's message; `None` if it nests nothing without end.
    const ROOT: Option<u16>;
}

macro_rules! scanned {
    ($($message:ident: $root:expr;)*) => {
        $(impl Scanned for proto::$message {
            const ROOT: Option<u16> = $root;
        })*
    };
}

scanned! {
    ExecutePlanRequest: Some(schema::EXECUTE_PLAN_REQUEST);
    AnalyzePlanRequest: Some(schema::ANALYZE_PLAN_REQUEST);
    Relation: Some(schema::RELATION);
    Command: Some(schema::COMMAND);
    ConfigRequest: None;
    AddArtifactsRequest: None;
    ArtifactStatusesRequest: None;
    InterruptRequest: None;
    ReattachExecuteRequest: None;
    ReleaseExecuteRequest: None;
    ReleaseSessionRequest: None;
    FetchErrorDetailsRequest: None;
    CloneSessionRequest: None;
    GetStatusRequest: None;
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed,
    /// Nests deeper than [`LEVELS_MAX`].
    TooDeep,
}

/// Levels of nested messages in `bytes`, which hold a message of the type `T`.
pub(crate) fn levels<T: Scanned>(bytes: &[u8]) -> Result<usize, Refusal> {
    scan(bytes, T::ROOT)
}

fn scan(bytes: &[u8], root: Option<u16>) -> Result<usize, Refusal> {
    let mut reader = Reader { bytes, position: 0 };
    // Ends of the messages that are open, with the rows of their types.
    let mut open = vec![(bytes.len(), root)];
    let mut deepest = 1;
    while let Some((end, row)) = open.last().copied() {
        if reader.position == end {
            open.pop();
            continue;
        }
        let tag = reader.varint()?;
        let field = u32::try_from(tag >> 3).map_err(|_| Refusal::Malformed)?;
        match tag & 7 {
            0 => {
                reader.varint()?;
            }
            1 => reader.skip(8)?,
            5 => reader.skip(4)?,
            2 => {
                let length = usize::try_from(reader.varint()?).map_err(|_| Refusal::Malformed)?;
                let inner_end = reader.position.checked_add(length).filter(|inner| *inner <= end);
                let inner_end = inner_end.ok_or(Refusal::Malformed)?;
                match row.and_then(|row| child(row, field)) {
                    Some(child) => {
                        open.push((inner_end, Some(child)));
                        deepest = deepest.max(open.len());
                        if deepest > LEVELS_MAX {
                            return Err(Refusal::TooDeep);
                        }
                    }
                    None => reader.skip(length)?,
                }
            }
            // Groups, which the protocol does not use and whose nesting costs a byte a level.
            _ => return Err(Refusal::Malformed),
        }
        if reader.position > end {
            return Err(Refusal::Malformed);
        }
    }
    Ok(deepest)
}

fn child(row: u16, field: u32) -> Option<u16> {
    let fields = schema::MESSAGES.get(usize::from(row))?;
    let position = fields.binary_search_by_key(&field, |(number, _)| *number).ok()?;
    fields.get(position).map(|(_, child)| *child)
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn varint(&mut self) -> Result<u64, Refusal> {
        let mut rest = self.bytes.get(self.position..).unwrap_or_default();
        let before = rest.remaining();
        let value = prost::encoding::decode_varint(&mut rest).map_err(|_| Refusal::Malformed)?;
        self.position += before - rest.remaining();
        Ok(value)
    }

    fn skip(&mut self, length: usize) -> Result<(), Refusal> {
        self.position = self.position.checked_add(length).ok_or(Refusal::Malformed)?;
        if self.position <= self.bytes.len() { Ok(()) } else { Err(Refusal::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use proto::relation::RelType;

    use super::*;

    fn chain(length: usize) -> Vec<u8> {
        let mut bytes = proto::Relation { common: None, rel_type: None }.encode_to_vec();
        for _ in 0..length {
            let limit = [tagged(1, &bytes), vec![0x10, 5]].concat();
            bytes = tagged(8, &limit);
        }
        bytes
    }

    fn tagged(field: u32, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        prost::encoding::encode_key(field, prost::encoding::WireType::LengthDelimited, &mut out);
        prost::encoding::encode_varint(bytes.len() as u64, &mut out);
        out.extend_from_slice(bytes);
        out
    }

    #[test]
    fn counts_levels() {
        assert_eq!(levels::<proto::Relation>(&chain(0)), Ok(1));
        assert_eq!(levels::<proto::Relation>(&chain(3)), Ok(7));
        assert_eq!(levels::<proto::Relation>(&chain(2000)), Ok(4001));
        assert_eq!(levels::<proto::Relation>(&chain(10_000)), Err(Refusal::TooDeep));
    }

    #[test]
    fn text_that_looks_like_a_message_is_text() {
        let sql = proto::Sql { query: String::from_utf8(vec![0x0a; 100]).unwrap(), ..Default::default() };
        let relation = proto::Relation { common: None, rel_type: Some(RelType::Sql(sql)) };
        assert_eq!(levels::<proto::Relation>(&relation.encode_to_vec()), Ok(2));
    }

    #[test]
    fn groups_and_cut_messages_are_malformed() {
        assert_eq!(levels::<proto::Relation>(&[0x0b; 100]), Err(Refusal::Malformed));
        let whole = chain(3);
        assert_eq!(levels::<proto::Relation>(&whole[..whole.len() - 1]), Err(Refusal::Malformed));
    }
}
