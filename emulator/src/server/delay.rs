//! The one place of this room where real time is read and slept: it rules what protects us
//! (handshakes, slow bodies, TLS validity) and fault delays, and nothing of the world.

use std::future::Future;
use std::time::{Duration, SystemTime};

/// The real time, for the validity of certificates.
#[expect(clippy::disallowed_methods, reason = "certificates live in real time")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "limits and fault delays are real time")]
pub(super) async fn sleep(length: Duration) {
    tokio::time::sleep(length).await;
}

/// Waits for `work`, but not longer than `limit`.
pub(super) async fn limit<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    tokio::time::timeout(limit, work).await.ok()
}
