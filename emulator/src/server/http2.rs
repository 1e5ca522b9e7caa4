//! HTTP/2: the socket of [`Connection`], and its requests to
//! [`Front::answer_all`](super::Front::answer_all).
//!
//! One task carries a connection and all its streams: what has arrived whole is answered at once,
//! in a batch, and written together. While the other side does not read, nothing more is read.

use super::answer::Link;
use super::delay;
use super::front::Trouble;
use super::linger::farewell;
use super::streams::{Driver, LOOK, Last};
use crate::control::InFlight;
use crate::http2::Connection;
use crate::wire::GoAway;
use futures_util::StreamExt;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Serves a connection to its end; says why it ended. One that is not wanted gets its SETTINGS, and
/// then the GOAWAY.
pub(super) async fn serve<S>(
    mut io: S,
    link: &Link,
    unwelcome: Option<GoAway>,
) -> Result<&'static str, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut driver = Driver::new(link);
    if let Some(go_away) = unwelcome {
        driver.close(&go_away, 0);
    }
    let mut stop = pin!(link.stop.cancelled());
    let mut tick = pin!(delay::sleep(LOOK));
    loop {
        if let Some(end) = driver.answer() {
            return driver.end(&mut io, end).await;
        }
        if !driver.connection.output().is_empty() {
            match write_out(&mut io, driver.connection.output()).await {
                Some(Ok(())) => driver.connection.written(),
                Some(Err(_)) => return Ok(SENDER),
                // More words would not get out either.
                None => return Err(Trouble::NeverReads),
            }
        }
        if driver.connection.is_over() {
            farewell(&mut io, &[]).await;
            return Ok(OURS);
        }
        let idle = link.profile.idle.is_some() && !driver.closing;
        let minding = idle || driver.connection.is_waiting();
        let delayed = !driver.delayed.is_empty();
        tokio::select! {
            biased;
            read = poll_fn(|cx| read(cx, &mut io, &mut driver.connection, link)) => {
                match read {
                    Ok(1..) => {}
                    Ok(0) | Err(_) => return Ok(if driver.closing { OURS } else { SENDER }),
                }
            }
            Some((exchange, reply)) = driver.delayed.next(), if delayed => {
                if let Some(end) = driver.write(exchange, reply) {
                    return driver.end(&mut io, end).await;
                }
            }
            () = tick.as_mut(), if minding => {
                tick.set(delay::sleep(LOOK));
                if let Some(trouble) = driver.look() {
                    return driver.end(&mut io, Last::Failed(trouble)).await;
                }
            }
            () = stop.as_mut(), if !driver.closing => driver.say_goodbye(link.profile.stop_debug),
            orders = link.orders.taken() => {
                if let Some(end) = driver.carry_out(&mut io, orders).await {
                    return driver.end(&mut io, end).await;
                }
            }
        }
    }
}

/// Writes, as long as the other side takes something from time to time; `None` when it does not.
async fn write_out<S: AsyncWrite + Unpin>(io: &mut S, mut bytes: &[u8]) -> Option<io::Result<()>> {
    while !bytes.is_empty() {
        match delay::limit(WRITE_LIMIT, io.write(bytes)).await? {
            Ok(0) => return Some(Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => bytes = &bytes[count..],
            Err(cause) => return Some(Err(cause)),
        }
    }
    delay::limit(WRITE_LIMIT, io.flush()).await
}

/// Reads what is there, up to a measure, straight into the connection; 0 means the end.
///
/// The buffer is the thread's, so that an idle connection has none.
fn read<S: AsyncRead + Unpin>(
    cx: &mut Context<'_>,
    io: &mut S,
    connection: &mut Connection<Option<InFlight>>,
    link: &Link,
) -> Poll<io::Result<usize>> {
    BUFFER.with_borrow_mut(|buffer| {
        let mut total = 0;
        while total < READ_AT_ONCE {
            let mut part = ReadBuf::new(buffer);
            match Pin::new(&mut *io).poll_read(cx, &mut part) {
                Poll::Ready(Ok(())) if part.filled().is_empty() => break,
                Poll::Ready(Ok(())) => {
                    total += part.filled().len();
                    let front = &link.front;
                    connection.receive(part.filled(), |request| {
                        (front.body_ceiling(request), front.enter())
                    });
                }
                Poll::Ready(Err(cause)) if total == 0 => return Poll::Ready(Err(cause)),
                Poll::Pending if total == 0 => return Poll::Pending,
                Poll::Ready(Err(_)) | Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(total))
    })
}

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_AT_ONCE].into_boxed_slice());
}

const SENDER: &str = "the sender closed it";
const OURS: &str = "the server closed it";
/// How long a sender may take nothing of what it is sent: while the server waits for that, it sees
/// none of the connection's other limits.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(60);
/// Bytes read before what they brought is answered: some hundred pushes.
const READ_AT_ONCE: usize = 64 << 10;
