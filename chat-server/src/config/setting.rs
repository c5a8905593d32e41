//! The table of settings: the one place a new one is added to.

use chat_proto::RoomName;
use chat_proto::limits::MEMBERS_PER_ROOM_MAX;
use tracing_subscriber::EnvFilter;

use super::{
    BYTES_RATE_MAX, BYTES_RATE_MIN, CONNECTIONS_MAX, CONNECTIONS_PER_ACCOUNT_MAX, GRACE_MS_MAX, GUESTS_MAX,
    IDLE_MS_MAX, RATE_MAX, ROOMS_MAX, ROOMS_PER_ACCOUNT, files, server,
};

use super::entry::{Setting, Shape};
use super::value::{not_an_address, number, path, quoted, room_names, some_quoted, some_text, word};

/// Every setting; those of a section stand together, and those without one stand first.
pub const SETTINGS: &[Setting] = &[
    Setting {
        key: "listen",
        shape: Shape::Text,
        default: "[::]:4433",
        meaning: "The UDP address to listen on, as ADDRESS:PORT; [::] serves IPv4 too, port 0 takes a free one.",
        read: |config, text| text.parse().map(|listen| config.listen = listen).map_err(|_| not_an_address(text)),
        show: |config| Some(quoted(&config.listen.to_string())),
    },
    Setting {
        key: "data",
        shape: Shape::Text,
        default: "(~/.local/share/chat-server)",
        meaning: "The directory for everything that is kept; made on first start, for its owner only.",
        read: |config, text| path(text).map(|data| config.data = data),
        show: |config| Some(quoted(&config.data.to_string_lossy())),
    },
    Setting {
        key: "cert",
        shape: Shape::Text,
        default: "(self-signed)",
        meaning: "A PEM file with the certificate chain, leaf first; read again when it changes.",
        read: |config, text| path(text).map(|cert| config.cert = Some(cert)),
        show: |config| config.cert.as_ref().map(|cert| quoted(&cert.to_string_lossy())),
    },
    Setting {
        key: "key",
        shape: Shape::Text,
        default: "(in the file of cert)",
        meaning: "A PEM file with the private key, mode 0600; read again when it changes.",
        read: |config, text| path(text).map(|key| config.key = Some(key)),
        show: |config| config.key.as_ref().map(|key| quoted(&key.to_string_lossy())),
    },
    Setting {
        key: "durability",
        shape: Shape::Text,
        default: "fsync",
        meaning: "What an acknowledged message survives: nothing (memory), the end of the process (os), power loss (fsync).",
        read: |config, text| word(text).map(|durability| config.durability = durability),
        show: |config| Some(quoted(&config.durability.to_string())),
    },
    Setting {
        key: "log",
        shape: Shape::Text,
        default: "info",
        meaning: "Which log lines are written: error, warn, info, debug, trace, off, or directives such as chat_server=debug.",
        read: |config, text| {
            EnvFilter::try_new(text).map(|_| config.log = text.to_owned()).map_err(|error| error.to_string())
        },
        show: |config| Some(quoted(&config.log)),
    },
    Setting {
        key: "log_format",
        shape: Shape::Text,
        default: "text",
        meaning: "How log lines are written to standard error: text or json.",
        read: |config, text| word(text).map(|format| config.log_format = format),
        show: |config| Some(quoted(&config.log_format.to_string())),
    },
    Setting {
        key: "registration",
        shape: Shape::Text,
        default: "open",
        meaning: "Whether an unknown key may take a free name: open, by an invitation only (invite), or closed for known accounts only.",
        read: |config, text| word(text).map(|registration| config.registration = registration),
        show: |config| Some(quoted(&config.registration.to_string())),
    },
    Setting {
        key: "search",
        shape: Shape::Text,
        default: "on",
        meaning: "Whether messages are indexed and can be searched: on or off; switched on again, it catches up.",
        read: |config, text| word(text).map(|search| config.search = search),
        show: |config| Some(quoted(&config.search.to_string())),
    },
    Setting {
        key: "flood",
        shape: Shape::Text,
        default: "on",
        meaning: "Whether who asks for too much is slowed down: on, or off for closed networks and measurements.",
        read: |config, text| word(text).map(|flood| config.flood = flood),
        show: |config| Some(quoted(&config.flood.to_string())),
    },
    Setting {
        key: "server.name",
        shape: Shape::Text,
        default: "(none)",
        meaning: "What the server calls itself, shown in place of its host: a line of at most 64 bytes.",
        read: |config, text| server::name(text).map(|name| config.server.name = name),
        show: |config| some_quoted(&config.server.name),
    },
    Setting {
        key: "server.motd",
        shape: Shape::Text,
        default: "(none)",
        meaning: "The message of the day, told to whoever logs in: at most 4096 bytes.",
        read: |config, text| server::motd(text).map(|motd| config.server.motd = motd),
        show: |config| some_quoted(&config.server.motd),
    },
    Setting {
        key: "server.motd_file",
        shape: Shape::Text,
        default: "(none)",
        meaning: "A file with the message of the day, read at the start; not together with server.motd.",
        read: |config, text| path(text).map(|path| config.server.motd_file = Some(path)),
        show: |config| config.server.motd_file.as_ref().map(|path| quoted(&path.to_string_lossy())),
    },
    Setting {
        key: "identity.multi_conn",
        shape: Shape::Text,
        default: "share",
        meaning: "What becomes of a second connection of an account: one more (share), it takes the first one's place (replace), it is refused (reject).",
        read: |config, text| word(text).map(|multi_conn| config.identity.multi_conn = multi_conn),
        show: |config| Some(quoted(&config.identity.multi_conn.to_string())),
    },
    Setting {
        key: "identity.nick_policy",
        shape: Shape::Text,
        default: "server",
        meaning: "Among whom what people are called beside their names is unique: all accounts (server), the members of each room (room), nobody (free: it is shown with the account's number).",
        read: |config, text| word(text).map(|policy| config.identity.nick_policy = policy),
        show: |config| Some(quoted(&config.identity.nick_policy.to_string())),
    },
    Setting {
        key: "identity.password",
        shape: Shape::Text,
        default: "off",
        meaning: "Whether people may give their account a password that links new devices (on, off); it is used for nothing else.",
        read: |config, text| word(text).map(|password| config.identity.password = password),
        show: |config| Some(quoted(&config.identity.password.to_string())),
    },
    Setting {
        key: "guests.enabled",
        shape: Shape::Text,
        default: "off",
        meaning: "Whether guests are let in, who have a name only while they are there: on or off.",
        read: |config, text| word(text).map(|enabled| config.guests.enabled = enabled),
        show: |config| Some(quoted(&config.guests.enabled.to_string())),
    },
    Setting {
        key: "guests.max",
        shape: Shape::Number,
        default: "1000",
        meaning: "Guests at once, 1 to 100000; one more is refused until another one is gone.",
        read: |config, text| number(text, 1..=GUESTS_MAX).map(|max| config.guests.max = max),
        show: |config| Some(config.guests.max.to_string()),
    },
    Setting {
        key: "jwt.issuer",
        shape: Shape::Text,
        default: "(none)",
        meaning: "Whose JSON Web Tokens open accounts: their claim iss.",
        read: |config, text| some_text(text).map(|text| config.jwt.issuer = Some(text)),
        show: |config| config.jwt.issuer.as_deref().map(quoted),
    },
    Setting {
        key: "jwt.audience",
        shape: Shape::Text,
        default: "(none)",
        meaning: "For whom those tokens must be: their claim aud.",
        read: |config, text| some_text(text).map(|text| config.jwt.audience = Some(text)),
        show: |config| config.jwt.audience.as_deref().map(quoted),
    },
    Setting {
        key: "jwt.algorithm",
        shape: Shape::Text,
        default: "(none)",
        meaning: "What jwt.key_file is for: RS256, ES256 or EdDSA.",
        read: |config, text| word(text).map(|algorithm| config.jwt.algorithm = Some(algorithm)),
        show: |config| config.jwt.algorithm.map(|algorithm| quoted(&algorithm.to_string())),
    },
    Setting {
        key: "jwt.key_file",
        shape: Shape::Text,
        default: "(none)",
        meaning: "A PEM file with the issuer's public key.",
        read: |config, text| path(text).map(|path| config.jwt.key_file = Some(path)),
        show: |config| config.jwt.key_file.as_ref().map(|path| quoted(&path.to_string_lossy())),
    },
    Setting {
        key: "jwt.jwks_file",
        shape: Shape::Text,
        default: "(none)",
        meaning: "A file with the issuer's keys as a JWK set, each with kid and alg.",
        read: |config, text| path(text).map(|path| config.jwt.jwks_file = Some(path)),
        show: |config| config.jwt.jwks_file.as_ref().map(|path| quoted(&path.to_string_lossy())),
    },
    Setting {
        key: "jwt.hs_secret_file",
        shape: Shape::Text,
        default: "(none)",
        meaning: "A file with the secret of HS256 shared with the issuer, at least 32 bytes.",
        read: |config, text| path(text).map(|path| config.jwt.hs_secret_file = Some(path)),
        show: |config| config.jwt.hs_secret_file.as_ref().map(|path| quoted(&path.to_string_lossy())),
    },
    Setting {
        key: "rooms.create",
        shape: Shape::Text,
        default: "on_join",
        meaning: "How a room may come to be: by joining its name (on_join), by asking for it (users), not by users (nobody).",
        read: |config, text| word(text).map(|create| config.rooms.create = create),
        show: |config| Some(quoted(&config.rooms.create.to_string())),
    },
    Setting {
        key: "rooms.auto_join",
        shape: Shape::Text,
        default: "(none)",
        meaning: "Rooms whoever comes for the first time is made a member of, where he may: at most 16 names, with commas between.",
        read: |config, text| room_names(text).map(|names| config.rooms.auto_join = names),
        show: |config| {
            let names: Vec<&str> = config.rooms.auto_join.iter().map(RoomName::as_str).collect();
            some_quoted(&names.join(", "))
        },
    },
    Setting {
        key: "presence.grace_ms",
        shape: Shape::Number,
        default: "15000",
        meaning: "How long somebody still counts as present after the last connection ended, milliseconds, 0 to 600000.",
        read: |config, text| number(text, 0..=GRACE_MS_MAX).map(|grace_ms| config.presence.grace_ms = grace_ms),
        show: |config| Some(config.presence.grace_ms.to_string()),
    },
    Setting {
        key: "presence.away_after_ms",
        shape: Shape::Number,
        default: "600000",
        meaning: "How long somebody may ask nothing, on any connection, before he is shown as away, milliseconds, up to 30 days; 0 for ever.",
        read: |config, text| number(text, 0..=IDLE_MS_MAX).map(|idle_ms| config.presence.away_after_ms = idle_ms),
        show: |config| Some(config.presence.away_after_ms.to_string()),
    },
    Setting {
        key: "defence.level",
        shape: Shape::Text,
        default: "normal",
        meaning: "How much is let happen while the server is attacked: normal, raised, high or closed; owners may set more at run time.",
        read: |config, text| word(text).map(|level| config.defence = level),
        show: |config| Some(quoted(&config.defence.to_string())),
    },
    files::ENABLED,
    files::BYTES_PER_FILE,
    files::BYTES_PER_ACCOUNT,
    files::BYTES_TOTAL,
    files::MEDIA_TYPES,
    files::AT_ONCE,
    Setting {
        key: "limits.connections",
        shape: Shape::Number,
        default: "10000",
        meaning: "Connections at once, 1 to 1000000; one more is refused as busy.",
        read: |config, text| {
            number(text, 1..=CONNECTIONS_MAX).map(|connections| config.limits.connections = connections)
        },
        show: |config| Some(config.limits.connections.to_string()),
    },
    Setting {
        key: "limits.connections_per_address",
        shape: Shape::Number,
        default: "1000",
        meaning: "Connections at once from one IPv4 address or one IPv6 /64, 1 to 1000000; one more is refused as busy.",
        read: |config, text| {
            number(text, 1..=CONNECTIONS_MAX).map(|connections| config.limits.connections_per_address = connections)
        },
        show: |config| Some(config.limits.connections_per_address.to_string()),
    },
    Setting {
        key: "limits.accounts_per_address_per_hour",
        shape: Shape::Number,
        default: "20",
        meaning: "New accounts and guests from one IPv4 address or one IPv6 /64 within an hour, 0 to 1000000; 0 for any number; this machine itself is not counted.",
        read: |config, text| {
            number(text, 0..=CONNECTIONS_MAX).map(|accounts| config.limits.accounts_per_address_per_hour = accounts)
        },
        show: |config| Some(config.limits.accounts_per_address_per_hour.to_string()),
    },
    Setting {
        key: "limits.connections_per_account",
        shape: Shape::Number,
        default: "100",
        meaning: "Connections at once of one account, 1 to 1000; one more is refused until another one ends.",
        read: |config, text| {
            number(text, 1..=CONNECTIONS_PER_ACCOUNT_MAX)
                .map(|connections| config.limits.connections_per_account = connections)
        },
        show: |config| Some(config.limits.connections_per_account.to_string()),
    },
    Setting {
        key: "limits.rooms",
        shape: Shape::Number,
        default: "100000",
        meaning: "Rooms, conversations among them, 1 to 10000000; another one cannot be begun.",
        read: |config, text| number(text, 1..=ROOMS_MAX).map(|rooms| config.limits.rooms = rooms),
        show: |config| Some(config.limits.rooms.to_string()),
    },
    Setting {
        key: "limits.rooms_per_account",
        shape: Shape::Number,
        default: "900",
        meaning: "Rooms one account may be a member of, conversations among them, 1 to 900.",
        read: |config, text| number(text, 1..=ROOMS_PER_ACCOUNT).map(|rooms| config.limits.rooms_per_account = rooms),
        show: |config| Some(config.limits.rooms_per_account.to_string()),
    },
    Setting {
        key: "limits.members_per_room",
        shape: Shape::Number,
        default: "100000",
        meaning: "Members one room may have, whatever it is set to, 1 to 100000; who is a member already stays.",
        read: |config, text| {
            number(text, 1..=MEMBERS_PER_ROOM_MAX).map(|members| config.limits.members_per_room = members)
        },
        show: |config| Some(config.limits.members_per_room.to_string()),
    },
    Setting {
        key: "limits.new_rooms_per_account_per_hour",
        shape: Shape::Number,
        default: "100",
        meaning: "Rooms and conversations one account may begin within an hour, 0 to 1000000; 0 for any number; owners of the server are not counted, nor is anybody with flood = \"off\".",
        read: |config, text| {
            number(text, 0..=CONNECTIONS_MAX).map(|rooms| config.limits.new_rooms_per_account_per_hour = rooms)
        },
        show: |config| Some(config.limits.new_rooms_per_account_per_hour.to_string()),
    },
    Setting {
        key: "limits.new_rooms_per_address_per_hour",
        shape: Shape::Number,
        default: "200",
        meaning: "The same for one IPv4 address or one IPv6 /64; this machine itself is not counted.",
        read: |config, text| {
            number(text, 0..=CONNECTIONS_MAX).map(|rooms| config.limits.new_rooms_per_address_per_hour = rooms)
        },
        show: |config| Some(config.limits.new_rooms_per_address_per_hour.to_string()),
    },
    Setting {
        key: "limits.idle_out_ms",
        shape: Shape::Number,
        default: "0",
        meaning: "How long a connection may ask nothing before it is closed, milliseconds, up to 30 days; 0 for ever.",
        read: |config, text| number(text, 0..=IDLE_MS_MAX).map(|idle_ms| config.limits.idle_out_ms = idle_ms),
        show: |config| Some(config.limits.idle_out_ms.to_string()),
    },
    Setting {
        key: "limits.messages_per_second",
        shape: Shape::Number,
        default: "20",
        meaning: "Messages a second of one connection in the long run, 1 to 1000000; faster ones are read later, and far too many refused.",
        read: |config, text| number(text, 1..=RATE_MAX).map(|rate| config.limits.messages_per_second = rate),
        show: |config| Some(config.limits.messages_per_second.to_string()),
    },
    Setting {
        key: "limits.messages_burst",
        shape: Shape::Number,
        default: "200",
        meaning: "Messages of one connection at once, 1 to 1000000.",
        read: |config, text| number(text, 1..=RATE_MAX).map(|rate| config.limits.messages_burst = rate),
        show: |config| Some(config.limits.messages_burst.to_string()),
    },
    Setting {
        key: "limits.bytes_per_second",
        shape: Shape::Number,
        default: "65536",
        meaning: "Bytes of text a second of one connection in the long run, 1024 to 104857600; ten times as many at once.",
        read: |config, text| {
            number(text, BYTES_RATE_MIN..=BYTES_RATE_MAX).map(|rate| config.limits.bytes_per_second = rate)
        },
        show: |config| Some(config.limits.bytes_per_second.to_string()),
    },
    Setting {
        key: "limits.handshakes_per_second",
        shape: Shape::Number,
        default: "20",
        meaning: "New connections a second from one address nobody has logged in from, 1 to 1000000; five times as many at once.",
        read: |config, text| number(text, 1..=RATE_MAX).map(|rate| config.limits.handshakes_per_second = rate),
        show: |config| Some(config.limits.handshakes_per_second.to_string()),
    },
];
