//! What a request to a channel or about channels must be like: the checks in their order.
//!
//! "APNs validates the request using the token or certificate, then the channel, then delivers":
//! Apple, "Sending broadcast push notification requests to APNs". [doc] The rest of the order is
//! that of pushes to a device, which is ours. [guess] Checks that are the same are those of pushes.

mod content;
mod place;

use super::super::auth::ProviderToken;
use super::super::rules::{self, Judged, Reason, Rejection, Stage};
use super::super::state::State;
use super::channel::{Channels, Place};
use super::request::Operation::{self, Create, Delete, List, Read, Send};
use super::request::{Broadcast, Route};
use crate::clock::Order;
use crate::providers::rim::Desk;
use std::sync::Arc;

/// Everything that a check may look at; checks change nothing.
pub(super) struct Scene<'a> {
    /// What checks of pushes look at.
    pub(super) caller: rules::Scene<'a>,
    /// The request.
    pub(super) asked: &'a Broadcast,
    /// All channels.
    pub(super) channels: &'a Channels,
    /// The channel that the request names.
    pub(super) channel: Option<Place>,
}

/// One named rule, and what is asked for where it holds.
struct Line {
    of: &'static [Operation],
    rule: Rule,
}

/// A rule of our own, or one of pushes.
enum Rule {
    /// All that pushes have about who calls.
    Caller,
    Own(&'static str, Stage, fn(&Scene<'_>) -> Judged),
    /// The one of that name.
    Push(&'static str),
}

/// A request that is turned down, by which rule.
pub(super) struct Refusal {
    pub(super) rule: &'static str,
    pub(super) stage: Stage,
    pub(super) rejection: Rejection,
}

const ALL: &[Operation] = &[Create, Delete, List, Read, Send];
const NAMED: &[Operation] = &[Delete, Read, Send];
const WRITING: &[Operation] = &[Create, Send];

/// The checks, in their order. [guess] but for "credential, then channel" [doc]
const CHECKS: &[Line] = &[
    line(ALL, Rule::Own("path", Stage::Path, place::path)),
    line(ALL, Rule::Own("method", Stage::Path, place::method)),
    line(ALL, Rule::Own("duplicate-headers", Stage::Path, place::duplicates)),
    line(ALL, Rule::Caller),
    line(ALL, Rule::Own("apns-request-id", Stage::Header, place::id)),
    line(&[Send], Rule::Push("apns-expiration")),
    line(&[Send], Rule::Push("apns-priority")),
    line(&[Send], Rule::Own("apns-push-type", Stage::Header, content::push_type)),
    line(NAMED, Rule::Own("apns-channel-id", Stage::Header, place::channel_id)),
    line(ALL, Rule::Own("bundle-suffix", Stage::Topic, place::suffix)),
    line(ALL, Rule::Own("bundle-allowed", Stage::Topic, place::allowed)),
    line(ALL, Rule::Own("key-topics", Stage::Topic, place::key_topics)),
    line(ALL, Rule::Own("broadcast-capability", Stage::Topic, place::capability)),
    line(WRITING, Rule::Push("payload-empty")),
    line(WRITING, Rule::Own("payload-size", Stage::Payload, content::size)),
    line(WRITING, Rule::Own("payload-json", Stage::Payload, content::json)),
    line(&[Create], Rule::Own("channel-keys", Stage::Payload, content::keys)),
    line(&[Create], Rule::Own("channel-policy", Stage::Payload, content::policy)),
    line(&[Create], Rule::Own("channel-push-type", Stage::Payload, content::channel_push_type)),
    line(NAMED, Rule::Own("channel-known", Stage::Address, place::known)),
    line(&[Send], Rule::Own("storage-policy", Stage::Address, place::storage)),
    line(&[Create], Rule::Own("channel-limit", Stage::Address, place::room)),
];

const fn line(of: &'static [Operation], rule: Rule) -> Line {
    Line { of, rule }
}

impl<'a> Scene<'a> {
    pub(super) fn new(
        state: &'a State,
        desk: &'a Desk<'a>,
        asked: &'a Broadcast,
        token: Option<(&'a Arc<ProviderToken>, Order)>,
    ) -> Self {
        let topic = asked.bundle().and_then(|bundle| state.topic(bundle));
        let topic = topic.filter(|topic| topic.suffix.is_none());
        let channel = topic.and_then(|topic| {
            let id = asked.channel.value()?;
            state.channels.find(topic.app, asked.push.environment, id)
        });
        let caller = rules::Scene {
            push: &asked.push,
            desk,
            state,
            token: token.map(|(token, first_seen)| (&**token, first_seen)),
            topic,
            address: None,
        };
        Self { caller, asked, channels: &state.channels, channel }
    }

    pub(super) fn operation(&self) -> Option<Operation> {
        self.asked.operation()
    }
}

/// Runs the checks until one says no.
pub(super) fn judge(scene: &Scene<'_>) -> Result<(), Refusal> {
    let holds = |line: &&Line| match scene.operation() {
        Some(operation) => line.of.contains(&operation),
        // The path or the method is wrong, which those say that hold for all.
        None => line.of == ALL,
    };
    CHECKS.iter().filter(holds).try_for_each(|line| line.rule.run(scene))
}

impl Rule {
    fn run(&self, scene: &Scene<'_>) -> Result<(), Refusal> {
        let pushes = |wanted: &dyn Fn(&rules::Check) -> bool| {
            rules::CHECKS.iter().filter(|check| wanted(check)).try_for_each(|check| {
                let refusal =
                    |rejection| Refusal { rule: check.name, stage: check.stage, rejection };
                (check.run)(&scene.caller).map_err(refusal)
            })
        };
        match self {
            Self::Caller => pushes(&|check| check.stage == Stage::Credential),
            Self::Push(name) => pushes(&|check| check.name == *name),
            Self::Own(rule, stage, run) => {
                run(scene).map_err(|rejection| Refusal { rule, stage: *stage, rejection })
            }
        }
    }
}

/// The refusal of a path that is not the API's.
pub(super) fn no_path() -> Refusal {
    Refusal { rule: "path", stage: Stage::Path, rejection: place::no_path() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_that_are_taken_from_pushes_are_there() {
        let named = CHECKS.iter().filter_map(|line| match line.rule {
            Rule::Push(name) => Some(name),
            Rule::Caller | Rule::Own(..) => None,
        });
        let missing: Vec<_> =
            named.filter(|name| rules::CHECKS.iter().all(|check| check.name != *name)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }
}
