//! Links opened by a program of the person's: never by a shell, and with nothing of the terminal.

use std::io;
use std::process::{Command, Stdio};
use std::thread;

use super::App;
use crate::tui::core::Msg;

/// The system's own way to open something.
const SYSTEM: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Where the link stands among the words of `$BROWSER`, if not behind them.
const PLACE: &str = "%s";

impl App {
    /// Lets a program open a link.
    pub(super) fn open(&mut self, link: &str) {
        let variable = std::env::var("BROWSER").ok();
        let words = words(&self.live.config().browser, variable.as_deref(), link);
        let name = words.first().cloned().unwrap_or_default();
        let told = match start(&words) {
            Ok(()) => Msg::Notice(format!("{name} opens {link}"), false),
            Err(error) => Msg::Notice(format!("{name}: {error}; /set browser PROGRAM names another one"), true),
        };
        self.tell(told);
    }
}

/// The program and what it is told: as the setting says, else the first of `$BROWSER`, else the system's own.
fn words(set: &[String], variable: Option<&str>, link: &str) -> Vec<String> {
    let named = variable.and_then(|value| value.split(':').find(|command| !command.trim().is_empty()));
    let mut words: Vec<String> = match (set, named) {
        ([], None) => vec![SYSTEM.to_owned()],
        ([], Some(named)) => named.split_whitespace().map(str::to_owned).collect(),
        (set, _) => set.to_vec(),
    };
    let has_place = words.iter().any(|word| word.contains(PLACE));
    words.iter_mut().skip(1).for_each(|word| *word = word.replace(PLACE, link));
    if !has_place {
        words.push(link.to_owned());
    }
    words
}

/// Starts a program, and sees to it that nothing is left of it when it has ended.
fn start(words: &[String]) -> io::Result<()> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // What the terminal sends to those in front is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn()?;
    thread::Builder::new().name("opener".to_owned()).spawn(move || _ = child.wait())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_one_word_for_the_program_that_is_set_named_or_the_systems() {
        let all = |set: &[&str], variable| {
            let set: Vec<String> = set.iter().map(|word| (*word).to_owned()).collect();
            words(&set, variable, "https://a.example/;x y")
        };
        let link = "https://a.example/;x y";
        assert_eq!(all(&[], None), [SYSTEM, link]);
        assert_eq!(all(&[], Some("")), [SYSTEM, link]);
        assert_eq!(all(&[], Some("firefox -new-tab %s:lynx")), ["firefox", "-new-tab", link]);
        assert_eq!(all(&["my browser", "--app=%s"], Some("lynx")), ["my browser".to_owned(), format!("--app={link}")]);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        assert!(start(&["/nowhere/browser".to_owned()]).is_err());
        assert!(start(&[]).is_err());
    }
}
