//! What concerns a person's connections.

use chat_proto::connection::*;
use chat_proto::*;

use super::{NOON, text};

const CONN: ConnId = ConnId(300);
const DEVICE: DeviceId = DeviceId(21);

fn program() -> String {
    text("chat-tui 0.1.0")
}

fn message() -> Vec<u8> {
    b"draft:17".to_vec()
}

pub(super) fn requests() -> Vec<Request> {
    vec![ListSessions {}.into(), EndSession { conn: CONN }.into(), DeviceMessage { bytes: message() }.into()]
}

pub(super) fn replies() -> Vec<Reply> {
    let session = SessionInfo {
        conn: CONN,
        device: DEVICE,
        address: text("2001:db8::17"),
        client: program(),
        since: NOON,
        idle_ms: 90_000,
    };
    vec![SessionList { sessions: vec![session] }.into(), DeviceMessagePassed { connections: 2, missed: 1 }.into()]
}

pub(super) fn deliveries() -> Vec<Delivery> {
    let (conn, device) = (CONN, DEVICE);
    vec![
        SessionUp { conn, device, client: program(), sessions: 2 }.into(),
        SessionDown { conn, device, sessions: 1 }.into(),
        DeviceTold { conn, device, bytes: message() }.into(),
    ]
}
