//! What somebody looks for, as he writes it: words, `"phrases"`, `from:bob in:#dev after:7d has:link is:mention`, and any of them
//! but the times behind a `-` for what must not be so. Total: every text is a query or a reject that says what to write.

use chat_proto::limits::{SEARCH_QUERY_BYTES_MAX, SEARCH_TERMS_MAX};
use chat_proto::{Reject, RejectCode, RoomName, Timestamp, UserName};

use super::date::When;
use super::{Mark, words};

/// A query, read without knowing anybody or any room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What has to hold, or must not.
    pub terms: Vec<Term>,
    /// The earliest time.
    pub since: Timestamp,
    /// The first time that is too late.
    pub until: Timestamp,
}

/// One thing that has to hold, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Whether it must not hold.
    pub negated: bool,
    /// What.
    pub what: What,
}

/// One thing that can hold of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// These words stand in its text, one behind the other; at least one.
    Words(Vec<String>),
    /// He wrote it.
    From(Who),
    /// It is in this room.
    In(RoomName),
    /// It names whoever asks.
    NamesMe,
    /// Somebody's reaction to it holds, and whoever asks may see it.
    Reacted,
    /// A mark that is the same for everybody.
    Mark(Mark),
}

/// A person in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks.
    Me,
    /// Somebody of this name.
    Named(UserName),
}

/// Reads a query.
///
/// # Errors
/// [`RejectCode::BadQuery`] with what to write instead, [`RejectCode::InvalidName`], [`RejectCode::TooLarge`].
pub fn parse(text: &str, now: Timestamp) -> Result<Query, Reject> {
    if text.len() > SEARCH_QUERY_BYTES_MAX {
        let message = format!("a query of {} bytes; at most {SEARCH_QUERY_BYTES_MAX} are allowed", text.len());
        return Err(Reject::new(RejectCode::TooLarge, message));
    }
    let mut query = Query { terms: Vec::new(), since: Timestamp(i64::MIN), until: Timestamp(i64::MAX) };
    let mut is_empty = true;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (token, behind) = next_token(rest);
        rest = behind.trim_start();
        is_empty &= !query.take(token, now)?;
        if query.terms.len() > SEARCH_TERMS_MAX {
            return Err(bad(format!("more than {SEARCH_TERMS_MAX} words and conditions; leave some out")));
        }
    }
    if is_empty {
        return Err(bad(format!("nothing to look for; write words, \"a phrase\", or {OPERATORS}")));
    }
    Ok(query)
}

/// A piece of a query.
#[derive(Clone, Copy, Debug)]
struct Token<'a> {
    negated: bool,
    quoted: bool,
    text: &'a str,
}

/// The first piece of a text that doesn't begin with white space, and what is behind it.
fn next_token(text: &str) -> (Token<'_>, &str) {
    let bare = text.strip_prefix('-').filter(|bare| bare.starts_with(|c: char| !c.is_whitespace()));
    let (negated, text) = bare.map_or((false, text), |bare| (true, bare));
    if let Some(phrase) = text.strip_prefix('"') {
        let (text, behind) = phrase.split_once('"').unwrap_or((phrase, ""));
        return (Token { negated, quoted: true, text }, behind);
    }
    let (text, behind) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    (Token { negated, quoted: false, text }, behind)
}

impl Query {
    /// Takes in a piece; false if there was nothing in it to look for.
    fn take(&mut self, Token { negated, quoted, text }: Token<'_>, now: Timestamp) -> Result<bool, Reject> {
        let operator = if quoted { None } else { operator(text) };
        let what = match operator {
            None => What::Words(words(text)),
            Some((name, value)) => match name.as_str() {
                "from" => What::From(who(value)?),
                "in" => What::In(room(value)?),
                "has" => has(value)?,
                "is" => is(value)?,
                "before" | "after" | "on" if negated => {
                    return Err(bad("before:, after: and on: can't be negated; use the other one".to_owned()));
                }
                "before" | "after" | "on" => return self.limit(&name, value, now).map(|()| true),
                _ => return Err(bad(format!("there is no {name}:; use {OPERATORS}, or put it in \"quotes\""))),
            },
        };
        if matches!(&what, What::Words(words) if words.is_empty()) {
            return Ok(false);
        }
        self.terms.push(Term { negated, what });
        Ok(true)
    }

    fn limit(&mut self, name: &str, value: &str, now: Timestamp) -> Result<(), Reject> {
        let Some(when) = When::parse(value, now) else {
            let message =
                format!("{name}: takes a day such as 2026-11-20, today or yesterday, or how long ago: 12h, 7d, 2w");
            return Err(bad(message));
        };
        let span = when.span();
        match (name, when) {
            ("before", _) => self.until = self.until.min(span.start),
            ("after", _) => self.since = self.since.max(span.end),
            (_, When::Day(_)) => {
                self.since = self.since.max(span.start);
                self.until = self.until.min(span.end);
            }
            (_, When::Ago(_)) => return Err(bad("on: takes a day such as 2026-11-20, today or yesterday".to_owned())),
        }
        Ok(())
    }
}

/// The operator a piece begins with, in small letters, and its value. A link is none, and neither is a word before a colon.
fn operator(text: &str) -> Option<(String, &str)> {
    let (name, value) = text.split_once(':')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_operator = is_name && !value.is_empty() && !value.starts_with("//");
    is_operator.then(|| (name.to_ascii_lowercase(), value))
}

