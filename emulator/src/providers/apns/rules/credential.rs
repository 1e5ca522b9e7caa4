//! Rules about the provider token and its key, and what it may be used for.

use super::super::auth::{Credential, ProviderToken};
use super::super::request::Field;
use super::super::source::{RESPONSES, TOKENS};
use super::super::state::Topic;
use super::super::switches;
use super::{Check, Judged, Reason, Rejection, Scene, Stage};
use crate::clock::show_duration;
use crate::fidelity::Behavior;
use std::time::Duration;

pub(super) const PROVIDER_TOKEN: Check = Check {
    name: "provider-token",
    stage: Stage::Credential,
    run: provider_token,
    behavior: Behavior::documented(
        "No provider token: `MissingProviderToken`; one that is malformed, of an unknown key, of \
         another team than its key's, or whose signature is wrong: `InvalidProviderToken`",
        RESPONSES,
    )
    .besides("which defect gets which is as in pushy's mock server"),
};

fn provider_token(scene: &Scene<'_>) -> Judged {
    match &scene.push.credential {
        Credential::Bad(defect) => Err(Rejection::new(defect.reason(), defect.to_string())),
        Credential::Certificate(_) | Credential::Token(_) | Credential::Unreadable(_) => Ok(()),
    }
}

pub(super) const KEY_REVOKED: Check = Check {
    name: "key-revoked",
    stage: Stage::Credential,
    run: key_revoked,
    behavior: Behavior::documented(
        "A revoked key: `InvalidProviderToken`; connections that it opened before go on",
        TOKENS,
    )
    .besides("revoked by `POST /credentials/revoke`, until a reset"),
};

fn key_revoked(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    // A connection stays bound to the old state. [doc] Apple, "Establishing a token-based
    // connection to APNs"
    let went_before =
        || scene.state.binding(scene.desk.connection).is_some_and(|it| it.knows(&token.key));
    if !scene.state.has_revoked_key(&token.key.id) || went_before() {
        return Ok(());
    }
    let cause = format!("signature valid, but key `{}` was revoked", token.key.id);
    Err(Rejection::new(Reason::InvalidProviderToken, cause))
}

pub(super) const TOKEN_AGE: Check = Check {
    name: "token-age",
    stage: Stage::Credential,
    run: token_age,
    behavior: Behavior::documented(
        "`iat` more than 3600 s old: `ExpiredProviderToken`",
        TOKENS,
    )
    .besides(
        "on the sender's clock, so that moving the world breaks no healthy sender. More than an \
         hour ahead: `InvalidProviderToken` [assumed]",
    ),
};

fn token_age(scene: &Scene<'_>) -> Judged {
    let Some((token, first_seen)) = scene.token else { return Ok(()) };
    let now = scene.desk.now.sender;
    let ahead = token.issued.since(now);
    if ahead > MAX_AGE {
        // Apple says only that `iat` must be within one hour of now [doc]; the reason is ours.
        // [guess]
        return Err(Rejection::new(Reason::InvalidProviderToken, future(token, ahead)));
    }
    let app = scene.topic.as_ref().map(|topic| topic.app.0);
    let added = scene.desk.aging.extra(app, token.issued, first_seen);
    let age = now.since(token.issued).saturating_add(added);
    if age <= MAX_AGE {
        return Ok(());
    }
    let mut cause = format!("signature valid, but iat is {} old", minutes(age));
    if !added.is_zero() {
        cause.push_str(&format!(" ({} of it by age_credentials)", minutes(added)));
    }
    Err(Rejection::new(Reason::ExpiredProviderToken, cause))
}

pub(super) const CONNECTION_TEAM: Check = Check {
    name: "connection-team",
    stage: Stage::Credential,
    run: connection_team,
    behavior: Behavior::documented(
        "A second team on one connection: `InvalidProviderToken`",
        TOKENS,
    )
    .besides("the reason is that of pushy's mock server"),
};

fn connection_team(scene: &Scene<'_>) -> Judged {
    let Some((token, _)) = scene.token else { return Ok(()) };
    let Some(binding) = scene.state.binding(scene.desk.connection) else { return Ok(()) };
    let bound = &binding.key.team;
    if *bound == token.key.team {
        return Ok(());
    }
    // An error is documented [doc], its reason is not: pushy's mock server gives this one. [client]
    let cause = format!(
        "the connection belongs to team `{bound}` since its first push; team `{}` needs one of \
         its own",
        token.key.team
    );
    Err(Rejection::new(Reason::InvalidProviderToken, cause))
}

pub(super) const TOPIC_ALLOWED: Check = Check {
    name: "topic-allowed",
    stage: Stage::Topic,
    run: topic_allowed,
    behavior: Behavior::documented(
        "A topic that is no app of the team: `TopicDisallowed`",
        RESPONSES,
    )
    .besides(
        "an app that was added after the connection's first push is taken with a note, or gets the \
         same [assumed]; that it needs a new connection is documented",
    )
    .by(&[&switches::NEW_APPS]),
};

fn topic_allowed(scene: &Scene<'_>) -> Judged {
    let Field::Value(wanted) = &scene.push.topic else { return Ok(()) };
    let team = scene.token.map(|(token, _)| &token.key.team);
    let cause = match (&scene.topic, team) {
        (Some(_), None) => return Ok(()),
        (Some(topic), Some(team)) if topic.team == team => return new_app(scene, topic),
        (Some(topic), Some(team)) => format!(
            "topic `{wanted}` belongs to team `{}`, the provider token is team `{team}`'s",
            topic.team
        ),
        (None, Some(team)) => {
            let known = scene.state.bundles_of(team);
            format!("topic `{wanted}` is not an app of team `{team}`; its apps: {known}")
        }
        (None, None) => {
            format!("topic `{wanted}` of the client certificate is of no app here; add the app")
        }
    };
    Err(Rejection::new(Reason::TopicDisallowed, cause))
}

/// A connection takes the team's apps as they were at its first push. [doc] Apple, "Establishing a
/// token-based connection to APNs"; the reason is a [guess].
fn new_app(scene: &Scene<'_>, topic: &Topic<'_>) -> Judged {
    if scene.state.conduct().takes_new_apps || !came_later(scene, topic) {
        return Ok(());
    }
    let cause = "the app was added after the connection's first push; it needs another connection";
    Err(Rejection::new(Reason::TopicDisallowed, cause))
}

/// Whether an app was added after its connection's first push.
pub(super) fn came_later(scene: &Scene<'_>, topic: &Topic<'_>) -> bool {
    let binding = scene.state.binding(scene.desk.connection);
    binding.is_some_and(|binding| topic.added > binding.since)
}

fn future(token: &ProviderToken, ahead: Duration) -> String {
    let hint = if token.issued.seconds() >= LIKELY_MILLIS { "; is it milliseconds?" } else { "" };
    let hours = ahead.as_secs() / 3_600;
    format!("signature valid, but iat is {hours} h or more in the future{hint}")
}

/// A length as whole minutes where that says enough, else to the second.
pub(super) fn minutes(length: Duration) -> String {
    let (minutes, seconds) = (length.as_secs() / 60, length.as_secs() % 60);
    match (minutes, seconds) {
        (0, _) => show_duration(length),
        (60, 1..) => format!("60 min {seconds} s"),
        _ => format!("{minutes} min"),
    }
}

/// How old a provider token may be, and how far in the future its `iat`. [doc] Apple,
/// "Establishing a token-based connection to APNs". Exactly this old is still accepted. [client]
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// An `iat` from here on (the year 5138 in seconds) is meant in milliseconds. [guess]
const LIKELY_MILLIS: i64 = 100_000_000_000;
