//! Log lines, on standard error. Text of users goes into fields, plain or with `?`, which are escaped; never into the
//! message and never with `%`, where a line break would forge a line.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::Subscriber;

use crate::config::{Config, LogFormat};

/// Why there is no log.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The filter is none.
    #[error("{0:?} is not a log filter")]
    Filter(String),
    /// The process has a log already.
    #[error("the log is set up already")]
    Twice,
}

/// Writes log lines to standard error from here on, as configured. Once per process.
///
/// # Errors
/// Why it does not.
pub fn start(config: &Config) -> Result<(), TraceError> {
    let filter = EnvFilter::try_new(&config.log).map_err(|_| TraceError::Filter(config.log.clone()))?;
    // Reporting a failed write would go to the same stream, and panic when that is a closed pipe.
    let lines = Subscriber::builder().with_env_filter(filter).with_writer(io::stderr).log_internal_errors(false);
    let started = match config.log_format {
        LogFormat::Text => {
            let colours =
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
            tracing::subscriber::set_global_default(lines.with_ansi(colours).finish())
        }
        LogFormat::Json => tracing::subscriber::set_global_default(lines.json().flatten_event(true).finish()),
    };
    started.map_err(|_| TraceError::Twice)
}
