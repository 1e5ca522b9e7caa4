//! A world with its control API on a free port, a plain HTTP client, and a sender beside it.

use super::contract;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pushpit_emulator::clock::{Mode, Timestamp};
use pushpit_emulator::control::{Control, ControlServer, ControlServerConfig, Door, Places};
use pushpit_emulator::journal::Limits;
use pushpit_emulator::wire::{ConnectionId, Peer, Reply, Request};
use pushpit_emulator::world::{Incoming, Prepared, WorldConfig, service_named};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The demo app.
pub(super) const APP: &str = "com.example.app";

/// The real clock of the tests stands still.
pub(super) fn clock() -> Timestamp {
    Timestamp::from_seconds(1_700_000_000)
}

pub(super) struct Bench {
    pub(super) control: Control,
    pub(super) server: ControlServer,
    pub(super) folder: TempDir,
    bearer: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

impl Bench {
    /// A frozen world with the demo app.
    pub(super) async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    pub(super) async fn with(journal: Limits) -> Self {
        let config = WorldConfig { mode: Mode::Frozen, journal, ..WorldConfig::default() };
        Self::on(config, clock).await
    }

    /// A world with the demo app, on a clock of the test's own.
    pub(super) async fn on(config: WorldConfig, clock: fn() -> Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let door = Arc::new(Door::new(config, clock));
        let control = Control::new(door, &folder.path().join("credentials")).unwrap();
        control.prepare_apps(std::iter::empty()).unwrap();
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, "the certificate\n").unwrap();
        let config = ControlServerConfig {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            places: Places {
                push: "https://127.0.0.1:7443".to_owned(),
                ca,
                credentials: folder.path().join("credentials"),
            },
            names: Vec::new(),
            token: None,
        };
        let server = ControlServer::start_with(config, control.clone()).await.unwrap();
        let bearer = bearer(&control.credentials()[0]);
        Self { control, server, folder, bearer }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &body.to_string()).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, &body.to_string()).await
    }

    pub(super) async fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, "host: localhost\r\n", body).await
    }

    /// Sends a request with these headers, and reads until the connection ends.
    pub(super) async fn send(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{head}connection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        // A server that has answered already may not want the rest.
        let _ = stream.write_all(body.as_bytes()).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        contract::check(method, path, status, head, text);
        Answer { status, head: head.to_owned(), text: text.to_owned() }
    }

    /// Adds an iPhone with the demo app on it; gives its token.
    pub(super) async fn phone(&self, name: &str) -> String {
        let body = json!({"name": name, "platform": "ios", "apps": [APP]});
        let answer = self.post("/api/v1/devices", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["addresses"][0]["address"].as_str().unwrap().to_owned()
    }

    /// Signs from now on with the key of an entry.
    pub(super) fn sign_with(&mut self, entry: &Value) {
        self.bearer = bearer(entry);
    }

    pub(super) fn push(&self, token: &str, alert: &str) -> Reply {
        self.control.door().request(self.incoming(token, alert))
    }

    /// Adds a switched-off iPhone with the demo app on it, in process; gives its token.
    pub(super) fn phone_off(&self, name: &str) -> String {
        let new = json!({"name": name, "platform": "ios", "apps": [APP], "connection": "offline"});
        let new = serde_json::from_value(new).unwrap();
        self.control.create_device(new).unwrap().addresses[0].address.clone()
    }

    /// A push that is kept until a moment.
    pub(super) fn push_until(&self, token: &str, end: i64) -> Reply {
        let end = end.to_string();
        self.control.door().request(self.incoming_with(token, "a", &[("apns-expiration", &end)]))
    }

    /// A push on its way in.
    pub(super) fn incoming(&self, token: &str, alert: &str) -> Incoming {
        self.incoming_with(token, alert, &[])
    }

    fn incoming_with(&self, token: &str, alert: &str, headers: &[(&str, &str)]) -> Incoming {
        let body = json!({"aps": {"alert": alert}}).to_string();
        let mut request = Request::with_capacity(512);
        request.set_method(b"POST");
        request.set_scheme(b"https");
        request.set_authority(b"127.0.0.1:7443");
        request.set_target(format!("/3/device/{token}").as_bytes());
        request.push_header(b"authorization", self.bearer.as_bytes());
        request.push_header(b"apns-topic", APP.as_bytes());
        request.push_header(b"apns-push-type", b"alert");
        for (name, value) in headers {
            request.push_header(name.as_bytes(), value.as_bytes());
        }
        request.body_length = body.len() as u64;
        request.push_body(body.as_bytes());
        let keys = self.control.door().keys();
        let service = service_named("apns").unwrap();
        let prepared = Some(Prepared::new(service, &keys, &Peer::anybody(), &request));
        Incoming { connection: ConnectionId(1), request, prepared, misdirected: None }
    }
}

fn bearer(entry: &Value) -> String {
    let text = |key: &str| entry[key].as_str().unwrap().to_owned();
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(text("key_id"));
    let key = std::fs::read(text("key_p8")).unwrap();
    let key = EncodingKey::from_ec_pem(&key).unwrap();
    let claims = json!({"iss": text("team_id"), "iat": clock().seconds()});
    format!("bearer {}", jsonwebtoken::encode(&header, &claims, &key).unwrap())
}
