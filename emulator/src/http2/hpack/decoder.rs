//! Header blocks to header fields.

use super::table::{Entry, Table};
use super::{HpackError, huffman, integer};

/// Decodes the header blocks of one connection, in order.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// What SETTINGS_HEADER_TABLE_SIZE allows, bytes.
    allowed: usize,
    name: Vec<u8>,
    value: Vec<u8>,
    long: Long,
}

/// The long value that came coded last: a bearer token stands in every request, and most senders
/// never put it into the table (libnghttp2, hpack for Python).
#[derive(Debug, Default)]
struct Long {
    coded: Vec<u8>,
    text: Vec<u8>,
}

/// What became of a header list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// All fields were handed out.
    Whole,
    /// The list is larger than the limit; the fields beyond it were decoded and thrown away.
    TooLarge,
}

/// A block on its way through a [`Decoder`].
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    rest: &'a [u8],
    limit: usize,
    /// Of the list so far, counted as the limit is.
    size: usize,
    /// A field was read.
    begun: bool,
}

impl<'a> Walk<'a> {
    /// The beginning of a block whose list may be so large.
    pub fn new(block: &'a [u8], limit: usize) -> Self {
        Self { rest: block, limit, size: 0, begun: false }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How large the list is so far.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Takes the rest as read, whose fields are known to count so much; whether they fit.
    pub fn pass_over(&mut self, size: usize) -> bool {
        let fits = self.size.saturating_add(size) <= self.limit;
        if fits {
            self.size += size;
            self.rest = &[];
        }
        fits
    }

    /// What became of the list.
    pub fn listed(&self) -> Listed {
        if self.size <= self.limit { Listed::Whole } else { Listed::TooLarge }
    }

    fn hand_out(&mut self, name: &[u8], value: &[u8], take: &mut impl FnMut(&[u8], &[u8])) {
        self.size = self.size.saturating_add(weight(name, value));
        if self.size <= self.limit {
            take(name, value);
        }
    }
}

impl Decoder {
    /// A decoder whose table may hold so many bytes.
    pub fn new(table_size: usize) -> Self {
        Self {
            table: Table::new(table_size),
            allowed: table_size,
            name: Vec::new(),
            value: Vec::new(),
            long: Long::default(),
        }
    }

    /// Says what SETTINGS_HEADER_TABLE_SIZE allows from now on; call it when the peer has
    /// acknowledged the setting.
    pub fn allow(&mut self, table_size: usize) {
        self.allowed = table_size;
        self.table.resize(table_size.min(self.table.limit()));
    }

    /// Decodes a whole block; hands each field to `take` as long as the list, counted with 32 bytes
    /// a field as RFC 9113, section 6.5.2 has it, is not larger than `limit`.
    ///
    /// The work is bounded: what is too large is not handed out, and far beyond the limit, where
    /// only references to the table lead in so few bytes, decoding ends.
    ///
    /// # Errors
    /// The block is malformed; the connection cannot go on.
    pub fn decode(
        &mut self,
        block: &[u8],
        limit: usize,
        mut take: impl FnMut(&[u8], &[u8]),
    ) -> Result<Listed, HpackError> {
        let mut walk = Walk::new(block, limit);
        while !walk.rest.is_empty() {
            self.step(&mut walk, &mut take)?;
        }
        Ok(walk.listed())
    }

    /// Decodes the next field, or a change of the table's size, as [`Self::decode`] does.
    ///
    /// # Errors
    /// The block is malformed; the connection cannot go on.
    pub fn step(
        &mut self,
        walk: &mut Walk<'_>,
        take: &mut impl FnMut(&[u8], &[u8]),
    ) -> Result<(), HpackError> {
        let Some(&first) = walk.rest.first() else { return Ok(()) };
        if walk.size > walk.limit.max(BOMB_FLOOR).saturating_mul(BOMB_FACTOR) {
            return Err(HpackError::Bomb);
        }
        let indexing = match first {
            0x80.. => {
                let index = integer::read(&mut walk.rest, 7)?;
                let (name, value) = self.table.entry(index)?;
                walk.begun = true;
                walk.hand_out(name, value, take);
                return Ok(());
            }
            0x20..0x40 => {
                if walk.begun {
                    return Err(HpackError::ResizeLate);
                }
                return self.resize(integer::read(&mut walk.rest, 5)?);
            }
            0x40..0x80 => true,
            0x00..0x20 => false,
        };
        walk.begun = true;
        let index = integer::read(&mut walk.rest, if indexing { 6 } else { 4 })?;
        let named = match index {
            0 => Some(match literal(&mut walk.rest)? {
                (Coding::Plain, text) => text,
                (Coding::Huffman, coded) => huffman_text(coded, &mut self.name)?,
            }),
            _ => None,
        };
        let value = match literal(&mut walk.rest)? {
            (Coding::Plain, text) => text,
            (Coding::Huffman, coded) if LONG.contains(&coded.len()) => self.long.text(coded)?,
            (Coding::Huffman, coded) => huffman_text(coded, &mut self.value)?,
        };
        let name = match named {
            Some(name) => name,
            None => self.table.entry(index)?.0,
        };
        walk.hand_out(name, value, take);
        if indexing {
            let entry = Entry::new(name, value);
            self.table.insert(entry);
        }
        Ok(())
    }

    /// A number that is another one after each change of the table: as long as it is the same, the
    /// same bytes stand for the same fields.
    pub fn generation(&self) -> u64 {
        self.table.generation()
    }

    /// What it keeps on the heap, bytes.
    pub fn memory(&self) -> usize {
        let long = self.long.coded.capacity() + self.long.text.capacity();
        self.table.memory() + self.name.capacity() + self.value.capacity() + long
    }

    fn resize(&mut self, size: usize) -> Result<(), HpackError> {
        if size > self.allowed {
            return Err(HpackError::Resize { size, allowed: self.allowed });
        }
        self.table.resize(size);
        Ok(())
    }
}

impl Long {
    fn text(&mut self, coded: &[u8]) -> Result<&[u8], HpackError> {
        if self.coded != coded {
            self.coded.clear();
            huffman_text(coded, &mut self.text)?;
            self.coded.extend_from_slice(coded);
        }
        Ok(&self.text)
    }
}

/// How a text is written.
enum Coding {
    Plain,
    Huffman,
}

/// Takes a string literal as it is written. [doc] RFC 7541, section 5.2
fn literal<'a>(from: &mut &'a [u8]) -> Result<(Coding, &'a [u8]), HpackError> {
    let coded = from.first().ok_or(HpackError::Cut)? & 0x80 != 0;
    let length = integer::read(from, 7)?;
    let (bytes, rest) = from.split_at_checked(length).ok_or(HpackError::Cut)?;
    *from = rest;
    Ok((if coded { Coding::Huffman } else { Coding::Plain }, bytes))
}

fn huffman_text<'a>(coded: &[u8], room: &'a mut Vec<u8>) -> Result<&'a [u8], HpackError> {
    room.clear();
    huffman::decode(coded, room)?;
    Ok(room)
}

fn weight(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + super::table::OVERHEAD
}

/// How many times its limit a header list may have, told apart from a bomb: without the table no
/// block that is taken holds so much.
const BOMB_FACTOR: usize = 16;
/// A smaller limit counts as this, bytes: an honest head beyond a tiny limit is no bomb.
const BOMB_FLOOR: usize = 16 << 10;

/// The lengths, coded, of values that are worth remembering: bearer tokens of 150 bytes to 3 KiB.
const LONG: std::ops::Range<usize> = 96..2 << 10;
