//! One request and its reply.

use super::{Framing, NewSettings, Wire};
use bytes::Bytes;
use std::time::Duration;

/// One HTTP request, whole.
///
/// The head's bytes lie in one buffer, so that copying a request into the journal is one copy.
#[derive(Clone, Debug, Default)]
pub struct Request {
    buffer: Vec<u8>,
    method: Span,
    scheme: Span,
    authority: Span,
    target: Span,
    fields: Vec<(Span, Span)>,
    /// The body's first bytes, at most the ceiling that the service's route names.
    pub body: Bytes,
    /// How long the whole body was, including what lay beyond the ceiling and was drained.
    pub body_length: u64,
}

/// A place in the head's buffer.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    length: u32,
}

impl Request {
    /// An empty head with room for `bytes` of text.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            buffer: Vec::with_capacity(bytes),
            fields: Vec::with_capacity(16),
            ..Self::default()
        }
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
    }

    /// Adds a header; names are lower case.
    pub fn push_header(&mut self, name: &[u8], value: &[u8]) {
        let name = self.keep(name);
        let value = self.keep(value);
        self.fields.push((name, value));
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
        let target = self.target();
        target.split(|byte| *byte == b'?').next().unwrap_or(target)
    }

    /// The headers in the order in which they came, names in lower case.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.fields.iter().map(|(name, value)| (self.text(*name), self.text(*value)))
    }

    /// The first header of that name.
    pub fn header(&self, name: &[u8]) -> Option<&[u8]> {
        self.headers().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// What it keeps on the heap, bytes.
    pub fn memory(&self) -> usize {
        let fields = self.fields.capacity() * size_of::<(Span, Span)>();
        self.buffer.capacity() + fields + self.body.len()
    }

    fn keep(&mut self, text: &[u8]) -> Span {
        let start = u32::try_from(self.buffer.len()).unwrap_or(u32::MAX);
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.buffer.extend_from_slice(text);
        Span { start, length }
    }

    fn text(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.buffer.get(start..start + span.length as usize).unwrap_or_default()
    }
}

/// What goes back on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers in order; names in lower case.
    pub headers: Vec<(&'static str, HeaderText)>,
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
    Made(Bytes),
}

impl HeaderText {
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

    /// A reply with a status and nothing else.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            framing: Framing::default(),
            settings: None,
            wire: Wire::Keep,
            delay: None,
        }
    }
}
