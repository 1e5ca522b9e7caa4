//! The log itself: writing at the end, sealing, evicting, and tails for readers.

use super::Cursor;
use super::gone::Gone;
use super::record::{self, Head, Record, Repeats, Writer};
use crate::clock::Now;
use std::collections::VecDeque;
use std::sync::Arc;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all segments together.
    pub bytes: usize,
    /// Records of all segments together.
    pub records: u64,
}

impl Default for Limits {
    /// 64 MiB, which is some 100,000 pushes, and a million records.
    fn default() -> Self {
        Self { bytes: 64 << 20, records: 1_000_000 }
    }
}

/// The append-only log.
#[derive(Debug)]
pub struct Journal {
    limits: Limits,
    epoch: u32,
    sealed: VecDeque<Arc<Segment>>,
    sealed_bytes: usize,
    active: Vec<u8>,
    /// The room of a segment that was evicted, for the next one: new memory costs more than writing
    /// to it.
    spare: Option<Vec<u8>>,
    active_first: u64,
    /// The kinds of the records in it.
    active_kinds: Vec<u8>,
    repeats: Repeats,
    next: u64,
    /// Shared with readers, who rarely hold it when something is evicted.
    gone: Arc<Gone>,
}

/// A part of the log that does not change any more.
#[derive(Debug)]
struct Segment {
    first: u64,
    records: u64,
    kinds: Arc<[u8]>,
    bytes: Vec<u8>,
}

impl Journal {
    /// An empty log, and the number of its epoch: one that no earlier log had whose cursors somebody
    /// may still hold.
    pub fn new(limits: Limits, epoch: u32) -> Self {
        Self {
            limits,
            epoch,
            sealed: VecDeque::new(),
            sealed_bytes: 0,
            active: Vec::new(),
            spare: None,
            active_first: 1,
            active_kinds: Vec::new(),
            repeats: Repeats::default(),
            next: 1,
            gone: Arc::default(),
        }
    }

    /// Forgets everything and begins a new epoch, so that old cursors are known as such.
    pub fn reset(&mut self) {
        *self = Self::new(self.limits, self.epoch.wrapping_add(1));
    }

    /// Appends a record; `fields` puts what is in it. Kinds are below 16.
    pub fn append(&mut self, kind: u8, now: Now, fields: impl FnOnce(&mut Writer<'_>)) -> Cursor {
        let sequence = self.next;
        self.next += 1;
        if self.active.capacity() == 0 {
            self.active.reserve(FIRST_ROOM);
        }
        let start = self.active.len();
        record::begin(&mut self.active, Head { sequence, kind, now });
        fields(&mut Writer { bytes: &mut self.active, repeats: &mut self.repeats });
        record::end(&mut self.active, start);
        self.active_kinds.push(kind);
        if self.active.len() >= FULL {
            self.seal();
        }
        Cursor { epoch: self.epoch, sequence }
    }

    /// The place after the last record.
    pub fn end(&self) -> Cursor {
        Cursor { epoch: self.epoch, sequence: self.next - 1 }
    }

    /// Everything after a place, to be read without the lock. A place in another epoch is taken as
    /// the beginning of this one.
    pub fn tail(&mut self, after: Cursor) -> Tail {
        let after = if after.epoch == self.epoch { after.sequence.min(self.next - 1) } else { 0 };
        if after + 1 < self.next && self.active.len() > SHORT_COPY {
            self.seal();
        }
        let wanted =
            self.sealed.iter().filter(|segment| segment.first + segment.records > after + 1);
        let mut segments: Vec<_> = wanted.cloned().collect();
        if !self.active.is_empty() && after + 1 < self.next {
            segments.push(Arc::new(self.active_segment(self.active.clone(), Arc::default())));
        }
        let oldest = self.sealed.front().map_or(self.active_first, |segment| segment.first);
        Tail { after, oldest, segments, end: self.end(), gone: Arc::clone(&self.gone) }
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        self.sealed_bytes + self.active.len()
    }

    fn seal(&mut self) {
        let spare = self.spare.take().unwrap_or_default();
        let mut bytes = std::mem::replace(&mut self.active, spare);
        if bytes.len() < FULL {
            bytes.shrink_to_fit();
        }
        let kinds = std::mem::take(&mut self.active_kinds).into();
        let segment = self.active_segment(bytes, kinds);
        self.sealed_bytes += segment.bytes.len();
        self.active_first = self.next;
        self.repeats.clear();
        self.sealed.push_back(Arc::new(segment));
        self.evict();
    }

    fn active_segment(&self, bytes: Vec<u8>, kinds: Arc<[u8]>) -> Segment {
        Segment { first: self.active_first, records: self.next - self.active_first, kinds, bytes }
    }

    fn evict(&mut self) {
        let kept = |journal: &Self| {
            let first = journal.sealed.front().map_or(journal.next, |segment| segment.first);
            journal.sealed_bytes <= journal.limits.bytes
                && journal.next - first <= journal.limits.records
        };
        while !kept(self) && self.sealed.len() > 1 {
            let Some(oldest) = self.sealed.pop_front() else {
                break;
            };
            self.sealed_bytes -= oldest.bytes.len();
            Arc::make_mut(&mut self.gone).add(oldest.first, Arc::clone(&oldest.kinds));
            self.spare = Arc::into_inner(oldest).map(|oldest| {
                let mut room = oldest.bytes;
                room.clear();
                room
            });
        }
    }
}

/// Where a record is found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The segment's first sequence number.
    segment: u64,
    offset: usize,
}

