//! Snapshots: what each device got, as a text that people review and commit.

pub mod diff;
mod redact;
pub mod render;
pub mod review;
pub mod store;
mod yaml;

pub use redact::Known;
