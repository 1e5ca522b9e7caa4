//! An emulator on free ports, and an HTTP/2 client that says and shows single frames.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pushpit_emulator::http2::frame::{self, Head, Setting};
use pushpit_emulator::http2::hpack::Encoder;
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::providers::rim::AppSpec;
use pushpit_emulator::switch::Switches;
use pushpit_emulator::world::{NewDevice, switches};
use pushpit_emulator::{Config, Emulator, Running};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(super) const HOST: &str = "api.push.apple.com";
pub(super) const APP: &str = "com.example.app";

/// A frozen emulator with one device.
pub(super) struct Bench {
    pub(super) running: Running,
    pub(super) token: String,
    bearer: String,
    _folder: TempDir,
}

impl Bench {
    pub(super) async fn start(choices: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut chosen = Switches::default();
        for (name, value) in choices {
            chosen.set(switches(), name, value).unwrap();
        }
        let config = Config {
            clock: pushpit_emulator::clock::Mode::Frozen,
            switches: chosen,
            ..Config::temporary(folder.path().to_owned())
        };
        let running = Emulator::start(config).await.unwrap();
        let new = json!({"name": "anna", "platform": "ios", "apps": [APP]});
        let new: NewDevice = serde_json::from_value(new).unwrap();
        let device = running.control().create_device(new).unwrap();
        let token = device.addresses[0].address.clone();
        let bearer = bearer(&running);
        Self { running, token, bearer, _folder: folder }
    }

    pub(super) fn bearer(&self) -> &str {
        &self.bearer
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.running.push()[0].address
    }

    /// A connection by that name; what the server said first is still to be read.
    pub(super) async fn dial(&self, host: &str, alpn: &[&str]) -> Client {
        self.dial_as(host, alpn, None).await
    }

    /// A connection with the client certificate and the key in a file.
    pub(super) async fn dial_as(&self, host: &str, alpn: &[&str], file: Option<&str>) -> Client {
        let mut roots = RootCertStore::empty();
        let pem = std::fs::read(self.running.ca_path()).unwrap();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match file {
            None => builder.with_no_client_auth(),
            Some(file) => {
                let leaf = CertificateDer::from_pem_file(file).unwrap();
                let key = PrivateKeyDer::from_pem_file(file).unwrap();
                builder.with_client_auth_cert(vec![leaf], key).unwrap()
            }
        };
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address()).await.unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        Client { stream, read: Vec::new() }
    }

    /// A connection on which both sides have said and acknowledged their SETTINGS.
    pub(super) async fn greeted(&self) -> Client {
        let mut client = self.dial(HOST, &["h2"]).await;
        client.greet().await;
        client
    }

    /// The file with the app's client certificate, made for an environment.
    pub(super) fn certificate_for(&self, environment: &str) -> String {
        let settings = [("certificate_environment".to_owned(), environment.to_owned())].into();
        let spec = AppSpec { name: APP.to_owned(), settings };
        let kit = self.running.control().add_app("apns", &spec).unwrap();
        kit["certificate_pem"].as_str().unwrap().to_owned()
    }

    /// A push that is accepted, in frames.
    pub(super) fn push(&self, stream: u32) -> Vec<u8> {
        self.push_with(stream, &self.bearer)
    }

    pub(super) fn push_with(&self, stream: u32, bearer: &str) -> Vec<u8> {
        self.push_to(stream, bearer, "https", ("host", HOST))
    }

    /// A push with this `:scheme`, and an `:authority` that is beyond reproach.
    pub(super) fn push_by_scheme(&self, stream: u32, scheme: &str) -> Vec<u8> {
        self.push_to(stream, &self.bearer, scheme, (":authority", HOST))
    }

    /// A push with this payload.
    pub(super) fn push_of(&self, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = self.head(stream, &self.bearer, "https", ("host", HOST));
        frame::data(&mut bytes, stream, payload, true);
        bytes
    }

    fn push_to(&self, stream: u32, bearer: &str, scheme: &str, host: (&str, &str)) -> Vec<u8> {
        let mut bytes = self.head(stream, bearer, scheme, host);
        frame::data(&mut bytes, stream, br#"{"aps":{"alert":"Hi"}}"#, true);
        bytes
    }

    fn head(&self, stream: u32, bearer: &str, scheme: &str, host: (&str, &str)) -> Vec<u8> {
        let path = format!("/3/device/{}", self.token);
        let fields = [
            (":method", "POST"),
            (":scheme", scheme),
            (":path", &path),
            host,
            ("authorization", bearer),
            ("apns-topic", APP),
            ("apns-push-type", "alert"),
            ("apns-id", "eabeae54-14a8-11e5-b60b-1697f925ec7b"),
        ];
        let encoder = Encoder::default();
        let (mut block, mut bytes) = (Vec::new(), Vec::new());
        for (name, value) in fields {
            encoder.field(&mut block, name.as_bytes(), value.as_bytes());
        }
        frame::headers(&mut bytes, stream, &block, false, 16 << 10);
        bytes
    }

    pub(super) fn requests(&self) -> usize {
        let filter = pushpit_emulator::world::Filter::default();
        self.running.control().requests(&filter, Cursor::default(), usize::MAX).items.len()
    }
}

