//! How answers to commands are shown, where they are lines to read.

use chat_proto::connection::SessionList;
use chat_proto::profile::Profile;
use chat_proto::reply::{Explained, Page};
use chat_proto::{Presence, Reply, Timestamp};

use super::command::Ask;
use super::time::{Zone, day_title};
use super::timeline::told;

/// A title and lines; none where the answer says no more than that it was done.
#[must_use]
pub(super) fn lines(asked: &Ask, reply: &Reply, zone: &Zone) -> Option<(String, Vec<String>)> {
    if let Ask::Own(own) = asked {
        return Some(own.shown(reply, zone));
    }
    if let Reply::Explained(explained) = reply {
        return Some(why(asked, explained));
    }
    if let Reply::Page(page) = reply {
        return Some(audit(page, zone));
    }
    if let Reply::Profile(profile) = reply {
        return Some(person(profile, zone));
    }
    if let Reply::SessionList(list) = reply {
        return Some(sessions(list, zone));
    }
    None
}

fn why(asked: &Ask, explained: &Explained) -> (String, Vec<String>) {
    let action = if let Ask::Why { action, .. } = asked { action.as_str() } else { "" };
    let words = match &explained.refusal {
        None => format!("you may {action} here"),
        Some(reject) => reject.message.clone(),
    };
    (format!("may I {action}?"), vec![words])
}

fn audit(page: &Page, zone: &Zone) -> (String, Vec<String>) {
    let line = |event: &chat_proto::Event| format!("{}  {}", when(zone, event.at), told(event));
    let mut lines: Vec<String> = page.events.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing yet".to_owned());
    }
    ("what was done here".to_owned(), lines)
}

fn person(profile: &Profile, zone: &Zone) -> (String, Vec<String>) {
    let presence = match profile.presence {
        Presence::Online => "online",
        Presence::Away => "away",
        Presence::Offline => "offline",
    };
    let mut lines = vec![format!("{:<14} {presence}", "presence")];
    if !profile.status.text.is_empty() {
        lines.push(format!("{:<14} {}", "status", profile.status.text));
    }
    lines.push(format!("{:<14} {}", "here since", day_title(zone.day(profile.since))));
    let rooms: Vec<String> = profile.shared_rooms.iter().map(|room| format!("#{room}")).collect();
    lines.push(format!(
        "{:<14} {}",
        "shared rooms",
        if rooms.is_empty() { "none".to_owned() } else { rooms.join(" ") }
    ));
    for value in &profile.state {
        lines.push(format!("{:<14} {}", value.name, value.value));
    }
    (profile.name.clone(), lines)
}

fn sessions(list: &SessionList, zone: &Zone) -> (String, Vec<String>) {
    let mut lines: Vec<String> = list
        .sessions
        .iter()
        .map(|session| {
            let idle = session.idle_ms / 60_000;
            let idle = if idle == 0 { String::new() } else { format!(", idle {idle} min") };
            let since = when(zone, session.since);
            format!("{:<6} {:<22} {} since {since}{idle}", session.conn, session.client, session.address)
        })
        .collect();
    lines.push("/sessions end CONNECTION ends one".to_owned());
    ("your connections".to_owned(), lines)
}

fn when(zone: &Zone, at: Timestamp) -> String {
    format!("{} {}", day_title(zone.day(at)), zone.minute(at))
}
