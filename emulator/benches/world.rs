//! What a push costs without sockets: preparing it, and carrying it through the world.
//!
//! `cargo bench -p pushpit-emulator --bench world`

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pushpit_emulator::clock::{Mode, Timestamp};
use pushpit_emulator::control::RealKeys;
use pushpit_emulator::post::{Connection, Platform, Power};
use pushpit_emulator::providers::rim::{AppSpec, Kit};
use pushpit_emulator::wire::{ConnectionId, Peer, Request};
use pushpit_emulator::world::{
    Advance, AppName, Command, DeviceChange, Done, Incoming, KeyRing, NewDevice, Prepared, World,
    WorldConfig, kit, service_named,
};
use serde_json::json;
use std::hint::black_box;
use std::time::Duration;

const APP: &str = "com.example.chat";
const START: i64 = 1_700_000_000;

struct Bench {
    world: World,
    keys: KeyRing,
    bearer: String,
    tokens: Vec<String>,
    peer: Peer,
}

impl Bench {
    fn new(devices: usize, connection: Connection) -> Self {
        let service = service_named("apns").expect("APNs is listed");
        let spec = AppSpec { name: APP.to_owned(), ..AppSpec::default() };
        let kit = kit(service, &spec, &Kit::default(), &mut RealKeys).expect("nothing is set");
        let at = Timestamp::from_seconds(START);
        let config = WorldConfig { mode: Mode::Frozen, ..WorldConfig::default() };
        let mut world = World::new(config, at);
        let mut keys = KeyRing::default();
        keys.learn(service, &kit).expect("the kit is ours");
        let bearer = sign(&kit);
        let provider = "apns".to_owned();
        world.apply(Command::AddApp { provider, kit }, at).expect("the kit is ours");
        let tokens = (0..devices).map(|number| add(&mut world, number, connection)).collect();
        Self { world, keys, bearer, tokens, peer: Peer::anybody() }
    }

    /// How long so many pushes take to the devices that `next` numbers, without preparing them.
    fn time(&mut self, count: u64, mut next: impl FnMut() -> usize) -> Duration {
        let mut spent = Duration::ZERO;
        let mut left = count;
        while left > 0 {
            let batch = left.min(100);
            let commands: Vec<_> = (0..batch).map(|_| self.prepare(self.request(next()))).collect();
            #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
            let start = std::time::Instant::now();
            for command in commands {
                black_box(self.apply(command));
            }
            spent += start.elapsed();
            left -= batch;
        }
        spent
    }

    fn request(&self, number: usize) -> Request {
        let token = &self.tokens[number % self.tokens.len()];
        let mut request = Request::with_capacity(640);
        request.set_method(b"POST");
        request.set_scheme(b"https");
        request.set_authority(b"127.0.0.1:7443");
        request.set_target(format!("/3/device/{token}").as_bytes());
        for (name, value) in [
            ("authorization", self.bearer.as_str()),
            ("apns-topic", APP),
            ("apns-push-type", "alert"),
            ("apns-priority", "10"),
            ("apns-expiration", "1700086400"),
        ] {
            request.push_header(name.as_bytes(), value.as_bytes());
        }
        let body = format!(r#"{{"aps":{{"alert":"{}"}}}}"#, "x".repeat(171));
        request.body_length = body.len() as u64;
        request.push_body(body.as_bytes());
        request
    }

    /// A request to a channel or about channels.
    fn broadcast(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Command {
        let mut request = Request::with_capacity(640);
        request.set_method(b"POST");
        request.set_scheme(b"https");
        request.set_authority(b"127.0.0.1:7443");
        request.set_target(path.as_bytes());
        request.push_header(b"authorization", self.bearer.as_bytes());
        for (name, value) in headers {
            request.push_header(name.as_bytes(), value.as_bytes());
        }
        request.body_length = body.len() as u64;
        request.push_body(body.as_bytes());
        self.prepare(request)
    }

    /// Makes a channel that all devices follow, and gives its id.
    fn channel(&mut self, devices: usize) -> String {
        let new = json!({"message-storage-policy": 1, "push-type": "LiveActivity"}).to_string();
        let create = self.broadcast(&format!("/1/apps/{APP}/channels"), &[], &new);
        let Done::Reply(reply) = self.apply(create) else { panic!("a request has a reply") };
        let id = reply.headers.iter().find(|(name, _)| name == "apns-channel-id");
        let id = id.expect("it was made").1.as_bytes();
        let id = String::from_utf8(id.to_vec()).expect("it is base64");
        for number in 0..devices {
            let services = [("apns".to_owned(), json!({"channels": [id]}))].into();
            let change = DeviceChange { services, ..DeviceChange::default() };
            self.apply(Command::ChangeDevice(format!("d{number}"), change));
        }
        id
    }

    fn prepare(&self, request: Request) -> Command {
        let service = service_named("apns").expect("APNs is listed");
        let prepared = Some(Prepared::new(service, &self.keys, &self.peer, &request));
        let connection = ConnectionId(1);
        Command::Request(Box::new(Incoming { connection, request, prepared, misdirected: None }))
    }

    fn apply(&mut self, command: Command) -> Done {
        self.world.apply(command, Timestamp::from_seconds(START)).expect("it is allowed")
    }
}

fn sign(kit: &Kit) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(kit.values["key_id"].clone());
    let key = EncodingKey::from_ec_pem(&kit.files["key_p8"].content).expect("the kit is ours");
    let claims = json!({"iss": kit.values["team_id"], "iat": START});
    format!("bearer {}", jsonwebtoken::encode(&header, &claims, &key).expect("the key signs"))
}

fn add(world: &mut World, number: usize, connection: Connection) -> String {
    let new = NewDevice {
        name: format!("d{number}"),
        platform: Platform::Ios,
        apps: vec![AppName(APP.to_owned())],
        connection,
        power: Power::Normal,
    };
    match world.apply(Command::AddDevice(new), Timestamp::from_seconds(START)) {
        Ok(Done::Device(view)) => view.addresses[0].address.clone(),
        other => panic!("a new device is a device, not {other:?}"),
    }
}

fn pushes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push");
    let bench = Bench::new(10_000, Connection::Online);
    let mut number = 0;
    group.bench_function("prepare", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                bench.request(number)
            },
            |request| black_box(bench.prepare(request)),
            BatchSize::SmallInput,
        );
    });
    for (name, connection) in [
        ("world and journal, online", Connection::Online),
        ("world and journal, offline", Connection::Offline),
    ] {
        let mut bench = Bench::new(10_000, connection);
        let mut number = 0;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                bench.time(count, || {
                    number += 1;
                    number
                })
            });
        });
    }
    group.finish();
}

