//! A server connection as a state machine: bytes in, requests out; replies in, bytes out.

use super::stream::Stream;
use super::{ErrorCode, frame, frame::Head, hpack};
use crate::wire::{Request, Settings};
use bytes::Bytes;
use hashbrown::HashMap;
use std::collections::VecDeque;

/// One server connection; `T` is kept with each stream until the stream is over.
#[derive(Debug)]
pub struct Connection<T> {
    pub(super) limits: Limits,
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    pub(super) events: VecDeque<Event>,
    pub(super) streams: HashMap<u32, Stream<T>, foldhash::fast::FixedState>,
    pub(super) decoder: hpack::Decoder,
    pub(super) encoder: hpack::Encoder,
    pub(super) block: Option<Block>,
    pub(super) stage: Stage,
    /// The highest stream that was begun.
    pub(super) last: u32,
    /// Streams that we reset lately; what still comes for them is thrown away.
    pub(super) reset: VecDeque<u32>,
    pub(super) peer: PeerSettings,
    pub(super) send_window: i64,
    pub(super) receive_window: i64,
    /// Streams whose replies wait for a window, oldest first.
    pub(super) blocked: VecDeque<u32>,
    /// Frames that brought nothing, less what was forgiven.
    pub(super) noise: u32,
    scratch: Vec<u8>,
}

/// What we allow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The first SETTINGS frame.
    pub settings: Settings,
    /// The window of the whole connection, bytes.
    pub connection_window: u32,
    /// How much of a body is read at all before its request is answered, bytes.
    pub drain_ceiling: u64,
}

/// What came of the bytes.
#[derive(Debug)]
pub enum Event {
    /// A request is whole, or so long that it is answered without its end.
    Request(u32, Request),
    /// The connection is over: our GOAWAY is in the output.
    Failed(Failure),
    /// The other side said that it goes away.
    GoneAway(ErrorCode),
}

/// A rule of HTTP/2 was broken, and the connection with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (code {})", .code.0)]
pub struct Failure {
    /// The code of our GOAWAY.
    pub code: ErrorCode,
    /// What was wrong.
    pub what: &'static str,
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Preface,
    FirstSettings,
    Open,
    /// We said GOAWAY; what is open is finished.
    Closing,
    /// Nothing is read any more.
    Over,
}

/// A header block that goes on in CONTINUATION frames.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) stream: u32,
    pub(super) end_stream: bool,
    pub(super) text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PeerSettings {
    pub(super) initial_window: i64,
    pub(super) max_frame_size: usize,
}

impl<T> Connection<T> {
    /// A connection that has not read a byte; its SETTINGS are in the output.
    pub fn new(limits: Limits) -> Self {
        let settings = limits.settings;
        let mut output = Vec::with_capacity(128);
        let values = [
            (frame::SETTING_HEADER_TABLE_SIZE, settings.header_table_size),
            (frame::SETTING_MAX_CONCURRENT_STREAMS, settings.max_concurrent_streams),
            (frame::SETTING_INITIAL_WINDOW_SIZE, settings.initial_window_size),
            (frame::SETTING_MAX_FRAME_SIZE, settings.max_frame_size),
            (frame::SETTING_MAX_HEADER_LIST_SIZE, settings.max_header_list_size),
        ]
        .map(|(id, value)| frame::Setting { id, value });
        frame::settings(&mut output, &values);
        if let Some(more) =
            limits.connection_window.checked_sub(INITIAL_WINDOW).filter(|it| *it > 0)
        {
            frame::window_update(&mut output, 0, more);
        }
        Self {
            input: Vec::new(),
            output,
            events: VecDeque::new(),
            streams: HashMap::default(),
            decoder: hpack::Decoder::new(settings.header_table_size as usize),
            encoder: hpack::Encoder::default(),
            block: None,
            stage: Stage::Preface,
            last: 0,
            reset: VecDeque::new(),
            peer: PeerSettings { initial_window: INITIAL_WINDOW.into(), max_frame_size: 16 << 10 },
            send_window: INITIAL_WINDOW.into(),
            receive_window: limits.connection_window.max(INITIAL_WINDOW).into(),
            blocked: VecDeque::new(),
            noise: 0,
            scratch: Vec::new(),
            limits,
        }
    }

