//! Wall clock and randomness: the two things a simulation replaces. Waiting goes through tokio's clock.

use std::fmt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use chat_proto::Timestamp;

type Random = dyn Fn(&mut [u8]) + Send + Sync;

/// Where time of day and random bytes come from.
#[derive(Clone)]
pub struct Environment {
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    random: Arc<Random>,
}

impl Environment {
    /// The machine's clock and the operating system's random source.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(wall_clock), random: Arc::new(system_random) }
    }

    /// A clock and a random source of one's own.
    pub fn new(
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Sixteen random bytes.
    #[must_use]
    pub fn salt(&self) -> [u8; 16] {
        self.bytes()
    }

    /// Random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

fn system_random(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        // No Linux, macOS or Windows system runs without a random source; a salt of the process's own memory layout and
        // time would not be one.
        std::process::abort();
    }
}
