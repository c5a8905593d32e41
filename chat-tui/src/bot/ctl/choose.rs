//! Which of the running screens is meant, and which of its servers.

use std::path::PathBuf;
use std::time::Duration;

use chat_proto::PORT_DEFAULT;
use futures_util::future::join_all;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use super::Known;
use super::lines::Lines;
use super::place::{self, Running};
use crate::bot::jsonl::input::Input;
use crate::bot::{Exit, Failure};
use crate::client::{Beside, ServerAddress};

/// What is known of the screen that is meant.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Its process.
    pub pid: Option<u32>,
    /// A server it is connected to; who the person is there, if that is said too.
    pub server: Option<Beside>,
}

/// A screen that answered, or did not.
#[derive(Debug)]
pub(super) struct Screen {
    pub(super) pid: u32,
    /// None of one that does not answer: it may be stopped, or have given its terminal to an editor.
    pub(super) servers: Option<Vec<Known>>,
    pub(super) read: Lines<OwnedReadHalf>,
    pub(super) write: OwnedWriteHalf,
}

#[derive(Debug, Deserialize)]
struct Servers {
    servers: Vec<Known>,
}

/// The screens that run, each asked what it is connected to, for so long at most.
pub(super) async fn screens(folders: &[PathBuf], patience: Duration) -> Vec<Screen> {
    let asked = place::running(folders).await.into_iter().map(async |Running { pid, stream }| {
        let (read, mut write) = stream.into_split();
        let mut read = Lines::new(read);
        let servers = timeout(patience, servers(&mut read, &mut write)).await.ok().flatten();
        Screen { pid, servers, read, write }
    });
    join_all(asked).await
}

async fn servers(read: &mut Lines<OwnedReadHalf>, write: &mut OwnedWriteHalf) -> Option<Vec<Known>> {
    write.write_all(b"{\"op\":\"servers\"}\n").await.ok()?;
    let Input::Line(line) = read.next().await.ok()?? else { return None };
    serde_json::from_slice(&line).ok().map(|Servers { servers }| servers)
}

/// The screen that is meant, and its server, unless it is the one being looked at.
///
/// # Errors
/// [`Exit::Unreachable`] if there is none, [`Exit::Usage`] with what there is if several are.
pub(super) fn choose(screens: Vec<Screen>, which: &Which) -> Result<(Screen, Option<Known>), Failure> {
    let unreachable = |message: String| Failure::new(Exit::Unreachable, message);
    if screens.is_empty() {
        return Err(unreachable(
            "no client runs here, or only with `ctl` off; chat-tui connect HOST starts one".to_owned(),
        ));
    }
    let there_are = listed(&screens).join(", ");
    let mut meant: Vec<(Screen, Option<Known>)> = Vec::new();
    let mut several = Vec::new();
    for screen in screens.into_iter().filter(|screen| which.pid.is_none_or(|pid| pid == screen.pid)) {
        let Some(server) = &which.server else {
            meant.push((screen, None));
            continue;
        };
        let fits = fitting(screen.servers.as_deref().unwrap_or_default(), server);
        if fits.len() > 1 {
            several.extend(fits.iter().map(|known| format!("{}@{}", known.name, known.server)));
        }
        if let Some(known) = fits.into_iter().next() {
            meant.push((screen, Some(known)));
        }
    }
    if !several.is_empty() {
        let text = format!("several servers are meant; choose one with --server: {}", several.join(", "));
        return Err(Failure::new(Exit::Usage, text));
    }
    if meant.len() > 1 {
        let text = format!("several clients run; choose one with --pid or --server: {there_are}");
        return Err(Failure::new(Exit::Usage, text));
    }
    match meant.pop() {
        Some((Screen { servers: None, pid, .. }, _)) => Err(Failure::new(
            Exit::TimedOut,
            format!("the client {pid} does not answer; it may be stopped, or have an editor in front"),
        )),
        Some(meant) => Ok(meant),
        None => Err(unreachable(format!("there is no such client; there are: {there_are}"))),
    }
}

