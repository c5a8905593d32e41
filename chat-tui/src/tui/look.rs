//! How the screen looks, as far as the person sets it: the one place that a configuration fills.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::term::caps::{Caps, Colors, Ground, Symbols};
use super::term::ring::Ring;
use super::view::{DEFAULT, Theme, Wanted};

/// Bytes of a theme's file.
pub const THEME_BYTES_MAX: u64 = 64 * 1024;

/// What the person set of how the screen looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks {
    /// The theme's name.
    pub theme: String,
    /// Themes of the person's own, as TOML, by name.
    pub themes: BTreeMap<String, String>,
    /// Whether a theme made for a light ground gives way to its dark pair on a dark one, and the other way round.
    pub follow_ground: bool,
    /// How many colours to use, whatever the terminal seems to have.
    pub colors: Option<Colors>,
    /// Which signs to draw with, whatever the terminal seems to show.
    pub symbols: Option<Symbols>,
    /// How the person is told of a message he isn't looking at; none goes by the terminal.
    pub ring: Option<Ring>,
    /// The program that tells him instead, with its arguments.
    pub notify_command: Vec<String>,
    /// Whether the mouse points here from the start, rather than selecting text in the terminal.
    pub mouse: bool,
    /// Lines one after the other instead of a screen, for who has it read out.
    pub linear: bool,
    /// Whether lines part one thing from another.
    pub borders: bool,
    /// Whether links can be clicked on in terminals that know them.
    pub links: bool,
}

impl Default for Looks {
    fn default() -> Self {
        Self {
            theme: DEFAULT.to_owned(),
            themes: BTreeMap::new(),
            follow_ground: true,
            colors: None,
            symbols: None,
            ring: None,
            notify_command: Vec::new(),
            mouse: true,
            linear: false,
            borders: true,
            links: true,
        }
    }
}

impl Looks {
    /// Chooses a theme: by its name, or by the path of a file, which has a `/` or ends in `.toml`.
    ///
    /// # Errors
    /// The file cannot be read or has more than [`THEME_BYTES_MAX`].
    pub fn choose_theme(&mut self, name: &str) -> io::Result<()> {
        if !name.contains('/') && !name.ends_with(".toml") {
            name.clone_into(&mut self.theme);
            return Ok(());
        }
        let mut text = String::new();
        File::open(Path::new(name))?.take(THEME_BYTES_MAX + 1).read_to_string(&mut text)?;
        if text.len() as u64 > THEME_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("a theme has at most {THEME_BYTES_MAX} bytes"),
            ));
        }
        name.clone_into(&mut self.theme);
        self.themes.insert(name.to_owned(), text);
        Ok(())
    }

    /// What a terminal can do, as the person says it.
    #[must_use]
    pub fn caps(&self, found: Caps) -> Caps {
        Caps { colors: self.colors.unwrap_or(found.colors), symbols: self.symbols.unwrap_or(found.symbols), ..found }
    }

    /// How the person is told of a message he isn't looking at.
    #[must_use]
    pub fn ring(&self) -> Ring {
        self.ring.unwrap_or_else(|| Ring::detect(|name| std::env::var(name).ok()))
    }

    /// What is wrong with the theme, wherever it is drawn, for people.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let (colors, symbols) = (Colors::Ansi16, Symbols::Unicode);
        Theme::load(&Wanted { name: &self.theme, own: &self.themes, colors, symbols, ground: None }).1
    }

    /// The theme to draw with, and what is wrong in it, for people.
    #[must_use]
    pub fn theme(&self, caps: Caps, ground: Option<Ground>) -> (Theme, Vec<String>) {
        let ground = ground.filter(|_| self.follow_ground);
        let Caps { colors, symbols, .. } = caps;
        let (theme, wrong) = Theme::load(&Wanted { name: &self.theme, own: &self.themes, colors, symbols, ground });
        (theme.with_borders(self.borders), wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_a_name_or_a_file_of_bounded_size() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.toml");
        let name = file.to_str().unwrap();
        let mut looks = Looks::default();
        looks.choose_theme("nord").unwrap();
        assert_eq!((looks.theme.as_str(), looks.themes.len()), ("nord", 0));
        assert!(looks.choose_theme(name).is_err(), "it is not there");
        std::fs::write(&file, "inherits = \"nord\"").unwrap();
        looks.choose_theme(name).unwrap();
        let caps = Caps::from_environment(|name| (name == "TERM").then(|| "xterm-256color".into())).unwrap();
        let (theme, wrong) = looks.theme(caps, None);
        assert_eq!(wrong, Vec::<String>::new());
        looks.theme = "nord".to_owned();
        assert_eq!(theme.styles(), looks.theme(caps, None).0.styles());
        std::fs::write(&file, vec![b'#'; 70_000]).unwrap();
        assert!(looks.choose_theme(name).is_err(), "it is too long");
    }

    #[test]
    fn what_the_person_says_of_the_terminal_counts() {
        let caps = Caps::from_environment(|name| (name == "TERM").then(|| "xterm-256color".into())).unwrap();
        let looks = Looks { colors: Some(Colors::None), symbols: Some(Symbols::Ascii), ..Looks::default() };
        let said = looks.caps(caps);
        assert_eq!((said.colors, said.symbols, said.keys), (Colors::None, Symbols::Ascii, caps.keys));
        let light = Looks { follow_ground: false, ..Looks::default() };
        let styles = |looks: &Looks| looks.theme(caps, Some(Ground::Light)).0.styles();
        assert_ne!(styles(&light), styles(&Looks::default()));
    }
}
