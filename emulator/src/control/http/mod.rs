//! The control API over HTTP: types in, one call of [`Control`](super::Control), types out.

mod answer;
mod body;
mod events;
mod guard;
mod handler;
mod list;
mod metrics;
mod openapi;
mod problem;
mod query;
mod route;
mod serve;
mod server;
mod wording;

pub use openapi::openapi;
pub use serve::{MOST_CALLERS, of_one_caller};
pub use server::{ControlServer, ControlServerConfig, Places};
