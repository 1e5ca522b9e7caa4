//! The request as APNs reads it: path, headers and payload, typed, none of them judged.
//!
//! A field keeps what it found when that is wrong; the rules say in which order that matters.

use super::auth::{Credential, Keys, cut};
use super::connection::Opened;
use super::content::{self, Content};
use super::topic;
use crate::wire::{MadeText, Peer, Request};
use compact_str::CompactString;
use smallvec::SmallVec;
use std::borrow::Cow;

/// A request to APNs, parsed, its provider token verified or its connection's certificate read.
#[derive(Debug)]
pub struct Push {
    pub(super) opened: Opened,
    pub(super) route: Route,
    /// Whether the method is POST.
    pub(super) posted: bool,
    /// The first header that came twice.
    pub(super) duplicate: Option<&'static str>,
    pub(super) credential: Credential,
    /// The environment that the host's name tells.
    pub(super) environment: Option<Environment>,
    /// `apns-id` as it came, where it can be sent back.
    pub(super) id: Option<MadeText>,
    /// Whether `apns-id` is a UUID or absent.
    pub(super) id_is_uuid: bool,
    /// Seconds since 1970.
    pub(super) expiration: Field<i64>,
    pub(super) priority: Field<Priority>,
    /// `apns-topic`; without one that of the client certificate, where it has one only.
    pub(super) topic: Field<CompactString>,
    /// Whether there is an `authorization` beside a client certificate.
    pub(super) token_ignored: bool,
    pub(super) collapse_id_length: usize,
    pub(super) push_type: Field<&'static topic::PushType>,
    /// How large the payload may be, in bytes.
    pub(super) payload_limit: u64,
    pub(super) body_length: u64,
    /// What the device reads in the payload.
    pub(super) content: Content,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A push to a device.
    Device(DeviceToken),
    /// A push to a device that is not named.
    NoDevice,
    /// No path of the service's.
    Unknown,
}

/// The device token of the path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DeviceToken {
    /// Not hexadecimal, or of no possible length.
    Bad,
    /// Its bytes.
    Bytes(TokenBytes),
}

/// The bytes of a device token; those of the usual size need no room of their own.
pub(super) type TokenBytes = SmallVec<[u8; super::TOKEN_BYTES]>;

/// A header that may be absent or wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field<T> {
    /// It is not there.
    Absent,
    /// It is there, and wrong: what was found, cut to a readable length.
    Bad(String),
    /// It is there, and right.
    Value(T),
}

impl<T> Field<T> {
    /// What is there, if that is right.
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Bad(_) => None,
        }
    }
}

/// `apns-priority`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Priority {
    /// 10: at once. The default.
    Immediate,
    /// 5: with regard to the device's power.
    Considerate,
    /// 1: power before all else; never wakes the device.
    Lazy,
}

/// One of the two worlds of device tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    Production,
    Sandbox,
}

/// The headers that matter, as they came, each once.
#[derive(Debug, Default)]
pub(super) struct Head<'a> {
    pub(super) authorization: Option<&'a [u8]>,
    collapse_id: Option<&'a [u8]>,
    expiration: Option<&'a [u8]>,
    id: Option<&'a [u8]>,
    priority: Option<&'a [u8]>,
    push_type: Option<&'a [u8]>,
    topic: Option<&'a [u8]>,
    duplicate: Option<&'static str>,
}

impl Push {
    /// Reads a request.
    pub(super) fn read(keys: &Keys, peer: &Peer, request: &Request) -> Self {
        let head = Head::read(request);
        let push_type = push_type(head.push_type);
        let credential = keys.credential(peer, &head);
        let topic = match (topic(head.topic), credential.certificate()) {
            (Field::Absent, Some(certificate)) if certificate.topics.len() == 1 => {
                Field::Value(certificate.uid.clone())
            }
            (topic, _) => topic,
        };
        let wanted = topic.value().map(CompactString::as_str);
        let content = content::read(push_type.value().copied(), wanted, request.body());
        Self {
            opened: Opened::of(peer),
            route: route(&decode(request.path())),
            posted: request.method() == b"POST",
            duplicate: head.duplicate,
            token_ignored: head.authorization.is_some() && super::auth::leaf(peer).is_some(),
            credential,
            environment: environment_of(request.authority()).or_else(|| dialed(peer)),
            id: head.id.and_then(echo),
            id_is_uuid: head.id.is_none_or(is_uuid),
            expiration: expiration(head.expiration),
            priority: priority(head.priority),
            collapse_id_length: head.collapse_id.map_or(0, <[u8]>::len),
            payload_limit: payload_limit(&push_type, &topic),
            push_type,
            topic,
            body_length: request.body_length,
            content,
        }
    }

