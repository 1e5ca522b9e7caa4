//! The listener of the control API.

use super::body::LONGEST_BODY;
use super::guard::{Guard, guard};
use super::problem::{Problem, STOPPING, TROUBLE, no_method, no_path};
use super::serve::serve;
use super::{metrics, route};
use crate::control::error::ControlError;
use crate::control::handle::Control;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::from_fn_with_state;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How the control API is served.
#[derive(Clone, Debug)]
pub struct ControlServerConfig {
    /// Where it listens; port 0 picks a free one.
    pub address: SocketAddr,
    /// Where everything else of this emulator is.
    pub places: Places,
    /// Further names under which it is reached, besides those of this machine.
    pub names: Vec<String>,
    /// The token that is asked for beyond loopback; a random one when nothing is said.
    pub token: Option<String>,
}

/// Where senders find what they need of an emulator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The base URL for senders.
    pub push: String,
    /// The file with the local CA's certificate, which is served as `/ca.pem`.
    pub ca: PathBuf,
    /// The folder with the credentials and their `index.json`.
    pub credentials: PathBuf,
}

/// The control API over HTTP, which runs until it is stopped or dropped.
#[derive(Debug)]
pub struct ControlServer {
    guard: Arc<Guard>,
    closing: DropGuard,
    task: JoinHandle<()>,
}

/// What handlers work with.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) control: Control,
    pub(super) closing: CancellationToken,
    pub(super) guard: Arc<Guard>,
    pub(super) places: Arc<Places>,
}

impl ControlServer {
    /// Binds and serves on the current tokio runtime.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start_with(
        config: ControlServerConfig,
        control: Control,
    ) -> Result<Self, ControlError> {
        let address = config.address;
        let listener = tokio::net::TcpListener::bind(address).await;
        let listener = listener.and_then(tokio::net::TcpListener::into_std);
        let listener = listener.map_err(|cause| ControlError::Bind { address, cause })?;
        Self::start_on(listener, config, control)
    }

    /// Serves on a socket that the caller bound, perhaps in another network namespace.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn start_on(
        listener: TcpListener,
        config: ControlServerConfig,
        control: Control,
    ) -> Result<Self, ControlError> {
        let address = config.address;
        let error = |cause: io::Error| ControlError::Bind { address, cause };
        listener.set_nonblocking(true).map_err(error)?;
        let bound = listener.local_addr().map_err(error)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(error)?;
        let token = (!bound.ip().is_loopback()).then(|| config.token.unwrap_or_else(random_token));
        let guard = Arc::new(Guard { bound, names: config.names, token });
        let closing = CancellationToken::new();
        let app = App {
            control,
            closing: closing.clone(),
            guard: Arc::clone(&guard),
            places: Arc::new(config.places),
        };
        let task = tokio::spawn(serve(listener, router(app), closing.clone()));
        Ok(Self { guard, closing: closing.drop_guard(), task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.guard.bound
    }

    /// What a call must bring along beyond loopback.
    pub fn token(&self) -> Option<&str> {
        self.guard.token.as_deref()
    }

    /// Takes no more calls, lets those in progress finish within 2 s, ends streams and waits.
    pub async fn stop(self) {
        drop(self.closing);
        // What it met is in the log.
        let _ = self.task.await;
    }
}

impl App {
    /// Something that may wait long, cut off when the emulator stops.
    pub(super) async fn until_stop<T>(&self, work: impl Future<Output = T>) -> Result<T, Problem> {
        tokio::select! {
            done = work => Ok(done),
            () = self.closing.cancelled() => Err(Problem::new(
                STOPPING,
                "the emulator is being stopped",
                "start it again",
            )),
        }
    }
}

fn router(app: App) -> Router {
    let mut api = Router::new();
    for line in route::ROUTES {
        api = api.route(&format!("{}{}", route::PREFIX, line.path), (line.handler)());
    }
    api.route("/", get(page))
        .route("/ca.pem", get(ca))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics::metrics))
        .fallback(no_path)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn_with_state(app.clone(), guard))
        .with_state(app)
}

async fn page() -> Html<&'static str> {
    Html(PAGE)
}

async fn ca(State(app): State<App>) -> Result<Response, Problem> {
    let places = Arc::clone(&app.places);
    let read = app.control.beside(move |_| std::fs::read(&places.ca)).await;
    match read {
        Ok(pem) => Ok(([(CONTENT_TYPE, "application/x-pem-file")], pem).into_response()),
        Err(cause) => Err(Problem::new(
            TROUBLE,
            format!("cannot read `{}`: {cause}", app.places.ca.display()),
            "start the emulator again: it writes the file when it is missing",
        )),
    }
}

fn random_token() -> String {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system has randomness");
    let mut text = String::with_capacity(32);
    for byte in bytes {
        text.push(char::from(HEX[usize::from(byte >> 4)]));
        text.push(char::from(HEX[usize::from(byte & 15)]));
    }
    text
}

const HEX: &[u8; 16] = b"0123456789abcdef";

const PAGE: &str = include_str!("page.html");
