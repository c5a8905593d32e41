//! What one connection has heard, and what of it was expected already.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use regex::Regex;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::value::{Comparison, Segment, compare, shown, walk, written};
use crate::bot::line::json;

/// The events of one connection.
#[derive(Debug)]
pub(super) struct Log {
    state: Mutex<State>,
    /// How many events came.
    count: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest events, with their numbers, and how they were written.
    events: VecDeque<(u64, Value, String)>,
    next: u64,
    /// Of each kind in each room, the number behind the one taken last.
    taken: BTreeMap<(String, String), u64>,
    /// Everything before this one is of no matter.
    forgotten: u64,
}

/// An event that is looked for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its kind.
    pub(super) event: String,
    /// Only the next one of its kind may be it.
    pub(super) next: bool,
    pub(super) tests: Vec<Test>,
}

/// What is to be true of it.
#[derive(Debug)]
pub(super) enum Test {
    /// Whose it is.
    By(String),
    Field(Vec<Segment>, Comparison, Value),
    Words(Regex),
}

/// An event that was looked for and came.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) event: Value,
    /// What the patterns named, and the text there.
    pub(super) captures: Vec<(String, String)>,
}

/// What a look at the log says.
enum Look {
    Found(Found),
    NotYet,
    /// The next event of the kind is another one.
    Other(Value),
}

impl Log {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default(), count: watch::Sender::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened here.
    pub(super) fn push(&self, event: Value) {
        let line = json(&event);
        self.push_line(event, line);
    }

    /// Something came as a line.
    pub(super) fn push_line(&self, event: Value, line: String) {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.events.push_back((number, event, line));
        if state.events.len() > EVENTS_KEPT_MAX {
            state.events.pop_front();
        }
        drop(state);
        self.count.send_modify(|count| *count += 1);
    }

    /// What came so far is not looked at any more.
    pub(super) fn forget(&self) {
        let mut state = self.lock();
        state.forgotten = state.next;
    }

    /// The last events, one a line.
    pub(super) fn last(&self, count: usize) -> Vec<String> {
        let state = self.lock();
        let skipped = state.events.len().saturating_sub(count);
        state.events.iter().skip(skipped).map(|(_, _, line)| line.clone()).collect()
    }

    /// Waits for an event, and takes it: the next search for its kind in its room begins behind it.
    ///
    /// # Errors
    /// It did not come in time, or, of `next`, another one did.
    pub(super) async fn expect(&self, wanted: &Wanted, within: Duration) -> Result<Found, String> {
        let deadline = Instant::now() + within;
        let mut count = self.count.subscribe();
        loop {
            count.mark_unchanged();
            match self.look(wanted)? {
                Look::Found(found) => return Ok(found),
                Look::Other(event) => return Err(format!("expected {wanted} next; it was {}", json(&event))),
                Look::NotYet => {}
            }
            // The sender lives as long as the log.
            if timeout_at(deadline, count.changed()).await.is_err() {
                return Err(format!("expected {wanted} within {within:?}; it did not come"));
            }
        }
    }

    fn look(&self, wanted: &Wanted) -> Result<Look, String> {
        let mut state = self.lock();
        let mut found = None;
        for (number, event, _) in &state.events {
            let place = place_of(event);
            let begin = state.taken.get(&place).copied().unwrap_or_default().max(state.forgotten);
            if *number < begin || !wanted.is_candidate(event) {
                continue;
            }
            if let Some(captures) = wanted.fits(event)? {
                found = Some((*number, place, Found { event: event.clone(), captures }));
                break;
            }
            if wanted.next {
                return Ok(Look::Other(event.clone()));
            }
        }
        let Some((number, place, found)) = found else { return Ok(Look::NotYet) };
        state.taken.insert(place, number + 1);
        Ok(Look::Found(found))
    }
}

/// The kind of an event and the room it happened in.
fn place_of(event: &Value) -> (String, String) {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("ev"), text("room"))
}

impl Wanted {
    /// Whether it is of the kind, and in the room if one is named.
    fn is_candidate(&self, event: &Value) -> bool {
        let (kind, room) = place_of(event);
        let other_room = self.tests.iter().any(|test| match test {
            Test::Field(path, Comparison::Equal, wanted) => is_room(path) && !same_room(&room, wanted),
            Test::Field(..) | Test::By(_) | Test::Words(_) => false,
        });
        kind == self.event && !other_room
    }

