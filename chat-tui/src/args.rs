//! What the command line says. One variant per subcommand; each subcommand's own arguments are with its code in `cli`.

use std::io::{BufRead, Read};
use std::path::PathBuf;
use std::time::Duration;

use chat_proto::UserName;
use chat_tui::bot::complain;
use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{
    AddressError, GuestKey, Login, Random, ServerAddress, Settings, TrustPolicy, default_data_dir, is_fingerprint,
};
use chat_tui::config::{self, Config, Loaded, Sources, Value};
use clap::{Args, Parser, Subcommand};

use crate::cli;

/// Chat from a terminal or a script.
#[derive(Debug, Parser)]
#[command(name = "chat-tui", version, about, max_term_width = 100, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    /// Without a command, the screen is opened at the server the settings name; without such a server, it is asked for.
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Open the screen
    #[cfg(feature = "tui")]
    Connect(cli::connect::ConnectArgs),
    /// Send one message and end when the server has stored it
    Send(cli::send::SendArgs),
    /// Print the messages of a room, without joining it
    Tail(cli::tail::TailArgs),
    /// Print the messages somebody looks for, newest first, without joining anything
    Search(cli::search::SearchArgs),
    /// Print who is a member of a room, without joining it
    Who(cli::listing::WhoArgs),
    /// Print the rooms there are
    Rooms(cli::listing::RoomsArgs),
    /// Send one file, and end when a message carries it
    Upload(cli::files::UploadArgs),
    /// Fetch the file a message carries, without joining its room
    Download(cli::files::DownloadArgs),
    /// Put a load on a server, and count and time every delivery
    Bench(cli::bench::BenchArgs),
    /// Connect a program
    Bot(cli::bot::BotArgs),
    /// Drive a screen that runs: requests as arguments or on standard input, on the connection it has
    Ctl(cli::ctl::CtlArgs),
    /// Become the owner of a server that has none, by the code it printed on its first start
    Claim(cli::claim::ClaimArgs),
    /// Let this device open an account you have, by a code that another of your devices makes (/link), or by its password
    Link(cli::device::LinkArgs),
    /// Let this device open an account whose devices are lost, by its recovery code (/recovery)
    Recover(cli::device::RecoverArgs),
    /// Give your account a password that links new devices, or take it away
    Password(cli::password::PasswordArgs),
    /// Say what is known of a server's key, or forget it
    Trust(cli::trust::TrustArgs),
    /// Look after the file of settings
    Config(cli::config::ConfigCommandArgs),
    /// Say what could keep the client from working: the terminal, the settings, the way to a server
    Doctor(cli::doctor::DoctorArgs),
    /// Try everything out: a server of your own on this machine, and two who talk
    #[cfg(feature = "tui")]
    Demo(cli::demo::DemoArgs),
    /// Print what a shell needs to complete the command line
    Completions(cli::pages::CompletionsArgs),
    /// Print the manual, or write a page for every command into a directory
    Man(cli::pages::ManArgs),
}

/// How to reach a server, as whom, and whom to trust.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConnectionArgs {
    /// The server: HOST, HOST:PORT, [IPV6]:PORT or a chat:// link; the port is 4433 unless named. @FILE reads it from a file,
    /// which nobody else need be able to read, as other users of this machine can read arguments
    #[arg(value_name = "HOST", value_parser = server)]
    pub(crate) server: ServerAddress,
    /// Your name on this server; the name of the system's user unless given
    #[arg(long, env = "CHAT_NAME", value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Trust only the server whose key has this fingerprint
    #[arg(long, env = "CHAT_PIN", value_name = "SHA256:…", value_parser = pin)]
    pub(crate) pin: Option<String>,
    /// Trust an unknown server and remember its key; a pin comes first
    #[arg(long, env = "CHAT_ACCEPT_NEW", value_parser = clap::builder::BoolishValueParser::new())]
    pub(crate) accept_new: bool,
    /// The directory of keys, outboxes and caches
    #[arg(long, env = "CHAT_CLIENT_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// A PEM file of certificate authorities to trust besides the system's
    #[arg(long, env = "CHAT_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) token: cli::token::TokenArgs,
    /// Come as a guest, ~NAME, where the server lets guests in: no key is kept, and you are gone when this ends
    #[arg(long, conflicts_with = "token_source")]
    pub(crate) guest: bool,
}

impl ConnectionArgs {
    /// The settings of a session, with `unknown` deciding about a server nobody vouches for. What is wrong in the
    /// configuration is told on standard error.
    pub(crate) fn settings(&self, unknown: TrustPolicy) -> Result<Settings, Failure> {
        self.settings_by(&self.config.load_and_tell().config, unknown)
    }

