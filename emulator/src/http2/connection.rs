//! A server connection as a state machine: bytes in, requests out; replies in, bytes out.

use super::event::{Event, Failure, Unfinished};
use super::head::Heads;
use super::settings::OwnSettings;
use super::stream::Stream;
use super::{ErrorCode, frame, frame::Head, hpack};
use crate::wire::{Excess, Leniency, NewSettings, Request, Settings};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// One server connection; `T` is kept with each stream until the stream is over.
#[derive(Debug)]
pub struct Connection<T> {
    pub(super) limits: Limits,
    pub(super) settings: OwnSettings,
    pub(super) input: Vec<u8>,
    pub(super) output: Vec<u8>,
    pub(super) events: VecDeque<Event>,
    pub(super) streams: HashMap<u32, Stream<T>, foldhash::fast::FixedState>,
    pub(super) heads: Heads,
    pub(super) encoder: hpack::Encoder,
    pub(super) block: Option<Block>,
    pub(super) stage: Stage,
    /// The highest stream that was begun.
    pub(super) last: u32,
    /// The highest stream that our GOAWAY leaves in; what comes for those beyond it is thrown away.
    pub(super) named: u32,
    /// The highest stream that was answered.
    pub(super) answered: u32,
    /// Streams that we reset lately; what still comes for them is thrown away.
    pub(super) reset: VecDeque<u32>,
    /// The highest stream that was among them and is no longer remembered.
    pub(super) forgotten: u32,
    pub(super) peer: PeerSettings,
    pub(super) send_window: i64,
    pub(super) receive_window: i64,
    /// Streams whose replies wait for a window, oldest first.
    pub(super) blocked: VecDeque<u32>,
    /// Frames that brought nothing, less what was forgiven.
    pub(super) noise: u32,
    /// Looks of the clock's owner since the frame or the header block began that is on its way.
    pub(super) waited: u32,
    pub(super) scratch: Vec<u8>,
}

