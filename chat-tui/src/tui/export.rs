//! What is known here of a room, written into a file: a page of it in memory at a time.
//!
//! Never: a file that is there, unless that was said; a file that others can read.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use chat_proto::limits::PAGE_EVENTS_MAX;
use chat_proto::{AccountId, Anchor, Event, Seq};

use super::core::Export;
use super::core::heard;
use super::core::time::{Zone, day_title};
use crate::bot::line::{Line, json};
use crate::clean;
use crate::client::Settings;
use crate::client::cache::Cache;

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Text,
    Markdown,
    JsonLines,
}

/// Writes it, and says what was written.
///
/// # Errors
/// Why not, for people.
pub(super) fn write(export: &Export, settings: &Settings, zone: &Zone) -> Result<String, String> {
    let path = place(&export.file);
    let shown = path.display();
    let file = create(&path, export.force).map_err(|error| {
        let there = error.kind() == ErrorKind::AlreadyExists;
        if there { format!("{shown} is there already; -f replaces it") } else { format!("{shown}: {error}") }
    })?;
    let cache = if settings.use_cache { Cache::open(settings).ok() } else { None };
    let mut out = Written { out: BufWriter::new(file), format: format(&path), zone, day: None, events: 0, last: None };
    out.all(export, cache.as_ref()).map_err(|error| format!("{shown}: {error}"))?;
    Ok(format!("{} events of {} are in {shown}", out.events, export.label))
}

fn create(path: &Path, force: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)
}

/// A path as the person wrote it, `~` for his home.
fn place(file: &str) -> PathBuf {
    let home = file.strip_prefix("~/").zip(std::env::var_os("HOME"));
    home.map_or_else(|| PathBuf::from(file), |(rest, home)| PathBuf::from(home).join(rest))
}

fn format(path: &Path) -> Format {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("md") => Format::Markdown,
        Some("jsonl") => Format::JsonLines,
        Some(_) | None => Format::Text,
    }
}

struct Written<'a, W: Write> {
    out: W,
    format: Format,
    zone: &'a Zone,
    /// The day of the last event, as a heading.
    day: Option<String>,
    events: u64,
    last: Option<Seq>,
}

impl<W: Write> Written<'_, W> {
    /// Everything that is cached, and between it what is loaded only.
    fn all(&mut self, export: &Export, cache: Option<&Cache>) -> io::Result<()> {
        let mut loaded = export.loaded.iter().peekable();
        let mut after = Seq::ZERO;
        while let Some(cache) = cache {
            let page = cache.page(export.room, Anchor::After(after), PAGE_EVENTS_MAX).map_err(io::Error::other)?;
            let Some(last) = page.last().map(|event| event.seq).filter(|last| *last > after) else { break };
            for event in &page {
                while let Some(before) = loaded.next_if(|loaded| loaded.seq < event.seq) {
                    self.event(export, before)?;
                }
                self.event(export, event)?;
            }
            after = last;
        }
        loaded.try_for_each(|event| self.event(export, event))?;
        self.out.flush()
    }

    fn event(&mut self, export: &Export, event: &Event) -> io::Result<()> {
        if self.last.is_some_and(|last| last >= event.seq) {
            return Ok(());
        }
        self.last = Some(event.seq);
        if self.format == Format::JsonLines {
            let name = export.label.trim_start_matches('#');
            let Some(line) = Line::of_event(name, event, AccountId::SERVER, true) else { return Ok(()) };
            self.events += 1;
            return writeln!(self.out, "{}", json(&line));
        }
        let Some(words) = heard::line(event, self.zone) else { return Ok(()) };
        let day = day_title(self.zone.day(event.at));
        let markdown = self.format == Format::Markdown;
        if self.day.as_ref() != Some(&day) {
            let space = if self.day.is_some() { "\n" } else { "" };
            let mark = if markdown { "## " } else { "-- " };
            writeln!(self.out, "{space}{mark}{day}\n")?;
            self.day = Some(day);
        }
        self.events += 1;
        let bullet = if markdown { "- " } else { "" };
        writeln!(self.out, "{bullet}{}", clean::text(&words).as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_proto::event::Posted;
    use chat_proto::{DeviceId, MessageKey, Ordinal, RoomId, Style, Timestamp};

    fn said(seq: u64, text: &str) -> Event {
        let at = Timestamp(1_795_175_400_000_000 + i64::try_from(seq).unwrap() * 60_000_000);
        let body =
            Posted { name: "bob".to_owned(), style: Style::Text, text: text.to_owned(), mentions: vec![] }.into();
        Event {
            seq: Seq(seq),
            ordinal: Ordinal(seq),
            at,
            by: AccountId(2),
            device: DeviceId(1),
            key: MessageKey::default(),
            body,
        }
    }

    fn export(dir: &Path, file: &str, force: bool) -> Export {
        let loaded = vec![said(1, "hello\u{1b}[2J"), said(2, "two\nlines")];
        let file = dir.join(file).to_str().unwrap().to_owned();
        Export { room: RoomId(1), label: "#general".to_owned(), loaded, file, force }
    }

    fn written(dir: &Path, file: &str) -> String {
        let settings = Settings { use_cache: false, ..Settings::new("localhost".parse().unwrap(), "alice", dir) };
        let told = write(&export(dir, file, false), &settings, &Zone::UTC).unwrap();
        assert!(told.starts_with("2 events of #general are in "), "{told}");
        std::fs::read_to_string(dir.join(file)).unwrap()
    }

    #[test]
    fn the_name_of_the_file_says_how_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let text = written(dir.path(), "a.txt");
        assert!(text.starts_with("-- Fri 20 Nov 2026\n\n11:51 bob: hello"), "{text}");
        assert!(text.ends_with("11:52 bob: two\n  lines\n") && !text.contains('\u{1b}'), "{text:?}");
        let markdown = written(dir.path(), "a.md");
        assert!(markdown.starts_with("## Fri 20 Nov 2026\n\n- 11:51 bob: hello"), "{markdown}");
        let lines = written(dir.path(), "a.jsonl");
        let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!((&first["room"], &first["seq"], lines.lines().count()), (&"#general".into(), &1.into(), 2));
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_said_and_nobody_else_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let settings =
            Settings { use_cache: false, ..Settings::new("localhost".parse().unwrap(), "alice", dir.path()) };
        let path = dir.path().join("a.txt");
        std::fs::write(&path, "mine").unwrap();
        let why = write(&export(dir.path(), "a.txt", false), &settings, &Zone::UTC).unwrap_err();
        assert!(why.contains("-f replaces it"), "{why}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        write(&export(dir.path(), "a.txt", true), &settings, &Zone::UTC).unwrap();
        assert_ne!(std::fs::read_to_string(&path).unwrap(), "mine");
        write(&export(dir.path(), "b.txt", false), &settings, &Zone::UTC).unwrap();
        let mode = std::fs::metadata(dir.path().join("b.txt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let why = write(&export(dir.path(), "no/c.txt", false), &settings, &Zone::UTC).unwrap_err();
        assert!(why.contains("c.txt"), "{why}");
    }
}
