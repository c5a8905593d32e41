//! What somebody does.

use std::sync::Arc;
use std::time::Duration;

use chat_proto::code::Code;
use chat_proto::password::Password;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::cast::Member;
use super::{Frame, Run, lock, unequal};
use crate::bot::play::device::{Answer, Device, code_of};
use crate::bot::play::log::{Test, Wanted};
use crate::bot::play::positional;
use crate::bot::play::script::{Action, Actor, Ask, Condition, Expectation, Outcome, Verdict, Who};
use crate::bot::play::value::{Comparison, Operand, Scope, Template, compare, segments, shown, walk};
use crate::bot::{Exit, Failure};
use crate::client::{AddressError, GuestKey, Login, Token};

impl Run {
    /// Somebody comes on and logs in.
    pub(super) async fn introduce(&self, actor: &Actor, frame: &mut Frame) -> Result<(), (String, Exit)> {
        let failed = |message: String| (message, Exit::Failed);
        if self.cast.knows(&actor.name) {
            return Err(failed(format!("there is an actor {} already", actor.name)));
        }
        let mut settings = self.settings.clone();
        settings.name = actor.account.text(&frame.scope).map_err(failed)?;
        settings.data = settings.data.join(&actor.name);
        settings.login = login_of(actor, &frame.scope).map_err(failed)?;
        if actor.has("guest") {
            if settings.login != Login::Device {
                return Err(failed(ONE_WAY.to_owned()));
            }
            let key = GuestKey::new(&self.environment.random);
            settings = settings.as_guest(key.map_err(|e| failed(e.to_string()))?);
        }
        let echo = actor.has("echo");
        let mut devices = Vec::new();
        for number in 1..=actor.devices {
            let name = if number == 1 { actor.name.clone() } else { format!("{}[{number}]", actor.name) };
            let (environment, latency) = (self.environment.clone(), Arc::clone(&self.latency));
            match Device::open(name, settings.clone(), environment, echo, frame.patience, latency).await {
                Ok(device) => devices.push(device),
                Err(failure) => return login(Err(failure), &actor.outcome, frame),
            }
        }
        login(Ok(()), &actor.outcome, frame)?;
        self.cast.add(&actor.name, devices);
        Ok(())
    }

    /// Does one thing.
    pub(super) async fn act(&self, who: &Who, action: &Action, frame: &mut Frame) -> Result<(), String> {
        let (member, index) = self.cast.find(who)?;
        let device = &member.devices[index];
        let patience = frame.patience;
        let in_time = |what: &str| format!("{what} took longer than {patience:?}");
        match action {
            Action::Ask(ask, outcome) => {
                let answer = self.ask(&member, device, ask, frame).await?;
                judge(&outcome.verdict, &answer, &frame.scope)?;
                bind(outcome.bind.as_deref(), answer, frame);
                Ok(())
            }
            Action::Assert(ask, field, comparison, right, within) => {
                self.assert(&member, device, ask, (field, *comparison, right), *within, frame).await
            }
            Action::Expect(expectation) => expect(device, expectation, frame).await,
            Action::Disconnect { hard } => {
                timeout(patience + GOODBYE, device.disconnect(*hard)).await.map_err(|_| in_time("disconnecting"))?
            }
            Action::Reconnect(outcome) => {
                let again = timeout(patience + GOODBYE, device.reconnect(patience)).await;
                login(again.map_err(|_| in_time("reconnecting"))??, outcome, frame).map_err(|(message, _)| message)
            }
            Action::Rebind => timeout(patience, device.rebind()).await.map_err(|_| in_time("rebinding"))?,
            Action::Forget => {
                device.log.forget();
                Ok(())
            }
        }
    }

    /// Asks the server, and gives the answer with the room it is about.
    async fn ask(&self, member: &Member, device: &Device, ask: &Ask, frame: &Frame) -> Result<Answer, String> {
        let whole = |operand: &Operand| operand.whole(&frame.scope);
        let arguments: Result<Vec<Value>, String> = ask.arguments.iter().map(whole).collect();
        let named: Result<Vec<(String, Value)>, String> =
            ask.named.iter().map(|(name, operand)| Ok((name.clone(), operand.value(&frame.scope)?))).collect();
        let room = lock(&member.room).clone();
        let mut request = positional::fields(&ask.op, arguments?, named?, room.as_deref())?;
        let room = request.get("room").and_then(Value::as_str).map(str::to_owned);
        request.insert("op".to_owned(), ask.op.as_str().into());
        let asked = Instant::now();
        let mut answer = device.ask(request, frame.patience).await?;
        let Some(room) = room else { return Ok(answer) };
        if ask.op == "send"
            && let Some(seq) = answer.get("seq").and_then(Value::as_u64)
        {
            self.latency.sent(&room, seq, asked);
        }
        *lock(&member.room) = Some(room.clone());
        answer.entry("room").or_insert_with(|| room.into());
        Ok(answer)
    }

    /// Asks until the answer is so, or time is over. With a time, a refusal is asked again as well.
    async fn assert(
        &self,
        member: &Member,
        device: &Device,
        ask: &Ask,
        (field, comparison, right): (&Template, Comparison, &Operand),
        within: Option<Duration>,
        frame: &Frame,
    ) -> Result<(), String> {
        let right = right.value(&frame.scope)?;
        let field = field.text(&frame.scope)?;
        let field = segments(if field.is_empty() { positional::usual_field(&ask.op) } else { &field })?;
        let deadline = Instant::now() + within.unwrap_or_default();
        loop {
            let answer = self.ask(member, device, ask, frame).await?;
            let so = match judge(&Verdict::Done, &answer, &frame.scope) {
                Err(refusal) => Err(refusal),
                Ok(()) => {
                    let left = walk(&Value::Object(answer), &field).unwrap_or_default();
                    if compare(&left, comparison, &right)? { Ok(()) } else { Err(unequal(&left, comparison, &right)) }
                }
            };
            if so.is_ok() || Instant::now() >= deadline {
                return so;
            }
            sleep(ASK_AGAIN).await;
        }
    }
}

