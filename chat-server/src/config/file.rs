//! The settings of a TOML file, with the place each was written at.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::entry::{Setting, Shape};
use super::nearest;
use super::setting::SETTINGS;
use super::{Config, Problem};

/// Puts what the file says into the configuration; whatever is wrong is added to `problems`, and the rest still read.
pub fn read(path: &Path, text: &str, config: &mut Config, problems: &mut Vec<Problem>) {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut file = File { path, text, config, problems };
    for error in &errors {
        file.problem(error.span().map_or(0, |span| span.start), error.message().to_owned());
    }
    file.table("", document.get_ref());
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    config: &'a mut Config,
    problems: &'a mut Vec<Problem>,
}

impl File<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let full =
                if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            let setting = SETTINGS.iter().find(|setting| setting.key == full);
            let inner = value.get_ref().as_table().filter(|_| section.is_empty() && is_section(&full));
            match (setting, inner) {
                (Some(setting), _) => self.setting(setting, value),
                (None, Some(inner)) => self.table(&full, inner),
                (None, None) => self.unknown(key, &full),
            }
        }
    }

    fn setting(&mut self, setting: &Setting, value: &Spanned<DeValue<'_>>) {
        let place = value.span().start;
        let written = match (setting.shape, value.get_ref()) {
            (Shape::Text, DeValue::String(text)) => text.to_string(),
            (Shape::Number, DeValue::Integer(number)) => match decimal(number.as_str(), number.radix()) {
                Some(number) => number.to_string(),
                None => number.as_str().to_owned(),
            },
            (shape, other) => {
                let expected = match shape {
                    Shape::Text => "a string",
                    Shape::Number => "a whole number",
                };
                return self.problem(
                    place,
                    format!("{} takes {expected}, not a value of type {}", setting.key, other.type_str()),
                );
            }
        };
        if let Err(what) = (setting.read)(self.config, &written) {
            self.problem(place, format!("{}: {what}", setting.key));
        }
    }

    fn unknown(&mut self, key: &Spanned<DeString<'_>>, full: &str) {
        let mut what = format!("unknown key {full:?}");
        if is_section(full) {
            what = format!("{full:?} is a section: write [{full}]");
        } else if let Some(known) = nearest(full, SETTINGS.iter().map(|setting| setting.key)) {
            what.push_str(&format!(", did you mean {known:?}?"));
        }
        self.problem(key.span().start, what);
    }

    fn problem(&mut self, offset: usize, what: String) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.problems.push(Problem::new(format!("{}:{line}:{column}", self.path.display()), what));
    }
}

fn is_section(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key.split_once('.').is_some_and(|(section, _)| section == key))
}

fn decimal(digits: &str, radix: u32) -> Option<i128> {
    i128::from_str_radix(&digits.replace('_', ""), radix).ok()
}
