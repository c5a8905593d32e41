//! Dividing the screen: windows, tabs, and layouts that are kept.

use super::{notice, order, room};
use crate::client::view::RoomView;
use crate::tui::core::command::{Division, LayoutDeed, TabDeed};
use crate::tui::core::effect::{Change, Effect, Effects};
use crate::tui::core::keymap::WindowDeed;
use crate::tui::core::layouts;
use crate::tui::core::model::{Model, Overlay};
use crate::tui::core::rooms::{hotlist, room_lines};
use crate::tui::core::server::{RoomKey, ServerId};
use crate::tui::core::windows::{Split, Window};

/// How much a window grows at once, in hundredths of what it shares.
const STEP: i16 = 5;

/// Divides the screen otherwise.
pub(super) fn divide(model: &mut Model, division: Division, effects: &mut Effects) -> Result<(), String> {
    match division {
        Division::Move(way) => order::try_to(model, way, effects),
        Division::Window(deed) => try_to(model, deed, effects),
        Division::Tab(deed) => tab(model, deed, effects),
        Division::Layout(deed) => layout(model, deed, effects),
    }
}

/// Does something with the window in front.
pub(super) fn act(model: &mut Model, deed: WindowDeed, effects: &mut Effects) {
    if let Err(why) = try_to(model, deed, effects) {
        notice(model, effects, true, why);
    }
}

fn try_to(model: &mut Model, deed: WindowDeed, effects: &mut Effects) -> Result<(), String> {
    match deed {
        WindowDeed::Split(split) => self::split(model, split, effects)?,
        WindowDeed::Close => room::turn(model, effects, |windows| windows.close())?,
        WindowDeed::Go(side) => room::turn(model, effects, |windows| windows.focus_side(side)),
        WindowDeed::Next => room::turn(model, effects, |windows| windows.focus_next()),
        WindowDeed::Zoom => room::turn(model, effects, |windows| windows.zoom()),
        WindowDeed::Grow => room::turn(model, effects, |windows| windows.grow(STEP)),
        WindowDeed::Shrink => room::turn(model, effects, |windows| windows.grow(-STEP)),
        WindowDeed::Balance => room::turn(model, effects, |windows| windows.balance()),
        WindowDeed::NewTab => {
            let room = unseen(model).or(model.current());
            room::turn(model, effects, |windows| windows.open_tab(room))?;
        }
        WindowDeed::Tab { back } => room::turn(model, effects, |windows| windows.step_tab(back)),
    }
    Ok(())
}

fn split(model: &mut Model, split: Split, effects: &mut Effects) -> Result<(), String> {
    let room = unseen(model).ok_or("there is no other room to show; /join #room goes to one")?;
    room::turn(model, effects, |windows| windows.split(split, room))
}

/// The room a new window shows: the one before, one with something new, or any that isn't seen.
fn unseen(model: &Model) -> Option<RoomKey> {
    let seen = model.windows().rooms_of(model.windows().tabs().1);
    let last = model.last.filter(|key| model.is_member(*key));
    let hot = hotlist(model).into_iter().map(|line| line.key);
    let all = room_lines(model).into_iter().map(|line| line.key);
    last.into_iter().chain(hot).chain(all).find(|key| !seen.contains(key))
}

/// Does something with the tabs.
fn tab(model: &mut Model, deed: TabDeed, effects: &mut Effects) -> Result<(), String> {
    match deed {
        TabDeed::New => try_to(model, WindowDeed::NewTab, effects),
        TabDeed::Close => {
            let (tabs, seen) = model.windows().tabs();
            if tabs == 1 {
                return Err("this is the only tab".to_owned());
            }
            room::turn(model, effects, |windows| windows.close_tab(seen));
            Ok(())
        }
        TabDeed::Step { back } => try_to(model, WindowDeed::Tab { back }, effects),
        TabDeed::Number(number) => {
            let there = room::turn(model, effects, |windows| windows.see_tab(number.wrapping_sub(1)));
            if there { Ok(()) } else { Err(format!("there is no tab {number}")) }
        }
    }
}

/// Keeps the layout, goes to one that is kept, or shows them.
fn layout(model: &mut Model, deed: LayoutDeed, effects: &mut Effects) -> Result<(), String> {
    match deed {
        LayoutDeed::List => {
            let kept = model.prefs.layouts.iter().map(|(name, text)| format!("{name:<20} {text}"));
            let mut lines = vec![format!("{:<20} {}", "(now)", written(model))];
            lines.extend(kept);
            model.overlay = Some(Overlay { title: "layouts".to_owned(), lines, ..Overlay::default() });
        }
        LayoutDeed::Save(name) => effects.push(Effect::Configure(Change::Layout { name, text: Some(written(model)) })),
        LayoutDeed::Delete(name) => effects.push(Effect::Configure(Change::Layout { name, text: None })),
        LayoutDeed::Load(name) => {
            let text = model.prefs.layouts.get(&name).cloned();
            load(model, &text.ok_or_else(|| format!("no layout is called {name}; /layout shows them"))?, effects)?;
        }
    }
    Ok(())
}

/// Divides the screen as a layout says. Its rooms come when they are known.
pub(super) fn load(model: &mut Model, text: &str, effects: &mut Effects) -> Result<(), String> {
    let mut layout = layouts::read(text)?;
    layout.resolve(|name| named(model, name));
    room::turn(model, effects, |windows| *windows = layout);
    Ok(())
}

/// Divides the screen as the person wants it from the start, once.
pub(super) fn begin(model: &mut Model, effects: &mut Effects) {
    let wanted = std::mem::replace(&mut model.laid_out, true);
    let name = model.prefs.layout_name.clone();
    if !wanted
        && !name.is_empty()
        && let Err(why) = layout(model, LayoutDeed::Load(name), effects)
    {
        notice(model, effects, true, why);
    }
}

/// Shows rooms that a layout waits for, as far as they are known by now.
pub(super) fn resolve(model: &mut Model, effects: &mut Effects) {
    if !model.windows.awaits() {
        return;
    }
    let mut windows = model.windows.clone();
    if windows.resolve(|name| named(model, name)) {
        room::turn(model, effects, |now| *now = windows);
    }
}

/// The present layout in words.
fn written(model: &Model) -> String {
    layouts::write(model.windows(), |window| match window {
        Window::Nothing => "-".to_owned(),
        Window::Awaited(name) => name.clone(),
        Window::Room(key) => {
            let label = model.view(*key).map_or_else(|| "-".to_owned(), RoomView::label);
            if key.server == ServerId::default() { label } else { format!("{label}@{}", model.at(key.server).host) }
        }
    })
}

/// The room that a layout's name means.
fn named(model: &Model, name: &str) -> Option<RoomKey> {
    let lines = room_lines(model);
    let of = |server: ServerId, label: &str| {
        lines.iter().find(|line| line.key.server == server && line.label == label).map(|line| line.key)
    };
    let elsewhere = name.get(1..)?.rsplit_once('@').and_then(|(room, host)| {
        let (server, _) = model.numbered().find(|(_, server)| server.host == host)?;
        of(server, &format!("{}{room}", &name[..1]))
    });
    elsewhere.or_else(|| of(ServerId::default(), name))
}
