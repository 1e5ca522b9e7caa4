//! The whole state behind one deterministic function, and what can be read from its journal.
//!
//! [`World::apply`] takes a command and an instant of the real clock; the result depends on the
//! seed, the order of commands and their instants, and on nothing else. No I/O happens here.

mod advance;
mod bad_command;
mod command;
mod device_change;
mod directory;
mod expect;
mod fault;
mod judge;
mod project;
mod record;
mod route;
mod services;
mod state;
mod story;
#[cfg(test)]
mod tests;
mod view;
mod watch;

pub use bad_command::{BadCommand, BadDeviceName};
pub use command::{
    AddressChange, Advance, Age, AppName, Command, Done, Incoming, Issue, NewDevice, Refused,
    Revoke,
};
pub use device_change::DeviceChange;
pub use directory::unknown_provider;
pub use expect::{Difference, Expectation, Filter, Judgement, Miss, Subject, Wanted};
pub use judge::{differences, holds, is_final, judge};
pub use project::{EVENT_KINDS, deliveries, events, inbox, requests};
pub use route::{Route, RouteConflict, check_routes, host_of, is_push_target, profile, route};
pub use services::{
    KeyRing, Prepared, about, abouts, attributes, body_ceiling, check_device_setting, fidelity,
    kit, service_named, shed, switches,
};
pub use state::{World, WorldConfig};
pub use view::{
    AddressView, Arrival, ClockView, DeliveryView, DeviceView, EventView, FaultView, HistoryEntry,
    List, RequestView,
};
pub use watch::{Watch, Watched};