    /// The same with a configuration that is read already.
    pub(crate) fn settings_by(&self, config: &Config, unknown: TrustPolicy) -> Result<Settings, Failure> {
        if self.guest && self.server.invite.is_some() {
            let message = "an invitation is for who takes a name; use the link without --guest";
            return Err(Failure::new(Exit::Usage, message));
        }
        let data = data_dir(self.data.as_ref(), config)?;
        let token = self.token.login()?;
        let mut settings = Settings::new(self.server.clone(), self.name(token.as_ref(), config)?, data);
        settings.use_cache = config.cache;
        settings.trust = match (&self.pin, self.accept_new) {
            (Some(pin), _) => TrustPolicy::Pin(pin.clone()),
            (None, true) => TrustPolicy::AcceptNew,
            (None, false) => unknown,
        };
        settings.ca = self.ca.clone().or_else(|| config.ca.clone());
        settings.login = match (token, Login::of_address(&self.server)) {
            (None, login) => login,
            (Some(token), Login::Device) => token,
            (Some(_), _) => {
                let message = "a token and an invitation are two ways in; use one of them";
                return Err(Failure::new(Exit::Usage, message));
            }
        };
        if self.guest {
            let key = GuestKey::new(&Random::system());
            let key = key.map_err(|e| Failure::new(Exit::Bug, format!("no randomness: {e}")))?;
            settings = settings.as_guest(key);
        }
        Ok(settings)
    }

    fn name(&self, login: Option<&Login>, config: &Config) -> Result<String, Failure> {
        // A bot is who its token says; the name here is that of its directory.
        if let Some(Login::Token(token)) = login
            && let Some(id) = token.bot_id()
        {
            return Ok(format!("bot-{id}"));
        }
        if let Some(name) = self.name.as_ref().or(config.name.as_ref()) {
            let invalid = |e| Failure::new(Exit::Usage, format!("the name {name:?} is not possible: {e}"));
            return UserName::parse(name).map(|_| name.clone()).map_err(invalid);
        }
        name_of_system().ok_or_else(|| {
            Failure::new(Exit::Usage, "the system's user name is no possible chat name; choose one with --name NAME")
        })
    }
}

/// Where the configuration is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ConfigArgs {
    /// The file of settings; config.toml in the directory of configurations unless given
    #[arg(long = "config", env = "CHAT_CLIENT_CONFIG", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

impl ConfigArgs {
    /// Where settings come from, with those given as flags.
    pub(crate) fn sources(&self, flags: Vec<(&'static str, Value)>) -> Sources {
        config::system(self.file.clone(), flags)
    }

    /// The configuration; what is wrong with it is told on standard error.
    pub(crate) fn load_and_tell(&self) -> Loaded {
        let loaded = config::load(&self.sources(Vec::new()));
        loaded.problems.iter().for_each(complain);
        loaded
    }
}

/// The directory of keys, outboxes and caches: as a flag or the configuration says, or else the system's.
pub(crate) fn data_dir(flag: Option<&PathBuf>, config: &Config) -> Result<PathBuf, Failure> {
    flag.or(config.data.as_ref())
        .cloned()
        .or_else(default_data_dir)
        .ok_or_else(|| Failure::new(Exit::Usage, "there is no home directory; say with --data DIR where keys are kept"))
}

/// The name of the system's user, if it is a possible chat name.
pub(crate) fn name_of_system() -> Option<String> {
    let name = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|variable| std::env::var(variable).ok());
    name.filter(|name| UserName::parse(name).is_ok())
}

/// A server's address, or that in the first line of `@FILE`.
fn server(text: &str) -> Result<ServerAddress, String> {
    let Some(path) = text.strip_prefix('@') else { return text.parse().map_err(|e: AddressError| e.to_string()) };
    let unread = |e: std::io::Error| format!("{path}: {e}");
    let mut line = String::new();
    let mut file = std::io::BufReader::new(std::fs::File::open(path).map_err(unread)?).take(ADDRESS_BYTES_MAX);
    file.read_line(&mut line).map_err(unread)?;
    line.trim().parse().map_err(|e: AddressError| format!("{path}: {e}"))
}

pub(crate) fn pin(text: &str) -> Result<String, String> {
    if is_fingerprint(text) {
        return Ok(text.to_owned());
    }
    Err("a fingerprint looks like SHA256:… with 43 characters behind the colon".to_owned())
}

/// A time such as `500ms`, `10s`, `5m`, `2h`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let scale_ms = match unit {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    match number.parse::<u64>().ok().and_then(|number| number.checked_mul(scale_ms)) {
        Some(ms) if scale_ms > 0 && ms <= DURATION_MS_MAX => Ok(Duration::from_millis(ms)),
        Some(_) | None => Err("a time is a number with ms, s, m or h behind it, at most 24h".to_owned()),
    }
}

/// A number of bytes such as `4096` or `4k`.
pub(crate) fn bytes(text: &str) -> Result<usize, String> {
    let (number, scale) = match text.strip_suffix(['k', 'K']) {
        Some(number) => (number, 1_024),
        None => (text, 1),
    };
    let number = number.parse::<usize>().ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()));
    number.and_then(|number| number.checked_mul(scale)).ok_or_else(|| "a size is a number of bytes, or 4k".to_owned())
}

/// The longest line that is read as an address, bytes.
const ADDRESS_BYTES_MAX: u64 = 4 * 1024;

/// The longest time an argument may name, milliseconds.
const DURATION_MS_MAX: u64 = 24 * 3_600_000;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(duration("3"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        for bad in ["", "s", "-1s", "1d", "1.5s", "25h", "99999999999999999999h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert_eq!(bytes("4k"), Ok(4_096));
        assert_eq!(bytes("100"), Ok(100));
        for bad in ["", "k", "-1", "4m", "99999999999999999999k"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
