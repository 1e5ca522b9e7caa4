//! How many pushes an hour the system lets through to an app, and what it holds back.

use crate::clock::Timestamp;
use crate::post::AddressId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeSet;
use std::time::Duration;

/// The running hours of device tokens, in world time: devices live in it.
#[derive(Debug, Default)]
pub(super) struct Budgets {
    hours: HashMap<AddressId, Hour, FixedState>,
    /// With so many, those whose hour is over are forgotten before another is added.
    full: usize,
    /// When the hours end of tokens for which something is held back.
    holding: BTreeSet<(Timestamp, AddressId)>,
}

#[derive(Clone, Copy, Debug)]
struct Hour {
    began: Timestamp,
    count: u32,
}

impl Budgets {
    /// Whether a token had as many in its running hour as it may have.
    pub(super) fn is_spent(&self, address: AddressId, most: u32, now: Timestamp) -> bool {
        self.hours.get(&address).is_some_and(|hour| hour.runs(now) && hour.count >= most)
    }

    /// Counts a push that the app got.
    pub(super) fn spend(&mut self, address: AddressId, now: Timestamp) {
        if self.hours.len() >= self.full {
            self.hours.retain(|_, hour| hour.runs(now));
            self.full = FEWEST.max(self.hours.len() * 2);
        }
        let new = Hour { began: now, count: 0 };
        let hour = self.hours.entry(address).or_insert(new);
        if !hour.runs(now) {
            *hour = new;
        }
        hour.count += 1;
    }

    /// Takes note that a push is held back until the token's hour is over.
    pub(super) fn hold(&mut self, address: AddressId, now: Timestamp) {
        let began = self.hours.get(&address).map_or(now, |hour| hour.began);
        self.holding.insert((began.after(HOUR), address));
    }

    /// When the next push that is held back may go.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.holding.first().map(|(due, _)| *due)
    }

    /// The next token whose hour is over, with something held back.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Option<AddressId> {
        let first = self.holding.first().copied().filter(|(due, _)| *due <= now)?;
        self.holding.remove(&first);
        Some(first.1)
    }

    /// Takes note that nothing is held back any more.
    pub(super) fn forget(&mut self, address: AddressId) {
        if let Some(hour) = self.hours.get(&address) {
            self.holding.remove(&(hour.began.after(HOUR), address));
        }
    }
}

impl Hour {
    fn runs(self, now: Timestamp) -> bool {
        now.since(self.began) < HOUR
    }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Fewer are not worth forgetting.
const FEWEST: usize = 1_024;
