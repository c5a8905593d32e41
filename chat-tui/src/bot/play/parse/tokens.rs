//! Tokens one after the other.

use std::time::Duration;

use crate::bot::play::lex::{Lexed, Token};
use crate::bot::play::source::{Place, ScriptError};
use crate::bot::play::value::{Comparison, Operand, Template, json};

/// Tokens, and the next one of them. The last one is the end of a line.
pub(super) struct Tokens {
    all: Vec<Lexed>,
    at: usize,
}

impl Tokens {
    pub(super) fn new(all: Vec<Lexed>) -> Self {
        Self { all, at: 0 }
    }

    fn ahead(&self, by: usize) -> Option<&Token> {
        self.all.get(self.at + by).map(|lexed| &lexed.token)
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.ahead(0)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// Where the next token stands.
    pub(super) fn place(&self) -> Place {
        let last = self.all.len() - 1;
        self.all[self.at.min(last)].place.clone()
    }

    /// Something is wrong with the next token.
    pub(super) fn wrong(&self, message: impl Into<String>) -> ScriptError {
        ScriptError::at(&self.place(), message)
    }

    /// Takes the next token if it is this one.
    pub(super) fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.skip();
        }
        found
    }

    pub(super) fn exactly(&mut self, token: &Token, message: &str) -> Result<(), ScriptError> {
        if self.take(token) { Ok(()) } else { Err(self.wrong(message)) }
    }

    /// The word so many tokens ahead, if it is one without variables.
    pub(super) fn word_ahead(&self, by: usize) -> Option<&str> {
        match self.ahead(by) {
            Some(Token::Word(template)) => template.plain(),
            _ => None,
        }
    }

    pub(super) fn peek_word(&self) -> Option<&str> {
        self.word_ahead(0)
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek_word() == Some(word)
    }

    /// Whether what comes is `NAME:`.
    pub(super) fn is_addressed(&self) -> bool {
        self.peek_word().is_some() && self.ahead(1) == Some(&Token::Colon)
    }

    /// Whether the step ends so many tokens ahead.
    pub(super) fn ends_ahead(&self, by: usize) -> bool {
        matches!(self.ahead(by), None | Some(Token::Newline | Token::Semicolon | Token::Close))
    }

    pub(super) fn end_of_step(&self) -> Result<(), ScriptError> {
        if self.ends_ahead(0) { Ok(()) } else { Err(self.wrong("the step ends here: a new line or ; is missing")) }
    }

    pub(super) fn keyword(&mut self, word: &str, message: &str) -> Result<(), ScriptError> {
        if !self.is_word(word) {
            return Err(self.wrong(message));
        }
        self.skip();
        Ok(())
    }

    /// The next token, if it is a word without variables.
    pub(super) fn plain_word(&mut self) -> Option<String> {
        let word = self.peek_word().map(str::to_owned)?;
        self.skip();
        Some(word)
    }

    /// A name of letters, digits, `_` and `-`.
    pub(super) fn name(&mut self, of: &str) -> Result<String, ScriptError> {
        let is_name = |name: &&str| {
            let mut chars = name.chars();
            chars.next().is_some_and(char::is_alphabetic) && chars.all(|c| c.is_alphanumeric() || "_-".contains(c))
        };
        let name = self.peek_word().filter(is_name).map(str::to_owned);
        let message = format!("here comes the name of {of}: a letter, then letters, digits, _ and -");
        let name = name.ok_or_else(|| self.wrong(message))?;
        self.skip();
        Ok(name)
    }

    /// A word or a text in quotes.
    pub(super) fn text(&mut self, what: &str) -> Result<Template, ScriptError> {
        match self.peek() {
            Some(Token::Word(template) | Token::Text(template)) => {
                let template = template.clone();
                self.skip();
                Ok(template)
            }
            _ => Err(self.wrong(format!("here comes {what}"))),
        }
    }

    pub(super) fn operand(&mut self, what: &str) -> Result<Operand, ScriptError> {
        let operand = match self.peek() {
            Some(Token::Word(template)) => Operand::Word(template.clone()),
            Some(Token::Text(template)) => Operand::Text(template.clone()),
            Some(Token::Pattern(template)) => Operand::Pattern(template.clone()),
            Some(Token::Json(template)) => {
                if let Some(plain) = template.plain() {
                    json(plain).map_err(|e| self.wrong(e))?;
                }
                Operand::Json(template.clone())
            }
            _ => return Err(self.wrong(format!("here comes {what}"))),
        };
        self.skip();
        Ok(operand)
    }

    /// A comparison, if one comes.
    pub(super) fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match (self.peek()?, self.peek_word()) {
            (Token::Compare(comparison), _) => *comparison,
            (Token::Equals, _) => Comparison::Equal,
            (_, Some("contains")) => Comparison::Contains,
            (_, Some("matches")) => Comparison::Matches,
            (_, _) => return None,
        };
        self.skip();
        Some(comparison)
    }

    /// A time such as `500ms`, `3s`, `2m`.
    pub(super) fn duration(&mut self) -> Result<Duration, ScriptError> {
        let found = self.peek_word().and_then(duration);
        let found =
            found.ok_or_else(|| self.wrong("here comes a time: a number with ms, s or m behind it, up to 1h"))?;
        self.skip();
        Ok(found)
    }
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let scale_ms = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let ms = text[..digits].parse::<u64>().ok()?.checked_mul(scale_ms)?;
    (ms <= DURATION_MS_MAX).then(|| Duration::from_millis(ms))
}

/// The longest time that is waited for anything, milliseconds.
const DURATION_MS_MAX: u64 = 3_600_000;
