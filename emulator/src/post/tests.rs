//! The post office by itself: the policies of three providers as values, and what it does by them.

use super::*;
use crate::clock::{Now, Timestamp};
use proptest::prelude::*;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
const SERVICE: ServiceId = ServiceId(0);

const WORDS: Words = Words {
    delivered: "delivered",
    delivered_from_storage: "delivered from storage",
    stored_offline: "stored: offline",
    stored_power: "stored: power",
    replaced: "replaced",
    expired: "expired",
    not_stored: "not stored",
    overflowed: "overflowed",
    unregistered: "unregistered",
    left_view: "left view",
    replaced_in_view: "replaced in view",
};

const LANE: Lane = Lane {
    name: "",
    storage: Storage::Always,
    slot: Slot::One,
    capacity: 1,
    overflow: Overflow::EvictOldest,
    retention: None,
    visible: None,
};

/// How all providers are taken to release what they stored.
const RECEIPT: Release = Release::ByReceipt;

/// APNs: one notification per token, 30 days (apns.md 6.2).
fn apns() -> OfflinePolicy {
    let lane = Lane { name: "push", retention: Some(30 * DAY), ..LANE };
    OfflinePolicy { scope: Scope::Address, lanes: vec![lane], release: RECEIPT, words: WORDS }
}

/// FCM: four collapse keys; 100 others, then all go and the app is told (fcm.md 7.2 to 7.4).
fn fcm() -> OfflinePolicy {
    let month = Some(28 * DAY);
    let collapsible =
        Lane { name: "collapsible", slot: Slot::Key, capacity: 4, retention: month, ..LANE };
    let others = Lane {
        name: "non-collapsible",
        slot: Slot::Each,
        capacity: 100,
        overflow: Overflow::ClearAll { notice: "deleted_messages" },
        retention: month,
        ..LANE
    };
    let lanes = vec![collapsible, others];
    OfflinePolicy { scope: Scope::AppOnDevice, lanes, release: RECEIPT, words: WORDS }
}

/// WNS as it was for Windows 8: five tiles by tag, one badge, raw on demand, toasts never; tiles
/// and badges leave the view three days after download (wns.md 2, 9.2 to 9.4).
fn wns() -> OfflinePolicy {
    let kept = Some(3 * DAY);
    let view = |slot, capacity| {
        Some(Visible { slot, lifetime: Some(3 * DAY), sender_decides: true, capacity })
    };
    let tile = Lane {
        name: "tile",
        slot: Slot::Key,
        capacity: 5,
        retention: kept,
        visible: view(Slot::Key, 5),
        ..LANE
    };
    let badge = Lane { name: "badge", retention: kept, visible: view(Slot::One, 1), ..LANE };
    let raw = Lane { name: "raw", storage: Storage::WhenAsked, retention: kept, ..LANE };
    let toast =
        Lane { name: "toast", storage: Storage::Never, visible: view(Slot::Each, 20), ..LANE };
    let lanes = vec![tile, badge, raw, Lane { slot: Slot::Each, ..toast }];
    OfflinePolicy { scope: Scope::AppOnDevice, lanes, release: RECEIPT, words: WORDS }
}

/// A post office with one device that has one address, and a policy.
struct Bench {
    post: Post,
    device: DeviceId,
    address: AddressId,
    policy: PolicyId,
    seconds: i64,
}

impl Bench {
    fn new(policy: OfflinePolicy) -> Self {
        let mut post = Post::default();
        let policy = post.adopt_policy(policy);
        let app = post.intern_app(SERVICE, "app").unwrap();
        let device = post.add_device(Some("anna"), Platform::Ios).unwrap();
        let text = b"address";
        let new = NewAddress { app, device, kind: "token", realm: 0, text };
        let address = post.add_address(new).unwrap();
        Self { post, device, address, policy, seconds: 0 }
    }

