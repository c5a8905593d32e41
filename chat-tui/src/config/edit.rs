//! Changing the file: one value at a time, with every comment and every other line as it was.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use thiserror::Error;
use toml_edit::{DocumentMut, Item, Table, value};

use super::setting::Setting;
use super::table::SETTINGS;
use super::value::{Kind, Value};

/// Why the file cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// It is no TOML, and nothing that is written into it would be read.
    #[error("the file cannot be changed before it is mended: {0}")]
    Broken(String),
    /// Where a section should be there is a value.
    #[error("{0:?} is not a section in the file")]
    NoSection(String),
}

/// What a first run remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remember {
    /// The server, as it was named.
    pub server: String,
    /// The name on it.
    pub name: String,
}

/// The text of a file with a setting changed.
///
/// # Errors
/// [`EditError`].
pub fn set(text: &str, setting: &Setting, to: &Value) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let (table, name) = place(&mut document, setting.key)?;
    put(table, name, item(to));
    Ok(document.to_string())
}

/// The text of a file without a setting, or `None` if it is not in there.
///
/// # Errors
/// [`EditError`].
pub fn unset(text: &str, setting: &Setting) -> Result<Option<String>, EditError> {
    let mut document = parse(text)?;
    let (table, name) = place(&mut document, setting.key)?;
    Ok(table.remove(name).map(|_| document.to_string()))
}

/// The text of a file with keys bound to an action; an empty one unbinds them.
///
/// # Errors
/// [`EditError`].
pub fn bind(text: &str, context: &str, keys: &str, action: &str) -> Result<String, EditError> {
    let mut document = parse(text)?;
    let outer = section(document.as_table_mut(), "keys")?;
    outer.set_implicit(outer.is_empty() || outer.is_implicit());
    let inner = section(outer, context)?;
    put(inner, keys, if action.is_empty() { value(false) } else { value(action) });
    Ok(document.to_string())
}

/// The text of a file with a text under a name in a section; none takes it away. `None` if it was not in there.
///
/// # Errors
/// [`EditError`].
pub fn name(text: &str, of: &str, name: &str, to: Option<&str>) -> Result<Option<String>, EditError> {
    let mut document = parse(text)?;
    let table = section(document.as_table_mut(), of)?;
    let changed = match to {
        Some(to) => {
            put(table, name, value(to));
            true
        }
        None => table.remove(name).is_some(),
    };
    Ok(changed.then(|| document.to_string()))
}

/// The text of a file with what a first run remembers.
///
/// # Errors
/// [`EditError`].
pub fn remember(text: &str, what: &Remember) -> Result<String, EditError> {
    let mut document = parse(text)?;
    put(document.as_table_mut(), "server", value(&what.server));
    put(document.as_table_mut(), "name", value(&what.name));
    Ok(document.to_string())
}

/// A file that sets nothing and says of everything what could be set.
#[must_use]
pub fn initial() -> String {
    let mut text = String::from(
        "# Settings of chat-tui. What is commented out shows the default; `chat-tui config check` says what is wrong.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let (of, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if of != section {
            section = of;
            text.push_str(&format!("\n[{of}]\n"));
        }
        let example = setting.value(&super::Config::default()).unwrap_or_else(|| Value::Text(String::new()));
        text.push_str(&format!("\n# {}\n# {name} = {example}\n", setting.meaning));
    }
    text.push_str(
        "\n# Keys of your own: [keys.composer], [keys.timeline], [keys.select], [keys.overlay] and [keys.global].\n\
         # [keys.global]\n# \"ctrl-x q\" = \"quit\"\n# \"ctrl-q\" = false\n\
         \n# Messages that are hidden, by words or by a regular expression between slashes, compared with \"name: text\".\n\
         # [filters]\n# builds = \"/^ci-bot: build \\\\d+ passed/\"\n",
    );
    text
}

/// Writes the file in one step, for its owner only, and its directory if it is missing. A link leads to the file as before.
///
/// # Errors
/// Those of the file system.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let aside = path.with_extension("toml.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&aside, &path)
}

fn parse(text: &str) -> Result<DocumentMut, EditError> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or(text).matches('\n').count() + 1);
        EditError::Broken(format!("line {line}: {}", error.message().trim_end()))
    })
}

/// The table a key belongs to, made if it is missing, and the key's name in it.
fn place<'d>(document: &'d mut DocumentMut, key: &'static str) -> Result<(&'d mut Table, &'static str), EditError> {
    let Some((section, name)) = key.split_once('.') else { return Ok((document.as_table_mut(), key)) };
    Ok((self::section(document.as_table_mut(), section)?, name))
}

/// The section of a name, made if it is missing.
fn section<'t>(table: &'t mut Table, name: &str) -> Result<&'t mut Table, EditError> {
    let item = table.entry(name).or_insert_with(|| Item::Table(Table::new()));
    item.as_table_mut().ok_or_else(|| EditError::NoSection(name.to_owned()))
}

