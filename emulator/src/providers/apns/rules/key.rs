//! Rules about keys: for which environment and topics they are, which go together, and how often
//! their tokens may change.

use super::super::auth::Key;
use super::super::binding::{Binding, Held, UPDATE_INTERVAL};
use super::super::source::TOKENS;
use super::super::switches;
use super::{Check, Judged, Reason, Rejection, Scene, Stage, credential};
use crate::clock::show_duration;
use crate::fidelity::Behavior;
use std::borrow::Cow;
use std::time::Duration;

pub(super) const ENVIRONMENT: Check = Check {
    name: "key-environment",
    stage: Stage::Credential,
    run: environment,
    behavior: Behavior::documented(
        "A key of the other environment: `BadEnvironmentKeyInToken`",
        TOKENS,
    )
    .besides(
        "the reason is spelled as implementers see it; Apple writes `BadEnvironmentKeyIdInToken`. \
         Not under names that tell no environment",
    )
    .by(&[&switches::ENVIRONMENT_REASON]),
};

/// The environment of a key. [doc] Apple, "Establishing a token-based connection to APNs"
fn environment(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    let (Some(own), Some(dialed)) = (token.key.scope.environment, scene.push.environment) else {
        return Ok(());
    };
    if own == dialed {
        return Ok(());
    }
    let cause = format!(
        "key `{}` is for {} alone, the request came to {}",
        token.key.id,
        own.name(),
        dialed.name()
    );
    Err(Rejection::new(scene.state.conduct().environment_reason, cause))
}

pub(super) const RELATED: Check = Check {
    name: "connection-key",
    stage: Stage::Credential,
    run: related,
    behavior: Behavior::documented(
        "A key of the whole team and a topic-specific one on a connection, or two topic-specific \
         ones that are not related: `UnrelatedKeyIdInToken`",
        TOKENS,
    )
    .besides("of two environments: the reason of `key-environment` [assumed]")
    .by(&[&switches::ENVIRONMENT_REASON]),
};

/// Keys that may not follow the connection's first. [doc] Apple, "Establishing a token-based
/// connection to APNs"; the reasons are from the table in "Handling notification responses from
/// APNs" [doc], which goes with which is a [guess] for environments.
fn related(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    let Some(binding) = binding(scene) else { return Ok(()) };
    let (first, key) = (&binding.key, &token.key);
    if first.id == key.id {
        return Ok(());
    }
    if let (Some(one), Some(other)) = (first.scope.environment, key.scope.environment)
        && one != other
    {
        let cause = format!(
            "the connection began with key `{}` for {}, key `{}` is for {}",
            first.id,
            one.name(),
            key.id,
            other.name()
        );
        return Err(Rejection::new(scene.state.conduct().environment_reason, cause));
    }
    let fits = match (&first.scope.topics, &key.scope.topics) {
        (None, None) => true,
        (Some(_), Some(_)) => is_related(first, key),
        (Some(_), None) | (None, Some(_)) => false,
    };
    if fits {
        return Ok(());
    }
    let cause = format!(
        "the connection began with key `{}`, {}; key `{}`, {}, is not related to it and needs a \
         connection of its own",
        first.id,
        kind(first),
        key.id,
        kind(key)
    );
    Err(Rejection::new(Reason::UnrelatedKeyIdInToken, cause))
}

pub(super) const UPDATES: Check = Check {
    name: "token-updates",
    stage: Stage::Credential,
    run: updates,
    behavior: Behavior::documented(
        "Another provider token within 20 minutes on a connection: taken with a note, or \
         `TooManyProviderTokenUpdates`, while the one before stays good",
        TOKENS,
    )
    .besides(
        "gentle unless chosen. Counted for each key on the sender's clock, ageing included \
         [assumed]",
    )
    .by(&[&switches::UPDATES, &switches::UPDATE_BURST]),
};

