//! From tokens to steps.

mod action;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use self::tokens::Tokens;
use super::lex::{Token, lex};
use super::script::{Actor, Claim, Step, What};
use super::source::{Place, ScriptError, Source};
use super::value::{Comparison, Operand, Template};

/// Reads a scenario's file, and those it includes.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(super) fn load(path: &Path) -> Result<Vec<Step>, ScriptError> {
    read_file(path, 0)
}

/// Reads a scenario from a text; what it includes is looked for beside `path`.
///
/// # Errors
/// As [`load`].
pub(super) fn read(path: &str, text: &str) -> Result<Vec<Step>, ScriptError> {
    read_text(Source { path: path.to_owned(), text: text.to_owned() }, 0)
}

fn read_file(path: &Path, depth: usize) -> Result<Vec<Step>, ScriptError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| ScriptError::File { path: name.clone(), message: e.to_string() })?;
    let text = String::from_utf8(bytes)
        .map_err(|_| ScriptError::File { path: name.clone(), message: "the file is not UTF-8 text".to_owned() })?;
    read_text(Source { path: name, text }, depth)
}

fn read_text(source: Source, depth: usize) -> Result<Vec<Step>, ScriptError> {
    let source = Arc::new(source);
    let mut parser = Parser { tokens: Tokens::new(lex(&source)?), actor: None, depth, blocks: 0 };
    parser.steps()
}

/// Reads one file.
struct Parser {
    tokens: Tokens,
    /// Who was named last on this line.
    actor: Option<super::script::Who>,
    /// How many files include this one.
    depth: usize,
    /// Braces that are open.
    blocks: usize,
}

impl Parser {
    /// Steps up to the end of the file or of the block.
    fn steps(&mut self) -> Result<Vec<Step>, ScriptError> {
        let mut steps = Vec::new();
        loop {
            match self.tokens.peek() {
                None if self.blocks == 0 => return Ok(steps),
                None => return Err(self.tokens.wrong("a { is never closed: } is missing")),
                Some(Token::Newline) => {
                    self.actor = None;
                    self.tokens.skip();
                }
                Some(Token::Semicolon) => self.tokens.skip(),
                Some(Token::Close) if self.blocks > 0 => {
                    self.tokens.skip();
                    return Ok(steps);
                }
                Some(_) => {
                    self.step(&mut steps)?;
                    self.tokens.end_of_step()?;
                }
            }
        }
    }

    fn step(&mut self, steps: &mut Vec<Step>) -> Result<(), ScriptError> {
        let place = self.tokens.place();
        if self.tokens.is_word("include") && !self.tokens.is_addressed() {
            self.tokens.skip();
            return self.include(&place, steps);
        }
        let what = self.what(&place)?;
        steps.push(Step { place, what });
        Ok(())
    }

    fn what(&mut self, place: &Place) -> Result<What, ScriptError> {
        if self.tokens.is_addressed() {
            return self.addressed(false);
        }
        let Some(word) = self.tokens.peek_word().map(str::to_owned) else {
            return Err(self.tokens.wrong("a step begins with a word, such as `alice:` or `wait`"));
        };
        let goes_on = self.actor.is_some();
        match word.as_str() {
            "set" => self.set(),
            "let" => self.bind(),
            "actor" => self.actor().map(What::Actor),
            "section" if self.blocks > 0 => Err(self.tokens.wrong("a section begins outside of blocks")),
            "section" => {
                self.tokens.skip();
                self.tokens.text("the section's name").map(What::Section)
            }
            "wait" => {
                self.tokens.skip();
                self.tokens.duration().map(What::Wait)
            }
            "exit" => self.exit(),
            "repeat" => self.repeat(),
            "parallel" => {
                self.tokens.skip();
                self.block(place).map(What::Parallel)
            }
            "server" => self.server(),
            "expect" if self.tokens.word_ahead(1) == Some("latency") => self.latency(),
            "assert" if !goes_on => {
                self.tokens.skip();
                self.claim().map(What::Assert)
            }
            "not" => {
                self.tokens.skip();
                self.addressed(true)
            }
            _ if goes_on => self.addressed(false),
            other => Err(self.tokens.wrong(format!(
                "{other:?} begins no step: write `NAME: …` for what somebody does, or one of {}",
                STEPS.join(", ")
            ))),
        }
    }

