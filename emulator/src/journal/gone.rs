//! What was evicted: how many records of each kind lay after a place.

use std::collections::VecDeque;
use std::sync::Arc;

/// The kinds of the records that were evicted, newest last.
#[derive(Clone, Debug, Default)]
pub(super) struct Gone {
    parts: VecDeque<Part>,
    /// How many records the parts tell of.
    known: usize,
    totals: Counts,
    /// The sequence number of the last record evicted.
    last: u64,
}

/// The records of one segment.
#[derive(Clone, Debug)]
struct Part {
    first: u64,
    /// How many of each kind were evicted before it.
    before: Counts,
    kinds: Arc<[u8]>,
}

/// How many records of each kind.
type Counts = [u64; KINDS];

impl Gone {
    /// Takes in a segment that is being evicted.
    pub(super) fn add(&mut self, first: u64, kinds: Arc<[u8]>) {
        let before = self.totals;
        for kind in &*kinds {
            self.totals[place(*kind)] += 1;
        }
        self.last = first + kinds.len() as u64 - 1;
        self.known += kinds.len();
        self.parts.push_back(Part { first, before, kinds });
        while self.known > MOST_KNOWN
            && let Some(oldest) = self.parts.pop_front()
        {
            self.known -= oldest.kinds.len();
        }
    }

    /// How many records of a kind lay after a place. Exact from the beginning, and for places
    /// among the last [`MOST_KNOWN`] records; else at most too many by what lay before those.
    pub(super) fn count(&self, kind: u8, after: u64) -> u64 {
        if after >= self.last {
            return 0;
        }
        let total = self.totals[place(kind)];
        let later = self.parts.partition_point(|part| part.first <= after + 1);
        if let Some(part) = later.checked_sub(1).and_then(|at| self.parts.get(at)) {
            let passed = usize::try_from(after + 1 - part.first).unwrap_or(usize::MAX);
            let same = part.kinds.iter().take(passed).filter(|it| place(**it) == place(kind));
            return total - part.before[place(kind)] - same.count() as u64;
        }
        let (before, first) = self
            .parts
            .front()
            .map_or((total, self.last + 1), |part| (part.before[place(kind)], part.first));
        total - before + before.min(first - 1 - after)
    }

    /// How many records of any kind lay after a place.
    pub(super) fn count_all(&self, after: u64) -> u64 {
        self.last.saturating_sub(after)
    }
}

fn place(kind: u8) -> usize {
    usize::from(kind) % KINDS
}

/// How many kinds of record there can be.
const KINDS: usize = 16;

/// Of how many evicted records the kind is remembered, a byte each.
const MOST_KNOWN: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lay_after_the_place_is_counted_by_kind() {
        let mut gone = Gone::default();
        gone.add(1, [1, 2, 1].as_slice().into());
        gone.add(4, [2, 2, 1].as_slice().into());
        let counts: Vec<_> =
            (0..8).map(|after| [gone.count(1, after), gone.count(2, after)]).collect();
        assert_eq!(counts, [[3, 3], [2, 3], [2, 2], [1, 2], [1, 1], [1, 0], [0, 0], [0, 0]]);
        assert_eq!((gone.count_all(0), gone.count_all(4), gone.count_all(9)), (6, 2, 0));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_never_counts_too_few() {
        let mut gone = Gone::default();
        let half: Arc<[u8]> = vec![1; MOST_KNOWN / 2].into();
        let length = half.len() as u64;
        for part in 0..4 {
            gone.add(1 + part * length, Arc::clone(&half));
        }
        assert_eq!(gone.parts.len(), 2);
        assert_eq!(gone.count(1, 0), 4 * length);
        assert_eq!(gone.count(1, 1), 4 * length - 1);
        assert_eq!(gone.count(2, 1), 0);
        assert_eq!(gone.count(1, 3 * length), length);
    }
}
