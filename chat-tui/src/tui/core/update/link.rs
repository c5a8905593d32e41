//! Links: in messages, to messages, and where they lead.

use chat_proto::Seq;

use super::{copy, notice, room};
use crate::clean;
use crate::client::ServerAddress;
use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::markup;
use crate::tui::core::model::Model;
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::server::RoomKey;

/// Links of one message that can be chosen from: those with a digit.
const LINKS_MAX: usize = 9;

/// What a link between chats begins with.
const CHAT: &str = "chat://";

/// Opens the link of a message; of several one is chosen.
pub(super) fn of_message(model: &mut Model, seq: Seq, effects: &mut Effects) -> Result<(), String> {
    let words = model.room().and_then(|room| room.timeline.words(seq)).unwrap_or_default();
    let words = clean::text(words);
    let mut links: Vec<String> = Vec::new();
    for link in markup::links(words.as_str()).filter_map(|range| markup::target(&words.as_str()[range])) {
        if !links.contains(&link) && links.len() < LINKS_MAX {
            links.push(link);
        }
    }
    match links.as_slice() {
        [] => Err("there is no link in it".to_owned()),
        [only] => open(model, only, effects),
        several => {
            let item = |(number, link): (usize, &String)| Item {
                name: format!("{number} {link}"),
                detail: String::new(),
                goal: Goal::Open(link.clone()),
            };
            let items = (1..).zip(several).map(item).collect();
            model.picker = Some(Picker::new("open which link?", items, None).numbered());
            Ok(())
        }
    }
}

/// Goes where a link between chats leads, or lets a program open any other one that is known to be harmless.
pub(super) fn open(model: &mut Model, link: &str, effects: &mut Effects) -> Result<(), String> {
    let target = markup::target(link).ok_or("this is no link of https://, http://, mailto: or chat://")?;
    if target.get(..CHAT.len()).is_some_and(|head| head.eq_ignore_ascii_case(CHAT)) {
        return go(model, &[CHAT, &link[CHAT.len()..]].concat(), effects);
    }
    effects.push(Effect::Open(target));
    Ok(())
}

/// Goes to the room or the message of a link. What one would have to join or connect to first is only written into the line.
fn go(model: &mut Model, link: &str, effects: &mut Effects) -> Result<(), String> {
    let address: ServerAddress = link.parse().map_err(|error: crate::client::AddressError| error.to_string())?;
    let host = address.shown();
    let Some(at) = model.numbered().find(|(_, server)| server.host == host).map(|(id, _)| id) else {
        return propose(model, &format!("/connect {link}"), effects);
    };
    let Some(name) = address.room else { return Err(format!("{host} is a server you are connected to")) };
    let Some(room) = model.at(at).joined_as(&name) else {
        if at == model.server {
            return propose(model, &format!("/join #{name}"), effects);
        }
        return Err(format!("you are not in #{name} on {host}"));
    };
    room::go(model, RoomKey::new(at, room), effects);
    if let Some(seq) = address.message {
        room::goto(model, seq, effects);
    }
    Ok(())
}

/// Writes a command into the line for the person to run it, unless he is writing something.
fn propose(model: &mut Model, command: &str, effects: &mut Effects) -> Result<(), String> {
    model.selected = None;
    let composer = model.composer_mut().0;
    if !composer.is_empty() {
        return Err(format!("{command} leads there"));
    }
    composer.set(command);
    notice(model, effects, false, "Enter goes there");
    Ok(())
}

/// Copies a link to a message.
pub(super) fn copy_to(model: &mut Model, seq: Seq, effects: &mut Effects) {
    let Some(view) = model.room_view() else { return };
    let link = format!("{CHAT}{}/{}?seq={seq}", model.here().host, view.name);
    copy::copy(model, link, effects);
}
