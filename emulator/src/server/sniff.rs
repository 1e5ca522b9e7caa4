//! What a connection speaks, told from its first bytes.

use super::line::Replay;
use std::io;
use tokio::io::AsyncRead;

/// What the first bytes are the beginning of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// A CONNECT request: we are taken for a forward proxy.
    Connect,
    /// Nothing came: the other side closed without a byte, as port probes do.
    Empty,
    /// Nothing that we know.
    Garbage,
    /// A request of HTTP/1.0 or HTTP/1.1.
    Http1,
    /// The client preface of HTTP/2.
    Http2,
    /// A TLS record.
    Tls,
}

/// Reads ahead until it is clear what is spoken; nothing is consumed.
pub(super) async fn start<S: AsyncRead + Unpin>(stream: &mut Replay<S>) -> io::Result<Start> {
    loop {
        if let Some(start) = tell(stream.ahead()) {
            return Ok(start);
        }
        if stream.read_ahead().await? == 0 {
            let nothing = stream.ahead().is_empty();
            return Ok(if nothing { Start::Empty } else { Start::Garbage });
        }
    }
}

/// What these bytes are the beginning of; `None` while more are needed.
fn tell(bytes: &[u8]) -> Option<Start> {
    let first = *bytes.first()?;
    if first == TLS_HANDSHAKE {
        return Some(Start::Tls);
    }
    for (text, start) in [(PREFACE, Start::Http2), (CONNECT, Start::Connect)] {
        if bytes.starts_with(text) {
            return Some(start);
        }
        if text.starts_with(bytes) {
            return None;
        }
    }
    Some(if first.is_ascii_alphabetic() { Start::Http1 } else { Start::Garbage })
}

/// The content type of the record that a TLS client speaks first.
const TLS_HANDSHAKE: u8 = 0x16;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const CONNECT: &[u8] = b"CONNECT ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocols_apart() {
        let told = [
            &b""[..],
            b"\x16\x03\x01",
            b"P",
            b"PRI * HTTP/2.0\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0",
            b"POST /",
            b"PUT /",
            b"C",
            b"CONNECT a:1",
            b"COPY /",
            b"get / HTTP/1.1",
            b"\0\0",
        ]
        .map(tell);
        assert_eq!(
            told,
            [
                None,
                Some(Start::Tls),
                None,
                None,
                Some(Start::Http2),
                Some(Start::Http1),
                Some(Start::Http1),
                None,
                Some(Start::Connect),
                Some(Start::Http1),
                Some(Start::Http1),
                Some(Start::Garbage),
            ]
        );
    }
}
