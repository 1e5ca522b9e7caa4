//! HEADERS and CONTINUATION: header blocks that begin a request or end its body. [doc] RFC 9113,
//! sections 6.2 and 6.10

use super::connection::{Block, Connection, Stage};
use super::event::{Event, Failure, Refusal, Refused};
use super::head::{self, Read};
use super::receive::{Outcome, calm, closed, depends_on, protocol, size, unpadded};
use super::stream::Stream;
use super::{ErrorCode, frame, frame::Head};
use crate::wire::{Excess, Request};

impl<T> Connection<T> {
    pub(super) fn headers(
        &mut self,
        head: Head,
        payload: &[u8],
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) -> Outcome {
        if head.stream == 0 || head.stream.is_multiple_of(2) {
            return protocol("HEADERS on a stream that no client may open");
        }
        let mut part = unpadded(head, payload)?;
        let mut own_parent = false;
        if head.flags & frame::PRIORITIZED != 0 {
            let Some((priority, rest)) = part.split_first_chunk::<5>() else {
                return size("HEADERS are too short for their priority");
            };
            own_parent = depends_on(*priority) == head.stream;
            part = rest;
        }
        let end_stream = head.flags & frame::END_STREAM != 0;
        if head.flags & frame::END_HEADERS == 0 {
            let block = Block { stream: head.stream, end_stream, text: part.to_vec() };
            self.block = Some(block);
            return Ok(());
        }
        self.list(head.stream, end_stream, part, begin)?;
        if own_parent {
            return self.reset_faulty(head.stream, ErrorCode::PROTOCOL_ERROR);
        }
        Ok(())
    }

    pub(super) fn continuation(
        &mut self,
        head: Head,
        payload: &[u8],
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) -> Outcome {
        self.noise()?;
        let Some(mut block) = self.block.take().filter(|block| block.stream == head.stream) else {
            return protocol("CONTINUATION without HEADERS before it");
        };
        block.text.extend_from_slice(payload);
        let most = 2 * self.settings.in_force().max_header_list_size as usize;
        if block.text.len() > most {
            return calm("a header block is far larger than SETTINGS_MAX_HEADER_LIST_SIZE");
        }
        if head.flags & frame::END_HEADERS == 0 {
            self.block = Some(block);
            return Ok(());
        }
        self.waited = 0;
        self.list(block.stream, block.end_stream, &block.text, begin)
    }

    /// Takes a whole header block.
    fn list(
        &mut self,
        id: u32,
        end_stream: bool,
        block: &[u8],
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) -> Outcome {
        if id <= self.last {
            let fine = self.heads.read_trailers(block).map_err(head::failure)?;
            return self.trailers(id, end_stream && fine);
        }
        let settings = self.settings.in_force();
        let limit = settings.max_header_list_size as usize;
        let leniency = self.limits.leniency;
        let read = self.heads.read(block, limit, leniency).map_err(head::failure)?;
        if self.stage == Stage::Closing {
            // Our GOAWAY has named the last stream; this one is the sender's to send again.
            return Ok(());
        }
        if self.streams.len() >= settings.max_concurrent_streams as usize {
            return self.excess(id);
        }
        self.last = id;
        let windows = (self.peer.initial_window, i64::from(settings.initial_window_size));
        match read {
            Read::Malformed(what) => {
                self.noise()?;
                self.refuse(id, ErrorCode::PROTOCOL_ERROR, Refused::Malformed(what));
                return Ok(());
            }
            Read::TooLarge => {
                self.too_large(id, settings.max_header_list_size, windows, begin);
            }
            Read::Head(request) => {
                let (ceiling, attached) = begin(&request);
                let stream = Stream::new(request, ceiling, attached, windows);
                self.streams.insert(id, stream);
            }
        }
        if end_stream { self.end(id) } else { Ok(()) }
    }

    /// More streams than allowed.
    fn excess(&mut self, id: u32) -> Outcome {
        if let Excess::GoAway { code, debug } = self.limits.excess {
            return Err(Failure { code: ErrorCode(code), what: debug });
        }
        self.last = id;
        self.noise()?;
        self.refuse(id, ErrorCode::REFUSED_STREAM, Refused::TooManyStreams);
        Ok(())
    }

    /// Turns a request down before anybody looked at it.
    fn refuse(&mut self, id: u32, code: ErrorCode, what: Refused) {
        self.reset_stream(id, code);
        self.events.push_back(Event::Refused(Refusal { stream: id, what }));
    }

    /// A head beyond the limit is answered below the service, as stock servers do, and like any
    /// other: when the body has come, since a client that still writes may throw an answer away.
    /// [doc] RFC 6585, section 5
    fn too_large(
        &mut self,
        id: u32,
        limit: u32,
        windows: (i64, i64),
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) {
        let (_, attached) = begin(&Request::default());
        let mut stream = Stream::new(Request::default(), 0, attached, windows);
        stream.too_large = Some(limit);
        self.streams.insert(id, stream);
        let what = Refused::HeadTooLarge { limit };
        self.events.push_back(Event::Refused(Refusal { stream: id, what }));
    }

    fn trailers(&mut self, id: u32, fine: bool) -> Outcome {
        let Some(stream) = self.streams.get(&id) else {
            return self.late(id);
        };
        if !stream.open {
            return closed();
        }
        if fine {
            return self.end(id);
        }
        self.reset_faulty(id, ErrorCode::PROTOCOL_ERROR)
    }
}
