//! The forward proxy's CONNECT: the tunnel leads to ourselves.

use super::front::{Front, Trouble};
use super::line::Replay;
use super::linger::farewell;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Where a tunnel was to lead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// `host:port` as it came.
    pub(super) text: String,
    /// Lower case, without brackets and trailing dot.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
}

/// Reads the CONNECT request and opens the tunnel or refuses it.
///
/// Clients parse the reply crudely: aioapns looks for the bytes `HTTP/1.1 200 Connect`, Sygnal
/// wants three parts in the status line. [client]
pub(super) async fn open<S>(stream: &mut Replay<S>, front: &dyn Front) -> Result<Target, Trouble>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let line = head(stream).await?;
    let Some(target) = parse(&line) else {
        farewell(
            stream,
            refusal("400 Bad Request", "pushpit: expected CONNECT host:port").as_bytes(),
        )
        .await;
        return Err(Trouble::ConnectMalformed { line });
    };
    if !front.may_connect(&target.host, target.port) {
        let Target { text, .. } = target;
        let sentence = format!(
            "pushpit does not tunnel to {text}: it is no push host, and nothing leaves this machine"
        );
        farewell(stream, refusal("502 Bad Gateway", &sentence).as_bytes()).await;
        return Err(Trouble::ConnectRefused { target: text });
    }
    let written = async {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        stream.flush().await
    };
    written.await.map_err(|_| Trouble::HalfRequest)?;
    Ok(target)
}

/// Consumes the whole head and returns its first line.
async fn head<S: AsyncRead + Unpin>(stream: &mut Replay<S>) -> Result<String, Trouble> {
    loop {
        let ahead = stream.ahead();
        let line = || {
            let line = ahead.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or(ahead);
            String::from_utf8_lossy(line).into_owned()
        };
        if let Some(end) = ahead.windows(4).position(|four| four == b"\r\n\r\n") {
            let line = line();
            stream.consume(end + 4);
            return Ok(line);
        }
        if ahead.len() > HEAD_CEILING {
            return Err(Trouble::ConnectMalformed { line: line() });
        }
        if !matches!(stream.read_ahead().await, Ok(1..)) {
            return Err(Trouble::HalfRequest);
        }
    }
}

fn parse(line: &str) -> Option<Target> {
    let mut parts = line.split(' ').filter(|part| !part.is_empty());
    let (method, text, version) = (parts.next()?, parts.next()?, parts.next()?);
    if method != "CONNECT" || !version.starts_with("HTTP/1.") || parts.next().is_some() {
        return None;
    }
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    (!host.is_empty()).then(|| Target {
        text: text.to_owned(),
        host: host.to_ascii_lowercase(),
        port,
    })
}

fn refusal(status: &str, sentence: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{sentence}\n",
        sentence.len() + 1
    )
}

/// The longest head of a CONNECT request: proxies' usual limit.
const HEAD_CEILING: usize = 8 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_in_all_its_forms() {
        let target = |text: &str, host: &str, port| {
            Some(Target { text: text.to_owned(), host: host.to_owned(), port })
        };
        assert_eq!(
            [
                "CONNECT api.push.apple.com:443 HTTP/1.1",
                "CONNECT API.push.apple.com.:2197 HTTP/1.0",
                "CONNECT [::1]:443 HTTP/1.1",
                "CONNECT nowhere HTTP/1.1",
                "CONNECT :443 HTTP/1.1",
                "CONNECT a:70000 HTTP/1.1",
                "CONNECT a:1",
            ]
            .map(parse),
            [
                target("api.push.apple.com:443", "api.push.apple.com", 443),
                target("API.push.apple.com.:2197", "api.push.apple.com", 2197),
                target("[::1]:443", "::1", 443),
                None,
                None,
                None,
                None,
            ]
        );
    }
}
