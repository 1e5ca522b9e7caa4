//! The test bench: a recording front, a server on a free port, clients.

use bytes::Bytes;
use pushpit_emulator::control::Orders;
use pushpit_emulator::server::{
    Authority, Front, Incident, Listener, MAX_CONNECTIONS, Permitted, Running, Server,
    ServerConfig, Socket,
};
use pushpit_emulator::wire::{
    ConnectionId, ConnectionProfile, GoAway, HeaderText, Http1, LastStream, Peer, Reply, Request,
    Stall, Wire,
};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The first words of an HTTP/2 client.
pub(crate) const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A host whose profile speaks HTTP/2 alone.
pub(crate) const STRICT: &str = "strict.pushpit.test";
/// A host of the generic profile.
pub(crate) const PLAIN: &str = "plain.pushpit.test";

/// What the front was told, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Opened(Peer),
    Head(String),
    Closed(String),
    Trouble(String),
    /// What to do about the trouble that comes next.
    Help(String),
}

/// Answers by path, and tells all it is told.
struct Recorder(UnboundedSender<Event>);

impl Front for Recorder {
    fn profile(&self, name: Option<&str>, service: Option<&str>) -> ConnectionProfile {
        let strict = name == Some(STRICT) || service == Some("strict");
        let alpn: &[&str] = &["h2"];
        let http1 = Http1::GoAway;
        let generic = ConnectionProfile::GENERIC;
        if strict { ConnectionProfile { name: "strict", alpn, http1, ..generic } } else { generic }
    }

    fn may_connect(&self, host: &str, _: u16) -> bool {
        host.ends_with(".pushpit.test")
    }

    /// Certificates are not wanted on the strict profile.
    fn opened(&self, _: ConnectionId, peer: &Arc<Peer>, _: &Arc<Orders>) -> Option<GoAway> {
        self.tell(Event::Opened(Peer::clone(peer)));
        let certified = peer.tls.as_ref().is_some_and(|tls| !tls.client_certificates.is_empty());
        let debug = Bytes::from_static(b"no certificates");
        let unwelcome = certified && peer.profile == "strict";
        unwelcome.then(|| GoAway { code: 12, debug, ..GoAway::default() })
    }

    fn closed(&self, _: ConnectionId, why: &str) {
        self.tell(Event::Closed(why.to_owned()));
    }

    fn trouble(&self, incident: &Incident) {
        self.tell(Event::Help(incident.trouble.help(Path::new("ca.pem")).into_owned()));
        self.tell(Event::Trouble(incident.trouble.to_string()));
    }

    fn body_ceiling(&self, request: &Request) -> usize {
        self.tell(Event::Head(String::from_utf8_lossy(request.target()).into_owned()));
        4096
    }

    fn answer(&self, _: ConnectionId, _: &Arc<Peer>, request: Request) -> Reply {
        let code = 0x7;
        let wire = match request.path() {
            b"/drop" => Wire::Drop,
            b"/tear" => Wire::Tear,
            b"/reset" => Wire::ResetStream { code, after: None },
            b"/reset-after" => Wire::ResetStream { code, after: Some(2) },
            b"/cut" => Wire::Cut { after: 2, reset: false },
            b"/cut-by-reset" => Wire::Cut { after: 2, reset: true },
            b"/goaway" => {
                Wire::GoAway(GoAway { debug: Bytes::from_static(b"{}"), ..GoAway::default() })
            }
            b"/goaway-before" => {
                Wire::GoAway(GoAway { last_stream: LastStream::Before, ..GoAway::default() })
            }
            b"/stall" => Wire::Stall(Stall::Answer),
            b"/stall-all" => Wire::Stall(Stall::Connection),
            b"/panic" => panic!("the test wants it"),
            _ => Wire::Keep,
        };
        let body = match request.path() {
            b"/empty" => Bytes::new(),
            _ => Bytes::from(echo(&request)),
        };
        let delay = (request.path() == b"/delay").then(|| Duration::from_millis(1));
        let made = HeaderText::made(request.body_length.to_string());
        let headers = smallvec::smallvec![
            ("apns-id".into(), HeaderText::Fixed("ABC")),
            ("x-length".into(), made)
        ];
        Reply { headers, body, wire, delay, ..Reply::status(200) }
    }
}

impl Recorder {
    fn tell(&self, event: Event) {
        // A test that has seen enough does not listen any more.
        let _ = self.0.send(event);
    }
}

/// A front to which nobody listens.
pub(crate) fn front() -> Arc<dyn Front> {
    Arc::new(Recorder(unbounded_channel().0))
}

fn echo(request: &Request) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (method, scheme) = (text(request.method()), text(request.scheme()));
    let (authority, target) = (text(request.authority()), text(request.target()));
    format!("{method} {scheme} {authority} {target} {}", request.body().len())
}

/// A server on a free port of the loopback.
pub(crate) struct Bench {
    pub(crate) running: Option<Running>,
    pub(crate) address: SocketAddr,
    pub(crate) authority: Arc<Authority>,
    pub(crate) events: UnboundedReceiver<Event>,
}

