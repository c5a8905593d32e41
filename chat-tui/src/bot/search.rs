//! Messages somebody looks for, newest first, written line by line. Joins nothing and makes nothing.

use std::io::{self, Write};
use std::time::Duration;

use chat_proto::request::LookUpRoom;
use chat_proto::search::{Search as Request, SearchHit};
use chat_proto::{AccountId, Event, EventBody, Reply, RoomName, RoomRef, Style};
use serde_json::Value;
use tokio::time::Instant;

use super::door::{Door, ask, room_info, unexpected};
use super::line::{Line, json, rfc3339};
use super::{Exit, Failure, complain};
use crate::clean;
use crate::client::{Environment, Settings};
use crate::files;

/// What to look for, and how to write it.
#[derive(Clone, Debug)]
pub struct Search {
    /// Words, phrases and operators.
    pub query: String,
    /// Only in this room.
    pub room: Option<RoomName>,
    /// So many messages at most.
    pub most: u64,
    /// One JSON object a message.
    pub json: bool,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// Writes what is found to standard output.
///
/// # Errors
/// [`Exit::NotFound`] if there is no such room or person, [`Exit::Usage`] for a query that can't be read, and whatever else
/// stood in the way. Finding nothing is none, and neither is that nobody reads standard output any more.
pub async fn search(settings: Settings, environment: Environment, what: Search) -> Result<(), Failure> {
    let deadline = Instant::now() + what.timeout;
    let door = Door::open(settings, environment, deadline, None).await?;
    let found = write_found(&door, what, deadline, &mut io::stdout().lock()).await;
    door.client.quit(Duration::ZERO).await;
    found
}

async fn write_found(door: &Door, what: Search, deadline: Instant, out: &mut impl Write) -> Result<(), Failure> {
    let room = match &what.room {
        Some(room) => {
            let look = LookUpRoom { room: RoomRef::Name(room.as_str().to_owned()) };
            Some(room_info(ask(&door.client, look, deadline).await?)?.room)
        }
        None => None,
    };
    let (mut left, mut after) = (what.most, 0);
    while left > 0 {
        let limit = u16::try_from(left).unwrap_or(u16::MAX);
        let request = Request { query: what.query.clone(), room, after, limit };
        let reply = ask(&door.client, request, deadline).await?;
        let Reply::SearchHits(page) = reply else { return Err(unexpected(&reply)) };
        if after == 0 && page.behind > 0 {
            complain(&format!("the newest {} events can't be found yet", page.behind));
        }
        for hit in page.hits {
            left = left.saturating_sub(1);
            let line =
                if what.json { hit_json(&hit, door.welcome.account).map(|value| json(&value)) } else { plain(&hit) };
            let Some(line) = line else { continue };
            match writeln!(out, "{line}") {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::new(Exit::Failed, format!("standard output: {error}"))),
                Ok(()) => {}
            }
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    Ok(())
}

/// A message that was found, with the words it has now.
fn newest(hit: &SearchHit) -> Event {
    let mut event = hit.event.clone();
    let Some(text) = &hit.text else { return event };
    if let EventBody::Posted(posted) = &mut event.body {
        posted.text.clone_from(text);
    } else if let EventBody::PostedWith(posted) = &mut event.body {
        posted.text.clone_from(text);
    }
    event
}

/// The `message` line of a message that was found; `edited` says that its words were changed.
pub(super) fn hit_json(hit: &SearchHit, me: AccountId) -> Option<Value> {
    let line = Line::of_event(&hit.room_name, &newest(hit), me, true)?;
    let mut value = serde_json::to_value(line).ok()?;
    if hit.text.is_some()
        && let Value::Object(fields) = &mut value
    {
        fields.insert("edited".to_owned(), true.into());
    }
    Some(value)
}

fn plain(hit: &SearchHit) -> Option<String> {
    let event = newest(hit);
    let message = event.body.message()?;
    let (ts, room) = (rfc3339(event.at), clean::line(&hit.room_name));
    let words = files::words(message);
    let (name, text) = (clean::line(message.name), clean::line(&words));
    Some(match message.style {
        Style::Text => format!("{ts} #{room} {name}: {text}"),
        Style::Action => format!("{ts} #{room} * {name} {text}"),
    })
}

/// Messages found unless told otherwise.
pub const MOST_DEFAULT: u64 = 20;

#[cfg(test)]
mod tests {
    use chat_proto::event::Posted;
    use chat_proto::{DeviceId, MessageKey, Ordinal, RoomId, Seq, Timestamp};

    use super::*;

    #[test]
    fn a_message_found_is_written_with_its_newest_words_and_cleaned() {
        let posted =
            Posted { name: "bob".to_owned(), style: Style::Action, text: "old".to_owned(), mentions: Vec::new() };
        let (at, by, device, key) = (Timestamp(0), AccountId(2), DeviceId(1), MessageKey::default());
        let event = Event { seq: Seq(7), ordinal: Ordinal(1), at, by, device, key, body: posted.into() };
        let text = Some("new\u{1b}[31m\nforged".to_owned());
        let hit = SearchHit { room: RoomId(1), room_name: "ops".to_owned(), event, text };
        assert_eq!(plain(&hit).unwrap(), "1970-01-01T00:00:00.000Z #ops * bob new␛[31m␊forged");
        let value = hit_json(&hit, AccountId(1)).unwrap();
        assert_eq!((&value["edited"], &value["seq"], &value["replay"]), (&true.into(), &7.into(), &true.into()));
        let as_written = SearchHit { text: None, ..hit };
        let value = hit_json(&as_written, AccountId(1)).unwrap();
        assert_eq!((&value["text"], value.get("edited")), (&"old".into(), None));
    }
}