/// What is done under one hold of the lock for a broadcast: a thousand of its followers.
fn broadcasts(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("broadcast");
    for (name, connection) in [
        ("slice of 1,000 followers, online", Connection::Online),
        ("slice of 1,000 followers, offline", Connection::Offline),
    ] {
        let mut bench = Bench::new(FOLLOWERS, connection);
        let id = bench.channel(FOLLOWERS);
        let path = format!("/4/broadcasts/apps/{APP}");
        let headers = [("apns-channel-id", &*id), ("apns-push-type", "liveactivity")];
        let message = format!(r#"{{"aps":{{"event":"update","x":"{}"}}}}"#, "x".repeat(900));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let (mut spent, mut slices) = (Duration::ZERO, 0);
                while slices < count {
                    let command = bench.broadcast(&path, &headers, &message);
                    bench.apply(command);
                    let mut is_all = false;
                    while !is_all {
                        #[expect(
                            clippy::disallowed_methods,
                            reason = "a benchmark measures real time"
                        )]
                        let start = std::time::Instant::now();
                        is_all = bench.world.catch_up_on(Timestamp::from_seconds(START));
                        spent += start.elapsed();
                        slices += 1;
                    }
                }
                let number = |count: u64| u32::try_from(count).expect("a run has fewer slices");
                spent / number(slices) * number(count)
            });
        });
    }
    group.finish();
}

const FOLLOWERS: usize = 9_999;

fn advancing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("advance");
    group.sample_size(10);
    group.bench_function("30 days, 100,000 pending", |bencher| {
        bencher.iter_batched(
            || {
                let mut bench = Bench::new(100_000, Connection::Offline);
                for number in 0..100_000 {
                    let command = bench.prepare(bench.request(number));
                    bench.apply(command);
                }
                bench
            },
            |mut bench| {
                let by = Some(Duration::from_secs(30 * 86_400));
                bench.apply(Command::Advance(Advance { by, to: None }));
                while bench.apply(Command::AdvanceOn) == Done::Nothing {}
                bench
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// A push to any of many devices, and what they need of memory, which is printed.
fn crowds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("crowd");
    for (name, devices) in [("10,000 devices", 10_000), ("1,000,000 devices", 1_000_000)] {
        let mut bench = Bench::new(0, Connection::Online);
        // Room that is ours is taken before the measure.
        bench.tokens = vec!["0".repeat(64); devices];
        let before = resident_bytes();
        for number in 0..devices {
            let token = add(&mut bench.world, number, Connection::Online);
            bench.tokens[number].replace_range(.., &token);
        }
        let (journal, _) = bench.world.load();
        let grown = resident_bytes().saturating_sub(before);
        #[expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]
        {
            println!("{name}: {} MiB, of which {} MiB are the journal", grown >> 20, journal >> 20);
        }
        let mut number = 0;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                bench.time(count, || {
                    // Knuth's generator goes through all numbers in no order.
                    number = 6_364_136_223_846_793_005_usize
                        .wrapping_mul(number)
                        .wrapping_add(1_442_695_040_888_963_407);
                    number >> 33
                })
            });
        });
    }
    group.finish();
}

/// What the process holds of the machine's memory; nothing where Linux does not tell.
fn resident_bytes() -> usize {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = told.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.map_or(0, |pages| pages * 4_096)
}

criterion_group!(benches, pushes, broadcasts, advancing, crowds);
criterion_main!(benches);
