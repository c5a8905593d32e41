//! Connecting to further servers, leaving them and going back.

use super::draft;
use crate::client::{AddressError, Beside, LinkState, Question};
use crate::tui::core::effect::{Effect, Effects};
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::server::{SERVERS_MAX, Server, ServerId};

/// Connects to a server, and goes to rooms there: a place as [`Beside`] reads it, and further rooms behind it. One that is known
/// is gone back to.
pub(super) fn connect(model: &mut Model, words: &str, effects: &mut Effects) -> Result<(), String> {
    let (place, rooms) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
    let Beside { address, name } = place.parse().map_err(|error: AddressError| error.to_string())?;
    let rooms: Vec<String> =
        address.room.iter().map(String::as_str).chain(rooms.split_whitespace()).map(str::to_owned).collect();
    let host = address.shown();
    let known = model.numbered().find(|(_, server)| server.host == host && name.is_none()).map(|(id, _)| id);
    if let Some(id) = known {
        model.at_mut(id).leads_to = address.message;
        model.at_mut(id).ask_for(rooms);
        return reconnect(model, id, effects);
    }
    let id = u8::try_from(model.servers.len()).unwrap_or(u8::MAX);
    if usize::from(id) >= SERVERS_MAX {
        return Err(format!("at most {SERVERS_MAX} servers are connected to at once"));
    }
    let own = name.clone().unwrap_or_else(|| model.at(ServerId(0)).account.me.name.trim_start_matches('~').to_owned());
    model.servers.push(Server::new(host, own, rooms).leading_to(address.message));
    effects.push(Effect::Connect { server: ServerId(id), address: Box::new(address), name });
    effects.dirty = true;
    Ok(())
}

/// Tries a server again at once, or goes back to it.
pub(super) fn reconnect(model: &mut Model, id: ServerId, effects: &mut Effects) -> Result<(), String> {
    let server = model.at_mut(id);
    if server.is_online() {
        return Err(format!("{} is connected", server.name()));
    }
    server.ended = None;
    server.link.state = LinkState::Connecting;
    effects.push(Effect::Reconnect(id));
    Ok(())
}

/// Leaves a server.
pub(super) fn disconnect(model: &mut Model, words: &str, effects: &mut Effects) -> Result<(), String> {
    let id = meant(model, words)?;
    let others = model.numbered().any(|(other, server)| other != id && server.ended.is_none());
    if !others {
        return Err("this is the only server there is; /quit leaves".to_owned());
    }
    draft::flush(model, effects);
    effects.push(Effect::Disconnect(id));
    Ok(())
}

/// The server a person means: the one being looked at if he says nothing, else one whose name or host begins so.
pub(super) fn meant(model: &Model, words: &str) -> Result<ServerId, String> {
    if words.is_empty() {
        return Ok(model.server());
    }
    let fits = |server: &Server| server.host.starts_with(words) || server.name().starts_with(words);
    let mut found = model.numbered().filter(|(_, server)| fits(server)).map(|(id, _)| id);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(format!("no server here is called {words}; /servers shows them")),
        (Some(_), Some(_)) => Err(format!("several servers begin with {words}; /servers shows them")),
    }
}

/// The servers and how they stand.
pub(super) fn list(model: &Model) -> Overlay {
    let lines = model.numbered().map(|(_, server)| {
        let state = match &server.link.state {
            LinkState::Connecting => "connecting".to_owned(),
            LinkState::Online => "online".to_owned(),
            LinkState::Waiting { reason, .. } => format!("offline: {reason}"),
        };
        let rooms = server.account.rooms.values().filter(|room| room.member).count();
        format!("{:<28} as {}, {rooms} rooms, {state}", server.host, server.account.me.name)
    });
    Overlay { title: "servers".to_owned(), lines: lines.collect(), ..Overlay::default() }
}

/// Puts a question about a server's key in front, unless something else is there.
pub(super) fn ask(model: &mut Model, effects: &mut Effects) {
    if model.picker.is_some() {
        return;
    }
    let waiting = model.numbered().find_map(|(id, server)| Some((id, server.unknown.clone()?)));
    let Some((id, Question { server, address, fingerprint })) = waiting else { return };
    let item = |name: &str, yes| Item { name: name.to_owned(), detail: String::new(), goal: Goal::Trust(id, yes) };
    let items = vec![
        Item { detail: fingerprint, ..item("no, don't connect", false) },
        item("yes, trust this key from now on", true),
    ];
    let title = format!("{server} ({address}) is not known here; is this its key?");
    model.picker = Some(Picker::new(title, items, None).or_else(Goal::Trust(id, false)));
    effects.dirty = true;
}

/// The person said whether a server's key is trusted.
pub(super) fn answer(model: &mut Model, id: ServerId, yes: bool, effects: &mut Effects) {
    model.at_mut(id).unknown = None;
    effects.push(Effect::Trust(id, yes));
}