    fn offline(policy: OfflinePolicy) -> Self {
        let mut bench = Self::new(policy);
        bench.connect(Connection::Offline);
        bench
    }

    fn now(&self) -> Now {
        let world = Timestamp::from_seconds(self.seconds);
        Now { world, sender: world }
    }

    fn connect(&mut self, connection: Connection) {
        let now = self.now();
        self.post.set_connection(self.device, connection, now);
    }

    fn note<'a>(&self, payload: &'a str) -> Submission<'a> {
        Submission {
            request: 0,
            address: self.address,
            policy: self.policy,
            lane: 0,
            key: None,
            gate: Gate::Online,
            lifetime: Lifetime::Default,
            storing: Storing::Unsaid,
            payload: Payload::Lent(payload.as_bytes()),
            own_payload: false,
            mark: 0,
            discarded: None,
        }
    }

    fn submit(&mut self, note: Submission<'_>) -> Outcome {
        let now = self.now();
        self.post.submit(note, now).1
    }

    fn wait(&mut self, length: Duration) {
        self.seconds += i64::try_from(length.as_secs()).unwrap();
        while let Some(due) = self.post.next_due().filter(|due| *due <= self.now().world) {
            self.post.fall_due(Now { world: due, sender: due });
        }
    }

    /// What happened since the last look: `outcome payload-or-number`.
    fn happened(&mut self) -> Vec<String> {
        let all = self.post.take_happenings();
        all.iter().map(told).collect()
    }

    /// The payloads that arrive when the device comes back.
    fn arrivals(&mut self) -> Vec<String> {
        self.happened();
        self.connect(Connection::Online);
        self.happened()
    }
}

fn told(happening: &Happening) -> String {
    match happening {
        Happening::Delivery { delivery, outcome, payload, reason, .. } => {
            let payload = payload.as_deref().map(String::from_utf8_lossy);
            match (outcome, payload) {
                (Outcome::Delivered, Some(payload)) => payload.into_owned(),
                _ => format!("{} {reason}", delivery.0),
            }
        }
        Happening::LeftView { delivery, reason } => format!("{} {reason}", delivery.0),
        Happening::Notice { notice, .. } => format!("notice {notice}"),
    }
}

#[test]
fn apns_keeps_only_the_newest_of_an_address() {
    let mut bench = Bench::offline(apns());
    for payload in ["a", "b", "c"] {
        let note = bench.note(payload);
        assert_eq!(bench.submit(note), Outcome::Pending);
    }
    assert_eq!(
        bench.happened(),
        ["1 stored: offline", "2 stored: offline", "1 replaced", "3 stored: offline", "2 replaced"]
    );
    assert_eq!(bench.arrivals(), ["c"]);
    assert_eq!(bench.post.pending(), 0);
}

#[test]
fn apns_keeps_for_thirty_days_and_not_longer() {
    for (seconds, arrives) in [(30 * 86_400 - 1, vec!["a".to_owned()]), (30 * 86_400, vec![])] {
        let mut bench = Bench::offline(apns());
        bench.submit(bench.note("a"));
        bench.wait(Duration::from_secs(seconds));
        assert_eq!(bench.arrivals(), arrives, "after {seconds} s");
    }
}

#[test]
fn now_or_never_is_dropped_while_offline_and_delivered_while_online() {
    let mut bench = Bench::offline(apns());
    let note = |bench: &Bench| Submission { lifetime: Lifetime::NowOrNever, ..bench.note("a") };
    let first = note(&bench);
    assert_eq!(bench.submit(first), Outcome::Dropped);
    bench.connect(Connection::Online);
    let second = note(&bench);
    assert_eq!(bench.submit(second), Outcome::Delivered);
}

