//! A screen without a terminal, a network or a clock: keys and news in, effects and frames out.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::expect_used
)]

use std::time::Duration;

use chat_proto::delivery::Events;
use chat_proto::event::{Created, EventBody, Joined, Left, Posted};
use chat_proto::reply::{Member, MemberList, Page, Welcome};
use chat_proto::{
    AccountId, Anchor, Chain, ConnId, DeviceId, Epoch, Event, FeedId, FeedState, FeedStatus, MessageKey, Ordinal,
    Presence, Reply, Role, RoomId, Seq, Style, Timestamp,
};
use chat_tui::client::{ClientEvent, LinkState};
use chat_tui::tui::core::time::{Now, Zone};
use chat_tui::tui::core::{Effect, Effects, Errand, Model, Msg, RoomKey, Server, ServerId, Tag, input, settle, update};
use chat_tui::tui::term::caps::{Colors, Symbols};
use chat_tui::tui::term::key::Key;
use chat_tui::tui::view::width::width;
use chat_tui::tui::view::{Hits, Theme, ViewCache, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

pub const ALICE: AccountId = AccountId(1);
pub const BOB: AccountId = AccountId(2);
pub const CAROL: AccountId = AccountId(3);
pub const GENERAL: RoomId = RoomId(1);
pub const DEV: RoomId = RoomId(2);
pub const RANDOM: RoomId = RoomId(3);

/// Friday 20 November 2026, 11:50 UTC.
pub const MORNING: i64 = 1_795_175_400_000_000;

/// The first server.
pub const SERVER: ServerId = ServerId(0);

/// A room of the first server.
pub const fn key(room: RoomId) -> RoomKey {
    RoomKey { server: SERVER, room }
}

const EPOCH: Epoch = Epoch(1);

pub struct Screen {
    pub model: Model,
    pub effects: Vec<Effect>,
    pub dirty: bool,
    /// What the account chose so far.
    chosen: u64,
    now: Now,
}

impl Screen {
    /// A screen in front of nothing, not yet connected.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self::at(Server::new("chat.example.org", "alice", ["general".to_owned()]), columns, rows)
    }

    /// A screen in front of a server, not yet connected.
    pub fn at(server: Server, columns: u16, rows: u16) -> Self {
        let model = Model::new(server, Zone::UTC);
        let now = Now { wall: Timestamp(MORNING), mono: Duration::from_secs(100) };
        let mut screen = Self { model, effects: Vec::new(), dirty: false, chosen: 0, now };
        screen.msg(Msg::Resize(columns, rows));
        screen
    }

    /// A screen whose account is in `#general` (with what is given), `#dev` and `#random`, logged in.
    pub fn online(columns: u16, rows: u16, general: FeedStatus) -> Self {
        let mut screen = Self::new(columns, rows);
        let feeds = vec![general, status(DEV, "dev", 3, 1), status(RANDOM, "random", 2, 2)];
        screen.welcome(feeds);
        screen
    }

    /// A screen that looks at `#general` with these events, all of them read.
    pub fn reading(history: &[Event]) -> Self {
        let mut screen = Self::online(80, 24, status_of(GENERAL, "general", history, history.len() as u64));
        screen.serve(history).wait(1_000).taken();
        screen
    }

    /// What the person is told in a line.
    pub fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |notice| &notice.text)
    }

    pub fn welcome(&mut self, feeds: Vec<FeedStatus>) {
        self.welcome_at(SERVER, feeds);
    }

    pub fn welcome_at(&mut self, server: ServerId, feeds: Vec<FeedStatus>) {
        self.msg(Msg::Net(server, ClientEvent::Link(LinkState::Online)));
        let welcome = ClientEvent::Welcome(Welcome {
            version: 1,
            server: "test".to_owned(),
            account: ALICE,
            name: "alice".to_owned(),
            device: DeviceId(1),
            conn: ConnId(1),
            registered: false,
            now: Timestamp(MORNING),
            feeds,
        });
        self.msg(Msg::Net(server, welcome));
    }

    pub fn msg(&mut self, msg: Msg) -> &mut Self {
        let mut effects = Effects::default();
        update(&mut self.model, self.now, msg, &mut effects);
        settle(&mut self.model, &mut effects);
        self.dirty |= effects.dirty;
        self.effects.extend(effects.list);
        self
    }

    /// A program gives a line.
    pub fn input(&mut self, text: &str) -> Result<(), String> {
        let mut effects = Effects::default();
        let taken = input(&mut self.model, self.now, text, &mut effects);
        settle(&mut self.model, &mut effects);
        self.dirty |= effects.dirty;
        self.effects.extend(effects.list);
        taken
    }

    pub fn net(&mut self, event: ClientEvent) -> &mut Self {
        self.msg(Msg::Net(SERVER, event))
    }

    /// The account chooses something, on any device.
    pub fn choose(&mut self, body: impl Into<EventBody>) -> &mut Self {
        let mut own = History::default().push(ALICE, body.into()).events;
        self.chosen += 1;
        own[0].seq.0 = 1_000 + self.chosen;
        let feed = FeedId::Account(ALICE);
        self.net(ClientEvent::Events(Events { feed, epoch: EPOCH, events: own, chain: Chain::default() }))
    }

    /// Types; what stands in angle brackets is a key by its name.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let (name, behind) = match rest.strip_prefix('<').and_then(|named| named.split_once('>')) {
                Some(named) => named,
                None => rest.split_at(c.len_utf8()),
            };
            let key = if name == " " { "space" } else { name };
            self.msg(Msg::Key(key.parse::<Key>().unwrap()));
            rest = behind;
        }
        self
    }

    /// Lets time pass, telling it whenever that was asked for.
    pub fn wait(&mut self, millis: u64) -> &mut Self {
        let end = self.now.mono + Duration::from_millis(millis);
        while let Some(at) = self.model.next_timer().filter(|at| *at <= end) {
            assert!(at >= self.now.mono, "a timer in the past would never let the program rest");
            self.now.mono = at.max(self.now.mono + Duration::from_nanos(1));
            self.msg(Msg::Tick);
        }
        self.now.mono = end;
        self
    }

    /// The room being looked at.
    pub fn current(&self) -> Option<RoomId> {
        self.model.current().map(|key| key.room)
    }

    /// Takes the effects so far.
    pub fn taken(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The fetches asked for since the last look.
    pub fn fetches(&mut self) -> Vec<(RoomId, Anchor)> {
        let fetches = self.taken().into_iter().filter_map(|effect| match effect {
            Effect::At(SERVER, Errand::Fetch { room, at, .. }) => Some((room, at)),
            _ => None,
        });
        fetches.collect()
    }

    /// Answers every fetch from a whole history, until none is open.
    pub fn serve(&mut self, history: &[Event]) -> &mut Self {
        for _ in 0..100 {
            let fetches = self.fetches();
            if fetches.is_empty() {
                return self;
            }
            for (room, at) in fetches {
                self.msg(Msg::Page(key(room), at, Ok(page(room, history, at, 200))));
            }
        }
        panic!("fetches without end");
    }

    pub fn frame(&self, colors: Colors, symbols: Symbols) -> Buffer {
        let (columns, rows) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut cache = ViewCache::new(Theme::new(colors, symbols));
        terminal.draw(|frame| drop(draw(&self.model, &mut cache, frame))).unwrap();
        terminal.backend().buffer().clone()
    }

    /// What is where on the screen.
    pub fn hits(&self) -> Hits {
        let (columns, rows) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut cache = ViewCache::new(Theme::new(Colors::Ansi16, Symbols::Unicode));
        let mut hits = Hits::default();
        terminal.draw(|frame| hits = draw(&self.model, &mut cache, frame).hits).unwrap();
        hits
    }

    /// What is on the screen, a line per row, without blanks at the ends.
    pub fn text(&self) -> String {
        lines(&self.frame(Colors::Ansi16, Symbols::Unicode), |cell| cell.symbol().to_owned())
    }

    pub fn text_ascii(&self) -> String {
        lines(&self.frame(Colors::None, Symbols::Ascii), |cell| cell.symbol().to_owned())
    }

    /// How the cells look: a letter for the colour, upper case if bold; `~` reversed, `'` dim, `*` bold without colour, `/`
    /// italic, `-` struck, `_` underlined.
    pub fn styles(&self, colors: Colors) -> String {
        lines(&self.frame(colors, Symbols::Unicode), |cell| style_letter(cell).to_string())
    }
}

