//! What is said in one room, written line by line. Reads without joining.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::request::{History, LookUpRoom, Subscribe};
use chat_proto::{
    AccountId, Anchor, Chain, Event, FeedId, FeedState, FeedStatus, Message, Position, Reply, RoomInfo, RoomName,
    RoomRef, Seq, Style,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::cursor::{CursorFile, Place};
use super::door::{Door, RETRY, ask, fetch, room_info, unexpected};
use super::line::{Line, json, rfc3339};
use super::progress::{News, Progress};
use super::queue::{Closed, QUEUE_LINES, Queue};
use super::{Exit, Failure, complain};
use crate::clean;
use crate::client::{ClientEvent, Environment, LinkState, Settings};
use crate::files;

/// What to write.
#[derive(Clone, Debug)]
pub struct Tail {
    /// The room.
    pub room: RoomName,
    /// Begin with so many of the newest messages.
    pub last: u64,
    /// Go on with what is said from now on.
    pub follow: bool,
    /// How a message is written.
    pub shape: Shape,
    /// The file that remembers where to go on; it comes before `last`.
    pub cursor: Option<PathBuf>,
    /// How long each answer of the server is waited for.
    pub timeout: Duration,
}

/// How a message is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// For people, one line a message.
    Plain,
    /// As a format says, one line a message.
    Text(Format),
    /// One JSON object a line.
    Json,
}

/// A line with places for the parts of a message, such as `{ts} {from}: {text}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Ts,
    Seq,
    Room,
    From,
    Text,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(format: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = format;
        while let Some(c) = rest.chars().next() {
            if rest.starts_with("{{") || rest.starts_with("}}") {
                literal.push(c);
                rest = &rest[2..];
            } else if c == '{' {
                let (field, behind) = rest[1..].split_once('}').ok_or("a { without its }; {{ writes a brace")?;
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                pieces.push(match field {
                    "ts" => Piece::Ts,
                    "seq" => Piece::Seq,
                    "room" => Piece::Room,
                    "from" => Piece::From,
                    "text" => Piece::Text,
                    other => {
                        return Err(format!("there is no {{{other}}}; use {{ts}} {{seq}} {{room}} {{from}} {{text}}"));
                    }
                });
                rest = behind;
            } else {
                literal.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        pieces.push(Piece::Literal(literal));
        Ok(Self(pieces))
    }
}

impl Format {
    fn write(&self, room: &str, event: &Event, message: Message<'_>) -> String {
        let mut line = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => line.push_str(text),
                Piece::Ts => line.push_str(&rfc3339(event.at)),
                // Writing to a string cannot fail.
                Piece::Seq => drop(write!(line, "{}", event.seq)),
                Piece::Room => drop(write!(line, "#{}", clean::line(room))),
                Piece::From => line.push_str(clean::line(message.name).as_str()),
                Piece::Text => {
                    if message.style == Style::Action {
                        line.push_str("/me ");
                    }
                    line.push_str(clean::line(&files::words(message)).as_str());
                }
            }
        }
        line
    }
}

impl Shape {
    /// The line of an event; nothing for what is no message.
    fn line(&self, room: &str, event: &Event, me: AccountId, replay: bool) -> Option<String> {
        let message = event.body.message()?;
        Some(match self {
            Self::Json => json(&Line::of_event(room, event, me, replay)?),
            Self::Text(format) => format.write(room, event, message),
            Self::Plain => {
                let words = files::words(message);
                let (name, text) = (clean::line(message.name), clean::line(&words));
                match message.style {
                    Style::Text => format!("{} {name}: {text}", rfc3339(event.at)),
                    Style::Action => format!("{} * {name} {text}", rfc3339(event.at)),
                }
            }
        })
    }
}

/// Writes what is said in a room to standard output.
///
/// # Errors
/// [`Exit::NotFound`] if there is no such room, and whatever else stood in the way. That nobody reads standard output any
/// more is a quiet end and no error.
pub async fn tail(settings: Settings, environment: Environment, what: Tail) -> Result<(), Failure> {
    write_tail(settings, environment, what, io::stdout()).await
}

