//! Replies on their way out.

use super::connection::Connection;
use super::{ErrorCode, frame};
use crate::wire::Framing;
use bytes::Bytes;

/// The body of a reply, and how it goes out.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// What is left of it.
    pub bytes: Bytes,
    /// How it is cut into frames.
    pub framing: Framing,
    /// What comes after it.
    pub end: End,
}

/// How a reply ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// By END_STREAM on its last frame.
    #[default]
    Whole,
    /// By RST_STREAM.
    Reset(ErrorCode),
    /// Not at all.
    Never,
}

impl<T> Connection<T> {
    /// Answers a stream; one that is gone misses nothing. An empty body ends the stream with its
    /// head, any other is one DATA frame as far as window, frame size and `framing` allow.
    pub fn respond<'a>(
        &mut self,
        id: u32,
        status: u16,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        body: Body,
    ) {
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.answered) else {
            return;
        };
        stream.answered = true;
        stream.age = 0;
        self.answered = self.answered.max(id);
        // An exchange that came to its end pays for a frame or two beside it.
        self.noise = self.noise.saturating_sub(PAID);
        self.scratch.clear();
        self.encoder.begin(&mut self.scratch);
        self.encoder.status(&mut self.scratch, status);
        for (name, value) in fields {
            self.encoder.field(&mut self.scratch, name, value);
        }
        let end = body.bytes.is_empty() && body.framing.empty == 0 && body.end == End::Whole;
        let most = self.peer.max_frame_size;
        frame::headers(&mut self.output, id, &self.scratch, end, most);
        if end {
            self.finish(id);
            return;
        }
        for _ in 0..body.framing.empty {
            frame::data(&mut self.output, id, &[], false);
        }
        stream.unsent = Some(body);
        self.send(id);
    }

    /// Sends of a stream's reply what the windows allow.
    pub(super) fn send(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let Some(mut body) = stream.unsent.take() else {
            return;
        };
        let most = match body.framing.split {
            0 => self.peer.max_frame_size,
            split => self.peer.max_frame_size.min(split as usize),
        };
        while !body.bytes.is_empty() {
            let window = self.send_window.min(stream.send_window).max(0);
            let room = usize::try_from(window).unwrap_or(usize::MAX);
            let count = body.bytes.len().min(room).min(most);
            if count == 0 {
                stream.unsent = Some(body);
                if !std::mem::replace(&mut stream.blocked, true) {
                    self.block(id);
                }
                return;
            }
            let part = body.bytes.split_to(count);
            let end = body.bytes.is_empty() && body.end == End::Whole;
            frame::data(&mut self.output, id, &part, end);
            let sent = i64::try_from(count).unwrap_or(i64::MAX);
            self.send_window -= sent;
            stream.send_window -= sent;
            if end {
                self.finish(id);
                return;
            }
        }
        match body.end {
            End::Whole => {
                frame::data(&mut self.output, id, &[], true);
                self.finish(id);
            }
            End::Reset(code) => self.reset_stream(id, code),
            End::Never => {}
        }
    }

    /// Sends on what waited for a window.
    pub(super) fn send_blocked(&mut self) {
        for id in std::mem::take(&mut self.blocked) {
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.blocked = false;
                self.send(id);
            }
        }
    }

    /// Lets a stream wait for a window; those that are gone meanwhile are cleared out in time.
    fn block(&mut self, id: u32) {
        if self.blocked.len() > 2 * self.streams.len() {
            self.blocked.retain(|id| self.streams.contains_key(id));
        }
        self.blocked.push_back(id);
    }

    /// Our side of the stream has ended.
    fn finish(&mut self, id: u32) {
        if self.streams.get(&id).is_some_and(|stream| !stream.open) {
            self.streams.remove(&id);
        }
    }
}

/// How much noise an answered request makes up for.
const PAID: u32 = 2;
