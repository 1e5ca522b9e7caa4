//! The one place of the harness that lets real time pass: between two looks at something that
//! cannot be waited for, such as a process group or somebody else's port.

use std::time::Duration;

/// A short while.
#[expect(clippy::disallowed_methods, reason = "what is looked at gives no signal when it changes")]
pub(crate) async fn short() {
    tokio::time::sleep(BETWEEN_LOOKS).await;
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
