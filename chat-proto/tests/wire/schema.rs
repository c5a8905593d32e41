//! Every type on the wire a second time: as words for the document, as a mirror for the other codec, as arbitrary values.
//!
//! The macros name each field with its type, so that a field that is added, renamed, moved or retyped does not compile or
//! does not match until it is changed here and in `docs/protocol.md`.

// The other codec's derive writes it.
#![allow(clippy::mem_forget)]

use std::fmt::Debug;

use chat_proto::RejectCode;
use chat_proto::codec::{Decode, Encode};
use chat_proto::limits::DECODE_MEMORY_MAX;
use wincode::config::Configuration;
use wincode::int_encoding::{LittleEndian, VarInt};
use wincode::len::BincodeLen;
use wincode::{SchemaRead, SchemaWrite};

/// Where arbitrary values come from: bytes chosen (and shrunk) by proptest, zeros when they are used up.
pub(crate) struct Entropy<'a>(pub(crate) &'a [u8]);

impl Entropy<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// Numbers of every length, the edges of the variable-length encoding among them.
    fn number(&mut self) -> u64 {
        let wide = |entropy: &mut Self| (0..8).fold(0, |sum, _| sum << 8 | u64::from(entropy.byte()));
        match self.byte() % 12 {
            0 => 0,
            1 => 250,
            2 => 251,
            3 => 255,
            4 => u64::from(u16::MAX),
            5 => u64::from(u16::MAX) + 1,
            6 => u64::from(u32::MAX),
            7 => u64::from(u32::MAX) + 1,
            8 => u64::MAX,
            9 => u64::from(self.byte()),
            10 => wide(self) >> 40,
            _ => wide(self),
        }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::from(self.byte()) % bound
    }
}

/// A type on the wire.
pub(crate) trait Wire: Sized + Clone + Debug + PartialEq + Encode + Decode<()> {
    /// The same shape, known to the other codec only.
    type Mirror: PartialEq + Debug;
    /// The same value in that shape.
    fn mirror(&self) -> Self::Mirror;
    /// Some value.
    fn arbitrary(entropy: &mut Entropy<'_>) -> Self;
}

/// The other codec's bytes.
pub(crate) fn other_encode<T>(value: &T) -> Vec<u8>
where
    T: SchemaWrite<OtherConfig, Src = T>,
{
    wincode::config::serialize(value, other_config()).unwrap()
}

/// How the other codec is set to speak the same format.
pub(crate) fn other_config() -> OtherConfig {
    Configuration::default().with_varint_encoding()
}

/// See [`other_config`].
pub(crate) type OtherConfig = Configuration<true, DECODE_MEMORY_MAX, BincodeLen, LittleEndian, VarInt>;

macro_rules! plain {
    ($($name:ty, |$entropy:ident| $arbitrary:expr;)*) => {$(
        impl Wire for $name {
            type Mirror = Self;
            fn mirror(&self) -> Self {
                self.clone()
            }
            fn arbitrary($entropy: &mut Entropy<'_>) -> Self {
                $arbitrary
            }
        }
    )*};
}

plain! {
    u8, |e| e.byte();
    bool, |e| e.byte() % 2 == 1;
    u16, |e| e.number() as Self;
    u32, |e| e.number() as Self;
    u64, |e| e.number();
    i64, |e| e.number() as Self;
    String, |e| {
        let words = ["", "a", "dev", "grüße", "日本", "x\ny\tz", "0123456789abcdef0123456789abcdef"];
        let mut text = String::new();
        for _ in 0..e.below(4) {
            text.push_str(words[e.below(words.len())]);
        }
        text
    };
}

impl<const N: usize> Wire for [u8; N]
where
    Self: Encode + Decode<()>,
{
    type Mirror = Self;
    fn mirror(&self) -> Self {
        *self
    }
    fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
        std::array::from_fn(|_| entropy.byte())
    }
}

impl<T: Wire + 'static> Wire for Vec<T> {
    type Mirror = Vec<T::Mirror>;
    fn mirror(&self) -> Self::Mirror {
        self.iter().map(Wire::mirror).collect()
    }
    fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
        (0..entropy.below(4)).map(|_| T::arbitrary(entropy)).collect()
    }
}

impl<T: Wire> Wire for Option<T> {
    type Mirror = Option<T::Mirror>;
    fn mirror(&self) -> Self::Mirror {
        self.as_ref().map(Wire::mirror)
    }
    fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
        (entropy.byte() % 2 == 1).then(|| T::arbitrary(entropy))
    }
}

/// A kind and its payload, as the other codec sees them.
#[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
pub(crate) struct Kind {
    pub(crate) kind: u16,
    pub(crate) bytes: Vec<u8>,
}

