//! A token to log in with: from a file, a variable or an open descriptor, never an argument, which other users could read.

use std::path::{Path, PathBuf};

use chat_tui::bot::{Exit, Failure};
use chat_tui::client::{Login, Token};
use clap::Args;

use crate::cli::secret;

/// Where the token is.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct TokenArgs {
    /// Log in with the token in this file
    #[arg(long, value_name = "FILE", group = "token_source")]
    token_file: Option<PathBuf>,
    /// Log in with the token in this variable of the environment
    #[arg(long, value_name = "VARIABLE", group = "token_source")]
    token_env: Option<String>,
    /// Log in with the token that can be read from this open descriptor
    #[arg(long, value_name = "NUMBER", group = "token_source")]
    token_fd: Option<u32>,
    /// Refused: other users of the machine can read arguments
    #[arg(long, hide = true, value_name = "TOKEN")]
    token: Option<String>,
}

impl TokenArgs {
    /// The variable that holds the token, if it is one that does: for whoever runs other programs.
    pub(crate) fn variable(&self) -> Option<String> {
        self.token_env.clone()
    }

    /// How to log in, where a token is named.
    ///
    /// # Errors
    /// It cannot be read, or was given as an argument.
    pub(crate) fn login(&self) -> Result<Option<Login>, Failure> {
        if self.token.is_some() {
            let message = "a token is never an argument, which other users of this machine can read; put it into a file of \
                           mode 0600 and use --token-file FILE, or --token-env VARIABLE, or --token-fd NUMBER; and change it";
            return Err(Failure::new(Exit::Usage, message));
        }
        let text = if let Some(variable) = &self.token_env {
            std::env::var(variable).map_err(|e| Failure::new(Exit::Usage, format!("--token-env {variable}: {e}")))?
        } else if let Some(number) = self.token_fd {
            secret::read("the token", "--token-file", Some(Path::new(&format!("/dev/fd/{number}"))))?
        } else if let Some(path) = &self.token_file {
            secret::read("the token", "--token-file", Some(path))?
        } else {
            return Ok(None);
        };
        Ok(Some(Login::Token(Token::new(&text))))
    }
}
