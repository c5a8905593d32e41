//! Frames that are none: cut short, bits turned, lengths that claim the world. Pure, and the same for the same dice.

use chat_proto::request::{CreateRoom, History, JoinRoom, ListRooms, Ping, Post, Whois};
use chat_proto::{Anchor, MessageKey, Request, RoomId, RoomRef, Seq, Style};
use rand::RngExt as _;
use rand::rngs::StdRng;

use super::raw;

/// Requests of every build: numbers, texts, lists, choices.
pub(super) fn good() -> anyhow::Result<Vec<Vec<u8>>> {
    let key = MessageKey([9; 16]);
    let name = || "hole".to_owned();
    let requests: [Request; 7] = [
        Ping { token: u64::MAX }.into(),
        JoinRoom { key, room: RoomRef::Name(name()), create: true }.into(),
        CreateRoom { key, name: name(), topic: "deep".to_owned() }.into(),
        Post { key, room: RoomId(1), style: Style::Text, text: "x".repeat(200) }.into(),
        History { room: RoomId(1), anchor: Anchor::Before(Seq::MAX), limit: u16::MAX }.into(),
        ListRooms { after: RoomId(u64::MAX), limit: u16::MAX }.into(),
        Whois { name: name() }.into(),
    ];
    requests.into_iter().map(|request| raw::frame(3, request)).collect()
}

/// One of many ways to break a frame. Its length is told as it then is, or, now and then, as something else.
pub(super) fn broken(good: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut body = good.get(PREFIX_BYTES..).unwrap_or_default().to_vec();
    let at = random.random_range(0..body.len().max(1));
    match random.random_range(0..5) {
        0 => body.truncate(at),
        1 => {
            if let Some(byte) = body.get_mut(at) {
                *byte ^= 1 << random.random_range(0..8);
            }
        }
        // A number as the codec writes it: a byte that says how long it is, then its bytes.
        2 => drop(body.splice(at..=at, claim(random))),
        3 => body.extend((0..random.random_range(1..64)).map(|_| random.random::<u8>())),
        _ => body = (0..random.random_range(1..256)).map(|_| random.random()).collect(),
    }
    let told = match random.random_range(0..8) {
        0 => u32::MAX,
        1 => 1 << 20,
        _ => u32::try_from(body.len()).unwrap_or(u32::MAX),
    };
    [told.to_le_bytes().as_slice(), &body].concat()
}

fn claim(random: &mut StdRng) -> Vec<u8> {
    let claims = [1 << 20, 1 << 32, 1 << 60, u64::MAX];
    let claimed: u64 = claims.get(random.random_range(0..claims.len())).copied().unwrap_or(u64::MAX);
    match u32::try_from(claimed) {
        Ok(claimed) => [&[252], claimed.to_le_bytes().as_slice()].concat(),
        Err(_) => [&[253], claimed.to_le_bytes().as_slice()].concat(),
    }
}

/// Bytes before a frame that tell its length.
const PREFIX_BYTES: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::limits::REQUEST_FRAME_BYTES_MAX;
    use chat_proto::{FrameBuffer, RequestFrame};
    use rand::SeedableRng as _;

    #[test]
    fn most_of_them_decode_to_nothing_and_all_of_them_are_survived() {
        let mut random = StdRng::seed_from_u64(1);
        let (mut refused, mut all) = (0, 0);
        for good in good().unwrap() {
            for _ in 0..500 {
                let mut buffer = FrameBuffer::new(REQUEST_FRAME_BYTES_MAX);
                buffer.extend(&broken(&good, &mut random));
                all += 1;
                refused += usize::from(!matches!(buffer.pop::<RequestFrame>(), Ok(Some(_))));
            }
        }
        assert!(refused * 2 > all, "{refused} of {all}");
    }
}
