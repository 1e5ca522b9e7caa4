//! A request to a channel or about channels as APNs reads it, none of it judged.
//!
//! What it has in common with a push to a device is read as one: credentials, expiration, priority.

use super::super::auth::{Keys, cut};
use super::super::device;
use super::super::request::{Environment, Field, Push, REALM_ANY, decode, echo, is_uuid};
use super::channel::Policy;
use crate::crypto::decode_base64;
use crate::wire::{MadeText, Peer, Request};
use serde_json::{Map, Value};

/// A request to a channel or about channels, parsed, its provider token verified.
#[derive(Debug)]
pub struct Broadcast {
    /// What pushes have too.
    pub(in super::super) push: Push,
    pub(super) route: Route,
    /// `apns-request-id` as it came, where it can be sent back.
    pub(super) id: Option<MadeText>,
    /// Whether that is a UUID or absent.
    pub(super) id_is_uuid: bool,
    /// The first header that came twice.
    pub(super) duplicate: Option<&'static str>,
    /// The bytes of `apns-channel-id`.
    pub(super) channel: Field<Vec<u8>>,
    /// Whether `apns-push-type` is that of Live Activities.
    pub(super) push_type: Field<()>,
    pub(super) content: Content,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A path of the API, and what its method asks for of the app with this bundle ID.
    Known(String, Option<Operation>),
    /// No path of the API.
    Unknown,
}

/// What can be asked for. [doc] Apple, "Sending channel management requests to APNs" and "Sending
/// broadcast push notification requests to APNs"
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// Makes a channel.
    Create,
    /// Takes a channel away.
    Delete,
    /// Tells all channels.
    List,
    /// Tells what a channel is like.
    Read,
    /// Sends a message to a channel.
    Send,
}

/// The body.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// What a message is, and why devices do not apply it, if they do not.
    Message(Option<&'static str>),
    /// What a new channel is to be.
    NewChannel(NewChannel),
    /// Not JSON, or JSON that cannot be what is asked for.
    Unreadable(String),
    /// Nothing is looked for in it.
    Unread,
}

/// What a new channel is to be, as the body says it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewChannel {
    pub(super) policy: Field<Policy>,
    pub(super) push_type: Field<()>,
    /// A key that there is not.
    pub(super) unknown: Option<String>,
}

impl Broadcast {
    /// Reads a request.
    pub(in super::super) fn read(keys: &Keys, peer: &Peer, request: &Request) -> Self {
        let push = Push::read(keys, peer, request);
        let route = route(&decode(request.path()), request.method());
        let (id, id_is_uuid) = match request.header(b"apns-request-id") {
            Some(id) => (echo(id), is_uuid(id)),
            // One of Apple's samples has it in its place. [doc]
            None => (push.id.clone(), push.id_is_uuid),
        };
        let content = match route {
            Route::Known(_, Some(Operation::Create)) => new_channel(request.body()),
            Route::Known(_, Some(Operation::Send)) => message(request.body()),
            _ => Content::Unread,
        };
        Self {
            route,
            id,
            id_is_uuid,
            duplicate: duplicate(request).or(push.duplicate),
            channel: channel(request.header(b"apns-channel-id")),
            push_type: push_type(request.header(b"apns-push-type")),
            content,
            push,
        }
    }

    /// The bundle ID of the path.
    pub(in super::super) fn bundle(&self) -> Option<&str> {
        match &self.route {
            Route::Known(bundle, _) => Some(bundle),
            Route::Unknown => None,
        }
    }

    pub(super) fn operation(&self) -> Option<Operation> {
        match self.route {
            Route::Known(_, operation) => operation,
            Route::Unknown => None,
        }
    }

    /// The environment that a channel is made in; of a request to no host of Apple's, all.
    pub(super) fn realm(&self) -> u8 {
        self.push.environment.map_or(REALM_ANY, Environment::realm)
    }

    /// The policy that a new channel is to have; checked before.
    pub(super) fn policy(&self) -> Policy {
        match &self.content {
            Content::NewChannel(NewChannel { policy: Field::Value(policy), .. }) => *policy,
            _ => Policy::None,
        }
    }
}

/// Whether a path is one of broadcasts and channels, well-formed or not.
pub(in super::super) fn takes(path: &[u8]) -> bool {
    let path = decode(path);
    PREFIXES.iter().any(|prefix| {
        path.strip_prefix(*prefix).is_some_and(|rest| matches!(rest, [] | [b'/', ..]))
    })
}

