//! The memory of requests, used again by the thread that gave it up: a hundred requests come at once,
//! and asking the allocator for each of them costs as much as reading them.

use std::cell::RefCell;

/// The bytes of a request, and where its headers lie in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    pub(super) bytes: Vec<u8>,
    pub(super) fields: Vec<Field>,
}

/// A header: its name and right behind it its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) start: u32,
    pub(super) name: u32,
    pub(super) value: u32,
}

impl Room {
    /// An empty one that takes so many bytes without growing.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let spare = SPARE.with_borrow_mut(Vec::pop);
        let (mut room, fields) =
            spare.unwrap_or_else(|| (Vec::new(), Vec::with_capacity(USUAL_FIELDS)));
        room.reserve_exact(bytes);
        Self { bytes: room, fields }
    }

    /// What it keeps on the heap, bytes.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity() + self.fields.capacity() * size_of::<Field>()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.bytes.capacity() == 0 || self.memory() > SPARE_ROOM {
            return;
        }
        let (mut bytes, mut fields) =
            (std::mem::take(&mut self.bytes), std::mem::take(&mut self.fields));
        bytes.clear();
        fields.clear();
        // A thread that ends keeps nothing.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MOST_SPARE {
                spare.push((bytes, fields));
            }
        });
    }
}

thread_local! {
    static SPARE: RefCell<Vec<(Vec<u8>, Vec<Field>)>> = const { RefCell::new(Vec::new()) };
}

/// The headers of a push, with some to spare.
const USUAL_FIELDS: usize = 16;

/// The most that one room may have to be kept, bytes: a push with a large payload goes in twice.
pub const SPARE_ROOM: usize = 2 << 10;

/// How many rooms a thread keeps: as many as one batch needs, with some to spare.
const MOST_SPARE: usize = 128;
