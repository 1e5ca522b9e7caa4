//! Requests in flight: whose head has arrived, and whose reply is not yet written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// Counts requests in flight, by generation: an advance begins a new one and waits for the older
/// ones to empty, so that requests that come later do not hold it up.
#[derive(Debug)]
pub(super) struct Flight {
    generation: AtomicUsize,
    counts: [AtomicUsize; GENERATIONS],
    changed: watch::Sender<()>,
}

/// A request in flight; it is no more when this value is dropped.
#[derive(Debug)]
pub struct InFlight {
    flight: Arc<Flight>,
    generation: usize,
}

impl Flight {
    pub(super) fn new(changed: watch::Sender<()>) -> Arc<Self> {
        Arc::new(Self { generation: AtomicUsize::new(0), counts: Default::default(), changed })
    }

    pub(super) fn enter(self: &Arc<Self>) -> InFlight {
        loop {
            let generation = self.generation.load(Ordering::SeqCst);
            self.counts[generation % GENERATIONS].fetch_add(1, Ordering::SeqCst);
            let entered = InFlight { flight: Arc::clone(self), generation };
            // An advance that began in between may have looked before this request was counted.
            if self.generation.load(Ordering::SeqCst) == generation {
                return entered;
            }
        }
    }

    /// Begins a new generation; gives its number.
    pub(super) fn turn(&self) -> usize {
        self.generation.fetch_add(1, Ordering::SeqCst).wrapping_add(1)
    }

    /// How many requests are in flight that came before a generation, those included for which
    /// earlier advances waited in vain.
    pub(super) fn left_before(&self, generation: usize) -> usize {
        let count = |(place, count): (usize, &AtomicUsize)| {
            if place == generation % GENERATIONS { 0 } else { count.load(Ordering::SeqCst) }
        };
        self.counts.iter().enumerate().map(count).sum()
    }

    /// How many requests are in flight.
    pub(super) fn count(&self) -> usize {
        self.counts.iter().map(|count| count.load(Ordering::SeqCst)).sum()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let before =
            self.flight.counts[self.generation % GENERATIONS].fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.flight.changed.receiver_count() > 0 {
            self.flight.changed.send_replace(());
        }
    }
}

/// How many generations are told apart. A request that is held back through so many advances
/// counts as new in one of them; each waits for seconds before that.
const GENERATIONS: usize = 8;
