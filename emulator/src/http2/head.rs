//! Header lists to request heads: what a request must have, and what it may not. [doc] RFC 9113,
//! section 8.3

use super::ErrorCode;
use super::hpack::{Decoder, HpackError, Listed};
use crate::wire::Request;

/// What a header block turned out to be.
#[derive(Debug)]
pub(super) enum Read {
    /// The head of a request.
    Head(Request),
    /// Not the head of any request; the stream is reset.
    Malformed,
    /// Larger than SETTINGS_MAX_HEADER_LIST_SIZE.
    TooLarge,
}

/// Reads the head of a request; `implied` is the scheme that the connection implies.
///
/// The scheme may be anything: firebase-admin for Node sends `https:`, which Google's front end
/// takes. [client] `:authority` may be missing where there is a `host`. [client] aioapns
pub(super) fn read(decoder: &mut Decoder, block: &[u8], limit: usize) -> Result<Read, HpackError> {
    let mut head = Builder { request: Request::with_capacity(CAPACITY), ..Builder::default() };
    let listed = decoder.decode(block, limit, |name, value| head.take(name, value))?;
    Ok(match listed {
        Listed::TooLarge => Read::TooLarge,
        Listed::Whole => head.finish().map_or(Read::Malformed, Read::Head),
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
pub(super) const fn code(_: HpackError) -> ErrorCode {
    ErrorCode::COMPRESSION_ERROR
}

#[derive(Default)]
struct Builder {
    request: Request,
    method: bool,
    scheme: bool,
    path: bool,
    authority: bool,
    regular: bool,
    malformed: bool,
}

impl Builder {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        match name {
            [b':', rest @ ..] => self.take_pseudo(rest, value),
            _ => {
                self.regular = true;
                self.malformed |= !is_field(name, value);
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
            _ => {
                self.malformed = true;
                return;
            }
        };
        let again = std::mem::replace(seen, true);
        self.malformed |= again || self.regular || !is_value(value);
    }

    fn finish(self) -> Option<Request> {
        let whole = self.method && self.scheme && self.path && !self.request.target().is_empty();
        (whole && !self.malformed).then_some(self.request)
    }
}

fn is_field(name: &[u8], value: &[u8]) -> bool {
    let bare = !name.is_empty() && name.iter().all(|byte| is_name_byte(*byte));
    let hops = matches!(
        name,
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade"
    );
    bare && !hops && (name != b"te" || value == b"trailers") && is_value(value)
}

/// A byte of a header name; underscores are sent by the Firebase SDKs. [client]
const fn is_name_byte(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'0'..=b'9' | b'^'..=b'z' | b'|' | b'~')
}

fn is_value(value: &[u8]) -> bool {
    !value.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n'))
}

/// The text of a push request's head: a provider token, a path with a device token, small things.
const CAPACITY: usize = 640;

/// How much of trailers is looked at: no sender of pushes has any.
const TRAILER_LIMIT: usize = 16 << 10;