impl Place {
    /// Whether the record lies before a sequence number, with its whole segment.
    pub fn is_before(self, oldest: u64) -> bool {
        self.segment < oldest
    }
}

/// What was in the log after a place, at one moment.
#[derive(Clone, Debug)]
pub struct Tail {
    after: u64,
    /// The oldest record that there still is.
    oldest: u64,
    segments: Vec<Arc<Segment>>,
    end: Cursor,
    gone: Arc<Gone>,
}

impl Tail {
    /// The records in order.
    pub fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.placed_records(self.after).map(|(_, record)| record)
    }

    /// The records after a sequence number, with the places at which they are found again.
    pub fn placed_records(&self, after: u64) -> impl Iterator<Item = (Place, Record<'_>)> {
        let after = after.max(self.after);
        let passed = self.segments.partition_point(|it| it.first + it.records <= after + 1);
        let all = self.segments.iter().skip(passed).flat_map(|segment| {
            let mut offset = 0;
            std::iter::from_fn(move || {
                let place = Place { segment: segment.first, offset };
                let (record, next) = Record::at(&segment.bytes, offset)?;
                offset = next;
                Some((place, record))
            })
        });
        all.filter(move |(_, record)| record.head.sequence > after)
    }

    /// The record at a place, if it was not evicted meanwhile.
    pub fn at(&self, place: Place) -> Option<Record<'_>> {
        let found = self.segments.binary_search_by_key(&place.segment, |it| it.first).ok()?;
        Some(Record::at(&self.segments[found].bytes, place.offset)?.0)
    }

    /// Goes on with a tail that was taken from this one's end, of the same epoch. What the journal
    /// has evicted meanwhile goes here too, so that this one is bounded as the journal is.
    pub fn extend(&mut self, later: Self) {
        for segment in later.segments {
            // What was being written then is longer now; the places in it stay.
            self.segments.pop_if(|last| last.first == segment.first);
            self.segments.push(segment);
        }
        self.segments.retain(|segment| segment.first >= later.oldest);
        (self.oldest, self.end, self.gone) = (later.oldest, later.end, later.gone);
    }

    /// The sequence number of the oldest record that the journal still had.
    pub fn oldest(&self) -> u64 {
        self.oldest
    }

    /// How many records it covers.
    pub fn length(&self) -> u64 {
        self.end.sequence - self.after
    }

    /// The segments' bytes as they are, in order: what a recording keeps.
    pub fn bytes(&self) -> Vec<&[u8]> {
        self.segments.iter().map(|segment| &*segment.bytes).collect()
    }

    /// The same tail from a later place on; a place of another epoch is the beginning.
    #[must_use]
    pub fn from(&self, after: Cursor) -> Self {
        let after =
            if after.epoch == self.end.epoch { after.sequence.min(self.end.sequence) } else { 0 };
        Self { after: self.after.max(after), ..self.clone() }
    }

    /// The place after the last record.
    pub fn end(&self) -> Cursor {
        self.end
    }

    /// How many records of a kind lay after the place but were evicted. What was in them is
    /// unknown by then.
    pub fn dropped(&self, kind: u8) -> u64 {
        self.gone.count(kind, self.after)
    }

    /// How many records of any kind lay after the place but were evicted.
    pub fn dropped_all(&self) -> u64 {
        self.gone.count_all(self.after)
    }
}

/// When a segment is sealed: short of 1 MiB by some records, so that its room, which doubles as it
/// fills, is that and no more.
const FULL: usize = (1 << 20) - (16 << 10);

/// What a segment begins with: idle emulators stay small.
const FIRST_ROOM: usize = 16 << 10;

