//! Header lists to request heads: what a request must have, and what it may not. [doc] RFC 9113,
//! section 8.3

use super::hpack::{Decoder, HpackError, Listed};
use super::{ErrorCode, Failure};
use crate::wire::{Leniency, Request};

/// What a header block turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    /// The head of a request.
    Head(Request),
    /// Not the head of any request, and why; the stream is reset.
    Malformed(&'static str),
    /// Larger than SETTINGS_MAX_HEADER_LIST_SIZE.
    TooLarge,
}

/// Reads the head of a request.
pub(super) fn read(
    decoder: &mut Decoder,
    block: &[u8],
    limit: usize,
    leniency: Leniency,
) -> Result<Read, HpackError> {
    let mut head =
        Builder { request: Request::with_capacity(CAPACITY), leniency, ..Builder::default() };
    let listed = decoder.decode(block, limit, |name, value| head.take(name, value))?;
    Ok(match listed {
        Listed::TooLarge => Read::TooLarge,
        Listed::Whole => head.finish(),
    })
}

/// Reads trailers, which are thrown away; whether they may stand there.
pub(super) fn read_trailers(decoder: &mut Decoder, block: &[u8]) -> Result<bool, HpackError> {
    let mut fine = true;
    decoder.decode(block, TRAILER_LIMIT, |name, value| {
        fine &= !name.starts_with(b":") && is_field(name, value);
    })?;
    Ok(fine)
}

/// What a connection error of a bad header block is told as.
pub(super) const fn failure(error: HpackError) -> Failure {
    match error {
        HpackError::Bomb => Failure {
            code: ErrorCode::ENHANCE_YOUR_CALM,
            what: "a header list is far larger than its limit",
        },
        _ => Failure { code: ErrorCode::COMPRESSION_ERROR, what: "a header block is malformed" },
    }
}

#[derive(Default)]
struct Builder {
    request: Request,
    leniency: Leniency,
    method: bool,
    scheme: bool,
    path: bool,
    authority: bool,
    regular: bool,
    /// What was found wrong first.
    wrong: Option<&'static str>,
}

impl Builder {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        match name {
            [b':', rest @ ..] => self.take_pseudo(rest, value),
            _ => {
                self.regular = true;
                self.must(is_field(name, value), "a header that HTTP/2 does not allow");
                if !self.leniency.underscores {
                    self.must(!name.contains(&b'_'), "a header name with an underscore");
                }
                if name == b"host" && !self.authority {
                    self.request.set_authority(value);
                }
                self.request.push_header(name, value);
            }
        }
    }

    fn take_pseudo(&mut self, name: &[u8], value: &[u8]) {
        let seen = match name {
            b"method" => {
                self.request.set_method(value);
                &mut self.method
            }
            b"scheme" => {
                self.request.set_scheme(value);
                &mut self.scheme
            }
            b"path" => {
                self.request.set_target(value);
                &mut self.path
            }
            b"authority" => {
                self.request.set_authority(value);
                &mut self.authority
            }
            _ => return self.must(false, "a pseudo-header that no request has"),
        };
        let again = std::mem::replace(seen, true);
        self.must(!again, "a pseudo-header twice");
        self.must(!self.regular, "a pseudo-header after a header");
        self.must(is_value(value), "a control character in a pseudo-header");
    }

    fn must(&mut self, held: bool, otherwise: &'static str) {
        if !held {
            self.wrong.get_or_insert(otherwise);
        }
    }

    fn finish(mut self) -> Read {
        let whole = self.method && self.scheme && self.path && !self.request.target().is_empty();
        self.must(whole, "no `:method`, `:scheme` or `:path`");
        if self.leniency != Leniency::ALL {
            self.check_strictly();
        }
        match self.wrong {
            Some(what) => Read::Malformed(what),
            None => Read::Head(self.request),
        }
    }

    fn check_strictly(&mut self) {
        let scheme = self.request.scheme();
        let plain = matches!(scheme, b"http" | b"https");
        let bare = bare_authority(self.request.authority(), scheme);
        self.must(plain || self.leniency.scheme, "a `:scheme` that is not `http` or `https`");
        self.must(self.authority || self.leniency.missing_authority, "no `:authority`");
        self.must(
            bare || self.leniency.authority_form,
            "an `:authority` with a trailing dot, user information or the usual port",
        );
    }
}

/// Whether an authority is written as a client should: without user information, without the port
/// that the scheme implies, and without the dot of the DNS root.
fn bare_authority(authority: &[u8], scheme: &[u8]) -> bool {
    let usual: &[u8] = if scheme == b"http" { b":80" } else { b":443" };
    let host = match authority.iter().rposition(|byte| *byte == b':') {
        Some(colon) if authority[colon + 1..].iter().all(u8::is_ascii_digit) => &authority[..colon],
        _ => authority,
    };
    !authority.ends_with(usual) && !authority.contains(&b'@') && !host.ends_with(b".")
}

fn is_field(name: &[u8], value: &[u8]) -> bool {
    let bare = !name.is_empty() && name.iter().all(|byte| NAME_BYTES[usize::from(*byte)]);
    bare && is_value(value) && !is_of_connection(name, value)
}

/// Whether a header speaks of the connection, which HTTP/2 does not allow.
fn is_of_connection(name: &[u8], value: &[u8]) -> bool {
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            true
        }
        b"te" => value != b"trailers",
        _ => false,
    }
}

/// The bytes of header names; underscores are sent by the Firebase SDKs. [client]
static NAME_BYTES: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        allowed[byte] = matches!(byte as u8, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'^'..=b'z' | b'|' | b'~');
        byte += 1;
    }
    allowed
};

fn is_value(value: &[u8]) -> bool {
    // Without a way out of the loop, so that many bytes are looked at with one instruction.
    !value.iter().fold(false, |found, byte| found | matches!(byte, 0 | b'\r' | b'\n'))
}

/// The text of a push request: a provider token, a path with a device token, a small payload.
const CAPACITY: usize = 1_000;

/// How much of trailers is looked at: no sender of pushes has any.
const TRAILER_LIMIT: usize = 16 << 10;