fn bearer(running: &Running) -> String {
    let kit = running.control().credentials().remove(0);
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(kit["key_id"].as_str().unwrap().to_owned());
    let key = std::fs::read(kit["key_p8"].as_str().unwrap()).unwrap();
    let key = EncodingKey::from_ec_pem(&key).unwrap();
    let issued = pushpit_emulator::clock::reading().seconds();
    let claims = json!({"iss": kit["team_id"], "iat": issued});
    format!("bearer {}", jsonwebtoken::encode(&header, &claims, &key).unwrap())
}

pub(super) struct Client {
    stream: TlsStream<TcpStream>,
    read: Vec<u8>,
}

/// A frame: type, flags, stream, payload.
pub(super) type Frame = (u8, u8, u32, Vec<u8>);

impl Client {
    pub(super) async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// The next frame; `None` at the end.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = Head::read(&self.read) {
                let end = Head::LENGTH + head.length as usize;
                if self.read.len() >= end {
                    let payload = self.read[Head::LENGTH..end].to_vec();
                    self.read.drain(..end);
                    return Some((head.kind, head.flags, head.stream, payload));
                }
            }
            let mut more = [0; 4096];
            match self.stream.read(&mut more).await {
                Ok(count @ 1..) => self.read.extend_from_slice(&more[..count]),
                Ok(0) | Err(_) => return None,
            }
        }
    }

    /// So many frames; those that only give windows back are left out.
    pub(super) async fn frames(&mut self, count: usize) -> Vec<Frame> {
        let mut frames = Vec::new();
        while frames.len() < count {
            match self.frame().await {
                Some((frame::WINDOW_UPDATE, ..)) => {}
                Some(frame) => frames.push(frame),
                None => break,
            }
        }
        frames
    }

    pub(super) async fn greet(&mut self) {
        self.greet_with(|_| {}).await;
    }

    /// Greets, and looks at the first SETTINGS.
    pub(super) async fn greet_with(&mut self, look: impl FnOnce(&[u8])) {
        let mut hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        frame::settings(&mut hello, &[]);
        frame::settings_ack(&mut hello);
        self.say(&hello).await;
        let ours = self.frames(2).await;
        look(&ours[0].3);
        assert_eq!(ours[1], (frame::SETTINGS, frame::ACK, 0, Vec::new()));
    }
}

pub(super) fn settings(payload: &[u8]) -> Vec<(u16, u32)> {
    let settings = frame::settings_in(payload).unwrap();
    settings.map(|Setting { id, value }| (id, value)).collect()
}
