//! The one door to the world: whoever wants something of it comes through here.
//!
//! The world's lock is held for one batch of pure calls. Requests that meet a taken lock queue up,
//! see [`Queue`]; whoever holds the lock tells those who watch and wakes the driver as it lets go.

use super::alarm::Alarm;
use super::flight::{Flight, InFlight};
use super::order::{Connections, Orders};
use super::queue::{BATCH, Queue};
use super::room::{Load, Room};
use crate::clock::Timestamp;
use crate::journal::{Cursor, Tail};
use crate::wire::{ConnectionId, GoAway, Peer, Reply};
use crate::world::{Command, Done, Incoming, KeyRing, Refused, World, WorldConfig};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use tokio::sync::watch;

/// The one door to the world.
#[derive(Debug)]
pub struct Door {
    room: Mutex<Room>,
    /// Requests that met a taken lock.
    queue: Queue,
    keys: RwLock<Arc<KeyRing>>,
    clock: fn() -> Timestamp,
    changed: watch::Sender<()>,
    flight: Arc<Flight>,
    /// Held by an advance, a reset and the driver's look, one at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Wakes the driver.
    pub(super) alarm: Alarm,
    /// How many records readers got.
    read: AtomicU64,
    pub(super) connections: Connections,
}

impl Door {
    /// A door to a new world; `clock` reads the real clock.
    pub fn new(config: WorldConfig, clock: fn() -> Timestamp) -> Self {
        let changed = watch::Sender::new(());
        Self {
            room: Mutex::new(Room::new(World::new(config, clock()))),
            queue: Queue::default(),
            keys: RwLock::default(),
            clock,
            flight: Flight::new(changed.clone()),
            changed,
            turn: tokio::sync::Mutex::new(()),
            alarm: Alarm::default(),
            read: AtomicU64::new(0),
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
        self.queue.carry_out(&mut room, at, BATCH - 1);
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
            self.queue.carry_out(&mut room, at, BATCH);
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
        self.with(|room, _| room.load(in_flight))
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
        let too_late = self.alarm.is_too_late(|| room.world.wakes_at());
        drop(room);
        if too_late {
            self.alarm.ring();
        }
        // Whoever watches subscribed before it looked under the lock, so that it is counted here.
        if grew && self.changed.receiver_count() > 0 {
            self.changed.send_replace(());
        }
    }

    /// Waits for the lock; whoever has it may answer meanwhile.
    fn queue_up(&self, incoming: Incoming) -> Reply {
        let slot = self.queue.put(incoming);
        loop {
            if let Some(reply) = slot.take() {
                return reply;
            }
            let (mut room, at) = self.caught_up(self.lock());
            self.queue.carry_out(&mut room, at, BATCH);
            self.release(room);
        }
    }
}
