//! Whatever is done to a world: the same commands give the same journal, and one big step equals
//! many small ones.

use super::*;
use proptest::prelude::*;

/// Something that a test does to a world.
#[derive(Clone, Debug)]
enum Act {
    AddFault {
        device: Option<usize>,
        times: u32,
        probability: Option<f64>,
        answers: Vec<u16>,
        delayed: bool,
    },
    Advance(u64),
    Age(u64),
    /// A message to the channel that was made so manieth.
    Broadcast {
        channel: usize,
        expiration: Option<i64>,
    },
    Change(usize, DeviceChange),
    /// A new channel with a storage policy.
    Channel(u8),
    /// An open connection ends.
    Close(usize),
    Install(usize),
    Life(u32, Life),
    /// A new connection to the service, with a client certificate or without.
    Open(bool),
    Pass(u64),
    Push {
        to: To,
        /// Over which open connection, if there is one.
        over: usize,
        expiration: Option<i64>,
        priority: u8,
    },
    RemoveFault(u64),
    Reset,
    Revoke(&'static str),
    Rotate(usize),
    Uninstall(usize),
}

/// Where a push goes.
#[derive(Clone, Debug)]
enum To {
    /// The newest address of a device, dead or not.
    Device(usize),
    /// The first address of a device, which rotations leave behind.
    First(usize),
    Malformed,
    Unknown(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let device = || 0..NAMES.len();
    let to = prop_oneof![
        8 => device().prop_map(To::Device),
        2 => device().prop_map(To::First),
        1 => Just(To::Malformed),
        2 => (0_u8..4).prop_map(To::Unknown),
    ];
    let push = (to, 0_usize..4, prop::option::of(-10_i64..4_000_000), 0_u8..3)
        .prop_map(|(to, over, expiration, priority)| Act::Push { to, over, expiration, priority });
    let life = prop_oneof![Just(Life::Active), Just(Life::Expired), Just(Life::Unregistered)];
    let answers = prop::collection::vec(prop_oneof![Just(200_u16), Just(429), Just(503)], 1..4);
    let probability = prop::option::of(0.0..=1.0);
    let fault = (prop::option::of(device()), 1_u32..5, probability, answers, any::<bool>());
    let fault = fault.prop_map(|(device, times, probability, answers, delayed)| Act::AddFault {
        device,
        times,
        probability,
        answers,
        delayed,
    });
    let credential = prop_oneof![Just("certificate"), Just("key"), Just("kee")];
    let broadcast = (0_usize..3, prop::option::of(prop_oneof![Just(0), -10_i64..40_000]))
        .prop_map(|(channel, expiration)| Act::Broadcast { channel, expiration });
    let act = prop_oneof![
        12 => push,
        3 => broadcast,
        1 => (0_u8..3).prop_map(Act::Channel),
        4 => (device(), change()).prop_map(|(device, change)| Act::Change(device, change)),
        1 => (0_u32..6, life).prop_map(|(number, life)| Act::Life(number, life)),
        3 => (0_u64..3_000_000).prop_map(Act::Advance),
        1 => (0_u64..5_000).prop_map(Act::Age),
        3 => (0_u64..5_000_000).prop_map(Act::Pass),
        1 => device().prop_map(Act::Install),
        1 => device().prop_map(Act::Uninstall),
        1 => device().prop_map(Act::Rotate),
        2 => fault,
        2 => any::<bool>().prop_map(Act::Open),
        1 => (0_usize..4).prop_map(Act::Close),
        1 => credential.prop_map(Act::Revoke),
        1 => (0_u64..3).prop_map(Act::RemoveFault),
        1 => prop::bool::weighted(0.3).prop_map(|is_reset| if is_reset { Act::Reset } else { Act::Pass(1) }),
    ];
    prop::collection::vec(act, 0..60)
}

fn change() -> impl Strategy<Value = DeviceChange> {
    let connection = prop_oneof![Just(Connection::Online), Just(Connection::Offline)];
    let power = prop_oneof![Just(Power::Normal), Just(Power::Low), Just(Power::Asleep)];
    let follow = prop_oneof![
        3 => Just(json!({"channels": "all"})),
        1 => Just(json!({"channels": []})),
        1 => Just(json!({"chanels": []})),
    ];
    (prop::option::of(connection), prop::option::of(power), prop::option::of(follow)).prop_map(
        |(connection, power, follow)| {
            let services = follow.into_iter().map(|it| ("apns".to_owned(), it)).collect();
            DeviceChange { connection, power, services }
        },
    )
}

/// A world under acts; advances are cut into pieces of at most `step` seconds.
struct Play {
    bench: Bench,
    first: Vec<String>,
    /// The ids of the channels that were made.
    channels: Vec<String>,
    /// The connections that are open.
    open: Vec<(ConnectionId, Arc<Peer>)>,
    /// How many connections there were.
    connections: u32,
    step: u64,
}

impl Play {
    fn new(mode: Mode, seed: u64, step: u64) -> Self {
        let bench = Bench::new(WorldConfig { mode, seed, ..WorldConfig::default() });
        let (open, connections) = (vec![bench.connection.clone()], 1);
        let (first, channels) = (Vec::new(), Vec::new());
        let mut play = Self { bench, first, channels, open, connections, step };
        play.set_up();
        play
    }

