//! What may watch over the process: systemd, by its protocol of notifications (sd_notify(3)). Without it nothing happens.

use std::time::Duration;

use tokio::time::Instant;

/// Who is told that the process lives.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    /// How often he is told, and when next.
    beat: Option<(Duration, Instant)>,
}

impl Supervisor {
    /// Says that everything asked for at the start is there.
    pub(super) fn ready() -> Self {
        tell(&State::Ready);
        // Told twice in the time after which the process counts as dead.
        let every = watchdog().map(|patience| patience / 2);
        Self { beat: every.map(|every| (every, Instant::now() + every)) }
    }

    /// When it is time for [`Self::alive`].
    pub(super) fn beat_at(&self) -> Option<Instant> {
        self.beat.map(|(_, at)| at)
    }

    /// Says that it lives.
    pub(super) fn alive(&mut self) {
        if let Some((every, at)) = &mut self.beat {
            *at = Instant::now() + *every;
            tell(&State::Alive);
        }
    }

    /// Says that it ends.
    pub(super) fn stopping() {
        tell(&State::Stopping);
    }
}

enum State {
    Ready,
    Alive,
    Stopping,
}

#[cfg(unix)]
fn tell(state: &State) {
    use sd_notify::NotifyState;
    let state = match state {
        State::Ready => NotifyState::Ready,
        State::Alive => NotifyState::Watchdog,
        State::Stopping => NotifyState::Stopping,
    };
    if let Err(error) = sd_notify::notify(&[state]) {
        crate::bot::complain(&format!("NOTIFY_SOCKET: {error}"));
    }
}

#[cfg(unix)]
fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().filter(|patience| !patience.is_zero())
}

#[cfg(not(unix))]
fn tell(_: &State) {}

#[cfg(not(unix))]
fn watchdog() -> Option<Duration> {
    None
}
