//! Lines out of a socket, none of them longer than a request may be.

use std::io;
use std::mem;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::bot::jsonl::input::{Input, LINE_BYTES_MAX};

/// What comes line by line.
#[derive(Debug)]
pub(super) struct Lines<R> {
    read: BufReader<R>,
    /// What of the next line is there; nothing of one that is too long.
    line: Vec<u8>,
    begun: bool,
    long: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(read: R) -> Self {
        Self { read: BufReader::new(read), line: Vec::new(), begun: false, long: false }
    }

    /// The next line that is not blank; none at the end. May be dropped at any time.
    pub(super) async fn next(&mut self) -> io::Result<Option<Input>> {
        loop {
            let bytes = self.read.fill_buf().await?;
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let over = bytes.is_empty();
            self.begun |= !over;
            self.long |= self.line.len() + part.len() > LINE_BYTES_MAX;
            if self.long {
                self.line.clear();
            } else {
                self.line.extend_from_slice(part);
            }
            let taken = part.len() + usize::from(end.is_some());
            self.read.consume(taken);
            if end.is_none() && !over {
                continue;
            }
            let (line, begun, long) =
                (mem::take(&mut self.line), mem::take(&mut self.begun), mem::take(&mut self.long));
            if long {
                return Ok(Some(Input::TooLong));
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(Input::Line(line)));
            }
            if over && !begun {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_lines_are_left_out_and_what_follows_is_read() {
        let (long, fits) = ("x".repeat(LINE_BYTES_MAX + 1), "y".repeat(LINE_BYTES_MAX));
        let text = format!("a\n\n \r\n{long}\n{fits}\nlast");
        let mut lines = Lines::new(text.as_bytes());
        let line = |text: &str| Some(Input::Line(text.as_bytes().to_vec()));
        assert_eq!(lines.next().await.unwrap(), line("a"));
        assert_eq!(lines.next().await.unwrap(), Some(Input::TooLong));
        assert_eq!(lines.next().await.unwrap(), line(&fits));
        assert_eq!(lines.next().await.unwrap(), line("last"));
        assert_eq!(lines.next().await.unwrap(), None);
    }
}
