//! How many pushes device tokens had within a minute.

use crate::clock::{Now, Timestamp};
use crate::post::AddressId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::time::Duration;

/// The running minutes of device tokens.
#[derive(Debug, Default)]
pub(super) struct Rates {
    minutes: HashMap<AddressId, Minute, FixedState>,
    /// With so many, those whose minute is over are forgotten before another is added.
    full: usize,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    began: Now,
    count: u32,
}

impl Rates {
    /// How many pushes a token had in its running minute.
    pub(super) fn count(&self, address: AddressId, now: Now) -> u32 {
        self.minutes
            .get(&address)
            .filter(|minute| minute.runs(now))
            .map_or(0, |minute| minute.count)
    }

    /// Counts a push.
    pub(super) fn add(&mut self, address: AddressId, now: Now) {
        if self.minutes.len() >= self.full {
            self.minutes.retain(|_, minute| minute.runs(now));
            self.full = FEWEST.max(self.minutes.len() * 2);
        }
        let new = Minute { began: now, count: 0 };
        let minute = self.minutes.entry(address).or_insert(new);
        if !minute.runs(now) {
            *minute = new;
        }
        minute.count += 1;
    }
}

impl Minute {
    /// It is over when either clock has passed it, so that neither a test that moves the world nor
    /// a sender that waits is held up.
    fn runs(self, now: Now) -> bool {
        let passed = |from: Timestamp, to: Timestamp| to.since(from) >= MINUTE;
        !passed(self.began.world, now.world) && !passed(self.began.sender, now.sender)
    }
}

const MINUTE: Duration = Duration::from_secs(60);

/// Fewer are not worth forgetting.
const FEWEST: usize = 1_024;
