//! Our codec against another one that speaks the same format: equal bytes, each reads the other's, both refuse the same.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use chat_proto::codec;
use proptest::prelude::*;
use wincode::{SchemaRead, SchemaWrite};

use crate::schema::{Entropy, OtherConfig, Visitor, Wire, other_config, other_encode};
use crate::types::{definitions, visit_all};

/// Decodes with the other codec and, as ours does, refuses bytes left over.
fn other_decode<M>(bytes: &[u8]) -> Option<M>
where
    M: for<'de> SchemaRead<'de, OtherConfig, Dst = M>,
{
    wincode::config::deserialize_exact(bytes, other_config()).ok()
}

/// A value of every type from the same entropy: there and back, by both codecs, in every combination.
struct BothWays<'a>(&'a [u8]);

impl Visitor for BothWays<'_> {
    fn visit<T: Wire>(&mut self, name: &'static str)
    where
        T::Mirror: SchemaWrite<OtherConfig, Src = T::Mirror> + for<'de> SchemaRead<'de, OtherConfig, Dst = T::Mirror>,
    {
        let value = T::arbitrary(&mut Entropy(self.0));
        let mirror = value.mirror();
        let bytes = codec::encode(&value);
        assert_eq!(bytes, other_encode(&mirror), "{name}: {value:?}");
        assert_eq!(codec::decode::<T>(&bytes).as_ref(), Ok(&value), "{name}");
        assert_eq!(other_decode::<T::Mirror>(&bytes).as_ref(), Some(&mirror), "{name}: {value:?}");
    }
}

/// Bytes of a value with some of them changed: whatever our codec accepts, the other one reads as the same value. What only
/// the other one accepts is a kind with a payload it does not look into.
struct Mutated<'a> {
    entropy: &'a [u8],
    changes: &'a [(usize, u8)],
    cut: usize,
    accepted: usize,
}

impl Visitor for Mutated<'_> {
    fn visit<T: Wire>(&mut self, name: &'static str)
    where
        T::Mirror: SchemaWrite<OtherConfig, Src = T::Mirror> + for<'de> SchemaRead<'de, OtherConfig, Dst = T::Mirror>,
    {
        let mut bytes = codec::encode(&T::arbitrary(&mut Entropy(self.entropy)));
        let len = bytes.len();
        if len == 0 {
            return;
        }
        for (place, change) in self.changes {
            bytes[place % len] ^= change;
        }
        bytes.truncate(len - self.cut % len);
        let (mine, theirs) = (codec::decode::<T>(&bytes), other_decode::<T::Mirror>(&bytes));
        match (mine, theirs) {
            (Ok(value), Some(mirror)) => {
                self.accepted += 1;
                // A kind's payload in the mirror is as it came; ours is written again from the value, canonically.
                if codec::encode(&value) == bytes {
                    assert_eq!(value.mirror(), mirror, "{name}: {bytes:02x?}");
                }
            }
            (Ok(value), None) => panic!("{name}: only our codec accepts {bytes:02x?} as {value:?}"),
            (Err(error), Some(mirror)) => {
                assert!(holds_kinds(name), "{name}: only the other codec accepts {bytes:02x?} as {mirror:?}: {error}");
            }
            (Err(_), None) => {}
        }
    }
}

/// Whether a kind's payload is somewhere inside, which the mirror keeps as bytes without looking.
fn holds_kinds(name: &str) -> bool {
    static HOLDERS: LazyLock<BTreeSet<String>> = LazyLock::new(holders);
    HOLDERS.contains(name)
}

/// The types with kinds inside, however deep.
fn holders() -> BTreeSet<String> {
    let definitions = definitions();
    let mut holders = BTreeSet::new();
    loop {
        let before = holders.len();
        for (head, lines) in &definitions {
            let (name, sort) = head.split_once(' ').unwrap_or((head, ""));
            let words = lines.iter().flat_map(|line| line.split(|c: char| !c.is_alphanumeric()));
            if sort == "kinds" || words.into_iter().any(|word| word != name && holders.contains(word)) {
                holders.insert(name.to_owned());
            }
        }
        if holders.len() == before {
            return holders;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_codecs_write_the_same_bytes_and_read_each_others(entropy in prop::collection::vec(any::<u8>(), 0..400)) {
        visit_all(&mut BothWays(&entropy));
    }

    #[test]
    fn both_codecs_refuse_the_same_mutated_bytes(
        entropy in prop::collection::vec(any::<u8>(), 0..200),
        changes in prop::collection::vec((any::<usize>(), 1..=u8::MAX), 0..4),
        cut in prop_oneof![3 => Just(0_usize), 1 => any::<usize>()],
    ) {
        visit_all(&mut Mutated { entropy: &entropy, changes: &changes, cut, accepted: 0 });
    }

    #[test]
    fn both_codecs_agree_on_arbitrary_bytes(noise in prop::collection::vec(any::<u8>(), 0..64)) {
        struct Noise<'a>(&'a [u8]);
        impl Visitor for Noise<'_> {
            fn visit<T: Wire>(&mut self, name: &'static str)
            where
                T::Mirror:
                    SchemaWrite<OtherConfig, Src = T::Mirror> + for<'de> SchemaRead<'de, OtherConfig, Dst = T::Mirror>,
            {
                let (mine, theirs) = (codec::decode::<T>(self.0).is_ok(), other_decode::<T::Mirror>(self.0).is_some());
                assert!(theirs || !mine, "{name}: only our codec accepts {:02x?}", self.0);
                assert!(mine || !theirs || holds_kinds(name), "{name}: only the other codec accepts {:02x?}", self.0);
            }
        }
        visit_all(&mut Noise(&noise));
    }
}
