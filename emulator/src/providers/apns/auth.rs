//! Who calls: keys, provider tokens, client certificates, and what is wrong with them.
//!
//! What is found here needs neither time nor state; age and binding are rules.

use super::certificate::{Certificate, CertificateDefect};
use super::request::{Environment, Head};
use super::rules::Reason;
use super::source::{SENDING, TOKENS};
use crate::clock::Timestamp;
use crate::crypto::{Jwt, JwtError, SignatureError, TokenCache, VerifyingKey};
use crate::fidelity::Behavior;
use crate::wire::Peer;
use compact_str::CompactString;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What of credentials is as APNs has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented(
        "Provider tokens are ES256 with `kid`, `iss` and `iat`; other members are passed over",
        TOKENS,
    )
    .besides("that others are passed over is seen: APNSwift, pushy and PyJWT send some"),
    Behavior::observed(
        "The signature may be raw or DER, both base64 alphabets go, with padding or without, and \
         `bearer` in any case",
        "libraries in production send all of these; Apple's own shell recipe makes DER",
    ),
    Behavior::observed(
        "`iat` may be a number, also a fractional one, or digits in quotes",
        "APNSwift and PyAPNs2; Apple's own sample",
    ),
    Behavior::documented("With a client certificate `authorization` is not looked at", SENDING)
        .besides("a note says so"),
    Behavior::documented(
        "A connection's first push binds it to the team's apps of that moment",
        TOKENS,
    )
    .besides("a push that fails authentication binds nothing [assumed]"),
];

/// The keys that provider tokens are checked against: a snapshot that is cheap to clone.
///
/// What was found out about tokens belongs to the snapshot and goes with it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    by_id: BTreeMap<String, Arc<Key>>,
    judged: TokenCache<Credential>,
    /// Certificates that were read, so that it is done once for a connection.
    certificates: TokenCache<Credential>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            by_id: BTreeMap::new(),
            judged: TokenCache::default(),
            certificates: TokenCache::of(MAX_CERTIFICATES),
        }
    }
}

/// A key of a team.
#[derive(Debug)]
pub(super) struct Key {
    /// Its id, as tokens name it.
    pub(super) id: Arc<str>,
    /// The team that it belongs to.
    pub(super) team: Arc<str>,
    /// What its signatures are checked with.
    pub(super) verifying: VerifyingKey,
    /// What it is for.
    pub(super) scope: Scope,
}

/// What a key is for. [doc] Apple, "Establishing a token-based connection to APNs"
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scope {
    /// The one environment; `None` is both, as of keys made before 2025.
    pub(super) environment: Option<Environment>,
    /// The topics of a topic-specific key; `None` is all of the team's.
    pub(super) topics: Option<Vec<CompactString>>,
    /// The id of the key that may be used beside it.
    pub(super) related: Option<Box<str>>,
}

/// What a request has to show.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// A provider token whose signature is valid.
    Token(Arc<ProviderToken>),
    /// A client certificate that can be read.
    Certificate(Arc<Certificate>),
    /// A client certificate that says nothing.
    Unreadable(Arc<CertificateDefect>),
    /// Nothing, or a provider token with a defect.
    Bad(Arc<TokenDefect>),
}

/// A provider token whose signature is valid.
#[derive(Debug)]
pub(super) struct ProviderToken {
    /// The key that signed it.
    pub(super) key: Arc<Key>,
    /// When it was issued, as it says.
    pub(super) issued: Timestamp,
    /// Its text.
    pub(super) text: Arc<[u8]>,
    /// The text's hash.
    pub(super) hash: u64,
}

/// What is wrong with a provider token, as far as keys alone tell.
///
/// Apple names three reasons [doc]; which defect gets which is from pushy's mock server. [client]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TokenDefect {
    #[error("expected `ES256` as the token's `alg`, found {}", shown(.0.as_deref()))]
    Algorithm(Option<String>),
    #[error("the token's claims are not a JSON object with `iss` and `iat`")]
    Claims,
    #[error("the header `authorization` has no token after `bearer`")]
    Empty,
    #[error("the token's header is not a JSON object")]
    Header,
    #[error("expected seconds since 1970 as the token's `iat`, found {}", shown(.0.as_deref()))]
    IssuedAt(Option<String>),
    #[error("the token has no `iss`, which is the team's id")]
    Issuer,
    #[error("the token has no `kid`, which is the key's id")]
    KeyId,
    #[error("the request has no header `authorization`")]
    Missing,
    #[error("expected `bearer` and a token in `authorization`, found the scheme `{0}`")]
    Scheme(String),
    #[error("{0} by key `{1}`")]
    Signature(SignatureError, String),
    #[error("{0}")]
    Split(#[from] JwtError),
    #[error("token is signed by team {team}'s key `{key}` but says team {says}")]
    Team { key: String, team: String, says: String },
    #[error("key id `{key}` is unknown; known: {known}")]
    UnknownKey { key: String, known: String },
}

impl TokenDefect {
    /// Apple's word for it.
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Empty | Self::Missing | Self::Scheme(_) => Reason::MissingProviderToken,
            _ => Reason::InvalidProviderToken,
        }
    }
}

impl Keys {
    /// The key of that id.
    pub(super) fn find(&self, id: &str) -> Option<&Arc<Key>> {
        self.shared.by_id.get(id)
    }

    /// Adds a key, in a new snapshot.
    pub(super) fn add(&mut self, key: Key) {
        let mut by_id = self.shared.by_id.clone();
        by_id.insert(key.id.to_string(), Arc::new(key));
        self.shared = Arc::new(Shared { by_id, ..Shared::default() });
    }