async fn write_tail(
    settings: Settings,
    environment: Environment,
    what: Tail,
    out: impl Write + Send + 'static,
) -> Result<(), Failure> {
    let cursor = what.cursor.as_ref().map(|path| CursorFile::open(path, &settings.server)).transpose()?;
    let deadline = Instant::now() + what.timeout;
    let door = Door::open(settings, environment, deadline, None).await?;
    let look = LookUpRoom { room: RoomRef::Name(what.room.as_str().to_owned()) };
    let info = room_info(ask(&door.client, look, deadline).await?)?;
    let (marks, name) = (cursor.clone(), info.name.clone());
    let written = move |place: Place| {
        if let Some(cursor) = &marks {
            cursor.advance(&name, place);
        }
    };
    let queue = Queue::start(out, QUEUE_LINES, written)
        .map_err(|e| Failure::new(Exit::Bug, format!("no thread to write on: {e}")))?;
    let mut reader = Reader { door, what, info, queue: Arc::clone(&queue), cursor, save_at: Instant::now() };
    let ended = tokio::select! {
        biased;
        () = queue.closed() => Ok(()),
        ended = reader.run() => ended,
    };
    reader.save().await?;
    reader.door.client.quit(Duration::ZERO).await;
    match queue.error() {
        Some(error) => Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
        None => ended,
    }
}

struct Reader {
    door: Door,
    what: Tail,
    info: RoomInfo,
    queue: Arc<Queue<Place>>,
    cursor: Option<Arc<CursorFile>>,
    /// When what was written is next remembered.
    save_at: Instant,
}

