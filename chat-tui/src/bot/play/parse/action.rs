//! What somebody does.

use super::Parser;
use crate::bot::play::lex::Token;
use crate::bot::play::script::{Action, Ask, Condition, Expectation, Outcome, Verdict, What, Who};
use crate::bot::play::source::ScriptError;
use crate::bot::play::value::{Comparison, Operand, Piece, Segment, Template, segments};

impl Parser {
    /// `NAME: …`, or what the one named last on the line does.
    pub(super) fn addressed(&mut self, never: bool) -> Result<What, ScriptError> {
        let who = self.who()?;
        self.actor = Some(who.clone());
        if never && !self.tokens.is_word("expect") {
            return Err(self.tokens.wrong("behind `not NAME:` comes `expect`"));
        }
        let Some(word) = self.tokens.peek_word().map(str::to_owned) else {
            return Err(self.tokens.wrong("here comes what is done, such as `send` or `expect`"));
        };
        self.tokens.skip();
        let action = match word.as_str() {
            "expect" => Action::Expect(self.expectation(never)?),
            "assert" => self.asserted()?,
            "disconnect" => {
                let hard = self.tokens.is_word("hard");
                if hard {
                    self.tokens.skip();
                }
                Action::Disconnect { hard }
            }
            "reconnect" => Action::Reconnect(self.outcome_or_done()?),
            "rebind" => Action::Rebind,
            "forget" => Action::Forget,
            _ => Action::Ask(self.ask(word)?, self.outcome_or_done()?),
        };
        Ok(What::Do(who, action))
    }

    fn who(&mut self) -> Result<Who, ScriptError> {
        if !self.tokens.is_addressed() {
            return self.actor.clone().ok_or_else(|| self.tokens.wrong("here comes somebody's name and a colon"));
        }
        let place = self.tokens.place();
        let word = self.tokens.plain_word().unwrap_or_default();
        self.tokens.skip();
        let (name, device) = match word.split_once('[') {
            None => (word.as_str(), Some(1)),
            Some((name, rest)) => (name, rest.strip_suffix(']').and_then(|number| number.parse().ok())),
        };
        let device = device.filter(|device| *device > 0);
        let wrong = || ScriptError::at(&place, format!("{word:?} names nobody: write NAME: or NAME[2]:"));
        Ok(Who { name: name.to_owned(), device: device.ok_or_else(wrong)? })
    }

    /// The arguments of an op.
    fn ask(&mut self, op: String) -> Result<Ask, ScriptError> {
        let mut ask = Ask { op, arguments: Vec::new(), named: Vec::new() };
        while !self.tokens.ends_ahead(0) && !matches!(self.tokens.peek(), Some(Token::Arrow | Token::Compare(_))) {
            let is_word = |word: &str| self.tokens.is_word(word);
            if self.tokens.peek().and_then(field_of).is_some() || is_word("contains") || is_word("matches") {
                break;
            }
            let name = self.tokens.peek_word().map(str::to_owned);
            let argument = self.tokens.operand("an argument")?;
            if !self.tokens.take(&Token::Equals) {
                ask.arguments.push(argument);
                continue;
            }
            let name = name.filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'));
            let name = name.ok_or_else(|| self.tokens.wrong("before = stands a field's name"))?;
            ask.named.push((name, self.tokens.operand("the field's value")?));
        }
        Ok(ask)
    }

    /// `OP … [.field] COMPARISON VALUE [within TIME]`.
    fn asserted(&mut self) -> Result<Action, ScriptError> {
        let op = self.tokens.name("an op")?;
        let ask = self.ask(op)?;
        let field = self.tokens.peek().and_then(field_of);
        if let Some(field) = &field {
            if let Some(plain) = field.plain() {
                segments(plain).map_err(|e| self.tokens.wrong(e))?;
            }
            self.tokens.skip();
        }
        let comparison = self.comparison()?;
        let right = self.tokens.operand("what it is compared with")?;
        let mut within = None;
        if self.tokens.is_word("within") {
            self.tokens.skip();
            within = Some(self.tokens.duration()?);
        }
        Ok(Action::Assert(ask, field.unwrap_or_default(), comparison, right, within))
    }

    fn outcome_or_done(&mut self) -> Result<Outcome, ScriptError> {
        if self.tokens.take(&Token::Arrow) { self.outcome() } else { Ok(Outcome::default()) }
    }

