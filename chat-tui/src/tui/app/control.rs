//! Programs beside the person: what they want of the screen, and the news they hear of its sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_proto::reply::Welcome;
use chat_proto::{FeedId, FeedState, FeedStatus};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::App;
use crate::bot::ctl::Known;
use crate::bot::ctl::place::folders;
use crate::bot::ctl::serve::{Listening, NotOpened, Opened, Wish, listen};
use crate::bot::door::Door;
use crate::client::ClientEvent;
use crate::client::view::AccountView;
use crate::tui::core::time::Now;
use crate::tui::core::{Msg, ServerId, input};

/// What programs need.
#[derive(Debug, Default)]
pub(super) struct Control {
    listening: Option<Listening>,
    wishes: Option<mpsc::Receiver<Wish>>,
    hearing: Vec<Hearing>,
    /// How each server greeted the session last, without the feeds.
    welcomes: BTreeMap<ServerId, Welcome>,
}

/// A program that hears a session.
#[derive(Debug)]
struct Hearing {
    server: ServerId,
    news: mpsc::Sender<ClientEvent>,
    overrun: CancellationToken,
}

impl Control {
    /// What a program wants next; never, without a socket.
    pub(super) async fn wish(&mut self) -> Wish {
        let wish = match &mut self.wishes {
            Some(wishes) => wishes.recv().await,
            None => None,
        };
        match wish {
            Some(wish) => wish,
            None => std::future::pending().await,
        }
    }

    /// Tells those who hear the session. Nobody is waited for: who has too much unread hears no more, and is told so.
    pub(super) fn hear(&mut self, server: ServerId, event: &ClientEvent) {
        if let ClientEvent::Welcome(welcome) = event {
            self.welcomes.insert(server, Welcome { feeds: Vec::new(), ..welcome.clone() });
        }
        self.hearing.retain(|program| {
            if program.server != server {
                return !program.news.is_closed();
            }
            let told = program.news.try_send(event.clone());
            if let Err(mpsc::error::TrySendError::Full(_)) = &told {
                program.overrun.cancel();
            }
            told.is_ok()
        });
    }

    /// Tells the programs that it is over.
    pub(super) async fn finish(self, patience: Duration) {
        let Self { listening, wishes, hearing, .. } = self;
        // What was wished for in vain is answered with that.
        drop((wishes, hearing));
        if let Some(listening) = listening {
            listening.finish(patience).await;
        }
    }
}

impl App {
    /// Lets programs in, if the person wants that. A screen without is a screen, so what is wrong is only told.
    pub(super) async fn let_programs_in(&mut self) {
        if !self.live.config().ctl {
            return;
        }
        let Some(folder) = folders(&self.data).into_iter().next() else { return };
        match listen(&folder).await {
            Ok((listening, wishes)) => {
                self.control = Control { listening: Some(listening), wishes: Some(wishes), ..Control::default() };
            }
            Err(error) => self.tell(Msg::Notice(format!("ctl: {error}"), true)),
        }
    }

    /// Does what a program wants.
    pub(super) fn grant(&mut self, wish: Wish) {
        // Who does not wait for the answer any more has none.
        match wish {
            Wish::Servers(answer) => drop(answer.send(self.known())),
            Wish::Open(server, name, answer) => drop(answer.send(self.admit(server.as_deref(), name.as_deref()))),
            Wish::Input(text, answer) => {
                let now = Now { wall: self.environment.clock.now(), mono: self.began.elapsed() };
                drop(answer.send(input(&mut self.model, now, &text, &mut self.effects)));
            }
        }
    }

    fn known(&self) -> Vec<Known> {
        let known = self.model.numbered().filter(|(_, server)| server.ended.is_none()).map(|(id, server)| Known {
            server: server.host.clone(),
            name: server.account.me.name.clone(),
            front: id == self.model.server(),
            online: server.is_online(),
        });
        known.collect()
    }

    /// Begins to tell a program what a session tells.
    fn admit(&mut self, server: Option<&str>, name: Option<&str>) -> Result<Opened, NotOpened> {
        let is_meant = |id: ServerId, host: &str, own: &str| match server {
            Some(server) => server == host && name.is_none_or(|name| name == own),
            None => id == self.model.server(),
        };
        let mut there = self.model.numbered().filter(|(_, server)| server.ended.is_none());
        let found = there.find(|(id, server)| is_meant(*id, &server.host, &server.account.me.name));
        let (id, known) = found.ok_or(NotOpened::Unknown)?;
        let welcome = self.control.welcomes.get(&id).ok_or(NotOpened::Early)?;
        let client = self.sessions.as_ref().and_then(|sessions| sessions.client(id)).ok_or(NotOpened::Unknown)?;
        let welcome = Welcome { feeds: feeds(&known.account), ..welcome.clone() };
        let (news, events) = mpsc::channel(NEWS_AHEAD);
        let overrun = CancellationToken::new();
        let door = Door { client, events, welcome, environment: self.environment.clone() };
        let opened = Opened { door, server: known.host.clone(), overrun: overrun.clone() };
        self.control.hearing.push(Hearing { server: id, news, overrun });
        Ok(opened)
    }
}

/// The rooms as the screen knows them, each to go on behind what it has heard of.
fn feeds(account: &AccountView) -> Vec<FeedStatus> {
    let status = |(id, room): (&chat_proto::RoomId, &crate::client::view::RoomView)| FeedStatus {
        feed: FeedId::Room(*id),
        state: FeedState::Live,
        epoch: room.epoch,
        name: room.name.clone(),
        member: room.member,
        head: room.head,
        head_ordinal: room.head_ordinal,
        oldest: room.oldest,
        read: room.read,
        read_ordinal: room.read_ordinal,
        mentions: room.mentions.iter().copied().collect(),
        next: room.head.next(),
    };
    account.rooms.iter().map(status).collect()
}

/// News of a session ahead of a program; more than the screen itself takes in at once.
const NEWS_AHEAD: usize = 4 * super::NEWS_BATCH;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::LinkState;

    #[tokio::test]
    async fn who_does_not_take_his_news_hears_no_more_and_nobody_waits_for_him() {
        let mut control = Control::default();
        let mut program = |server: u8, ahead: usize| {
            let ((news, events), overrun) = (mpsc::channel(ahead), CancellationToken::new());
            control.hearing.push(Hearing { server: ServerId(server), news, overrun: overrun.clone() });
            (events, overrun)
        };
        let (slow, slow_overrun) = program(0, 2);
        let (mut quick, quick_overrun) = program(0, 3);
        let (elsewhere, elsewhere_overrun) = program(1, 1);
        let (gone, _) = program(1, 1);
        drop(gone);
        for _ in 0..3 {
            control.hear(ServerId(0), &ClientEvent::Link(LinkState::Connecting));
        }
        assert!(slow_overrun.is_cancelled() && !quick_overrun.is_cancelled() && !elsewhere_overrun.is_cancelled());
        assert_eq!((control.hearing.len(), slow.len(), quick.len(), elsewhere.len()), (2, 2, 3, 0));
        assert!(slow.is_closed() && !quick.is_closed());
        assert!(matches!(quick.recv().await, Some(ClientEvent::Link(LinkState::Connecting))));
    }
}
