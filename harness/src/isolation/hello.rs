//! Which name a connection asks for in its first words, when the address tells none.

use pushpit_emulator::world::is_push_target;
use rustls::server::Acceptor;
use tokio::net::TcpStream;

/// Whether a connection begins with a TLS greeting to a push host. Nothing is taken from it.
pub(super) async fn asks_for_push_host(stream: &TcpStream, port: u16) -> bool {
    let mut first = vec![0; LONGEST];
    let Ok(length) = stream.peek(&mut first).await else { return false };
    name_in(&first[..length]).is_some_and(|name| is_push_target(&name, port))
}

/// The server name of a TLS greeting that is there whole: on the loopback device it comes in one.
fn name_in(mut greeting: &[u8]) -> Option<String> {
    let mut acceptor = Acceptor::default();
    acceptor.read_tls(&mut greeting).ok()?;
    let accepted = acceptor.accept().ok()??;
    accepted.client_hello().server_name().map(str::to_owned)
}

/// The longest greeting that is looked at, bytes.
const LONGEST: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_greeting_names_nothing() {
        for first in
            [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", &[0x16; 600]]
        {
            assert_eq!(name_in(first), None);
        }
    }
}
