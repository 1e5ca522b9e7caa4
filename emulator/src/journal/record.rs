//! One record's bytes: a fixed head, then fields as its writer puts them.

use crate::clock::{Now, Timestamp};

/// What every record begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its place in the order of all records of the epoch, from 1.
    pub sequence: u64,
    /// What it is; the writer's number.
    pub kind: u8,
    /// When it was written.
    pub now: Now,
}

/// Writes a record's fields at the end of a segment.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(super) bytes: &'a mut Vec<u8>,
    pub(super) repeats: &'a mut Repeats,
}

/// Long texts of each connection in this segment: a second occurrence is written as its place.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    entries: Vec<(u32, u32, u32)>,
    /// The last header lists of the connections that wrote last.
    blocks: Vec<Block>,
}

/// What a connection's last header list was, and where in the segment it was written.
#[derive(Debug, Default)]
struct Block {
    connection: u32,
    place: u32,
    text: Vec<u8>,
    shape: Vec<[u32; 3]>,
}

impl Repeats {
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.blocks.clear();
    }
}

impl Writer<'_> {
    /// Puts one byte.
    pub fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// Puts a number of two bytes.
    pub fn short(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Puts a number of four bytes.
    pub fn word(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Puts a number of eight bytes.
    pub fn long(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Puts a text with its length.
    pub fn text(&mut self, text: &[u8]) {
        let length = u32::try_from(text.len()).map_or(PLACE - 1, |length| length.min(PLACE - 1));
        self.word(length);
        self.bytes.extend_from_slice(&text[..length as usize]);
    }

    /// Puts a text that the connection is likely to repeat, such as its bearer token.
    pub fn repeated(&mut self, connection: u32, text: &[u8]) {
        if text.len() < WORTH_REPEATING {
            return self.text(text);
        }
        let known = self.repeats.entries.iter().rev().find(|(of, start, length)| {
            let place = *start as usize..(*start + *length) as usize;
            *of == connection && self.bytes.get(place) == Some(text)
        });
        if let Some((_, start, length)) = known.copied() {
            self.word(PLACE | length);
            return self.word(start);
        }
        self.text(text);
        let length = u32::try_from(text.len()).unwrap_or(0);
        let end = u32::try_from(self.bytes.len()).unwrap_or(0);
        if self.repeats.entries.len() == MAX_REPEATS {
            self.repeats.entries.remove(0);
        }
        self.repeats.entries.push((connection, end.saturating_sub(length), length));
    }

    /// Puts a list of names and values, or where the connection's last one lies if it is the same:
    /// most senders repeat all headers with every push.
    ///
    /// `text` has all of it, `shape` says where in it each name begins, and how long name and value
    /// are.
    pub fn headers(
        &mut self,
        connection: u32,
        text: &[u8],
        shape: impl ExactSizeIterator<Item = [u32; 3]> + Clone,
    ) {
        let blocks = &mut self.repeats.blocks;
        let known = blocks.iter().position(|block| block.connection == connection);
        if let Some(block) = known.map(|place| &blocks[place])
            && block.text == text
            && shape.clone().eq(block.shape.iter().copied())
        {
            let place = block.place;
            self.short(SAME);
            return self.word(place);
        }
        let place = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        self.put_headers(connection, text, shape.clone());
        let blocks = &mut self.repeats.blocks;
        let known = known.unwrap_or_else(|| {
            if blocks.len() == MAX_BLOCKS {
                blocks.remove(0);
            }
            blocks.push(Block { connection, ..Block::default() });
            blocks.len() - 1
        });
        if text.len() > MAX_BLOCK {
            blocks.swap_remove(known);
            return;
        }
        let block = &mut blocks[known];
        block.place = place;
        block.text.clear();
        block.text.extend_from_slice(text);
        block.shape.clear();
        block.shape.extend(shape);
    }

    fn put_headers(
        &mut self,
        connection: u32,
        text: &[u8],
        shape: impl ExactSizeIterator<Item = [u32; 3]>,
    ) {
        let most = usize::from(SAME - 1);
        self.short(u16::try_from(shape.len().min(most)).unwrap_or(SAME - 1));
        for [start, name, value] in shape.take(most) {
            let header = text.get(start as usize..).unwrap_or_default();
            let (name, rest) = header.split_at_checked(name as usize).unwrap_or_default();
            self.text(name);
            self.repeated(connection, rest.get(..value as usize).unwrap_or_default());
        }
    }
}

/// A record in a segment.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its head.
    pub head: Head,
    segment: &'a [u8],
    fields: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at `offset`, and where the next one begins.
    pub(super) fn at(segment: &'a [u8], offset: usize) -> Option<(Self, usize)> {
        let mut reader = Reader { segment, rest: segment.get(offset..)? };
        let length = reader.word()? as usize;
        let head = Head {
            kind: reader.byte()?,
            sequence: reader.long()?,
            now: Now { world: reader.moment()?, sender: reader.moment()? },
        };
        let fields = segment.get(offset + HEAD..offset + length)?;
        Some((Self { head, segment, fields }, offset + length))
    }

    /// Reads its fields in the order in which they were put.
    pub fn reader(&self) -> Reader<'a> {
        Reader { segment: self.segment, rest: self.fields }
    }
}