    fn set(&mut self) -> Result<What, ScriptError> {
        self.tokens.skip();
        self.tokens.keyword("timeout", "only `set timeout TIME` can be set")?;
        self.tokens.duration().map(What::Timeout)
    }

    fn bind(&mut self) -> Result<What, ScriptError> {
        self.tokens.skip();
        let name = self.tokens.name("a variable")?;
        self.tokens.exactly(&Token::Equals, "`let NAME = VALUE`: here comes =")?;
        if self.tokens.is_word("random") && !self.tokens.ends_ahead(1) {
            self.tokens.skip();
            let (least, most) = (self.tokens.operand("the least number")?, self.tokens.operand("the greatest")?);
            return Ok(What::Random(name, least, most));
        }
        Ok(What::Let(name, self.tokens.operand("the value")?))
    }

    fn exit(&mut self) -> Result<What, ScriptError> {
        self.tokens.skip();
        if self.tokens.ends_ahead(0) {
            return Ok(What::Exit(true));
        }
        match self.tokens.plain_word() {
            Some(code) if code == "0" => Ok(What::Exit(true)),
            Some(code) if code == "1" => Ok(What::Exit(false)),
            _ => Err(self.tokens.wrong("`exit 0` ends the run as passed, `exit 1` as failed")),
        }
    }

    fn actor(&mut self) -> Result<Actor, ScriptError> {
        self.tokens.skip();
        let name = self.tokens.name("an actor")?;
        if STEPS.contains(&name.as_str()) {
            return Err(self.tokens.wrong(format!("{name} is a word of the language and names no actor")));
        }
        let account = Template { pieces: vec![super::value::Piece::Plain(name.clone())] };
        let mut actor = Actor { name, account, devices: 1, options: Vec::new(), outcome: Default::default() };
        while !self.tokens.ends_ahead(0) {
            if self.tokens.take(&Token::Arrow) {
                actor.outcome = self.outcome()?;
                continue;
            }
            let option = self.tokens.name("an option")?;
            match option.as_str() {
                "as" => actor.account = self.tokens.text("the name at the server")?,
                "devices" => {
                    let count = self.tokens.plain_word().and_then(|count| count.parse().ok());
                    let fits = count.filter(|count| (1..=DEVICES_MAX).contains(count));
                    actor.devices = fits.ok_or_else(|| self.tokens.wrong(format!("devices are 1 to {DEVICES_MAX}")))?;
                }
                _ => {
                    let value = self.option(&option)?;
                    actor.options.push((option, value));
                }
            }
        }
        Ok(actor)
    }

    /// The value of an actor's option, if it takes one.
    fn option(&mut self, name: &str) -> Result<Option<Operand>, ScriptError> {
        let Some((_, takes_value)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = OPTIONS.iter().map(|(known, _)| *known).collect();
            return Err(self.tokens.wrong(format!("there is no option {name}: there are {}", known.join(", "))));
        };
        if !takes_value {
            return Ok(None);
        }
        self.tokens.exactly(&Token::Equals, "this option is written NAME=VALUE: here comes =")?;
        self.tokens.operand("the option's value").map(Some)
    }

    fn repeat(&mut self) -> Result<What, ScriptError> {
        let place = self.tokens.place();
        self.tokens.skip();
        let times = self.tokens.operand("how often")?;
        let mut parallel = Operand::Text(Template { pieces: vec![super::value::Piece::Plain("1".to_owned())] });
        if self.tokens.is_word("parallel") {
            self.tokens.skip();
            parallel = self.tokens.operand("how many at once")?;
        }
        let body = self.block(&place)?;
        Ok(What::Repeat { times, parallel, body })
    }

