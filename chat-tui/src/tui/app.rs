//! The loop: input, news and time become messages, effects are carried out, and what changed is drawn.
//!
//! A key is answered in the same turn. News is drawn at once if the last frame is old enough, else at the edge of
//! 16 ms, so that a flood costs sixty frames a second and a lone message no delay. With nothing to do it sleeps.
//!
//! Never: an await on the network or on a file.

mod configured;
mod control;
mod editor;
mod opener;
mod run;
mod servers;
mod sessions;
mod terminal;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::core::time::{Now, Zone};
use super::core::{Effect, Effects, Model, Msg, Server, ServerId, last_words, settle, update};
use super::errand::ANSWERS_MAX;
use super::first_week::in_first_week;
use super::front::{Front, Full, Lines};
use super::live::Live;
use super::meet::meet;
use super::term::caps::{Caps, NoScreen};
use super::term::guard::Tty;
use super::term::input::{EVENTS_MAX, Reader, TermEvent};
use super::term::signals::Signals;
pub use configured::Start;
use control::Control;
use sessions::{Sessions, Told};

use crate::client::cache::Cache;
use crate::client::trust::{KnownServers, TrustError};
use crate::client::{Client, ClientEvent, Environment, Settings, StartError, StopReason, TrustAnswer, TrustPolicy};

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

/// The server that was named when the program was started.
const FIRST: ServerId = ServerId(0);

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
    let Start { settings, rooms, servers, sources, loaded } = start;
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
    app.remember(FIRST, &settings);
    app.draw()?;
    let (client, news) = match session {
        Some(session) => session,
        None => Client::start(settings.clone(), environment.clone())?,
    };
    let (mut sessions, told) = Sessions::new(environment);
    sessions.adopt(FIRST, settings.clone(), client, news);
    app.begin(sessions, settings);
    app.news(early);
    app.connect_also(&servers);
    app.let_programs_in().await;
    let ended = app.turn(told).await;
    app.part();
    app.outlive_answer().await;
    let (sessions, control) = app.give_back();
    control.finish(QUIT_GRACE).await;
    if let Some(sessions) = sessions {
        sessions.finish().await;
    }
    ended
}

struct App {
    model: Model,
    live: Live,
    /// When the file of settings was looked at; never, if it is to be looked at now.
    looked: Option<Instant>,
    environment: Environment,
    began: Instant,
    /// None before there is anybody to do what is wanted.
    sessions: Option<Sessions>,
    /// What the session with a server begins with, and began with.
    settings: BTreeMap<ServerId, Settings>,
    /// Answers that servers wait for: whether they are trusted.
    asked: BTreeMap<ServerId, oneshot::Sender<TrustAnswer>>,
    /// Programs beside the person.
    control: Control,
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
    awaits_ground: bool,
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
        let server =
            Server::new(settings.server.shown(), settings.shown_name(), rooms).leading_to(settings.server.message);
        let mut model = Model::new(server, Zone::system());
        model.mouse = looks.mouse;
        let front: Box<dyn Front> = match caps {
            Some(caps) if !looks.linear => Box::new(Full::enter(caps, looks)?),
            Some(_) | None => Box::new(Lines::enter(&looks, caps.is_some())?),
        };
        let mut app = Self {
            model,
            live,
            looked: Some(Instant::now()),
            environment,
            began: Instant::now(),
            sessions: None,
            settings: BTreeMap::new(),
            asked: BTreeMap::new(),
            control: Control::default(),
            effects: Effects::default(),
            drawn: None,
            ended: None,
            suspended: false,
            awaits_ground: caps.is_some_and(|caps| caps.commands),
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

    /// What the person wants is done by these from now on; further ones begin with such settings.
    fn begin(&mut self, sessions: Sessions, settings: Settings) {
        self.sessions = Some(sessions);
        self.settings.insert(FIRST, settings);
    }

    /// Gives the terminal back; the sessions are still to be ended, and programs to be told.
    fn give_back(self) -> (Option<Sessions>, Control) {
        (self.sessions, self.control)
    }

    /// Shows what an earlier run knew of a server. A cache that cannot be read is no reason not to begin.
    fn remember(&mut self, server: ServerId, settings: &Settings) {
        let known = settings.use_cache && settings.profile_dir().is_some_and(|profile| profile.exists());
        if !known {
            return;
        }
        match Cache::open(settings).and_then(|cache| cache.snapshot()) {
            Ok(Some(state)) => self.tell(Msg::Remembered(server, state)),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "nothing remembered"),
        }
        settle(&mut self.model, &mut self.effects);
    }

