//! The one place that reads the real clock; everything else is handed a reading.

use super::Timestamp;
use std::time::SystemTime;

/// A reading of the real clock.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the real clock")]
pub fn reading() -> Timestamp {
    Timestamp::from_system(SystemTime::now())
}