    fn block(&mut self, place: &Place) -> Result<Vec<Step>, ScriptError> {
        self.tokens.exactly(&Token::Open, "here comes a block: { … }")?;
        if self.blocks == BLOCKS_MAX {
            return Err(ScriptError::at(place, format!("blocks stand at most {BLOCKS_MAX} deep in each other")));
        }
        self.blocks += 1;
        let steps = self.steps()?;
        self.blocks -= 1;
        Ok(steps)
    }

    fn server(&mut self) -> Result<What, ScriptError> {
        self.tokens.skip();
        let mut words = Vec::new();
        while !self.tokens.ends_ahead(0) {
            let mut word = self.tokens.text("a word")?;
            if self.tokens.take(&Token::Equals) {
                word.push('=');
                word.pieces.extend(self.tokens.text("the setting's value")?.pieces);
            }
            words.push(word);
        }
        if words.is_empty() {
            return Err(self.tokens.wrong("say what is done to the server, such as `server restart`"));
        }
        Ok(What::Server(words))
    }

    fn latency(&mut self) -> Result<What, ScriptError> {
        self.tokens.skip();
        self.tokens.skip();
        let percentile = self.tokens.plain_word();
        let percent = percentile.and_then(|word| word.strip_prefix('p').and_then(|number| number.parse::<f64>().ok()));
        let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
        let percent = percent.ok_or_else(|| self.tokens.wrong("here comes a percentile, such as p99"))?;
        let comparison = self.comparison()?;
        if !matches!(comparison, Comparison::Less | Comparison::AtMost) {
            return Err(self.tokens.wrong("a latency is expected to be < or <= a time"));
        }
        Ok(What::Latency { percent, comparison, limit: self.tokens.duration()? })
    }

    fn claim(&mut self) -> Result<Claim, ScriptError> {
        let left = self.tokens.operand("the value")?;
        let comparison = self.comparison()?;
        Ok(Claim { left, comparison, right: self.tokens.operand("what it is compared with")? })
    }

    fn comparison(&mut self) -> Result<Comparison, ScriptError> {
        let found = self.tokens.comparison();
        found.ok_or_else(|| self.tokens.wrong("here comes one of == != < <= > >= contains matches"))
    }

    fn include(&mut self, place: &Place, steps: &mut Vec<Step>) -> Result<(), ScriptError> {
        let file = self.tokens.text("the file")?;
        let Some(file) = file.plain().filter(|file| !file.is_empty()) else {
            return Err(ScriptError::at(place, "the file to include is named without variables"));
        };
        if self.depth == INCLUDES_MAX {
            return Err(ScriptError::at(place, format!("files include each other at most {INCLUDES_MAX} deep")));
        }
        let beside = Path::new(place.path()).parent().unwrap_or(Path::new(""));
        let included = read_file(&beside.join(file), self.depth + 1);
        steps.extend(included.map_err(|error| match error {
            ScriptError::File { path, message } => ScriptError::at(place, format!("{path}: {message}")),
            wrong @ ScriptError::Wrong { .. } => wrong,
        })?);
        Ok(())
    }
}

/// What a step may begin with, besides somebody's name.
const STEPS: [&str; 13] = [
    "set", "let", "actor", "section", "include", "wait", "exit", "repeat", "parallel", "server", "expect", "assert",
    "not",
];

/// What an actor may be told besides, and whether that takes a value: to hear his own messages as well, to log in by a code of
/// another device, the password, the recovery code or the link of an invitation, a token, or as a guest, to take the other devices
/// their right by that.
const OPTIONS: [(&str, bool); 8] = [
    ("echo", false),
    ("link", true),
    ("password", true),
    ("recover", true),
    ("invite", true),
    ("token", true),
    ("guest", false),
    ("revoke_others", false),
];

/// Connections of one actor.
const DEVICES_MAX: usize = 64;

/// Files that include each other.
const INCLUDES_MAX: usize = 16;

/// Blocks within each other.
const BLOCKS_MAX: usize = 16;

#[cfg(test)]
mod tests;