    /// What a request has to show; a token's signature is verified once for its text. With a client
    /// certificate `authorization` is not looked at. [doc] Apple, "Sending notification requests to
    /// APNs"
    pub(super) fn credential(&self, peer: &Peer, head: &Head<'_>) -> Credential {
        if let Some(der) = leaf(peer) {
            return match der.len() {
                0..=Certificate::MAX_DER => {
                    self.shared.certificates.judged(der, |_, der| Credential::of(der))
                }
                _ => Credential::of(&Arc::from(der)),
            };
        }
        match bearer(head.authorization) {
            Ok(text) => {
                self.shared.judged.judged(text, |hash, text| match self.verify(hash, text) {
                    Ok(token) => Credential::Token(Arc::new(token)),
                    Err(defect) => Credential::Bad(Arc::new(defect)),
                })
            }
            Err(defect) => Credential::Bad(Arc::new(defect)),
        }
    }

    fn verify(&self, hash: u64, text: &Arc<[u8]>) -> Result<ProviderToken, TokenDefect> {
        let jwt = Jwt::split(text)?;
        let header: Header<'_> =
            serde_json::from_slice(&jwt.header).map_err(|_| TokenDefect::Header)?;
        match header.alg.as_deref() {
            Some("ES256") => {}
            other => return Err(TokenDefect::Algorithm(other.map(cut))),
        }
        let id = header.kid.ok_or(TokenDefect::KeyId)?;
        let claims: Claims<'_> =
            serde_json::from_slice(&jwt.claims).map_err(|_| TokenDefect::Claims)?;
        let says = claims.iss.ok_or(TokenDefect::Issuer)?;
        let issued = issued_at(claims.iat.as_ref())?;
        let key = self.find(&id).ok_or_else(|| self.unknown(&id))?;
        key.verifying
            .verify(jwt.signed, &jwt.signature)
            .map_err(|error| TokenDefect::Signature(error, cut(&id)))?;
        if says != *key.team {
            return Err(TokenDefect::Team {
                key: cut(&id),
                team: key.team.to_string(),
                says: cut(&says),
            });
        }
        Ok(ProviderToken { key: key.clone(), issued, text: text.clone(), hash })
    }

    fn unknown(&self, id: &str) -> TokenDefect {
        let known = super::state::listed(self.shared.by_id.keys().map(String::as_str));
        TokenDefect::UnknownKey { key: cut(id), known }
    }
}

impl Credential {
    fn of(der: &Arc<[u8]>) -> Self {
        match Certificate::read(der) {
            Ok(certificate) => Self::Certificate(Arc::new(certificate)),
            Err(defect) => Self::Unreadable(Arc::new(defect)),
        }
    }

    /// The client certificate, where there is one that can be read.
    pub(super) fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Certificate(certificate) => Some(certificate),
            Self::Bad(_) | Self::Token(_) | Self::Unreadable(_) => None,
        }
    }
}

/// The members of a token's header that matter; others are passed over. [client] APNSwift, PyJWT
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kid: Option<Cow<'a, str>>,
}

/// The claims that matter; others, such as `exp`, are passed over. [client] PyJWT
#[derive(Deserialize)]
struct Claims<'a> {
    #[serde(borrow)]
    iss: Option<Cow<'a, str>>,
    iat: Option<serde_json::Value>,
}

/// The token in an `authorization` header. The scheme is written `bearer` or `Bearer`. [client]
fn bearer(value: Option<&[u8]>) -> Result<&[u8], TokenDefect> {
    let value = value.ok_or(TokenDefect::Missing)?.trim_ascii();
    if value.is_empty() {
        return Err(TokenDefect::Missing);
    }
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, token) = value.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(TokenDefect::Scheme(cut(&String::from_utf8_lossy(scheme))));
    }
    match token.trim_ascii() {
        [] => Err(TokenDefect::Empty),
        token => Ok(token),
    }
}

/// `iat` as a number, also a fractional one (PyAPNs2), or as a string of digits (APNSwift, and
/// Apple's own sample). [client] [doc]
fn issued_at(iat: Option<&serde_json::Value>) -> Result<Timestamp, TokenDefect> {
    use serde_json::Value;
    let found = match iat {
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(seconds), _) => Some(Timestamp::from_seconds(seconds)),
            (None, Some(seconds)) => Some(Timestamp::from_micros(micros(seconds))),
            (None, None) => None,
        },
        Some(Value::String(digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().map(Timestamp::from_seconds)
        }
        _ => None,
    };
    found.ok_or_else(|| TokenDefect::IssuedAt(iat.map(|iat| cut(&iat.to_string()))))
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, as moments do")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

/// The client's own certificate; who issued it is not looked at.
pub(super) fn leaf(peer: &Peer) -> Option<&[u8]> {
    peer.tls.as_ref()?.client_certificates.first().map(|der| &der[..])
}

fn shown(found: Option<&str>) -> String {
    found.map_or_else(|| "none".to_owned(), |found| format!("`{found}`"))
}

/// A foreign text, short enough for a sentence.
pub(super) fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_SHOWN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end == text.len() { text.to_owned() } else { format!("{}…", &text[..end]) }
}

/// Certificates that are remembered: senders have few, and all of the largest are 1 MiB.
const MAX_CERTIFICATES: usize = 128;

/// How much of a foreign text goes into a cause, bytes.
const MAX_SHOWN: usize = 100;
