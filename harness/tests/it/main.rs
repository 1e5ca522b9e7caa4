//! The tests that see the crate and the program from outside.

#![expect(clippy::unwrap_used, reason = "in a test, what cannot be unwrapped is the failure")]

mod arbitrary;
mod bad_scenario;
mod check;
mod cli;
mod crowd;
mod exec;
#[cfg(target_os = "linux")]
mod exec_isolated;
mod exec_sender;
mod good_scenario;
mod guide;
mod idle_fault;
#[cfg(target_os = "linux")]
mod isolation;
mod leftover;
mod long_running;
mod newcomer;
mod odd_answers;
mod program;
mod progress;
mod refusing_state;
mod review;
mod run;
mod senders;
mod serve;
mod settings;
mod snapshot_store;
mod tool;
