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
use crate::fidelity::Behavior;
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
    Own(Check),
    /// The one of that name.
    Push(&'static str),
}

/// One named rule of broadcasts alone.
struct Check {
    /// Its name, which goes into the journal.
    name: &'static str,
    /// Where in the course of a request it stands.
    stage: Stage,
    /// What it says.
    run: fn(&Scene<'_>) -> Judged,
    /// What of the real service it is, and how sure that is.
    behavior: Behavior,
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

/// What holds for all of them.
pub(super) const ABOUT: &str = "Authentication comes before the channel [documented]; the rest of \
    the order is that of pushes. Who calls, and the headers that pushes have too, are looked at as \
    there.";

/// The checks, in their order. [guess] but for "credential, then channel" [doc]
const CHECKS: &[Line] = &[
    line(ALL, Rule::Own(place::PATH)),
    line(ALL, Rule::Own(place::METHOD)),
    line(ALL, Rule::Own(place::DUPLICATES)),
    line(ALL, Rule::Caller),
    line(ALL, Rule::Own(place::ID)),
    line(&[Send], Rule::Push("apns-expiration")),
    line(&[Send], Rule::Push("apns-priority")),
    line(&[Send], Rule::Own(content::HEADER_PUSH_TYPE)),
    line(NAMED, Rule::Own(place::CHANNEL_ID)),
    line(ALL, Rule::Own(place::SUFFIX)),
    line(ALL, Rule::Own(place::ALLOWED)),
    line(ALL, Rule::Own(place::KEY_TOPICS)),
    line(ALL, Rule::Own(place::CAPABILITY)),
    line(WRITING, Rule::Push("payload-empty")),
    line(WRITING, Rule::Own(content::SIZE)),
    line(WRITING, Rule::Own(content::JSON)),
    line(&[Create], Rule::Own(content::CHANNEL_KEYS)),
    line(&[Create], Rule::Own(content::CHANNEL_POLICY)),
    line(&[Create], Rule::Own(content::CHANNEL_PUSH_TYPE)),
    line(NAMED, Rule::Own(place::KNOWN)),
    line(&[Send], Rule::Own(place::STORAGE)),
    line(&[Create], Rule::Own(place::ROOM)),
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
            Self::Own(Check { name, stage, run, .. }) => {
                run(scene).map_err(|rejection| Refusal { rule: name, stage: *stage, rejection })
            }
        }
    }
}

/// The rules of broadcasts alone, in the order in which they are looked at.
pub(super) fn own() -> impl Iterator<Item = (&'static str, Behavior)> {
    CHECKS.iter().filter_map(|line| match &line.rule {
        Rule::Own(check) => Some((check.name, check.behavior)),
        Rule::Caller | Rule::Push(_) => None,
    })
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
