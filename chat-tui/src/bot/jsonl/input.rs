//! Lines from standard input, read on a thread of their own; at most one of them is long.

use std::io::{self, BufRead, BufReader, Read};

use tokio::sync::mpsc;

/// What standard input brings.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::bot) enum Input {
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line over [`LINE_BYTES_MAX`], left out.
    TooLong,
}

/// Reads lines until the input ends; then the receiver ends.
pub(in crate::bot) fn start(input: impl Read + Send + 'static) -> io::Result<mpsc::Receiver<Input>> {
    let (tx, rx) = mpsc::channel(LINES_AHEAD);
    std::thread::Builder::new().name("input".to_owned()).spawn(move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(line)) = next(&mut input) {
            if tx.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(rx)
}

/// The next line that is not blank.
fn next(input: &mut impl BufRead) -> io::Result<Option<Input>> {
    loop {
        let mut line = Vec::new();
        let limit = LINE_BYTES_MAX as u64 + 1;
        if input.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() > LINE_BYTES_MAX {
            input.skip_until(b'\n')?;
            return Ok(Some(Input::TooLong));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Input::Line(line)));
        }
    }
}

/// A line, bytes, its end not counted.
pub(in crate::bot) const LINE_BYTES_MAX: usize = 256 * 1024;

/// Lines read ahead of the session.
const LINES_AHEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_left_out_and_what_follows_is_read() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        let fits = "y".repeat(LINE_BYTES_MAX);
        let text = format!("a\n\n \r\n{long}\n{fits}\nlast");
        let mut input = text.as_bytes();
        let line = |text: &str| Some(Input::Line(text.as_bytes().to_vec()));
        assert_eq!(next(&mut input).unwrap(), line("a"));
        assert_eq!(next(&mut input).unwrap(), Some(Input::TooLong));
        assert_eq!(next(&mut input).unwrap(), line(&fits));
        assert_eq!(next(&mut input).unwrap(), line("last"));
        assert_eq!(next(&mut input).unwrap(), None);
    }
}
