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