const PREFIXES: [&[u8]; 2] = [b"/4/broadcasts", b"/1/apps"];

fn route(path: &[u8], method: &[u8]) -> Route {
    let mut parts = path.strip_prefix(b"/").unwrap_or_default().split(|byte| *byte == b'/');
    let parts = [(); 5].map(|()| parts.next());
    let (bundle, operation) = match parts {
        [Some(b"4"), Some(b"broadcasts"), Some(b"apps"), Some(bundle), None] => {
            (bundle, (method == b"POST").then_some(Operation::Send))
        }
        [Some(b"1"), Some(b"apps"), Some(bundle), Some(b"channels"), None] => {
            let operation = match method {
                b"DELETE" => Some(Operation::Delete),
                b"GET" => Some(Operation::Read),
                b"POST" => Some(Operation::Create),
                _ => None,
            };
            (bundle, operation)
        }
        [Some(b"1"), Some(b"apps"), Some(bundle), Some(b"all-channels"), None] => {
            (bundle, (method == b"GET").then_some(Operation::List))
        }
        _ => return Route::Unknown,
    };
    match bundle {
        [] => Route::Unknown,
        bundle => Route::Known(String::from_utf8_lossy(bundle).into_owned(), operation),
    }
}

fn duplicate(request: &Request) -> Option<&'static str> {
    OWN_HEADERS.into_iter().find(|name| {
        request.headers().filter(|(found, _)| *found == name.as_bytes()).nth(1).is_some()
    })
}

/// The headers that a push to a device has not.
const OWN_HEADERS: [&str; 2] = ["apns-channel-id", "apns-request-id"];

/// `apns-channel-id`: base64. [doc] That both alphabets go, with or without padding, how long it
/// may be, and that an empty one counts as absent, is a [guess].
fn channel(value: Option<&[u8]>) -> Field<Vec<u8>> {
    match value {
        None | Some([]) => Field::Absent,
        Some(value) => match decode_base64(value).filter(|_| value.len() <= MAX_CHANNEL_ID) {
            Some(bytes) => Field::Value(bytes),
            None => bad(&String::from_utf8_lossy(value)),
        },
    }
}

/// `LiveActivity`, which Apple writes in three ways. [doc]
fn push_type(value: Option<&[u8]>) -> Field<()> {
    match value {
        None | Some([]) => Field::Absent,
        Some(value) if value.eq_ignore_ascii_case(LIVE_ACTIVITY.as_bytes()) => Field::Value(()),
        Some(value) => bad(&String::from_utf8_lossy(value)),
    }
}

fn message(body: &[u8]) -> Content {
    match serde_json::from_slice::<Value>(body) {
        Err(error) => Content::Unreadable(error.to_string()),
        Ok(payload) => Content::Message(device::ignores(&payload)),
    }
}

fn new_channel(body: &[u8]) -> Content {
    match serde_json::from_slice::<Map<String, Value>>(body) {
        Err(error) => Content::Unreadable(error.to_string()),
        Ok(object) => Content::NewChannel(NewChannel {
            policy: object.get(POLICY).map_or(Field::Absent, policy),
            push_type: match object.get(PUSH_TYPE) {
                None => Field::Absent,
                Some(Value::String(text)) => push_type(Some(text.as_bytes())),
                Some(other) => bad(&other.to_string()),
            },
            unknown: object.keys().find(|key| !KEYS.contains(&key.as_str())).map(|key| cut(key)),
        }),
    }
}

/// `message-storage-policy`: 0 or 1 [doc], as node-apn's README has it in quotes too. [client]
fn policy(value: &Value) -> Field<Policy> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.as_str() {
        "0" => Field::Value(Policy::None),
        "1" => Field::Value(Policy::Newest),
        other => bad(other),
    }
}

fn bad<T>(found: &str) -> Field<T> {
    Field::Bad(cut(found))
}

/// The only push type that is broadcast. [doc]
pub(super) const LIVE_ACTIVITY: &str = "LiveActivity";

/// What a channel is made of. [doc]
pub(super) const KEYS: [&str; 2] = [POLICY, PUSH_TYPE];
pub(super) const POLICY: &str = "message-storage-policy";
pub(super) const PUSH_TYPE: &str = "push-type";

/// The longest `apns-channel-id` that is looked at, in bytes. [guess] Apple names no size.
pub(super) const MAX_CHANNEL_ID: usize = 256;
