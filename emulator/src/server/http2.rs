//! HTTP/2: bytes to [`Front::answer_all`](super::Front::answer_all) to bytes, for now by the h2
//! crate.
//!
//! One task carries a connection and all its streams: what has arrived whole is answered at
//! once, in a batch, and written together; what must wait (a body, a delay) waits aside.

use super::answer::{Link, request, too_slow};
use super::body::{BODY_LIMIT, Collect};
use super::connection::HANDSHAKE_LIMIT;
use super::delay;
use super::front::Trouble;
use super::linger::LINGER_LIMIT;
use crate::control::InFlight;
use crate::wire::{Reply, Request, Wire};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::WaitForCancellationFuture;

/// Serves a connection to its end; says why it ended.
pub(super) async fn serve<S>(io: S, link: &Link) -> Result<&'static str, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let settings = &link.profile.settings;
    let mut builder = Builder::new();
    builder
        .header_table_size(settings.header_table_size)
        .max_concurrent_streams(settings.max_concurrent_streams)
        .initial_window_size(settings.initial_window_size)
        .max_frame_size(settings.max_frame_size)
        .max_header_list_size(settings.max_header_list_size)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let connection = match delay::limit(HANDSHAKE_LIMIT, builder.handshake(io)).await {
        None => return Err(Trouble::SlowStart),
        Some(Err(cause)) => return ended(cause),
        Some(Ok(connection)) => connection,
    };
    let mut driver = Driver {
        connection,
        link,
        whole: Vec::new(),
        waiting: FuturesUnordered::new(),
        closing: false,
        requests: Vec::new(),
        replies: Vec::new(),
    };
    let mut stop = pin!(link.stop.cancelled());
    poll_fn(|cx| driver.poll(cx, stop.as_mut())).await
}

fn ended(cause: h2::Error) -> Result<&'static str, Trouble> {
    let farewell = cause.is_go_away() && cause.is_remote();
    if cause.is_io() || farewell && cause.reason() == Some(Reason::NO_ERROR) {
        return Ok(SENDER);
    }
    Err(Trouble::Http2 { cause })
}

struct Driver<'a, S> {
    connection: Connection<S, Bytes>,
    link: &'a Link,
    /// Requests that have arrived whole and want an answer.
    whole: Vec<Exchange>,
    waiting: FuturesUnordered<Pin<Box<dyn Future<Output = Waited> + Send>>>,
    closing: bool,
    requests: Vec<Request>,
    replies: Vec<Reply>,
}