    fn set_up(&mut self) {
        self.first = NAMES.iter().map(|name| self.bench.device(name)).collect();
    }

    /// Does it; what is refused changes nothing, and is refused in the same way again.
    fn act(&mut self, act: &Act) {
        let name = |device: usize| NAMES[device].to_owned();
        let app = || AppName(APP.to_owned());
        match act {
            Act::AddFault { device, times, probability, answers, delayed } => {
                let about = device.map_or(json!({}), |device| json!({"device": name(device)}));
                let fault = json!({
                    "match": about,
                    "times": times,
                    "probability": probability,
                    "answers": answers,
                    "delay": delayed.then_some("2s"),
                });
                self.command(Command::AddFault(serde_json::from_value(fault).unwrap()));
            }
            Act::Advance(seconds) => self.advance(*seconds),
            Act::Age(seconds) => {
                self.command(Command::Age(Age {
                    by: Some(Duration::from_secs(*seconds)),
                    app: None,
                }));
            }
            Act::Broadcast { channel, expiration } => self.broadcast(*channel, *expiration),
            Act::Change(device, change) => {
                self.command(Command::ChangeDevice(name(*device), change.clone()));
            }
            Act::Channel(policy) => self.channel(*policy),
            Act::Close(place) => self.close(*place),
            Act::Install(device) => self.command(Command::Install(name(*device), app())),
            Act::Life(number, state) => {
                self.command(Command::ChangeAddress(*number, AddressChange { state: *state }));
            }
            Act::Open(certified) => self.open(peer_of_service(*certified)),
            Act::Pass(micros) => {
                self.bench.at = self.bench.at.after(Duration::from_micros(*micros))
            }
            Act::Push { to, over, expiration, priority } => {
                let connection = self.open.get(*over).or_else(|| self.open.last()).cloned();
                self.bench.connection = connection.unwrap_or_else(|| (ConnectionId(1), peer()));
                self.push(to, *expiration, *priority);
            }
            Act::RemoveFault(number) => self.command(Command::RemoveFault(FaultId(*number))),
            Act::Reset => {
                self.command(Command::Reset);
                self.set_up();
            }
            Act::Revoke(credential) => {
                let credential = (*credential).to_owned();
                self.command(Command::Revoke(Revoke { app: app(), credential }));
            }
            Act::Rotate(device) => self.command(Command::Rotate(name(*device), app())),
            Act::Uninstall(device) => self.command(Command::Uninstall(name(*device), app())),
        }
    }

    fn command(&mut self, command: Command) {
        drop(self.bench.apply(command));
    }

    fn advance(&mut self, seconds: u64) {
        let mut left = seconds;
        while left > 0 {
            let piece = left.min(self.step);
            self.bench.advance(Duration::from_secs(piece));
            left -= piece;
        }
    }

