//! What comes of the bytes of a connection: requests, refusals, failures.

use super::ErrorCode;
use crate::wire::Request;

/// What came of the bytes.
#[derive(Debug)]
pub enum Event {
    /// A request is whole, or so long that it is answered without its end.
    Request(u32, Request),
    /// A request was turned down below the service, by RST_STREAM or 431.
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
    pub what: &'static str,
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
