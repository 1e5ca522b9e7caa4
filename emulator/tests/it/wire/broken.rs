//! Requests that are wrong below the service: chunks and heads that no server takes.

use super::bench::{Bench, Event, talk};

const CHUNKED: &str = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_malformed_chunk_is_answered_and_blames_the_sender() {
    let what = "the sender's chunked body is not valid HTTP/1.1:";
    for (chunks, cause) in [
        ("x\r\nhello\r\n0\r\n\r\n", "Invalid chunk size line: missing size digit"),
        ("5 hello\r\n", "Invalid chunk size linear white space"),
        ("3\r\nhello\r\n0\r\n\r\n", "Invalid chunk body CR"),
        ("fffffffffffffffff\r\n", "invalid chunk size: overflow"),
    ] {
        let mut bench = Bench::start().await;
        let words = format!("{CHUNKED}{chunks}");
        let answer = talk(&mut bench.dial().await, words.as_bytes()).await.unwrap();
        assert_eq!(
            answer,
            "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
             content-length: 75\r\n\r\n\
             {\"pushpit\":\"bad-chunk\",\"message\":\"the request's chunked body is malformed\"}"
        );
        let told = bench.trouble_and_help().await;
        let help = "look at how the sender writes chunks: the size in hexadecimal, a line break, \
                    so many bytes, a line break";
        assert_eq!(told, (format!("{what} {cause}"), help.to_owned()));
        assert_eq!(bench.event().await, Event::Closed("the server closed it".to_owned()));
    }
}

#[tokio::test]
async fn a_sender_that_goes_away_between_two_chunks_is_not_blamed_for_their_form() {
    let mut bench = Bench::start().await;
    let mut stream = bench.dial().await;
    let words = format!("{CHUNKED}5\r\nhel");
    tokio::io::AsyncWriteExt::write_all(&mut stream, words.as_bytes()).await.unwrap();
    drop(stream);
    let told = "the sender closed the connection in the middle of a request";
    assert_eq!(bench.trouble().await, told);
}
