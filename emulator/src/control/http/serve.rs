//! The connections of the control API: how many there may be, and how long a caller may take.

use crate::control::pause::{sleep, within};
use axum::Router;
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Serves until `closing`; then lets calls in progress finish, and cuts those that do not.
pub(super) async fn serve(listener: TcpListener, router: Router, closing: CancellationToken) {
    let (cut, calls) = (CancellationToken::new(), TaskTracker::new());
    let places = Arc::new(Semaphore::new(MOST_CALLERS));
    loop {
        // Whoever comes when all places are taken waits in the system's queue.
        let accepted = tokio::select! {
            Ok(place) = Arc::clone(&places).acquire_owned() => tokio::select! {
                accepted = listener.accept() => accepted.map(|(stream, _)| (place, stream)),
                () = closing.cancelled() => break,
            },
            () = closing.cancelled() => break,
        };
        match accepted {
            Ok((place, stream)) => {
                if places.available_permits() == 0 {
                    tracing::warn!(
                        "{MOST_CALLERS} connections to the control API are open: the next waits"
                    );
                }
                let (router, closing, cut) = (router.clone(), closing.clone(), cut.clone());
                calls.spawn(async move {
                    tokio::select! {
                        () = carry(stream, router, closing) => {}
                        () = cut.cancelled() => {}
                    }
                    drop(place);
                });
            }
            Err(cause) if of_one_caller(&cause) => {}
            Err(cause) => {
                tracing::warn!("the control API could not accept a connection: {cause}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    calls.close();
    if within(STOP_LIMIT, calls.wait()).await.is_none() {
        cut.cancel();
        calls.wait().await;
    }
}

/// Carries one connection to its end.
async fn carry(stream: TcpStream, router: Router, closing: CancellationToken) {
    // Without it answers wait for acknowledgements; a socket that is gone already needs none.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(HEAD_CEILING);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        tracing::debug!("a connection to the control API ended: {cause}");
    }
}

/// Whether an error of accept concerns only the connection that was to be accepted.
pub fn of_one_caller(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// How many connections there may be at once: a test suite's clients and some open pages, each
/// with a stream of events.
pub const MOST_CALLERS: usize = 256;
/// How long a head may take, and the wait for the next call on an open connection: longer than
/// clients keep idle connections for their next call. [guess]
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// The longest head: a cursor and a filter fit many times.
const HEAD_CEILING: usize = 64 << 10;
/// How long calls in progress may take to finish, in real time.
const STOP_LIMIT: Duration = Duration::from_secs(2);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
