//! What the core wants of the world.

use super::call::Call;
use super::command::Ask;
use super::server::{RoomKey, ServerId};
use crate::client::ServerAddress;
use chat_proto::{AccountId, Anchor, Event, MessageKey, Request, RoomId, Seq, Style};

/// What an answer is the answer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A page of a room's members.
    Members(RoomId),
    /// Asking what was done to the messages of a room from one event to another.
    Folds(RoomId, Seq, Seq),
    /// Joining or beginning a room of this name.
    Join(String),
    /// Leaving a room.
    Leave(RoomId),
    /// Asking who somebody is.
    Whois(String),
    /// Asking when somebody was last there.
    Seen(String),
    /// Asking what members are called.
    Nicks,
    /// Being called something.
    Nick,
    /// Asking what somebody is called, whose card is in front.
    Called,
    /// What a command asked.
    Ask(Ask),
    /// Which messages have what is looked for; which of the questions it was.
    Find(u64),
    /// Answers of a room that may belong to the thread of a message.
    Thread(RoomId, Seq),
    /// Something whose answer says no more than that it was done, and what is said then; nothing if one sees it.
    Done(&'static str),
    /// Changing the words of a message; they come back if that cannot be.
    Edit(RoomId, Seq, String),
    /// Asking when somebody was last there, whose card is in front.
    CardSeen,
    /// Asking whether something may be done to somebody, whose card is in front.
    May(AccountId, &'static str),
    /// Taking a message back, and whether its words are to be changed.
    TakeBack(RoomId, MessageKey, bool),
    /// Keeping what is begun in a room.
    Draft(RoomId),
    /// Writing a message into a room; the words come back if it cannot be taken.
    Send(RoomId, String),
}

/// What a command wants of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Show the settings whose keys have this in them.
    Show(String),
    /// Give a setting, by its key, a value, and keep it.
    Set(String, String),
    /// Add a word to a setting that is a list of them, and keep it.
    Add(String, String),
    /// Take a setting back to what it is without the person's word.
    Unset(String),
    /// Give keys another action.
    Bind {
        /// Where.
        context: String,
        /// Which keys.
        keys: String,
        /// The action's name; empty for none.
        action: String,
    },
    /// Keep a layout, or keep it no more.
    Layout {
        /// What it is called.
        name: String,
        /// How it is written; none takes it away.
        text: Option<String>,
    },
    /// Keep a filter: its name and what it hides.
    Filter(String, String),
    /// Keep a filter no more.
    Unfilter(String),
    /// Read everything again.
    Reload,
}

/// What is written into a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Which room.
    pub room: RoomId,
    /// What it is called, with its sign.
    pub label: String,
    /// What is loaded of it, which may not be in the cache.
    pub loaded: Vec<Event>,
    /// The file, as the person wrote it.
    pub file: String,
    /// Whether one that is there is replaced.
    pub force: bool,
}

/// Something to be done at a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a handful of them live, for a moment")]
pub enum Errand {
    /// Put a message into the outbox.
    Send {
        /// Where to.
        room: RoomId,
        /// How it is meant.
        style: Style,
        /// The words.
        text: String,
        /// The message it answers.
        reply_to: Option<Seq>,
    },
    /// Send a refused message again.
    Retry(MessageKey),
    /// Throw a refused message away.
    Discard(MessageKey),
    /// Take a message back that was not sent yet; whether that could be done comes with the tag.
    TakeBack(Tag),
    /// Ask the server; the answer comes with the tag. A command gets its key where it is carried out.
    Request(Tag, Request),
    /// Read a page of a room's history.
    Fetch {
        /// Which.
        room: RoomId,
        /// Where.
        at: Anchor,
        /// Events at most.
        limit: u16,
    },
    /// Everything in a room up to here was seen.
    MarkRead {
        /// Which.
        room: RoomId,
        /// Up to here.
        seq: Seq,
    },
    /// The person is writing, or no more.
    Typing {
        /// Where.
        room: RoomId,
        /// Whether.
        active: bool,
    },
    /// Send a file, as a message.
    Upload {
        /// Names it in what is told of it.
        number: u64,
        /// Where to.
        room: RoomId,
        /// The file, as the person wrote it.
        path: String,
        /// The words beside it.
        caption: String,
        /// The message it answers.
        reply_to: Option<Seq>,
    },
    /// Fetch the file of a message.
    Download {
        /// Names it in what is told of it.
        number: u64,
        /// Where it is.
        room: RoomId,
        /// The message.
        seq: Seq,
        /// Where to put it, as the person wrote it; none for where the system puts what is fetched.
        directory: Option<String>,
    },
    /// Look at the file of a message as a picture.
    View {
        /// Names it in what is told of it.
        number: u64,
        /// Where it is.
        room: RoomId,
        /// The message.
        seq: Seq,
    },
    /// Stop sending or fetching a file.
    Stop(u64),
    /// This room is being looked at.
    Focus(Option<RoomId>),
    /// Write what is known here of a room into a file.
    Export(Export),
}

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a handful of them live, for a moment")]
pub enum Effect {
    /// Do something at a server.
    At(ServerId, Errand),
    /// Begin a session with a server.
    Connect {
        /// Its place among the servers.
        server: ServerId,
        /// Where it is.
        address: Box<ServerAddress>,
        /// Who the person is there; none for who he is elsewhere.
        name: Option<String>,
    },
    /// End the session with a server.
    Disconnect(ServerId),
    /// Try a server again at once.
    Reconnect(ServerId),
    /// The key of a server nobody vouches for is trusted from now on, or not.
    Trust(ServerId, bool),
    /// Name the terminal's window.
    Title(String),
    /// Tell the person of a message he isn't looking at.
    Call(Call),
    /// Put a text on the terminal's clipboard.
    Copy(String),
    /// Let a program open a link, which is `http`, `https` or `mailto` and printable ASCII.
    Open(String),
    /// Ask for the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Let the person's editor have what is written; it comes back as [`Msg::Edited`](super::Msg::Edited).
    Edit(String),
    /// Run a program by the shell; what comes of it is [`Msg::Ran`](super::Msg::Ran).
    Run {
        /// As the person wrote it.
        line: String,
        /// Where what it prints is said; it is only shown without.
        say: Option<RoomKey>,
    },
    /// Do something about the configuration; what comes of it is a notice or something in front.
    Configure(Change),
    /// Draw everything anew; something else wrote on the terminal.
    Redraw,
    /// Give the terminal back until the person comes back.
    Suspend,
    /// Leave.
    Quit,
}

/// What one or more messages led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// In order.
    pub list: Vec<Effect>,
    /// Whether something visible changed.
    pub dirty: bool,
}

impl Effects {
    /// Wants something.
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// Wants something of a server.
    pub fn send(&mut self, to: ServerId, errand: Errand) {
        self.push(Effect::At(to, errand));
    }

    /// Asks a server.
    pub fn ask(&mut self, server: ServerId, tag: Tag, request: impl Into<Request>) {
        self.send(server, Errand::Request(tag, request.into()));
    }
}