    fn push(&mut self, to: &To, expiration: Option<i64>, priority: u8) {
        let token = match to {
            To::Device(device) => {
                let view = self.bench.world.device(NAMES[*device]).unwrap();
                view.addresses.last().unwrap().address.clone()
            }
            To::First(device) => self.first[*device].clone(),
            To::Malformed => "00ff".to_owned(),
            To::Unknown(number) => format!("{number:064x}"),
        };
        let expiration = expiration.map(|it| (self.bench.at.seconds() + it).to_string());
        let mut headers = vec![("apns-priority", ["10", "5", "1"][usize::from(priority)])];
        headers.extend(expiration.iter().map(|it| ("apns-expiration", it.as_str())));
        self.bench.push(&token, &headers, r#"{"aps":{}}"#);
    }
}

impl Play {
    /// Opens a connection, which ends at once where the service does not want it.
    fn open(&mut self, peer: Arc<Peer>) {
        self.connections += 1;
        let id = ConnectionId(self.connections);
        self.open.push((id, Arc::clone(&peer)));
        if self.bench.apply(Command::ConnectionOpened(id, peer)) != Ok(Done::Nothing) {
            self.close(self.open.len() - 1);
        }
    }

    fn close(&mut self, place: usize) {
        if place < self.open.len() {
            let (id, _) = self.open.remove(place);
            self.command(Command::ConnectionClosed(id, "the sender closed it".to_owned()));
        }
    }

    fn channel(&mut self, policy: u8) {
        let new = json!({"message-storage-policy": policy, "push-type": "LiveActivity"});
        let path = format!("/1/apps/{APP}/channels");
        let reply = self.bench.request(&path, &[], &new.to_string());
        let id = reply.headers.iter().find(|(name, _)| name == "apns-channel-id");
        self.channels.extend(id.map(|(_, id)| String::from_utf8(id.as_bytes().to_vec()).unwrap()));
    }

    fn broadcast(&mut self, channel: usize, expiration: Option<i64>) {
        let id = self.channels.get(channel).cloned().unwrap_or_else(|| "AAAA".to_owned());
        let end = expiration.map(|it| match it {
            0 => "0".to_owned(),
            it => (self.bench.at.seconds() + it).to_string(),
        });
        let mut headers = vec![("apns-channel-id", &*id), ("apns-push-type", "liveactivity")];
        headers.extend(end.iter().map(|it| ("apns-expiration", it.as_str())));
        self.bench.request(&format!("/4/broadcasts/apps/{APP}"), &headers, r#"{"aps":{}}"#);
    }
}

fn run(mode: Mode, seed: u64, acts: &[Act], step: u64) -> Bench {
    let mut play = Play::new(mode, seed, step);
    acts.iter().for_each(|act| play.act(act));
    play.bench
}

/// All that the journal tells, but for the moves of the clock itself.
fn told(bench: &mut Bench) -> Vec<(Timestamp, Timestamp, String, Value)> {
    let lines = events(&bench.world.tail(Cursor::default()), None, usize::MAX).items;
    let lines = lines.into_iter().filter(|it| !it.kind.starts_with("clock_"));
    lines.map(|it| (it.at, it.sender_at, it.kind, it.data)).collect()
}

const NAMES: [&str; 3] = ["anna", "ben", "cleo"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_seed_and_commands_give_the_same_journal_byte_for_byte(
        acts in acts(), seed in any::<u64>(), frozen in any::<bool>(),
    ) {
        let mode = if frozen { Mode::Frozen } else { Mode::Running };
        let bytes = |mut bench: Bench| bench.world.tail(Cursor::default()).bytes().concat();
        let one = bytes(run(mode, seed, &acts, u64::MAX));
        let two = bytes(run(mode, seed, &acts, u64::MAX));
        prop_assert!(one == two, "the journals differ");
    }

    #[test]
    fn one_big_advance_equals_many_small_ones(acts in acts(), frozen in any::<bool>()) {
        let mode = if frozen { Mode::Frozen } else { Mode::Running };
        let mut one = run(mode, 1, &acts, u64::MAX);
        let mut two = run(mode, 1, &acts, 40_001);
        prop_assert_eq!(told(&mut one), told(&mut two));
    }
}
