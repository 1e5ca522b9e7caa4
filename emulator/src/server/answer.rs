//! Between HTTP and the front: the link of one connection, heads in, replies out, panics caught.

use super::front::{Front, Incident, Trouble};
use super::line::Tear;
use crate::control::Orders;
use crate::wire::{
    ConnectionId, ConnectionProfile, HeaderText, Peer, Reply, Request, Settings, Wire,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use smallvec::smallvec;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One connection, once it has shown what it speaks.
pub(super) struct Link {
    pub(super) front: Arc<dyn Front>,
    pub(super) id: ConnectionId,
    pub(super) peer: Arc<Peer>,
    pub(super) profile: ConnectionProfile,
    /// The first SETTINGS.
    pub(super) settings: Settings,
    pub(super) tear: Tear,
    /// What it is told outside of replies.
    pub(super) orders: Arc<Orders>,
    /// Says that the server wants to stop.
    pub(super) stop: CancellationToken,
}

impl Link {
    pub(super) fn tell(&self, trouble: Trouble) {
        self.front.trouble(&Incident {
            connection: Some(self.id),
            remote: Some(self.peer.remote),
            local: self.peer.local,
            trouble,
        });
    }

    /// Answers these requests in order; there is a reply for each, whatever the front does, up to
    /// one that [ends](Reply::ends) the connection.
    pub(super) fn answer_all(&self, requests: &mut Vec<Request>, replies: &mut Vec<Reply>) {
        let wanted = requests.len();
        let mut requests = requests.drain(..);
        while requests.len() > 0 && !replies.last().is_some_and(Reply::ends) {
            let before = requests.len();
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                self.front.answer_all(self.id, &self.peer, &mut requests, replies);
            }));
            if let Err(panic) = outcome {
                self.tell(Trouble::Bug { what: message(&*panic) });
            } else if replies.last().is_some_and(Reply::ends) {
                return;
            } else if replies.len() != wanted - requests.len() {
                self.tell(Trouble::Bug { what: "not one reply for each request".to_owned() });
            }
            let taken = if requests.len() == before { wanted } else { wanted - requests.len() };
            replies.resize_with(taken, bug);
            if taken == wanted {
                break;
            }
        }
    }

    /// Answers one request.
    pub(super) fn answer(&self, request: Request) -> Reply {
        let mut replies = Vec::with_capacity(1);
        self.answer_all(&mut vec![request], &mut replies);
        replies.pop().unwrap_or_else(bug)
    }

    /// Makes sure that a reply can be written; one that cannot becomes that of a bug.
    pub(super) fn make_writable(&self, reply: &mut Reply) {
        if !is_plain(reply) {
            self.head(reply);
        }
    }

    /// The head of a reply; when it cannot be written, that of a bug, and the body with it.
    pub(super) fn head(&self, reply: &mut Reply) -> Response<()> {
        head(reply).unwrap_or_else(|unwritable| {
            self.tell(Trouble::Bug { what: unwritable.to_string() });
            *reply = Reply { wire: Wire::Keep, ..bug() };
            head(reply).expect("our own reply is well-formed")
        })
    }
}

/// The answer to a body that did not come in time.
pub(super) fn too_slow() -> Reply {
    let body = r#"{"pushpit":"slow-body","message":"the request's body did not arrive in time"}"#;
    own(408, body)
}

/// The answer to a head that is larger than so many bytes.
pub(super) fn head_too_large(limit: u32) -> Reply {
    let message = format!("the request's head is larger than {limit} bytes");
    let body = format!(r#"{{"pushpit":"head-too-large","message":"{message}"}}"#);
    own(431, body)
}

/// The answer to a body whose chunks are malformed.
pub(super) fn malformed() -> Reply {
    let body = r#"{"pushpit":"bad-chunk","message":"the request's chunked body is malformed"}"#;
    own(400, body)
}

/// A request's head as plain data.
pub(super) fn request(parts: &http::request::Parts, implied_scheme: &'static str) -> Request {
    let (uri, headers) = (&parts.uri, &parts.headers);
    let scheme = uri.scheme_str().unwrap_or(implied_scheme);
    let named = uri.authority().map(|authority| authority.as_str().as_bytes());
    let host = headers.get(http::header::HOST).map(HeaderValue::as_bytes);
    let authority = host.or(named).unwrap_or_default();
    let target = match uri.path_and_query() {
        Some(target) => target.as_str().as_bytes(),
        None => named.unwrap_or_default(),
    };
    let text: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let line = parts.method.as_str().len() + scheme.len() + authority.len() + target.len();
    let mut request = Request::with_capacity(text + line);
    request.set_method(parts.method.as_str().as_bytes());
    request.set_scheme(scheme.as_bytes());
    request.set_authority(authority);
    request.set_target(target);
    for (name, value) in headers {
        request.push_header(name.as_str().as_bytes(), value.as_bytes());
    }
    request
}

/// A reply that HTTP has no form for: a bug of the front.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error("the reply's header name is `{0}`")]
    HeaderName(String),
    #[error("the reply's header `{0}` has an impossible value")]
    HeaderValue(String),
    #[error("the reply's status is `{0}`")]
    Status(u16),
}

fn head(reply: &Reply) -> Result<Response<()>, Unwritable> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(reply.status)
        .ok()
        .filter(|status| !status.is_informational())
        .ok_or(Unwritable::Status(reply.status))?;
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len());
    for (name, value) in &reply.headers {
        let field = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Unwritable::HeaderName(name.to_string()))?;
        let value = match value {
            HeaderText::Fixed(text) => Bytes::from_static(text.as_bytes()),
            HeaderText::Made(bytes) => Bytes::copy_from_slice(bytes),
        };
        let value = HeaderValue::from_maybe_shared(value)
            .map_err(|_| Unwritable::HeaderValue(name.to_string()))?;
        headers.append(field, value);
    }
    Ok(response)
}

/// Whether a reply is of the kind that needs no closer look.
fn is_plain(reply: &Reply) -> bool {
    let plain_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'-'))
    };
    let plain_value = |value: &[u8]| value.iter().all(|byte| matches!(byte, b' '..=b'~'));
    (200..600).contains(&reply.status)
        && reply
            .headers
            .iter()
            .all(|(name, value)| plain_name(name) && plain_value(value.as_bytes()))
}

/// What a bug answers: ours, never in a vendor's clothes.
fn bug() -> Reply {
    let body =
        r#"{"pushpit":"bug","message":"the emulator failed on this request; its log says why"}"#;
    own(500, body)
}

fn own(status: u16, body: impl Into<Bytes>) -> Reply {
    Reply {
        headers: smallvec![("content-type".into(), HeaderText::Fixed("application/json"))],
        body: body.into(),
        ..Reply::status(status)
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}
