//! `chat-tui` alone: the server of the settings, or, on the first run, the one the person names.

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use chat_proto::UserName;
use chat_tui::bot::{Exit, Failure, complain};
use chat_tui::client::ServerAddress;
use chat_tui::client::trust::KnownServers;
use chat_tui::config::{self, Remember};
use clap::Parser;

use crate::args::{Arguments, Command, ConfigArgs, data_dir, name_of_system};
use crate::cli::connect;

/// Opens the screen.
pub(crate) fn run(args: &ConfigArgs) -> Result<Exit, Failure> {
    let loaded = config::load(&args.sources(Vec::new()));
    if let Some(server) = &loaded.config.server {
        return connect(args, server, None);
    }
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let message =
            "no server is named: write chat-tui connect HOST, or name one in the settings (chat-tui config init)";
        return Err(Failure::new(Exit::Usage, message));
    }
    loaded.problems.iter().for_each(complain);
    let name = loaded.config.name.clone().or_else(name_of_system);
    let Some(answers) = welcome(name.as_deref(), &mut io::stdin().lock(), &mut io::stdout()) else {
        return Ok(Exit::Clean);
    };
    let ended = connect(args, &answers.server, Some(&answers.name));
    let data = data_dir(None, &loaded.config)?;
    let met = answers
        .server
        .parse()
        .is_ok_and(|server| KnownServers::in_dir(&data).find(&server).is_ok_and(|it| it.is_some()));
    // A server that was never reached may be a typing error, and would be asked for no more.
    if answers.remember
        && met
        && let Some(path) = &loaded.path
    {
        remember(path, &answers)?;
    }
    ended
}

fn connect(args: &ConfigArgs, server: &str, name: Option<&str>) -> Result<Exit, Failure> {
    let mut words: Vec<OsString> = ["chat-tui", "connect", server].map(OsString::from).to_vec();
    if let Some(file) = &args.file {
        words.extend([OsString::from("--config"), file.into()]);
    }
    if let Some(name) = name {
        words.extend(["--name", name].map(OsString::from));
    }
    let parsed = Arguments::try_parse_from(words).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    match parsed.command {
        Some(Command::Connect(args)) => connect::run(args),
        Some(_) | None => Err(Failure::new(Exit::Bug, "the command line was read otherwise than it was written")),
    }
}

fn remember(path: &Path, answers: &Answers) -> Result<(), Failure> {
    let place = path.display();
    let failed = |what: String| Failure::new(Exit::Failed, format!("{place}: {what}"));
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => config::initial(),
        read => read.map_err(|error| failed(error.to_string()))?,
    };
    let what = Remember { server: answers.server.clone(), name: answers.name.clone() };
    let text = config::remember(&text, &what).map_err(|error| failed(error.to_string()))?;
    config::write(path, &text).map_err(|error| failed(error.to_string()))?;
    complain(&format_args!("chat-tui alone opens {} from now on; see {place}", answers.server));
    Ok(())
}

/// What a person says on the first run.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answers {
    server: String,
    name: String,
    remember: bool,
}

/// Asks what is needed to begin. The end of the input, and too many misunderstandings, are a no.
fn welcome(name: Option<&str>, input: &mut impl BufRead, output: &mut impl Write) -> Option<Answers> {
    let _ = writeln!(output, "\nWelcome to chat-tui.\n");
    let _ = writeln!(output, "  To look around without a server of your own: chat-tui demo");
    let _ = writeln!(output, "  Somebody sent you a chat:// link? It is an answer to the first question.\n");
    let server = ask("Server (host, host:port or chat:// link)", None, input, output, |text| {
        text.parse::<ServerAddress>().map(drop).map_err(|error| error.to_string())
    })?;
    let name = ask("Your name there", name, input, output, |text| {
        UserName::parse(text).map(drop).map_err(|error| error.to_string())
    })?;
    // An invitation is used once; what is remembered is where it led.
    let invited = server.parse::<ServerAddress>().is_ok_and(|server| server.invite.is_some());
    let yes_or_no = |text: &str| match text {
        "yes" | "y" | "no" | "n" => Ok(()),
        _ => Err("write yes or no".to_owned()),
    };
    let remember = !invited
        && ask("Open it whenever chat-tui is started alone (yes/no)", Some("yes"), input, output, yes_or_no)?
            .starts_with('y');
    let _ = writeln!(output);
    Some(Answers { server, name, remember })
}

/// Asks until the answer is one, an empty one being the answer that was proposed.
fn ask(
    what: &str,
    proposed: Option<&str>,
    input: &mut impl BufRead,
    output: &mut impl Write,
    check: impl Fn(&str) -> Result<(), String>,
) -> Option<String> {
    let proposal = proposed.map(|text| format!(" [{text}]")).unwrap_or_default();
    for _ in 0..TRIES_MAX {
        let _ = write!(output, "{what}{proposal}: ");
        let _ = output.flush();
        let mut line = String::new();
        if input.read_line(&mut line).ok()? == 0 {
            let _ = writeln!(output);
            return None;
        }
        let answer = match line.trim() {
            "" => proposed.unwrap_or_default(),
            typed => typed,
        };
        match check(answer) {
            Ok(()) => return Some(answer.to_owned()),
            Err(why) => {
                let _ = writeln!(output, "  {}", chat_tui::clean::line(&why));
            }
        }
    }
    None
}

/// How often an answer may be misunderstood.
const TRIES_MAX: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(typed: &str) -> (Option<Answers>, String) {
        let mut output = Vec::new();
        let answers = welcome(Some("ada"), &mut typed.as_bytes(), &mut output);
        (answers, String::from_utf8(output).unwrap())
    }

    #[test]
    fn three_answers_are_enough_and_two_of_them_are_proposed() {
        let expected = Answers { server: "localhost:1".to_owned(), name: "ada".to_owned(), remember: true };
        assert_eq!(answers("localhost:1\n\n\n").0, Some(expected.clone()));
        let other = Answers { name: "eve".to_owned(), remember: false, ..expected };
        assert_eq!(answers(" localhost:1 \neve\nno\n").0, Some(other));
    }

    #[test]
    fn what_is_no_answer_is_asked_again_and_the_end_of_the_input_ends_it() {
        let (given, told) = answers("a b\nlocalhost\n\nperhaps\nyes\n");
        assert!(given.is_some_and(|given| given.remember), "{told}");
        assert!(told.contains("is no host name") && told.contains("write yes or no"), "{told}");
        assert_eq!(answers("localhost\n").0, None);
        assert_eq!(answers("\n\n\n\n\n\n").0, None);
    }

    #[test]
    fn an_invitation_is_not_remembered_because_it_is_used_once() {
        let link = "chat://h#k=SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU&i=01ZA-0ZJK-MNPQ-01ZA-0ZJK-MNPQ-01";
        assert!(answers(&format!("{link}\n\n")).0.is_some_and(|given| !given.remember));
    }
}