    /// Takes bytes as they came; `begin` tells, for each request's head, how much of its body is
    /// kept, and what is attached to its stream.
    pub fn receive(&mut self, bytes: &[u8], mut begin: impl FnMut(&Request) -> (usize, T)) {
        if self.stage == Stage::Over {
            return;
        }
        let mut input = std::mem::take(&mut self.input);
        let held = !input.is_empty();
        if held {
            input.extend_from_slice(bytes);
        }
        let mut rest: &[u8] = if held { &input } else { bytes };
        if let Err(failure) = self.read(&mut rest, &mut begin) {
            self.fail(failure);
            rest = &[];
        }
        if held {
            let used = input.len() - rest.len();
            input.drain(..used);
            self.input = input;
        } else {
            self.input.extend_from_slice(rest);
        }
    }

    /// The next thing that came of the bytes.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            match self.events.pop_front()? {
                // Whoever reset the stream meanwhile wants no answer.
                Event::Request(stream, _) if !self.streams.contains_key(&stream) => {}
                event => return Some(event),
            }
        }
    }

    /// What is to be written, to be taken away by the owner.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether nothing more will come of this connection.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over || (self.stage == Stage::Closing && self.streams.is_empty())
    }

    /// Whether the sender has said its first word: the preface and SETTINGS.
    pub fn is_begun(&self) -> bool {
        !matches!(self.stage, Stage::Preface | Stage::FirstSettings)
    }

    /// Whether something waits for the sender, so that somebody has to mind the time.
    pub fn is_waiting(&self) -> bool {
        self.noise > 0 || !self.is_begun() || self.streams.values().any(|stream| stream.open)
    }

    /// Answers a stream; one that is gone misses nothing. An empty body ends the stream with its
    /// head, any other is one DATA frame as far as window and frame size allow.
    pub fn respond<'a>(
        &mut self,
        id: u32,
        status: u16,
        fields: impl Iterator<Item = (&'a [u8], &'a [u8])>,
        body: Bytes,
    ) {
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.answered) else {
            return;
        };
        stream.answered = true;
        stream.age = 0;
        // An exchange that came to its end pays for a frame or two beside it.
        self.noise = self.noise.saturating_sub(PAID);
        self.scratch.clear();
        self.encoder.begin(&mut self.scratch);
        self.encoder.status(&mut self.scratch, status);
        for (name, value) in fields {
            self.encoder.field(&mut self.scratch, name, value);
        }
        let (end, most) = (body.is_empty(), self.peer.max_frame_size);
        frame::headers(&mut self.output, id, &self.scratch, end, most);
        if end {
            self.finish(id);
        } else {
            stream.unsent = Some(body);
            self.send(id);
        }
    }

    /// Ends a stream by RST_STREAM.
    pub fn reset_stream(&mut self, id: u32, code: ErrorCode) {
        frame::reset_stream(&mut self.output, id, code);
        self.forget(id);
    }

    /// Says GOAWAY: streams that are open are finished, new ones are not taken.
    pub fn go_away(&mut self, code: ErrorCode, debug: &[u8]) {
        if self.stage != Stage::Over {
            frame::go_away(&mut self.output, self.last, code, debug);
            self.stage = Stage::Closing;
        }
    }

    /// To be called about once a second while [`Self::is_waiting`]: gives the streams whose bodies
    /// have not come for `body_limit` calls, ends those that go on `linger` calls after their
    /// answer, and forgives some noise.
    pub fn look(&mut self, body_limit: u32, linger: u32) -> Vec<u32> {
        self.noise = self.noise.saturating_sub(FORGIVEN);
        let (mut slow, mut done) = (Vec::new(), Vec::new());
        for (id, stream) in self.streams.iter_mut().filter(|(_, stream)| stream.open) {
            stream.age += 1;
            if stream.answered && stream.unsent.is_none() && stream.age > linger {
                done.push(*id);
            } else if !stream.asked && stream.age > body_limit {
                stream.asked = true;
                slow.push(*id);
            }
        }
        for id in done {
            self.reset_stream(id, ErrorCode::NO_ERROR);
        }
        slow.sort_unstable();
        slow
    }

    /// Sends of a stream's reply what the windows allow.
    pub(super) fn send(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        while let Some(mut body) = stream.unsent.take() {
            let window = self.send_window.min(stream.send_window).max(0);
            let room = usize::try_from(window).unwrap_or(usize::MAX);
            let count = body.len().min(room).min(self.peer.max_frame_size);
            if count == 0 {
                stream.unsent = Some(body);
                if !self.blocked.contains(&id) {
                    self.blocked.push_back(id);
                }
                return;
            }
            let part = body.split_to(count);
            frame::data(&mut self.output, id, &part, body.is_empty());
            let sent = i64::try_from(count).unwrap_or(i64::MAX);
            self.send_window -= sent;
            stream.send_window -= sent;
            if body.is_empty() {
                self.finish(id);
                return;
            }
            stream.unsent = Some(body);
        }
    }

    /// Sends on what waited for a window.
    pub(super) fn send_blocked(&mut self) {
        for id in std::mem::take(&mut self.blocked) {
            self.send(id);
        }
    }

    /// Our side of the stream has ended.
    fn finish(&mut self, id: u32) {
        if self.streams.get(&id).is_some_and(|stream| !stream.open) {
            self.streams.remove(&id);
        }
    }

    /// Forgets a stream, and ignores what still comes for it.
    pub(super) fn forget(&mut self, id: u32) {
        self.streams.remove(&id);
        if self.reset.len() == REMEMBERED {
            self.reset.pop_front();
        }
        self.reset.push_back(id);
    }

    fn fail(&mut self, failure: Failure) {
        frame::go_away(&mut self.output, self.last, failure.code, failure.what.as_bytes());
        self.stage = Stage::Over;
        self.events.clear();
        self.events.push_back(Event::Failed(failure));
        self.streams.clear();
    }

    fn read(
        &mut self,
        rest: &mut &[u8],
        begin: &mut impl FnMut(&Request) -> (usize, T),
    ) -> Result<(), Failure> {
        if self.stage == Stage::Preface {
            let length = rest.len().min(PREFACE.len());
            if rest[..length] != PREFACE[..length] {
                return Err(Failure {
                    code: ErrorCode::PROTOCOL_ERROR,
                    what: "the client preface is wrong",
                });
            }
            if length < PREFACE.len() {
                return Ok(());
            }
            *rest = &rest[length..];
            self.stage = Stage::FirstSettings;
        }
        while let Some(head) = Head::read(rest) {
            if head.length > self.limits.settings.max_frame_size {
                return Err(Failure {
                    code: ErrorCode::FRAME_SIZE_ERROR,
                    what: "a frame is larger than SETTINGS_MAX_FRAME_SIZE",
                });
            }
            let Some(payload) = rest[Head::LENGTH..].get(..head.length as usize) else {
                break;
            };
            *rest = &rest[Head::LENGTH + payload.len()..];
            self.take(head, payload, begin)?;
        }
        Ok(())
    }
}

/// What a client says first. [doc] RFC 9113, section 3.4
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// What all windows begin with, bytes. [doc] RFC 9113, section 6.9.2
const INITIAL_WINDOW: u32 = 65_535;
/// How many of the streams that we reset are remembered: a sender's frames are on their way for a
/// round trip at most.
const REMEMBERED: usize = 256;
/// How much noise an answered request makes up for.
const PAID: u32 = 2;
/// How much noise is forgiven at each look.
const FORGIVEN: u32 = 200;
