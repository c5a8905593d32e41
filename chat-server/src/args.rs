//! The command line. Every flag of a setting ends up as text in the table of settings, so nothing is checked twice.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, Parser, Subcommand};

/// Rooms, durable history and presence over QUIC. Without a command, the server starts.
///
/// Settings come from flags, else from CHAT_* variables, else from the file named with --config, else they have defaults.
/// Exit status: 0 after an orderly end, 1 when something failed, 2 for wrong usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "chat-server", version = VERSION.as_str())]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Certificates
    #[command(subcommand)]
    Cert(CertCommand),
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Looks at everything in the data directory of a server that is not running, its files included; changes nothing
    ///
    /// Says what was changed, is missing or out of order, and ends in one line that begins with ok: or damaged:. Exit
    /// status 1 for the latter.
    Verify,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CertCommand {
    /// Makes a key and a self-signed certificate: server.key (mode 0600) and server.crt
    Make {
        /// The directory to write them to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// A host name or address the certificate is for; may be repeated
        #[arg(long = "name", value_name = "HOST", default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()])]
        names: Vec<String>,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints ok and the settings in force, or everything that is wrong
    Check,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct SettingFlags {
    /// A TOML file with settings
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The UDP address to listen on [default: [::]:4433]
    #[arg(long, global = true, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The directory for everything that is kept
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// A PEM file with the certificate chain [default: self-signed, kept in the data directory]
    #[arg(long, global = true, value_name = "FILE")]
    cert: Option<String>,
    /// A PEM file with the private key [default: the file of --cert]
    #[arg(long, global = true, value_name = "FILE")]
    key: Option<String>,
    /// What an acknowledged message survives: memory, os or fsync [default: fsync]
    #[arg(long, global = true, value_name = "LEVEL")]
    durability: Option<String>,
    /// Which log lines go to standard error, such as warn or chat_server=debug [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// How log lines are written: text or json [default: text]
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Whether who asks for too much is slowed down: on or off [default: on]
    #[arg(long, global = true, value_name = "ON|OFF")]
    flood: Option<String>,
}

impl SettingFlags {
    /// The settings that were given, by their keys.
    pub(crate) fn given(self) -> Vec<(&'static str, String)> {
        [
            ("listen", self.listen),
            ("data", self.data),
            ("cert", self.cert),
            ("key", self.key),
            ("durability", self.durability),
            ("log", self.log),
            ("log_format", self.log_format),
            ("flood", self.flood),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }
}

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (SQLite {})", env!("CARGO_PKG_VERSION"), rusqlite::version()));

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_flag_is_a_setting() {
        for setting in Arguments::parse_from(["chat-server", "--listen=a", "--data=b", "--log-format=c", "--flood=d"])
            .settings
            .given()
        {
            assert!(chat_server::config::SETTINGS.iter().any(|known| known.key == setting.0), "{setting:?}");
        }
    }
}
