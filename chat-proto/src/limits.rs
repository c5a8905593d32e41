//! Every bound of the protocol, in one place, units last. A bound that is reached is a reject or a close code, never silence.

/// Memory that decoding one frame may claim, bytes. It counts 24 bytes for every string and list on top of their content.
pub const DECODE_MEMORY_MAX: usize = 4 * 1024 * 1024;

/// A frame from a client before it is logged in, bytes. Enough for the positions of [`POSITIONS_MAX`] feeds.
pub const HELLO_FRAME_BYTES_MAX: usize = 64 * 1024;

/// A request frame after login, bytes.
pub const REQUEST_FRAME_BYTES_MAX: usize = 64 * 1024;

/// A reply or delivery frame, bytes.
pub const SERVER_FRAME_BYTES_MAX: usize = 1024 * 1024;

/// A datagram, bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1024;

/// The text of a message, bytes of UTF-8.
pub const POST_BYTES_MAX: usize = 8 * 1024;

/// A one-line text: topic, reason, bytes of UTF-8.
pub const LINE_BYTES_MAX: usize = 512;

/// A name, bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 64;

/// A name, graphemes.
pub const NAME_GRAPHEMES_MAX: usize = 32;

/// The name and version a client gives of itself, bytes.
pub const CLIENT_BYTES_MAX: usize = 64;

/// What one connection tells the others of its account at once, bytes.
pub const DEVICE_MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// What a server calls itself, bytes of UTF-8.
pub const SERVER_NAME_BYTES_MAX: usize = 64;

/// A message of the day, bytes of UTF-8.
pub const MOTD_BYTES_MAX: usize = 4 * 1024;

/// Bans of the whole server in force at once.
pub const BANS_MAX: usize = 1_000;

/// Positions in one `Hello`, and so feeds one connection can resume in one flight.
pub const POSITIONS_MAX: usize = 1_000;

/// Rooms one account may be a member of.
pub const ROOMS_PER_ACCOUNT_MAX: usize = 900;

/// Feeds one connection may be subscribed to.
pub const SUBSCRIPTIONS_MAX: usize = 1_000;

/// Events in one history page.
pub const PAGE_EVENTS_MAX: u16 = 200;

/// Entries in one page of a list of members or rooms.
pub const LIST_PAGE_MAX: u16 = 500;

/// Mentions one message may make; further names in its text mention nobody.
pub const MENTIONS_PER_POST_MAX: usize = 32;

/// Mentions kept per account and room; older ones are forgotten first.
pub const MENTIONS_KEPT_MAX: usize = 100;

/// Accounts one message may be visible to, beside its author.
pub const VISIBLE_TO_MAX: usize = 100;

/// The data of a custom message, bytes.
pub const CUSTOM_BYTES_MAX: usize = 16 * 1024;

/// A reaction, bytes of UTF-8.
pub const REACTION_BYTES_MAX: usize = 64;

/// People named with each kind of reaction; beyond that they are counted.
pub const REACTORS_NAMED_MAX: usize = 50;

/// Messages in one batch.
pub const BATCH_POSTS_MAX: usize = 100;

/// Pinned messages in one room.
pub const PINS_PER_ROOM_MAX: usize = 100;

/// Members of one room.
pub const MEMBERS_PER_ROOM_MAX: u32 = 100_000;

/// Entries on one list of a room.
pub const LIST_ENTRIES_MAX: usize = 10_000;

/// Filters of one room.
pub const FILTERS_PER_ROOM_MAX: usize = 200;

/// Names one room may have had before the one it has.
pub const ROOM_ALIASES_MAX: usize = 32;

/// Rooms one room's messages are copied to.
pub const FORWARDS_PER_ROOM_MAX: usize = 8;

/// The longest a room may live without members before it ends, seconds: ten years.
pub const EMPTY_FOR_S_MAX: u32 = 10 * 366 * 24 * 60 * 60;

/// The longest slow mode, seconds.
pub const SLOW_MODE_S_MAX: u32 = 24 * 60 * 60;
/// A search query, bytes of UTF-8.
pub const SEARCH_QUERY_BYTES_MAX: usize = 512;

/// Words and conditions in one search query.
pub const SEARCH_TERMS_MAX: usize = 32;

/// Messages in one page of what a search found.
pub const SEARCH_HITS_MAX: u16 = 50;

/// The name of a file, bytes of UTF-8.
pub const FILE_NAME_BYTES_MAX: usize = 200;

/// A media type, bytes.
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;

/// Bytes of a file that an end holds in memory at once, per transfer.
pub const FILE_CHUNK_BYTES: usize = 64 * 1024;

