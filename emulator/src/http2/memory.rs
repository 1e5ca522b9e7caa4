//! What a connection keeps, and the most that it may.

use super::connection::{Block, Connection, Limits};
use super::event::Event;
use super::head::MOST_KNOWN;
use super::stream::Stream;
use crate::wire::{SPARE_ROOM, Settings};
use std::mem::size_of;

/// The most that an idle connection keeps at its beginning, bytes: ten thousand of them take less
/// than 20 MiB.
pub const IDLE_BUDGET: usize = 2 << 10;

/// The most that an idle connection keeps after any work, bytes, beside what its sender has put
/// into the table of the header compression.
pub const RESTED_BUDGET: usize = 96 << 10;

/// The most of a buffer that is kept for the next work, bytes.
pub(super) const KEPT: usize = 16 << 10;

impl Limits {
    /// The most that one connection keeps whatever its sender does, bytes, when its owner takes
    /// events and output after each `piece` bytes, keeps at most `ceiling` bytes of a body and
    /// answers with at most `reply` bytes a stream, frame heads counted.
    pub fn memory_budget(&self, piece: usize, ceiling: usize, reply: usize) -> usize {
        let Settings { header_table_size, max_frame_size, max_header_list_size, .. } =
            self.settings;
        let list = max_header_list_size as usize;
        let streams = (self.settings.max_concurrent_streams as usize).max(STREAMS_UNTOLD);
        // A vector that grows may have twice the room; `host` is kept twice. Of each field 32
        // bytes are counted and 16 kept.
        let head = SPARE_ROOM + 5 * list;
        // The hash map's spare room.
        let stream = 4 * size_of::<Stream<()>>() + head + 2 * ceiling + 2 * reply;
        // A head is nine bytes and a frame is answered with less than twice as many and a head.
        let answers = 4 * piece + 2 * (max_frame_size as usize);
        let events = 2 * (piece / 9 + streams + 4) * size_of::<Event>();
        let input = 2 * (piece + max_frame_size as usize);
        let block = 4 * list + 2 * max_frame_size as usize;
        // The texts being decoded may have been Huffman coded.
        let decoding = 2 * 2 * (2 * list + max_frame_size as usize);
        // What grows may have twice the room.
        let known = 2 * MOST_KNOWN;
        IDLE_BUDGET
            + table_budget(header_table_size)
            + streams * stream
            + answers
            + events
            + input
            + block
            + decoding
            + known
    }
}

/// What a table of that size takes at most: each entry counts 32 bytes, and is kept in a place of
/// 24.
pub(super) const fn table_budget(size: u32) -> usize {
    4 * size as usize
}

impl<T> Connection<T> {
    /// What it keeps, bytes: itself and the room of all that it has on the heap, what is attached
    /// to streams left out.
    pub fn memory(&self) -> usize {
        let block = |block: &Block| block.text.capacity();
        let event = |event: &Event| match event {
            Event::Request(_, request) => request.memory(),
            Event::Failed(_)
            | Event::GoneAway(_)
            | Event::HeadTooLarge { .. }
            | Event::Refused(_) => 0,
        };
        let queued = self.reset.capacity() + self.blocked.capacity();
        size_of::<Self>()
            + self.settings.memory()
            + self.input.capacity()
            + self.output.capacity()
            + self.events.capacity() * size_of::<Event>()
            + self.events.iter().map(event).sum::<usize>()
            // A map of `hashbrown` is at most 7/8 full and has a byte for each place.
            + self.streams.capacity() * 8 / 7 * (size_of::<(u32, Stream<T>)>() + 1)
            + self.streams.values().map(Stream::memory).sum::<usize>()
            + self.heads.memory()
            + self.block.as_ref().map_or(0, block)
            + queued * size_of::<u32>()
            + self.scratch.capacity()
    }

    /// Says that all output was written: empties it, and gives back the room that only a burst
    /// needed.
    pub fn written(&mut self) {
        self.output.clear();
        self.output.shrink_to(KEPT);
        self.input.shrink_to(KEPT);
        if self.events.is_empty() {
            self.events.shrink_to(KEPT / size_of::<Event>());
        }
        if self.streams.is_empty() {
            self.streams.shrink_to(KEPT / size_of::<Stream<T>>());
        }
    }
}

impl<T> Stream<T> {
    fn memory(&self) -> usize {
        let unsent = self.unsent.as_ref().map_or(0, |body| body.bytes.len());
        self.request.memory() + unsent
    }
}

/// How many streams a sender may begin before it knows our limit.
const STREAMS_UNTOLD: usize = 100;
