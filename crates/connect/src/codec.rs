//! The codec of the service: protobuf whose nesting is bounded before it is decoded.

use std::marker::PhantomData;

use firesteel_base::SparkError;
use prost::Message;
use prost::bytes::{Buf, Bytes};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::{ProstCodec, ProstEncoder};

use crate::status;
use crate::wire::{self, Refusal, Scanned};

/// Encodes `T` and decodes `U`.
#[derive(Debug)]
pub struct BoundedCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for BoundedCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for BoundedCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Scanned + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = BoundedDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        BoundedDecoder(PhantomData)
    }
}

/// Decodes messages that nest within bounds.
#[derive(Debug)]
pub struct BoundedDecoder<U>(PhantomData<U>);

impl<U: Message + Default + Scanned> Decoder for BoundedDecoder<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        decode_message(bytes).map(Some).map_err(|error| status::of(&error, None))
    }
}

/// What decoding takes of the stack for each level, with room to spare.
const STACK_BYTES_OF_LEVEL: usize = 16 << 10;

/// Levels that any stack has room for.
const LEVELS_ON_ANY_STACK: usize = 16;

/// A message of its bytes; the condition if they are none, or if it nests too deep.
pub(crate) fn decode_message<U: Message + Default + Scanned>(bytes: Bytes) -> Result<U, SparkError> {
    let cannot_parse = |message: &str| SparkError::new("CONNECT_INVALID_PLAN.CANNOT_PARSE").param("errorMsg", message);
    let levels = wire::levels::<U>(&bytes).map_err(|refusal| match refusal {
        Refusal::Malformed => cannot_parse("malformed protobuf message"),
        Refusal::TooDeep => {
            SparkError::new("CONNECT_INVALID_PLAN.NESTED_TOO_DEEP").param("limit", (wire::LEVELS_MAX / 2).to_string())
        }
    })?;
    let decode = || U::decode(bytes).map_err(|error| cannot_parse(&error.to_string()));
    if levels <= LEVELS_ON_ANY_STACK { decode() } else { stacker::grow(levels * STACK_BYTES_OF_LEVEL, decode) }
}
