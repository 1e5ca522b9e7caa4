//! The polite end: the last words reach a sender that is still talking.
//!
//! A socket closed with unread bytes goes by reset, and a reset destroys what was written last.

use super::delay;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

/// Writes the last words, closes our half and reads until the other half is closed, within limits.
pub(super) async fn farewell<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, words: &[u8]) {
    // The other side may be gone; then nobody is left to be polite to.
    let _ = delay::limit(LINGER_LIMIT, async {
        stream.write_all(words).await?;
        stream.shutdown().await?;
        let mut waste = [0; 4096];
        let mut count = 0;
        while count < LINGER_CEILING {
            match stream.read(&mut waste).await? {
                0 => break,
                more => count += more,
            }
        }
        std::io::Result::Ok(())
    })
    .await;
}

/// Writes these words within a limit, and leaves the connection as it is; whether they are out.
pub(super) async fn last_words<S: AsyncWrite + Unpin>(stream: &mut S, words: &[u8]) -> bool {
    let written = delay::limit(LINGER_LIMIT, async {
        stream.write_all(words).await?;
        stream.flush().await
    });
    matches!(written.await, Some(Ok(())))
}

/// Takes what comes and throws it away, until the other side or the server has enough.
pub(super) async fn waste<S: AsyncRead + Unpin>(stream: &mut S, stop: &CancellationToken) {
    let mut waste = [0; 4096];
    loop {
        tokio::select! {
            read = stream.read(&mut waste) => if !matches!(read, Ok(1..)) {
                return;
            },
            () = stop.cancelled() => return,
        }
    }
}

/// How long a refused sender may go on talking.
pub(super) const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How much a refused sender may go on sending: more than any push.
const LINGER_CEILING: usize = 64 * 1024;
