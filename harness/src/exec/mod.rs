//! One sender on an emulator: found, run with a redirected environment, and told of afterwards.

mod attach;
mod child;
mod tally;

pub use attach::{AttachError, Attached, attach};
pub use child::{Ended, Launch, run};
pub use tally::{Tally, tally};