impl Reader {
    async fn run(&mut self) -> Result<(), Failure> {
        let RoomInfo { room, epoch, head, .. } = self.info;
        let mut progress = match self.cursor.as_ref().and_then(|cursor| cursor.place(room, &self.info.name)) {
            Some(place) if place.room == room => Progress::new(room, place.epoch, place.seq.next(), head),
            Some(_) => {
                self.tell(&mut Progress::new(room, epoch, Seq(1), head), News { reset: true, ..News::default() }).await;
                Progress::new(room, epoch, Seq(1), head)
            }
            None => Progress::new(room, epoch, self.first_of_last().await?, head),
        };
        if self.what.follow {
            let status = self.subscribe().await?;
            let news = progress.stands(&status);
            self.tell(&mut progress, news).await;
        } else if progress.epoch() != epoch {
            progress = Progress::new(room, epoch, Seq(1), head);
            self.tell(&mut progress, News { reset: true, ..News::default() }).await;
        }
        loop {
            if let Some(history) = progress.missing() {
                let page = fetch(&self.door.client, &history, self.deadline()).await?;
                let news = progress.page(page);
                if news.stuck {
                    sleep(RETRY).await;
                }
                self.tell(&mut progress, news).await;
                self.save().await?;
            } else if self.what.follow {
                self.follow(&mut progress).await?;
            } else {
                // A reader that is gone is seen by whoever waits for the queue.
                let _ = self.queue.drained().await;
                return Ok(());
            }
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.what.timeout
    }

    /// The first of the newest messages asked for, found by halving: messages are counted in every event.
    async fn first_of_last(&self) -> Result<Seq, Failure> {
        let RoomInfo { room, head, head_ordinal, oldest, .. } = self.info;
        if self.what.last == 0 {
            return Ok(head.next());
        }
        let skipped = head_ordinal.0.saturating_sub(self.what.last);
        let (mut low, mut high) = (oldest.0.max(1), head.0.saturating_add(1));
        while low < high {
            let middle = low + (high - low) / 2;
            let history = History { room, anchor: Anchor::After(Seq(middle - 1)), limit: 1 };
            let page = fetch(&self.door.client, &history, self.deadline()).await?;
            match page.events.first() {
                Some(event) if event.ordinal.0 <= skipped => low = event.seq.0.max(middle) + 1,
                Some(_) | None => high = middle,
            }
        }
        Ok(Seq(low))
    }

    async fn subscribe(&self) -> Result<FeedStatus, Failure> {
        let RoomInfo { room, epoch, head, .. } = self.info;
        let from =
            Position { feed: FeedId::Room(room), epoch, seq: head, chain: Chain::default(), backlog_max: u32::MAX };
        let reply = ask(&self.door.client, Subscribe { from }, self.deadline()).await?;
        let Reply::FeedStatus(status) = reply else { return Err(unexpected(&reply)) };
        if status.state == FeedState::NoAccess { Err(self.no_access()) } else { Ok(status) }
    }

    fn no_access(&self) -> Failure {
        Failure::new(Exit::NotFound, format!("there is no room #{} any more, or not for you", self.info.name))
    }

    /// Writes events as they come, until something is missing.
    async fn follow(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        let room = self.info.room;
        let event = tokio::select! {
            biased;
            () = sleep_until(self.save_at) => {
                self.save_at = Instant::now() + SAVE_INTERVAL;
                return self.save().await;
            }
            event = self.door.events.recv() => event,
        };
        let Some(event) = event else { return Err(Failure::new(Exit::Bug, "the session ended without a word")) };
        let news = match event {
            ClientEvent::Events(events) if events.feed == FeedId::Room(room) => progress.live(events),
            ClientEvent::Trimmed(trimmed) if trimmed.feed == FeedId::Room(room) => progress.trimmed(trimmed.range),
            ClientEvent::Began(status) if status.feed == FeedId::Room(room) => self.stands(progress, &status)?,
            ClientEvent::Welcome(welcome) => {
                let mine = |status: &&FeedStatus| status.feed == FeedId::Room(room);
                match welcome.feeds.iter().find(mine) {
                    Some(status) => self.stands(progress, status)?,
                    None => self.stands(progress, &self.subscribe().await?)?,
                }
            }
            ClientEvent::Ended(ended) if ended.feed == FeedId::Room(room) => {
                self.stands(progress, &self.subscribe().await?)?
            }
            ClientEvent::Stopped(reason) => return Err(reason.into()),
            ClientEvent::Link(LinkState::Waiting { reason, .. }) => {
                complain(&reason);
                News::default()
            }
            ClientEvent::Link(LinkState::Connecting | LinkState::Online)
            | ClientEvent::RoundTrip(_)
            | ClientEvent::Began(_)
            | ClientEvent::Events(_)
            | ClientEvent::Trimmed(_)
            | ClientEvent::Ended(_)
            | ClientEvent::Presence(_)
            | ClientEvent::Typing(_)
            | ClientEvent::UserState(_)
            | ClientEvent::Announced(_)
            | ClientEvent::Greeting(_)
            | ClientEvent::Nick(_)
            | ClientEvent::Others { .. }
            | ClientEvent::Company(_)
            | ClientEvent::Queued(_)
            | ClientEvent::Sent { .. }
            | ClientEvent::Refused(_) => News::default(),
        };
        self.tell(progress, news).await;
        Ok(())
    }

    fn stands(&self, progress: &mut Progress, status: &FeedStatus) -> Result<News, Failure> {
        match status.state {
            FeedState::NoAccess => Err(self.no_access()),
            FeedState::Live | FeedState::Trimmed | FeedState::Regressed | FeedState::Diverged => {
                Ok(progress.stands(status))
            }
        }
    }

    async fn tell(&self, progress: &mut Progress, news: News) {
        let (name, me) = (self.info.name.as_str(), self.door.welcome.account);
        if news.reset {
            self.notice(&Line::Reset { room: super::line::room_name(name) }, "the room began anew at the server").await;
        }
        if let Some(range) = news.gap {
            let text = format!("events {} to {} are no longer kept", range.from, range.to);
            self.notice(&Line::gap(name, range), &text).await;
        }
        for event in &news.events {
            let place = Place { room: self.info.room, epoch: progress.epoch(), seq: event.seq };
            if let Some(line) = self.what.shape.line(name, event, me, progress.is_replay(event.seq)) {
                // A reader that is gone ends the run elsewhere.
                if self.queue.push(line, Some(place)).await == Err(Closed) {
                    return;
                }
            }
        }
    }

    async fn notice(&self, line: &Line, text: &str) {
        match self.what.shape {
            Shape::Json => drop(self.queue.push(json(line), None).await),
            Shape::Plain | Shape::Text(_) => complain(&text),
        }
    }

    async fn save(&self) -> Result<(), Failure> {
        let Some(cursor) = &self.cursor else { return Ok(()) };
        cursor.save().await.map_err(|e| Failure::new(Exit::Usage, format!("the cursor file cannot be written: {e}")))
    }
}

/// How often what was written is remembered in the cursor file.
const SAVE_INTERVAL: Duration = Duration::from_millis(250);

/// Messages a tail begins with unless told otherwise.
pub const LAST_DEFAULT: u64 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::event::{Posted, PostedWith};
    use chat_proto::{Attached, DeviceId, FileHash, MessageKey, Ordinal, Timestamp};

