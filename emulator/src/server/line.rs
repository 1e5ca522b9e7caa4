//! The bytes' way: the TCP socket that can be torn, and the replay of bytes read ahead.

use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A TCP socket that goes by reset instead of by FIN when it has been told so.
///
/// Who asks for little gets it from what was read in one piece: TLS asks for 4 KiB at a time, and
/// a hundred pushes would be ten calls of the system.
pub(super) struct Line {
    stream: TcpStream,
    tear: Tear,
    /// What was read and not asked for yet.
    rest: Vec<u8>,
    taken: usize,
}

/// Tells a [`Line`], however deep below TLS and HTTP it lies, to go by reset.
#[derive(Clone, Default)]
pub(super) struct Tear(Arc<AtomicBool>);

impl Tear {
    /// From now on the socket goes by reset when it is dropped.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Line {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, tear: Tear::default(), rest: Vec::new(), taken: 0 }
    }

    pub(super) fn tear(&self) -> Tear {
        self.tear.clone()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.tear.0.load(Ordering::Acquire) {
            // A socket that is gone already needs no reset.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = &mut *self;
        if line.rest.is_empty() {
            if buf.remaining() >= READ_AT_ONCE {
                return Pin::new(&mut line.stream).poll_read(cx, buf);
            }
            return SCRATCH.with_borrow_mut(|scratch| {
                let mut read = ReadBuf::new(scratch);
                ready!(Pin::new(&mut line.stream).poll_read(cx, &mut read))?;
                let (now, later) = read.filled().split_at(read.filled().len().min(buf.remaining()));
                buf.put_slice(now);
                line.rest.extend_from_slice(later);
                Poll::Ready(Ok(()))
            });
        }
        let rest = line.rest.get(line.taken..).unwrap_or_default();
        let count = rest.len().min(buf.remaining());
        buf.put_slice(rest.get(..count).unwrap_or_default());
        line.taken += count;
        if line.taken == line.rest.len() {
            // An idle connection keeps no room.
            (line.rest, line.taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_AT_ONCE].into_boxed_slice());
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// A stream whose first bytes have been looked at and come again.
pub(super) struct Replay<S> {
    inner: S,
    ahead: Vec<u8>,
    start: usize,
}

impl<S: AsyncRead + Unpin> Replay<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner, ahead: Vec::new(), start: 0 }
    }

    /// What has been read ahead and not yet consumed.
    pub(super) fn ahead(&self) -> &[u8] {
        self.ahead.get(self.start..).unwrap_or_default()
    }

    /// Reads more ahead; 0 means the end.
    pub(super) async fn read_ahead(&mut self) -> io::Result<usize> {
        self.ahead.reserve(READ_AHEAD);
        self.inner.read_buf(&mut self.ahead).await
    }

    /// Takes bytes that have been read ahead out of the stream.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.ahead.len());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replay<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        let ahead = self.ahead();
        let count = ahead.len().min(buf.remaining());
        buf.put_slice(ahead.get(..count).unwrap_or_default());
        self.start += count;
        if self.start == self.ahead.len() {
            self.ahead = Vec::new();
            self.start = 0;
        }
        if count == 0 {
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replay<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What one call of the system reads at most for a reader that asks for less, bytes.
const READ_AT_ONCE: usize = 32 << 10;

/// Bytes read ahead at once: a TLS hello with a few extensions fits.
const READ_AHEAD: usize = 1024;
