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
pub(super) use subscription::{
    check_subscriptions, follow_too, read_subscriptions, shown_subscriptions, subscribe,
};

use crate::fidelity::Section;

/// The parts of the fidelity page about broadcasts.
pub(super) fn fidelity() -> [Section; 2] {
    let lists = [edge::BEHAVIORS, fan_out::BEHAVIORS, subscription::BEHAVIORS];
    [
        Section::of_rules("Checks of broadcasts, in their order", rules::ABOUT, rules::own()),
        Section::of("Broadcasts", &lists),
    ]
}
