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
    ask(what, &mut io::stdin().lock(), &mut io::stderr()).map_err(|e| Failure::new(Exit::Usage, format!("{what}: {e}")))
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
    let mut line = String::new();
    input.take(SECRET_BYTES_MAX).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The longest secret, bytes.
const SECRET_BYTES_MAX: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line_typed_or_all_of_a_file_but_its_last_line_feed() {
        let mut told = Vec::new();
        assert_eq!(ask("the code", &mut "01ZA \nmore\n".as_bytes(), &mut told).unwrap(), "01ZA ");
        assert_eq!(told, b"the code: ");
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("code");
        std::fs::write(&path, "01ZA\r\n").unwrap();
        assert_eq!(read("the code", "--code-file", Some(&path)).unwrap(), "01ZA");
        std::fs::write(&path, "x".repeat(20_000)).unwrap();
        assert_eq!(read("the code", "--code-file", Some(&path)).unwrap_err().exit, Exit::Usage);
        assert!(read("the code", "--code-file", Some(&dir.path().join("none"))).unwrap_err().message.contains("none"));
    }
}
