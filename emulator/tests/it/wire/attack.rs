//! Senders that harm on purpose, where only sockets show that the others do not notice; what one
//! connection may cost is held where connections are told in frames.

use super::bench::{Bench, HELLO, Http2};
use std::io::ErrorKind;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// Writes until the socket has taken nothing for many turns of the server.
async fn fill(stream: &TcpStream, mut words: impl Iterator<Item = Vec<u8>>) -> usize {
    let (mut written, mut refused) = (0, 0);
    let mut rest = words.next().unwrap();
    while refused < 2_000 {
        match stream.try_write(&rest) {
            Ok(count) => {
                (written, refused) = (written + count, 0);
                rest.drain(..count);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                refused += 1;
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
        if rest.is_empty() {
            rest = words.next().unwrap();
        }
    }
    written
}

/// A request of `/`, which is answered with a body; so long that what the server reads at once is
/// no more than the streams it allows.
fn post(stream: u32) -> Vec<u8> {
    let [a, b, c, d] = stream.to_be_bytes();
    let head = [0, 0, 3, 1, 4, a, b, c, d, 0x83, 0x87, 0x84];
    [&head[..], &[0, 0, 100, 0, 1, a, b, c, d], &[b'x'; 100]].concat()
}

#[tokio::test]
async fn a_sender_that_never_reads_is_cut_in_time() {
    let mut bench = Bench::start().await;
    let stuck = bench.dial().await;
    let windows = [
        &HELLO[..24],
        b"\0\0\x06\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff",
        b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\0\0",
    ];
    let first = std::iter::once(windows.concat());
    fill(&stuck, first.chain((0..).map(|number| post(2 * number + 1)))).await;
    // Nothing else happens any more, so that the limit passes at once.
    tokio::time::pause();
    assert_eq!(bench.trouble().await, "the sender read nothing for 60 s");
}

#[tokio::test]
async fn a_sender_that_never_reads_harms_nobody_and_is_cut_when_the_server_stops() {
    let mut bench = Bench::start().await;
    let mut other = Http2::over(bench.dial().await).await;
    let mut stuck = bench.dial().await;
    // The windows are as wide as can be, so that the socket alone holds the replies back.
    let windows = [
        &HELLO[..24],
        b"\0\0\x06\x04\0\0\0\0\0\0\x04\x7f\xff\xff\xff",
        b"\0\0\x04\x08\0\0\0\0\0\x7f\xff\0\0",
    ];
    let first = std::iter::once(windows.concat());
    let written = fill(&stuck, first.chain((0..).map(|number| post(2 * number + 1)))).await;
    assert!(written < 64 << 20, "{written}");
    assert_eq!(other.post("/", b"").await.unwrap().0, 200);
    // The five seconds that the server waits for it pass at once.
    tokio::time::pause();
    bench.running.take().unwrap().stop().await;
    let end = stuck.read_to_end(&mut Vec::new()).await;
    assert!(end.is_ok() || end.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn hundreds_of_idle_connections_are_kept_and_closed_by_a_stop() {
    let mut bench = Bench::start().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(Http2::over(bench.dial().await).await);
    }
    assert_eq!(idle[299].post("/", b"").await.unwrap().0, 200);
    assert_eq!(idle[0].post("/", b"").await.unwrap().0, 200);
    assert_eq!(bench.running.as_ref().unwrap().connections(), 300);
    bench.running.take().unwrap().stop().await;
    for client in idle {
        client.end.await.unwrap().unwrap();
    }
}
