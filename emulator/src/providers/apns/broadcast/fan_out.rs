//! The way of a message to all who follow its channel, a few at a time.
//!
//! A broadcast is due at the moment at which it was accepted until its last follower had it. Whoever
//! looks at the world afterwards sees all of it, however it was cut.

use super::super::offline;
use super::super::source::{ACTIVITIES, CHANNELS};
use super::super::state::State;
use super::super::topic::PLAIN;
use super::channel::{ChannelId, Channels, Place, Policy};
use super::request::{Broadcast, Content};
use crate::clock::Timestamp;
use crate::fidelity::Behavior;
use crate::post::{
    AddressId, AppId, DeviceId, Gate, Life, Lifetime, Payload, PolicyId, Post, Storing, Submission,
};
use crate::providers::rim::Desk;
use std::collections::VecDeque;
use std::sync::Arc;

/// What of delivering broadcasts is as APNs has it.
pub(in super::super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented("Policy 0: devices that cannot be reached get nothing", CHANNELS),
    Behavior::documented(
        "Policy 1: the newest message waits, at most 8 hours, less with `apns-expiration`",
        CHANNELS,
    )
    .besides("one for each channel and device"),
    Behavior::assumed(
        "Each device that follows gets a message at the moment at which it was accepted",
        "Apple may reorder, group and throttle",
    ),
    Behavior::documented("A broadcast with `event: start` starts nothing", ACTIVITIES).besides(
        "the answer, 200, is assumed. News older than what is shown are applied: `timestamp` of \
         broadcasts is not looked at",
    ),
    Behavior::documented("A channel that is deleted: what waits may still arrive", CHANNELS)
        .besides("here it does"),
];

/// Messages on their way, in the order in which they were accepted.
#[derive(Debug, Default)]
pub(in super::super) struct FanOuts(VecDeque<FanOut>);

/// A message on its way.
#[derive(Debug)]
pub(super) struct FanOut {
    request: u64,
    place: Place,
    id: ChannelId,
    accepted: Timestamp,
    /// The follower that had it last.
    after: Option<DeviceId>,
    gate: Gate,
    lifetime: Lifetime,
    storing: Storing,
    discarded: Option<&'static str>,
    /// One for all whom it waits for.
    message: Arc<[u8]>,
}

impl FanOut {
    /// A message that was accepted just now.
    pub(super) fn new(
        desk: &Desk<'_>,
        asked: &Broadcast,
        channels: &Channels,
        place: Place,
        message: Arc<[u8]>,
    ) -> Self {
        let storing = match channels.policy(Some(place)) {
            Policy::None => Storing::Forbidden,
            Policy::Newest => Storing::Unsaid,
        };
        let discarded = match asked.content {
            Content::Message(discarded) => discarded,
            _ => None,
        };
        Self {
            request: desk.request,
            place,
            id: channels.at(place).map(|channel| channel.id).unwrap_or_default(),
            accepted: desk.now.world,
            after: None,
            gate: offline::gate(&asked.push.priority),
            lifetime: offline::lifetime(&asked.push.expiration, desk.now.sender),
            storing,
            discarded,
            message,
        }
    }

    /// Hands the message to the next few; whether there were as many.
    fn step(&mut self, channels: &Channels, policy: PolicyId, desk: &mut Desk<'_>) -> bool {
        let mut left = STEP;
        for device in channels.followers(self.place, self.after).take(STEP) {
            self.after = Some(device);
            left -= 1;
            let Some(address) = address_of(desk.post, device, self.place.0) else { continue };
            let note = Submission {
                request: self.request,
                address,
                policy,
                lane: offline::BROADCAST,
                key: Some(&self.id),
                gate: self.gate,
                lifetime: self.lifetime,
                storing: self.storing,
                payload: Payload::Shared(&self.message),
                own_payload: false,
                mark: 0,
                discarded: self.discarded,
            };
            desk.post.submit(note, desk.now);
        }
        left == 0
    }
}

impl FanOuts {
    /// When the first of them was accepted.
    pub(in super::super) fn next_due(&self) -> Option<Timestamp> {
        self.0.front().map(|first| first.accepted)
    }
}

impl State {
    /// Sets a message on its way.
    pub(super) fn send_out(&mut self, desk: &mut Desk<'_>, fan_out: FanOut) {
        // While the clock is being advanced they can pile up, since requests come in between.
        while self.fan_outs.0.len() >= MAX_ON_THEIR_WAY {
            self.go_on(desk);
        }
        self.fan_outs.0.push_back(fan_out);
    }

    /// Hands the first message to its next few followers.
    pub(in super::super) fn go_on(&mut self, desk: &mut Desk<'_>) {
        if let Some(first) = self.fan_outs.0.front_mut()
            && !first.step(&self.channels, self.policy, desk)
        {
            self.fan_outs.0.pop_front();
        }
    }
}

/// Where an app on a device is reached: its token for ordinary pushes.
pub(super) fn address_of(post: &Post, device: DeviceId, app: AppId) -> Option<AddressId> {
    post.addresses_of(device).find(|id| {
        let address = post.address(*id);
        address.app == app && address.life == Life::Active && address.kind == PLAIN
    })
}

/// How many followers get a message at a time. The world does a hundred such steps under one hold
/// of its lock, which may take a millisecond.
const STEP: usize = 10;

/// How many messages may be on their way: each keeps its text.
const MAX_ON_THEIR_WAY: usize = 100;