#[test]
fn power_holds_back_what_may_wait_and_nothing_else() {
    let mut bench = Bench::new(apns());
    let now = bench.now();
    bench.post.set_power(bench.device, Power::Low, now);
    let patient = Submission { gate: Gate::OnlineAndPowered, ..bench.note("later") };
    assert_eq!(bench.submit(patient), Outcome::Pending);
    assert_eq!(bench.happened(), ["1 stored: power"]);
    let urgent = bench.note("now");
    assert_eq!(bench.submit(urgent), Outcome::Delivered);
    bench.happened();
    bench.post.set_power(bench.device, Power::Normal, now);
    assert_eq!(bench.happened(), ["later"]);
}

#[test]
fn a_dead_address_drops_what_waits_for_it() {
    let mut bench = Bench::offline(apns());
    bench.submit(bench.note("a"));
    bench.happened();
    let now = bench.now();
    bench.post.retire(bench.address, Life::Unregistered, now);
    assert_eq!(bench.happened(), ["1 unregistered"]);
    assert_eq!(bench.arrivals(), Vec::<String>::new());
}

#[test]
fn fcm_keeps_four_collapse_keys_the_fifth_pushes_the_oldest_out() {
    let mut bench = Bench::offline(fcm());
    for key in ["a", "b", "a", "c", "d", "e"] {
        let note = Submission { key: Some(key.as_bytes()), ..bench.note(key) };
        bench.submit(note);
    }
    assert_eq!(bench.arrivals(), ["a", "c", "d", "e"]);
}

#[test]
fn fcm_drops_everything_at_the_101st_and_tells_the_app() {
    let mut bench = Bench::offline(fcm());
    let collapsible = Submission { key: Some(b"key"), ..bench.note("collapsible") };
    bench.submit(collapsible);
    for _ in 0..101 {
        let note = Submission { lane: 1, ..bench.note("x") };
        bench.submit(note);
    }
    assert_eq!(bench.post.pending(), 0);
    let note = Submission { lane: 1, ..bench.note("afterwards") };
    bench.submit(note);
    assert_eq!(bench.arrivals(), ["notice deleted_messages", "afterwards"]);
}

#[test]
fn wns_never_keeps_toasts_and_keeps_raw_on_demand() {
    let mut bench = Bench::offline(wns());
    let toast = Submission { lane: 3, storing: Storing::Asked, ..bench.note("toast") };
    assert_eq!(bench.submit(toast), Outcome::Dropped);
    let raw = Submission { lane: 2, ..bench.note("raw") };
    assert_eq!(bench.submit(raw), Outcome::Dropped);
    let raw = Submission { lane: 2, storing: Storing::Asked, ..bench.note("raw") };
    assert_eq!(bench.submit(raw), Outcome::Pending);
    let badge = Submission { lane: 1, storing: Storing::Forbidden, ..bench.note("badge") };
    assert_eq!(bench.submit(badge), Outcome::Dropped);
}

#[test]
fn wns_keeps_five_tiles_by_tag() {
    let mut bench = Bench::offline(wns());
    for (tag, payload) in [
        (None, "1"),
        (Some("t"), "2"),
        (None, "3"),
        (Some("t"), "4"),
        (None, "5"),
        (None, "6"),
        (None, "7"),
    ] {
        let note = Submission { key: tag.map(str::as_bytes), ..bench.note(payload) };
        bench.submit(note);
    }
    assert_eq!(bench.arrivals(), ["3", "4", "5", "6", "7"]);
}

#[test]
fn wns_tiles_leave_the_view_three_days_after_download_or_when_the_sender_says() {
    let mut bench = Bench::offline(wns());
    let default = Submission { key: Some(b"a"), ..bench.note("default") };
    bench.submit(default);
    let lifetime = Lifetime::For(2 * DAY);
    let named = Submission { key: Some(b"b"), lifetime, ..bench.note("named") };
    bench.submit(named);
    bench.wait(DAY);
    assert_eq!(bench.arrivals(), ["default", "named"]);
    bench.wait(DAY);
    assert_eq!(bench.happened(), ["2 left view"]);
    bench.wait(2 * DAY - Duration::from_secs(1));
    assert_eq!(bench.happened(), Vec::<String>::new());
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.happened(), ["1 left view"]);
}

