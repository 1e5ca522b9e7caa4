//! Redirecting a sender by its environment: the variables that the known stacks read, and the
//! files to which these point.
//!
//! What does not read them is not redirected. Nothing here starts a process or opens a socket.

mod environment;
mod format;
mod hosts;
mod java;
mod kit;
mod node;
mod php;
mod place;
mod roots;
mod variable;

pub use environment::Environment;
pub use format::{Form, written};
pub use hosts::hosts;
pub use kit::{Kit, KitError, Places, Way};
pub use place::{HostPort, NoPlace};
