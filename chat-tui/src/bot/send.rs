//! One message and its acknowledgement, for scripts.

use std::io::Read;
use std::time::Duration;

use aws_lc_rs::digest;
use chat_proto::event::ReplyTo;
use chat_proto::request::{Post, PostWith};
use chat_proto::{Extra, MessageKey, Reply, Request, RoomName, Seq, Style, Text, TextError};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::door::{Door, ask, unexpected};
use super::line::room_name;
use super::{Exit, Failure};
use crate::client::{Environment, Settings};

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where to.
    pub room: RoomName,
    /// How it is meant.
    pub style: Style,
    /// The words.
    pub text: String,
    /// A key a script chose: sent again under it, the message is stored once.
    pub key: Option<String>,
    /// Send it as several messages of at most so many bytes.
    pub split: Option<usize>,
    /// The message it answers.
    pub reply_to: Option<Seq>,
    /// It is code of this language.
    pub code: Option<String>,
}

impl Message {
    /// The texts it is sent as.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a text that no server would take.
    fn texts(&self) -> Result<Vec<String>, Failure> {
        let (before, after) = match &self.code {
            Some(language) => (format!("```{language}\n"), "\n```"),
            None => (String::new(), ""),
        };
        let around = before.len() + after.len();
        let parts = match self.split {
            Some(bytes) => parts(&self.text, bytes.saturating_sub(around).max(1)),
            None => vec![self.text.as_str()],
        };
        if parts.iter().all(|part| part.trim().is_empty()) {
            return Err(not_sendable(&TextError::Empty));
        }
        let texts: Vec<String> = parts.iter().map(|part| format!("{before}{part}{after}")).collect();
        for text in &texts {
            Text::parse(text).map_err(|e| not_sendable(&e))?;
        }
        Ok(texts)
    }

    /// The key of a part, if a script named the message.
    fn key_of(&self, part: usize) -> Option<String> {
        let key = self.key.as_ref()?;
        Some(if self.split.is_some() { format!("{key}\0{part}") } else { key.clone() })
    }

    /// The requests of `bot jsonl` that send it.
    ///
    /// # Errors
    /// [`Exit::Usage`] for a text that no server would take.
    pub fn requests(&self) -> Result<Vec<Value>, Failure> {
        let request = |(part, text): (usize, String)| {
            let mut request = json!({"op": "send", "room": room_name(self.room.as_str()), "text": text});
            if self.style == Style::Action {
                request["action"] = true.into();
            }
            if let Some(key) = self.key_of(part) {
                request["key"] = key.into();
            }
            if let Some(seq) = self.reply_to {
                request["reply_to"] = seq.0.into();
            }
            request
        };
        Ok(self.texts()?.into_iter().enumerate().map(request).collect())
    }
}

/// Sends a message; when this returns it is stored. It never enters an outbox, so what failed is not sent later.
///
/// # Errors
/// [`Exit::Usage`] for a text that no server would take, before anything is dialled; [`Exit::Partial`] if some of the parts
/// are stored and one is not; else what the server or the connection says.
pub async fn send(
    settings: Settings,
    environment: Environment,
    message: Message,
    timeout: Duration,
) -> Result<(), Failure> {
    let texts = message.texts()?;
    let extras: Vec<Extra> = message.reply_to.map(|target| ReplyTo { target }.into()).into_iter().collect();
    let (parts, style) = (texts.len(), message.style);
    let deadline = Instant::now() + timeout;
    let door = Door::open(settings, environment, deadline, None).await?;
    let room = door.join(&message.room, deadline).await?.room;
    for (number, text) in texts.into_iter().enumerate() {
        let key = match message.key_of(number) {
            Some(key) => hashed(&key),
            None => door.environment.random.message_key().map_err(|e| Failure::new(Exit::Bug, e.to_string()))?,
        };
        let post: Request = if extras.is_empty() {
            Post { key, room, style, text }.into()
        } else {
            PostWith { key, room, style, text, extras: extras.clone() }.into()
        };
        let stored = ask(&door.client, post, deadline).await.and_then(|reply| {
            let Reply::Receipt(_) = reply else { return Err(unexpected(&reply)) };
            Ok(())
        });
        stored.map_err(|failure| match number {
            0 => failure,
            stored => Failure::new(Exit::Partial, format!("{stored} of {parts} parts stored, then: {failure}")),
        })?;
    }
    door.client.quit(Duration::ZERO).await;
    Ok(())
}

fn not_sendable(error: &TextError) -> Failure {
    let more = match error {
        TextError::TooLong { .. } => "; --split 4k sends it in parts",
        TextError::Empty | TextError::Control(_) | TextError::Letter(_) => "",
    };
    Failure::new(Exit::Usage, format!("the message is not possible: {error}{more}"))
}

/// The key on the wire of a key a script chose: the start of its SHA-256.
#[must_use]
pub fn hashed(key: &str) -> MessageKey {
    let mut bytes = [0; 16];
    for (byte, hash) in bytes.iter_mut().zip(digest::digest(&digest::SHA256, key.as_bytes()).as_ref()) {
        *byte = *hash;
    }
    MessageKey(bytes)
}

