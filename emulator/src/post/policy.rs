//! What a provider does with a notification that cannot be delivered now: a value, not code.
//!
//! The type must hold what APNs, FCM and WNS do; `post/tests.rs` writes the three out.

use std::time::Duration;

/// The number under which a post office holds a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyId(pub u8);

/// A provider's whole offline behavior.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfflinePolicy {
    /// Whose queue a pending notification goes into.
    pub scope: Scope,
    /// The kinds of notification that are treated differently; a submission names one by index.
    pub lanes: Vec<Lane>,
    /// In which order what waited goes, once it may.
    pub release: Release,
    /// What the provider itself calls what happens.
    pub words: Words,
}

/// What a queue belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One address.
    Address,
    /// All addresses of one app on one device together.
    AppOnDevice,
}

/// In which order the notifications of a queue go that were stored and may go now.
///
/// No provider documents one: FCM promises none, and of WNS even the kinds are unknown (fcm.md,
/// wns.md 9.5). Order of receipt is what all are given. [guess]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Kind by kind as the lanes stand, each in order of receipt, for a provider that keeps its
    /// kinds apart, as WNS does with tile, badge and raw.
    ByLane,
    /// In order of receipt.
    ByReceipt,
}

/// How one kind of notification is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The provider's name for the kind, such as `tile`.
    pub name: &'static str,
    /// Whether it is stored at all.
    pub storage: Storage,
    /// What takes the place of what.
    pub slot: Slot,
    /// How many are kept in one queue's lane.
    pub capacity: usize,
    /// What happens when one more comes.
    pub overflow: Overflow,
    /// The longest time in storage, from receipt; `None` is for ever.
    pub retention: Option<Duration>,
    /// Whether and how long it stays visible on the device once delivered.
    pub visible: Option<Visible>,
}

/// Whether a lane stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Unless the sender forbids it.
    Always,
    /// Never, whatever the sender asks.
    Never,
    /// Only when the sender asks for it.
    WhenAsked,
}

/// What takes the place of what in a queue's lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Nothing replaces anything.
    Each,
    /// The same key replaces; without a key the newest stands for itself.
    Key,
    /// There is one place: the newest replaces what is there.
    One,
}

/// What happens when a lane is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Everything in the queue is dropped, the new one too, and the app gets one notice on return.
    ClearAll {
        /// What the device is told instead, such as `deleted_messages`.
        notice: &'static str,
    },
    /// The one received longest ago goes.
    EvictOldest,
}

/// How long a delivered notification stays in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visible {
    /// What takes the place of what in view.
    pub slot: Slot,
    /// The time in view when the sender names no lifetime, from delivery; `None` is until another
    /// takes its place.
    pub lifetime: Option<Duration>,
    /// Whether a lifetime that the sender names, from receipt, takes its place.
    pub sender_decides: bool,
    /// How many stay in view at a time; the oldest goes.
    pub capacity: usize,
}

impl Visible {
    /// Whether anything can come of a notification's being in view: its end, or its replacement.
    pub(super) fn minds(&self, key: Option<&[u8]>) -> bool {
        self.lifetime.is_some() || self.sender_decides || self.slot != Slot::Key || key.is_some()
    }
}

/// What must be true of a device for a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// It is online.
    Online,
    /// It is online and does not save power.
    OnlineAndPowered,
    /// It is online, does not save power and is awake anyway.
    OnlineAndAwake,
    /// Nothing is enough: the provider says when it may go.
    Held,
}

/// The provider's own words for what happens to a notification, shown as reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Delivered at once.
    pub delivered: &'static str,
    /// Delivered after waiting.
    pub delivered_from_storage: &'static str,
    /// Waits because the device is offline.
    pub stored_offline: &'static str,
    /// Waits because the device saves power.
    pub stored_power: &'static str,
    /// A newer one took its place.
    pub replaced: &'static str,
    /// Its lifetime ended while it waited.
    pub expired: &'static str,
    /// It may not wait, and the device can't be reached.
    pub not_stored: &'static str,
    /// The lane was full.
    pub overflowed: &'static str,
    /// The address died while it waited.
    pub unregistered: &'static str,
    /// It left the device's view because its time was over.
    pub left_view: &'static str,
    /// It left the device's view because a newer one took its place there.
    pub replaced_in_view: &'static str,
}
