//! Broadcast pushes: channels that senders make, devices that follow them, and the way of one
//! message to all of them.
//!
//! Facts: section 7 of the sheet `protocols/apns.md`. Only Live Activities are broadcast, and a
//! broadcast cannot start one. [doc]

mod answer;
mod channel;
mod edge;
mod fan_out;
mod request;
mod rules;
mod subscription;

pub use request::Broadcast;
pub(super) use subscription::Subscriptions;

pub(super) use answer::answer;
pub(super) use channel::{Channels, MAX_FOLLOWED};
pub(super) use edge::identify;
pub(super) use fan_out::FanOuts;
pub(super) use request::takes;
pub(super) use subscription::{follow_too, read_subscriptions, shown_subscriptions, subscribe};
