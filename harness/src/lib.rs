//! Scenarios, snapshots and the driving of senders.

pub mod cli;
pub mod diagnostic;
pub mod exec;
pub mod exit;
#[cfg(target_os = "linux")]
pub mod isolation;
pub mod providers;
pub mod redirect;
pub mod report;
pub mod run;
pub mod scenario;
pub mod snapshot;