/// Reads fields; every call gives `None` when they do not fit what was written.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    segment: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A number of one byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A number of two bytes.
    pub fn short(&mut self) -> Option<u16> {
        self.take(2).and_then(|bytes| Some(u16::from_le_bytes(bytes.try_into().ok()?)))
    }

    /// A number of four bytes.
    pub fn word(&mut self) -> Option<u32> {
        self.take(4).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)))
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> Option<u64> {
        self.take(8).and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
    }

    /// A text, written by [`Writer::text`] or [`Writer::repeated`].
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let word = self.word()?;
        let length = (word & !PLACE) as usize;
        if word & PLACE == 0 {
            return self.take(length);
        }
        let start = self.word()? as usize;
        self.segment.get(start..start.checked_add(length)?)
    }

    /// Names and values, written by [`Writer::headers`].
    pub fn headers(&mut self) -> Option<Vec<(&'a [u8], &'a [u8])>> {
        let count = self.short()?;
        if count != SAME {
            return (0..count).map(|_| Some((self.text()?, self.text()?))).collect();
        }
        let place = self.word()? as usize;
        let mut there = Reader { segment: self.segment, rest: self.segment.get(place..)? };
        let count = there.short().filter(|count| *count != SAME)?;
        (0..count).map(|_| Some((there.text()?, there.text()?))).collect()
    }

    fn moment(&mut self) -> Option<Timestamp> {
        let bytes = self.take(8)?;
        Some(Timestamp::from_micros(i64::from_le_bytes(bytes.try_into().ok()?)))
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

pub(super) fn begin(bytes: &mut Vec<u8>, head: Head) {
    // In one piece, which costs one look at the room; the length follows at the end.
    let mut text = [0; HEAD];
    text[4] = head.kind;
    text[5..13].copy_from_slice(&head.sequence.to_le_bytes());
    text[13..21].copy_from_slice(&head.now.world.micros().to_le_bytes());
    text[21..].copy_from_slice(&head.now.sender.micros().to_le_bytes());
    bytes.extend_from_slice(&text);
}

pub(super) fn end(bytes: &mut [u8], start: usize) {
    let length = u32::try_from(bytes.len() - start).expect("requests are bounded far below 4 GiB");
    bytes[start..start + 4].copy_from_slice(&length.to_le_bytes());
}

/// The length of a head: length, kind, sequence, world time, sender time.
const HEAD: usize = 4 + 1 + 8 + 8 + 8;

/// The bit of a text's length that says "a place in this segment follows".
const PLACE: u32 = 1 << 31;

/// Shorter texts are not worth a look-up.
const WORTH_REPEATING: usize = 64;

/// How many long texts a segment remembers, over all connections.
const MAX_REPEATS: usize = 64;

/// In place of the number of headers: "they lie at a place in this segment, which follows".
const SAME: u16 = u16::MAX;

/// Of how many connections a segment remembers the last headers.
const MAX_BLOCKS: usize = 16;

/// How long they may be to be remembered, bytes.
const MAX_BLOCK: usize = 4 << 10;
