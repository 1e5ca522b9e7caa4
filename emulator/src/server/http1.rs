//! HTTP/1.0 and HTTP/1.1: bytes to [`Front::answer`](super::Front::answer) to bytes, by hyper.

use super::answer::{Link, malformed, request, too_slow};
use super::body::{BODY_LIMIT, Collect};
use super::delay;
use super::front::Trouble;
use super::linger::{LINGER_LIMIT, farewell};
use super::progress::{Counted, Cut, Progress};
use crate::control::What;
use crate::wire::{LastStream, Reply, Request, Stall, Wire};
use bytes::Bytes;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// How long the head of a request may take once its first byte is here. An idle connection has
/// no limit.
pub(super) const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Serves a connection to its end; says why it ended.
pub(super) async fn serve<S>(io: S, link: &Arc<Link>) -> Result<&'static str, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let progress = Arc::new(Progress::default());
    let mut io = Counted::new(io, &progress);
    let outcome = carry(&mut io, link, &progress).await;
    if progress.is_broken() || matches!(outcome, Err(Trouble::HeadTooLarge | Trouble::Http1 { .. }))
    {
        // The answer says what is wrong, and the sender may be talking still.
        farewell(&mut io, &[]).await;
    }
    outcome
}

async fn carry<S>(
    io: &mut Counted<S>,
    link: &Arc<Link>,
    progress: &Arc<Progress>,
) -> Result<&'static str, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(|request| {
        let (link, progress) = (Arc::clone(link), Arc::clone(progress));
        async move {
            progress.begin();
            let outcome = exchange(&link, request, &progress).await;
            progress.answered();
            outcome.inspect_err(|cut| progress.cut(*cut))
        }
    });
    let mut builder = Builder::new();
    builder.auto_date_header(false).half_close(true).max_buf_size(HEAD_CEILING);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
    let mut stop = pin!(link.stop.cancelled());
    let mut stopping = false;
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => break outcome,
            () = stop.as_mut(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            orders = link.orders.taken() => for order in orders {
                match order.what {
                    What::Wire(Wire::Drop) => return Ok("dropped as told"),
                    What::Wire(Wire::Tear) => {
                        link.tear.set();
                        return Ok("torn as told");
                    }
                    What::Wire(Wire::GoAway(_)) => connection.as_mut().graceful_shutdown(),
                    // HTTP/1.1 has no words for the rest.
                    What::Wire(_) | What::Settings(_) | What::TimePassed(_) => {}
                }
            },
            () = delay::sleep(HEAD_LIMIT) => if progress.stuck() {
                return Err(Trouble::SlowHead);
            },
        }
    };
    match (progress.taken_cut(), outcome) {
        (Some(Cut::Drop), _) => Ok("dropped as told"),
        (Some(Cut::Tear), _) => {
            link.tear.set();
            Ok("torn as told")
        }
        (Some(Cut::HalfBody), _) => Err(Trouble::HalfRequest),
        (None, Ok(())) if stopping || progress.is_broken() => Ok("the server closed it"),
        (None, Ok(())) => Ok("the sender closed it"),
        (None, Err(cause)) if cause.is_incomplete_message() => Err(Trouble::HalfRequest),
        (None, Err(cause)) if cause.is_parse_too_large() => Err(Trouble::HeadTooLarge),
        (None, Err(cause)) if cause.is_parse() => Err(Trouble::Http1 { cause }),
        (None, Err(_)) => Ok("the sender closed it"),
    }
}