/// The servers somebody means: those of that name and port, or of that host if the port is not said.
fn fitting(known: &[Known], Beside { address, name }: &Beside) -> Vec<Known> {
    let named = known.iter().filter(|known| name.as_ref().is_none_or(|name| *name == known.name));
    let (exact, others): (Vec<&Known>, Vec<&Known>) = named.partition(|known| known.server == address.shown());
    let at_host = |known: &&Known| {
        address.port == PORT_DEFAULT
            && known.server.parse().is_ok_and(|known: ServerAddress| known.host == address.host)
    };
    let found = if exact.is_empty() { others.into_iter().filter(at_host).collect() } else { exact };
    found.into_iter().cloned().collect()
}

/// Clients and their servers, a line each.
pub(super) fn listed(screens: &[Screen]) -> Vec<String> {
    let line = |screen: &Screen| match screen.servers.as_deref() {
        None => vec![format!("{} does not answer", screen.pid)],
        Some(servers) => servers.iter().map(|known| format!("{} {}", screen.pid, told(known))).collect(),
    };
    screens.iter().flat_map(line).collect()
}

fn told(Known { server, name, front, online }: &Known) -> String {
    let front = if *front { " in front" } else { "" };
    let away = if *online { "" } else { " away" };
    format!("{name}@{server}{front}{away}")
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixStream;

    use super::*;

    fn known(name: &str, server: &str) -> Known {
        Known { server: server.to_owned(), name: name.to_owned(), front: false, online: true }
    }

    fn screen(pid: u32, servers: Option<Vec<Known>>) -> Screen {
        let (read, write) = UnixStream::pair().unwrap().0.into_split();
        Screen { pid, servers, read: Lines::new(read), write }
    }

    fn which(pid: Option<u32>, server: &str) -> Which {
        let server = (!server.is_empty()).then(|| server.parse().unwrap());
        Which { pid, server }
    }

    #[tokio::test]
    async fn the_only_one_that_is_meant_is_chosen_and_a_choice_is_named() {
        let there = || {
            vec![
                screen(7, Some(vec![known("alice", "chat.example"), known("al", "chat.example:5000")])),
                screen(
                    8,
                    Some(vec![known("bob", "chat.example"), known("bob", "b.example:1"), known("eve", "b.example:1")]),
                ),
                screen(9, None),
            ]
        };
        let choose = |which: Which| {
            choose(there(), &which)
                .map(|(screen, known)| (screen.pid, known.map(|known| (known.name, known.server))))
                .map_err(|failure| (failure.exit, failure.message))
        };
        let named = |name: &str, server: &str| Some((name.to_owned(), server.to_owned()));
        assert_eq!(choose(which(Some(7), "")), Ok((7, None)));
        assert_eq!(choose(which(None, "chat.example:5000")), Ok((7, named("al", "chat.example:5000"))));
        assert_eq!(choose(which(None, "bob@chat.example")), Ok((8, named("bob", "chat.example"))));
        assert_eq!(choose(which(None, "eve@b.example")), Ok((8, named("eve", "b.example:1"))));
        let (exit, said) = choose(which(None, "chat.example")).unwrap_err();
        assert!(
            exit == Exit::Usage && said.contains("7 alice@chat.example") && said.contains("9 does not answer"),
            "{said}"
        );
        assert_eq!(choose(which(None, "b.example")).unwrap_err().0, Exit::Usage);
        assert_eq!(choose(which(None, "")).unwrap_err().0, Exit::Usage);
        assert_eq!(choose(which(Some(9), "")).unwrap_err().0, Exit::TimedOut);
        assert_eq!(choose(which(Some(10), "")).unwrap_err().0, Exit::Unreachable);
        assert_eq!(choose(which(None, "c.example")).unwrap_err().0, Exit::Unreachable);
        assert_eq!(super::choose(Vec::new(), &which(None, "")).unwrap_err().exit, Exit::Unreachable);
    }
}
