//! The end of a server.

use super::bench::{Bench, Event, Http2, PLAIN, finish};
use pushpit_emulator::server::{
    Listener, MAX_CONNECTIONS, Server, ServerConfig, ServerError, Socket,
};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_graceful_stop_finishes_requests_in_flight() {
    let mut bench = Bench::start().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    let (reply, mut stream) = client.begin("/slow").await.unwrap();
    let mut old = bench.dial().await;
    old.write_all(b"POST /old HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\n").await.unwrap();
    let mut heads = 0;
    while heads < 2 {
        heads += usize::from(matches!(bench.events.recv().await, Some(Event::Head(_))));
    }
    let running = bench.running.take().unwrap();
    assert_eq!(running.connections(), 2);
    let stopping = tokio::spawn(running.stop());
    while TcpStream::connect(bench.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.send_data(bytes::Bytes::from_static(b"x"), true).unwrap();
    old.write_all(b"x").await.unwrap();
    assert_eq!(finish(reply.await.unwrap()).await.unwrap().0, 200);
    let mut answer = String::new();
    old.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\nPOST http a /old 1"), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_stop_closes_idle_connections_at_once() {
    let mut bench = Bench::start().await;
    let silent = bench.dial().await;
    let mut client = Http2::over(bench.tls(PLAIN, &["h2"]).await.unwrap()).await;
    assert_eq!(client.post("/", b"").await.unwrap().0, 200);
    bench.peer().await;
    bench.running.take().unwrap().stop().await;
    client.end.await.unwrap().unwrap();
    assert_eq!(bench.event().await, Event::Closed("the server closed it".to_owned()));
    drop(silent);
}

#[tokio::test]
async fn a_busy_port_is_told_with_help() {
    let bench = Bench::start().await;
    let socket = Socket::Bind(bench.address);
    let listeners = vec![Listener { socket, service: None }];
    let authority = Arc::clone(&bench.authority);
    let config = ServerConfig { listeners, authority, max_connections: MAX_CONNECTIONS };
    let error = Server::start(config, super::bench::front()).await.unwrap_err();
    let ServerError::Bind { address, ref cause } = error else { panic!("{error}") };
    assert_eq!((address, cause.kind()), (bench.address, ErrorKind::AddrInUse));
    assert!(error.help().starts_with("another program listens there"));
}
