//! Files: sending them, fetching them, and what is told of those on their way.

use std::sync::Arc;

use chat_proto::Seq;

use super::notice;
use crate::client::Progress;
use crate::tui::core::command::FileDeed;
use crate::tui::core::effect::{Effects, Errand};
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::picker::{Goal, Item, Picker};
use crate::tui::core::picture::{PICTURE_BYTES_MAX, Picture};
use crate::tui::core::room_state::Intent;
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::transfers::{Moving, TRANSFERS_MAX};

/// Does what a command says.
pub(super) fn run(model: &mut Model, deed: FileDeed, effects: &mut Effects) -> Result<(), String> {
    match deed {
        FileDeed::Upload { path, caption } => upload(model, path, caption, effects),
        FileDeed::Download { target, directory } => {
            let (key, seq) = super::message::target(model, target, super::message::Meant::Newest)?;
            download(model, key, seq, directory, effects)
        }
        FileDeed::List => list(model),
    }
}

fn upload(model: &mut Model, path: String, caption: String, effects: &mut Effects) -> Result<(), String> {
    let RoomKey { server, room } = model.current().ok_or("no room is open")?;
    let reply_to = match model.room().map(|room| room.intent) {
        Some(Intent::Reply(seq)) => Some(seq),
        Some(Intent::Edit(_)) => {
            return Err("a message that is being changed gets no file; Esc ends changing it".to_owned());
        }
        Some(Intent::Say) | None => None,
    };
    let number = begin(model, server, true)?;
    effects.send(server, Errand::Upload { number, room, path, caption, reply_to });
    if let Some(state) = model.room_mut() {
        state.intent = Intent::Say;
    }
    Ok(())
}

/// Fetches the file of a message.
pub(super) fn download(
    model: &mut Model,
    key: RoomKey,
    seq: Seq,
    directory: Option<String>,
    effects: &mut Effects,
) -> Result<(), String> {
    let message = model.state(key).and_then(|room| room.timeline.event(seq)?.body.message());
    if message.is_some_and(|message| message.file().is_none()) {
        return Err("this message carries no file".to_owned());
    }
    let directory = directory.or_else(|| model.prefs.downloads.clone());
    let number = begin(model, key.server, false)?;
    effects.send(key.server, Errand::Download { number, room: key.room, seq, directory });
    Ok(())
}

/// Looks at the file of a message as a picture.
pub(super) fn view(model: &mut Model, key: RoomKey, seq: Seq, effects: &mut Effects) -> Result<(), String> {
    let message = model.state(key).and_then(|room| room.timeline.event(seq)?.body.message());
    let file = message.and_then(|message| message.file()).ok_or("this message carries no file")?;
    if file.size > PICTURE_BYTES_MAX {
        let most = crate::files::size(PICTURE_BYTES_MAX);
        return Err(format!("{} is larger than the {most} that are looked at here; s saves it", file.name));
    }
    let number = begin(model, key.server, false)?;
    effects.send(key.server, Errand::View { number, room: key.room, seq });
    Ok(())
}

/// A picture is there, or will not be.
pub(super) fn picture(
    model: &mut Model,
    number: u64,
    outcome: Result<(String, Picture), String>,
    effects: &mut Effects,
) {
    let stopped = !model.transfers.iter().any(|moving| moving.number == number);
    model.transfers.retain(|moving| moving.number != number);
    match outcome {
        Ok(_) if stopped => {}
        Ok((title, picture)) => {
            model.overlay = Some(Overlay { title, picture: Some(Arc::new(picture)), ..Overlay::default() });
            effects.dirty = true;
        }
        Err(why) => notice(model, effects, true, why),
    }
}

fn begin(model: &mut Model, server: ServerId, up: bool) -> Result<u64, String> {
    if model.transfers.len() >= TRANSFERS_MAX {
        return Err(format!("{TRANSFERS_MAX} files are on their way; /transfers shows them"));
    }
    model.transfers_begun += 1;
    let number = model.transfers_begun;
    model.transfers.push(Moving { number, server, up, progress: Progress::default() });
    Ok(number)
}

/// A file is further on its way.
pub(super) fn moving(model: &mut Model, number: u64, progress: Progress, effects: &mut Effects) {
    if let Some(moving) = model.transfers.iter_mut().find(|moving| moving.number == number) {
        moving.progress = progress;
        effects.dirty = true;
    }
}

/// A file is there, or will not be.
pub(super) fn moved(model: &mut Model, number: u64, outcome: Result<String, String>, effects: &mut Effects) {
    model.transfers.retain(|moving| moving.number != number);
    match outcome {
        Ok(words) => notice(model, effects, false, words),
        Err(why) => notice(model, effects, true, why),
    }
}

/// A file is on its way no more.
pub(super) fn stop(model: &mut Model, number: u64, effects: &mut Effects) {
    let Some(at) = model.transfers.iter().position(|moving| moving.number == number) else { return };
    let moving = model.transfers.remove(at);
    effects.send(moving.server, Errand::Stop(number));
    notice(model, effects, false, format!("stopped {}", moving.words()));
}

/// Shows what is on its way, to stop it.
fn list(model: &mut Model) -> Result<(), String> {
    let item = |moving: &Moving| {
        let percent = moving.percent().map_or_else(String::new, |percent| format!("{percent} %  "));
        let size = crate::files::size(moving.progress.total);
        Item { name: moving.words(), detail: format!("{percent}{size}"), goal: Goal::StopFile(moving.number) }
    };
    let items: Vec<Item> = model.transfers.iter().map(item).collect();
    if items.is_empty() {
        return Err("no file is on its way".to_owned());
    }
    model.picker = Some(Picker::new("files on their way; Enter stops one", items, None));
    Ok(())
}
