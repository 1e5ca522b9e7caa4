//! From verdicts to bytes.
//!
//! All answers have `apns-request-id` in place of `apns-id`. [doc] The order of headers follows that
//! of pushes. [guess]

use super::super::edge::{with_body, written as uuid_text};
use super::super::request::Environment;
use super::super::source::CHANNELS;
use super::channel::{ChannelId, Policy, written};
use super::request::{Broadcast, LIVE_ACTIVITY, POLICY, PUSH_TYPE};
use super::rules::Refusal;
use crate::fidelity::Behavior;
use crate::ids::{Ids, Purpose};
use crate::providers::rim::{Answer, Verdict};
use crate::wire::{HeaderText, MadeText, Reply};
use bytes::Bytes;
use serde_json::json;
use std::borrow::Cow;
use uuid::fmt::Hyphenated;

/// What of answers to broadcasts is as APNs has it.
pub(in super::super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented(
        "A channel that was made: 201 with `apns-channel-id` and no body; what it is like and \
         lists: 200; deleted: 204; a message: 200",
        CHANNELS,
    )
    .besides("ids have 16 random bytes [assumed]"),
    Behavior::documented("`apns-request-id` comes back or is made, on errors too", CHANNELS),
    Behavior::assumed("`apns-unique-id` with messages in the sandbox", "pushes have it"),
];

/// The answer to a channel that was made: its identifier, and no body. [doc]
pub(super) fn created(ids: &mut Ids, asked: &Broadcast, id: &ChannelId) -> Answer {
    let mut reply = Reply::status(201);
    identify(&mut reply, ids, asked.id.clone());
    reply.push_header("apns-channel-id", HeaderText::made(written(id)));
    accepted(reply)
}

/// The answer to a channel that was taken away. [doc]
pub(super) fn deleted(ids: &mut Ids, asked: &Broadcast) -> Answer {
    let mut reply = Reply::status(204);
    identify(&mut reply, ids, asked.id.clone());
    accepted(reply)
}

/// The answer with all channels. [doc]
pub(super) fn listed<'a>(
    ids: &mut Ids,
    asked: &Broadcast,
    all: impl Iterator<Item = &'a ChannelId>,
) -> Answer {
    told(ids, asked, &json!({"channels": all.map(written).collect::<Vec<_>>()}))
}

/// The answer with what a channel is like. [doc]
pub(super) fn read(ids: &mut Ids, asked: &Broadcast, policy: Policy) -> Answer {
    told(ids, asked, &json!({POLICY: policy.number(), PUSH_TYPE: LIVE_ACTIVITY}))
}

/// The answer to a message. That the sandbox gives it an `apns-unique-id` as well is a [guess].
pub(super) fn sent(ids: &mut Ids, asked: &Broadcast) -> Answer {
    let mut reply = Reply::status(200);
    identify(&mut reply, ids, asked.id.clone());
    if asked.push.environment == Some(Environment::Sandbox) {
        let unique = uuid_text(ids.uuid(Purpose::Trace), Hyphenated::encode_lower);
        reply.push_header("apns-unique-id", HeaderText::Made(unique));
    }
    accepted(reply)
}

/// The answer to a request that is turned down.
pub(super) fn rejected(ids: &mut Ids, asked: &Broadcast, refusal: Refusal) -> Answer {
    let Refusal { rule, rejection, .. } = refusal;
    let body = Bytes::from_static(rejection.reason.body().as_bytes());
    let mut reply = with_body(rejection.reason.status(), body);
    identify(&mut reply, ids, asked.id.clone());
    let verdict = Verdict {
        accepted: false,
        reason: Some(Cow::Borrowed(rejection.reason.name())),
        rule: Some(rule),
        cause: Some(rejection.cause),
        warnings: Vec::new(),
    };
    Answer { reply, verdict }
}

/// Adds the identifier: as it came, else a new one. [doc] Its case is that of pushes. [guess]
pub(in super::super) fn identify(reply: &mut Reply, ids: &mut Ids, id: Option<MadeText>) {
    let made = || uuid_text(ids.uuid(Purpose::Message), Hyphenated::encode_upper);
    reply.push_header("apns-request-id", HeaderText::Made(id.unwrap_or_else(made)));
}

fn told(ids: &mut Ids, asked: &Broadcast, body: &serde_json::Value) -> Answer {
    let mut reply = with_body(200, Bytes::from(body.to_string()));
    identify(&mut reply, ids, asked.id.clone());
    accepted(reply)
}

fn accepted(reply: Reply) -> Answer {
    Answer { reply, verdict: Verdict { accepted: true, ..Verdict::default() } }
}
