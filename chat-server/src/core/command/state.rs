//! State: the values a person's programs keep. What is not named stays as it is; a list says which of them others see.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::limits::STATE_VALUES_MAX;
use chat_proto::profile::{StateSet, StateValue};
use chat_proto::text::{Label, StateText};
use chat_proto::{Reject, RejectCode};

/// A change of the values kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateChange {
    /// Values that are new or changed.
    pub set: BTreeMap<Label, StateText>,
    /// Names whose values are removed.
    pub unset: BTreeSet<Label>,
    /// Names whose values others see; none leaves them as they are.
    pub public: Option<BTreeSet<Label>>,
}

impl StateChange {
    /// What it makes of the values there are.
    ///
    /// # Errors
    /// [`RejectCode::LimitExceeded`].
    pub(super) fn apply(&self, known: StateSet) -> Result<StateSet, Reject> {
        let mut values: BTreeMap<String, String> =
            known.values.into_iter().map(|StateValue { name, value }| (name, value)).collect();
        values.retain(|name, _| !self.unset.iter().any(|unset| unset.as_str() == name));
        values.extend(self.set.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_str().to_owned())));
        let public = self
            .public
            .as_ref()
            .map_or(known.public, |names| names.iter().map(|name| name.as_str().to_owned()).collect());
        let count = values.len().max(public.len());
        if count > STATE_VALUES_MAX {
            let message = format!("{count} values or names; at most {STATE_VALUES_MAX} are kept; unset some");
            return Err(Reject::new(RejectCode::LimitExceeded, message));
        }
        let values = values.into_iter().map(|(name, value)| StateValue { name, value }).collect();
        Ok(StateSet { values, public })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str) -> Label {
        Label::parse(name).unwrap()
    }

    fn set(name: &str, value: &str) -> StateChange {
        StateChange { set: [(label(name), StateText::parse(value).unwrap())].into(), ..StateChange::default() }
    }

    #[test]
    fn what_is_not_named_stays_and_what_is_named_twice_is_set() {
        let known = set("b", "1").apply(StateSet::default()).unwrap();
        let known = StateChange { public: Some([label("b")].into()), ..set("a", "2") }.apply(known).unwrap();
        let named = |state: &StateSet| state.values.iter().map(|value| value.name.clone()).collect::<Vec<_>>();
        assert_eq!((named(&known), known.public.as_slice()), (vec!["a".into(), "b".into()], &["b".to_owned()][..]));
        let change = StateChange { unset: [label("a"), label("b")].into(), ..set("a", "3") };
        let known = change.apply(known).unwrap();
        assert_eq!((named(&known), known.values[0].value.as_str()), (vec!["a".into()], "3"));
        assert_eq!(known.public, ["b"]);
    }

    #[test]
    fn there_are_only_so_many_values_and_names() {
        let many = |count: usize| (0..count).map(|number| label(&format!("v{number}"))).collect::<BTreeSet<_>>();
        let filled = |count| StateChange {
            set: many(count).into_iter().map(|name| (name, StateText::default())).collect(),
            ..StateChange::default()
        };
        assert!(filled(STATE_VALUES_MAX).apply(StateSet::default()).is_ok());
        assert!(filled(STATE_VALUES_MAX + 1).apply(StateSet::default()).is_err());
        let public = StateChange { public: Some(many(STATE_VALUES_MAX + 1)), ..StateChange::default() };
        assert!(public.apply(StateSet::default()).is_err());
    }
}