/// What we allow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The first SETTINGS frame.
    pub settings: Settings,
    /// The answer to more streams than SETTINGS allow.
    pub excess: Excess,
    /// What is taken although it is not as it should be.
    pub leniency: Leniency,
    /// The window of the whole connection, bytes.
    pub connection_window: u32,
    /// How much of a body is read at all before its request is answered, bytes.
    pub drain_ceiling: u64,
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
        let mut output = Vec::with_capacity(128);
        frame::settings(&mut output, &frame::first_settings(&limits.settings));
        if let Some(more) =
            limits.connection_window.checked_sub(frame::INITIAL_WINDOW).filter(|it| *it > 0)
        {
            frame::window_update(&mut output, 0, more);
        }
        let settings = OwnSettings::new(limits.settings);
        let table_size = settings.in_force().header_table_size;
        Self {
            settings,
            input: Vec::new(),
            output,
            events: VecDeque::new(),
            streams: HashMap::default(),
            heads: Heads::new(table_size as usize),
            encoder: hpack::Encoder::default(),
            block: None,
            stage: Stage::Preface,
            last: 0,
            named: frame::MAX_STREAM,
            answered: 0,
            reset: VecDeque::new(),
            forgotten: 0,
            peer: PeerSettings {
                initial_window: frame::INITIAL_WINDOW.into(),
                max_frame_size: frame::INITIAL_FRAME_SIZE as usize,
            },
            send_window: frame::INITIAL_WINDOW.into(),
            receive_window: limits.connection_window.max(frame::INITIAL_WINDOW).into(),
            blocked: VecDeque::new(),
            noise: 0,
            waited: 0,
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
            let event = self.events.pop_front()?;
            // Whoever reset the stream meanwhile wants no answer.
            if event.asks().is_none_or(|stream| self.streams.contains_key(&stream)) {
                return Some(event);
            }
        }
    }

    /// What is to be written, to be taken away by the owner.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether nothing more will come of this connection.
    pub fn is_over(&self) -> bool {
        match self.stage {
            Stage::Over => true,
            // Nobody waits for what is stalled.
            Stage::Closing => self.streams.values().all(|stream| stream.attached.is_none()),
            Stage::Preface | Stage::FirstSettings | Stage::Open => false,
        }
    }

    /// Whether the sender has said its first word: the preface and SETTINGS.
    pub fn is_begun(&self) -> bool {
        !matches!(self.stage, Stage::Preface | Stage::FirstSettings)
    }

    /// Whether something waits for the sender, so that somebody has to mind the time.
    pub fn is_waiting(&self) -> bool {
        self.noise > 0
            || !self.is_begun()
            || self.unfinished().is_some()
            || self.streams.values().any(|stream| stream.open)
    }

    /// What has begun and has to go on before anything else can come.
    fn unfinished(&self) -> Option<Unfinished> {
        match &self.block {
            Some(block) => Some(Unfinished::Block { stream: block.stream }),
            None => (!self.input.is_empty()).then_some(Unfinished::Frame),
        }
    }

    /// What has begun more than so many [looks](Self::look) ago and did not come to its end.
    pub fn overdue(&self, limit: u32) -> Option<Unfinished> {
        self.unfinished().filter(|_| self.waited > limit)
    }

    /// Ends a stream by RST_STREAM.
    pub fn reset_stream(&mut self, id: u32, code: ErrorCode) {
        frame::reset_stream(&mut self.output, id, code);
        self.forget(id);
    }

    /// Says GOAWAY: no new streams are taken, and what is open up to the last stream that it names
    /// is finished; without one that is all that was begun. Streams beyond it are forgotten.
    pub fn go_away(&mut self, code: ErrorCode, debug: &[u8], last: Option<u32>) {
        if self.stage == Stage::Over {
            return;
        }
        let last = last.unwrap_or(self.last);
        frame::go_away(&mut self.output, last, code, debug);
        self.stage = Stage::Closing;
        self.named = self.named.min(last).min(self.last);
        if last < self.last {
            self.streams.retain(|id, _| *id <= last);
        }
    }

    /// The last stream of a GOAWAY that leaves this one out: never below what was answered.
    pub fn before(&self, id: u32) -> u32 {
        id.saturating_sub(2).max(self.answered)
    }

    /// Says new SETTINGS. Wider values hold at once, narrower ones when they are acknowledged.
    pub fn change_settings(&mut self, new: &NewSettings) {
        let before = self.settings.in_force();
        let named = self.settings.say(new);
        frame::settings(&mut self.output, &named);
        self.settle(before);
    }

    /// Makes good what follows from a change of our settings in force.
    pub(super) fn settle(&mut self, before: Settings) {
        let now = self.settings.in_force();
        if now.header_table_size != before.header_table_size {
            self.heads.allow(now.header_table_size as usize);
        }
        let more = i64::from(now.initial_window_size) - i64::from(before.initial_window_size);
        if more == 0 {
            return;
        }
        self.streams.values_mut().for_each(|stream| stream.receive_window += more);
        if more < 0 {
            // What was sent under the wider window may be more than the narrower one allows.
            let mut open: Vec<_> =
                self.streams.iter().filter(|(_, it)| it.open).map(|(id, _)| *id).collect();
            open.sort_unstable();
            open.into_iter().for_each(|id| self.refill_stream(id));
        }
    }

    /// Lets a stream wait for ever: nobody answers it, and nobody is kept waiting by it.
    pub fn stall(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.asked = true;
            stream.attached = None;
        }
    }

    /// Whether no stream is open.
    pub fn is_idle(&self) -> bool {
        self.streams.is_empty()
    }

    /// Lets all streams wait for ever.
    pub fn stall_all(&mut self) {
        self.streams.values_mut().for_each(|stream| stream.attached = None);
    }

    /// To be called about once a second while [`Self::is_waiting`]: gives the streams whose bodies
    /// have not come for `body_limit` calls, ends those that go on `linger` calls after their
    /// answer, and forgives some noise.
    pub fn look(&mut self, body_limit: u32, linger: u32) -> Vec<u32> {
        self.noise = self.noise.saturating_sub(FORGIVEN);
        self.waited = if self.unfinished().is_some() { self.waited + 1 } else { 0 };
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

    /// Removes a stream, and its request if nobody has taken it yet.
    pub(super) fn remove(&mut self, id: u32) {
        if self.streams.remove(&id).is_some_and(|stream| stream.asked && !stream.answered) {
            self.events.retain(|event| event.asks() != Some(id));
        }
    }

    /// Forgets a stream, and ignores what still comes for it.
    pub(super) fn forget(&mut self, id: u32) {
        self.remove(id);
        if self.reset.len() == REMEMBERED
            && let Some(oldest) = self.reset.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest);
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
            if head.length > self.settings.in_force().max_frame_size {
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
/// How many of the streams that we reset are remembered one by one: a sender's frames are on their
/// way for a round trip at most. Of one that resets more, no frame on a stream as old is an error.
const REMEMBERED: usize = 256;
/// How much noise is forgiven at each look.
const FORGIVEN: u32 = 200;
