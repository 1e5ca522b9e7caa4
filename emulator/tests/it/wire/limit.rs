//! The limits in real time, on a clock that jumps whenever nothing else is left to do.

use super::bench::{Bench, Event, Frame, HELLO, Http2, finish, frame, talk};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_and_told() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(bench.event().await, Event::Trouble("no handshake within 10 s".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn half_a_head_is_not_waited_for_without_end() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    let answer = talk(&mut stream, b"POST / HTTP/1.1\r\nHos").await.unwrap_or_default();
    assert_eq!(answer, "");
    let told = "a request's head did not arrive within 10 s";
    assert_eq!(bench.trouble().await, told);
}

#[tokio::test]
async fn a_connection_too_many_is_closed_and_told_and_a_place_that_is_free_again_is_used() {
    let mut bench = Bench::limited_to(1, None).await;
    let first = Http2::over(bench.dial().await).await;
    let mut client = first;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    let mut second = bench.dial().await;
    // Closed with or without a reset, as the system likes; nothing was said.
    assert_eq!(second.read(&mut [0]).await.unwrap_or_default(), 0);
    assert_eq!(bench.trouble().await, "closed a new connection: 1 are open already");
    assert_eq!(client.post("/", b"").await.unwrap().0, 200, "the one that is open goes on");
    drop(client);
    while bench.running.as_ref().unwrap().connections() > 0 {
        tokio::task::yield_now().await;
    }
    let mut third = Http2::over(bench.dial().await).await;
    assert_eq!(third.post("/", b"").await.unwrap().0, 200);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept() {
    let bench = Bench::start().await;
    let mut stream = bench.dial().await;
    for _ in 0..2 {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"GET http a / 0") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_answered_and_told_after_the_limit() {
    let mut bench = Bench::start().await;
    let slow = r#"{"pushpit":"slow-body","message":"the request's body did not arrive in time"}"#;
    let mut client = Http2::over(bench.dial().await).await;
    let (reply, _stream) = client.begin("/").await.unwrap();
    assert_eq!(finish(reply.await.unwrap()).await.unwrap(), (408, slow.to_owned()));
    let told = "a request's body did not arrive within 30 s";
    assert_eq!(bench.trouble().await, told);
    let mut stream = bench.dial().await;
    let half = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
    let answer = talk(&mut stream, half).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert_eq!(bench.trouble().await, told);
}

/// Says these words after its first ones, and then nothing more; gives what the server says after
/// its own first ones.
async fn stuck(bench: &Bench, words: &[u8]) -> Vec<Frame> {
    let mut stream = bench.dial().await;
    stream.write_all(&[HELLO, words].concat()).await.unwrap();
    let mut said = Vec::new();
    while let Ok(frame) = frame(&mut stream).await {
        said.push(frame);
    }
    said.split_off(3)
}

fn calm(last: u8, debug: &str) -> Frame {
    (7, 0, 0, [&[0, 0, 0, last, 0, 0, 0, 11], debug.as_bytes()].concat())
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_never_ends_ends_the_connection() {
    let mut bench = Bench::start().await;
    // A PING of eight bytes, of which three come.
    let said = stuck(&bench, b"\0\0\x08\x06\0\0\0\0\0abc").await;
    assert_eq!(said, [calm(0, "a frame did not come to its end in time")]);
    let told = "a frame did not come to its end within 30 s";
    assert_eq!(bench.trouble().await, told);
    assert_eq!(bench.running.take().unwrap().connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_header_block_that_never_ends_ends_the_connection() {
    let mut bench = Bench::start().await;
    // A whole request, and one whose HEADERS have no END_HEADERS.
    let words = b"\0\0\x03\x01\x05\0\0\0\x01\x83\x87\x84\0\0\x01\x01\x01\0\0\0\x03\x83";
    let said = stuck(&bench, words).await;
    let ends: Vec<_> =
        said.iter().map(|(kind, flags, stream, _)| (*kind, *flags, *stream)).collect();
    assert_eq!(ends, [(1, 4, 1), (0, 1, 1), (7, 0, 0)]);
    let debug = "the header block of stream 3 did not come to its end in time";
    assert_eq!(said.last(), Some(&calm(1, debug)));
    let told = "the header block of stream 3 did not come to its end within 30 s";
    assert_eq!(bench.trouble().await, told);
}
