//! What lies behind the world's lock: the world, and what is counted and remembered with it.

use crate::clock::Timestamp;
use crate::journal::Cursor;
use crate::wire::Reply;
use crate::world::{Incoming, World, abouts};

/// What lies behind the lock.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) world: World,
    /// The journal's end that watchers have been told of.
    pub(super) told: Cursor,
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

impl Room {
    pub(super) fn new(world: World) -> Self {
        let tally = vec![Tally::default(); abouts().len() + 1];
        Self { world, told: Cursor::default(), tally }
    }

    pub(super) fn answer(&mut self, incoming: &Incoming, at: Timestamp) -> Reply {
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

    pub(super) fn load(&self, in_flight: usize) -> Load {
        let (journal_bytes, pending) = self.world.load();
        Load { tally: self.tally.clone(), journal_bytes, pending, in_flight }
    }
}
