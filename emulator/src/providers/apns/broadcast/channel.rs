//! The channels of all apps, and who follows them.

use super::super::request::Environment;
use crate::post::{AppId, DeviceId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// A channel's identifier: random, never used again. [doc] That it has sixteen bytes is ours.
pub(super) type ChannelId = [u8; 16];

/// Where a channel is: its app, and the how manieth of all channels it is.
pub(super) type Place = (AppId, u64);

/// The channels of all apps, and who follows them.
///
/// What it can hold is bounded: channels for each app and environment, and channels that one
/// device follows.
#[derive(Debug, Default)]
pub(in super::super) struct Channels {
    channels: BTreeMap<Place, Channel>,
    by_id: HashMap<ChannelId, Place, FixedState>,
    /// How many an app has in an environment.
    counts: HashMap<(AppId, u8), usize, FixedState>,
    /// What devices follow, in the order of the channels.
    followed: HashMap<DeviceId, Vec<Place>, FixedState>,
    made: u64,
}

/// A channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: ChannelId,
    /// Its environment, as a post office's realm.
    realm: u8,
    pub(super) policy: Policy,
    followers: BTreeSet<DeviceId>,
}

/// What is stored for devices that cannot be reached; it stays as it was made. [doc]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// 0: nothing.
    None,
    /// 1: the newest message.
    Newest,
}

impl Policy {
    /// The number that stands for it. [doc]
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Newest => 1,
        }
    }
}

impl Channel {
    pub(super) fn new(id: ChannelId, realm: u8, policy: Policy) -> Self {
        Self { id, realm, policy, followers: BTreeSet::new() }
    }

    fn is_in(&self, environment: Option<Environment>) -> bool {
        environment.is_none_or(|environment| environment.admits(self.realm))
    }
}

impl Channels {
    /// Adds a channel; that there is room was checked before.
    pub(super) fn create(&mut self, app: AppId, channel: Channel) {
        let place = (app, self.made);
        self.made += 1;
        *self.counts.entry((app, channel.realm)).or_default() += 1;
        self.by_id.insert(channel.id, place);
        self.channels.insert(place, channel);
    }

    /// Takes a channel away. What waits for devices already may still arrive. [doc]
    pub(super) fn delete(&mut self, place: Place) {
        let Some(channel) = self.channels.remove(&place) else { return };
        self.by_id.remove(&channel.id);
        if let Some(count) = self.counts.get_mut(&(place.0, channel.realm)) {
            *count -= 1;
        }
        for device in channel.followers {
            self.forget(device, place);
        }
    }

    /// Takes all channels of an app away.
    pub(in super::super) fn delete_all(&mut self, app: AppId) {
        let places: Vec<_> = self.places_of(app).map(|(place, _)| *place).collect();
        for place in places {
            self.delete(place);
        }
    }

    /// Whether an app has as many channels in an environment as it may.
    pub(super) fn is_full(&self, app: AppId, realm: u8) -> bool {
        self.counts.get(&(app, realm)).is_some_and(|count| *count >= MAX_CHANNELS)
    }

    /// The app's channel with these bytes as its identifier, in an environment or in any.
    pub(super) fn find(
        &self,
        app: AppId,
        environment: Option<Environment>,
        id: &[u8],
    ) -> Option<Place> {
        let place = self.place(id).filter(|(of, _)| *of == app)?;
        self.channels.get(&place).is_some_and(|it| it.is_in(environment)).then_some(place)
    }

    /// Where the channel with these bytes as its identifier is, whosever it is.
    pub(super) fn place(&self, id: &[u8]) -> Option<Place> {
        self.by_id.get(&ChannelId::try_from(id).ok()?).copied()
    }

    pub(super) fn at(&self, place: Place) -> Option<&Channel> {
        self.channels.get(&place)
    }

    /// The policy of a channel that is there.
    pub(super) fn policy(&self, place: Option<Place>) -> Policy {
        place.and_then(|place| self.at(place)).map_or(Policy::None, |channel| channel.policy)
    }

    /// The identifiers of an app's channels in an environment or in any, oldest first.
    pub(super) fn of_app(
        &self,
        app: AppId,
        environment: Option<Environment>,
    ) -> impl Iterator<Item = &ChannelId> {
        let there = self.places_of(app).filter(move |(_, channel)| channel.is_in(environment));
        there.map(|(_, channel)| &channel.id)
    }

    /// Where an app's channels are, oldest first.
    pub(super) fn places_of(&self, app: AppId) -> impl Iterator<Item = (&Place, &Channel)> {
        self.channels.range((app, 0)..=(app, u64::MAX))
    }

    /// What a device follows, in the order of the channels.
    pub(super) fn followed_by(&self, device: DeviceId) -> &[Place] {
        self.followed.get(&device).map(Vec::as_slice).unwrap_or_default()
    }

    /// Lets a device follow these channels, in their order, and no others.
    pub(super) fn follow(&mut self, device: DeviceId, places: Vec<Place>) {
        for place in self.followed.remove(&device).unwrap_or_default() {
            if let Some(channel) = self.channels.get_mut(&place) {
                channel.followers.remove(&device);
            }
        }
        for place in &places {
            if let Some(channel) = self.channels.get_mut(place) {
                channel.followers.insert(device);
            }
        }
        if !places.is_empty() {
            self.followed.insert(device, places);
        }
    }

    /// Lets a device that an app was taken from follow none of the app's channels.
    pub(in super::super) fn leave_app(&mut self, device: DeviceId, app: AppId) {
        let followed = self.followed_by(device);
        if followed.iter().any(|(of, _)| *of == app) {
            let kept = followed.iter().copied().filter(|(of, _)| *of != app).collect();
            self.follow(device, kept);
        }
    }

    /// A channel's followers after a device.
    pub(super) fn followers(
        &self,
        place: Place,
        after: Option<DeviceId>,
    ) -> impl Iterator<Item = DeviceId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let channel = self.channels.get(&place).into_iter();
        channel.flat_map(move |it| it.followers.range((from, Bound::Unbounded))).copied()
    }

    fn forget(&mut self, device: DeviceId, place: Place) {
        if let Some(followed) = self.followed.get_mut(&device) {
            followed.retain(|it| *it != place);
            if followed.is_empty() {
                self.followed.remove(&device);
            }
        }
    }
}

/// An identifier as senders and devices write it. [doc]
pub(super) fn written(id: &ChannelId) -> String {
    STANDARD.encode(id)
}

/// How many channels an app may have in one environment. [doc] Apple, "Sending channel management
/// requests to APNs"
pub(super) const MAX_CHANNELS: usize = 10_000;

/// How many channels a device may follow. [guess] Apple names no number; it bounds what waits for
/// one device.
pub(in super::super) const MAX_FOLLOWED: usize = 100;
