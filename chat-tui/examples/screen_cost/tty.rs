//! A program in a terminal, with the time of everything it writes.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longer than anything that is measured takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a terminal. Dropping it kills the program.
pub(crate) struct Tty {
    child: Box<dyn Child + Send + Sync>,
    /// Open as long as the terminal is there.
    _master: Box<dyn MasterPty + Send>,
    keyboard: Box<dyn Write + Send>,
    chunks: Receiver<(Instant, Vec<u8>)>,
    emulator: vt100::Parser,
    began: Instant,
    /// Bytes it wrote, and those of the newest chunk.
    pub(crate) bytes: usize,
    newest: Vec<u8>,
}

impl Tty {
    /// Starts a program in a terminal of this size.
    pub(crate) fn start(command: CommandBuilder, columns: u16, rows: u16) -> anyhow::Result<Self> {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size)?;
        let mut reader = pair.master.try_clone_reader()?;
        let (sender, chunks) = channel();
        thread::spawn(move || {
            let mut bytes = vec![0; 65_536];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if sender.send((Instant::now(), bytes[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let keyboard = pair.master.take_writer()?;
        let cells = |cells: u16| NonZeroU16::new(cells).context("a terminal has cells");
        let emulator = vt100::Parser::new(cells(rows)?, cells(columns)?, 0);
        let began = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        Ok(Self { child, _master: pair.master, keyboard, chunks, emulator, began, bytes: 0, newest: Vec::new() })
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> anyhow::Result<u32> {
        self.child.process_id().context("it runs")
    }

    /// Types.
    pub(crate) fn type_keys(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keyboard.write_all(keys.as_bytes())?;
        Ok(self.keyboard.flush()?)
    }

    /// What it shows.
    pub(crate) fn text(&self) -> String {
        self.emulator.screen().contents()
    }

    fn next(&mut self, wait: Duration) -> Result<Instant, RecvTimeoutError> {
        let (at, bytes) = self.chunks.recv_timeout(wait)?;
        self.emulator.process(&bytes);
        self.bytes += bytes.len();
        self.newest = bytes;
        Ok(at)
    }

    fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) -> anyhow::Result<Instant> {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.next(end.saturating_duration_since(Instant::now())) {
                Ok(at) if is(self) => return Ok(at),
                Ok(_) => {}
                Err(error) => bail!("waited in vain for {what} ({error}):\n{}", self.text()),
            }
        }
    }

    /// Waits for the first byte; from the start of the program on.
    pub(crate) fn first_byte(&mut self) -> anyhow::Result<Duration> {
        Ok(self.until("a byte", |_| true)?.duration_since(self.began))
    }

    /// Waits until something is on the screen, if it is not yet; from the start of the program to the bytes that showed it.
    pub(crate) fn shows(&mut self, what: &str, is: impl Fn(&str) -> bool) -> anyhow::Result<Duration> {
        if is(&self.text()) {
            return Ok(self.began.elapsed());
        }
        Ok(self.until(what, |tty| is(&tty.text()))?.duration_since(self.began))
    }

    /// Reads on until nothing came for a while. Returns when the last bytes came, from the start of the program on.
    pub(crate) fn rest(&mut self, quiet: Duration) -> Duration {
        let mut last = self.began.elapsed();
        while let Ok(at) = self.next(quiet) {
            last = at.duration_since(self.began);
        }
        last
    }

    /// Reads on for so long.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if self.next(left).is_err() {
                return;
            }
        }
    }

    /// Presses a key that nothing else on the screen shows, and waits for it in the bytes written. Returns the time from the
    /// key to those bytes.
    pub(crate) fn echo(&mut self, key: char) -> anyhow::Result<Duration> {
        let mut encoded = [0; 4];
        let encoded = key.encode_utf8(&mut encoded).as_bytes();
        let pressed = Instant::now();
        self.keyboard.write_all(encoded)?;
        self.keyboard.flush()?;
        let has = |tty: &Self| tty.newest.windows(encoded.len()).any(|window| window == encoded);
        Ok(self.until("a key's echo", has)?.duration_since(pressed))
    }

    /// Presses keys, waits until a text is on the screen, and returns the time it took.
    pub(crate) fn answer(&mut self, keys: &str, what: &str, is: impl Fn(&str) -> bool) -> anyhow::Result<Duration> {
        let pressed = Instant::now();
        self.type_keys(keys)?;
        Ok(self.until(what, |tty| is(&tty.text()))?.duration_since(pressed))
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Letters nobody writes, for [`Tty::echo`]: every so often the composer is emptied, so that no old one is drawn again.
pub(crate) const KEYS: &[char] =
    &['Ѣ', 'ѣ', 'Ѥ', 'ѥ', 'Ѧ', 'ѧ', 'Ѩ', 'ѩ', 'Ѫ', 'ѫ', 'Ѭ', 'ѭ', 'Ѯ', 'ѯ', 'Ѱ', 'ѱ', 'Ѳ', 'ѳ', 'Ѵ', 'ѵ'];

/// The echoes of so many keys, one after the other, a pause before each.
pub(crate) fn echoes(tty: &mut Tty, count: usize, pause: Duration, empty: &str) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for number in 0..count {
        let key = KEYS[number % KEYS.len()];
        if number > 0 && number % KEYS.len() == 0 {
            tty.type_keys(empty)?;
            tty.pass(Duration::from_millis(100));
        }
        tty.pass(pause);
        times.push(tty.echo(key)?);
    }
    tty.type_keys(empty)?;
    tty.pass(Duration::from_millis(100));
    Ok(times)
}
