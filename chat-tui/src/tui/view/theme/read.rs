//! Themes as they are written: TOML with the colours of a palette, the roles that use them, and a theme it builds on.
//!
//! What is wrong in one is told and left out; a theme never keeps a screen from being drawn.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::tui::term::caps::Ground;

/// The themes that come with the program, by name.
pub const BUILT_IN: [(&str, &str); 13] = [
    ("ansi", include_str!("built_in/ansi.toml")),
    ("mono", include_str!("built_in/mono.toml")),
    ("light", include_str!("built_in/light.toml")),
    ("dark", include_str!("built_in/dark.toml")),
    ("catppuccin-latte", include_str!("built_in/catppuccin-latte.toml")),
    ("catppuccin-mocha", include_str!("built_in/catppuccin-mocha.toml")),
    ("gruvbox-light", include_str!("built_in/gruvbox-light.toml")),
    ("gruvbox-dark", include_str!("built_in/gruvbox-dark.toml")),
    ("nord", include_str!("built_in/nord.toml")),
    ("dracula", include_str!("built_in/dracula.toml")),
    ("solarized-light", include_str!("built_in/solarized-light.toml")),
    ("solarized-dark", include_str!("built_in/solarized-dark.toml")),
    ("high-contrast", include_str!("built_in/high-contrast.toml")),
];

/// The theme of who chose none, and what every other one ends in.
pub const DEFAULT: &str = "ansi";

/// Themes that build on one another; those beyond are left out.
const DEPTH_MAX: usize = 8;

/// One theme's text.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Source {
    inherits: Option<String>,
    ground: Option<String>,
    pair: Option<String>,
    palette: BTreeMap<String, String>,
    nicks: Option<Vec<String>>,
    roles: BTreeMap<String, String>,
}

/// A theme with everything it builds on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    /// The roles, by name.
    pub(super) roles: BTreeMap<String, Style>,
    /// Colours of names.
    pub(super) nicks: Vec<Color>,
    /// The ground it is made for; any without.
    pub(super) ground: Option<Ground>,
    /// The same for the other ground.
    pub(super) pair: Option<String>,
    /// The colour of the ground it is made for.
    #[cfg(test)]
    pub(super) ground_colour: Option<(u8, u8, u8)>,
}

/// Reads a theme by its name: one of a person's own, or one that comes with the program. What is wrong goes to `wrong`.
pub(super) fn read(name: &str, own: &BTreeMap<String, String>, wrong: &mut Vec<String>) -> Written {
    let mut layers: Vec<Source> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    let mut next = Some(name.to_owned());
    while let Some(name) = next.take().filter(|_| seen.len() < DEPTH_MAX) {
        // A person's own theme may bear the name of the one it builds on.
        let own_text = own.get(&name).filter(|_| !seen.contains(&name)).map(String::as_str);
        let parsed = match own_text.or_else(|| built_in(&name)) {
            Some(text) => {
                toml::from_str::<Source>(text).map_err(|error| format!("the theme {name}: {}", error.message()))
            }
            None if seen.contains(&name) => Err(format!("the theme {name} builds on itself")),
            None => Err(format!("there is no theme {name}; there are {}", names(own).join(", "))),
        };
        let base = || Some(DEFAULT.to_owned()).filter(|_| own_text.is_some() || name != DEFAULT);
        match parsed {
            Ok(source) => {
                next = source.inherits.clone().or_else(base);
                layers.push(source);
            }
            Err(why) => {
                wrong.push(why);
                next = base();
            }
        }
        seen.push(name);
    }
    layers.reverse();
    merge(&layers, wrong)
}

/// The names of all themes there are.
pub(super) fn names(own: &BTreeMap<String, String>) -> Vec<&str> {
    let own = own.keys().map(String::as_str).filter(|name| built_in(name).is_none());
    BUILT_IN.iter().map(|(name, _)| *name).chain(own).collect()
}

fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The layers of a theme, the deepest first: what is above counts.
fn merge(layers: &[Source], wrong: &mut Vec<String>) -> Written {
    let mut palette: BTreeMap<&str, &str> = BTreeMap::new();
    let mut roles: BTreeMap<&str, &str> = BTreeMap::new();
    for layer in layers {
        palette.extend(layer.palette.iter().map(|(name, colour)| (name.as_str(), colour.as_str())));
        roles.extend(layer.roles.iter().map(|(name, style)| (name.as_str(), style.as_str())));
    }
    let mut written = Written::default();
    for (name, text) in roles {
        match style(text, &palette) {
            Ok(style) => {
                written.roles.insert(name.replace('-', "_"), style);
            }
            Err(why) => wrong.push(format!("the theme's {name}: {why}")),
        }
    }
    for nick in layers.iter().rev().find_map(|layer| layer.nicks.as_ref()).into_iter().flatten() {
        match colour(nick, &palette) {
            Ok(colour) => written.nicks.extend(colour),
            Err(why) => wrong.push(format!("the theme's nicks: {why}")),
        }
    }
    let top = |of: fn(&Source) -> Option<&str>| layers.iter().rev().find_map(of);
    // A pair goes with the ground it was written for.
    let above = layers.iter().rev().find(|layer| layer.ground.is_some());
    written.pair = above.and_then(|layer| layer.pair.clone());
    match top(|layer| layer.ground.as_deref()) {
        Some("dark") => written.ground = Some(Ground::Dark),
        Some("light") => written.ground = Some(Ground::Light),
        Some("any") | None => {}
        Some(text) => match hexadecimal(text) {
            Some(rgb) => {
                written.ground = Some(Ground::of(rgb.0, rgb.1, rgb.2));
                #[cfg(test)]
                written.ground_colour.replace(rgb);
            }
            None => wrong.push(format!("the theme's ground: {text} is none of dark, light, any and #rrggbb")),
        },
    }
    written
}

/// Reads a style such as `bold red on #202020`.
fn style(text: &str, palette: &BTreeMap<&str, &str>) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        if let Some((_, modifier)) = ATTRIBUTES.iter().find(|(name, _)| *name == word) {
            style = style.add_modifier(*modifier);
        } else if word == "on" {
            let ground = words.next().ok_or("a colour is missing behind on")?;
            style.bg = colour(ground, palette)?;
        } else {
            style.fg = colour(word, palette)?;
        }
    }
    Ok(style)
}

/// Reads a colour: of the palette, by name, index or value; none is the terminal's own.
fn colour(text: &str, palette: &BTreeMap<&str, &str>) -> Result<Option<Color>, String> {
    let text = palette.get(text).copied().unwrap_or(text);
    if text == "terminal" {
        return Ok(None);
    }
    let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, colour)| *colour);
    let indexed = || text.parse().ok().map(Color::Indexed);
    let exact = || hexadecimal(text).map(|(r, g, b)| Color::Rgb(r, g, b));
    let found = named.or_else(indexed).or_else(exact);
    found
        .map(Some)
        .ok_or_else(|| format!("{text} is no colour; write a name such as bright-red, 0 to 255, #rrggbb or terminal"))
}

fn hexadecimal(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some((part(0)?, part(2)?, part(4)?))
}

const ATTRIBUTES: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
    ("strike", Modifier::CROSSED_OUT),
];

const NAMES: [(&str, Color); 16] = [
    ("black", Color::Black),
    ("red", Color::Red),
    ("green", Color::Green),
    ("yellow", Color::Yellow),
    ("blue", Color::Blue),
    ("magenta", Color::Magenta),
    ("cyan", Color::Cyan),
    ("white", Color::Gray),
    ("bright-black", Color::DarkGray),
    ("bright-red", Color::LightRed),
    ("bright-green", Color::LightGreen),
    ("bright-yellow", Color::LightYellow),
    ("bright-blue", Color::LightBlue),
    ("bright-magenta", Color::LightMagenta),
    ("bright-cyan", Color::LightCyan),
    ("bright-white", Color::White),
];
