//! The streams of an HTTP/2 connection: whole requests to the front in batches, replies to frames.

use super::answer::{Link, head_too_large, too_slow};
use super::body::{BODY_LIMIT, DRAIN_CEILING};
use super::connection::HANDSHAKE_LIMIT;
use super::delay;
use super::front::Trouble;
use super::linger::{LINGER_LIMIT, farewell, last_words, waste};
use crate::control::{InFlight, Order, What};
use crate::http2::{Body, Connection, End, ErrorCode, Event, Limits};
use crate::wire::{GoAway, LastStream, Reply, Request, Stall, Wire};
use bytes::Bytes;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

type Delayed = Pin<Box<dyn Future<Output = (Exchange, Reply)> + Send>>;

/// The streams of one connection at work.
pub(super) struct Driver<'a> {
    pub(super) connection: Connection<Option<InFlight>>,
    link: &'a Link,
    pub(super) delayed: FuturesUnordered<Delayed>,
    pub(super) closing: bool,
    /// Looks at a connection that has not said its first word.
    unbegun: u32,
    idle: Idle,
    exchanges: Vec<Exchange>,
    requests: Vec<Request>,
    replies: Vec<Reply>,
}

/// For how long no request has come; over when either time says so.
#[derive(Default)]
struct Idle {
    /// Looks, and so seconds of the real clock.
    looks: u32,
    /// What the world's clock jumped meanwhile.
    jumped: Duration,
}

/// A stream that wants a reply.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    stream: u32,
    is_head: bool,
}

/// Why the connection ends here.
pub(super) enum Last {
    Dropped,
    Failed(Trouble),
    Stalled,
    Torn,
}

impl<'a> Driver<'a> {
    pub(super) fn new(link: &'a Link) -> Self {
        let drain_ceiling = DRAIN_CEILING;
        let limits = Limits {
            settings: link.settings,
            excess: link.profile.excess,
            leniency: link.profile.leniency,
            connection_window: CONNECTION_WINDOW,
            drain_ceiling,
        };
        Self {
            connection: Connection::new(limits),
            link,
            delayed: FuturesUnordered::new(),
            closing: false,
            unbegun: 0,
            idle: Idle::default(),
            exchanges: Vec::new(),
            requests: Vec::new(),
            replies: Vec::new(),
        }
    }

    /// Answers all that is whole.
    pub(super) fn answer(&mut self) -> Option<Last> {
        loop {
            let mut end = None;
            while self.requests.len() < BATCH {
                match self.connection.next_event() {
                    Some(Event::Request(stream, request)) => {
                        let is_head = request.method() == b"HEAD";
                        self.exchanges.push(Exchange { stream, is_head });
                        self.requests.push(request);
                    }
                    Some(Event::HeadTooLarge { stream, limit }) => {
                        self.write(Exchange { stream, is_head: false }, head_too_large(limit));
                    }
                    Some(Event::Refused(cause)) => self.link.tell(Trouble::Http2Refused { cause }),
                    Some(Event::Failed(cause)) => {
                        end = Some(Last::Failed(Trouble::Http2 { cause }));
                        break;
                    }
                    Some(Event::GoneAway(ErrorCode::NO_ERROR)) => {}
                    Some(Event::GoneAway(code)) => {
                        end = Some(Last::Failed(Trouble::Http2GoneAway { code: code.0 }));
                        break;
                    }
                    None => break,
                }
            }
            if end.is_some() || self.requests.is_empty() {
                return end;
            }
            self.idle = Idle::default();
            let mut replies = std::mem::take(&mut self.replies);
            let mut exchanges = std::mem::take(&mut self.exchanges);
            self.link.answer_all(&mut self.requests, &mut replies);
            for (exchange, reply) in exchanges.drain(..).zip(replies.drain(..)) {
                if let Some(end) = self.reply(exchange, reply) {
                    return Some(end);
                }
            }
            (self.exchanges, self.replies) = (exchanges, replies);
        }
    }

    /// Writes a reply now, or when its delay is over.
    fn reply(&mut self, exchange: Exchange, reply: Reply) -> Option<Last> {
        let Some(length) = reply.delay else {
            return self.write(exchange, reply);
        };
        self.delayed.push(Box::pin(async move {
            delay::sleep(length).await;
            (exchange, reply)
        }));
        None
    }

    pub(super) fn write(&mut self, exchange: Exchange, mut reply: Reply) -> Option<Last> {
        if let Some(settings) = reply.settings.take() {
            self.connection.change_settings(&settings);
        }
        let mut end = End::Whole;
        let mut kept = usize::MAX;
        let mut last = None;
        match std::mem::take(&mut reply.wire) {
            Wire::Keep => {}
            Wire::Cut { after, reset } => {
                (end, kept) = (End::Never, after as usize);
                last = Some(if reset { Last::Torn } else { Last::Dropped });
            }
            Wire::Drop => return Some(Last::Dropped),
            Wire::GoAway(go_away) if go_away.last_stream == LastStream::Begun => {
                self.respond(exchange, &mut reply, end, kept);
                self.close(&go_away, exchange.stream);
                return None;
            }
            Wire::GoAway(go_away) => {
                self.close(&go_away, exchange.stream);
                if go_away.last_stream == LastStream::Before {
                    return None;
                }
            }
            Wire::ResetStream { code, after: None } => {
                self.connection.reset_stream(exchange.stream, ErrorCode(code));
                return None;
            }
            Wire::ResetStream { code, after: Some(after) } => {
                (end, kept) = (End::Reset(ErrorCode(code)), after as usize);
            }
            Wire::Stall(Stall::Answer) => {
                self.connection.stall(exchange.stream);
                return None;
            }
            Wire::Stall(Stall::Connection) => return Some(Last::Stalled),
            Wire::Tear => return Some(Last::Torn),
        }
        self.respond(exchange, &mut reply, end, kept);
        last
    }

