//! The push services that devices connect to, one folder each, all of the same inner shape.
//!
//! They do not know one another; [`rim`] is all that the rest of the emulator sees of them.

pub mod apns;
pub mod rim;
