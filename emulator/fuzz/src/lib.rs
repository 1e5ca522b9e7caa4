//! What the fuzz targets do with their input: one module a target, each with a `run`.
//!
//! ```text
//! cargo install cargo-fuzz
//! RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none connection corpus/connection seeds/connection
//! ```
//!
//! No nightly compiler is needed: without a sanitizer (there is no `unsafe` here) the instruments
//! are stable. What a run finds becomes a test of the emulator, in `http2/tests.rs` or beside the
//! cases of the provider.

pub mod connection;
pub mod frames;
pub mod hpack;
pub mod jwt;
pub mod payload;
mod script;
mod sender;
