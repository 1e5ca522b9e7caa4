//! The control room: the one door to the world, the credentials, and the control API over HTTP.
//!
//! [`Door`] is what the server and everything here go through; [`Control`] is what one can ask of
//! an emulator, in process; [`ControlServer`] serves the same over HTTP.

mod alarm;
mod credentials;
mod door;
mod drive;
mod error;
mod expecting;
mod file;
mod flight;
mod handle;
mod http;
mod keys;
mod order;
mod pause;
mod queue;
mod room;

pub use credentials::check_app;
pub use door::Door;
pub use drive::drive;
pub use error::ControlError;
pub use flight::InFlight;
pub use handle::{Control, Wait};
pub use http::{ControlServer, ControlServerConfig, MOST_CALLERS, Places, of_one_caller, openapi};
pub use keys::RealKeys;
pub use order::{Order, Orders, What};
