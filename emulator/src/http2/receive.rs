//! What each frame does to a connection. [doc] RFC 9113, sections 5 and 6

use super::connection::{Block, Connection, Event, Failure, Refusal, Stage};
use super::head::{self, Read};
use super::reply::Body;
use super::stream::Stream;
use super::{ErrorCode, frame, frame::Head};
use crate::wire::{Excess, Request};

type Outcome = Result<(), Failure>;

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
            self.reset_stream(head.stream, ErrorCode::FLOW_CONTROL_ERROR);
            return Ok(());
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
            let request = stream.take_request();
            self.events.push_back(Event::Request(head.stream, request));
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
    fn end(&mut self, id: u32) -> Outcome {
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
                self.reset_stream(id, ErrorCode::PROTOCOL_ERROR);
                return Ok(());
            }
            let request = stream.take_request();
            self.events.push_back(Event::Request(id, request));
        }
        Ok(())
    }

    fn headers(
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
            self.reset_stream(head.stream, ErrorCode::PROTOCOL_ERROR);
        }
        Ok(())
    }

    fn continuation(
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
            let fine = head::read_trailers(&mut self.decoder, block).map_err(head::failure)?;
            return self.trailers(id, end_stream && fine);
        }
        let settings = self.settings.in_force();
        let limit = settings.max_header_list_size as usize;
        let leniency = self.limits.leniency;
        let read = head::read(&mut self.decoder, block, limit, leniency).map_err(head::failure)?;
        if self.stage == Stage::Closing {
            // Our GOAWAY has named the last stream; this one is the sender's to send again.
            return Ok(());
        }
        if self.streams.len() >= settings.max_concurrent_streams as usize {
            return self.excess(id);
        }
        self.last = id;
        let windows = (self.peer.initial_window, i64::from(settings.initial_window_size));
        let request = match read {
            Read::Malformed(what) => {
                self.noise()?;
                self.refuse(id, ErrorCode::PROTOCOL_ERROR, what);
                return Ok(());
            }
            Read::TooLarge => {
                self.too_large(id, !end_stream, windows, begin);
                return Ok(());
            }
            Read::Head(request) => request,
        };
        let (ceiling, attached) = begin(&request);
        let stream = Stream::new(request, ceiling, attached, windows, true);
        self.streams.insert(id, stream);
        if end_stream { self.end(id) } else { Ok(()) }
    }

    /// More streams than allowed.
    fn excess(&mut self, id: u32) -> Outcome {
        if let Excess::GoAway { code, debug } = self.limits.excess {
            return Err(Failure { code: ErrorCode(code), what: debug });
        }
        self.last = id;
        self.noise()?;
        self.refuse(id, ErrorCode::REFUSED_STREAM, "more streams than SETTINGS allow");
        Ok(())
    }

    /// Turns a request down before anybody looked at it.
    fn refuse(&mut self, id: u32, code: ErrorCode, what: &'static str) {
        self.reset_stream(id, code);
        self.events.push_back(Event::Refused(Refusal { stream: id, what }));
    }

    /// A head beyond the limit is answered below the service, as stock servers do. [doc] RFC 6585
    fn too_large(
        &mut self,
        id: u32,
        open: bool,
        windows: (i64, i64),
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) {
        let (_, attached) = begin(&Request::default());
        let mut stream = Stream::new(Request::default(), 0, attached, windows, open);
        stream.asked = true;
        self.streams.insert(id, stream);
        self.respond(id, 431, std::iter::empty(), Body::default());
        let what = "the head is larger than SETTINGS_MAX_HEADER_LIST_SIZE";
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
        self.reset_stream(id, ErrorCode::PROTOCOL_ERROR);
        Ok(())
    }

    fn priority(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream == 0 {
            return protocol("PRIORITY on stream 0");
        }
        let Ok(priority) = <[u8; 5]>::try_from(payload) else {
            self.reset_stream(head.stream, ErrorCode::FRAME_SIZE_ERROR);
            return Ok(());
        };
        if depends_on(priority) == head.stream {
            self.reset_stream(head.stream, ErrorCode::PROTOCOL_ERROR);
        }
        Ok(())
    }

    fn stream_reset(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        self.check_begun(head.stream)?;
        if payload.len() != 4 {
            return size("RST_STREAM has not four bytes");
        }
        self.remove(head.stream);
        Ok(())
    }

    fn settings(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream != 0 {
            return protocol("SETTINGS on a stream");
        }
        if head.flags & frame::ACK != 0 {
            if !payload.is_empty() {
                return size("an acknowledgement has a payload");
            }
            let before = self.settings.in_force();
            self.settings.acknowledge();
            self.settle(before);
            return Ok(());
        }
        let Some(settings) = frame::settings_in(payload) else {
            return size("SETTINGS are no multiple of six bytes");
        };
        for (place, setting) in settings.enumerate() {
            if place >= USUAL_SETTINGS {
                self.noise()?;
            }
            self.setting(setting)?;
        }
        frame::settings_ack(&mut self.output);
        self.send_blocked();
        Ok(())
    }

    fn setting(&mut self, setting: frame::Setting) -> Outcome {
        let value = setting.value;
        match setting.id {
            frame::SETTING_HEADER_TABLE_SIZE => self.encoder.allow(value as usize),
            SETTING_ENABLE_PUSH if value > 1 => {
                return protocol("SETTINGS_ENABLE_PUSH is not 0 or 1");
            }
            frame::SETTING_INITIAL_WINDOW_SIZE => {
                if value > frame::MAX_WINDOW {
                    return flow("SETTINGS_INITIAL_WINDOW_SIZE is too large");
                }
                let more = i64::from(value) - self.peer.initial_window;
                self.peer.initial_window = value.into();
                for stream in self.streams.values_mut() {
                    stream.send_window += more;
                    if stream.send_window > i64::from(frame::MAX_WINDOW) {
                        return flow("SETTINGS_INITIAL_WINDOW_SIZE makes a window too large");
                    }
                }
            }
            frame::SETTING_MAX_FRAME_SIZE => {
                if !(16_384..=0xff_ffff).contains(&value) {
                    return protocol("SETTINGS_MAX_FRAME_SIZE is out of range");
                }
                self.peer.max_frame_size = value as usize;
            }
            _ => {}
        }
        Ok(())
    }

    fn ping(&mut self, head: Head, payload: &[u8]) -> Outcome {
        self.noise()?;
        if head.stream != 0 {
            return protocol("PING on a stream");
        }
        let Ok(data) = <[u8; 8]>::try_from(payload) else {
            return size("PING has not eight bytes");
        };
        if head.flags & frame::ACK == 0 {
            frame::ping_ack(&mut self.output, data);
        }
        Ok(())
    }

    fn gone_away(&mut self, head: Head, payload: &[u8]) -> Outcome {
        if head.stream != 0 {
            return protocol("GOAWAY on a stream");
        }
        let Some(code) = payload.get(4..).and_then(<[u8]>::first_chunk::<4>) else {
            return size("GOAWAY has fewer than eight bytes");
        };
        self.events.push_back(Event::GoneAway(ErrorCode(u32::from_be_bytes(*code))));
        self.noise()
    }

    fn window_update(&mut self, head: Head, payload: &[u8]) -> Outcome {
        let Ok(increment) = <[u8; 4]>::try_from(payload) else {
            return size("WINDOW_UPDATE has not four bytes");
        };
        let increment = u32::from_be_bytes(increment) & frame::MAX_WINDOW;
        if head.stream == 0 {
            if increment == 0 {
                return protocol("WINDOW_UPDATE by nothing");
            }
            self.send_window += i64::from(increment);
            if self.send_window > i64::from(frame::MAX_WINDOW) {
                return flow("the connection's window is too large");
            }
            let (waiting, before) = (!self.blocked.is_empty(), self.output.len());
            self.send_blocked();
            if waiting && self.output.len() == before {
                self.noise()?;
            }
            return Ok(());
        }
        self.check_begun(head.stream)?;
        let before = self.output.len();
        let Some(stream) = self.streams.get_mut(&head.stream) else {
            return self.noise();
        };
        stream.send_window += i64::from(increment);
        if increment == 0 {
            self.reset_stream(head.stream, ErrorCode::PROTOCOL_ERROR);
        } else if stream.send_window > i64::from(frame::MAX_WINDOW) {
            self.reset_stream(head.stream, ErrorCode::FLOW_CONTROL_ERROR);
        } else {
            self.send(head.stream);
            if self.output.len() > before {
                // A small window is no attack: each update lets some of the reply out.
                return Ok(());
            }
        }
        self.noise()
    }

    /// A frame for a stream that is over: ignored when we ended it and the sender may not know.
    fn late(&mut self, id: u32) -> Outcome {
        if self.reset.contains(&id) || id > self.named {
            return self.noise();
        }
        closed()
    }

    fn check_begun(&self, id: u32) -> Outcome {
        if id == 0 {
            return protocol("a frame of streams on stream 0");
        }
        if id > self.last && self.stage != Stage::Closing {
            return protocol("a frame on a stream that was not begun");
        }
        Ok(())
    }

    /// Counts a frame that brings nothing: rapid resets, floods of SETTINGS, PING, PRIORITY and
    /// empty frames end here.
    fn noise(&mut self) -> Outcome {
        self.noise += 1;
        if self.noise > MAX_NOISE {
            return calm("too many frames that bring nothing");
        }
        Ok(())
    }
}

/// The payload without its padding.
fn unpadded(head: Head, payload: &[u8]) -> Result<&[u8], Failure> {
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

fn depends_on([a, b, c, d, _]: [u8; 5]) -> u32 {
    u32::from_be_bytes([a, b, c, d]) & frame::MAX_STREAM
}

const fn calm(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::ENHANCE_YOUR_CALM, what })
}

const fn closed() -> Outcome {
    Err(Failure { code: ErrorCode::STREAM_CLOSED, what: "a frame on a stream that is closed" })
}

const fn flow(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::FLOW_CONTROL_ERROR, what })
}

const fn protocol(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::PROTOCOL_ERROR, what })
}

const fn size(what: &'static str) -> Outcome {
    Err(Failure { code: ErrorCode::FRAME_SIZE_ERROR, what })
}

/// SETTINGS_ENABLE_PUSH; we push nothing, but its values are checked.
const SETTING_ENABLE_PUSH: u16 = 2;

/// More parameters than any sender has in one frame: each costs a look at all streams.
const USUAL_SETTINGS: usize = 16;

/// How many frames that bring nothing are taken, less what is forgiven with time: a sender that
/// cancels a full set of streams at once stays far below.
const MAX_NOISE: u32 = 4_000;
