//! One stream: a request on its way in, a reply on its way out.

use super::reply::Body;
use crate::wire::Request;

/// One stream that is open or half closed; `T` is what the owner of the connection attached.
#[derive(Debug)]
pub(super) struct Stream<T> {
    pub(super) request: Request,
    ceiling: usize,
    length: u64,
    /// What `content-length` promised.
    pub(super) promised: Option<u64>,
    /// The head was larger than this, bytes, and is not in the request.
    pub(super) too_large: Option<u32>,
    /// The sender has not ended the stream.
    pub(super) open: bool,
    /// The request was handed out.
    pub(super) asked: bool,
    /// The reply was taken.
    pub(super) answered: bool,
    /// What of the reply's body waits for the window.
    pub(super) unsent: Option<Body>,
    /// It is among those that wait for a window.
    pub(super) blocked: bool,
    pub(super) send_window: i64,
    /// How much the sender may still send, bytes.
    pub(super) receive_window: i64,
    /// Looks of the clock's owner since the stream began, or since it was answered.
    pub(super) age: u32,
    /// Kept until the stream is over, or stalled.
    pub(super) attached: Option<T>,
}

impl<T> Stream<T> {
    pub(super) fn new(request: Request, ceiling: usize, attached: T, windows: (i64, i64)) -> Self {
        let promised = request.header(b"content-length").and_then(number);
        Self {
            request,
            ceiling,
            length: 0,
            promised,
            too_large: None,
            open: true,
            asked: false,
            answered: false,
            unsent: None,
            blocked: false,
            send_window: windows.0,
            receive_window: windows.1,
            age: 0,
            attached: Some(attached),
        }
    }

    /// Takes a part of the body: kept up to the ceiling, counted beyond.
    pub(super) fn push(&mut self, part: &[u8]) {
        self.length += part.len() as u64;
        if self.asked {
            return;
        }
        let room = self.ceiling.saturating_sub(self.request.body().len());
        self.request.push_body(&part[..part.len().min(room)]);
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the body has the length that `content-length` promised.
    pub(super) fn keeps_its_promise(&self) -> bool {
        self.promised.is_none_or(|promised| promised == self.length)
    }

    /// Takes the request out, body and all.
    pub(super) fn take_request(&mut self) -> Request {
        self.asked = true;
        let mut request = std::mem::take(&mut self.request);
        request.body_length = self.length;
        request
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
