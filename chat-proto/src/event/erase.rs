//! What is left of bodies whose words were removed.

use super::{Erased, ErasedFor, EventBody, Posted, PostedWith};

impl EventBody {
    /// Whether the body of an event of this kind may be removed for good: those with words of a message.
    #[must_use]
    pub fn may_be_erased(kind: u16) -> bool {
        Self::is_message_kind(kind) || kind == Self::EDITED
    }

    /// The kind its row has: that of the event, also where the body was removed.
    #[must_use]
    pub fn stored_kind(&self) -> u16 {
        let Self::Erased(Erased { kind }) = self else {
            return if let Self::ErasedFor(ErasedFor { kind, .. }) = self { *kind } else { self.kind() };
        };
        *kind
    }

    /// What stands in its place when its words are removed: who could see it still can see that it was there, and nobody else.
    #[must_use]
    pub fn erased(&self) -> Self {
        let kind = self.stored_kind();
        match self.visible_to() {
            Some(visible_to) => ErasedFor { kind, visible_to: visible_to.to_vec() }.into(),
            None => Erased { kind }.into(),
        }
    }

    /// The same message without its words: what is kept of one that was edited where earlier words don't stay.
    #[must_use]
    pub fn emptied(mut self) -> Self {
        if let Self::Posted(Posted { text, .. }) | Self::PostedWith(PostedWith { text, .. }) = &mut self {
            text.clear();
        }
        self
    }

    /// Whether its words were removed.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self, Self::Erased(_) | Self::ErasedFor(_))
    }
}
