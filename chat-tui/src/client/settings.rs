//! What a session is told before it begins: which server, who, where its files are, whom to trust.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use chat_proto::code::LongCode;
use chat_proto::name::GUEST_MARK;
use chat_proto::name::NameError;
use chat_proto::{PORT_DEFAULT, Position, Seq, UserName};
use futures_util::future::BoxFuture;
use thiserror::Error;

use super::{GuestKey, Login};

/// A server as a person writes it: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or
/// `chat://HOST[:PORT][/ROOM[?seq=NUMBER]][#k=SHA256:…[&i=SECRET]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Name or IP address, without brackets, in lower case.
    pub host: String,
    /// UDP port.
    pub port: u16,
    /// The fingerprint the address carries; the server must show this key and nothing is asked.
    pub pin: Option<String>,
    /// The room a `chat://` address leads to, without `#`.
    pub room: Option<String>,
    /// The message of that room it leads to.
    pub message: Option<Seq>,
    /// The secret of an invitation, never without a pin: nobody but the server of that key gets it.
    pub invite: Option<LongCode>,
}

/// Why a text is no server address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    /// No host, or one with characters no host has.
    #[error("{0:?} is no host name or IP address")]
    Host(String),
    /// No name a person can have.
    #[error("the name {0:?} is not possible: {1}")]
    Name(String, #[source] NameError),
    /// Not 1–65535.
    #[error("{0:?} is no port; a port is a number from 1 to 65535")]
    Port(String),
    /// A message that has no such number.
    #[error("{0:?} is no message; a message has a number, as in ?seq=17")]
    Message(String),
    /// Not `SHA256:` and 43 characters of base64.
    #[error("{0:?} is no fingerprint; it looks like SHA256:… with 43 characters behind the colon")]
    Pin(String),
    /// An invitation without the key of the server it is for, or one that is cut off.
    #[error("the invitation in this link is incomplete; ask for the whole link, with k=SHA256:… and i=…")]
    Invite,
}

impl ServerAddress {
    /// A server without a pin.
    #[must_use]
    pub fn new(host: impl AsRef<str>, port: u16) -> Self {
        Self { host: host.as_ref().to_ascii_lowercase(), port, pin: None, room: None, message: None, invite: None }
    }

    /// As people are shown it: without the port where that is the usual one.
    #[must_use]
    pub fn shown(&self) -> String {
        if self.port == PORT_DEFAULT { self.host.clone() } else { self.authority() }
    }

    /// `host:port`, an IPv6 address in brackets: what a server is known under.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let Some(rest) = text.strip_prefix("chat://") else {
            let (host, port) = split_authority(text)?;
            return Ok(Self::new(host, port));
        };
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (authority, room) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_authority(authority)?;
        let pin = match fragment.split('&').find_map(|part| part.strip_prefix("k=")) {
            Some(pin) if is_fingerprint(pin) => Some(pin.to_owned()),
            Some(pin) => return Err(AddressError::Pin(pin.to_owned())),
            None => None,
        };
        let invite = match fragment.split('&').find_map(|part| part.strip_prefix("i=")) {
            Some(secret) if pin.is_some() => Some(LongCode::parse(secret).map_err(|_| AddressError::Invite)?),
            Some(_) => return Err(AddressError::Invite),
            None => None,
        };
        let (room, query) = room.split_once('?').unwrap_or((room, ""));
        let seq = query.split('&').find_map(|part| part.strip_prefix("seq="));
        let message = match seq.map(|seq| seq.parse().map(Seq).map_err(|_| seq)) {
            Some(Ok(seq)) => Some(seq),
            Some(Err(seq)) => return Err(AddressError::Message(seq.to_owned())),
            None => None,
        };
        let room = Some(room.trim_end_matches('/').to_owned()).filter(|room| !room.is_empty());
        let message = message.filter(|_| room.is_some());
        Ok(Self { pin, room, message, invite, ..Self::new(host, port) })
    }
}

/// A server beside another one, and who one is there: `[NAME@]HOST[:PORT][/ROOM]`, or a `chat://` link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Where it is, and the room it leads to.
    pub address: ServerAddress,
    /// Who one is there; none for who one is at the other one.
    pub name: Option<String>,
}

impl FromStr for Beside {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.starts_with("chat://") {
            return Ok(Self { address: text.parse()?, name: None });
        }
        let (name, place) = text.split_once('@').map_or((None, text), |(name, place)| (Some(name), place));
        let name = name.map(|name| match UserName::parse(name) {
            Ok(name) => Ok(name.as_str().to_owned()),
            Err(why) => Err(AddressError::Name(name.to_owned(), why)),
        });
        let (host, room) = place.split_once('/').map_or((place, None), |(host, room)| (host, Some(room.to_owned())));
        let room = room.filter(|room| !room.is_empty());
        Ok(Self { address: ServerAddress { room, ..host.parse()? }, name: name.transpose()? })
    }
}

