//! A backlog on a running clock: worked off in slices, to the same end.

use super::*;

/// A running world in which everything that was sent expires while nobody looks.
fn behind(devices: usize) -> Bench {
    let mut bench = Bench::new(WorldConfig { mode: Mode::Running, ..WorldConfig::default() });
    for number in 0..devices {
        let name = format!("phone{number}");
        let token = bench.device(&name);
        bench.connect(&name, Connection::Offline);
        let expiration = (START + 60 + number as i64 % 7).to_string();
        bench.push(&token, &[("apns-expiration", &expiration)], r#"{"aps":{}}"#);
    }
    bench.at = bench.at.after(DAY);
    bench
}

fn bytes(bench: &mut Bench) -> Vec<u8> {
    bench.world.tail(Cursor::default()).bytes().concat()
}

#[test]
fn each_slice_of_a_backlog_is_bounded() {
    let mut bench = behind(1_000);
    let mut slices = Vec::new();
    loop {
        let before = bench.world.end().sequence;
        let is_all = bench.world.catch_up_on(bench.at);
        slices.push(bench.world.end().sequence - before);
        if is_all {
            break;
        }
    }
    assert_eq!(slices.iter().sum::<u64>(), 1_000, "one line for each that expired");
    assert!(slices.len() >= 10, "{slices:?}");
    assert!(slices.iter().all(|count| *count <= 100), "{slices:?}");
}

#[test]
fn a_backlog_in_slices_gives_the_journal_of_one_in_a_piece() {
    let (mut whole, mut sliced) = (behind(450), behind(450));
    while !sliced.world.catch_up_on(sliced.at) {}
    for bench in [&mut whole, &mut sliced] {
        bench.connect("phone0", Connection::Online);
    }
    assert!(bytes(&mut whole) == bytes(&mut sliced), "the journals differ");
    assert!(sliced.deliveries().iter().all(|it| it.outcome == Outcome::Expired));
}

/// Devices that follow a channel, and the request that sends to it.
fn followers(count: usize) -> (Bench, Incoming) {
    let mut bench = Bench::frozen();
    let new = json!({"message-storage-policy": 1, "push-type": "LiveActivity"}).to_string();
    let made = bench.incoming(&format!("/1/apps/{APP}/channels"), &[], &new);
    let reply = bench.world.answer(&made, bench.at);
    let (_, id) = reply.headers.iter().find(|(name, _)| name == "apns-channel-id").unwrap();
    let id = String::from_utf8(id.as_bytes().to_vec()).unwrap();
    for number in 0..count {
        let name = format!("phone{number}");
        bench.device(&name);
        let services = [("apns".to_owned(), json!({"channels": [id]}))].into();
        let change = DeviceChange { services, ..DeviceChange::default() };
        bench.apply(Command::ChangeDevice(name, change)).unwrap();
    }
    let headers = [("apns-channel-id", &*id), ("apns-push-type", "liveactivity")];
    let send = bench.incoming(&format!("/4/broadcasts/apps/{APP}"), &headers, r#"{"aps":{}}"#);
    (bench, send)
}

#[test]
fn a_broadcast_goes_out_in_bounded_slices() {
    let (mut bench, send) = followers(2_500);
    assert_eq!(bench.world.answer(&send, bench.at).status, 200);
    assert!(bench.world.owes(bench.at));
    let mut slices = Vec::new();
    loop {
        let before = bench.world.end().sequence;
        let is_all = bench.world.catch_up_on(bench.at);
        slices.push(bench.world.end().sequence - before);
        if is_all {
            break;
        }
    }
    assert_eq!((slices, bench.world.owes(bench.at)), (vec![1_000, 1_000, 500], false));
}

#[test]
fn whoever_comes_after_a_broadcast_finds_it_done() {
    let (mut bench, send) = followers(250);
    assert_eq!(bench.world.answer(&send, bench.at).status, 200);
    bench.connect("phone249", Connection::Offline);
    let arrived = bench.inbox("phone249");
    let payloads: Vec<_> = arrived.iter().map(|it| &it.payload).collect();
    assert_eq!(payloads, [&json!({"aps": {}})]);
    assert_eq!(bench.deliveries().len(), 250);
}

#[test]
fn while_the_clock_is_advanced_a_broadcast_goes_out_at_its_own_moment() {
    let (mut bench, send) = followers(30);
    bench.apply(Command::Advance(Advance { by: Some(DAY), to: None })).unwrap();
    assert_eq!(bench.world.answer(&send, bench.at).status, 200);
    while bench.apply(Command::AdvanceOn).unwrap() == Done::Nothing {}
    let moments: Vec<_> = bench.deliveries().iter().map(|it| it.history[0].at).collect();
    assert_eq!(moments, [crate::clock::FROZEN_START; 30]);
}
