//! One queue of pending notifications, and what is in view on the device.

use super::{AddressId, DeliveryId, Gate, Lane, Overflow, PolicyId, Slot, Visible};
use crate::clock::Timestamp;
use smallvec::SmallVec;
use std::collections::VecDeque;
use std::sync::Arc;

/// What waits in one place, in the order of receipt.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) policy: PolicyId,
    pub(super) waiting: SmallVec<[Pending; 1]>,
    pub(super) shown: VecDeque<Shown>,
    /// A notice that the device gets on its return, for everything that was thrown away.
    pub(super) notice: Option<(AddressId, &'static str)>,
}

/// A notification that waits; its payload is a copy, so that it pins no buffer.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) delivery: DeliveryId,
    pub(super) request: u64,
    pub(super) address: AddressId,
    pub(super) lane: u8,
    pub(super) mark: u8,
    pub(super) gate: Gate,
    pub(super) key: Option<Box<[u8]>>,
    pub(super) expires: Option<Timestamp>,
    /// The lifetime that the sender named, as a moment, for what stays in view after delivery.
    pub(super) named_end: Option<Timestamp>,
    pub(super) payload: Arc<[u8]>,
}

/// A delivered notification in the device's view.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) delivery: DeliveryId,
    pub(super) address: AddressId,
    pub(super) lane: u8,
    pub(super) key: Option<Box<[u8]>>,
    pub(super) until: Option<Timestamp>,
}

/// What admitting one more notification threw out.
#[derive(Debug, Default)]
pub(super) struct Displaced {
    /// Replaced by the new one.
    pub(super) replaced: Option<Pending>,
    /// Evicted to make room.
    pub(super) evicted: Option<Pending>,
    /// Thrown away all together; the new one is among them.
    pub(super) cleared: Vec<Pending>,
}

impl Queue {
    pub(super) fn new(policy: PolicyId) -> Self {
        Self { policy, waiting: SmallVec::new(), shown: VecDeque::new(), notice: None }
    }

    /// Puts a notification in, as its lane says.
    pub(super) fn admit(&mut self, lane: &Lane, new: Pending) -> Displaced {
        let mut displaced =
            Displaced { replaced: self.take_replaced(lane, &new), ..Displaced::default() };
        let number = new.lane;
        self.waiting.push(new);
        let kept = self.waiting.iter().filter(|pending| pending.lane == number).count();
        if kept <= lane.capacity {
            return displaced;
        }
        match lane.overflow {
            Overflow::ClearAll { notice } => {
                self.notice = self.waiting.first().map(|pending| (pending.address, notice));
                displaced.cleared = self.waiting.drain(..).collect();
            }
            Overflow::EvictOldest => {
                let oldest = self.waiting.iter().position(|pending| pending.lane == number);
                displaced.evicted = oldest.map(|place| self.waiting.remove(place));
            }
        }
        displaced
    }

    fn take_replaced(&mut self, lane: &Lane, new: &Pending) -> Option<Pending> {
        let same = |old: &Pending| match lane.slot {
            Slot::Each => false,
            Slot::Key => new.key.is_some() && old.key == new.key,
            Slot::One => true,
        };
        let place = self.waiting.iter().position(|old| old.lane == new.lane && same(old))?;
        Some(self.waiting.remove(place))
    }

    /// Shows a delivered notification; gives what it replaces or pushes out of view.
    pub(super) fn show(&mut self, visible: &Visible, new: Shown) -> Vec<Shown> {
        let gives_way = |old: &Shown| {
            old.lane == new.lane
                && match visible.slot {
                    Slot::Each => false,
                    Slot::Key => new.key.is_some() && old.key == new.key,
                    Slot::One => true,
                }
        };
        let mut gone = self.take_shown(gives_way);
        let number = new.lane;
        self.shown.push_back(new);
        if self.shown.iter().filter(|shown| shown.lane == number).count() > visible.capacity {
            let oldest = self.shown.iter().position(|shown| shown.lane == number);
            gone.extend(oldest.and_then(|oldest| self.shown.remove(oldest)));
        }
        gone
    }

    /// The next moment at which something in it ends.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let waiting = self.waiting.iter().filter_map(|pending| pending.expires);
        waiting.chain(self.shown.iter().filter_map(|shown| shown.until)).min()
    }

    /// Takes out what waited too long.
    pub(super) fn take_expired(&mut self, now: Timestamp) -> Vec<Pending> {
        self.take_waiting(|pending| pending.expires.is_some_and(|end| end <= now))
    }

    /// Takes out what left the view.
    pub(super) fn take_unseen(&mut self, now: Timestamp) -> Vec<Shown> {
        self.take_shown(|shown| shown.until.is_some_and(|until| until <= now))
    }

    fn take_shown(&mut self, is_gone: impl Fn(&Shown) -> bool) -> Vec<Shown> {
        if !self.shown.iter().any(&is_gone) {
            return Vec::new();
        }
        let (gone, kept): (VecDeque<_>, _) = self.shown.drain(..).partition(is_gone);
        self.shown = kept;
        gone.into()
    }

    /// Takes out what `wanted` picks, in the order of receipt.
    pub(super) fn take_waiting(&mut self, wanted: impl Fn(&Pending) -> bool) -> Vec<Pending> {
        if !self.waiting.iter().any(&wanted) {
            return Vec::new();
        }
        let mut taken = Vec::new();
        let sift = |pending: Pending| match wanted(&pending) {
            true => {
                taken.push(pending);
                None
            }
            false => Some(pending),
        };
        self.waiting = self.waiting.drain(..).filter_map(sift).collect();
        taken
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.shown.is_empty() && self.notice.is_none()
    }
}
