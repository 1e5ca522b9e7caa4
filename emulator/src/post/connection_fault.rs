//! What faults do to connections.

use super::FaultError;
use crate::wire::{Framing, GoAway, LastStream, NewSettings, Reply, Stall, Wire};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// What happens to the connection in place of an answer, or with it.
///
/// `drop`, `go_away`, `stall` and `tear` are whole as they stand, also without a map behind them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionFault {
    /// The answer breaks off in its body, and the connection with it.
    Cut(CutFault),
    /// It is closed without an answer.
    Drop,
    /// HTTP/2: the answer's body goes out in other DATA frames than usual.
    Frames(FramesFault),
    /// After the answer it is closed; HTTP/2 says GOAWAY first.
    GoAway(GoAwayFault),
    /// HTTP/2: the stream is reset; HTTP/1.1: the connection is.
    ResetStream(ResetFault),
    /// HTTP/2: new SETTINGS are said before the answer.
    Settings(SettingsFault),
    /// Nothing is said any more.
    Stall(StallFault),
    /// It is reset without an answer, as by a crashed machine.
    Tear,
}

/// An answer that breaks off.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct CutFault {
    /// How much of the body goes out, bytes; the head always does.
    #[serde(default)]
    pub after: u32,
    /// Whether the connection goes by a TCP reset; it is closed otherwise.
    #[serde(default)]
    pub reset: bool,
}

/// DATA frames on purpose.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct FramesFault {
    /// The most bytes of the body in a frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub split: Option<u32>,
    /// How many empty frames come before the body.
    #[serde(default)]
    pub empty: u8,
}

/// A GOAWAY frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GoAwayFault {
    /// The error code; NO_ERROR by default.
    #[serde(default)]
    pub code: Code,
    /// The debug data, such as `{"reason":"Shutdown"}`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub debug: String,
    /// The last stream that counts as processed.
    #[serde(default)]
    pub last_stream: NamedStream,
}

/// The last stream that a GOAWAY frame names: `begun` (the default), all that were begun are
/// answered; `before`, the request is not looked at, nor what came after it; or a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamedStream(pub LastStream);

/// A stream that is reset: an error code, or a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetFault {
    /// The error code.
    pub code: Code,
    /// How much of the answer's body goes out before, bytes; without it, there is no answer.
    pub after: Option<u32>,
}

/// New SETTINGS; what is not said stays.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct SettingsFault {
    /// SETTINGS_HEADER_TABLE_SIZE, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 65536))]
    pub header_table_size: Option<u32>,
    /// SETTINGS_MAX_CONCURRENT_STREAMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10000))]
    pub max_concurrent_streams: Option<u32>,
    /// SETTINGS_INITIAL_WINDOW_SIZE, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1048576))]
    pub initial_window_size: Option<u32>,
    /// SETTINGS_MAX_FRAME_SIZE, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 16384, max = 1048576))]
    pub max_frame_size: Option<u32>,
    /// SETTINGS_MAX_HEADER_LIST_SIZE, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1048576))]
    pub max_header_list_size: Option<u32>,
}

/// What falls silent.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StallFault {
    /// This answer never comes.
    #[default]
    Answer,
    /// Nothing comes any more, not even to a PING.
    Connection,
}

/// An HTTP/2 error code: its number, or its name such as `REFUSED_STREAM`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Code(pub u32);

/// What a connection is told outside of any answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionOrder {
    /// Say these SETTINGS.
    Settings(NewSettings),
    /// Do this to the wire.
    Wire(Wire),
}

impl ConnectionFault {
    /// Whether the sender gets a status, so that the service may answer.
    pub const fn answers(&self) -> bool {
        match self {
            Self::Cut(_) | Self::Frames(_) | Self::Settings(_) => true,
            Self::GoAway(fault) => !matches!(fault.last_stream.0, LastStream::Before),
            Self::ResetStream(fault) => fault.after.is_some(),
            Self::Drop | Self::Stall(_) | Self::Tear => false,
        }
    }

