//! The limits in real time, on a clock that jumps whenever nothing else is left to do.

use super::bench::{Bench, Event, Http2, finish, talk};
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