/// How somebody logs in: by a code if one was named, and else by a key of his own.
fn login_of(actor: &Actor, scope: &Scope) -> Result<Login, String> {
    let code = |name: &str| {
        let option = actor.options.iter().find(|(option, _)| option == name);
        option.and_then(|(_, value)| value.as_ref()).map(|value| value.value(scope).map(|code| shown(&code)))
    };
    let label = actor.name.clone();
    let ways = ["link", "password", "recover", "invite", "token"].map(|way| (way, code(way)));
    let mut given = ways.into_iter().filter_map(|(way, code)| code.map(|code| (way, code)));
    let login = match given.next() {
        None => Login::Device,
        Some(("link", code)) => Login::Link { code: Code::parse(&code?).map_err(|e| e.to_string())?, label },
        Some(("password", password)) => {
            Login::Password { password: Password::parse(&password?).map_err(|e| e.to_string())?, label }
        }
        Some(("recover", code)) => Login::Recover {
            code: Code::parse(&code?).map_err(|e| e.to_string())?,
            label,
            revoke_others: actor.has("revoke_others"),
        },
        Some(("invite", link)) => Login::of_address(&link?.parse().map_err(|e: AddressError| e.to_string())?),
        Some((_, token)) => Login::Token(Token::new(&token?)),
    };
    match given.next() {
        None => Ok(login),
        Some(_) => Err(ONE_WAY.to_owned()),
    }
}

const ONE_WAY: &str = "one logs in by one of link, password, recover, invite, token and guest";

/// What came of a login, against what was to come of it.
fn login(result: Result<(), Failure>, outcome: &Outcome, frame: &mut Frame) -> Result<(), (String, Exit)> {
    let (answer, exit) = match result {
        Ok(()) => (json!({"ok": true}), Exit::Failed),
        Err(failure) => (json!({"ok": false, "code": code_of(&failure), "error": failure.message}), failure.exit),
    };
    let answer = answer.as_object().cloned().unwrap_or_default();
    judge(&outcome.verdict, &answer, &frame.scope).map_err(|message| (message, exit))?;
    bind(outcome.bind.as_deref(), answer, frame);
    Ok(())
}

fn bind(name: Option<&str>, answer: Answer, frame: &mut Frame) {
    if let Some(name) = name {
        frame.scope.insert(name.to_owned(), Value::Object(answer));
    }
}

/// Whether an answer is as it was to be.
fn judge(verdict: &Verdict, answer: &Answer, scope: &Scope) -> Result<(), String> {
    let said = |name: &str| answer.get(name).map(shown).unwrap_or_default();
    let is_done = answer.get("ok") == Some(&Value::Bool(true));
    let refusal = || format!("it was refused with {}: {}", said("code"), said("error"));
    match verdict {
        Verdict::Any => Ok(()),
        Verdict::Done if is_done => Ok(()),
        Verdict::Done => Err(refusal()),
        Verdict::Refused(..) if is_done => Err("it was done; it should have been refused".to_owned()),
        Verdict::Refused(code, words) => {
            let code = code.as_ref().map(|code| code.text(scope)).transpose()?;
            let words = words.as_ref().map(|words| words.pattern(scope)).transpose()?;
            let as_named = code.as_ref().is_none_or(|code| *code == said("code"));
            if as_named && words.as_ref().is_none_or(|words| words.is_match(&said("error"))) {
                return Ok(());
            }
            let words = words.map(|words| format!("/{words}/"));
            let expected: Vec<String> = code.into_iter().chain(words).collect();
            Err(format!("expected to be refused with {}; {}", expected.join(" and "), refusal()))
        }
    }
}

/// Waits for an event, or makes sure that it does not come.
async fn expect(device: &Device, expectation: &Expectation, frame: &mut Frame) -> Result<(), String> {
    let mut tests = Vec::new();
    for condition in &expectation.conditions {
        tests.push(match condition {
            Condition::By(name) => Test::By(shown(&name.whole(&frame.scope)?)),
            Condition::Field(path, comparison, value) => {
                Test::Field(path.clone(), *comparison, value.value(&frame.scope)?)
            }
            Condition::Words(pattern) => Test::Words(pattern.pattern(&frame.scope)?),
        });
    }
    let wanted = Wanted { event: expectation.event.clone(), next: expectation.next, tests };
    let within = expectation.within.unwrap_or(frame.patience);
    if expectation.never {
        return match device.log.expect(&wanted, within).await {
            Ok(found) => Err(format!("{wanted} was not to come; it is {}", crate::bot::line::json(&found.event))),
            Err(_) => Ok(()),
        };
    }
    let found = device.log.expect(&wanted, within).await?;
    for (name, text) in found.captures {
        frame.scope.insert(name, text.into());
    }
    if let Some(name) = &expectation.bind {
        frame.scope.insert(name.clone(), found.event);
    }
    Ok(())
}

/// How long an assertion waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How much longer than the patience a session may take to end.
const GOODBYE: Duration = Duration::from_secs(2);