fn lines(buffer: &Buffer, show: impl Fn(&Cell) -> String) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let shown = rows.map(|row| {
        let mut covered = 0;
        let mut line = String::new();
        for cell in row {
            if covered == 0 {
                line.push_str(&show(cell));
                covered = width(cell.symbol()).max(1);
            }
            covered -= 1;
        }
        line.trim_end().to_owned()
    });
    shown.collect::<Vec<_>>().join("\n")
}

fn style_letter(cell: &Cell) -> char {
    let bold = cell.modifier.contains(Modifier::BOLD);
    let letter = match cell.fg {
        Color::Reset if cell.modifier.contains(Modifier::REVERSED) => '~',
        Color::Reset if cell.modifier.contains(Modifier::DIM) => '\'',
        Color::Reset if cell.modifier.contains(Modifier::CROSSED_OUT) => '-',
        Color::Reset if cell.modifier.contains(Modifier::UNDERLINED) => '_',
        Color::Reset if cell.modifier.contains(Modifier::ITALIC) => '/',
        Color::Reset if bold => '*',
        Color::Reset => ' ',
        Color::Red | Color::LightRed => 'r',
        Color::Green | Color::LightGreen => 'g',
        Color::Yellow | Color::LightYellow => 'y',
        Color::Blue | Color::LightBlue => 'b',
        Color::Magenta | Color::LightMagenta => 'm',
        Color::Cyan | Color::LightCyan => 'c',
        _ => '?',
    };
    if bold { letter.to_ascii_uppercase() } else { letter }
}

