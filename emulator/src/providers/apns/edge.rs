//! From verdicts to bytes.
//!
//! The order of headers is that of the sample in Apple's "Handling notification responses from
//! APNs": `content-type` before `apns-id`. [doc] On success there is `apns-id` alone. [report:
//! pushy #184] `apns-unique-id` comes last. [guess]

use super::broadcast;
use super::request::{Environment, Push, environment_of};
use super::rules::{Check, Reason, Rejection};
use super::source::{RESPONSES, SENDING};
use crate::clock::Timestamp;
use crate::fidelity::Behavior;
use crate::ids::{Ids, Purpose};
use crate::post::FaultReply;
use crate::providers::rim::{Answer, Desk, FaultedReply, Verdict};
use crate::wire::{HeaderText, MadeText, Reply, Request};
use bytes::Bytes;
use std::borrow::Cow;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// What of answers is as APNs has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented("Accepted: 200, a head and no body", RESPONSES),
    Behavior::documented(
        "Rejected: the status of the reason and compact JSON with `reason`; 410 has `timestamp` in \
         ms besides",
        RESPONSES,
    )
    .besides("the body is one DATA frame: pushy and aioapns read no other"),
    Behavior::observed(
        "`apns-id` comes back byte for byte, on errors too; without one a new one is made in upper \
         case",
        "aioapns finds its request by it; pushy #184",
    )
    .besides(
        "one that is no UUID comes back too, since aioapns waits for it for ever otherwise \
         [assumed]",
    ),
    Behavior::documented("`apns-unique-id` in the sandbox alone", SENDING)
        .besides("with rejections too [assumed]"),
];

/// The answer to a push that is accepted: a head and no body. [doc]
pub(super) fn accepted(ids: &mut Ids, push: &Push, warnings: Vec<Cow<'static, str>>) -> Answer {
    let mut reply = Reply::status(200);
    identify(&mut reply, ids, push.id.clone(), push.environment);
    Answer { reply, verdict: Verdict { accepted: true, warnings, ..Verdict::default() } }
}

/// The answer to a push that is turned down.
pub(super) fn rejected(ids: &mut Ids, push: &Push, check: &Check, rejection: Rejection) -> Answer {
    let Rejection { reason, cause, since } = rejection;
    let body = match since {
        Some(since) => Bytes::from(dated_body(reason.name(), since)),
        None => Bytes::from_static(reason.body().as_bytes()),
    };
    let mut reply = with_body(reason.status(), body);
    identify(&mut reply, ids, push.id.clone(), push.environment);
    let verdict = Verdict {
        accepted: false,
        reason: Some(Cow::Borrowed(reason.name())),
        rule: Some(check.name),
        cause: Some(cause),
        warnings: Vec::new(),
    };
    Answer { reply, verdict }
}

/// What a fault asks for, in Apple's shape: as far as it says nothing, the usual.
pub(super) fn fault(desk: &mut Desk<'_>, request: &Request, fault: &FaultReply) -> FaultedReply {
    let broadcasts = broadcast::takes(request.path());
    let reason = fault_reason(fault, broadcasts);
    let body = match &fault.body {
        Some(body) => Bytes::from(body.clone()),
        None => Bytes::from(fault_body(fault.status, reason.as_deref(), desk.now.sender)),
    };
    let mut reply = with_body(fault.status, body);
    let id = |name: &[u8]| request.header(name).and_then(super::request::echo);
    match broadcasts {
        true => {
            let id = id(b"apns-request-id").or_else(|| id(b"apns-id"));
            broadcast::identify(&mut reply, desk.ids, id);
        }
        false => {
            let environment = environment_of(request.authority());
            identify(&mut reply, desk.ids, id(b"apns-id"), environment);
        }
    }
    for (name, value) in &fault.headers {
        let name = name.to_ascii_lowercase();
        reply.headers.retain(|(present, _)| *present != name);
        reply.headers.push((name.into(), HeaderText::made(value)));
    }
    (reply, reason)
}

/// A reply with the body's type, and the body in one piece.
pub(super) fn with_body(status: u16, body: Bytes) -> Reply {
    let mut reply = Reply { body, ..Reply::status(status) };
    if !reply.body.is_empty() {
        reply.push_header("content-type", HeaderText::Fixed("application/json"));
    }
    reply
}

/// Adds the identifiers: `apns-id` byte for byte as it came [client: aioapns finds its request by
/// it], else a new one in upper case [report: pushy #184]; in the sandbox also `apns-unique-id`
/// [doc] in lower case [report: AndrewBarba/apns2 #95], with failures too [guess].
fn identify(
    reply: &mut Reply,
    ids: &mut Ids,
    id: Option<MadeText>,
    environment: Option<Environment>,
) {
    let sandbox = environment == Some(Environment::Sandbox);
    let id = id.unwrap_or_else(|| written(ids.uuid(Purpose::Message), Hyphenated::encode_upper));
    reply.push_header("apns-id", HeaderText::Made(id));
    if sandbox {
        let unique = written(ids.uuid(Purpose::Trace), Hyphenated::encode_lower);
        reply.push_header("apns-unique-id", HeaderText::Made(unique));
    }
}

pub(super) fn written(
    id: Uuid,
    write: for<'a> fn(&Hyphenated, &'a mut [u8]) -> &'a mut str,
) -> MadeText {
    let mut text = [0; Hyphenated::LENGTH];
    MadeText::from_slice(write(id.as_hyphenated(), &mut text).as_bytes())
}

/// A body with the moment since when a device token is dead: milliseconds, a bare integer. [doc]
fn dated_body(reason: &str, since: Timestamp) -> String {
    let reason = serde_json::Value::from(reason);
    format!("{{\"reason\":{reason},\"timestamp\":{}}}", since.millis())
}

/// The reason of a fault: its own; else, unless it brings a body, the usual one for its status.
fn fault_reason(fault: &FaultReply, broadcasts: bool) -> Option<Cow<'static, str>> {
    let own = || fault.reason.clone().map(Cow::Owned);
    let usual = || match (fault.body.is_some(), Reason::usual(fault.status), fault.status) {
        (true, ..) => None,
        (false, Some(Reason::BadDeviceToken), _) if broadcasts => {
            Some(Reason::ChannelNotRegistered.name())
        }
        (false, Some(reason), _) => Some(reason.name()),
        // What stands before the service may have statuses of its own; senders want a reason.
        (false, None, 500..) => Some(Reason::InternalServerError.name()),
        (false, None, _) => None,
    };
    own().or_else(|| usual().map(Cow::Borrowed))
}

fn fault_body(status: u16, reason: Option<&str>, now: Timestamp) -> String {
    match (reason, status) {
        (None, _) => String::new(),
        (Some(reason), GONE) => dated_body(reason, now),
        (Some(reason), _) => format!("{{\"reason\":{}}}", serde_json::Value::from(reason)),
    }
}

/// The status that has a `timestamp`, whatever the reason. [doc]
const GONE: u16 = 410;
