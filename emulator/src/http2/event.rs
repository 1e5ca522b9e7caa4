//! What comes of the bytes of a connection: requests, refusals, failures.

use super::ErrorCode;
use crate::wire::Request;

/// What came of the bytes.
#[derive(Debug)]
pub enum Event {
    /// The body of a request whose head was [too large](Refused::HeadTooLarge) has come, or is so
    /// long that nobody waits for its end: now it is to be answered.
    HeadTooLarge {
        /// The stream.
        stream: u32,
        /// How large a head may be, bytes.
        limit: u32,
    },
    /// A request is whole, or so long that it is answered without its end.
    Request(u32, Request),
    /// A request was turned down below the service: by RST_STREAM, or by the owner's 431.
    Refused(Refusal),
    /// The connection is over: our GOAWAY is in the output.
    Failed(Failure),
    /// The other side said that it goes away.
    GoneAway(ErrorCode),
}

/// A request that was turned down without anybody having looked at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (stream {stream})")]
pub struct Refusal {
    /// The stream.
    pub stream: u32,
    /// What was wrong.
    pub what: Refused,
}

/// Why a request was turned down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The head is larger than SETTINGS_MAX_HEADER_LIST_SIZE.
    #[error("the head is larger than the {limit} bytes of SETTINGS_MAX_HEADER_LIST_SIZE")]
    HeadTooLarge {
        /// How large it may be, bytes.
        limit: u32,
    },
    /// The head is not one of a request.
    #[error("{0}")]
    Malformed(&'static str),
    /// There are as many streams as SETTINGS allow.
    #[error("more streams than SETTINGS allow")]
    TooManyStreams,
}

impl Event {
    /// The stream that is to be answered.
    pub(super) const fn asks(&self) -> Option<u32> {
        match self {
            Self::HeadTooLarge { stream, .. } | Self::Request(stream, _) => Some(*stream),
            Self::Failed(_) | Self::GoneAway(_) | Self::Refused(_) => None,
        }
    }
}

/// What has begun and did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfinished {
    /// A header block: the frame with END_HEADERS is missing.
    #[error("the header block of stream {stream}")]
    Block {
        /// The stream.
        stream: u32,
    },
    /// A frame: its head says more than has come.
    #[error("a frame")]
    Frame,
}

/// A rule of HTTP/2 was broken, and the connection with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (code {})", .code.0)]
pub struct Failure {
    /// The code of our GOAWAY.
    pub code: ErrorCode,
    /// What was wrong.
    pub what: &'static str,
}
