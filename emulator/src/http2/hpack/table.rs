//! The static and the dynamic table. [doc] RFC 7541, section 2.3 and appendix A

use super::HpackError;
use std::collections::VecDeque;

/// What an entry counts beside its name and value, bytes. [doc] RFC 7541, section 4.1
pub(super) const OVERHEAD: usize = 32;

/// Both tables under one index: 1 to 61 are static, the newest dynamic entry is 62.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    limit: usize,
    /// How often entries came or went.
    generation: u64,
}

/// A field of the dynamic table.
#[derive(Debug)]
pub(super) struct Entry {
    /// The name, then the value.
    text: Box<[u8]>,
    name: usize,
}

impl Entry {
    pub(super) fn new(name: &[u8], value: &[u8]) -> Self {
        Self { text: [name, value].concat().into_boxed_slice(), name: name.len() }
    }
}

impl Table {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, limit, generation: 0 }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn entry(&self, index: usize) -> Result<(&[u8], &[u8]), HpackError> {
        let place = index.checked_sub(1).ok_or(HpackError::NoEntry(index))?;
        if let Some((name, value)) = STATIC.get(place) {
            return Ok((name.as_bytes(), value.as_bytes()));
        }
        let entry = self.entries.get(place - STATIC.len()).ok_or(HpackError::NoEntry(index))?;
        Ok(entry.text.split_at(entry.name))
    }

    /// Adds an entry; one that is larger than the table empties it. [doc] RFC 7541, section 4.4
    pub(super) fn insert(&mut self, entry: Entry) {
        let size = entry.text.len() + OVERHEAD;
        self.generation += 1;
        self.evict(self.limit.saturating_sub(size));
        if size > self.limit {
            return;
        }
        self.size += size;
        self.entries.push_front(entry);
    }

    pub(super) fn resize(&mut self, limit: usize) {
        self.generation += 1;
        self.limit = limit;
        self.evict(limit);
    }

    /// What it keeps on the heap, bytes.
    pub(super) fn memory(&self) -> usize {
        let texts: usize = self.entries.iter().map(|entry| entry.text.len()).sum();
        self.entries.capacity() * size_of::<Entry>() + texts
    }

    fn evict(&mut self, room: usize) {
        while self.size > room {
            let Some(entry) = self.entries.pop_back() else {
                break;
            };
            self.size -= entry.text.len() + OVERHEAD;
        }
    }
}

/// The static index of `:status` with these digits.
pub(super) fn place_of_status(digits: [u8; 3]) -> Option<usize> {
    let of = |(_, value): &(&str, &str)| value.as_bytes() == digits;
    STATIC[FIRST_STATUS - 1..LAST_STATUS].iter().position(of).map(|place| place + FIRST_STATUS)
}

/// The static index of a field with this name; of `:status`, that of its first.
pub(super) fn place_of_name(name: &[u8]) -> Option<usize> {
    let places = BY_LENGTH.get(name.len())?;
    let mut places = places.iter().map(|place| usize::from(*place)).take_while(|place| *place > 0);
    places.find(|place| STATIC[place - 1].0.as_bytes() == name)
}

/// The static indices of the names of each length, each name once; 0 ends a list.
static BY_LENGTH: [[u8; MOST_OF_A_LENGTH + 1]; LONGEST_NAME + 1] = by_length();

const fn by_length() -> [[u8; MOST_OF_A_LENGTH + 1]; LONGEST_NAME + 1] {
    let mut lists = [[0; MOST_OF_A_LENGTH + 1]; LONGEST_NAME + 1];
    let mut place = 0;
    while place < STATIC.len() {
        let name = STATIC[place].0.as_bytes();
        // Equal names stand one after another.
        if place == 0 || !is_same(STATIC[place - 1].0.as_bytes(), name) {
            let list = &mut lists[name.len()];
            let mut end = 0;
            while list[end] != 0 {
                end += 1;
            }
            list[end] = place as u8 + 1;
        }
        place += 1;
    }
    lists
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut same = one.len() == other.len();
    let mut place = 0;
    while same && place < one.len() {
        same = one[place] == other[place];
        place += 1;
    }
    same
}

/// The static indices of `:status`.
const FIRST_STATUS: usize = 8;
const LAST_STATUS: usize = 14;
const LONGEST_NAME: usize = 27;
const MOST_OF_A_LENGTH: usize = 6;

const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];
