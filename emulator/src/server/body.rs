//! A request's body on its way in: kept up to a ceiling, drained and counted beyond.

use bytes::{Bytes, BytesMut};
use std::time::Duration;

/// How much of a body is read at all before its request is answered.
///
/// Answering before the sender has written makes old client libraries throw the answer away, so
/// what is too large is drained first; beyond this nobody waits for an honest sender's push.
pub const DRAIN_CEILING: u64 = 1024 * 1024;

/// How long a body may take: a push is small, and a sender that stops in its middle is stuck.
pub(super) const BODY_LIMIT: Duration = Duration::from_secs(30);

/// A body being collected.
pub(super) struct Collect {
    ceiling: usize,
    kept: Kept,
    length: u64,
}

/// Most bodies are one chunk, which is kept without a copy.
enum Kept {
    One(Bytes),
    More(BytesMut),
}

impl Collect {
    pub(super) const fn new(ceiling: usize) -> Self {
        Self { ceiling, kept: Kept::One(Bytes::new()), length: 0 }
    }

    /// Takes a chunk; false when the body is too long to go on.
    pub(super) fn push(&mut self, mut chunk: Bytes) -> bool {
        self.length += chunk.len() as u64;
        let kept = match &self.kept {
            Kept::One(bytes) => bytes.len(),
            Kept::More(bytes) => bytes.len(),
        };
        chunk.truncate(self.ceiling.saturating_sub(kept));
        if !chunk.is_empty() {
            match &mut self.kept {
                Kept::One(bytes) if bytes.is_empty() => *bytes = chunk,
                Kept::One(bytes) => {
                    let mut more = BytesMut::with_capacity(bytes.len() + chunk.len());
                    more.extend_from_slice(bytes);
                    more.extend_from_slice(&chunk);
                    self.kept = Kept::More(more);
                }
                Kept::More(bytes) => bytes.extend_from_slice(&chunk),
            }
        }
        self.length <= DRAIN_CEILING
    }

    /// What was kept, and the length of all that was read.
    pub(super) fn finish(&mut self) -> (Bytes, u64) {
        let kept = match std::mem::replace(&mut self.kept, Kept::One(Bytes::new())) {
            Kept::One(bytes) => bytes,
            Kept::More(bytes) => bytes.freeze(),
        };
        (kept, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_up_to_the_ceiling_and_counted_beyond() {
        let mut body = Collect::new(5);
        let on = [&b"abc"[..], b"defg", b"h"].map(|chunk| body.push(Bytes::from_static(chunk)));
        assert_eq!((on, body.finish()), ([true; 3], (Bytes::from_static(b"abcde"), 8)));
    }

    #[test]
    fn draining_ends_beyond_its_ceiling() {
        let mut body = Collect::new(0);
        let ceiling = usize::try_from(DRAIN_CEILING).expect("a MiB fits");
        assert!(body.push(Bytes::from(vec![0; ceiling])));
        assert!(!body.push(Bytes::from_static(b"x")));
    }
}
