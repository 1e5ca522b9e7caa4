//! Small HTTP clients: one for a sender's own API, one for hand-written requests to the push port.

use crate::scenario::{SenderUrl, UrlError};
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
pub(crate) struct Call {
    /// The method.
    pub method: String,
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Called {
    /// The status.
    pub status: u16,
    /// The body, as text.
    pub body: String,
}

/// A call that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Nobody listens, or the connection broke.
    #[error("no answer from `{to}`: {cause}")]
    Connection {
        /// Whom.
        to: String,
        /// What went wrong.
        cause: BoxError,
    },
    /// The push port cannot be called.
    #[error("cannot call the push port: {0}")]
    Push(#[from] PushPortError),
    /// What was filled in makes it no request.
    #[error("cannot be sent: {0}")]
    Request(#[from] http::Error),
    /// It took too long.
    #[error("no answer from `{to}` within {}", humantime::format_duration(*limit))]
    TooLong {
        /// Whom.
        to: String,
        /// The limit.
        limit: Duration,
    },
    /// What was filled in makes it no URL that may be called.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl CallError {
    /// What to do.
    pub(super) const fn help(&self) -> &'static str {
        match self {
            Self::Connection { .. } => "does the sender run and listen? see its output",
            Self::Push(_) => "look at the space of the folder for temporary files",
            Self::Request(_) => "look at what stands for the names in method, path and headers",
            Self::TooLong { .. } => "raise `timeout` if it only needs longer",
            Self::Url(error) => error.fault.help(),
        }
    }
}

/// Why the push port cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum PushPortError {
    /// The CA is no certificate that can be trusted.
    #[error(transparent)]
    Ca(#[from] rustls::Error),
    /// The CA's file cannot be read.
    #[error(transparent)]
    CaFile(#[from] rustls_pki_types::pem::Error),
    /// No certificate is for such a host.
    #[error("`{0}` is not the name of a host")]
    Host(String),
    /// There is no listener.
    #[error("there is no push listener")]
    None,
}

/// Calls a URL over plain HTTP/1.1.
///
/// # Errors
/// It cannot be sent, or there is no answer.
pub(crate) async fn call(
    url: &SenderUrl,
    call: Call,
    limit: Duration,
) -> Result<Called, CallError> {
    let request = build(call, url.path().as_str(), Some(url.authority()))?;
    let work = async {
        let stream = TcpStream::connect(url.addresses()).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = tokio::spawn(connection);
        let called = read(sender.send_request(request).await?).await;
        driver.abort();
        called
    };
    settle(url.to_string(), limit, timeout(limit, work).await)
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
    /// The file cannot be read, or is no certificate.
    pub(super) fn new(address: SocketAddr, ca: &Path) -> Result<Self, PushPortError> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let mut tls =
            rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self { address, tls: Arc::new(tls) })
    }

    /// Sends one request over TLS and HTTP/2; `host` is the name that it is for,
    /// `path` has the query too.
    ///
    /// # Errors
    /// It cannot be sent, or there is no answer.
    pub(super) async fn send(
        &self,
        host: &str,
        path: &str,
        call: Call,
        limit: Duration,
    ) -> Result<Called, CallError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| PushPortError::Host(host.to_owned()))?;
        let target = format!("https://{host}{path}");
        let request = build(call, &target, None)?;
        let work = async {
            let stream = TcpStream::connect(self.address).await?;
            let connector = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls));
            let stream = connector.connect(name, stream).await?;
            let (mut sender, connection) =
                http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
            let driver = tokio::spawn(connection);
            let called = read(sender.send_request(request).await?).await;
            driver.abort();
            called
        };
        settle(self.address.to_string(), limit, timeout(limit, work).await)
    }
}

/// Whatever breaks a connection.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn settle(
    to: String,
    limit: Duration,
    done: Result<Result<Called, BoxError>, tokio::time::error::Elapsed>,
) -> Result<Called, CallError> {
    match done {
        Ok(Ok(called)) => Ok(called),
        Ok(Err(cause)) => Err(CallError::Connection { to, cause }),
        Err(_) => Err(CallError::TooLong { to, limit }),
    }
}

/// The request; `host` stands in its header unless the call has a host of its own.
fn build(
    call: Call,
    target: &str,
    host: Option<&str>,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::builder().method(call.method.as_str()).uri(target);
    if let Some(host) = host.filter(|_| !call.headers.contains_key("host")) {
        request = request.header("host", host);
    }
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    request.body(Full::new(call.body.into()))
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<Called, BoxError> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), LONGEST_BODY).collect().await?.to_bytes();
    Ok(Called { status, body: String::from_utf8_lossy(&body).into_owned() })
}

/// A longer answer is no answer of a sender's API.
const LONGEST_BODY: usize = 1 << 20;
