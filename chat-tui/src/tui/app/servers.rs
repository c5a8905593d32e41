//! Servers that are connected to, left and gone back to while the screen is open, and the person asked whether they are trusted.

use super::sessions::Asked;
use super::{App, Ended, FIRST};
use crate::client::{ClientEvent, Login, ServerAddress, Settings, StopReason, TrustAnswer, TrustPolicy};
use crate::tui::core::{Msg, ServerId};

impl App {
    /// Connects to the further servers of the configuration.
    pub(super) fn connect_also(&mut self, servers: &[String]) {
        for server in servers {
            self.tell(Msg::Connect(server.clone()));
        }
    }

    /// Begins a session with another server.
    pub(super) fn connect(&mut self, server: ServerId, address: ServerAddress, name: Option<String>) {
        let Some(first) = self.settings.get(&FIRST).cloned() else { return };
        let login = match &address.invite {
            Some(secret) => Login::Invite { secret: secret.clone(), room: address.room.clone().unwrap_or_default() },
            None => Login::Device,
        };
        // What was meant for the first server alone is not shown to another one.
        let trust = TrustPolicy::RefuseUnknown;
        let name = name.unwrap_or_else(|| first.name.clone());
        let settings = Settings { server: address, name, login, trust, resume: Vec::new(), ..first };
        self.remember(server, &settings);
        self.settings.insert(server, settings);
        self.start(server);
    }

    /// Goes back to a server that was left, or tries at once where that is waited for.
    pub(super) fn reconnect(&mut self, server: ServerId) {
        let hurried = self.sessions.as_ref().is_some_and(|sessions| sessions.hurry(server));
        if !hurried {
            self.start(server);
        }
    }

    /// Leaves a server; what it says last comes as news.
    pub(super) fn disconnect(&mut self, server: ServerId) {
        if let Some(sessions) = &mut self.sessions {
            sessions.end(server);
        }
    }

    /// A session is over; the last one ends the screen.
    pub(super) fn stopped(&mut self, server: ServerId, reason: StopReason) {
        self.asked.remove(&server);
        if self.model.servers.iter().all(|server| server.ended.is_some()) {
            self.ended = Some(match reason {
                StopReason::Quit => Ended::Left,
                StopReason::Refused(_)
                | StopReason::Untrusted(_)
                | StopReason::Version(_)
                | StopReason::Ended(_)
                | StopReason::Failed(_) => Ended::Stopped(reason),
            });
        }
    }

    /// Puts a question to the person. A server on this machine is trusted with a word about it.
    pub(super) fn ask(&mut self, (server, question, answer): Asked) {
        if question.address.ip().is_loopback() {
            let told = format!("{} is on this machine; its key is trusted from now on", question.server);
            let _ = answer.send(TrustAnswer::Yes);
            return self.tell(Msg::Notice(told, false));
        }
        self.asked.insert(server, answer);
        self.tell(Msg::Unknown(server, question));
    }

    /// Gives the person's answer.
    pub(super) fn trust(&mut self, server: ServerId, yes: bool) {
        if let Some(answer) = self.asked.remove(&server) {
            let _ = answer.send(if yes { TrustAnswer::Yes } else { TrustAnswer::No });
        }
    }

    fn start(&mut self, server: ServerId) {
        let Some((sessions, settings)) = self.sessions.as_mut().zip(self.settings.get(&server)) else { return };
        if let Err(error) = sessions.begin(server, settings.clone()) {
            self.net(server, ClientEvent::Stopped(StopReason::Failed(error.to_string())));
        }
    }
}