    /// `-> [NAME] [any | refused [CODE] [/words/]]`; the arrow was taken.
    pub(super) fn outcome(&mut self) -> Result<Outcome, ScriptError> {
        let mut outcome = Outcome::default();
        if !matches!(self.tokens.peek_word(), Some("refused" | "any")) {
            outcome.bind = Some(self.tokens.name("the answer, or `refused`")?);
        }
        if self.tokens.is_word("any") {
            self.tokens.skip();
            outcome.verdict = Verdict::Any;
        } else if self.tokens.is_word("refused") {
            self.tokens.skip();
            let mut code = None;
            if matches!(self.tokens.peek(), Some(Token::Word(_))) {
                code = Some(self.tokens.text("the code")?);
            }
            let mut words = None;
            if let Some(Token::Pattern(template)) = self.tokens.peek() {
                words = Some(template.clone());
                self.tokens.skip();
            }
            outcome.verdict = Verdict::Refused(code, words);
        }
        Ok(outcome)
    }

    fn expectation(&mut self, never: bool) -> Result<Expectation, ScriptError> {
        let next = self.tokens.is_word("next");
        if next {
            self.tokens.skip();
        }
        let event = self.tokens.name("an event, such as message")?;
        let mut expectation = Expectation { never, next, event, conditions: Vec::new(), within: None, bind: None };
        while !self.tokens.ends_ahead(0) {
            if self.tokens.take(&Token::Arrow) {
                expectation.bind = Some(self.tokens.name("the event")?);
            } else if self.tokens.is_word("within") {
                self.tokens.skip();
                expectation.within = Some(self.tokens.duration()?);
            } else {
                let condition = self.condition(&expectation.event)?;
                expectation.conditions.push(condition);
            }
        }
        if never && (expectation.bind.is_some() || next) {
            return Err(self.tokens.wrong("what must not come has no name and no `next`"));
        }
        Ok(expectation)
    }

    fn condition(&mut self, event: &str) -> Result<Condition, ScriptError> {
        let field = |name: &str| vec![Segment::Field(name.to_owned())];
        match self.tokens.peek() {
            Some(Token::Pattern(pattern)) => {
                let pattern = pattern.clone();
                self.tokens.skip();
                return Ok(Condition::Words(pattern));
            }
            Some(Token::Text(text)) => {
                let text = Operand::Text(text.clone());
                self.tokens.skip();
                return Ok(Condition::Field(field("text"), Comparison::Equal, text));
            }
            Some(Token::Word(word)) if is_room(word) => {
                let room = Operand::Word(word.clone());
                self.tokens.skip();
                return Ok(Condition::Field(field("room"), Comparison::Equal, room));
            }
            _ => {}
        }
        if let Some(comparison) = self.tokens.comparison() {
            return Ok(Condition::Field(field("seq"), comparison, self.tokens.operand("a number")?));
        }
        let place = self.tokens.place();
        let word = self.tokens.plain_word().ok_or_else(|| self.tokens.wrong("here comes a condition"))?;
        // Before a sign any word is a field's name.
        let is_field = matches!(self.tokens.peek(), Some(Token::Equals | Token::Compare(_)));
        let named = match word.as_str() {
            _ if is_field => None,
            "from" | "by" => return self.tokens.operand("somebody's name").map(Condition::By),
            "in" => Some(("room", Comparison::Equal)),
            "on" => Some(("target", Comparison::Equal)),
            _ => None,
        };
        if let Some((name, comparison)) = named {
            return Ok(Condition::Field(field(name), comparison, self.tokens.operand("a value")?));
        }
        let unset = word == "not";
        let word = if unset { self.tokens.name("a field that is not set")? } else { word };
        let path = segments(&word).map_err(|e| ScriptError::at(&place, e))?;
        if !unset && let Some(comparison) = self.tokens.comparison() {
            return Ok(Condition::Field(path, comparison, self.tokens.operand("the field's value")?));
        }
        // `expect error CODE`, `expect presence away`: the word is what the event is about.
        let about = ABOUT.iter().find(|(kind, _)| *kind == event && !unset).map(|(_, field)| *field);
        let (path, value) = match about {
            Some(name) => (field(name), Operand::Text(Template { pieces: vec![Piece::Plain(word)] })),
            None => (path, Operand::Word(Template { pieces: vec![Piece::Plain((!unset).to_string())] })),
        };
        Ok(Condition::Field(path, Comparison::Equal, value))
    }
}

/// The way into an answer, of a word that begins with a dot.
fn field_of(token: &Token) -> Option<Template> {
    let Token::Word(word) = token else { return None };
    let (Piece::Plain(first), rest) = word.pieces.split_first()? else { return None };
    let first = first.strip_prefix('.').filter(|first| !first.is_empty())?;
    let pieces = std::iter::once(Piece::Plain(first.to_owned())).chain(rest.iter().cloned()).collect();
    Some(Template { pieces })
}

fn is_room(word: &Template) -> bool {
    matches!(word.pieces.first(), Some(Piece::Plain(text)) if text.starts_with('#'))
}

/// Events with a field that is so much what they are about that its value is written alone.
const ABOUT: [(&str, &str); 4] = [("error", "code"), ("stopped", "code"), ("presence", "state"), ("state", "net")];