    /// What its patterns capture, if all of it is so.
    fn fits(&self, event: &Value) -> Result<Option<Vec<(String, String)>>, String> {
        let mut captures = Vec::new();
        for test in &self.tests {
            let fits = match test {
                Test::By(name) => is_person(PEOPLE.iter().find_map(|field| event.get(*field)), name),
                Test::Field(path, Comparison::Equal, wanted) if is_room(path) => same_room(&place_of(event).1, wanted),
                Test::Field(path, comparison, wanted) => {
                    compare(&walk(event, path).unwrap_or_default(), *comparison, wanted)?
                }
                Test::Words(pattern) => {
                    let words = WORDS.iter().find_map(|field| event.get(*field)).and_then(Value::as_str);
                    let found = words.and_then(|words| pattern.captures(words));
                    let named = pattern.capture_names().flatten();
                    captures.extend(named.filter_map(|name| {
                        let text = found.as_ref()?.name(name)?.as_str();
                        Some((name.to_owned(), text.to_owned()))
                    }));
                    found.is_some()
                }
            };
            if !fits {
                return Ok(None);
            }
        }
        Ok(Some(captures))
    }
}

fn is_room(path: &[Segment]) -> bool {
    matches!(path, [Segment::Field(field)] if field == "room")
}

fn same_room(room: &str, wanted: &Value) -> bool {
    let wanted = shown(wanted);
    room.trim_start_matches('#') == wanted.trim_start_matches('#')
}

/// Whether a field holds somebody, by his name or his id.
fn is_person(field: Option<&Value>, name: &str) -> bool {
    match field {
        Some(Value::String(text)) => text == name,
        Some(Value::Object(who)) => ["name", "id"].iter().any(|key| who.get(*key).is_some_and(|value| value == name)),
        _ => false,
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.event)?;
        for test in &self.tests {
            match test {
                Test::By(name) => write!(f, " by {name}")?,
                Test::Field(path, comparison, value) => write!(f, " {} {comparison} {}", written(path), json(value))?,
                Test::Words(pattern) => write!(f, " /{pattern}/")?,
            }
        }
        Ok(())
    }
}

/// Events of one connection that are kept.
const EVENTS_KEPT_MAX: usize = 10_000;

/// Where an event names whose it is, the first one there is: of a kick it is who did it, not whom it hit.
const PEOPLE: [&str; 3] = ["by", "from", "user"];

/// Where an event has words.
const WORDS: [&str; 5] = ["text", "reason", "topic", "error", "emoji"];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wanted(event: &str, next: bool, tests: Vec<Test>) -> Wanted {
        Wanted { event: event.to_owned(), next, tests }
    }

    fn said(room: &str, text: &str) -> Value {
        json!({"ev": "message", "room": room, "from": {"id": "u_1", "name": "ann"}, "text": text})
    }

    fn words(pattern: &str) -> Test {
        Test::Words(Regex::new(pattern).unwrap())
    }

    const NOW: Duration = Duration::ZERO;

    #[tokio::test]
    async fn a_search_begins_behind_what_was_taken_of_its_kind_in_its_room() {
        let log = Log::new();
        for event in
            [said("#a", "1"), said("#b", "1"), json!({"ev": "join", "room": "#a", "user": "bo"}), said("#a", "2")]
        {
            log.push(event);
        }
        log.expect(&wanted("message", false, vec![words("2")]), NOW).await.unwrap();
        let again = log.expect(&wanted("message", false, vec![words("1")]), NOW).await.unwrap();
        assert_eq!(again.event["room"], "#b");
        log.expect(&wanted("join", false, vec![Test::By("bo".to_owned())]), NOW).await.unwrap();
        let late = log.expect(&wanted("message", false, vec![words("1")]), NOW).await.unwrap_err();
        assert!(late.contains("expected message /1/ within 0ns; it did not come"), "{late}");
    }

    #[tokio::test]
    async fn the_next_one_is_the_one_or_it_fails() {
        let log = Log::new();
        log.push(said("#a", "1"));
        log.push(said("#a", "2"));
        let two = wanted("message", true, vec![words("2")]);
        assert!(log.expect(&two, NOW).await.unwrap_err().contains("it was"));
        let one = wanted("message", true, vec![words("(?<n>1)"), Test::By("ann".to_owned())]);
        assert_eq!(log.expect(&one, NOW).await.unwrap().captures, [("n".to_owned(), "1".to_owned())]);
        log.expect(&two, NOW).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_forgotten_is_not_found() {
        let log = Log::new();
        log.push(said("#a", "1"));
        log.forget();
        assert!(log.expect(&wanted("message", false, vec![]), NOW).await.is_err());
        assert_eq!(log.last(20).len(), 1);
    }
}
