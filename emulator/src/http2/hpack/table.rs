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
}

#[derive(Debug)]
struct Entry {
    /// The name, then the value.
    text: Box<[u8]>,
    name: usize,
}

impl Table {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), size: 0, limit }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
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
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let size = name.len() + value.len() + OVERHEAD;
        self.evict(self.limit.saturating_sub(size));
        if size > self.limit {
            return;
        }
        self.size += size;
        let text = [name, value].concat().into_boxed_slice();
        self.entries.push_front(Entry { text, name: name.len() });
    }

    pub(super) fn resize(&mut self, limit: usize) {
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

/// The static index of a field with this value.
pub(super) fn place_of(name: &[u8], value: &[u8]) -> Option<usize> {
    let found = |entry: &(&str, &str)| entry.0.as_bytes() == name && entry.1.as_bytes() == value;
    STATIC.iter().position(found).map(|place| place + 1)
}

/// The static index of a field with this name.
pub(super) fn place_of_name(name: &[u8]) -> Option<usize> {
    STATIC.iter().position(|entry| entry.0.as_bytes() == name).map(|place| place + 1)
}

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
