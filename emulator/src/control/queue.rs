//! Requests that met a taken lock: whoever gets the lock next carries out all that are queued, so
//! that many threads cost little more than one.

use super::room::Room;
use crate::clock::Timestamp;
use crate::wire::Reply;
use crate::world::Incoming;
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Requests that wait for the lock, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Queue {
    slots: Mutex<VecDeque<Arc<Slot>>>,
    /// How many there are, to be looked at without the lock.
    length: AtomicUsize,
}

/// A request that waits for somebody to carry it out.
#[derive(Debug)]
pub(super) struct Slot(Mutex<Job>);

#[derive(Debug)]
enum Job {
    Asked(Box<Incoming>),
    Answered(Reply),
    Failed(Box<dyn Any + Send>),
    Over,
}

impl Queue {
    pub(super) fn put(&self, incoming: Incoming) -> Arc<Slot> {
        let slot = Arc::new(Slot(Mutex::new(Job::Asked(Box::new(incoming)))));
        let mut queue = self.lock();
        queue.push_back(Arc::clone(&slot));
        self.length.store(queue.len(), Ordering::Release);
        slot
    }

    /// Carries out queued requests in the order in which they came.
    pub(super) fn carry_out(&self, room: &mut Room, at: Timestamp, most: usize) {
        if self.length.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut queue = self.lock();
        let count = queue.len().min(most);
        let mut taken: VecDeque<_> = queue.drain(..count).collect();
        self.length.store(queue.len(), Ordering::Release);
        drop(queue);
        while !room.world.owes(at)
            && let Some(slot) = taken.pop_front()
        {
            slot.carry_out(room, at);
        }
        if !taken.is_empty() {
            self.put_back(taken);
        }
    }

    /// Puts requests back that have to wait for what one before them left to be done.
    fn put_back(&self, mut taken: VecDeque<Arc<Slot>>) {
        let mut queue = self.lock();
        taken.append(&mut queue);
        *queue = taken;
        self.length.store(queue.len(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// A bug that one request meets is its own caller's, not the one's who carries it out.
    fn carry_out(&self, room: &mut Room, at: Timestamp) {
        let mut job = self.lock();
        if let Job::Asked(incoming) = std::mem::replace(&mut *job, Job::Over) {
            *job = match catch_unwind(AssertUnwindSafe(|| room.answer(&incoming, at))) {
                Ok(reply) => Job::Answered(reply),
                Err(panic) => Job::Failed(panic),
            };
        }
    }

    /// Its reply, once somebody has carried it out.
    pub(super) fn take(&self) -> Option<Reply> {
        let mut job = self.lock();
        match std::mem::replace(&mut *job, Job::Over) {
            Job::Answered(reply) => Some(reply),
            Job::Failed(panic) => {
                drop(job);
                resume_unwind(panic)
            }
            asked @ (Job::Asked(_) | Job::Over) => {
                *job = asked;
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many requests are carried out under one hold of the lock: some 30 µs.
pub(super) const BATCH: usize = 100;