/// What waiting led to.
enum Waited {
    Body(Exchange),
    Delay(Exchange, Reply),
    /// The stream is gone, or nothing is left to do.
    Done,
    SlowBody(Exchange),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<'_, S> {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        mut stop: Pin<&mut WaitForCancellationFuture<'_>>,
    ) -> Poll<Result<&'static str, Trouble>> {
        loop {
            if !self.closing && stop.as_mut().poll(cx).is_ready() {
                self.close();
            }
            let mut end = None;
            while self.whole.len() < BATCH {
                match self.connection.poll_accept(cx) {
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        self.take(cx, Exchange::new(self.link, request, respond));
                    }
                    Poll::Ready(Some(Err(cause))) => {
                        end = Some(ended(cause));
                        break;
                    }
                    Poll::Ready(None) => {
                        let why = if self.closing { "the server closed it" } else { SENDER };
                        end = Some(Ok(why));
                        break;
                    }
                    Poll::Pending => break,
                }
            }
            let mut written = false;
            while let Poll::Ready(Some(waited)) = self.waiting.poll_next_unpin(cx) {
                match waited {
                    Waited::Body(exchange) => self.whole.push(exchange),
                    Waited::Delay(exchange, reply) => {
                        written = true;
                        if let Some(why) = self.write(exchange, reply) {
                            return Poll::Ready(Ok(why));
                        }
                    }
                    Waited::Done => {}
                    Waited::SlowBody(exchange) => {
                        written = true;
                        self.link.tell(Trouble::SlowBody);
                        self.write(exchange, too_slow());
                        self.close();
                    }
                }
            }
            written |= !self.whole.is_empty();
            if let Some(why) = self.answer() {
                return Poll::Ready(Ok(why));
            }
            if let Some(end) = end {
                let ours = |why| {
                    if self.closing { "the server closed it" } else { why }
                };
                return Poll::Ready(end.map(ours));
            }
            if !written {
                return Poll::Pending;
            }
        }
    }

    /// Answers at once when the body is here already, which it is for most pushes.
    fn take(&mut self, cx: &mut Context<'_>, mut exchange: Exchange) {
        match exchange.poll_body(cx) {
            Poll::Ready(Ok(())) => self.whole.push(exchange),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.waiting.push(Box::pin(async move {
                match delay::limit(BODY_LIMIT, poll_fn(|cx| exchange.poll_body(cx))).await {
                    None => Waited::SlowBody(exchange),
                    Some(Err(_)) => Waited::Done,
                    Some(Ok(())) => Waited::Body(exchange),
                }
            })),
        }
    }

    /// Answers all that is whole; says why the connection ends here, if it does.
    fn answer(&mut self) -> Option<&'static str> {
        if self.whole.is_empty() {
            return None;
        }
        let mut whole = std::mem::take(&mut self.whole);
        let mut replies = std::mem::take(&mut self.replies);
        self.requests.extend(whole.iter_mut().map(Exchange::take_request));
        self.link.answer_all(&mut self.requests, &mut replies);
        for (exchange, reply) in whole.drain(..).zip(replies.drain(..)) {
            if let Some(length) = reply.delay {
                self.waiting.push(Box::pin(async move {
                    delay::sleep(length).await;
                    Waited::Delay(exchange, reply)
                }));
            } else if let Some(why) = self.write(exchange, reply) {
                return Some(why);
            }
        }
        self.whole = whole;
        self.replies = replies;
        None
    }

    /// Writes one reply; says why the connection ends here, if it does.
    fn write(&mut self, mut exchange: Exchange, mut reply: Reply) -> Option<&'static str> {
        match reply.wire {
            Wire::Drop => return Some("dropped as told"),
            Wire::Tear => {
                self.link.tear.set();
                return Some("torn as told");
            }
            Wire::ResetStream { code } => {
                exchange.respond.send_reset(Reason::from(code));
                return None;
            }
            Wire::Keep | Wire::GoAway { .. } => {}
        }
        let head = self.link.head(&mut reply);
        let empty = reply.body.is_empty() || exchange.is_head;
        // Whoever reset the stream meanwhile gets no answer and misses none.
        if let Ok(mut stream) = exchange.respond.send_response(head, empty)
            && !empty
        {
            let _ = stream.send_data(reply.body, true);
        }
        if let Wire::GoAway { .. } = reply.wire {
            // The h2 crate can send neither code nor debug data with a graceful end; our own
            // HTTP/2 connection brings both.
            self.close();
        }
        if !exchange.finished {
            // An answer given before the end of an endless body: reading on a while keeps the
            // reset of the stream from overtaking it.
            self.waiting.push(Box::pin(async move {
                delay::limit(LINGER_LIMIT, poll_fn(|cx| exchange.poll_waste(cx))).await;
                Waited::Done
            }));
        }
        None
    }

    fn close(&mut self) {
        self.closing = true;
        self.connection.graceful_shutdown();
    }
}

/// One stream.
struct Exchange {
    request: Request,
    incoming: RecvStream,
    collect: Collect,
    finished: bool,
    is_head: bool,
    respond: SendResponse<Bytes>,
    _in_flight: Option<InFlight>,
}

impl Exchange {
    fn new(link: &Link, request: http::Request<RecvStream>, respond: SendResponse<Bytes>) -> Self {
        let in_flight = link.front.enter();
        let (parts, incoming) = request.into_parts();
        let implied = if link.peer.tls.is_some() { "https" } else { "http" };
        let request = self::request(&parts, implied, false);
        let collect = Collect::new(link.front.body_ceiling(&request));
        let is_head = parts.method == http::Method::HEAD;
        Self {
            request,
            incoming,
            collect,
            finished: false,
            is_head,
            respond,
            _in_flight: in_flight,
        }
    }

    fn take_request(&mut self) -> Request {
        let mut request = std::mem::take(&mut self.request);
        (request.body, request.body_length) = self.collect.finish();
        request
    }

    /// Reads until the body is whole or too long to go on.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        while !self.incoming.is_end_stream() {
            let Some(chunk) = ready!(self.incoming.poll_data(cx)?) else {
                break;
            };
            self.incoming.flow_control().release_capacity(chunk.len())?;
            if !self.collect.push(chunk) {
                return Poll::Ready(Ok(()));
            }
        }
        self.finished = true;
        Poll::Ready(Ok(()))
    }

    fn poll_waste(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        while let Some(chunk) = ready!(self.incoming.poll_data(cx)?) {
            self.incoming.flow_control().release_capacity(chunk.len())?;
        }
        Poll::Ready(Ok(()))
    }
}

const SENDER: &str = "the sender closed it";
/// Requests answered together: bounds how long the front may hold a lock for one connection.
const BATCH: usize = 100;
/// The connection's window: the streams' windows alone shall slow a sender down.
const CONNECTION_WINDOW: u32 = 1024 * 1024;
