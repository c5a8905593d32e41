//! Secrets, asked for on the terminal or read from a file: never an argument, which other users of the machine could read.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;

use chat_tui::bot::{Exit, Failure};

/// The secret in a file, its final line feed dropped; without a file, the person at the terminal is asked.
///
/// # Errors
/// The file can't be read or is too long, or there is neither a file nor a terminal; `flag` is what names a file.
pub(super) fn read(what: &str, flag: &str, file: Option<&Path>) -> Result<String, Failure> {
    if let Some(path) = file {
        return from_file(path).map_err(|e| Failure::new(Exit::Usage, format!("{}: {e}", path.display())));
    }
    if !io::stdin().is_terminal() {
        let message = format!("there is no terminal to ask for {what} on; name a file that holds it with {flag} FILE");
        return Err(Failure::new(Exit::Usage, message));
    }
    let failed = |e: io::Error| Failure::new(Exit::Usage, format!("{what}: {e}"));
    let _unseen = unseen::Unseen::begin().map_err(failed)?;
    ask(what, &mut io::stdin().lock(), &mut io::stderr()).map_err(failed)
}

fn from_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(path)?.take(SECRET_BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > SECRET_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no secret is that long"));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn ask(what: &str, input: &mut impl BufRead, output: &mut impl Write) -> io::Result<String> {
    write!(output, "{what}: ")?;
    output.flush()?;
    let mut typed = Vec::new();
    for byte in input.take(SECRET_BYTES_MAX).bytes() {
        match byte? {
            b'\r' | b'\n' => break,
            INTERRUPT => return Err(io::Error::new(io::ErrorKind::Interrupted, "nothing was typed")),
            KILL => typed.clear(),
            BACKSPACE | DELETE => erase(&mut typed),
            byte => typed.push(byte),
        }
    }
    // What was typed is not to be seen, and neither was the end of the line.
    writeln!(output)?;
    String::from_utf8(typed).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8"))
}

/// Takes the last character away.
fn erase(typed: &mut Vec<u8>) {
    while typed.pop().is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000) {}
}

#[cfg(unix)]
mod unseen {
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// While it lives the terminal shows nothing of what is typed, and gives the keys one by one: a key that would end the program
    /// would leave it like that.
    pub(super) struct Unseen(Termios);

    impl Unseen {
        pub(super) fn begin() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut modes = before.clone();
            modes.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            tcsetattr(io::stdin(), OptionalActions::Flush, &modes)?;
            Ok(Self(before))
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            // Nothing can be done about a terminal that takes no settings any more.
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }
}

#[cfg(not(unix))]
mod unseen {
    /// Nothing is asked for where what is typed would be seen.
    pub(super) struct Unseen;

    impl Unseen {
        pub(super) fn begin() -> std::io::Result<Self> {
            Err(std::io::Error::new(
                std::io::ErrorKind::Unsupported,
                "it would be shown here; name a file that holds it",
            ))
        }
    }
}

/// What Ctrl-C types.
const INTERRUPT: u8 = 0x03;

/// What Ctrl-U types, which takes the line away.
const KILL: u8 = 0x15;

/// What the key that takes a character away types, on some terminals.
const BACKSPACE: u8 = 0x08;

/// What it types on most.
const DELETE: u8 = 0x7f;

/// The longest secret, bytes.
const SECRET_BYTES_MAX: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_typed_or_all_of_a_file_but_its_last_line_feed() {
        let mut told = Vec::new();
        assert_eq!(ask("the code", &mut "01ZA \nmore\n".as_bytes(), &mut told).unwrap(), "01ZA ");
        assert_eq!(told, b"the code: \n");
        assert_eq!(ask("it", &mut "ab\u{15}xé\u{7f}y\r".as_bytes(), &mut told).unwrap(), "xy");
        assert!(ask("it", &mut "ab\u{3}".as_bytes(), &mut told).is_err());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("code");
        std::fs::write(&path, "01ZA\r\n").unwrap();
        assert_eq!(read("the code", "--code-file", Some(&path)).unwrap(), "01ZA");
        std::fs::write(&path, "x".repeat(20_000)).unwrap();
        assert_eq!(read("the code", "--code-file", Some(&path)).unwrap_err().exit, Exit::Usage);
        assert!(read("the code", "--code-file", Some(&dir.path().join("none"))).unwrap_err().message.contains("none"));
    }
}
