//! What APNs does with a push that cannot be delivered now: one is kept for each device token, and
//! the newest of each channel.

use super::broadcast::MAX_FOLLOWED;
use super::request::{Field, Priority};
use super::source::{METRICS, SENDING};
use crate::clock::Timestamp;
use crate::fidelity::Behavior;
use crate::post::{
    Gate, Lane, Lifetime, OfflinePolicy, Overflow, Release, Scope, Slot, Storage, Visible, Words,
};
use std::time::Duration;

/// What of storing is as APNs has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented(
        "One notification is kept for each device token, the newest",
        METRICS,
    )
    .besides(
        "\"usually the latest survives\"; here always. A token of another topic has a place of its \
         own [assumed]",
    ),
    Behavior::documented(
        "It is kept until `apns-expiration`, at most 30 days",
        METRICS,
    ),
    Behavior::documented(
        "`apns-expiration: 0` is now or never",
        SENDING,
    )
    .besides(
        "a moment that is past is taken as 0 [assumed]",
    ),
    Behavior::assumed(
        "A lifetime counts whole seconds on the sender's clock, then runs in world time",
        "so that a test that moves the world expires what it should",
    ),
    Behavior::assumed(
        "Priority 10 goes at once, 5 waits while the device saves power, 1 until it is awake",
        "Apple describes the aim, not the rule",
    ),
    Behavior::documented(
        "The reasons of deliveries are the names of Apple's metrics, such as `Stored - Device \
         Offline`",
        METRICS,
    )
    .besides(
        "those that Apple does not have are ours",
    ),
];

/// One place for each device token, the newest wins, for at most 30 days; one for each channel that
/// the app on the device follows, for at most 8 hours.
///
/// "Same device token and bundle ID share one slot", 30 days: Apple, "Viewing the status of push
/// notifications using Metrics and APNs". [doc] That the newest always wins, and that a token of
/// another topic has a place of its own, is a [guess].
pub(super) fn policy() -> OfflinePolicy {
    OfflinePolicy {
        scope: Scope::Address,
        // Not documented. [guess]
        release: Release::ByReceipt,
        lanes: vec![
            Lane {
                name: "push",
                storage: Storage::Always,
                slot: Slot::One,
                capacity: 1,
                overflow: Overflow::EvictOldest,
                retention: Some(RETENTION),
                visible: Some(IN_VIEW),
            },
            Lane {
                name: "broadcast",
                storage: Storage::Always,
                slot: Slot::Key,
                capacity: MAX_FOLLOWED,
                overflow: Overflow::EvictOldest,
                retention: Some(BROADCAST_RETENTION),
                visible: None,
            },
            Lane {
                name: "held",
                storage: Storage::Always,
                slot: Slot::One,
                capacity: 1,
                overflow: Overflow::EvictOldest,
                retention: Some(RETENTION),
                visible: None,
            },
        ],
        words: WORDS,
    }
}

/// The lane of pushes to a device.
pub(super) const PUSH: usize = 0;

/// The lane of broadcasts, by channel; a channel that stores nothing forbids it.
pub(super) const BROADCAST: usize = 1;

/// The lane of what the system holds back because an app had its share: the newest, which replaces
/// the one before. [doc] Apple, "Pushing background updates to your App"
pub(super) const HELD: usize = 2;

/// The app was force-quit while a background push waited. [doc] the same page; the words are ours.
pub(super) const FORCE_QUIT_WHILE_STORED: &str = "Discarded - App Was Force-Quit (From Storage)";

/// A device gave a channel up while a message of it waited. The words are ours.
pub(super) const UNFOLLOWED: &str = "Discarded - Channel Not Followed (From Storage)";

/// The user does not want the app's notifications. [doc] Apple, "Viewing the status of push
/// notifications using Metrics and APNs"; that only alerts are meant is a [guess].
pub(super) const DISABLED: &str = "Discarded - Disabled";

/// The same, said while a push waited. [doc] the words; [guess] that it is dropped at once
pub(super) const DISABLED_WHILE_STORED: &str = "Discarded - Disabled (From Storage)";

/// The app is gone, which APNs does not tell yet. [doc]
pub(super) const UNREGISTERED: &str = "Discarded - Token Unregistered";

/// What must be true of the device, by priority. The meaning is Apple's [doc], the model ours.
/// [guess]
pub(super) fn gate(priority: &Field<Priority>) -> Gate {
    match priority {
        Field::Value(Priority::Considerate) => Gate::OnlineAndPowered,
        Field::Value(Priority::Lazy) => Gate::OnlineAndAwake,
        Field::Absent | Field::Bad(_) | Field::Value(Priority::Immediate) => Gate::Online,
    }
}

/// How long a push may wait, from an `apns-expiration` and the sender's clock.
///
/// `0` is one attempt, absent is the storage policy. [doc] A past moment is taken as `0`. [guess]
pub(super) fn lifetime(expiration: &Field<i64>, sender: Timestamp) -> Lifetime {
    let Field::Value(end) = expiration else { return Lifetime::Default };
    match u64::try_from(end.saturating_sub(sender.seconds())) {
        Ok(0) | Err(_) => Lifetime::NowOrNever,
        Ok(seconds) => Lifetime::For(Duration::from_secs(seconds)),
    }
}

/// The names in the console's metrics. [doc] [report: full list in seacode.uk's notes] A replaced
/// push has no name there: that one is ours, as is the one for what never leaves a view.
const WORDS: Words = Words {
    delivered: "Delivered to Device",
    delivered_from_storage: "Delivered to Device (From Storage)",
    stored_offline: "Stored - Device Offline",
    stored_power: "Stored - Power Considerations",
    replaced: REPLACED,
    expired: "Discarded - Expired",
    not_stored: "Discarded - Expired",
    overflowed: REPLACED,
    unregistered: "Discarded - Token Unregistered (From Storage)",
    left_view: "Left View",
    replaced_in_view: "Replaced on the Device",
};

const REPLACED: &str = "Replaced by a Newer Notification";

/// What a device shows of pushes with the same `apns-collapse-id` is the newest alone. [doc] Apple,
/// "Sending notification requests to APNs". How many ids a device remembers is a [guess].
const IN_VIEW: Visible =
    Visible { slot: Slot::Key, lifetime: None, sender_decides: false, capacity: 32 };

/// The longest time in storage of a broadcast. [doc] Apple, "Sending channel management requests to
/// APNs"
const BROADCAST_RETENTION: Duration = Duration::from_secs(8 * 3_600);

/// The longest time in storage. [doc]
const RETENTION: Duration = Duration::from_secs(30 * 24 * 3_600);