pub fn status(room: RoomId, name: &str, head: u64, read: u64) -> FeedStatus {
    FeedStatus {
        feed: FeedId::Room(room),
        state: FeedState::Live,
        epoch: EPOCH,
        name: name.to_owned(),
        member: true,
        head: Seq(head),
        head_ordinal: Ordinal(head),
        oldest: Seq(1),
        read: Seq(read),
        read_ordinal: Ordinal(read),
        mentions: Vec::new(),
        next: Seq(head + 1),
    }
}

/// The status of a room that holds these events, read up to `read`.
pub fn status_of(room: RoomId, name: &str, history: &[Event], read: u64) -> FeedStatus {
    let ordinal = |seq: u64| history.iter().rfind(|e| e.seq.0 <= seq).map_or(Ordinal(0), |e| e.ordinal);
    let head = history.last().map_or(0, |e| e.seq.0);
    FeedStatus { head_ordinal: ordinal(head), read_ordinal: ordinal(read), ..status(room, name, head, read) }
}

/// Builds a history event by event.
#[derive(Default)]
pub struct History {
    pub events: Vec<Event>,
    minutes: i64,
}

impl History {
    pub fn after(mut self, minutes: i64) -> Self {
        self.minutes += minutes;
        self
    }

    pub fn created(self, by: AccountId, name: &str, topic: &str) -> Self {
        let body = Created { room: "general".to_owned(), name: name.to_owned(), topic: topic.to_owned() };
        self.push(by, EventBody::Created(body))
    }