/// Host and port of an authority; a bare IPv6 address needs no brackets when it brings no port.
fn split_authority(text: &str) -> Result<(&str, u16), AddressError> {
    let bad = || AddressError::Host(text.to_owned());
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(bad)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| bad())?;
        match rest {
            "" => (host, None),
            rest => (host, Some(rest.strip_prefix(':').ok_or_else(bad)?)),
        }
    } else if text.parse::<std::net::Ipv6Addr>().is_ok() {
        (text, None)
    } else {
        text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
    };
    let is_name = host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    if host.is_empty() || host.len() > HOST_BYTES_MAX || !(is_name || is_address) || host.starts_with(['-', '.']) {
        return Err(bad());
    }
    let port = match port {
        None => PORT_DEFAULT,
        Some(port) => match port.parse() {
            Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => number,
            Ok(_) | Err(_) => return Err(AddressError::Port(port.to_owned())),
        },
    };
    Ok((host, port))
}

/// Whether a text has the form of a fingerprint: `SHA256:` and the unpadded base64 of 32 bytes.
#[must_use]
pub fn is_fingerprint(text: &str) -> bool {
    let base64 = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/');
    text.strip_prefix("SHA256:").is_some_and(|digest| digest.len() == 43 && digest.bytes().all(base64))
}

/// What is asked about a server nobody vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The server as it was named, `host:port`.
    pub server: String,
    /// The address it was reached at.
    pub address: std::net::SocketAddr,
    /// The fingerprint of its key, `SHA256:…`.
    pub fingerprint: String,
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustAnswer {
    /// Trust this key from now on.
    Yes,
    /// Don't.
    No,
    /// Trust it if its fingerprint is this one.
    Fingerprint(String),
}

/// Somebody who can be asked. While he thinks nothing is connected.
pub trait AskTrust: fmt::Debug + Send + Sync {
    /// Puts the question; an answer that never comes keeps the session in `Connecting`.
    fn ask(&self, question: Question) -> BoxFuture<'static, TrustAnswer>;
}

/// What to do about a server that is neither pinned, nor known, nor vouched for by a certificate authority.
#[derive(Clone, Debug)]
pub enum TrustPolicy {
    /// Ask a person.
    Ask(Arc<dyn AskTrust>),
    /// Only the key of this fingerprint, `SHA256:…`; it comes before everything remembered.
    Pin(String),
    /// Trust it and remember it.
    AcceptNew,
    /// Don't; say how it can be trusted.
    RefuseUnknown,
}

/// How much of what was missed is sent on resuming a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// All of it.
    Everything,
    /// All if it is at most that many events, else none: the reader fetches pages as he needs them.
    AtMost(u32),
}

impl Backlog {
    /// As [`Position::backlog_max`] says it.
    #[must_use]
    pub fn max(self) -> u32 {
        match self {
            Self::Everything => u32::MAX,
            Self::AtMost(max) => max,
        }
    }
}

/// What a session is told before it begins.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where.
    pub server: ServerAddress,
    /// Who.
    pub name: String,
    /// The directory of keys, outbox and cache; made, for its owner alone, when it is missing.
    pub data: PathBuf,
    /// How this device comes to open the account.
    pub login: Login,
    /// What to do about an unknown server.
    pub trust: TrustPolicy,
    /// A PEM file of certificate authorities trusted besides the system's.
    pub ca: Option<PathBuf>,
    /// How much of what was missed comes by itself.
    pub backlog: Backlog,
    /// Where to go on in feeds whose reader keeps his own place; comes before what the cache says.
    pub resume: Vec<Position>,
    /// Whether events are kept in the local cache, and read from it.
    pub use_cache: bool,
    /// Name and version of the program, for the server's log.
    pub program: String,
}