    /// Writes a reply, its body up to so many bytes.
    fn respond(&mut self, exchange: Exchange, reply: &mut Reply, end: End, kept: usize) {
        self.link.make_writable(reply);
        let mut bytes =
            if exchange.is_head { Bytes::new() } else { std::mem::take(&mut reply.body) };
        bytes.truncate(kept);
        let body = Body { bytes, framing: reply.framing, end };
        let fields = reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        self.connection.respond(exchange.stream, reply.status, fields, body);
    }

    /// Minds the time of what waits for the sender.
    pub(super) fn look(&mut self) -> Option<Trouble> {
        if !self.connection.is_begun() {
            self.unbegun += 1;
            return (self.unbegun >= looks(HANDSHAKE_LIMIT)).then_some(Trouble::SlowStart);
        }
        self.idle.looks += 1;
        self.mind_idleness();
        let slow = self.connection.look(looks(BODY_LIMIT), looks(LINGER_LIMIT));
        for stream in &slow {
            self.link.tell(Trouble::SlowBody);
            self.write(Exchange { stream: *stream, is_head: false }, too_slow());
        }
        if !slow.is_empty() {
            self.close(&GoAway::default(), 0);
        }
        let what = self.connection.overdue(looks(BODY_LIMIT))?;
        // What a real service says is unknown. [guess]
        let debug = format!("{what} did not come to its end in time");
        self.connection.go_away(ErrorCode::ENHANCE_YOUR_CALM, debug.as_bytes(), None);
        Some(Trouble::SlowFrame { what })
    }

    /// Ends a connection on which no request has come for as long as its profile says.
    fn mind_idleness(&mut self) {
        let Some(limit) = self.link.profile.idle.filter(|_| !self.closing) else {
            return;
        };
        let passed = self.idle.jumped.max(self.idle.looks * LOOK);
        if passed >= limit && self.connection.is_idle() {
            self.say_goodbye(self.link.profile.idle_debug);
        }
    }

    pub(super) fn say_goodbye(&mut self, debug: &'static str) {
        let debug = Bytes::from_static(debug.as_bytes());
        self.close(&GoAway { debug, ..GoAway::default() }, 0);
    }

    /// Does what the connection is told outside of replies; what comes of it is written before the
    /// orders count as carried out.
    pub(super) async fn carry_out<S>(&mut self, io: &mut S, orders: Vec<Order>) -> Option<Last>
    where
        S: AsyncWrite + Unpin,
    {
        for order in &orders {
            match &order.what {
                What::Settings(settings) => self.connection.change_settings(settings),
                What::TimePassed(by) => {
                    self.idle.jumped = self.idle.jumped.saturating_add(*by);
                    self.mind_idleness();
                }
                What::Wire(Wire::Drop) => return Some(Last::Dropped),
                What::Wire(Wire::Tear) => return Some(Last::Torn),
                What::Wire(Wire::Stall(_)) => return Some(Last::Stalled),
                What::Wire(Wire::GoAway(go_away)) => self.close(go_away, 0),
                What::Wire(Wire::Cut { .. } | Wire::Keep | Wire::ResetStream { .. }) => {}
            }
        }
        let written = last_words(io, self.connection.output()).await;
        self.connection.written();
        (!written).then_some(Last::Dropped)
    }

    pub(super) fn close(&mut self, go_away: &GoAway, stream: u32) {
        self.closing = true;
        let last = match go_away.last_stream {
            LastStream::Begun => None,
            LastStream::Before => Some(self.connection.before(stream)),
            LastStream::Number(number) => Some(number),
        };
        self.connection.go_away(ErrorCode(go_away.code), &go_away.debug, last);
    }

    /// What was said before the end goes out; then the end.
    pub(super) async fn end<S>(&mut self, io: &mut S, end: Last) -> Result<&'static str, Trouble>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let words = self.connection.output();
        match end {
            Last::Dropped => {
                farewell(io, words).await;
                Ok("dropped as told")
            }
            Last::Failed(trouble) => {
                farewell(io, words).await;
                Err(trouble)
            }
            Last::Stalled => {
                // Whether or not they get out, nothing comes after them.
                let _ = last_words(io, words).await;
                self.delayed.clear();
                self.connection.stall_all();
                waste(io, &self.link.stop).await;
                Ok("stalled as told")
            }
            Last::Torn => {
                // The other side may be gone; then nobody is left to be told.
                let _ = last_words(io, words).await;
                self.link.tear.set();
                Ok("torn as told")
            }
        }
    }
}

fn looks(limit: Duration) -> u32 {
    u32::try_from(limit.as_secs() / LOOK.as_secs().max(1)).unwrap_or(u32::MAX)
}

/// Requests answered together: bounds how long the front may hold a lock for one connection.
const BATCH: usize = 100;
/// The connection's window: the streams' windows alone shall slow a sender down.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// How often slow bodies are looked for.
pub(super) const LOOK: Duration = Duration::from_secs(1);
