//! The sessions behind the screen, one for each server: begun, told apart, and ended.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::QUIT_GRACE;
use crate::client::{
    AskTrust, Client, ClientEvent, Environment, Question, Settings, StartError, TrustAnswer, TrustPolicy,
};
use crate::tui::core::{Errand, Msg, ServerId};
use crate::tui::errand::Errands;

/// News of all sessions on its way; a session whose news finds no room waits.
const NEWS_MAX: usize = 1_024;

/// Questions about servers nobody vouches for that wait for the person.
const QUESTIONS_MAX: usize = 16;

/// What is asked about a server, and where the answer goes.
pub(super) type Asked = (ServerId, Question, oneshot::Sender<TrustAnswer>);

/// What the sessions tell.
#[derive(Debug)]
pub(super) struct Told {
    /// News, each with the server it is of.
    pub(super) news: mpsc::Receiver<(ServerId, ClientEvent)>,
    /// Answers to what was asked.
    pub(super) answers: mpsc::Receiver<Msg>,
    /// Questions for the person.
    pub(super) questions: mpsc::Receiver<Asked>,
}

/// The sessions, each at its server's place.
#[derive(Debug)]
pub(super) struct Sessions {
    environment: Environment,
    list: Vec<Option<Session>>,
    news: mpsc::Sender<(ServerId, ClientEvent)>,
    answers: mpsc::Sender<Msg>,
    questions: mpsc::Sender<Asked>,
}

#[derive(Debug)]
struct Session {
    client: Client,
    errands: Errands,
}

impl Sessions {
    /// None yet.
    pub(super) fn new(environment: Environment) -> (Self, Told) {
        let (news, heard) = mpsc::channel(NEWS_MAX);
        let (answers, answered) = mpsc::channel(crate::tui::errand::ANSWERS_MAX);
        let (questions, asked) = mpsc::channel(QUESTIONS_MAX);
        let told = Told { news: heard, answers: answered, questions: asked };
        (Self { environment, list: Vec::new(), news, answers, questions }, told)
    }

    /// Begins a session with a server that a person is asked about on the screen, if nobody vouches for it.
    pub(super) fn begin(&mut self, server: ServerId, settings: Settings) -> Result<(), StartError> {
        let asker = OnScreen { server, questions: self.questions.clone() };
        let trust = match settings.trust {
            TrustPolicy::Ask(_) | TrustPolicy::RefuseUnknown => TrustPolicy::Ask(Arc::new(asker)),
            TrustPolicy::Pin(_) | TrustPolicy::AcceptNew => settings.trust,
        };
        let settings = Settings { trust, ..settings };
        let (client, news) = Client::start(settings.clone(), self.environment.clone())?;
        self.adopt(server, settings, client, news);
        Ok(())
    }

    /// Takes a session that has begun.
    pub(super) fn adopt(
        &mut self,
        server: ServerId,
        settings: Settings,
        client: Client,
        mut news: mpsc::Receiver<ClientEvent>,
    ) {
        let to = self.news.clone();
        tokio::spawn(async move {
            while let Some(event) = news.recv().await {
                if to.send((server, event)).await.is_err() {
                    return;
                }
            }
        });
        let errands = Errands::new(server, client.clone(), settings, self.answers.clone());
        let place = usize::from(server.0);
        if self.list.len() <= place {
            self.list.resize_with(place + 1, || None);
        }
        self.list[place] = Some(Session { client, errands });
    }

    /// The session with a server.
    pub(super) fn client(&self, server: ServerId) -> Option<Client> {
        self.list.get(usize::from(server.0))?.as_ref().map(|session| session.client.clone())
    }

    /// Where answers go.
    pub(super) fn answers(&self) -> mpsc::Sender<Msg> {
        self.answers.clone()
    }

    /// Does something at a server; nothing if there is no session with it.
    pub(super) fn run(&self, server: ServerId, errand: Errand) {
        if let Some(Some(session)) = self.list.get(usize::from(server.0)) {
            session.errands.run(errand);
        }
    }

    /// Tries again at once where a session waits for its next try. False if there is none.
    pub(super) fn hurry(&self, server: ServerId) -> bool {
        let Some(Some(session)) = self.list.get(usize::from(server.0)) else { return false };
        session.client.hurry()
    }

    /// Ends the session with a server; what it says last comes as news.
    pub(super) fn end(&mut self, server: ServerId) {
        if let Some(session) = self.list.get_mut(usize::from(server.0)).and_then(Option::take) {
            tokio::spawn(session.finish());
        }
    }

    /// Ends all of them, when what was sent just before is in their outboxes.
    pub(super) async fn finish(self) {
        join_all(self.list.into_iter().flatten().map(Session::finish)).await;
    }
}

impl Session {
    async fn finish(self) {
        // What was sent just before leaving is in the outbox first.
        let _ = timeout(QUIT_GRACE, self.errands.finish()).await;
        self.client.quit(QUIT_GRACE).await;
    }
}

/// The person in front of the screen.
#[derive(Debug)]
struct OnScreen {
    server: ServerId,
    questions: mpsc::Sender<Asked>,
}

impl AskTrust for OnScreen {
    fn ask(&self, question: Question) -> BoxFuture<'static, TrustAnswer> {
        let (questions, server) = (self.questions.clone(), self.server);
        async move {
            let (answer, answered) = oneshot::channel();
            if questions.send((server, question, answer)).await.is_err() {
                return TrustAnswer::No;
            }
            answered.await.unwrap_or(TrustAnswer::No)
        }
        .boxed()
    }
}
