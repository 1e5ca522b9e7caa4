//! Requests in flight: whose head has arrived, and whose reply is not yet written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// Counts requests in flight, by generation: an advance begins a new one and waits for the old one
/// to empty, so that requests that come later do not hold it up.
#[derive(Debug)]
pub(super) struct Flight {
    generation: AtomicUsize,
    counts: [AtomicUsize; 2],
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
        Arc::new(Self {
            generation: AtomicUsize::new(0),
            counts: [AtomicUsize::new(0), AtomicUsize::new(0)],
            changed,
        })
    }

    pub(super) fn enter(self: &Arc<Self>) -> InFlight {
        let generation = self.generation.load(Ordering::SeqCst);
        self.counts[generation % 2].fetch_add(1, Ordering::SeqCst);
        InFlight { flight: Arc::clone(self), generation }
    }

    /// Begins a new generation; gives the number of the old one.
    pub(super) fn turn(&self) -> usize {
        self.generation.fetch_add(1, Ordering::SeqCst)
    }

    /// How many requests of a generation are in flight.
    pub(super) fn left_of(&self, generation: usize) -> usize {
        self.counts[generation % 2].load(Ordering::SeqCst)
    }

    /// How many requests are in flight.
    pub(super) fn count(&self) -> usize {
        self.left_of(0) + self.left_of(1)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let before = self.flight.counts[self.generation % 2].fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.flight.changed.receiver_count() > 0 {
            self.flight.changed.send_replace(());
        }
    }
}
