//! The one place of this room where real time passes: limits of waits, and the driver's sleep.

use std::future::Future;
use std::time::Duration;

/// Waits for `work`, but not longer than `limit`.
pub(super) async fn within<F: Future>(limit: Duration, work: F) -> Option<F::Output> {
    tokio::time::timeout(limit, work).await.ok()
}

/// Sleeps until the next due moment, or until the system may have what it lacked.
#[expect(clippy::disallowed_methods, reason = "the driver of a running clock sleeps for real")]
pub(super) async fn sleep(length: Duration) {
    tokio::time::sleep(length).await;
}