/// What is done with every type, whichever it is.
pub(crate) trait Visitor {
    fn visit<T: Wire>(&mut self, name: &'static str)
    where
        T::Mirror: SchemaWrite<OtherConfig, Src = T::Mirror> + for<'de> SchemaRead<'de, OtherConfig, Dst = T::Mirror>;
}

macro_rules! wire {
    (
        aliases { $($alias:ident = $inner:ty;)* }
        structs { $($name:ident { $($field:ident: $ty:ty),* })* }
        enums { $($enumeration:ident { $($variant:ident $(($held:ty))?),* })* }
        kinds { $($kinds:ident { $($kind:ident),* })* }
    ) => {
        $(impl Wire for $alias {
            type Mirror = $inner;
            fn mirror(&self) -> $inner {
                self.0.mirror()
            }
            fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
                Self(Wire::arbitrary(entropy))
            }
        })*

        $(const _: () = {
            #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
            pub(crate) struct Mirror {
                $($field: <$ty as Wire>::Mirror,)*
            }

            impl Wire for $name {
                type Mirror = Mirror;
                fn mirror(&self) -> Mirror {
                    let Self { $($field),* } = self;
                    Mirror { $($field: <$ty as Wire>::mirror($field),)* }
                }
                #[allow(unused_variables)]
                fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
                    Self { $($field: <$ty as Wire>::arbitrary(entropy),)* }
                }
            }
        };)*

        $(const _: () = {
            #[derive(Debug, PartialEq, SchemaRead, SchemaWrite)]
            pub(crate) enum Mirror {
                $($variant $((<$held as Wire>::Mirror))?,)*
            }

            impl Wire for $enumeration {
                type Mirror = Mirror;
                fn mirror(&self) -> Mirror {
                    match self {
                        $(wire!(@ours $variant held $($held)?) => wire!(@mirror $variant held $($held)?),)*
                    }
                }
                fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
                    let all: &[fn(&mut Entropy<'_>) -> Self] =
                        &[$(|_entropy| wire!(@value _entropy $variant $($held)?)),*];
                    all[entropy.below(all.len())](entropy)
                }
            }
        };)*

        $(impl Wire for $kinds {
            type Mirror = Kind;
            fn mirror(&self) -> Kind {
                let bytes = match self {
                    $(Self::$kind(value) => other_encode(&value.mirror()),)*
                    Self::Unknown { bytes, .. } => bytes.clone(),
                };
                Kind { kind: self.kind(), bytes }
            }
            fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
                let all: &[fn(&mut Entropy<'_>) -> Self] = &[
                    $(|entropy| Self::$kind(Wire::arbitrary(entropy)),)*
                    |entropy| {
                        let known = |kind: u16| Self::KINDS.iter().any(|(number, _)| *number == kind);
                        let kind = (1000..).map(|base| base ^ u16::from(entropy.byte())).find(|kind| !known(*kind)).unwrap();
                        Self::Unknown { kind, bytes: (0..entropy.below(9)).map(|_| entropy.byte()).collect() }
                    },
                ];
                all[entropy.below(all.len())](entropy)
            }
        })*

        /// Shows a visitor every type, but those inside the codec itself.
        pub(crate) fn visit_all(visitor: &mut impl Visitor) {
            $(visitor.visit::<$alias>(stringify!($alias));)*
            $(visitor.visit::<$name>(stringify!($name));)*
            $(visitor.visit::<$enumeration>(stringify!($enumeration));)*
            $(visitor.visit::<$kinds>(stringify!($kinds));)*
        }

        /// Every definition in the words of the document: a name, and the lines between its braces.
        pub(crate) fn definitions() -> Vec<(String, Vec<String>)> {
            let mut all = Vec::new();
            $(all.push((stringify!($alias).to_owned(), vec![tight(stringify!($inner))]));)*
            $(all.push((
                format!("{} struct", stringify!($name)),
                vec![$(format!("{}: {}", stringify!($field), tight(stringify!($ty)))),*],
            ));)*
            $(all.push((
                format!("{} enum", stringify!($enumeration)),
                numbered(vec![$(concat!(stringify!($variant) $(, "(", stringify!($held), ")")?)),*]),
            ));)*
            $(all.push((
                format!("{} kinds", stringify!($kinds)),
                $kinds::KINDS.iter().map(|(kind, name)| format!("{kind}: {name}")).collect(),
            ));)*
            all
        }
    };
    (@ours $variant:ident $inner:ident $held:ty) => { Self::$variant($inner) };
    (@ours $variant:ident $inner:ident) => { Self::$variant };
    (@mirror $variant:ident $inner:ident $held:ty) => { Mirror::$variant($inner.mirror()) };
    (@mirror $variant:ident $inner:ident) => { Mirror::$variant };
    (@value $entropy:ident $variant:ident $held:ty) => { Self::$variant(<$held as Wire>::arbitrary($entropy)) };
    (@value $entropy:ident $variant:ident) => { Self::$variant };
}

pub(crate) fn tight(words: &str) -> String {
    words.replace(' ', "").replace(';', "; ")
}

pub(crate) fn numbered(variants: Vec<&str>) -> Vec<String> {
    variants.into_iter().enumerate().map(|(tag, variant)| format!("{tag}: {variant}")).collect()
}

impl Wire for RejectCode {
    type Mirror = u16;
    fn mirror(&self) -> u16 {
        self.number()
    }
    fn arbitrary(entropy: &mut Entropy<'_>) -> Self {
        match entropy.below(Self::ALL.len() + 1) {
            0 => Self::Unknown(999),
            index => Self::ALL[index - 1],
        }
    }
}

pub(crate) use wire;