    /// Does it to a reply.
    pub fn bend(&self, reply: &mut Reply) {
        reply.wire = match self {
            Self::Cut(CutFault { after, reset }) => Wire::Cut { after: *after, reset: *reset },
            Self::Drop => Wire::Drop,
            Self::Frames(FramesFault { split, empty }) => {
                reply.framing = Framing { split: split.unwrap_or(0), empty: *empty };
                return;
            }
            Self::GoAway(fault) => Wire::GoAway(GoAway {
                code: fault.code.0,
                debug: Bytes::from(fault.debug.clone()),
                last_stream: fault.last_stream.0,
            }),
            Self::ResetStream(ResetFault { code, after }) => {
                Wire::ResetStream { code: code.0, after: *after }
            }
            Self::Settings(fault) => {
                reply.settings = Some(Box::new(fault.settings()));
                return;
            }
            Self::Stall(StallFault::Answer) => Wire::Stall(Stall::Answer),
            Self::Stall(StallFault::Connection) => Wire::Stall(Stall::Connection),
            Self::Tear => Wire::Tear,
        };
    }

    /// What it makes of a connection outside of any answer, where it can.
    pub fn order(&self) -> Option<ConnectionOrder> {
        match self {
            Self::Drop | Self::GoAway(_) | Self::Stall(StallFault::Connection) | Self::Tear => {
                let mut reply = Reply::status(0);
                self.bend(&mut reply);
                Some(ConnectionOrder::Wire(reply.wire))
            }
            Self::Settings(fault) => Some(ConnectionOrder::Settings(fault.settings())),
            Self::Cut(_) | Self::Frames(_) | Self::ResetStream(_) | Self::Stall(_) => None,
        }
    }

    /// Whether it can be.
    pub(super) fn check(&self) -> Result<(), FaultError> {
        match self {
            Self::Frames(FramesFault { split: Some(0), .. }) => Err(FaultError::ZeroSplit),
            Self::Frames(FramesFault { split: None, empty: 0 }) => Err(FaultError::EmptyFrames),
            Self::GoAway(fault) if fault.debug.len() > MAX_DEBUG => {
                Err(FaultError::DebugTooLong { most: MAX_DEBUG })
            }
            Self::Settings(fault) => fault.check(),
            _ => Ok(()),
        }
    }
}

impl SettingsFault {
    fn settings(&self) -> NewSettings {
        NewSettings {
            header_table_size: self.header_table_size,
            max_concurrent_streams: self.max_concurrent_streams,
            initial_window_size: self.initial_window_size,
            max_frame_size: self.max_frame_size,
            max_header_list_size: self.max_header_list_size,
        }
    }

    fn check(&self) -> Result<(), FaultError> {
        if *self == Self::default() {
            return Err(FaultError::EmptySettings);
        }
        let values = [
            ("header_table_size", self.header_table_size, 0, MAX_TABLE),
            ("max_concurrent_streams", self.max_concurrent_streams, 0, MAX_STREAMS),
            ("initial_window_size", self.initial_window_size, 0, MAX_BYTES),
            ("max_frame_size", self.max_frame_size, MIN_FRAME, MAX_BYTES),
            ("max_header_list_size", self.max_header_list_size, 0, MAX_BYTES),
        ];
        for (name, value, least, most) in values {
            if value.is_some_and(|value| !(least..=most).contains(&value)) {
                return Err(FaultError::Setting { name, least, most });
            }
        }
        Ok(())
    }
}

/// Debug data is a reason or a sentence; it fits one frame with room.
const MAX_DEBUG: usize = 8_192;
/// A table of more would be memory for every connection, bytes.
const MAX_TABLE: u32 = 65_536;
/// Streams of a connection, each with a request in memory.
const MAX_STREAMS: u32 = 10_000;
/// Windows, frames and header lists: each may lie in memory once a stream or connection.
const MAX_BYTES: u32 = 1 << 20;
/// SETTINGS_MAX_FRAME_SIZE may not be smaller. [doc] RFC 9113, section 6.5.2
const MIN_FRAME: u32 = 16_384;
