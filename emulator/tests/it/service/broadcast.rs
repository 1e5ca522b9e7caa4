//! Channels and messages to them over TLS, on the hosts that Apple has for each: cases 79, 81 to 83.

use super::bench::{Bench, Client, HOST};
use pushpit_emulator::http2::frame;
use pushpit_emulator::http2::hpack::{Decoder, Encoder};
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::world::{DeviceChange, Filter, NewDevice};
use serde_json::{Value, json};

const APP: &str = "com.example.app";
const MANAGE: &str = "api-manage-broadcast.push.apple.com";
const ID: &str = "0309f412-aa57-46a8-9ac6-b5aeca8c4594";

/// What a request is answered with: the head's fields, the body.
type Answer = (Vec<(String, String)>, String);

/// Sends requests one after the other on a connection of its own.
struct Sender {
    client: Client,
    host: &'static str,
    stream: u32,
    decoder: Decoder,
}

impl Sender {
    async fn to(bench: &Bench, host: &'static str) -> Self {
        let mut client = bench.dial(host, &["h2"]).await;
        client.greet().await;
        Self { client, host, stream: 1, decoder: Decoder::new(4_096) }
    }

    async fn ask(
        &mut self,
        bench: &Bench,
        line: (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (method, path) = line;
        let head = [
            (":method", method),
            (":scheme", "https"),
            (":path", path),
            (":authority", self.host),
            ("authorization", bench.bearer()),
            ("apns-request-id", ID),
        ];
        let encoder = Encoder::default();
        let (mut block, mut bytes) = (Vec::new(), Vec::new());
        for (name, value) in head.iter().chain(headers) {
            encoder.field(&mut block, name.as_bytes(), value.as_bytes());
        }
        frame::headers(&mut bytes, self.stream, &block, body.is_empty(), 16 << 10);
        if !body.is_empty() {
            frame::data(&mut bytes, self.stream, body.as_bytes(), true);
        }
        self.stream += 2;
        self.client.say(&bytes).await;
        self.answer().await
    }

    async fn answer(&mut self) -> Answer {
        let (mut fields, mut text) = (Vec::new(), String::new());
        loop {
            let (kind, flags, _, payload) = self.client.frame().await.expect("an answer");
            match kind {
                frame::HEADERS => {
                    let field = |name: &[u8], value: &[u8]| {
                        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                        fields.push((text(name), text(value)));
                    };
                    self.decoder.decode(&payload, 8_000, field).unwrap();
                }
                frame::DATA => text.push_str(std::str::from_utf8(&payload).unwrap()),
                _ => continue,
            }
            if flags & frame::END_STREAM != 0 {
                return (fields, text);
            }
        }
    }
}

fn fields(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn refused(status: &str, reason: &str) -> Answer {
    let head = [(":status", status), ("content-type", "application/json"), ("apns-request-id", ID)];
    (fields(&head), format!("{{\"reason\":\"{reason}\"}}"))
}

fn follow(bench: &Bench, device: &str, wanted: Value) -> Value {
    let services = [("apns".to_owned(), wanted)].into();
    let change = DeviceChange { services, ..DeviceChange::default() };
    let view = bench.running.control().change_device(device, change).unwrap();
    serde_json::to_value(view).unwrap()["apns"].clone()
}

#[tokio::test]
async fn a_channel_is_made_followed_broadcast_to_and_deleted() {
    let bench = Bench::start(&[]).await;
    let mut manage = Sender::to(&bench, MANAGE).await;
    let channels = format!("/1/apps/{APP}/channels");
    let new = json!({"message-storage-policy": 1, "push-type": "LiveActivity"}).to_string();
    let (head, body) = manage.ask(&bench, ("POST", &channels), &[], &new).await;
    let channel = head[2].1.clone();
    let made = [(":status", "201"), ("apns-request-id", ID), ("apns-channel-id", &channel)];
    assert_eq!((head, body.as_str()), (fields(&made), ""));
    let all = ("GET", &*format!("/1/apps/{APP}/all-channels"));
    let listed = (
        fields(&[
            (":status", "200"),
            ("content-type", "application/json"),
            ("apns-request-id", ID),
        ]),
        json!({"channels": [channel]}).to_string(),
    );
    assert_eq!(manage.ask(&bench, all, &[], "").await, listed);
    let state = json!({"channels": [channel]});
    assert_eq!(follow(&bench, "anna", json!({"channels": "all"})), state);

    let send = ("POST", &*format!("/4/broadcasts/apps/{APP}"));
    let named = [("apns-channel-id", &*channel), ("apns-push-type", "liveactivity")];
    let message = json!({"aps": {"event": "update", "content-state": {"score": 3}}}).to_string();
    let sent = (fields(&[(":status", "200"), ("apns-request-id", ID)]), String::new());
    for host in [HOST, "api-broadcast.push.apple.com"] {
        let mut sender = Sender::to(&bench, host).await;
        assert_eq!(sender.ask(&bench, send, &named, &message).await, sent, "{host}");
        let missing = sender.ask(&bench, send, &named[1..], &message).await;
        assert_eq!(missing, refused("400", "MissingChannelId"));
    }
    let mut sandbox = Sender::to(&bench, "api.sandbox.push.apple.com").await;
    let elsewhere = sandbox.ask(&bench, send, &named, &message).await;
    assert_eq!(elsewhere, refused("400", "ChannelNotRegistered"));

    let filter = Filter { device: Some("anna".to_owned()), ..Filter::default() };
    let inbox = bench.running.control().inbox(&filter, Cursor::default(), 9).items;
    let got: Vec<_> = inbox
        .iter()
        .map(|it| (it.payload.to_string(), it.attributes["channel-id"].clone()))
        .collect();
    assert_eq!(got, vec![(message, channel.clone()); 2]);

    let delete = manage.ask(&bench, ("DELETE", &channels), &named[..1], "").await;
    assert_eq!(delete, (fields(&[(":status", "204"), ("apns-request-id", ID)]), String::new()));
    let read = manage.ask(&bench, ("GET", &channels), &named[..1], "").await;
    assert_eq!(read, refused("400", "ChannelNotRegistered"));
}

#[tokio::test]
async fn requests_behind_a_broadcast_find_it_done() {
    let bench = Bench::start(&[]).await;
    let mut manage = Sender::to(&bench, MANAGE).await;
    let channels = format!("/1/apps/{APP}/channels");
    let new = json!({"message-storage-policy": 0, "push-type": "LiveActivity"}).to_string();
    let (head, _) = manage.ask(&bench, ("POST", &channels), &[], &new).await;
    let channel = head[2].1.clone();
    let control = bench.running.control();
    for number in 0..1_500 {
        let name = format!("phone{number}");
        let new = json!({"name": name, "platform": "ios", "apps": [APP]});
        let new: NewDevice = serde_json::from_value(new).unwrap();
        control.create_device(new).unwrap();
        follow(&bench, &name, json!({"channels": [channel]}));
    }
    let mut sender = Sender::to(&bench, HOST).await;
    let send = ("POST", &*format!("/4/broadcasts/apps/{APP}"));
    let named = [("apns-channel-id", &*channel), ("apns-push-type", "liveactivity")];
    for _ in 0..3 {
        let (head, _) = sender.ask(&bench, send, &named, r#"{"aps":{}}"#).await;
        assert_eq!(head[0].1, "200");
    }
    let filter = Filter { reason: Some("Delivered to Device".to_owned()), ..Filter::default() };
    let all = control.deliveries(&filter, Cursor::default(), 10_000).items;
    assert_eq!(all.len(), 4_500);
    assert!(all.is_sorted_by_key(|it| it.request), "one broadcast after the other");
}
