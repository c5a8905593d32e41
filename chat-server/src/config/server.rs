//! What the server says of itself to whoever logs in.

use std::path::PathBuf;

use chat_proto::delivery::Greeting;
use chat_proto::limits::{MOTD_BYTES_MAX, SERVER_NAME_BYTES_MAX};
use chat_proto::{Line, Text};

/// What is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// `server.name`: a line, at most [`SERVER_NAME_BYTES_MAX`] bytes; empty for none.
    pub name: String,
    /// `server.motd`: lines, at most [`MOTD_BYTES_MAX`] bytes; empty for none.
    pub motd: String,
    /// `server.motd_file`: where the message of the day is read from at the start. Never with `motd`.
    pub motd_file: Option<PathBuf>,
}

impl Server {
    /// What is told, the file aside.
    #[must_use]
    pub fn greeting(&self) -> Greeting {
        Greeting { name: self.name.clone(), motd: self.motd.clone() }
    }

    /// What is told, the message of the day read from its file where there is one.
    ///
    /// # Errors
    /// The file can't be read, or is no message of the day.
    pub fn read(&self) -> Result<Greeting, String> {
        let Some(path) = &self.motd_file else { return Ok(self.greeting()) };
        let wrong = |what: String| format!("server.motd_file {}: {what}", path.display());
        let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        Ok(Greeting { motd: motd(&text).map_err(wrong)?, ..self.greeting() })
    }
}

/// A server's name as it was written.
pub(super) fn name(text: &str) -> Result<String, String> {
    let name = Line::parse(text).map_err(|e| e.to_string())?.into_string();
    if name.len() > SERVER_NAME_BYTES_MAX {
        return Err(format!("{} bytes long; at most {SERVER_NAME_BYTES_MAX} are allowed", name.len()));
    }
    Ok(name)
}

/// A message of the day as it was written: without the line feeds at its end, and without the carriage returns of other systems.
pub(super) fn motd(text: &str) -> Result<String, String> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim_end();
    if text.is_empty() {
        return Ok(String::new());
    }
    if text.len() > MOTD_BYTES_MAX {
        return Err(format!("{} bytes long; at most {MOTD_BYTES_MAX} are allowed", text.len()));
    }
    Text::parse(text).map(Text::into_string).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_day_is_plain_lines_within_its_bound() {
        assert_eq!(motd("Be kind.\r\n\tSunday\n\n"), Ok("Be kind.\n\tSunday".to_owned()));
        assert_eq!(motd(" \n"), Ok(String::new()));
        assert!(motd("\u{1b}[2J").unwrap_err().contains("U+001B"));
        assert!(motd(&"x".repeat(MOTD_BYTES_MAX + 1)).unwrap_err().contains("at most 4096"));
        assert!(name("a\nb").is_err() && name(&"x".repeat(65)).is_err());
        assert_eq!(name(&"x".repeat(64)).map(|name| name.len()), Ok(64));
    }

    #[test]
    fn the_file_is_read_and_what_is_wrong_with_it_is_said_with_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("motd");
        let server = Server { name: "here".to_owned(), motd_file: Some(path.clone()), ..Server::default() };
        assert!(server.read().unwrap_err().contains("motd: No such file"));
        std::fs::write(&path, "hello\n").unwrap();
        assert_eq!(server.read(), Ok(Greeting { name: "here".to_owned(), motd: "hello".to_owned() }));
        std::fs::write(&path, "a\u{7}").unwrap();
        assert!(server.read().unwrap_err().contains("U+0007"));
    }
}