#[test]
fn what_has_no_end_in_view_leaves_it_only_for_a_newer_one_of_its_key() {
    let visible = Visible { slot: Slot::Key, lifetime: None, sender_decides: false, capacity: 2 };
    let mut policy = apns();
    policy.lanes[0].visible = Some(visible);
    let mut bench = Bench::offline(policy);
    bench.connect(Connection::Online);
    for (key, payload) in [(None, "1"), (Some("a"), "2"), (Some("b"), "3"), (Some("a"), "4")] {
        let note = Submission { key: key.map(str::as_bytes), ..bench.note(payload) };
        bench.submit(note);
    }
    bench.wait(300 * DAY);
    let note = Submission { key: Some(b"c"), ..bench.note("5") };
    bench.submit(note);
    let told = ["1 delivered", "2 delivered", "3 delivered", "4 delivered"];
    let mut told = told.map(str::to_owned).to_vec();
    told.extend(["2 replaced in view", "5 delivered", "3 replaced in view"].map(str::to_owned));
    assert_eq!(bench.happened(), told);
}

/// Something that a test does to a bench.
#[derive(Clone, Debug)]
enum Act {
    Submit { lane: usize, key: Option<u8>, seconds: Option<u64> },
    Online,
    Offline,
    Wait(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let key = prop::option::of(0_u8..4);
    let seconds = prop::option::of(0_u64..2_000_000);
    let submit = (0_usize..2, key, seconds);
    let act = prop_oneof![
        6 => submit.prop_map(|(lane, key, seconds)| Act::Submit { lane, key, seconds }),
        1 => Just(Act::Online),
        2 => Just(Act::Offline),
        2 => (0_u64..3_000_000).prop_map(Act::Wait),
    ];
    prop::collection::vec(act, 0..80)
}

/// Runs acts; waits are cut into pieces of at most `step` seconds.
fn run(policy: OfflinePolicy, acts: &[Act], step: u64) -> Vec<Happening> {
    let mut bench = Bench::new(policy);
    let mut all = Vec::new();
    for act in acts {
        match act {
            Act::Submit { lane, key, seconds } => {
                let key = key.map(|key| [key]);
                let lifetime = seconds.map_or(Lifetime::Default, |seconds| {
                    Lifetime::For(Duration::from_secs(seconds))
                });
                let key = key.as_ref().map(|key| &key[..]);
                let note = Submission { lane: *lane, key, lifetime, ..bench.note("x") };
                bench.submit(note);
            }
            Act::Online => bench.connect(Connection::Online),
            Act::Offline => bench.connect(Connection::Offline),
            Act::Wait(seconds) => {
                let mut left = *seconds;
                while left > 0 {
                    let piece = left.min(step);
                    bench.wait(Duration::from_secs(piece));
                    left -= piece;
                }
            }
        }
        all.extend(bench.post.take_happenings());
    }
    let ended = all
        .iter()
        .filter(
            |it| matches!(it, Happening::Delivery { outcome, .. } if *outcome != Outcome::Pending),
        )
        .count() as u64;
    assert_eq!(
        ended + bench.post.pending(),
        bench.post.deliveries,
        "every delivery ends once or waits"
    );
    all
}

proptest! {
    #[test]
    fn one_big_step_equals_many_small_ones(acts in acts(), which in 0..4) {
        let policy = || match which { 0 => fcm(), 1 => wns(), 2 => OfflinePolicy { release: Release::ByLane, ..wns() }, _ => OfflinePolicy { lanes: vec![apns().lanes[0].clone(); 2], ..apns() } };
        prop_assert_eq!(run(policy(), &acts, u64::MAX), run(policy(), &acts, 40_001));
    }
}