pub(crate) fn permitted() -> Permitted {
    Permitted::new(["push.example.com"])
}

/// 2026-01-01.
pub(crate) fn long_ago() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::bound_to(None).await
    }

    pub(crate) async fn bound_to(service: Option<&str>) -> Self {
        Self::limited_to(MAX_CONNECTIONS, service).await
    }

    pub(crate) async fn limited_to(max_connections: usize, service: Option<&str>) -> Self {
        let now = pushpit_emulator::server::now();
        let authority = Arc::new(Authority::in_memory(permitted(), now).unwrap());
        let socket = Socket::Bind((Ipv4Addr::LOCALHOST, 0).into());
        let listeners = vec![Listener { socket, service: service.map(str::to_owned) }];
        let (sender, events) = unbounded_channel();
        let config = ServerConfig { listeners, authority: Arc::clone(&authority), max_connections };
        let running = Server::start(config, Arc::new(Recorder(sender))).await.unwrap();
        let address = running.bound()[0].address;
        Self { running: Some(running), address, authority, events }
    }

    /// The next event that is neither a request's head nor help.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            match self.events.recv().await.expect("the server lives") {
                Event::Head(_) | Event::Help(_) => {}
                event => return event,
            }
        }
    }

    /// The next peer that opened.
    pub(crate) async fn peer(&mut self) -> Peer {
        match self.event().await {
            Event::Opened(peer) => peer,
            other => panic!("expected a connection, found {other:?}"),
        }
    }

    /// The next trouble.
    pub(crate) async fn trouble(&mut self) -> String {
        loop {
            if let Event::Trouble(text) = self.event().await {
                return text;
            }
        }
    }

    /// The next trouble, and what to do about it.
    pub(crate) async fn trouble_and_help(&mut self) -> (String, String) {
        let mut last = String::new();
        loop {
            match self.events.recv().await.expect("the server lives") {
                Event::Help(help) => last = help,
                Event::Trouble(text) => return (text, last),
                _ => {}
            }
        }
    }

    pub(crate) async fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// A TLS client that trusts our CA alone and checks everything.
    pub(crate) async fn tls(
        &self,
        name: &str,
        alpn: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.tls_over(self.dial().await, name, alpn, None).await
    }

    pub(crate) async fn tls_over(
        &self,
        stream: TcpStream,
        name: &str,
        alpn: &[&str],
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let config = Arc::new(self.trusting(rustls::DEFAULT_VERSIONS, alpn, identity));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(config).connect(name, stream).await
    }

    /// The settings of a TLS client that trusts our CA alone; they remember sessions.
    pub(crate) fn trusting(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        alpn: &[&str],
        identity: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> rustls::ClientConfig {
        let mut roots = RootCertStore::empty();
        let pem = self.authority.certificate_pem().as_bytes();
        roots.add(CertificateDer::from_pem_slice(pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((leaf, key)) => builder.with_client_auth_cert(vec![leaf], key).unwrap(),
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

/// An HTTP/2 client, and its connection's end.
pub(crate) struct Http2 {
    pub(crate) send: h2::client::SendRequest<Bytes>,
    pub(crate) end: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    pub(crate) async fn over<S>(stream: S) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        Self { send, end: tokio::spawn(connection) }
    }

    /// Posts and gives status and body.
    pub(crate) async fn post(
        &mut self,
        path: &str,
        body: &[u8],
    ) -> Result<(u16, String), h2::Error> {
        let (reply, mut stream) = self.begin(path).await?;
        push(&mut stream, body).await;
        finish(reply.await?).await
    }

    /// Sends the head of a request alone.
    pub(crate) async fn begin(
        &mut self,
        path: &str,
    ) -> Result<(h2::client::ResponseFuture, h2::SendStream<Bytes>), h2::Error> {
        let uri = format!("https://{PLAIN}{path}");
        let request = http::Request::post(uri).body(()).unwrap();
        let mut send = self.send.clone().ready().await?;
        send.send_request(request, false)
    }
}

/// Writes the body to its end, or as much of it as is wanted.
pub(crate) async fn push(stream: &mut h2::SendStream<Bytes>, body: &[u8]) {
    let mut rest = Bytes::copy_from_slice(body);
    loop {
        stream.reserve_capacity(rest.len());
        if rest.is_empty() {
            let _ = stream.send_data(rest, true);
            return;
        }
        match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(Ok(count)) => {
                let chunk = rest.split_to(count.min(rest.len()));
                if stream.send_data(chunk, false).is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

pub(crate) async fn finish(
    response: http::Response<h2::RecvStream>,
) -> Result<(u16, String), h2::Error> {
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(chunk) = body.data().await {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len())?;
        text.extend_from_slice(&chunk);
    }
    Ok((status, String::from_utf8(text).unwrap()))
}

/// Writes bytes and reads to the end.
pub(crate) async fn talk<S>(stream: &mut S, words: &[u8]) -> std::io::Result<String>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(words).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A frame: kind, flags, stream, payload.
pub(crate) type Frame = (u8, u8, u32, Vec<u8>);

pub(crate) async fn frame<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<Frame> {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
    Ok((head[3], head[4], id, payload))
}
