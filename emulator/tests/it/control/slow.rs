//! Callers that stop in the middle of a call, and as many of them as there may be; on a clock that
//! jumps whenever nothing else is left to do.

use super::bench::Bench;
use pushpit_emulator::control::MOST_CALLERS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Dials and says these words, and nothing more.
async fn say(bench: &Bench, words: &str) -> TcpStream {
    let mut stream = TcpStream::connect(bench.server.address()).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

/// What comes until the other side closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

const HALF_BODY: &str =
    "POST /api/v1/devices HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n{\"name\":";

#[tokio::test(start_paused = true)]
async fn half_a_head_and_silence_end_without_an_answer() {
    let bench = Bench::start().await;
    for words in ["", "GET /healthz HTTP/1.1\r\nhost: loc"] {
        assert_eq!(rest(&mut say(&bench, words).await).await, "", "{words}");
    }
}

#[tokio::test(start_paused = true)]
async fn half_a_body_is_answered_with_what_was_expected() {
    let bench = Bench::start().await;
    let answer = rest(&mut say(&bench, HALF_BODY).await).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{head}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({
        "type": "urn:pushpit:problem:too-slow",
        "title": "The body did not arrive in time",
        "status": 408,
        "detail": "expected the whole body within 30 s",
        "help": "send as many bytes as `content-length` says, at once",
    });
    assert_eq!(problem, expected);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_while_all_places_are_taken_and_half_sent_ones_make_room() {
    let bench = Bench::start().await;
    let mut stuck = Vec::new();
    for _ in 0..MOST_CALLERS {
        stuck.push(say(&bench, HALF_BODY).await);
    }
    assert_eq!(bench.get("/healthz").await.status, 200);
    for stream in &mut stuck {
        assert!(rest(stream).await.starts_with("HTTP/1.1 408 "));
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_connection_serves_one_call_after_the_other() {
    let bench = Bench::start().await;
    let mut stream = say(&bench, "").await;
    for _ in 0..3 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\nok\n") {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        tokio::time::advance(std::time::Duration::from_secs(30)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_cuts_calls_that_do_not_come_to_their_end() {
    let bench = Bench::start().await;
    let mut stuck = say(&bench, HALF_BODY).await;
    // Its head is read: a call that is in progress.
    assert_eq!(bench.get("/healthz").await.status, 200);
    bench.server.stop().await;
    assert_eq!(rest(&mut stuck).await, "");
    assert!(TcpStream::connect(stuck.peer_addr().unwrap()).await.is_err());
}
