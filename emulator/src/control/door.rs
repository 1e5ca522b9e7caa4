//! The one door to the world: whoever wants something of it comes through here.
//!
//! The world's lock is held for one batch of pure calls. Requests that meet a taken lock queue up,
//! and whoever gets the lock next carries out all that are queued, so that many threads cost little
//! more than one.

use super::flight::{Flight, InFlight};
use super::order::{Connections, Orders};
use crate::clock::Timestamp;
use crate::journal::{Cursor, Tail};
use crate::wire::{ConnectionId, GoAway, Peer, Reply};
use crate::world::{Command, Done, Incoming, KeyRing, Refused, World, WorldConfig, abouts};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use tokio::sync::{Notify, watch};

/// The one door to the world.
#[derive(Debug)]
pub struct Door {
    room: Mutex<Room>,
    /// Requests that met a taken lock, and how many there are.
    queue: Mutex<VecDeque<Arc<Slot>>>,
    queued: AtomicUsize,
    keys: RwLock<Arc<KeyRing>>,
    clock: fn() -> Timestamp,
    changed: watch::Sender<()>,
    flight: Arc<Flight>,
    /// Held by an advance, a reset and the driver's look, one at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Until when the driver sleeps, in microseconds; [`AWAKE`] while it does not.
    asleep_until: AtomicI64,
    /// How many records readers got.
    read: AtomicU64,
    pub(super) sooner: Notify,
    pub(super) connections: Connections,
}

/// What lies behind the lock.
#[derive(Debug)]
struct Room {
    world: World,
    /// The journal's end that watchers have been told of.
    told: Cursor,
    tally: Vec<Tally>,
}

/// How many requests of a service were accepted and rejected since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
}

/// What a monitor wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Load {
    /// By service, in the order of the list; the last is nobody's.
    pub(super) tally: Vec<Tally>,
    pub(super) journal_bytes: usize,
    pub(super) pending: u64,
    pub(super) in_flight: usize,
}

/// A request that waits for somebody to carry it out.
#[derive(Debug)]
struct Slot(Mutex<Job>);

#[derive(Debug)]
enum Job {
    Asked(Box<Incoming>),
    Answered(Reply),
    Failed(Box<dyn Any + Send>),
    Over,
}

impl Door {
    /// A door to a new world; `clock` reads the real clock.
    pub fn new(config: WorldConfig, clock: fn() -> Timestamp) -> Self {
        let changed = watch::Sender::new(());
        let tally = vec![Tally::default(); abouts().len() + 1];
        Self {
            room: Mutex::new(Room {
                world: World::new(config, clock()),
                told: Cursor::default(),
                tally,
            }),
            queue: Mutex::default(),
            queued: AtomicUsize::new(0),
            keys: RwLock::default(),
            clock,
            flight: Flight::new(changed.clone()),
            changed,
            turn: tokio::sync::Mutex::new(()),
            asleep_until: AtomicI64::new(AWAKE),
            read: AtomicU64::new(0),
            sooner: Notify::new(),
            connections: Connections::default(),
        }
    }

    /// Carries out a command. An advance and a reset have ways of their own: [`Self::advance`] and
    /// [`Self::reset`].
    ///
    /// # Errors
    /// The world refuses it; nothing changed then.
    pub fn apply(&self, command: Command) -> Result<Done, Refused> {
        self.with(|room, at| room.world.apply(command, at))
    }

    /// Answers a request.
    ///
    /// # Panics
    /// Only if the world does, which is a bug: the lock is free and the world usable after it.
    pub fn request(&self, incoming: Incoming) -> Reply {
        let room = match self.room.try_lock() {
            Ok(room) => room,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.queue_up(incoming),
        };
        let (mut room, at) = self.caught_up(room);
        let reply = room.answer(&incoming, at);
        self.carry_out_queued(&mut room, at, BATCH - 1);
        self.release(room);
        reply
    }

    /// Answers what one connection brought at once, in order, under one lock for each hundred.
    pub fn requests(
        &self,
        batch: &mut dyn ExactSizeIterator<Item = Incoming>,
        replies: &mut Vec<Reply>,
    ) {
        while batch.len() > 0 {
            let (mut room, at) = self.caught_up(self.lock());
            let mut ends = false;
            for incoming in batch.take(BATCH) {
                let reply = room.answer(&incoming, at);
                ends = reply.ends();
                replies.push(reply);
                // What a request left to be done is done in slices, between holds of the lock.
                if ends || room.world.owes(at) {
                    break;
                }
            }
            self.carry_out_queued(&mut room, at, BATCH);
            self.release(room);
            if ends {
                return;
            }
        }
    }

    /// A connection is open, and takes orders; gives what ends it at once, where its service does
    /// not want it.
    pub fn opened(
        &self,
        id: ConnectionId,
        peer: &Arc<Peer>,
        orders: &Arc<Orders>,
    ) -> Option<GoAway> {
        self.connections.opened(id, peer.profile, Arc::clone(orders));
        match self.apply(Command::ConnectionOpened(id, Arc::clone(peer))) {
            Ok(Done::Unwelcome(go_away)) => Some(go_away),
            // The command itself is never refused.
            Ok(_) | Err(_) => None,
        }
    }

    /// A connection that was [opened](Self::opened) is over.
    pub fn closed(&self, id: ConnectionId, why: &str) {
        self.connections.closed(id);
        drop(self.apply(Command::ConnectionClosed(id, why.to_owned())));
    }

    /// Marks a request whose head has arrived as in flight, until the guard is dropped.
    pub fn enter(&self) -> InFlight {
        self.flight.enter()
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.flight.count()
    }

