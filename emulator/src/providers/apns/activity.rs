//! Live Activities on devices: which news they apply.
//!
//! A token for Live Activities stands for one of them at a time. That the app started it, where no
//! push did, is taken for granted. [guess]

use super::content::{Event, News};
use crate::post::AddressId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// What is known of the Live Activities behind device tokens; there are no more than tokens.
#[derive(Debug, Default)]
pub(super) struct Activities {
    known: HashMap<AddressId, Activity, FixedState>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Activity {
    /// The `timestamp` of what is shown.
    shown: Option<i64>,
    ended: bool,
}

impl Activities {
    /// Why a device does not apply news that arrive now, if so.
    pub(super) fn ignores(&self, address: AddressId, news: &News) -> Option<&'static str> {
        let known = self.known.get(&address).copied().unwrap_or_default();
        let is_old = || news.timestamp.zip(known.shown).is_some_and(|(new, shown)| new < shown);
        match news.event {
            None => Some(NO_EVENT),
            Some(Event::Start) if news.can_start => None,
            Some(Event::Start) => Some(STARTS_TOO_LITTLE),
            Some(Event::End | Event::Update) if known.ended => Some(ENDED),
            Some(Event::End | Event::Update) if is_old() => Some(OLD),
            Some(Event::End | Event::Update) => None,
        }
    }

    /// Applies news.
    pub(super) fn apply(&mut self, address: AddressId, news: &News) {
        let activity = self.known.entry(address).or_default();
        let shown = news.timestamp.or(activity.shown);
        *activity = match news.event {
            Some(Event::Start) => Activity { shown: news.timestamp, ended: false },
            Some(Event::End) => Activity { shown, ended: true },
            Some(Event::Update) | None => Activity { shown, ..*activity },
        };
    }

    /// Forgets what a token stood for that is dead.
    pub(super) fn forget(&mut self, address: AddressId) {
        self.known.remove(&address);
    }
}

// Apple, ActivityKit, "Starting and updating Live Activities with ActivityKit push notifications".
// [doc] for the first three; the words are ours.
pub(super) const OLD: &str = "Not Applied - Older Than What the Live Activity Shows";
pub(super) const ENDED: &str = "Not Applied - The Live Activity Has Ended";
pub(super) const STARTS_TOO_LITTLE: &str =
    "Not Applied - A Start Needs alert, attributes-type and attributes";
/// What a device makes of news without one of the three events is not known. [guess]
pub(super) const NO_EVENT: &str = "Not Applied - event Is Not start, update or end";
