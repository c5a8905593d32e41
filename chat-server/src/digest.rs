//! What proves that nobody changed a feed: a salted digest per event's body, and a chain over everything else that is kept.
//!
//! Pure. Numbers enter as fixed-width little endian, so that every input has one encoding. A redaction blanks body and salt
//! and keeps the digest, so the chain still holds.

use aws_lc_rs::digest::{Context, SHA256};
use chat_proto::{Chain, Epoch, Event, FeedId, MessageKey, RoomId, Seq};

/// SHA-256 of bytes that come one after the other.
pub struct Sha256(Context);

impl Default for Sha256 {
    /// Of nothing yet.
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl Sha256 {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The SHA-256 of all of them.
    #[must_use]
    pub fn finish(self) -> [u8; 32] {
        taken(self.0)
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha256")
    }
}

/// SHA-256 of some bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    taken(context)
}

/// SHA-256 of `salt ‖ kind ‖ payload`.
#[must_use]
pub fn digest(salt: &[u8; 16], kind: u16, payload: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(salt);
    context.update(&kind.to_le_bytes());
    context.update(payload);
    taken(context)
}

/// The chain value of a feed before its first event: the start of SHA-256 of
/// `"chat feed" ‖ what (u8: 0 room, 1 account) ‖ number ‖ epoch`.
#[must_use]
pub fn chain_start(feed: FeedId, epoch: Epoch) -> Chain {
    let (what, number) = match feed {
        FeedId::Room(id) => (0u8, id.0),
        FeedId::Account(id) => (1u8, id.0),
    };
    let mut context = Context::new(&SHA256);
    context.update(b"chat feed");
    context.update(&[what]);
    context.update(&number.to_le_bytes());
    context.update(&epoch.0.to_le_bytes());
    shortened(&taken(context))
}

/// The chain value up to and including an event: the start of SHA-256 of
/// `prev ‖ seq ‖ ordinal ‖ at ‖ by ‖ device ‖ key ‖ kind ‖ digest`.
#[must_use]
pub fn chain_next(prev: &Chain, event: &Event, digest: &[u8; 32]) -> Chain {
    let mut context = Context::new(&SHA256);
    context.update(&prev.0);
    context.update(&event.seq.0.to_le_bytes());
    context.update(&event.ordinal.0.to_le_bytes());
    context.update(&event.at.0.to_le_bytes());
    context.update(&event.by.0.to_le_bytes());
    context.update(&event.device.0.to_le_bytes());
    context.update(&event.key.0);
    context.update(&event.body.stored_kind().to_le_bytes());
    context.update(digest);
    shortened(&taken(context))
}

/// The key of the copy of a message elsewhere: the same for the same message, whenever it is copied.
#[must_use]
pub fn forward_key(room: RoomId, epoch: Epoch, seq: Seq) -> MessageKey {
    let mut context = Context::new(&SHA256);
    context.update(b"chat forward");
    for number in [room.0, epoch.0, seq.0] {
        context.update(&number.to_le_bytes());
    }
    MessageKey(shortened(&taken(context)).0)
}

fn taken(context: Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

fn shortened(hash: &[u8; 32]) -> Chain {
    let mut chain = Chain::default();
    chain.0.copy_from_slice(&hash[..16]);
    chain
}

#[cfg(test)]
mod tests {
    use chat_proto::{AccountId, DeviceId, EventBody, MessageKey, Ordinal, RoomId, Seq, Timestamp};

    use super::*;

    fn event() -> Event {
        Event {
            seq: Seq(1),
            ordinal: Ordinal(2),
            at: Timestamp(-3),
            by: AccountId(4),
            device: DeviceId(5),
            key: MessageKey([6; 16]),
            body: EventBody::Unknown { kind: 0x0907, bytes: b"hello".to_vec() },
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_values_are_those_of_an_independent_calculation() {
        let digest = digest(&[8; 16], 0x0907, b"hello");
        let start = chain_start(FeedId::Room(RoomId(3)), Epoch(1));
        assert_eq!(hex(&digest), "67a78dd2d912e595bf155e5577aa45fe06a7ffa1637dafaba1408676b9df6f85");
        assert_eq!(start.to_string(), "8e5a5f41c10f43146003e66ff4dcd830");
        assert_eq!(
            chain_start(FeedId::Account(AccountId(3)), Epoch(1)).to_string(),
            "854d01d4df1732d244bea580611ba004"
        );
        assert_eq!(chain_next(&start, &event(), &digest).to_string(), "62aaf8b6c840289dee73dd9b0ca74f77");
    }

    #[test]
    fn every_field_moves_the_chain() {
        let (start, digest) = (chain_start(FeedId::Room(RoomId(3)), Epoch(1)), [9; 32]);
        let base = chain_next(&start, &event(), &digest);
        let changes: [fn(&mut Event); 7] = [
            |event| event.seq.0 += 1,
            |event| event.ordinal.0 += 1,
            |event| event.at.0 += 1,
            |event| event.by.0 += 1,
            |event| event.device.0 += 1,
            |event| event.key.0[15] ^= 1,
            |event| event.body = EventBody::Unknown { kind: 0x0908, bytes: b"hello".to_vec() },
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut changed = event();
            change(&mut changed);
            assert_ne!(chain_next(&start, &changed, &digest), base, "field {number}");
        }
        assert_ne!(chain_next(&start, &event(), &[10; 32]), base);
        assert_ne!(chain_next(&Chain::default(), &event(), &digest), base);
    }
}
