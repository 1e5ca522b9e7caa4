//! What each frame does to a connection: frames told apart, and the bodies of requests. [doc] RFC
//! 9113, sections 5 and 6

use super::connection::{Connection, Stage};
use super::event::{Event, Failure};
use super::{ErrorCode, frame, frame::Head};
use crate::wire::Request;

pub(super) type Outcome = Result<(), Failure>;

impl<T> Connection<T> {
    /// Takes one whole frame.
    pub(super) fn take(
        &mut self,
        head: Head,
        payload: &[u8],
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) -> Outcome {
        if self.stage == Stage::FirstSettings {
            if head.kind != frame::SETTINGS || head.flags & frame::ACK != 0 {
                return protocol("the first frame is not SETTINGS");
            }
            self.stage = Stage::Open;
        }
        if self.block.is_some() && head.kind != frame::CONTINUATION {
            return protocol("a header block is interrupted by another frame");
        }
        if head.kind != frame::CONTINUATION {
            self.waited = 0;
        }
        match head.kind {
            frame::DATA => self.data(head, payload),
            frame::HEADERS => self.headers(head, payload, begin),
            frame::PRIORITY => self.priority(head, payload),
            frame::RST_STREAM => self.stream_reset(head, payload),
            frame::SETTINGS => self.settings(head, payload),
            frame::PUSH_PROMISE => protocol("a client sent PUSH_PROMISE"),
            frame::PING => self.ping(head, payload),
            frame::GOAWAY => self.gone_away(head, payload),
            frame::WINDOW_UPDATE => self.window_update(head, payload),
            frame::CONTINUATION => self.continuation(head, payload, begin),
            _ => self.noise(),
        }
    }

    fn data(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.check_begun(head.stream)?;
        let part = unpadded(head, payload)?;
        let length = i64::from(head.length);
        self.receive_window -= length;
        if self.receive_window < 0 {
            return flow("more data than the connection's window allows");
        }
        self.refill();
        if part.is_empty() && head.flags & frame::END_STREAM == 0 {
            self.noise()?;
        }
        let Some(stream) = self.streams.get_mut(&head.stream) else {
            return self.late(head.stream);
        };
        if !stream.open {
            return closed();
        }
        stream.receive_window -= length;
        if stream.receive_window < 0 {
            return self.reset_faulty(head.stream, ErrorCode::FLOW_CONTROL_ERROR);
        }
        stream.push(part);
        if head.flags & frame::END_STREAM != 0 {
            return self.end(head.stream);
        }
        self.refill_stream(head.stream);
        let Some(stream) = self.streams.get_mut(&head.stream) else {
            return Ok(());
        };
        if stream.length() > self.limits.drain_ceiling && !stream.asked {
            self.ask(head.stream);
        }
        Ok(())
    }

    /// Gives a stream's window back, once half of it is used.
    pub(super) fn refill_stream(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let whole = i64::from(self.settings.in_force().initial_window_size);
        let used = whole - stream.receive_window;
        if used >= (whole / 2).max(1) {
            stream.receive_window = whole;
            let used = u32::try_from(used).unwrap_or(frame::MAX_WINDOW);
            frame::window_update(&mut self.output, id, used);
        }
    }

    /// Gives the connection's window back: bodies are drained or kept up to their ceilings, so the
    /// streams' windows alone slow a sender down.
    fn refill(&mut self) {
        let whole = i64::from(self.limits.connection_window);
        let used = whole - self.receive_window;
        if used > whole / 2 {
            self.receive_window = whole;
            let used = u32::try_from(used).unwrap_or(frame::MAX_WINDOW);
            frame::window_update(&mut self.output, 0, used);
        }
    }

    /// The sender has ended its side.
    pub(super) fn end(&mut self, id: u32) -> Outcome {
        let Some(stream) = self.streams.get_mut(&id) else {
            return Ok(());
        };
        stream.open = false;
        if stream.answered {
            if stream.unsent.is_none() {
                self.streams.remove(&id);
            }
        } else if !stream.asked {
            if !stream.keeps_its_promise() {
                return self.reset_faulty(id, ErrorCode::PROTOCOL_ERROR);
            }
            self.ask(id);
        }
        Ok(())
    }

    /// Hands a stream out to be answered.
    fn ask(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let request = stream.take_request();
        self.events.push_back(match stream.too_large {
            Some(limit) => Event::HeadTooLarge { stream: id, limit },
            None => Event::Request(id, request),
        });
    }

    /// A frame for a stream that is over: ignored when we ended it and the sender may not know.
    pub(super) fn late(&mut self, id: u32) -> Outcome {
        if self.reset.contains(&id) || id <= self.forgotten || id > self.named {
            return self.noise();
        }
        closed()
    }

    pub(super) fn check_begun(&self, id: u32) -> Outcome {
        if id == 0 {
            return protocol("a frame of streams on stream 0");
        }
        if id > self.last && self.stage != Stage::Closing {
            return protocol("a frame on a stream that was not begun");
        }
        Ok(())
    }

    /// Resets a stream for a fault of the sender's: nothing comes of it, as of one that the sender
    /// resets, and so it counts as much.
    pub(super) fn reset_faulty(&mut self, id: u32, code: ErrorCode) -> Outcome {
        self.reset_stream(id, code);
        self.noise()
    }

    /// Counts a frame that brings nothing: rapid resets, floods of SETTINGS, PING, PRIORITY and
    /// empty frames end here.
    pub(super) fn noise(&mut self) -> Outcome {
        self.noise += 1;
        if self.noise > MAX_NOISE {
            return calm("too many frames that bring nothing");
        }
        Ok(())
    }
}

/// The payload without its padding.
pub(super) fn unpadded(head: Head, payload: &[u8]) -> Result<&[u8], Failure> {
    if head.flags & frame::PADDED == 0 {
        return Ok(payload);
    }
    let padding = payload.split_first();
    let part = padding.and_then(|(length, rest)| {
        let end = rest.len().checked_sub(usize::from(*length))?;
        rest.get(..end)
    });
    part.ok_or(Failure {
        code: ErrorCode::PROTOCOL_ERROR,
        what: "a frame's padding is longer than the frame",
    })
}

pub(super) fn depends_on([a, b, c, d, _]: [u8; 5]) -> u32 {
    u32::from_be_bytes([a, b, c, d]) & frame::MAX_STREAM
}

pub(super) const fn calm(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::ENHANCE_YOUR_CALM, what })
}

pub(super) const fn closed() -> Outcome {
    Err(Failure { code: ErrorCode::STREAM_CLOSED, what: "a frame on a stream that is closed" })
}

pub(super) const fn flow(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::FLOW_CONTROL_ERROR, what })
}

pub(super) const fn protocol(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::PROTOCOL_ERROR, what })
}

pub(super) const fn size(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::FRAME_SIZE_ERROR, what })
}

/// How many frames that bring nothing are taken, less what is forgiven with time: a sender that
/// cancels a full set of streams at once stays far below.
const MAX_NOISE: u32 = 4_000;