/// A token that takes another's place too early. [doc] Apple, "Establishing a token-based
/// connection to APNs"; how it is counted is a [guess].
fn updates(scene: &Scene<'_>) -> Judged {
    let Some(burst) = scene.state.conduct().token_updates else { return Ok(()) };
    match early(scene) {
        Some(held) if held.updates >= burst => {
            let cause = format!("{}; the token before it is still good", told(scene, held));
            Err(Rejection::new(Reason::TooManyProviderTokenUpdates, cause))
        }
        _ => Ok(()),
    }
}

/// The same, where it is let pass.
pub(super) fn updated_early(scene: &Scene<'_>) -> Option<Cow<'static, str>> {
    let held = early(scene)?;
    let told = told(scene, held);
    Some(format!("{told}; Apple answers 429 TooManyProviderTokenUpdates").into())
}

pub(super) const SPOILED: Check = Check {
    name: "connection-spoiled",
    stage: Stage::Credential,
    run: spoiled,
    behavior: Behavior::observed(
        "After `TooManyProviderTokenUpdates` or `ExpiredProviderToken` a connection goes on, or \
         gives that answer to all that follows",
        "node-apn goes on; others saw connections that stayed bad: jchambers/pushy #811 and its \
         author's comment",
    )
    .by(&[&switches::STAYS]),
};

/// What the connection answers since one of its requests spoiled it. [report] pushy's author, and
/// jchambers/pushy #811
fn spoiled(scene: &Scene<'_>) -> Judged {
    let Some(reason) = scene.state.spoiled(scene.desk.connection) else { return Ok(()) };
    let cause = format!(
        "an earlier request was answered {}, and by the switch the connection stays so; open \
         another",
        reason.name()
    );
    Err(Rejection::new(reason, cause))
}

pub(super) const TOPICS: Check = Check {
    name: "key-topics",
    stage: Stage::Topic,
    run: topics,
    behavior: Behavior::documented(
        "A topic that a topic-specific key does not list: `TopicDisallowed`",
        TOKENS,
    )
    .besides("the reason is assumed"),
};

/// The topics of a key. [doc] the limit; [guess] the reason
fn topics(scene: &Scene<'_>) -> Judged {
    scene.push.topic().map_or(Ok(()), |topic| covered(scene, topic))
}

/// Whether the key is for a topic.
pub(in super::super) fn covered(scene: &Scene<'_>, wanted: &str) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    let Some(topics) = &token.key.scope.topics else { return Ok(()) };
    if topics.iter().any(|topic| *topic == *wanted) {
        return Ok(());
    }
    let known = super::super::state::listed(topics.iter().map(AsRef::as_ref));
    let cause = format!("key `{}` is for {known} alone, not for topic `{wanted}`", token.key.id);
    Err(Rejection::new(Reason::TopicDisallowed, cause))
}

fn binding<'a>(scene: &Scene<'a>) -> Option<&'a Binding> {
    scene.state.binding(scene.desk.connection)
}

fn is_related(one: &Key, other: &Key) -> bool {
    let names = |key: &Key, id: &str| key.scope.related.as_deref() == Some(id);
    names(one, &other.id) || names(other, &one.id)
}

fn kind(key: &Key) -> &'static str {
    match key.scope.topics {
        Some(_) => "a topic-specific one",
        None => "one of the whole team",
    }
}

/// The token in use whose place this one takes too early.
fn early<'a>(scene: &Scene<'a>) -> Option<&'a Held> {
    let (token, _) = scene.token?;
    let held = binding(scene)?.predecessor(token)?;
    (age(scene, held) < UPDATE_INTERVAL).then_some(held)
}

fn age(scene: &Scene<'_>, held: &Held) -> Duration {
    let app = scene.topic.as_ref().map(|topic| topic.app.0);
    held.held_for(scene.desk.now.sender, scene.desk.aging, app)
}

fn told(scene: &Scene<'_>, held: &Held) -> String {
    let before = credential::minutes(age(scene, held));
    let every = show_duration(UPDATE_INTERVAL);
    format!("a new provider token {before} after the last; one may come every {every}")
}
