//! What HTTP/1.1 does on the wire beside hyper: how far requests have come, and answers cut short.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What hyper does not say: whether a request has begun and does not go on.
#[derive(Debug, Default)]
pub(super) struct Progress {
    read: AtomicU64,
    /// How much had been read when the last request was answered, or at the last look.
    seen: AtomicU64,
    /// A request is being answered.
    busy: AtomicBool,
    /// The last look saw the beginning of a request.
    begun: AtomicBool,
    /// What the sender wrote makes no sense, so that nothing more is read of it.
    broken: AtomicBool,
    cut: Mutex<Option<Cut>>,
    scissors: Mutex<Option<Scissors>>,
}

/// Why a connection ends instead of answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(super) enum Cut {
    Drop,
    HalfBody,
    Tear,
}

/// Where in what is written the connection ends.
#[derive(Debug)]
struct Scissors {
    /// How much of the blank line after the head has been seen, bytes.
    blank: usize,
    /// How much of the body may still go out, bytes.
    left: usize,
    cut: Cut,
}

impl Scissors {
    /// How many of these bytes may go out.
    fn allow(&self, bytes: &[u8]) -> usize {
        let mut blank = self.blank;
        for (place, byte) in bytes.iter().enumerate() {
            if blank == BLANK_LINE.len() {
                return bytes.len().min(place + self.left);
            }
            blank = next_blank(blank, *byte);
        }
        bytes.len()
    }

    /// These bytes went out.
    fn pass(&mut self, bytes: &[u8]) {
        for (place, byte) in bytes.iter().enumerate() {
            if self.blank == BLANK_LINE.len() {
                self.left -= (bytes.len() - place).min(self.left);
                return;
            }
            self.blank = next_blank(self.blank, *byte);
        }
    }

    const fn is_closed(&self) -> bool {
        self.blank == BLANK_LINE.len() && self.left == 0
    }
}

/// How much of a blank line there is after one more byte.
fn next_blank(blank: usize, byte: u8) -> usize {
    match BLANK_LINE.get(blank) {
        Some(wanted) if *wanted == byte => blank + 1,
        _ => usize::from(byte == b'\r'),
    }
}

impl Progress {
    /// The connection ends after the next head and so many bytes of its body.
    pub(super) fn scissors(&self, after: u32, cut: Cut) {
        let scissors = Scissors { blank: 0, left: after as usize, cut };
        *self.scissors.lock().unwrap_or_else(PoisonError::into_inner) = Some(scissors);
    }

    /// A request is being answered.
    pub(super) fn begin(&self) {
        self.busy.store(true, Ordering::Relaxed);
    }

    pub(super) fn answered(&self) {
        self.busy.store(false, Ordering::Relaxed);
        self.begun.store(false, Ordering::Relaxed);
        self.seen.store(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Nothing more is read of what the sender writes.
    pub(super) fn broken(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Looks, once in each [`HEAD_LIMIT`]: whether a request had begun at the last look already.
    pub(super) fn stuck(&self) -> bool {
        if self.busy.load(Ordering::Relaxed) {
            return false;
        }
        let begun = self.read.load(Ordering::Relaxed) > self.seen.load(Ordering::Relaxed);
        self.begun.swap(begun, Ordering::Relaxed) && begun
    }

    pub(super) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    pub(super) fn taken_cut(&self) -> Option<Cut> {
        self.cut.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Counts what is read.
pub(super) struct Counted<S> {
    inner: S,
    progress: Arc<Progress>,
}

impl<S> Counted<S> {
    pub(super) fn new(inner: S, progress: &Arc<Progress>) -> Self {
        Self { inner, progress: Arc::clone(progress) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buf);
        let count = (buf.filled().len() - before) as u64;
        self.progress.read.fetch_add(count, Ordering::Relaxed);
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let counted = &mut *self;
        let mut scissors = counted.progress.scissors.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(scissors) = scissors.as_mut() else {
            return Pin::new(&mut counted.inner).poll_write(cx, buf);
        };
        if scissors.is_closed() {
            // What was written before has to be out: nothing flushes it after this.
            ready!(Pin::new(&mut counted.inner).poll_flush(cx))?;
            counted.progress.cut(scissors.cut);
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let part = &buf[..scissors.allow(buf)];
        let count = ready!(Pin::new(&mut counted.inner).poll_write(cx, part))?;
        scissors.pass(&part[..count]);
        Poll::Ready(Ok(count))
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
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let cutting =
            self.progress.scissors.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if cutting {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write(cx, first.map_or(&[], |buf| buf));
        }
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// What ends a head.
const BLANK_LINE: &[u8] = b"\r\n\r\n";