    /// Whether an advance or a reset has its turn.
    pub fn is_advancing(&self) -> bool {
        self.turn.try_lock().is_err()
    }

    /// The keys of all services, as they are now.
    pub fn keys(&self) -> Arc<KeyRing> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the keys; requests that are being prepared keep the old ones.
    pub fn set_keys(&self, keys: Arc<KeyRing>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// The journal after a place, to be read without the lock.
    pub fn tail(&self, after: Cursor) -> Tail {
        let tail = self.with(|room, _| room.world.tail(after));
        self.read.fetch_add(tail.length(), Ordering::Relaxed);
        tail
    }

    /// How many of the journal's records were given to readers since the start.
    pub fn records_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The place after the journal's last record.
    pub fn end(&self) -> Cursor {
        self.look(|world, _| world.end())
    }

    /// Waits until the journal goes on from a place, or begins a new epoch.
    pub async fn changed_since(&self, cursor: Cursor) -> Cursor {
        let mut changes = self.changes();
        loop {
            changes.mark_unchanged();
            let end = self.end();
            if end != cursor {
                return end;
            }
            // The sender lives as long as this door.
            let _ = changes.changed().await;
        }
    }

    /// When, on the real clock, something falls due by itself.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.look(|world, _| world.wakes_at())
    }

    /// Looks at the world as of a reading of the real clock.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut World, Timestamp) -> T) -> T {
        self.with(|room, at| look(&mut room.world, at))
    }

    pub(super) fn load(&self) -> Load {
        let in_flight = self.in_flight();
        self.with(|room, _| {
            let (journal_bytes, pending) = room.world.load();
            Load { tally: room.tally.clone(), journal_bytes, pending, in_flight }
        })
    }

    /// Tells when the journal grew or nothing is in flight any more. Look after subscribing.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(super) fn flight(&self) -> &Flight {
        &self.flight
    }

    /// Does what is due, up to a slice's worth; whether that was all.
    pub(super) fn catch_up_on(&self) -> bool {
        let mut room = self.lock();
        let is_all = room.world.catch_up_on((self.clock)());
        self.release(room);
        is_all
    }

    /// Gives how long the driver may sleep; commands that bring an earlier moment wake it from now
    /// on.
    pub(super) fn doze(&self) -> Option<std::time::Duration> {
        self.with(|room, at| {
            let due = room.world.wakes_at();
            let until = due.map_or(i64::MAX, Timestamp::micros);
            self.asleep_until.store(until, Ordering::Relaxed);
            due.map(|due| due.since(at))
        })
    }

    /// The driver is awake and will look by itself.
    pub(super) fn wake(&self) {
        self.asleep_until.store(AWAKE, Ordering::Relaxed);
    }

    fn with<T>(&self, work: impl FnOnce(&mut Room, Timestamp) -> T) -> T {
        let (mut room, at) = self.caught_up(self.lock());
        let done = work(&mut room, at);
        self.release(room);
        done
    }

    /// Works off what fell due in slices, between which others get the lock, until the world is as
    /// of a reading of the clock; gives the lock with that reading. Usually nothing is due.
    fn caught_up<'a>(
        &'a self,
        mut room: MutexGuard<'a, Room>,
    ) -> (MutexGuard<'a, Room>, Timestamp) {
        loop {
            let at = (self.clock)();
            if room.world.catch_up_on(at) {
                return (room, at);
            }
            self.release(room);
            room = self.lock();
        }
    }

    /// A bug that panicked under the lock has been told already; the world goes on.
    fn lock(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn release(&self, mut room: MutexGuard<'_, Room>) {
        let end = room.world.end();
        let grew = std::mem::replace(&mut room.told, end) != end;
        let asleep_until = self.asleep_until.load(Ordering::Relaxed);
        let sooner = asleep_until != AWAKE
            && room.world.wakes_at().is_some_and(|due| due.micros() < asleep_until);
        drop(room);
        if sooner {
            self.sooner.notify_one();
        }
        // Whoever watches subscribed before it looked under the lock, so that it is counted here.
        if grew && self.changed.receiver_count() > 0 {
            self.changed.send_replace(());
        }
    }

    fn queue_up(&self, incoming: Incoming) -> Reply {
        let slot = Arc::new(Slot(Mutex::new(Job::Asked(Box::new(incoming)))));
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.push_back(Arc::clone(&slot));
        self.queued.store(queue.len(), Ordering::Release);
        drop(queue);
        loop {
            if let Some(reply) = slot.take() {
                return reply;
            }
            let (mut room, at) = self.caught_up(self.lock());
            self.carry_out_queued(&mut room, at, BATCH);
            self.release(room);
        }
    }

    /// Carries out queued requests in the order in which they came.
    fn carry_out_queued(&self, room: &mut Room, at: Timestamp, most: usize) {
        if self.queued.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let count = queue.len().min(most);
        let mut taken: VecDeque<_> = queue.drain(..count).collect();
        self.queued.store(queue.len(), Ordering::Release);
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
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        taken.append(&mut queue);
        *queue = taken;
        self.queued.store(queue.len(), Ordering::Release);
    }
}

impl Room {
    fn answer(&mut self, incoming: &Incoming, at: Timestamp) -> Reply {
        let service = incoming.prepared.as_ref().map(|prepared| usize::from(prepared.service().0));
        let reply = self.world.answer(incoming, at);
        let place = service.unwrap_or(self.tally.len() - 1);
        if reply.wire.answers() && (200..300).contains(&reply.status) {
            self.tally[place].accepted += 1;
        } else {
            self.tally[place].rejected += 1;
        }
        reply
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

    fn take(&self) -> Option<Reply> {
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
const BATCH: usize = 100;

/// The driver does not sleep.
const AWAKE: i64 = i64::MIN;
