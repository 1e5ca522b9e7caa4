//! Ageing of credentials on purpose: all that was issued before becomes older, nothing after.

use super::Timestamp;
use std::time::Duration;

/// Which credentials an ageing is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgingScope {
    /// Those of every app.
    All,
    /// Those used for one app, by its number.
    App(u32),
}

/// A place in the order of commands; tells "before the ageing" from "after" within one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(pub u64);

/// All ageings so far.
#[derive(Clone, Debug, Default)]
pub struct Aging {
    ageings: Vec<Ageing>,
}

#[derive(Clone, Copy, Debug)]
struct Ageing {
    at: Timestamp,
    order: Order,
    by: Duration,
    scope: AgingScope,
}

impl Aging {
    /// Makes what was issued up to `at` older by `by`.
    pub fn age(&mut self, scope: AgingScope, by: Duration, at: Timestamp, order: Order) {
        if self.ageings.len() == MAX_AGEINGS {
            self.ageings.remove(0);
        }
        self.ageings.push(Ageing { at, order, by, scope });
    }

    /// How much older than its own `issued` a credential has been made.
    ///
    /// Issue times have whole seconds; within the second of an ageing, a text first seen before it
    /// is old and a new one is fresh.
    pub fn extra(&self, app: Option<u32>, issued: Timestamp, first_seen: Order) -> Duration {
        let concerns = |ageing: &&Ageing| match ageing.scope {
            AgingScope::All => true,
            AgingScope::App(aged) => app == Some(aged),
        };
        let before = |ageing: &&Ageing| match issued.seconds().cmp(&ageing.at.seconds()) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Equal => first_seen < ageing.order,
            std::cmp::Ordering::Greater => false,
        };
        let all = self.ageings.iter().filter(concerns).filter(before);
        all.fold(Duration::ZERO, |extra, ageing| extra.saturating_add(ageing.by))
    }
}

/// More ageings than a test would ever ask for; the oldest go first, so memory stays bounded.
const MAX_AGEINGS: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn aged(at: Timestamp) -> Aging {
        let mut aging = Aging::default();
        aging.age(AgingScope::All, HOUR, at, Order(10));
        aging
    }

    #[test]
    fn what_was_issued_before_is_older_and_what_comes_after_is_not() {
        let aging = aged(Timestamp::from_seconds(1_000));
        assert_eq!(aging.extra(None, Timestamp::from_seconds(999), Order(99)), HOUR);
        assert_eq!(aging.extra(None, Timestamp::from_seconds(1_001), Order(1)), Duration::ZERO);
    }

    #[test]
    fn within_the_second_a_text_seen_before_is_old_and_a_new_one_is_fresh() {
        let aging = aged(Timestamp::from_micros(1_000_600_000));
        let issued = Timestamp::from_seconds(1_000);
        assert_eq!(aging.extra(None, issued, Order(9)), HOUR);
        assert_eq!(aging.extra(None, issued, Order(11)), Duration::ZERO);
    }

    #[test]
    fn ageings_beyond_all_measure_add_up_to_the_longest_time() {
        let mut aging = Aging::default();
        for _ in 0..2 {
            aging.age(AgingScope::All, Duration::MAX, Timestamp::from_seconds(50), Order(1));
        }
        let extra = aging.extra(None, Timestamp::from_seconds(1), Order(0));
        assert_eq!(extra, Duration::MAX);
    }

    #[test]
    fn an_app_ages_alone() {
        let mut aging = Aging::default();
        aging.age(AgingScope::App(3), HOUR, Timestamp::from_seconds(50), Order(1));
        assert_eq!(aging.extra(Some(3), Timestamp::from_seconds(1), Order(0)), HOUR);
        assert_eq!(aging.extra(Some(4), Timestamp::from_seconds(1), Order(0)), Duration::ZERO);
    }
}