impl Settings {
    /// The settings of a person at a server who refuses unknown keys, with the cache on.
    #[must_use]
    pub fn new(server: ServerAddress, name: impl Into<String>, data: impl Into<PathBuf>) -> Self {
        Self {
            server,
            name: name.into(),
            data: data.into(),
            login: Login::Device,
            trust: TrustPolicy::RefuseUnknown,
            ca: None,
            backlog: Backlog::AtMost(BACKLOG_EVENTS),
            resume: Vec::new(),
            use_cache: true,
            program: concat!("chat-tui/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// The same as a guest, of whom nothing is kept.
    #[must_use]
    pub fn as_guest(self, key: GuestKey) -> Self {
        Self { login: Login::Guest(key), use_cache: false, ..self }
    }

    /// The directory of one identity at this server: its key, outbox and cache. Two names are two devices; a guest has none.
    #[must_use]
    pub fn profile_dir(&self) -> Option<PathBuf> {
        (!self.is_guest()).then(|| profile_dir(&self.data, &self.server, &self.name))
    }

    /// The name as others see it.
    #[must_use]
    pub fn shown_name(&self) -> String {
        if self.is_guest() { format!("{GUEST_MARK}{}", self.name) } else { self.name.clone() }
    }

    fn is_guest(&self) -> bool {
        matches!(self.login, Login::Guest(_))
    }
}

fn profile_dir(data: &Path, server: &ServerAddress, name: &str) -> PathBuf {
    let server = format!("{}_{}", file_name(&server.host), server.port);
    data.join("servers").join(server).join(file_name(&name.to_lowercase()))
}

/// A text as one harmless file name: what is not a letter, digit, dash or inner dot is written as `%` and hexadecimal.
fn file_name(text: &str) -> String {
    text.bytes()
        .enumerate()
        .map(|(i, byte)| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            b'.' if i > 0 => ".".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// The data directory when neither `--data` nor `CHAT_CLIENT_DATA` names one; none where the system has no home directory.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "chat-tui").map(|dirs| dirs.data_dir().to_path_buf())
}

/// Events per room that come by themselves on resuming, unless told otherwise.
pub const BACKLOG_EVENTS: u32 = 200;

/// A host name, bytes (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

    fn parse(text: &str) -> Result<ServerAddress, AddressError> {
        text.parse()
    }

    #[test]
    fn a_server_is_written_in_any_of_the_usual_ways() {
        assert_eq!(parse("Chat.Example.org").unwrap(), ServerAddress::new("chat.example.org", 4433));
        assert_eq!(parse("localhost:5000").unwrap(), ServerAddress::new("localhost", 5000));
        assert_eq!(parse("[::1]:5000").unwrap().authority(), "[::1]:5000");
        assert_eq!(parse("[::1]").unwrap().authority(), "[::1]:4433");
        assert_eq!(parse("::1").unwrap().authority(), "[::1]:4433");
        assert_eq!(parse("192.0.2.1:1").unwrap().authority(), "192.0.2.1:1");
    }

    #[test]
    fn a_link_carries_the_room_and_the_pin() {
        let link = parse(&format!("chat://chat.example.org:4434/ops#k={PIN}")).unwrap();
        assert_eq!((link.host.as_str(), link.port), ("chat.example.org", 4434));
        assert_eq!((link.room.as_deref(), link.pin.as_deref()), (Some("ops"), Some(PIN)));
        assert_eq!(parse("chat://[::1]").unwrap(), ServerAddress::new("::1", 4433));
    }

    #[test]
    fn a_link_leads_to_a_message_of_a_room() {
        let message = |link: &str| parse(link).map(|it| (it.room, it.message.map(|seq| seq.0)));
        let ops = Some("ops".to_owned());
        assert_eq!(message("chat://h/ops?seq=17"), Ok((ops.clone(), Some(17))));
        assert_eq!(message("chat://[::1]:5000/ops/?x=y&seq=17#k="), Err(AddressError::Pin(String::new())));
        assert_eq!(message("chat://h/ops?x=y"), Ok((ops, None)));
        assert_eq!(message("chat://h/?seq=17"), Ok((None, None)), "there is no room for it");
        assert_eq!(message("chat://h/ops?seq=-1"), Err(AddressError::Message("-1".to_owned())));
    }

    #[test]
    fn an_invitation_comes_with_the_key_of_its_server_and_is_shown_to_nobody() {
        let secret = "01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01";
        let link = parse(&format!("chat://h/ops#k={PIN}&i={secret}")).unwrap();
        assert_eq!(link.invite, Some(LongCode::parse(secret).unwrap()));
        assert_eq!(link.pin.as_deref(), Some(PIN));
        assert!(!format!("{link:?} {link}").contains("ZJK"));
        for cut in [format!("chat://h#i={secret}"), format!("chat://h#k={PIN}&i=01ZA")] {
            assert_eq!(parse(&cut), Err(AddressError::Invite));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_part_that_is_wrong() {
        for host in ["", ":5", "a b", "chat://", "[::1", "[x]:5", "::1:5:", "-v", "h/ost", "../x"] {
            assert!(matches!(parse(host), Err(AddressError::Host(_))), "{host:?}: {:?}", parse(host));
        }
        for port in ["h:", "h:0", "h:65536", "h:+5", "h:x", "[::1]:"] {
            assert!(matches!(parse(port), Err(AddressError::Port(_))), "{port:?}: {:?}", parse(port));
        }
        assert!(matches!(parse("chat://h#k=SHA256:short"), Err(AddressError::Pin(_))));
    }

    #[test]
    fn two_names_and_two_servers_never_share_a_directory() {
        let dir = |host: &str, name: &str| profile_dir(Path::new("/d"), &ServerAddress::new(host, 1), name);
        assert_eq!(dir("h", "Alice"), Path::new("/d/servers/h_1/alice"));
        assert_eq!(dir("::1", "../x"), Path::new("/d/servers/%3A%3A1_1/%2E.%2Fx"));
        assert_ne!(dir("h", "a_b"), dir("h", "a.b"));
    }
}
