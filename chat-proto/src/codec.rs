//! Bytes: bincode 2, standard configuration (little endian, variable-length integers, `u32` enum tags), behind a length
//! prefix that is checked before anything is allocated. The only file that names the codec crate.
//!
//! Types on the wire are never zero-sized inside a list and never recursive: a claimed length would otherwise cost time or
//! stack that no byte limit bounds.

use thiserror::Error;

pub use bincode::{Decode, Encode};

use crate::limits::DECODE_MEMORY_MAX;

#[doc(hidden)]
pub mod derive {
    //! What the [`kinds!`](crate::kinds) macro needs from the codec crate.
    pub use bincode::de::Decoder;
    pub use bincode::enc::Encoder;
    pub use bincode::error::{DecodeError, EncodeError};
    pub use bincode::impl_borrow_decode;
}

/// Bytes of the length prefix of a frame: a `u32`, little endian, that counts the bytes behind it.
pub const PREFIX_BYTES: usize = 4;

/// What can be wrong with bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodecError {
    /// The prefix claims more than this stream allows.
    #[error("a frame of {len} bytes; at most {max} are allowed here")]
    TooLong {
        /// Bytes claimed.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// The bytes are not a value of the type expected.
    #[error("undecodable: {0}")]
    Undecodable(String),
    /// The value ended before its bytes did.
    #[error("{0} bytes left over behind the value")]
    Trailing(usize),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<DECODE_MEMORY_MAX>()
}

/// The bytes of a value, without a prefix.
///
/// Encoding our own types into memory cannot fail; if the codec says otherwise the result is empty, which no type decodes
/// from unless it has no bytes at all.
#[must_use]
pub fn encode<T: Encode>(value: &T) -> Vec<u8> {
    bincode::encode_to_vec(value, bincode::config::standard()).unwrap_or_default()
}

/// The value whose bytes these are, all of them.
///
/// # Errors
/// [`CodecError::Undecodable`] for bytes that are no such value or claim more than [`DECODE_MEMORY_MAX`] bytes of memory,
/// [`CodecError::Trailing`] for bytes behind the value.
pub fn decode<T: Decode<()>>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) =
        bincode::decode_from_slice(bytes, config()).map_err(|e| CodecError::Undecodable(e.to_string()))?;
    match bytes.len() - used {
        0 => Ok(value),
        rest => Err(CodecError::Trailing(rest)),
    }
}

/// The bytes of a value behind their length prefix, ready for a stream.
///
/// # Errors
/// [`CodecError::TooLong`] if the other end would refuse it.
pub fn encode_frame<T: Encode>(value: &T, max: usize) -> Result<Vec<u8>, CodecError> {
    let mut frame = vec![0; PREFIX_BYTES];
    frame.append(&mut encode(value));
    let len = frame.len() - PREFIX_BYTES;
    match u32::try_from(len) {
        Ok(prefix) if len <= max => {
            frame[..PREFIX_BYTES].copy_from_slice(&prefix.to_le_bytes());
            Ok(frame)
        }
        _ => Err(CodecError::TooLong { len, max }),
    }
}

/// Cuts a stream of bytes into frames. Holds at most one incomplete frame and what one read brought behind it.
#[derive(Debug)]
pub struct FrameBuffer {
    bytes: Vec<u8>,
    start: usize,
    max: usize,
}

impl FrameBuffer {
    /// A buffer that accepts frames of at most `max` bytes behind the prefix.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, max }
    }

    /// From here on accepts frames of at most `max` bytes.
    pub fn set_max(&mut self, max: usize) {
        self.max = max;
    }

    /// Adds what a read brought.
    pub fn extend(&mut self, chunk: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(chunk);
    }

    /// The next whole frame, decoded; `None` until more bytes come.
    ///
    /// # Errors
    /// As [`decode`], and [`CodecError::TooLong`] as soon as the prefix of a frame over the limit is there. After an error
    /// the stream has no meaning any more.
    pub fn pop<T: Decode<()>>(&mut self) -> Result<Option<T>, CodecError> {
        let rest = &self.bytes[self.start..];
        let Some((prefix, rest)) = rest.split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let len = usize::try_from(u32::from_le_bytes(*prefix)).unwrap_or(usize::MAX);
        if len > self.max {
            return Err(CodecError::TooLong { len, max: self.max });
        }
        let Some(frame) = rest.get(..len) else {
            return Ok(None);
        };
        let value = decode(frame)?;
        self.start += PREFIX_BYTES + len;
        Ok(Some(value))
    }

    /// What is held behind the frames that were taken.
    #[must_use]
    pub fn into_rest(mut self) -> Vec<u8> {
        self.bytes.split_off(self.start)
    }

    /// Whether bytes of an unfinished frame are held.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.start < self.bytes.len()
    }
}

/// Declares an enum that can grow: each variant is a struct under a stable number, and on the wire a value is
/// `kind: u16` and its payload behind a length. A kind this build doesn't know becomes `Unknown` and encodes back to the
/// same bytes. The payload of a released kind never changes; what is new is a new kind.
#[macro_export]
macro_rules! kinds {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$vdoc:meta])* $kind:literal => $variant:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant($variant),)*
            /// A kind this build doesn't know.
            Unknown {
                /// Its number.
                kind: u16,
                /// Its payload, kept as it came.
                bytes: Vec<u8>,
            },
        }

        impl $name {
            /// Every kind this build knows, in order.
            pub const KINDS: &'static [(u16, &'static str)] = &[$(($kind, stringify!($variant))),*];

            /// The stable number of this value's kind.
            #[must_use]
            pub fn kind(&self) -> u16 {
                match self {
                    $(Self::$variant(_) => $kind,)*
                    Self::Unknown { kind, .. } => *kind,
                }
            }

            /// The bytes behind the kind and the length.
            #[must_use]
            pub fn payload(&self) -> Vec<u8> {
                match self {
                    $(Self::$variant(value) => $crate::codec::encode(value),)*
                    Self::Unknown { bytes, .. } => bytes.clone(),
                }
            }

            /// The value of a kind and its payload.
            ///
            /// # Errors
            /// As [`codec::decode`]($crate::codec::decode), for a known kind; an unknown one is kept as it is.
            pub fn from_payload(kind: u16, payload: &[u8]) -> Result<Self, $crate::codec::CodecError> {
                match kind {
                    $($kind => $crate::codec::decode(payload).map(Self::$variant),)*
                    _ => Ok(Self::Unknown { kind, bytes: payload.to_vec() }),
                }
            }
        }

        $(impl From<$variant> for $name {
            fn from(value: $variant) -> Self {
                Self::$variant(value)
            }
        })*

        impl $crate::codec::Encode for $name {
            fn encode<E: $crate::codec::derive::Encoder>(
                &self,
                encoder: &mut E,
            ) -> Result<(), $crate::codec::derive::EncodeError> {
                $crate::codec::Encode::encode(&self.kind(), encoder)?;
                $crate::codec::Encode::encode(&self.payload(), encoder)
            }
        }

        impl<Context> $crate::codec::Decode<Context> for $name {
            fn decode<D: $crate::codec::derive::Decoder<Context = Context>>(
                decoder: &mut D,
            ) -> Result<Self, $crate::codec::derive::DecodeError> {
                let kind: u16 = $crate::codec::Decode::decode(decoder)?;
                let payload: Vec<u8> = $crate::codec::Decode::decode(decoder)?;
                Self::from_payload(kind, &payload)
                    .map_err(|e| $crate::codec::derive::DecodeError::OtherString(e.to_string()))
            }
        }

        $crate::codec::derive::impl_borrow_decode!($name);
    };
}
