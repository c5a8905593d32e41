//! What may follow a command that is being written: the rest of its name and its arguments, shown behind the cursor.

use super::command::find;

/// What may follow `text`, if it is the beginning of a command with the cursor at its end.
#[must_use]
pub fn ghost(text: &str) -> Option<String> {
    let rest = text.strip_prefix('/').filter(|rest| !rest.is_empty() && !rest.contains('\n'))?;
    let (name, arguments) = match rest.split_once(' ') {
        Some((name, arguments)) => (name, Some(arguments)),
        None => (rest, None),
    };
    let spec = find(name).ok()?;
    let parameters: Vec<&str> = spec.usage.split(' ').skip(1).collect();
    let Some(arguments) = arguments else {
        let ending = spec.name.strip_prefix(name).unwrap_or_default();
        let space = if parameters.is_empty() { "" } else { " " };
        return Some(format!("{ending}{space}{}", parameters.join(" "))).filter(|ghost| !ghost.is_empty());
    };
    let begun = arguments.split_whitespace().count();
    let behind = parameters.get(begun..).filter(|behind| !behind.is_empty())?.join(" ");
    Some(if arguments.is_empty() || arguments.ends_with(' ') { behind } else { format!(" {behind}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_name_and_the_arguments_to_come_are_shown() {
        assert_eq!(ghost("/unse").as_deref(), Some("t setting"));
        assert_eq!(ghost("/unset").as_deref(), Some(" setting"));
        assert_eq!(ghost("/unset ").as_deref(), Some("setting"));
        assert_eq!(ghost("/bind global").as_deref(), Some(" keys action"));
        assert_eq!(ghost("/bind global x ").as_deref(), Some("action"));
    }

    #[test]
    fn nothing_is_shown_where_nothing_is_missing_or_known() {
        for text in ["", "/", "hello", "/reload", "/unset a", "/unset a b", "/jion", "/unset a\nb", "//shrug"] {
            assert_eq!(ghost(text), None, "{text:?}");
        }
    }
}
