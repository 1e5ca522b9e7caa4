//! Running scenarios: each on an emulator of its own, several at once.
//!
//! What comes out is a tree of results; nothing here prints.

mod explain;
pub(crate) mod http;
mod judge;
mod keeper;
mod names;
mod output;
pub(crate) mod pause;
mod process;
mod record;
mod result;
mod scenario;
mod sender;
mod stage;
mod step;

pub use keeper::{KEEP, adopt, children, keep, sweep};
pub use result::{
    Difference, EndedSender, Failure, IdleFault, Inbox, NoRequest, ScenarioResult, Seen,
    SnapshotResult, Verdict, in_words,
};
pub use scenario::{Begun, Job, Settings, run_all};
pub use stage::configured;