fn who(value: &str) -> Result<Who, Reject> {
    if value.eq_ignore_ascii_case("me") {
        return Ok(Who::Me);
    }
    let name = value.strip_prefix('@').unwrap_or(value);
    let named = UserName::shown(name).map(Who::Named);
    named
        .map_err(|e| Reject::new(RejectCode::InvalidName, format!("from: takes a person's name, or me: {name:?}: {e}")))
}

fn room(value: &str) -> Result<RoomName, Reject> {
    RoomName::parse(value)
        .map_err(|e| Reject::new(RejectCode::InvalidName, format!("in: takes a room's name: {value:?}: {e}")))
}

fn has(value: &str) -> Result<What, Reject> {
    match value.to_ascii_lowercase().as_str() {
        "link" => Ok(What::Mark(Mark::Link)),
        "file" => Ok(What::Mark(Mark::File)),
        "mention" => Ok(What::Mark(Mark::Mention)),
        "reaction" => Ok(What::Reacted),
        _ => Err(bad("has: takes link, file, mention or reaction".to_owned())),
    }
}

fn is(value: &str) -> Result<What, Reject> {
    let mark = match value.to_ascii_lowercase().as_str() {
        "mention" => return Ok(What::NamesMe),
        "action" => Mark::Action,
        "reply" => Mark::Reply,
        "edited" => Mark::Edited,
        "pinned" => Mark::Pinned,
        _ => return Err(bad("is: takes mention, action, reply, edited or pinned".to_owned())),
    };
    Ok(What::Mark(mark))
}

fn bad(message: String) -> Reject {
    Reject::new(RejectCode::BadQuery, message)
}

/// What a query can say beside words.
const OPERATORS: &str = "from: in: before: after: on: has: is:";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000_000);

    fn what(text: &str) -> Vec<(bool, What)> {
        let query = parse(text, NOW).unwrap();
        query.terms.into_iter().map(|term| (term.negated, term.what)).collect()
    }

    fn run(text: &str) -> What {
        What::Words(text.split(' ').map(str::to_owned).collect())
    }

    fn refused(text: &str) -> String {
        parse(text, NOW).unwrap_err().to_string()
    }

    #[test]
    fn words_phrases_and_operators_are_read_and_negated() {
        let expected = vec![
            (false, run("disk")),
            (false, run("out of memory")),
            (true, run("flaky")),
            (true, run("on call")),
            (false, What::From(Who::Named(UserName::parse("bob").unwrap()))),
            (true, What::In(RoomName::parse("dev").unwrap())),
            (false, What::NamesMe),
            (false, What::Mark(Mark::Link)),
            (true, What::Reacted),
        ];
        let text = r#" Disk "out of memory" -FLAKY -"on call"from:@bob -in:#dev IS:mention has:LINK -has:reaction"#;
        assert_eq!(what(text), expected);
        assert_eq!(what("from:ME"), [(false, What::From(Who::Me))]);
    }

    #[test]
    fn what_is_no_operator_is_words() {
        assert_eq!(what("https://example.org/a"), [(false, run("https example org a"))]);
        assert_eq!(what("10:30"), [(false, run("10 30"))]);
        assert_eq!(what("note:"), [(false, run("note"))]);
        assert_eq!(what("\"from:bob"), [(false, run("from bob"))]);
        assert_eq!(what("don't - x*"), [(false, run("don t")), (false, run("x"))]);
    }

    #[test]
    fn times_bound_what_is_looked_at() {
        let span = |text: &str| parse(text, NOW).map(|query| (query.since.0, query.until.0)).unwrap();
        let day = 86_400_000_000;
        assert_eq!(span("on:2026-11-20"), (20_777 * day, 20_778 * day));
        assert_eq!(span("after:2026-11-20"), (20_778 * day, i64::MAX));
        assert_eq!(span("before:2026-11-20"), (i64::MIN, 20_777 * day));
        assert_eq!(span("after:7d before:1d"), (NOW.0 - 7 * day, NOW.0 - day));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_write() {
        for (text, expected) in [
            ("", "nothing to look for"),
            ("  !!! -?", "nothing to look for"),
            ("size:10", "there is no size:; use from: in: before:"),
            ("on:7d", "on: takes a day"),
            ("before:soon", "2026-11-20"),
            ("-before:7d", "can't be negated"),
            ("has:cat", "has: takes link, file, mention or reaction"),
            ("is:it", "is: takes mention, action"),
            ("from:b!b", "from: takes a person's name"),
            ("in:##x", "in: takes a room's name"),
            (&"a ".repeat(SEARCH_TERMS_MAX + 1), "more than"),
            (&"a".repeat(SEARCH_QUERY_BYTES_MAX + 1), "at most"),
        ] {
            assert!(refused(text).contains(expected), "{text}: {}", refused(text));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), near in "[-\":a-z#@0-9 é]{0,60}") {
            let _ = parse(&text, NOW);
            let _ = parse(&near, Timestamp(i64::MIN));
            let operators = ["from:", "in:", "before:", "after:", "on:", "has:", "is:"];
            operators.iter().for_each(|operator| drop(parse(&format!("{operator}{text}"), Timestamp(i64::MAX))));
        }
    }
}