async fn exchange(
    link: &Arc<Link>,
    incoming: http::Request<Incoming>,
    progress: &Progress,
) -> Result<Response<Full<Bytes>>, Cut> {
    let in_flight = link.front.enter();
    let (parts, mut body) = incoming.into_parts();
    let scheme = if link.peer.tls.is_some() { "https" } else { "http" };
    let mut request = request(&parts, scheme);
    let ceiling = link.front.body_ceiling(&request);
    let read = delay::limit(BODY_LIMIT, collect(&mut body, ceiling, &mut request)).await;
    let (mut reply, last) = match read {
        None => {
            link.tell(Trouble::SlowBody);
            (too_slow(), true)
        }
        Some(Err(Unread::Gone)) => return Err(Cut::HalfBody),
        Some(Err(Unread::Malformed(cause))) => {
            link.tell(Trouble::Chunk { cause });
            progress.broken();
            (malformed(), true)
        }
        Some(Ok(finished)) => {
            if !finished {
                // An answer given before the end of an endless body: reading on a while keeps
                // a reset of the connection from overtaking it.
                tokio::spawn(delay::limit(LINGER_LIMIT, waste(body)));
            }
            (link.answer(request), !finished)
        }
    };
    if let Some(length) = reply.delay {
        delay::sleep(length).await;
    }
    if let Wire::Stall(_) = reply.wire {
        drop(in_flight);
        stall(link).await;
    }
    write(link, &mut reply, last, progress)
}

/// Waits longer than any sender does: hyper does not tell when the sender has gone meanwhile.
async fn stall(link: &Link) {
    tokio::select! {
        () = delay::sleep(STALL_LIMIT) => {}
        () = link.stop.cancelled() => {}
    }
}

fn write(
    link: &Link,
    reply: &mut Reply,
    last: bool,
    progress: &Progress,
) -> Result<Response<Full<Bytes>>, Cut> {
    let last = match &reply.wire {
        Wire::Drop | Wire::Stall(Stall::Answer | Stall::Connection) => return Err(Cut::Drop),
        Wire::Cut { after, reset } => {
            progress.scissors(*after, if *reset { Cut::Tear } else { Cut::Drop });
            true
        }
        // HTTP/1.1 has no streams: tearing the connection is what comes nearest.
        Wire::ResetStream { after: Some(after), .. } => {
            progress.scissors(*after, Cut::Tear);
            true
        }
        Wire::Tear | Wire::ResetStream { after: None, .. } => return Err(Cut::Tear),
        Wire::GoAway(go_away) if go_away.last_stream == LastStream::Before => {
            return Err(Cut::Drop);
        }
        Wire::GoAway(_) => true,
        Wire::Keep => last,
    };
    let mut head = link.head(reply);
    if last {
        head.headers_mut().insert(http::header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(head.map(|()| Full::new(std::mem::take(&mut reply.body))))
}

/// Why a body cannot be read to its end.
enum Unread {
    /// The sender went away.
    Gone,
    /// Its chunks are not as they should be.
    Malformed(io::Error),
}

impl Unread {
    fn of(error: &hyper::Error) -> Self {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
        match cause {
            Some(cause)
                if matches!(cause.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput) =>
            {
                Self::Malformed(io::Error::new(cause.kind(), cause.to_string()))
            }
            _ => Self::Gone,
        }
    }
}

/// Reads the body into the request: whether it came to its end, or was too long to go on.
async fn collect(
    body: &mut Incoming,
    ceiling: usize,
    request: &mut Request,
) -> Result<bool, Unread> {
    let mut collect = Collect::new(ceiling);
    let mut finished = true;
    while let Some(frame) = body.frame().await {
        if let Ok(chunk) = frame.map_err(|error| Unread::of(&error))?.into_data()
            && !collect.push(chunk)
        {
            finished = false;
            break;
        }
    }
    let (body, length) = collect.finish();
    request.push_body(&body);
    request.body_length = length;
    Ok(finished)
}

async fn waste(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// How long an answer that never comes is waited for: longer than any sender does.
const STALL_LIMIT: Duration = Duration::from_secs(600);

/// The longest head: far beyond any push, small enough to hold for every connection.
pub(super) const HEAD_CEILING: usize = 64 * 1024;
/// How many headers hyper takes.
pub(super) const MOST_HEADERS: usize = 100;