    pub fn joined(self, by: AccountId, name: &str) -> Self {
        self.push(by, EventBody::Joined(Joined { name: name.to_owned() }))
    }

    pub fn left(self, by: AccountId, name: &str) -> Self {
        self.left_because(by, name, "")
    }

    pub fn left_because(self, by: AccountId, name: &str, reason: &str) -> Self {
        self.push(by, EventBody::Left(Left { name: name.to_owned(), reason: reason.to_owned() }))
    }

    pub fn said(self, by: AccountId, name: &str, text: &str) -> Self {
        self.posted(by, name, text, Style::Text)
    }

    pub fn did(self, by: AccountId, name: &str, text: &str) -> Self {
        self.posted(by, name, text, Style::Action)
    }

    fn posted(self, by: AccountId, name: &str, text: &str, style: Style) -> Self {
        let mentions = if text.contains("alice") && by != ALICE { vec![ALICE] } else { Vec::new() };
        let body = Posted { name: name.to_owned(), style, text: text.to_owned(), mentions };
        self.push(by, EventBody::Posted(body))
    }

    pub fn push(mut self, by: AccountId, body: EventBody) -> Self {
        let seq = self.events.len() as u64 + 1;
        let before = self.events.last().map_or(0, |event| event.ordinal.0);
        let ordinal = Ordinal(before + u64::from(body.is_message()));
        let at = Timestamp(MORNING + self.minutes * 60_000_000);
        let mut key = MessageKey::default();
        key.0[..8].copy_from_slice(&seq.to_be_bytes());
        self.events.push(Event { seq: Seq(seq), ordinal, at, by, device: DeviceId(1), key, body });
        self
    }
}

/// `count` numbered messages of varied length, a minute apart.
pub fn long_history(count: u64) -> Vec<Event> {
    let mut history = History::default();
    for n in 1..=count {
        let (by, name) = if n % 3 == 0 { (BOB, "bob") } else { (CAROL, "carol") };
        let words = "some more words ".repeat((n % 11) as usize);
        history = history.after(1).said(by, name, &format!("message {n} {words}"));
    }
    history.events
}

pub fn events(room: RoomId, events: Vec<Event>) -> ClientEvent {
    ClientEvent::Events(Events { feed: FeedId::Room(room), epoch: EPOCH, events, chain: Chain::default() })
}

pub fn page(room: RoomId, history: &[Event], at: Anchor, limit: usize) -> Page {
    let (from, to) = match at {
        Anchor::Before(seq) => {
            let to = history.partition_point(|event| event.seq < seq);
            (to.saturating_sub(limit), to)
        }
        Anchor::After(seq) => {
            let from = history.partition_point(|event| event.seq <= seq);
            (from, (from + limit).min(history.len()))
        }
        Anchor::Around(seq) => {
            let middle = history.partition_point(|event| event.seq < seq);
            (middle.saturating_sub(limit / 2), (middle + limit / 2).min(history.len()))
        }
    };
    Page {
        room,
        epoch: EPOCH,
        events: history[from..to].to_vec(),
        oldest: Seq(1),
        last: history.last().map_or(Seq::ZERO, |event| event.seq),
        more_before: from > 0,
        more_after: to < history.len(),
        trimmed: None,
    }
}

pub fn members(room: RoomId) -> Msg {
    let member = |account, name: &str, role, presence| Member {
        account,
        name: name.to_owned(),
        role,
        presence,
        since: Timestamp(MORNING),
    };
    let members = vec![
        member(ALICE, "alice", Role::Owner, Presence::Online),
        member(BOB, "bob", Role::Member, Presence::Online),
        member(CAROL, "carol", Role::Member, Presence::Away),
        member(AccountId(4), "dave", Role::Member, Presence::Offline),
    ];
    Msg::Answer(SERVER, Tag::Members(room), Ok(Reply::MemberList(MemberList { members, total: 7, more: false })))
}
