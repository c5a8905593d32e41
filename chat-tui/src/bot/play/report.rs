//! What came of playing: for people, for JUnit, for programs.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::source::Place;
use crate::bot::Exit;

/// What came of every run.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order of the files, each as often as it was to be played.
    pub runs: Vec<Played>,
}

/// What came of one run of one scenario.
#[derive(Debug)]
pub struct Played {
    /// The scenario.
    pub name: String,
    /// Which run of it, from 1 on.
    pub number: u32,
    /// Its sections as far as they began, in order.
    pub sections: Vec<Section>,
    /// Sections that did not begin, because the run failed before.
    pub skipped: Vec<String>,
    /// Why it failed.
    pub trouble: Option<Trouble>,
}

/// A test case: what stands between one `section` and the next.
#[derive(Debug)]
pub struct Section {
    /// As the scenario calls it.
    pub name: String,
    /// How long it took.
    pub took: Duration,
}

/// Why a run failed.
#[derive(Debug)]
pub struct Trouble {
    /// The step.
    pub place: Place,
    /// What was expected and what was.
    pub message: String,
    /// The exit code it means.
    pub exit: Exit,
    /// Every connection, and the last events on it.
    pub heard: Vec<(String, Vec<String>)>,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n    {}", self.place, self.place.quoted(), self.message)?;
        for (name, events) in &self.heard {
            let none = if events.is_empty() { " none" } else { "" };
            write!(f, "\n    the last events of {name}:{none}")?;
            for event in events {
                write!(f, "\n        {event}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.trouble.is_some() { "failed" } else { "passed" };
        let ms = self.took().as_millis();
        write!(f, "{verdict} {} run {} sections {} ms {ms}", self.name, self.number, self.sections.len())
    }
}

impl Played {
    fn took(&self) -> Duration {
        self.sections.iter().map(|section| section.took).sum()
    }

    /// Whether this section is the one that failed.
    fn failed(&self, index: usize) -> Option<&Trouble> {
        self.trouble.as_ref().filter(|_| index + 1 == self.sections.len())
    }

    fn to_json(&self) -> Value {
        let sections = self.sections.iter().enumerate().map(|(index, section)| {
            let ms = u64::try_from(section.took.as_millis()).unwrap_or(u64::MAX);
            json!({"name": section.name, "ms": ms, "passed": self.failed(index).is_none()})
        });
        let sections: Vec<Value> = sections.collect();
        let trouble = self.trouble.as_ref().map(|trouble| {
            let heard: Vec<Value> =
                trouble.heard.iter().map(|(name, events)| json!({"actor": name, "last": events})).collect();
            json!({
                "file": trouble.place.path(),
                "line": trouble.place.line(),
                "step": trouble.place.quoted(),
                "message": trouble.message,
                "heard": heard,
            })
        });
        json!({
            "scenario": self.name,
            "run": self.number,
            "passed": self.trouble.is_none(),
            "sections": sections,
            "skipped": self.skipped,
            "trouble": trouble,
        })
    }

    fn to_junit(&self) -> String {
        let suite = xml(&format!("{} run {}", self.name, self.number));
        let (tests, failures) = (self.sections.len() + self.skipped.len(), usize::from(self.trouble.is_some()));
        let (skipped, time) = (self.skipped.len(), self.took().as_secs_f64());
        let mut text = format!(
            "  <testsuite name=\"{suite}\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\" time=\"{time:.3}\">\n"
        );
        for (index, section) in self.sections.iter().enumerate() {
            let (name, time) = (xml(&section.name), section.took.as_secs_f64());
            text.push_str(&format!("    <testcase classname=\"{suite}\" name=\"{name}\" time=\"{time:.3}\""));
            match self.failed(index) {
                Some(trouble) => {
                    let (message, words) = (xml(&trouble.message), xml(&trouble.to_string()));
                    text.push_str(&format!(
                        ">\n      <failure message=\"{message}\">{words}</failure>\n    </testcase>\n"
                    ));
                }
                None => text.push_str("/>\n"),
            }
        }
        for name in &self.skipped {
            let name = xml(name);
            text.push_str(&format!("    <testcase classname=\"{suite}\" name=\"{name}\"><skipped/></testcase>\n"));
        }
        text.push_str("  </testsuite>\n");
        text
    }
}

impl Report {
    /// How a shell is to see it: clean, or as the first run that failed.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.runs.iter().find_map(|run| run.trouble.as_ref()).map_or(Exit::Clean, |trouble| trouble.exit)
    }

    /// As JUnit's XML, one suite a run and one case a section.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let suites: String = self.runs.iter().map(Played::to_junit).collect();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n{suites}</testsuites>\n")
    }

    /// As one JSON object.
    #[must_use]
    pub fn to_json(&self) -> String {
        let runs: Vec<Value> = self.runs.iter().map(Played::to_json).collect();
        let mut text = crate::bot::line::json(&json!({"passed": self.exit() == Exit::Clean, "runs": runs}));
        text.push('\n');
        text
    }

    /// Writes it to a file: as JSON if that is how its name ends, else as JUnit's XML.
    ///
    /// # Errors
    /// What the system said.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        std::fs::write(path, if is_json { self.to_json() } else { self.to_junit() })
    }
}

/// A text within XML; what XML cannot hold becomes a question mark in a box.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