/// How long a transfer may stand still before its stream is given up, milliseconds.
pub const FILE_STALL_MS: u64 = 30_000;

/// How long bytes that were sent are kept for a message to carry them, seconds: 24 hours.
pub const FILE_UNTAKEN_S: u64 = 24 * 60 * 60;

/// The least a file counts as against a quota, bytes.
pub const FILE_COUNTED_BYTES_MIN: u64 = 4 * 1024;

/// Requests of one connection being worked on; further ones wait unread in the stream.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 256;

/// Bidirectional streams a client may have open after login: the control stream and that many short ones less one.
pub const BIDI_STREAMS_MAX: u32 = 8;

/// Unidirectional streams the server may have open at a client: background, focus, and one of each being replaced.
pub const UNI_STREAMS_MAX: u32 = 8;

/// From the first packet of a connection to an accepted `Hello`, milliseconds.
pub const LOGIN_TIMEOUT_MS: u64 = 5_000;

/// `Hello`s one connection may try.
pub const HELLO_TRIES_MAX: u32 = 3;

/// How often an idle end sends a keep-alive, milliseconds.
pub const KEEP_ALIVE_MS: u64 = 15_000;

/// Silence after which a connection is given up, milliseconds.
pub const IDLE_TIMEOUT_MS: u64 = 30_000;

/// How long a typing signal holds without being renewed, milliseconds.
pub const TYPING_HOLD_MS: u64 = 6_000;

/// Drafts kept per account that hold something.
pub const DRAFTS_MAX: usize = 100;

/// The name of a setting, bytes.
pub const LABEL_BYTES_MAX: usize = 64;

/// The value of a setting, bytes of UTF-8.
pub const SETTING_BYTES_MAX: usize = 1024;

/// Settings kept per account that hold something.
pub const SETTINGS_MAX: usize = 64;

/// Names of settings one account may ever use.
pub const SETTINGS_EVER_MAX: usize = 256;

/// People one account may ignore.
pub const IGNORED_MAX: usize = 1_000;

/// People one account may ever have ignored.
pub const IGNORED_EVER_MAX: usize = 4_000;

/// Values a person's programs keep, and names of public ones.
pub const STATE_VALUES_MAX: usize = 32;

/// A value a person's programs keep, bytes of UTF-8.
pub const STATE_BYTES_MAX: usize = 256;

/// People one account may block.
pub const BLOCKED_MAX: usize = 1_000;

/// People one account may ever have blocked.
pub const BLOCKED_EVER_MAX: usize = 4_000;

/// Contacts one account may have.
pub const CONTACTS_MAX: usize = 1_000;

/// People who may ever have been contacts of one account.
pub const CONTACTS_EVER_MAX: usize = 4_000;

/// Devices that may open one account at once.
pub const DEVICES_PER_ACCOUNT_MAX: usize = 32;

/// Devices and secrets of which an account's feed keeps what became of them last; those changed longest ago are forgotten first.
pub const DEVICE_NEWS_KEPT_MAX: usize = 100;

/// A password that links devices, characters at least.
pub const PASSWORD_CHARS_MIN: usize = 8;

/// A password that links devices, bytes of UTF-8 as typed.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// How long a code that adds a device holds, milliseconds.
pub const LINK_CODE_MS: u32 = 600_000;

/// Wrong guesses at a code before it is burnt, and from one place at one name before that is blocked.
pub const GUESSES_MAX: u32 = 5;

/// How long wrong guesses count, and a place stays blocked at most, milliseconds.
pub const GUESSES_COUNT_MS: u64 = 600_000;

/// A token shown at the login, bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// People in one conversation, oneself included.
pub const DIRECT_MEMBERS_MAX: usize = 16;

/// People one invitation may let in.
pub const INVITE_USES_MAX: u32 = 100;

/// The longest an invitation may hold, seconds: 90 days.
pub const INVITE_FOR_S_MAX: u32 = 90 * 24 * 60 * 60;

/// Invitations of one account that may still let somebody in.
pub const INVITES_PER_ACCOUNT_MAX: usize = 50;

/// Invitations of the whole server that may still let somebody in.
pub const INVITES_MAX: usize = 1_000;

/// Bots of one account that does not own the server.
pub const BOTS_PER_ACCOUNT_MAX: usize = 10;

/// Bots of an owner of the server.
pub const BOTS_PER_OWNER_MAX: usize = 50;

/// Bots of the whole server.
pub const BOTS_MAX: usize = 1_000;

/// Tokens of one bot at once, so that a new one can take an old one's place.
pub const BOT_TOKENS_MAX: usize = 8;

/// Rooms one token is for.
pub const BOT_ROOMS_MAX: usize = 16;