/// Reads a message, its final line feed dropped, and every carriage return before a line feed.
///
/// # Errors
/// [`Exit::Usage`] for more than [`INPUT_BYTES_MAX`] bytes, what is not UTF-8, or what cannot be read.
pub fn read_text(input: impl Read) -> Result<String, Failure> {
    let usage = |text: String| Failure::new(Exit::Usage, text);
    let mut bytes = Vec::new();
    let read = input.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes);
    let read = read.map_err(|e| usage(format!("standard input cannot be read: {e}")))?;
    if read as u64 > INPUT_BYTES_MAX {
        return Err(usage(format!("more than {INPUT_BYTES_MAX} bytes on standard input")));
    }
    let text = String::from_utf8(bytes)
        .map_err(|e| usage(format!("standard input is not UTF-8: byte {} breaks it", e.utf8_error().valid_up_to())))?;
    let text = if text.contains('\r') { text.replace("\r\n", "\n") } else { text };
    Ok(text.strip_suffix('\n').map_or(text.clone(), str::to_owned))
}

/// Cuts a text into parts of at most `max` bytes: where a line ends if there is one, else between characters. Blank parts
/// are left out, and the line feed at a cut.
#[must_use]
pub fn parts(text: &str, max: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, behind) = if rest.len() <= max { (rest, "") } else { cut(rest, max) };
        if !part.trim().is_empty() {
            parts.push(part);
        }
        rest = behind;
    }
    parts
}

fn cut(text: &str, max: usize) -> (&str, &str) {
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // A line feed may stand just behind the part, where it does not count.
    let line_end = text.as_bytes().get(..=end).and_then(|bytes| bytes.iter().rposition(|byte| *byte == b'\n'));
    match line_end {
        Some(at) if at > 0 => (&text[..at], &text[at + 1..]),
        // A part holds one character at least, however long it is.
        Some(_) | None if end == 0 => text.split_at(text.chars().next().map_or(0, char::len_utf8)),
        Some(_) | None => text.split_at(end),
    }
}

/// Least bytes of one part of a split text: a line of a log.
pub const SPLIT_BYTES_MIN: usize = 64;

/// Bytes read from standard input for one command.
pub const INPUT_BYTES_MAX: u64 = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_where_lines_end() {
        assert_eq!(parts("one\ntwo\nthree", 8), ["one\ntwo", "three"]);
        assert_eq!(parts("one\ntwo\nthree", 7), ["one\ntwo", "three"]);
        assert_eq!(parts("one\ntwo\nthree", 6), ["one", "two", "three"]);
        assert_eq!(parts("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(parts("éééé", 3), ["é", "é", "é", "é"]);
        assert_eq!(parts("a\n\n\n\n\n\nb", 2), ["a\n", "\nb"]);
        assert_eq!(parts("   ", 2), Vec::<&str>::new());
    }

    #[test]
    fn a_final_line_feed_is_dropped_and_only_one() {
        assert_eq!(read_text("a\nb\n\n".as_bytes()).unwrap(), "a\nb\n");
        assert_eq!(read_text("a\r\nb\r\n".as_bytes()).unwrap(), "a\nb");
        assert_eq!(read_text("a".as_bytes()).unwrap(), "a");
        assert!(read_text([0xff].as_slice()).unwrap_err().message.contains("byte 0"));
        assert!(read_text(std::io::repeat(b'a')).unwrap_err().message.contains("more than"));
    }

    #[test]
    fn every_part_of_split_code_is_code_and_none_is_too_long() {
        let room = RoomName::parse("ci").unwrap();
        let text = "one\ntwo\nthree".to_owned();
        let (code, key) = (Some("log".to_owned()), Some("7".to_owned()));
        let message = Message { room, style: Style::Text, text, key, split: Some(19), reply_to: Some(Seq(3)), code };
        assert_eq!(message.texts().unwrap(), ["```log\none\ntwo\n```", "```log\nthree\n```"]);
        let requests = message.requests().unwrap();
        assert!(requests.iter().all(|request| crate::bot::contract::request(request) == Ok(())));
        assert_eq!((&requests[1]["key"], &requests[1]["reply_to"]), (&"7\u{0}1".into(), &3.into()));
        let blank = Message { text: " \n".to_owned(), ..message };
        assert!(blank.texts().unwrap_err().message.contains("not possible"));
    }

    #[test]
    fn a_key_of_a_script_is_the_start_of_its_sha256() {
        assert_eq!(hashed("abc").to_string(), "ba7816bf8f01cfea414140de5dae2223");
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_no_word_is_lost(text in "[a-zé\n ]{0,400}", max in 4_usize..64) {
            let parts = parts(&text, max);
            let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert!(parts.iter().all(|part| part.len() <= max));
            prop_assert_eq!(visible(&text), visible(&parts.concat()));
        }
    }
}
