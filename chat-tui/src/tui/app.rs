//! The loop: input, news and time become messages, effects are carried out, and what changed is drawn.
//!
//! A key is answered in the same turn. News is drawn at once if the last frame is old enough, else at the edge of
//! 16 ms, so that a flood costs sixty frames a second and a lone message no delay. With nothing to do it sleeps.
//!
//! Never: an await on the network or on a file.

mod configured;
mod editor;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ratatui::layout::Size;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::core::pointer::Gesture;
use super::core::time::{Now, Zone};
use super::core::{Change, Effect, Effects, Model, Msg, settle, update};
use super::errand::{ANSWERS_MAX, Errands};
use super::first_week::in_first_week;
use super::front::{Front, Full, Lines};
use super::live::Live;
use super::meet::meet;
use super::term::caps::{Caps, NoScreen};
use super::term::guard::Tty;
use super::term::input::{EVENTS_MAX, Mouse, Reader, TermEvent};
use super::term::signals::Signals;
pub use configured::Start;

use crate::client::cache::Cache;
use crate::client::trust::{KnownServers, TrustError};
use crate::client::{Client, ClientEvent, Environment, Settings, StartError, StopReason, TrustPolicy};

/// The shortest time between two frames that nobody's key asked for.
const FRAME_MIN: Duration = Duration::from_millis(16);

/// Keys handled before a frame is drawn.
const INPUT_BATCH: usize = 256;

/// News handled before a frame may be drawn.
const NEWS_BATCH: usize = 1_024;

/// How long leaving waits for what is on its way; what isn't gone by then is kept in the outbox.
const QUIT_GRACE: Duration = Duration::from_millis(500);

/// A terminal that has not answered by then does not answer.
const ANSWERED_WITHIN: Duration = Duration::from_secs(1);

/// How long leaving waits for an answer of the terminal.
const ANSWER_GRACE: Duration = Duration::from_millis(100);

/// Why the screen ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person left, or the system or the terminal said so.
    Left,
    /// The session ended and will not come back.
    Stopped(StopReason),
}