/// A longer active segment is sealed rather than copied for a reader, who holds the lock meanwhile.
const SHORT_COPY: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    fn texts(tail: &Tail) -> Vec<Vec<u8>> {
        tail.records().map(|record| record.reader().text().unwrap().to_vec()).collect()
    }

    #[test]
    fn records_come_back_in_order_from_a_cursor_on() {
        let mut journal = Journal::new(Limits::default(), 1);
        for text in ["a", "b", "c"] {
            journal.append(1, Now::default(), |to| to.text(text.as_bytes()));
        }
        let tail = journal.tail(Cursor { epoch: 1, sequence: 1 });
        assert_eq!(texts(&tail), [b"b".to_vec(), b"c".to_vec()]);
        assert_eq!(tail.end(), Cursor { epoch: 1, sequence: 3 });
    }

    #[test]
    fn a_repeated_long_text_is_written_once_per_connection_and_segment() {
        let mut journal = Journal::new(Limits::default(), 1);
        let bearer = [b'x'; 250];
        for connection in [7, 7, 8, 7] {
            journal.append(1, Now::default(), |to| to.repeated(connection, &bearer));
        }
        assert_eq!(texts(&journal.tail(Cursor::default())), vec![bearer.to_vec(); 4]);
        assert!(journal.bytes() < 2 * 250 + 4 * 50, "held {} bytes", journal.bytes());
    }

    #[test]
    fn headers_that_a_connection_repeats_are_written_once() {
        let one: &[(&str, &str)] = &[("apns-topic", "com.example.app"), ("apns-priority", "10")];
        let two: &[(&str, &str)] = &[("apns-topic", "com.example.appa"), ("pns-priority", "10")];
        let mut journal = Journal::new(Limits::default(), 1);
        let mut written = Vec::new();
        let mut sizes = Vec::new();
        for (connection, headers) in [(7, one), (7, one), (8, one), (7, two), (7, one), (7, &[])] {
            let text: String = headers.iter().flat_map(|(name, value)| [*name, *value]).collect();
            let mut start = 0;
            let shape: Vec<_> = headers
                .iter()
                .map(|(name, value)| {
                    let lengths = [name, value].map(|text| u32::try_from(text.len()).unwrap());
                    let shape = [start, lengths[0], lengths[1]];
                    start += lengths[0] + lengths[1];
                    shape
                })
                .collect();
            let before = journal.bytes();
            journal.append(1, Now::default(), |to| {
                to.headers(connection, text.as_bytes(), shape.iter().copied());
            });
            written.push(headers);
            sizes.push(journal.bytes() - before);
        }
        let tail = journal.tail(Cursor::default());
        let read: Vec<_> = tail.records().map(|it| it.reader().headers().unwrap()).collect();
        let bytes =
            |(name, value): &(&'static str, &'static str)| (name.as_bytes(), value.as_bytes());
        let written: Vec<Vec<_>> =
            written.into_iter().map(|headers| headers.iter().map(bytes).collect()).collect();
        assert_eq!(read, written);
        assert!(sizes[1] < sizes[0] && sizes[2] == sizes[0] && sizes[4] == sizes[0], "{sizes:?}");
    }

    #[test]
    fn old_segments_go_whole_and_are_counted() {
        let mut journal = Journal::new(Limits { bytes: 2 << 20, records: u64::MAX }, 1);
        let body = vec![1; 100_000];
        for _ in 0..100 {
            journal.append(3, Now::default(), |to| to.text(&body));
        }
        let tail = journal.tail(Cursor { epoch: 1, sequence: 0 });
        let kept = tail.records().count() as u64;
        assert!(journal.bytes() <= 4 << 20);
        assert_eq!(tail.dropped(3) + kept, 100);
        assert_eq!(tail.dropped(2), 0);
        let oldest = 100 - kept;
        let mut dropped = |sequence| journal.tail(Cursor { epoch: 1, sequence }).dropped(3);
        assert_eq!(
            [dropped(1), dropped(oldest - 1), dropped(oldest), dropped(100)],
            [oldest - 1, 1, 0, 0]
        );
    }

    #[test]
    fn the_bound_by_count_holds_too() {
        let mut journal = Journal::new(Limits { bytes: usize::MAX, records: 10 }, 1);
        let body = vec![1; 600_000];
        for _ in 0..40 {
            journal.append(1, Now::default(), |to| to.text(&body));
        }
        assert!(journal.tail(Cursor::default()).records().count() <= 12);
    }

    #[test]
    fn a_cursor_of_another_epoch_is_the_beginning() {
        let mut journal = Journal::new(Limits::default(), 1);
        journal.append(1, Now::default(), |to| to.text(b"old"));
        let old = journal.end();
        journal.reset();
        journal.append(1, Now::default(), |to| to.text(b"new"));
        assert_eq!(texts(&journal.tail(old)), [b"new".to_vec()]);
        assert_eq!(journal.end(), Cursor { epoch: 2, sequence: 1 });
    }

    #[test]
    fn a_cursor_beyond_the_end_is_the_end() {
        let mut journal = Journal::new(Limits::default(), 1);
        journal.append(1, Now::default(), |to| to.text(b"a"));
        let tail = journal.tail(Cursor { epoch: 1, sequence: u64::MAX });
        assert_eq!((texts(&tail).len(), tail.dropped(1)), (0, 0));
        let whole = journal.tail(Cursor::default());
        assert_eq!(texts(&whole.from(Cursor { epoch: 1, sequence: u64::MAX })).len(), 0);
    }

    #[test]
    fn heads_keep_both_times() {
        let mut journal = Journal::new(Limits::default(), 1);
        let now = Now { world: Timestamp::from_micros(-5), sender: Timestamp::from_seconds(9) };
        journal.append(4, now, |_| {});
        let tail = journal.tail(Cursor::default());
        let heads: Vec<_> = tail.records().map(|record| record.head).collect();
        assert_eq!(heads, [Head { sequence: 1, kind: 4, now }]);
    }
}