    fn news(&mut self, news: Vec<ClientEvent>) {
        for event in news {
            self.net(FIRST, event);
        }
    }

    async fn turn(&mut self, told: Told) -> Result<Ended, RunError> {
        let mut inputs = Vec::with_capacity(INPUT_BATCH);
        let mut batch = Vec::with_capacity(NEWS_BATCH);
        let mut answers = Vec::with_capacity(ANSWERS_MAX);
        let Told { mut news, answers: mut answered, mut questions } = told;
        loop {
            let typed = !inputs.is_empty();
            for event in inputs.drain(..) {
                self.term(event)?;
            }
            batch.drain(..).for_each(|(server, event)| self.net(server, event));
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
                _ = news.recv_many(&mut batch, NEWS_BATCH) => {}
                _ = answered.recv_many(&mut answers, ANSWERS_MAX) => {}
                Some(asked) = questions.recv() => self.ask(asked),
                wish = self.control.wish() => self.grant(wish),
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => self.tick(),
            }
        }
    }

    fn tell(&mut self, msg: Msg) {
        let now = Now { wall: self.environment.clock.now(), mono: self.began.elapsed() };
        update(&mut self.model, now, msg, &mut self.effects);
    }

    fn tick(&mut self) {
        self.tell(Msg::Tick);
    }

    fn net(&mut self, server: ServerId, event: ClientEvent) {
        let stopped = if let ClientEvent::Stopped(reason) = &event { Some(reason.clone()) } else { None };
        self.control.hear(server, &event);
        self.tell(Msg::Net(server, event));
        if let Some(reason) = stopped {
            self.stopped(server, reason);
        }
    }

    /// Carries out what the messages so far led to.
    fn act(&mut self) -> Result<(), RunError> {
        settle(&mut self.model, &mut self.effects);
        if self.sessions.is_none() {
            return Ok(());
        }
        for effect in std::mem::take(&mut self.effects.list) {
            match effect {
                Effect::At(server, errand) => {
                    if let Some(sessions) = &self.sessions {
                        sessions.run(server, errand);
                    }
                }
                Effect::Connect { server, address, name } => self.connect(server, *address, name),
                Effect::Disconnect(server) => self.disconnect(server),
                Effect::Reconnect(server) => self.reconnect(server),
                Effect::Trust(server, yes) => self.trust(server, yes),
                Effect::Title(_) | Effect::Call(_) | Effect::Copy(_) | Effect::Mouse(_) => {
                    self.front.carry_out(&effect)?
                }
                Effect::Open(link) => self.open(&link),
                Effect::Edit(draft) => self.draft = Some(draft),
                Effect::Run { line, say } => self.run(line, say),
                Effect::Configure(change) => self.configure(&change)?,
                Effect::Redraw => self.redraw()?,
                Effect::Suspend => self.suspended = true,
                Effect::Quit => self.ended = self.ended.take().or(Some(Ended::Left)),
            }
        }
        Ok(())
    }

    /// Asks for what is to be done before the program ends; the sessions give it a moment.
    fn part(&mut self) {
        last_words(&mut self.model, &mut self.effects);
        let Some(sessions) = &self.sessions else { return };
        for effect in std::mem::take(&mut self.effects.list) {
            if let Effect::At(server, errand) = effect {
                sessions.run(server, errand);
            }
        }
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