    /// The topic, where there is one.
    pub(super) fn topic(&self) -> Option<&str> {
        self.topic.value().map(CompactString::as_str)
    }

    /// Whether it has priority 10, which is the default.
    pub(super) fn is_immediate(&self) -> bool {
        matches!(self.priority, Field::Absent | Field::Value(Priority::Immediate))
    }

    /// The device token's bytes, where there are some.
    pub(super) fn device_token(&self) -> Option<&[u8]> {
        match &self.route {
            Route::Device(DeviceToken::Bytes(bytes)) => Some(bytes),
            _ => None,
        }
    }
}

impl<'a> Head<'a> {
    fn read(request: &'a Request) -> Self {
        let mut head = Self::default();
        for (name, value) in request.headers() {
            let (slot, name) = match name {
                b"authorization" => (&mut head.authorization, "authorization"),
                b"apns-collapse-id" => (&mut head.collapse_id, "apns-collapse-id"),
                b"apns-expiration" => (&mut head.expiration, "apns-expiration"),
                b"apns-id" => (&mut head.id, "apns-id"),
                b"apns-priority" => (&mut head.priority, "apns-priority"),
                b"apns-push-type" => (&mut head.push_type, "apns-push-type"),
                b"apns-topic" => (&mut head.topic, "apns-topic"),
                // Unknown headers are ignored. [doc] Apple, "Communicating with APNs"
                _ => continue,
            };
            match slot {
                Some(_) => head.duplicate = head.duplicate.or(Some(name)),
                None => *slot = Some(value),
            }
        }
        head
    }
}

impl Environment {
    /// Whether an address of this realm is one of this environment's.
    pub(super) fn admits(self, realm: u8) -> bool {
        realm == REALM_ANY || realm == self.realm()
    }

    /// The environment as a post office's realm.
    pub(super) fn realm(self) -> u8 {
        match self {
            Self::Sandbox => 1,
            Self::Production => 2,
        }
    }

    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

/// What an address has in place of an environment when it works in both.
pub(super) const REALM_ANY: u8 = 0;

/// The bytes of a device token: 1 to 200 of them, in hexadecimal of either case.
///
/// Senders are told not to assume a size [doc]; the bounds are ours. [guess]
pub(super) fn read_hex(text: &[u8]) -> Option<TokenBytes> {
    if text.is_empty() || text.len() > MAX_TOKEN_DIGITS || !text.len().is_multiple_of(2) {
        return None;
    }
    // One look-up a digit, judged together at the end: this is done for every push.
    let digit = |byte: u8| HEX_DIGITS[usize::from(byte)];
    let mut wrong = 0;
    let bytes = text.chunks_exact(2).map(|pair| {
        let (high, low) = (digit(pair[0]), digit(pair[1]));
        wrong |= high | low;
        high << 4 | low
    });
    let bytes = bytes.collect();
    (wrong & NO_DIGIT == 0).then_some(bytes)
}

/// The environment that a request's host names, if it is one of Apple's.
pub(super) fn environment_of(host: &[u8]) -> Option<Environment> {
    let end = host.iter().position(|byte| *byte == b':').unwrap_or(host.len());
    let host = host[..end].strip_suffix(b".").unwrap_or(&host[..end]);
    let named = HOSTS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(host));
    named.map(|(_, environment)| *environment)
}

/// Apple's hosts and their environments. [doc] Apple, "Sending notification requests to APNs" and
/// "Sending channel management requests to APNs"; `api-broadcast` from the samples of "Sending
/// broadcast push notification requests to APNs". [doc]
const HOSTS: &[(&str, Environment)] = &[
    ("api.push.apple.com", Environment::Production),
    ("api.sandbox.push.apple.com", Environment::Sandbox),
    ("api.development.push.apple.com", Environment::Sandbox),
    ("api-broadcast.push.apple.com", Environment::Production),
    ("api-broadcast.sandbox.push.apple.com", Environment::Sandbox),
    ("api-manage-broadcast.push.apple.com", Environment::Production),
    ("api-manage-broadcast.sandbox.push.apple.com", Environment::Sandbox),
];

/// The environment that was dialed: by name, or by a listener that is bound to it.
pub(super) fn dialed(peer: &Peer) -> Option<Environment> {
    let server_name = peer.tls.as_ref().and_then(|tls| tls.server_name.as_deref());
    let names = [server_name, peer.connect.as_deref()];
    let named = names.into_iter().flatten().find_map(|name| environment_of(name.as_bytes()));
    let bound = || match peer.listener.as_deref()? {
        "apns-production" => Some(Environment::Production),
        "apns-sandbox" => Some(Environment::Sandbox),
        _ => None,
    };
    named.or_else(bound)
}

