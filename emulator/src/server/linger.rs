//! The polite end: the last words reach a sender that is still talking.
//!
//! A socket closed with unread bytes goes by reset, and a reset destroys what was written last.

use super::delay;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

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

/// How long a refused sender may go on talking.
pub(super) const LINGER_LIMIT: Duration = Duration::from_secs(2);
/// How much a refused sender may go on sending: more than any push.
const LINGER_CEILING: usize = 64 * 1024;
