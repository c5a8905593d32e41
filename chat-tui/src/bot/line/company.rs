//! Lines about the account's other connections.

use chat_proto::connection::{DeviceTold, SessionDown, SessionUp};
use chat_proto::{ConnId, DeviceId};

use super::Line;
use crate::client::Company;

impl Line {
    /// News of the account's other connections.
    #[must_use]
    pub fn company(news: Company) -> Self {
        let names = |conn: ConnId, device: DeviceId| (format!("c_{conn}"), format!("d_{device}"));
        match news {
            Company::Up(SessionUp { conn, device, client, sessions }) => {
                let (conn, device) = names(conn, device);
                Self::Session { conn, device, up: true, client, sessions }
            }
            Company::Down(SessionDown { conn, device, sessions }) => {
                let (conn, device) = names(conn, device);
                Self::Session { conn, device, up: false, client: String::new(), sessions }
            }
            Company::Told(DeviceTold { conn, device, bytes }) => {
                let (conn, device) = names(conn, device);
                let (text, hex) = match String::from_utf8(bytes) {
                    Ok(text) => (Some(text), None),
                    Err(none) => (None, Some(none.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect())),
                };
                Self::DeviceMessage { conn, device, text, hex }
            }
        }
    }
}
