//! The alarm clock of the driver: when it wants to be woken, and what wakes it sooner.

use crate::clock::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::sync::Notify;

/// Until when the driver sleeps. Commands that bring an earlier moment ring.
#[derive(Debug)]
pub(super) struct Alarm {
    /// In microseconds; [`AWAKE`] while the driver does not sleep.
    asleep_until: AtomicI64,
    bell: Notify,
}

impl Default for Alarm {
    fn default() -> Self {
        Self { asleep_until: AtomicI64::new(AWAKE), bell: Notify::new() }
    }
}

impl Alarm {
    /// The driver sleeps until then, or for ever.
    pub(super) fn set(&self, until: Option<Timestamp>) {
        self.asleep_until.store(until.map_or(i64::MAX, Timestamp::micros), Ordering::Relaxed);
    }

    /// The driver is awake and will look by itself.
    pub(super) fn unset(&self) {
        self.asleep_until.store(AWAKE, Ordering::Relaxed);
    }

    /// Whether the driver would sleep beyond what is due; asks for that only while it sleeps.
    pub(super) fn is_too_late(&self, due: impl FnOnce() -> Option<Timestamp>) -> bool {
        let asleep_until = self.asleep_until.load(Ordering::Relaxed);
        asleep_until != AWAKE && due().is_some_and(|due| due.micros() < asleep_until)
    }

    /// Wakes the driver.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until somebody rings.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }
}

/// The driver does not sleep.
const AWAKE: i64 = i64::MIN;
