//! The answer to HTTP/1.x where HTTP/2 alone is spoken, as Netty's server gives it.
//!
//! SETTINGS, then GOAWAY with last stream 0, PROTOCOL_ERROR and debug text, then close.
//! [client] Netty `Http2ConnectionHandler`; that APNs does precisely this is a [guess].

use super::front::Trouble;
use super::line::Replay;
use super::linger::farewell;
use crate::wire::{ConnectionProfile, Settings};
use tokio::io::{AsyncRead, AsyncWrite};

/// Refuses the connection; the request never becomes one.
pub(super) async fn refuse<S>(stream: &mut Replay<S>, profile: &ConnectionProfile) -> Trouble
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
    let mut frames = settings(&profile.settings);
    frames.extend(goaway(PROTOCOL_ERROR, debug.as_bytes()));
    farewell(stream, &frames).await;
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

fn settings(settings: &Settings) -> Vec<u8> {
    let values: [(u16, u32); 5] = [
        (1, settings.header_table_size),
        (3, settings.max_concurrent_streams),
        (4, settings.initial_window_size),
        (5, settings.max_frame_size),
        (6, settings.max_header_list_size),
    ];
    let payload: Vec<u8> = values
        .iter()
        .flat_map(|(id, value)| id.to_be_bytes().into_iter().chain(value.to_be_bytes()))
        .collect();
    frame(SETTINGS, &payload)
}

fn goaway(code: u32, debug: &[u8]) -> Vec<u8> {
    let last_stream = 0_u32;
    let payload = [&last_stream.to_be_bytes()[..], &code.to_be_bytes(), debug].concat();
    frame(GOAWAY, &payload)
}

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let head = [length[1], length[2], length[3], kind, 0, 0, 0, 0, 0];
    [&head[..], payload].concat()
}

const HTTP1: &[u8] = b"HTTP/1.";
/// Netty's own choice of how far to look. [client]
const SEARCH_CEILING: usize = 1024;
const PREFACE_LENGTH: usize = 24;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const PROTOCOL_ERROR: u32 = 1;

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
