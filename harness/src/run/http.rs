//! Small HTTP clients: one for a sender's own API, one for hand-written requests to the push port.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request to make.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    /// The method.
    pub method: String,
    /// Path and query; for a sender's API the whole URL.
    pub target: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

/// A call that got no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The URL is not one that can be called.
    #[error("expected a URL such as `http://127.0.0.1:8080/send`, found `{0}`")]
    Url(String),
    /// Only this machine is called.
    #[error("`{0}` is not on this machine")]
    NotLoopback(String),
    /// Nobody listens, or the connection broke.
    #[error("no answer from `{to}`: {cause}")]
    Connection {
        /// Whom.
        to: String,
        /// What went wrong.
        cause: String,
    },
    /// It took too long.
    #[error("no answer from `{to}` within {}", humantime::format_duration(*limit))]
    TooLong {
        /// Whom.
        to: String,
        /// The limit.
        limit: Duration,
    },
}

impl CallError {
    /// What to do.
    pub(super) const fn help(&self) -> &'static str {
        match self {
            Self::Url(_) => "write scheme, host, port and path",
            Self::NotLoopback(_) => "a scenario calls senders on 127.0.0.1 or localhost only",
            Self::Connection { .. } => "does the sender run and listen? see its output",
            Self::TooLong { .. } => "raise `timeout` if it only needs longer",
        }
    }
}

/// Calls a URL over plain HTTP/1.1.
///
/// # Errors
/// The URL is wrong or beyond this machine, or there is no answer.
pub(super) async fn call(call: Call, limit: Duration) -> Result<Called, CallError> {
    let url = call.target.clone();
    let (authority, path) = parts(&url)?;
    let address = loopback(&authority)?;
    let work = async {
        let stream = TcpStream::connect(address).await.map_err(|cause| cause.to_string())?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|cause| cause.to_string())?;
        let driver = tokio::spawn(connection);
        let request = build(call, &path, Some(&authority))?;
        let response = sender.send_request(request).await.map_err(|cause| cause.to_string())?;
        let called = read(response).await;
        driver.abort();
        called
    };
    settle(url.clone(), limit, timeout(limit, work).await)
}

/// The push port of an emulator, and whom to trust there.
#[derive(Clone, Debug)]
pub(super) struct PushPort {
    address: SocketAddr,
    tls: Arc<rustls::ClientConfig>,
}

impl PushPort {
    /// A push port whose certificates the CA in this file signs.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn new(address: SocketAddr, ca: &Path) -> Result<Self, CallError> {
        let error = |cause: String| CallError::Connection { to: ca.display().to_string(), cause };
        let certificate =
            CertificateDer::from_pem_file(ca).map_err(|cause| error(cause.to_string()))?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).map_err(|cause| error(cause.to_string()))?;
        let mut tls =
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { address, tls: Arc::new(tls) })
    }

    /// Sends one request over TLS and HTTP/2; `host` is the name that it is for.
    ///
    /// # Errors
    /// There is no answer.
    pub(super) async fn send(
        &self,
        host: &str,
        call: Call,
        limit: Duration,
    ) -> Result<Called, CallError> {
        let work = async {
            let text = |cause: &dyn std::fmt::Display| cause.to_string();
            let stream = TcpStream::connect(self.address).await.map_err(|it| text(&it))?;
            let name = ServerName::try_from(host.to_owned()).map_err(|it| text(&it))?;
            let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls));
            let stream = connector.connect(name, stream).await.map_err(|it| text(&it))?;
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                    .await
                    .map_err(|it| text(&it))?;
            let driver = tokio::spawn(connection);
            let target = format!("https://{host}{}", call.target);
            let request = build(call, &target, None)?;
            let response = sender.send_request(request).await.map_err(|it| text(&it))?;
            let called = read(response).await;
            driver.abort();
            called
        };
        settle(self.address.to_string(), limit, timeout(limit, work).await)
    }
}

fn settle(
    to: String,
    limit: Duration,
    done: Result<Result<Called, String>, tokio::time::error::Elapsed>,
) -> Result<Called, CallError> {
    match done {
        Ok(Ok(called)) => Ok(called),
        Ok(Err(cause)) => Err(CallError::Connection { to, cause }),
        Err(_) => Err(CallError::TooLong { to, limit }),
    }
}

fn build(call: Call, target: &str, host: Option<&str>) -> Result<Request<Full<Bytes>>, String> {
    let mut request = Request::builder().method(call.method.as_str()).uri(target);
    if let Some(host) = host {
        request = request.header("host", host);
    }
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(call.body.into())).map_err(|cause| cause.to_string())
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Called, String> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await;
    let body = body.map_err(|cause| cause.to_string())?.to_bytes();
    Ok(Called { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn parts(url: &str) -> Result<(String, String), CallError> {
    let uri: http::Uri = url.parse().map_err(|_| CallError::Url(url.to_owned()))?;
    let plain = uri.scheme_str() == Some("http");
    match (plain, uri.authority(), uri.path_and_query()) {
        (true, Some(authority), Some(path)) => Ok((authority.to_string(), path.to_string())),
        _ => Err(CallError::Url(url.to_owned())),
    }
}

/// The address of a name of this machine; no resolver is asked.
fn loopback(authority: &str) -> Result<SocketAddr, CallError> {
    let authority =
        if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let numbers = authority.replacen("localhost:", "127.0.0.1:", 1);
    let address: SocketAddr =
        numbers.parse().map_err(|_| CallError::NotLoopback(authority.clone()))?;
    if address.ip().is_loopback() { Ok(address) } else { Err(CallError::NotLoopback(authority)) }
}

/// A longer answer is no answer of a sender's API.
const LONGEST_BODY: usize = 1 << 20;