/// Puts a value in the place of another one, whose comments stay.
fn put(table: &mut Table, name: &str, new: Item) {
    let kept = table.get(name).and_then(Item::as_value).map(|old| old.decor().clone());
    let entry = table.entry(name).or_insert(Item::None);
    *entry = new;
    if let (Some(decor), Some(new)) = (kept, entry.as_value_mut()) {
        *new.decor_mut() = decor;
    }
}

fn item(written: &Value) -> Item {
    match written {
        Value::Text(text) => value(text),
        Value::Flag(flag) => value(*flag),
        // Every range of a number ends far below.
        Value::Number(number) => value(i64::try_from(*number).unwrap_or(i64::MAX)),
        Value::List(words) => value(words.iter().collect::<toml_edit::Array>()),
    }
}

/// What a setting takes, in the words of an editor's completion.
#[must_use]
pub(super) fn words(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Choice(words) => words,
        Kind::Text | Kind::Flag | Kind::Number(..) | Kind::List => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::setting::find;
    use super::*;

    const FILE: &str = "# mine\nname = \"ada\" # always\n\n[ui] # looks\n# narrow\nmax_width = 80 # not more\n";

    fn changed(key: &str, to: &str) -> String {
        let setting = find(key).unwrap();
        set(FILE, setting, &setting.parse(to).unwrap()).unwrap()
    }

    #[test]
    fn a_value_is_changed_and_nothing_else() {
        assert_eq!(changed("ui.max_width", "90"), FILE.replace("80 #", "90 #"));
        assert_eq!(changed("name", "eve"), FILE.replace("\"ada\"", "\"eve\""));
        assert_eq!(changed("ui.hints", "off"), format!("{FILE}hints = \"off\"\n"));
        assert_eq!(changed("keys.preset", "vim"), format!("{FILE}\n[keys]\npreset = \"vim\"\n"));
        assert!(changed("typing", "off").contains("name = \"ada\" # always\ntyping = false\n"));
    }

    #[test]
    fn a_setting_is_taken_out_and_the_comments_of_others_stay() {
        let without = unset(FILE, find("ui.max_width").unwrap()).unwrap().unwrap();
        assert_eq!(without, "# mine\nname = \"ada\" # always\n\n[ui] # looks\n");
        assert_eq!(unset(FILE, find("typing").unwrap()), Ok(None));
    }

    #[test]
    fn a_filter_is_kept_and_taken_out_and_the_comments_of_others_stay() {
        let file = format!("{FILE}\n[filters] # noise\nbots = \"bot:\" # all of them\n");
        let more = name(&file, "filters", "builds", Some("/^ci: \\d/")).unwrap().unwrap();
        assert_eq!(more, format!("{file}builds = '/^ci: \\d/'\n"));
        let other = name(&file, "filters", "bots", Some("robot")).unwrap().unwrap();
        assert_eq!(other, file.replace("\"bot:\"", "\"robot\""));
        assert_eq!(name(&file, "filters", "bots", None).unwrap().unwrap(), format!("{FILE}\n[filters] # noise\n"));
        assert_eq!(name(FILE, "filters", "bots", None), Ok(None));
        assert!(name("filters = 1\n", "filters", "bots", Some("x")).is_err());
    }

    #[test]
    fn a_broken_file_is_not_made_worse() {
        let setting = find("typing").unwrap();
        let error = set("name = \n", setting, &Value::Flag(false)).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
        assert!(matches!(set("ui = 1\n", find("ui.hints").unwrap(), &Value::Flag(true)), Err(EditError::NoSection(_))));
    }

    #[test]
    fn the_first_file_sets_nothing_and_names_every_setting() {
        let text = initial();
        for setting in SETTINGS {
            let name = setting.key.rsplit('.').next().unwrap();
            assert!(text.contains(&format!("\n# {name} = ")), "{name}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/config.toml");
        write(&path, &text).unwrap();
        let load = |path: &Path| {
            super::super::load(&super::super::Sources { file: Some(path.to_path_buf()), ..Default::default() })
        };
        assert_eq!((load(&path).config, load(&path).problems), (super::super::Config::default(), vec![]));
        let example = |line: &&str| {
            (line.contains(" = ") && !line.contains("\"\""))
                || line.starts_with("[keys.global]")
                || line.starts_with("[filters]")
        };
        let lines = text.lines().map(|line| line.strip_prefix("# ").filter(example).unwrap_or(line));
        write(&path, &lines.collect::<Vec<_>>().join("\n")).unwrap();
        assert_eq!(load(&path).problems, vec![], "every example is a value that is taken");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_and_a_link_to_it_stays_one() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.toml"), dir.path().join("config.toml"));
        write(&real, "a").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, "b").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "b");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