/// Why there was no screen.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no terminal to draw on.
    #[error(transparent)]
    NoScreen(#[from] NoScreen),
    /// The session could not begin.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Who is trusted could not be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The terminal failed.
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

/// Runs the screen until the person leaves.
///
/// An unknown server is met before the screen is entered, so that whoever is asked about it ([`TrustPolicy::Ask`]) has the
/// plain terminal; `tell` is told what is waited for then.
///
/// # Errors
/// [`RunError`]; the terminal is as it was found.
pub async fn run(start: Start, environment: Environment, mut tell: impl FnMut(&str)) -> Result<Ended, RunError> {
    let Start { settings, rooms, sources, loaded } = start;
    let caps = match Caps::detect() {
        Ok(caps) => Some(caps),
        Err(NoScreen::Dumb) => None,
        Err(none @ NoScreen::NotATerminal) => return Err(none.into()),
    };
    let asks = match settings.trust {
        TrustPolicy::Ask(_) => KnownServers::in_dir(&settings.data).find(&settings.server)?.is_none(),
        TrustPolicy::Pin(_) | TrustPolicy::AcceptNew | TrustPolicy::RefuseUnknown => false,
    };
    let mut early = Vec::new();
    let mut session = None;
    if asks {
        tell(&format!("connecting to {}", settings.server));
        let (client, mut news) = Client::start(settings.clone(), environment.clone())?;
        if let Some(reason) = meet(&mut news, &mut early, &mut tell).await {
            return Ok(Ended::Stopped(reason));
        }
        session = Some((client, news));
    }
    let live = Live::new(sources, loaded, in_first_week(&settings.data, environment.clock.now()));
    let mut app = App::enter(caps, live, &settings, rooms, environment.clone())?;
    app.apply()?;
    app.remember(&settings);
    app.draw()?;
    let (client, news) = match session {
        Some(session) => session,
        None => Client::start(settings.clone(), environment.clone())?,
    };
    let (answers, answered) = mpsc::channel(ANSWERS_MAX);
    app.errands = Some(Errands::new(client.clone(), settings, answers));
    app.news(early);
    let ended = app.turn(news, answered).await;
    app.outlive_answer().await;
    let errands = app.errands.take();
    drop(app);
    if let Some(errands) = errands {
        // What was sent just before leaving is in the outbox first.
        let _ = timeout(QUIT_GRACE, errands.finish()).await;
    }
    client.quit(QUIT_GRACE).await;
    ended
}

struct App {
    model: Model,
    live: Live,
    /// When the file of settings was looked at; never, if it is to be looked at now.
    looked: Option<Instant>,
    environment: Environment,
    began: Instant,
    errands: Option<Errands>,
    effects: Effects,
    drawn: Option<Instant>,
    ended: Option<Ended>,
    /// The terminal is to be given back for a while.
    suspended: bool,
    /// What is to be given to an editor.
    draft: Option<String>,
    /// The directory of keys.
    data: PathBuf,
    /// The terminal was asked what its ground is, and has not said it.
    asked: bool,
    // In the order they are given up: nobody reads or draws on a terminal that is given back.
    input: mpsc::Receiver<TermEvent>,
    /// None while somebody else has the terminal.
    reader: Option<Reader>,
    events: mpsc::Sender<TermEvent>,
    signals: Signals,
    front: Box<dyn Front>,
}

impl App {
    /// Takes the terminal over: for a screen if it can have one, and the person wants one.
    fn enter(
        caps: Option<Caps>,
        live: Live,
        settings: &Settings,
        rooms: Vec<String>,
        environment: Environment,
    ) -> Result<Self, RunError> {
        let (events, input) = mpsc::channel(EVENTS_MAX);
        let looks = live.in_force().1;
        let mut rooms = rooms.into_iter();
        let room = rooms.next();
        let mut model = Model::new(settings.server.host.clone(), settings.shown_name(), room, Zone::system());
        model = model.also_in(rooms);
        model.mouse = looks.mouse;
        let front: Box<dyn Front> = match caps {
            Some(caps) if !looks.linear => Box::new(Full::enter(caps, looks)?),
            Some(_) | None => Box::new(Lines::enter(looks.ring(), caps.is_some())?),
        };
        let mut app = Self {
            model,
            live,
            looked: Some(Instant::now()),
            environment,
            began: Instant::now(),
            errands: None,
            effects: Effects::default(),
            drawn: None,
            ended: None,
            suspended: false,
            asked: caps.is_some_and(|caps| caps.commands),
            input,
            signals: Signals::start(events.clone())?,
            reader: Some(Reader::start(events.clone())?),
            events,
            data: settings.data.clone(),
            draft: None,
            front,
        };
        app.resize(Tty.size()?)?;
        Ok(app)
    }

    /// Shows what an earlier run knew. A cache that cannot be read is no reason not to begin.
    fn remember(&mut self, settings: &Settings) {
        let known = settings.use_cache && settings.profile_dir().is_some_and(|profile| profile.exists());
        if !known {
            return;
        }
        match Cache::open(settings).and_then(|cache| cache.snapshot()) {
            Ok(Some(state)) => self.tell(Msg::Remembered(state)),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "nothing remembered"),
        }
        settle(&mut self.model, &mut self.effects);
    }

    fn news(&mut self, news: Vec<ClientEvent>) {
        for event in news {
            self.net(event);
        }
    }

    async fn turn(
        &mut self,
        mut news: mpsc::Receiver<ClientEvent>,
        mut answered: mpsc::Receiver<Msg>,
    ) -> Result<Ended, RunError> {
        let mut inputs = Vec::with_capacity(INPUT_BATCH);
        let mut batch = Vec::with_capacity(NEWS_BATCH);
        let mut answers = Vec::with_capacity(ANSWERS_MAX);
        let mut listening = true;
        loop {
            let typed = !inputs.is_empty();
            for event in inputs.drain(..) {
                self.term(event)?;
            }
            batch.drain(..).for_each(|event| self.net(event));
            answers.drain(..).for_each(|msg| self.tell(msg));
            self.look_for_changes()?;
            self.act()?;
            if let Some(ended) = self.ended.take() {
                return Ok(ended);
            }
            if std::mem::take(&mut self.suspended) {
                self.front.guard().suspend(&self.signals).await?;
                self.redraw()?;
            }
            if let Some(draft) = self.draft.take() {
                self.edit(&draft).await?;
                continue;
            }
            self.draw_if_due(typed)?;
            let wake = self.wake();
            tokio::select! {
                biased;
                count = self.input.recv_many(&mut inputs, INPUT_BATCH) => if count == 0 { return Ok(Ended::Left) },
                count = news.recv_many(&mut batch, NEWS_BATCH), if listening => listening = count > 0,
                _ = answered.recv_many(&mut answers, ANSWERS_MAX) => {}
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.tick(),
            }
        }
    }

    /// Waits a moment for an answer of the terminal that is on its way: after the end it would be typed into the shell.
    async fn outlive_answer(&mut self) {
        if !self.asked || self.began.elapsed() > ANSWERED_WITHIN {
            return;
        }
        let answer = async {
            while let Some(event) = self.input.recv().await {
                if matches!(event, TermEvent::Ground(_) | TermEvent::Closed) {
                    return;
                }
            }
        };
        let _ = timeout(ANSWER_GRACE, answer).await;
    }

    fn tell(&mut self, msg: Msg) {
        let now = Now { wall: self.environment.clock.now(), mono: self.began.elapsed() };
        update(&mut self.model, now, msg, &mut self.effects);
    }

    fn tick(&mut self) {
        self.tell(Msg::Tick);
    }

    fn net(&mut self, event: ClientEvent) {
        if let ClientEvent::Stopped(reason) = &event {
            self.ended = Some(Ended::Stopped(reason.clone()));
        }
        self.tell(Msg::Net(event));
    }

    fn term(&mut self, event: TermEvent) -> Result<(), RunError> {
        match event {
            TermEvent::Key(key) => self.tell(Msg::Key(key)),
            TermEvent::Paste(text) => self.tell(Msg::Paste(text)),
            TermEvent::Resize { width, height } => self.resize(Size::new(width.max(1), height.max(1)))?,
            TermEvent::Focus(focused) => {
                // Who comes back may come from an editor.
                self.looked = self.looked.filter(|_| !focused);
                self.tell(Msg::Focus(focused));
            }
            TermEvent::Reload => self.configure(&Change::Reload)?,
            TermEvent::Ground(ground) => {
                self.asked = false;
                self.effects.dirty |= self.front.stand_on(ground);
            }
            TermEvent::Mouse(mouse) => self.point(mouse),
            TermEvent::Suspend => self.suspended = true,
            TermEvent::Resumed => {
                self.front.guard().resume()?;
                self.redraw()?;
            }
            TermEvent::Terminate | TermEvent::Interrupt | TermEvent::Closed => self.ended = Some(Ended::Left),
        }
        Ok(())
    }

    fn point(&mut self, mouse: Mouse) {
        let (gesture, x, y) = match mouse {
            Mouse::Click { x, y } => (Gesture::Click, x, y),
            Mouse::WheelUp { x, y } => (Gesture::WheelUp, x, y),
            Mouse::WheelDown { x, y } => (Gesture::WheelDown, x, y),
        };
        if let Some(spot) = self.front.spot(x, y) {
            self.tell(Msg::Point(gesture, spot));
        }
    }

    fn resize(&mut self, size: Size) -> Result<(), RunError> {
        let (columns, rows) = self.front.resize(size)?;
        self.tell(Msg::Resize(columns, rows));
        Ok(())
    }

    fn redraw(&mut self) -> Result<(), RunError> {
        self.resize(Tty.size()?)?;
        self.front.invalidate();
        Ok(())
    }

    /// Carries out what the messages so far led to.
    fn act(&mut self) -> Result<(), RunError> {
        settle(&mut self.model, &mut self.effects);
        let Some(errands) = &self.errands else { return Ok(()) };
        let list = std::mem::take(&mut self.effects.list);
        let ours: Vec<Effect> = list.into_iter().filter_map(|effect| errands.run(effect)).collect();
        for effect in ours {
            match effect {
                Effect::Title(_) | Effect::Call(_) | Effect::Copy(_) | Effect::Mouse(_) => {
                    self.front.carry_out(&effect)?
                }
                Effect::Edit(draft) => self.draft = Some(draft),
                Effect::Configure(change) => self.configure(&change)?,
                Effect::Redraw => self.redraw()?,
                Effect::Suspend => self.suspended = true,
                Effect::Quit => self.ended = self.ended.take().or(Some(Ended::Left)),
                Effect::Send { .. }
                | Effect::Retry(_)
                | Effect::Discard(_)
                | Effect::Request(..)
                | Effect::Fetch { .. }
                | Effect::MarkRead { .. }
                | Effect::Typing { .. }
                | Effect::Focus(_) => {}
            }
        }
        Ok(())
    }

    fn draw_if_due(&mut self, typed: bool) -> Result<(), RunError> {
        let old = self.drawn.is_none_or(|drawn| drawn.elapsed() >= FRAME_MIN);
        if self.effects.dirty && (typed || old) { self.draw() } else { Ok(()) }
    }

    fn draw(&mut self) -> Result<(), RunError> {
        self.front.draw(&self.model)?;
        self.effects.dirty = false;
        self.drawn = Some(Instant::now());
        if let Some(msg) = self.front.shown(&self.model) {
            self.tell(msg);
        }
        Ok(())
    }

    /// When there is something to do although nothing happens: a frame that waits, or a timer of the model.
    fn wake(&self) -> Option<Instant> {
        let frame = self.drawn.filter(|_| self.effects.dirty).map(|drawn| drawn + FRAME_MIN);
        let timer = self.model.next_timer().map(|at| self.began + at);
        frame.into_iter().chain(timer).min()
    }
}
