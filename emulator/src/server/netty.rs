//! The answer to HTTP/1.x where HTTP/2 alone is spoken, as Netty's server gives it.
//!
//! SETTINGS, then GOAWAY with last stream 0, PROTOCOL_ERROR and debug text, then close.
//! [client] Netty `Http2ConnectionHandler`; that APNs does precisely this is a [guess].

use super::front::Trouble;
use super::line::Replay;
use super::linger::farewell;
use crate::http2::ErrorCode;
use crate::http2::frame;
use crate::wire::{ConnectionProfile, Settings};
use tokio::io::{AsyncRead, AsyncWrite};

/// Refuses the connection; the request never becomes one.
pub(super) async fn refuse<S>(
    stream: &mut Replay<S>,
    profile: &ConnectionProfile,
    settings: &Settings,
) -> Trouble
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let head = loop {
        let ahead = stream.ahead();
        let line = find(ahead, HTTP1).or_else(|| find(ahead, b"\n"));
        if line.is_some() || ahead.len() >= SEARCH_CEILING {
            break ahead.to_vec();
        }
        if !matches!(stream.read_ahead().await, Ok(1..)) {
            return Trouble::HalfRequest;
        }
    };
    let debug = debug_text(&head);
    farewell(stream, &last_frames(settings, debug.as_bytes())).await;
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or(&head);
    Trouble::Http1Refused {
        profile: profile.name,
        line: String::from_utf8_lossy(line).into_owned(),
    }
}

/// Netty takes what lies before `HTTP/1.`, the blank included, if that is among the first 1024
/// bytes; else it dumps what it compared with the preface. [client]
fn debug_text(head: &[u8]) -> String {
    let searched = head.get(..SEARCH_CEILING).unwrap_or(head);
    if let Some(end) = find(searched, HTTP1) {
        let chunk = String::from_utf8_lossy(searched.get(..end).unwrap_or_default());
        return format!("Unexpected HTTP/1.x request: {chunk}");
    }
    let compared = head.get(..PREFACE_LENGTH).unwrap_or(head);
    format!(
        "HTTP/2 client preface string missing or corrupt. Hex dump for received bytes: {}",
        hex(compared)
    )
}

/// The bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn last_frames(settings: &Settings, debug: &[u8]) -> Vec<u8> {
    let mut frames = Vec::new();
    frame::settings(&mut frames, &frame::first_settings(settings));
    frame::go_away(&mut frames, 0, ErrorCode::PROTOCOL_ERROR, debug);
    frames
}

const HTTP1: &[u8] = b"HTTP/1.";
/// Netty's own choice of how far to look. [client]
const SEARCH_CEILING: usize = 1024;
const PREFACE_LENGTH: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_text_names_method_and_path_as_netty_does() {
        assert_eq!(
            debug_text(b"POST /3/device/ab HTTP/1.1\r\nhost: a\r\n\r\n"),
            "Unexpected HTTP/1.x request: POST /3/device/ab "
        );
        assert_eq!(
            debug_text(b"POST\n"),
            "HTTP/2 client preface string missing or corrupt. Hex dump for received bytes: \
             504f53540a"
        );
    }
}
