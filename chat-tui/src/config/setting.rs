//! What a setting is, and what it takes.

use super::Config;
use super::table::SETTINGS;
use super::value::{Kind, Value};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the file, a dot between section and name.
    pub key: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// Whether a change takes effect at once, and not at the next start.
    pub live: bool,
    pub(super) read: fn(&mut Config, Value) -> Result<(), String>,
    pub(super) show: fn(&Config) -> Option<Value>,
}

impl Setting {
    /// Its name in the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        match self.key {
            "name" | "ca" | "theme" | "linear" => format!("CHAT_{}", self.key.to_uppercase()),
            key => format!("CHAT_CLIENT_{}", key.replace('.', "_").to_uppercase()),
        }
    }

    /// Its default as it is written; `(none)` where there is none.
    #[must_use]
    pub fn default(&self) -> String {
        (self.show)(&Config::default()).map_or_else(|| "(none)".to_owned(), |value| value.to_string())
    }

    /// The value it has, if it has one.
    #[must_use]
    pub fn value(&self, config: &Config) -> Option<Value> {
        (self.show)(config)
    }

    /// Puts a value into a configuration.
    ///
    /// # Errors
    /// What is wrong with the value; the configuration is as before.
    pub fn set(&self, config: &mut Config, value: Value) -> Result<(), String> {
        if let (Kind::Number(least, most), Value::Number(number)) = (self.kind, &value)
            && !(least..=most).contains(number)
        {
            return Err(format!("{number} is not from {least} to {most}"));
        }
        (self.read)(config, value)
    }

    /// Reads a value from text without quotes, as in a variable or behind `/set`; words of a list are parted by spaces.
    ///
    /// # Errors
    /// What it takes.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Kind::Text | Kind::Choice(_) => Ok(Value::Text(text.to_owned())),
            Kind::Flag => match text {
                "true" | "on" | "yes" => Ok(Value::Flag(true)),
                "false" | "off" | "no" => Ok(Value::Flag(false)),
                _ => Err(format!("{text:?} is neither true nor false")),
            },
            Kind::Number(..) => text.parse().map(Value::Number).map_err(|_| format!("{text:?} is not a whole number")),
            Kind::List => {
                let words = text.split([' ', ',']).map(|word| word.trim_matches(['[', ']', '"', '\'']));
                Ok(Value::List(words.filter(|word| !word.is_empty()).map(str::to_owned).collect()))
            }
        }
    }
}

/// The setting of a key.
///
/// # Errors
/// That there is none, for people, with the nearest key there is.
pub fn find(key: &str) -> Result<&'static Setting, String> {
    SETTINGS.iter().find(|setting| setting.key == key).ok_or_else(|| {
        let near = chat_proto::nearest::nearest(key, SETTINGS.iter().map(|setting| setting.key));
        let near = near.map(|near| format!(", did you mean {near:?}?")).unwrap_or_default();
        format!("there is no setting {key:?}{near}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_shows_what_it_read() {
        for setting in SETTINGS {
            let mut config = Config::default();
            let sample = match (setting.kind, setting.key) {
                (Kind::Text, _) => Value::Text("a.example".to_owned()),
                (Kind::Choice(words), _) => Value::Text((*words.last().unwrap()).to_owned()),
                (Kind::Flag, key) => Value::Flag(matches!(key, "explore" | "exec" | "linear")),
                (Kind::Number(least, _), _) => Value::Number(least),
                (Kind::List, _) => Value::List(vec!["dev".to_owned()]),
            };
            assert_ne!(setting.value(&config).as_ref(), Some(&sample), "{}", setting.key);
            setting.set(&mut config, sample.clone()).unwrap();
            assert_eq!(setting.value(&config), Some(sample), "{}", setting.key);
            assert_ne!(config, Config::default(), "{}", setting.key);
        }
    }

    #[test]
    fn a_value_of_another_kind_or_out_of_range_changes_nothing() {
        let mut config = Config::default();
        for (key, value) in [
            ("ui.max_width", Value::Number(19)),
            ("ui.max_width", Value::Text("90".to_owned())),
            ("ui.hints", Value::Flag(true)),
            ("typing", Value::Text("on".to_owned())),
            ("rooms", Value::List(vec!["no room".to_owned()])),
            ("server", Value::Text("a b".to_owned())),
            ("name", Value::Text(String::new())),
        ] {
            assert!(find(key).unwrap().set(&mut config, value).is_err(), "{key}");
        }
        assert_eq!(config, Config::default());
    }

    #[test]
    fn what_is_written_without_quotes_is_read_as_the_setting_takes_it() {
        let parse = |key: &str, text: &str| find(key).unwrap().parse(text);
        assert_eq!(parse("typing", "off"), Ok(Value::Flag(false)));
        assert_eq!(parse("ui.max_width", "80"), Ok(Value::Number(80)));
        assert_eq!(parse("highlight", "a, b c"), Ok(Value::List(["a", "b", "c"].map(str::to_owned).to_vec())));
        assert!(parse("typing", "perhaps").is_err() && parse("ui.max_width", "-1").is_err());
        assert!(find("ui.hint").unwrap_err().contains("did you mean \"ui.hints\"?"));
    }
}