    fn posted(text: &str, style: Style) -> Event {
        let mentions = vec![];
        Event {
            seq: Seq(7),
            ordinal: Ordinal(1),
            at: Timestamp(0),
            by: AccountId(2),
            device: DeviceId(1),
            key: MessageKey::default(),
            body: Posted { name: "bob".to_owned(), style, text: text.to_owned(), mentions }.into(),
        }
    }

    fn line(shape: &Shape, event: &Event) -> String {
        shape.line("ops", event, AccountId(1), false).unwrap()
    }

    #[test]
    fn a_format_places_the_parts_and_cleans_them() {
        let format: Format = "{{{seq}}} {room} <{from}> {text}".parse().unwrap();
        let hostile = posted("a\u{1b}[31mb\nforged", Style::Text);
        assert_eq!(line(&Shape::Text(format), &hostile), "{7} #ops <bob> a␛[31mb␊forged");
        assert_eq!(line(&Shape::Plain, &posted("waves", Style::Action)), "1970-01-01T00:00:00.000Z * bob waves");
        assert_eq!(line(&Shape::Plain, &posted("hi", Style::Text)), "1970-01-01T00:00:00.000Z bob: hi");
    }

    #[test]
    fn a_message_with_a_file_is_a_line_that_names_it() {
        let file = Attached {
            name: "flame\u{1b}.svg".to_owned(),
            media_type: "image/svg+xml".to_owned(),
            size: 421_888,
            hash: FileHash([0; 32]),
        };
        let with = |text: &str| {
            let (name, text, mentions) = ("bob".to_owned(), text.to_owned(), vec![]);
            let extras = vec![file.clone().into()];
            Event {
                body: PostedWith { name, style: Style::Text, text, mentions, extras }.into(),
                ..posted("", Style::Text)
            }
        };
        let told = "1970-01-01T00:00:00.000Z bob: the profile [file: flame␛.svg 412 KB]";
        assert_eq!(line(&Shape::Plain, &with("the profile")), told);
        assert_eq!(line(&Shape::Plain, &with(&file.name)), "1970-01-01T00:00:00.000Z bob: file: flame␛.svg 412 KB");
        let format: Format = "{text}".parse().unwrap();
        assert_eq!(line(&Shape::Text(format), &with("look")), "look [file: flame␛.svg 412 KB]");
        assert!(line(&Shape::Json, &with("look")).contains(r#""size":421888"#));
    }

    #[test]
    fn a_format_with_an_unknown_place_is_refused() {
        for bad in ["{", "{x}", "{ts", "{}"] {
            assert!(bad.parse::<Format>().is_err(), "{bad}");
        }
        assert!("a } b".parse::<Format>().is_ok());
    }
}