fn route(path: &[u8]) -> Route {
    match path.strip_prefix(b"/3/device") {
        Some([] | [b'/']) => Route::NoDevice,
        Some([b'/', token @ ..]) if !token.contains(&b'/') => {
            Route::Device(read_hex(token).map_or(DeviceToken::Bad, DeviceToken::Bytes))
        }
        _ => Route::Unknown,
    }
}

/// The path without percent-encoding: apns2 for Node encodes the token. [client]
pub(super) fn decode(path: &[u8]) -> Cow<'_, [u8]> {
    if !path.contains(&b'%') {
        return Cow::Borrowed(path);
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        let escaped = match (first, tail) {
            (b'%', [high, low, ..]) => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = &tail[2..];
            }
            None => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(decoded)
}

/// Whether an `apns-id` is a UUID; upper case goes too. [guess]
pub(super) fn is_uuid(id: &[u8]) -> bool {
    let dash = |place| matches!(place, 8 | 13 | 18 | 23);
    id.len() == 36
        && id.iter().enumerate().all(|(place, byte)| match dash(place) {
            true => *byte == b'-',
            false => byte.is_ascii_hexdigit(),
        })
}

/// An `apns-id` as it stands in the reply. What is no UUID is echoed too, if a header can hold it:
/// aioapns waits for it for ever otherwise. [client] That the service does so is a [guess].
pub(super) fn echo(id: &[u8]) -> Option<MadeText> {
    let legal = !id.is_empty() && id.iter().all(|byte| matches!(byte, b' '..=b'~'));
    legal.then(|| MadeText::from_slice(id))
}

/// `apns-expiration`: a decimal number. Signs and fractions are refused. [guess]
fn expiration(value: Option<&[u8]>) -> Field<i64> {
    let Some(value) = value else { return Field::Absent };
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits);
    text.and_then(|text| text.parse().ok()).map_or_else(|| bad(value), Field::Value)
}

fn priority(value: Option<&[u8]>) -> Field<Priority> {
    match value {
        None => Field::Absent,
        Some(b"10") => Field::Value(Priority::Immediate),
        Some(b"5") => Field::Value(Priority::Considerate),
        Some(b"1") => Field::Value(Priority::Lazy),
        Some(other) => bad(other),
    }
}

/// `apns-topic`: an empty one counts as absent [client: go-apnsmock]; the alphabet of bundle IDs
/// and their longest size are a [guess].
fn topic(value: Option<&[u8]>) -> Field<CompactString> {
    match value {
        None | Some([]) => Field::Absent,
        Some(value) => match std::str::from_utf8(value) {
            Ok(text) if topic::is_well_formed(text) => Field::Value(text.into()),
            _ => bad(value),
        },
    }
}

fn push_type(value: Option<&[u8]>) -> Field<&'static topic::PushType> {
    let Some(value) = value else { return Field::Absent };
    topic::push_type(value).map_or_else(|| bad(value), Field::Value)
}

/// 5120 bytes for VoIP, else 4096. [doc] That a topic in `.voip` is enough to be VoIP is a [guess].
fn payload_limit(push_type: &Field<&'static topic::PushType>, topic: &Field<CompactString>) -> u64 {
    let by_type = matches!(push_type, Field::Value(push_type) if push_type.name == "voip");
    let by_topic = matches!(topic, Field::Value(topic) if topic.ends_with(".voip"));
    if by_type || by_topic { MAX_VOIP_PAYLOAD } else { MAX_PAYLOAD }
}

fn bad<T>(value: &[u8]) -> Field<T> {
    Field::Bad(cut(&String::from_utf8_lossy(value)))
}

fn hex_digit(byte: u8) -> Option<u8> {
    Some(HEX_DIGITS[usize::from(byte)]).filter(|digit| *digit != NO_DIGIT)
}

/// What each byte is worth as a hexadecimal digit of either case.
static HEX_DIGITS: [u8; 256] = {
    let mut digits = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 16 {
        digits[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digits[b"0123456789ABCDEF"[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
};

/// What is no digit: a bit that no digit has.
const NO_DIGIT: u8 = 0x80;

/// The largest payload of all push types but VoIP. [doc] Apple, "Generating a remote notification"
const MAX_PAYLOAD: u64 = 4_096;

/// The largest payload of a VoIP push, and of a broadcast. [doc] the same page
pub(super) const MAX_VOIP_PAYLOAD: u64 = 5_120;

/// Hexadecimal digits of the longest device token that is looked at. [guess]
const MAX_TOKEN_DIGITS: usize = 400;
