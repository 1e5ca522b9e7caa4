//! The append-only log: the only history there is.
//!
//! Records lie one after another in segments of at most 1 MiB; full segments are sealed, shared
//! with readers and evicted whole. What a record means is its writer's business; it is turned into
//! something readable by readers, not while it is written.

mod cursor;
mod gone;
mod log;
mod record;

pub use cursor::{Cursor, CursorError};
pub use log::{Journal, Limits, Place, Tail};
pub use record::{Head, Reader, Record, Writer};
