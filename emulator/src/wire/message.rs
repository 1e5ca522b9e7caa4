//! One request and its reply.

use super::room::{Field, Room};
use super::{Framing, NewSettings, Wire};
use bytes::Bytes;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::time::Duration;

/// One HTTP request, whole.
///
/// All its bytes lie in one buffer, whose room is used again.
#[derive(Clone, Debug, Default)]
pub struct Request {
    room: Room,
    method: Span,
    scheme: Span,
    authority: Span,
    target: Span,
    /// How much of the target is the path.
    path: u32,
    body: Span,
    /// How long the whole body was, including what lay beyond the ceiling and was drained.
    pub body_length: u64,
}

/// A place in the buffer.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

impl Request {
    /// An empty head with room for `bytes` of text.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { room: Room::with_capacity(bytes), ..Self::default() }
    }

    /// Sets the method, as it came.
    pub fn set_method(&mut self, method: &[u8]) {
        self.method = self.keep(method);
    }

    /// Sets the scheme, as it came (HTTP/2), or as the connection implies it (HTTP/1.1).
    pub fn set_scheme(&mut self, scheme: &[u8]) {
        self.scheme = self.keep(scheme);
    }

    /// Sets the authority: `:authority`, else the `host` header, else the name of an absolute target.
    pub fn set_authority(&mut self, authority: &[u8]) {
        self.authority = self.keep(authority);
    }

    /// Sets the raw target: path and query, not decoded.
    pub fn set_target(&mut self, target: &[u8]) {
        self.target = self.keep(target);
        let end = memchr::memchr(b'?', target).unwrap_or(target.len());
        self.path = u32::try_from(end).unwrap_or(u32::MAX);
    }

    /// Adds a header; names are lower case.
    pub fn push_header(&mut self, name: &[u8], value: &[u8]) {
        let Span { start, length } = self.keep(name);
        let value = self.keep(value).length;
        self.room.fields.push(Field { start, name: length, value });
    }

    /// Adds headers as a [`header_block`](Self::header_block) has them.
    pub fn push_header_block(&mut self, text: &[u8], shape: &[[u32; 3]]) {
        let Span { start, .. } = self.keep(text);
        let fields = shape.iter().map(|[from, name, value]| Field {
            start: start + from,
            name: *name,
            value: *value,
        });
        self.room.fields.extend(fields);
    }

    /// Adds to what is kept of the body; the head is whole then.
    pub fn push_body(&mut self, part: &[u8]) {
        let bytes = &mut self.room.bytes;
        if part.len() > bytes.capacity() - bytes.len() {
            // By half and not by twice: a hundred bodies may be on their way.
            bytes.reserve_exact(part.len().max(bytes.len() / 2));
        }
        let Span { start, length } = self.keep(part);
        if self.body.length == 0 {
            self.body.start = start;
        }
        self.body.length += length;
    }

    /// The method, as it came.
    pub fn method(&self) -> &[u8] {
        self.text(self.method)
    }

    /// The scheme, as it came.
    pub fn scheme(&self) -> &[u8] {
        self.text(self.scheme)
    }

    /// The authority, as it came.
    pub fn authority(&self) -> &[u8] {
        self.text(self.authority)
    }

    /// The raw target: path and query.
    pub fn target(&self) -> &[u8] {
        self.text(self.target)
    }

    /// The target up to the query.
    pub fn path(&self) -> &[u8] {
        self.text(Span { length: self.path, ..self.target })
    }

    /// The headers in the order in which they came, names in lower case.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.room.fields.iter().map(|field| {
            let (start, name) = (field.start as usize, field.name as usize);
            let text = self.room.bytes.get(start..start + name + field.value as usize);
            text.unwrap_or_default().split_at_checked(name).unwrap_or_default()
        })
    }

    /// The headers' names and values as they lie one behind the other, and between what.
    pub fn header_block(&self) -> (&[u8], impl ExactSizeIterator<Item = [u32; 3]> + Clone) {
        let fields = &self.room.fields;
        let first = fields.first().map_or(0, |field| field.start);
        let end = fields.last().map_or(0, |field| field.start + field.name + field.value);
        let text = self.room.bytes.get(first as usize..end as usize).unwrap_or_default();
        (text, fields.iter().map(move |field| [field.start - first, field.name, field.value]))
    }

    /// The first header of that name.
    pub fn header(&self, name: &[u8]) -> Option<&[u8]> {
        self.headers().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The body's first bytes, at most the ceiling that the service's route names.
    pub fn body(&self) -> &[u8] {
        self.text(self.body)
    }

    /// What it keeps on the heap, bytes.
    pub fn memory(&self) -> usize {
        self.room.memory()
    }

    fn keep(&mut self, text: &[u8]) -> Span {
        let start = u32::try_from(self.room.bytes.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.room.bytes.extend_from_slice(text);
        Span { start, length }
    }

    fn text(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.room.bytes.get(start..start + span.length as usize).unwrap_or_default()
    }
}

/// What goes back on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers in order; names in lower case.
    pub headers: SmallVec<[(Cow<'static, str>, HeaderText); USUAL_HEADERS]>,
    /// The body; HTTP/2 writes it as exactly one DATA frame, and none when it is empty.
    pub body: Bytes,
    /// How the body is cut into frames, where that is not left to HTTP/2.
    pub framing: Framing,
    /// SETTINGS that are said before the answer.
    pub settings: Option<Box<NewSettings>>,
    /// What to do with the wire beside or instead of answering.
    pub wire: Wire,
    /// A real wait before the reply is written; the world's lock is not held meanwhile.
    pub delay: Option<Duration>,
}

/// A header's value: fixed, or made for this reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderText {
    /// Always the same.
    Fixed(&'static str),
    /// Made for this reply.
    Made(MadeText),
}

/// A text made for one reply; an identifier needs no room of its own.
pub type MadeText = SmallVec<[u8; UUID_LENGTH]>;

impl HeaderText {
    /// A text made for one reply.
    pub fn made(text: impl AsRef<[u8]>) -> Self {
        Self::Made(MadeText::from_slice(text.as_ref()))
    }

    /// The bytes that go on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Fixed(text) => text.as_bytes(),
            Self::Made(bytes) => bytes,
        }
    }
}

impl Reply {
    /// Whether requests that came after this one on the connection are not looked at any more.
    pub fn ends(&self) -> bool {
        self.delay.is_none() && self.wire.ends()
    }

    /// Adds a header; its name is in lower case.
    pub fn push_header(&mut self, name: &'static str, value: HeaderText) {
        self.headers.push((Cow::Borrowed(name), value));
    }

    /// A reply with a status and nothing else.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: SmallVec::new(),
            body: Bytes::new(),
            framing: Framing::default(),
            settings: None,
            wire: Wire::Keep,
            delay: None,
        }
    }
}

/// What most accepted pushes are answered with: an identifier.
const USUAL_HEADERS: usize = 1;

/// The length of a UUID's text.
const UUID_LENGTH: usize = 36;
