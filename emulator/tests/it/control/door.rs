//! The door: one world for many threads, and an advance that lets requests in flight finish.

use super::bench::{Bench, clock};
use pushpit_emulator::clock::{Mode, Timestamp};
use pushpit_emulator::control::{Door, drive};
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::post::{Connection, Outcome};
use pushpit_emulator::wire::{ConnectionId, Request};
use pushpit_emulator::world::{Advance, DeviceChange, Filter, Incoming, WorldConfig};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn by(length: Duration) -> Advance {
    Advance { by: Some(length), to: None }
}

#[tokio::test]
async fn many_threads_get_each_their_own_answer_and_the_journal_all() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (bench, token) = (&bench, &token);
            scope.spawn(move || {
                for number in 0..50 {
                    // Every fifth goes to nobody: a wrong pairing of answers would show.
                    let wrong = number % 5 == 0;
                    let to = if wrong { "0".repeat(64) } else { token.clone() };
                    let reply = bench.push(&to, &format!("{thread}-{number}"));
                    assert_eq!(reply.status, if wrong { 400 } else { 200 });
                }
            });
        }
    });
    let requests = bench.control.requests(&Filter::default(), Cursor::default(), 1_000).items;
    let ids: Vec<_> = requests.iter().map(|it| it.id).collect();
    assert_eq!(ids, (1..=400).collect::<Vec<_>>());
    for thread in 0..8 {
        let own = requests.iter().filter_map(|it| {
            let alert = it.body["aps"]["alert"].as_str().unwrap();
            alert.strip_prefix(&format!("{thread}-"))?.parse::<u32>().ok()
        });
        assert_eq!(own.collect::<Vec<_>>(), (0..50).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_order_also_beyond_a_hundred() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let all: Vec<_> = (0..250).map(|it| bench.incoming(&token, &it.to_string())).collect();
    let mut replies = Vec::new();
    bench.control.door().requests(&mut all.into_iter(), &mut replies);
    assert_eq!(replies.len(), 250);
    let requests = bench.control.requests(&Filter::default(), Cursor::default(), 1_000).items;
    let alerts: Vec<_> = requests.iter().map(|it| it.body["aps"]["alert"].clone()).collect();
    assert_eq!(alerts, (0..250).map(|it| it.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_advance_lets_the_requests_in_flight_finish_but_not_later_ones() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let door = bench.control.door();
    let before = door.enter();
    let advance = tokio::spawn({
        let door = Arc::clone(door);
        async move { door.advance(by(Duration::from_secs(60))).await }
    });
    while !door.is_advancing() {
        tokio::task::yield_now().await;
    }
    let _later = door.enter();
    bench.push(&token, "a");
    assert!(!advance.is_finished());
    drop(before);
    let view = advance.await.unwrap().unwrap();
    assert_eq!(view.world.to_string(), "2030-01-01T00:01:00Z");
    let requests = bench.control.requests(&Filter::default(), Cursor::default(), 10).items;
    assert_eq!(requests[0].at.to_string(), "2030-01-01T00:00:00Z");
}

#[tokio::test(start_paused = true)]
async fn an_advance_does_not_wait_for_ever() {
    let bench = Bench::start().await;
    let (_one, _two) = (bench.control.door().enter(), bench.control.door().enter());
    let answer = bench.post("/api/v1/clock/advance", json!({"by": "60s"})).await.json();
    let sender = "2023-11-14T22:13:20Z";
    let world = "2030-01-01T00:01:00Z";
    let view = json!({"world": world, "sender": sender, "mode": "frozen", "unfinished": 2});
    assert_eq!(answer, view);
    let told = bench.control.events(Some("trouble"), Cursor::default(), 10).items;
    let told: Vec<_> =
        told.iter().map(|it| (it.data["what"].as_str(), &it.data["unfinished"])).collect();
    let what = "the clock was advanced with 2 requests in flight, after 5 s";
    assert_eq!(told, [(Some(what), &json!(2))]);
}

#[tokio::test(start_paused = true)]
async fn an_advance_waits_for_stragglers_of_earlier_advances_too() {
    let bench = Bench::start().await;
    let door = bench.control.door();
    let straggler = door.enter();
    for _ in 0..3 {
        let view = door.advance(by(Duration::from_secs(60))).await.unwrap();
        assert_eq!(view.unfinished, Some(1));
    }
    drop(straggler);
    assert_eq!(door.advance(by(Duration::from_secs(60))).await.unwrap().unfinished, None);
}

/// Each hold of the lock reads the clock once, which is how the test counts them.
static HOLDS: AtomicI64 = AtomicI64::new(0);
static LATE: AtomicI64 = AtomicI64::new(0);

fn counting_clock() -> Timestamp {
    HOLDS.fetch_add(1, Ordering::SeqCst);
    clock().after(Duration::from_secs(LATE.load(Ordering::SeqCst).unsigned_abs()))
}

#[tokio::test]
async fn a_backlog_is_worked_off_in_slices_before_a_command_is_carried_out() {
    let config = WorldConfig { mode: Mode::Running, ..WorldConfig::default() };
    let bench = Bench::on(config, counting_clock).await;
    for number in 0..450 {
        let token = bench.phone_off(&format!("phone{number}"));
        let end = clock().seconds() + 60;
        assert_eq!(bench.push_until(&token, end).status, 200);
    }
    LATE.store(3_600, Ordering::SeqCst);
    HOLDS.store(0, Ordering::SeqCst);
    let online = DeviceChange { connection: Some(Connection::Online), ..DeviceChange::default() };
    bench.control.change_device("phone7", online).unwrap();
    assert_eq!(HOLDS.load(Ordering::SeqCst), 5, "four full slices, and one with the command");
    let inbox = Filter { device: Some("phone7".to_owned()), ..Filter::default() };
    assert_eq!(bench.control.inbox(&inbox, Cursor::default(), 10).items, []);
    let expired = Filter { outcome: Some(Outcome::Expired), ..Filter::default() };
    assert_eq!(bench.control.deliveries(&expired, Cursor::default(), 1_000).items.len(), 450);
}

static MOMENT: AtomicI64 = AtomicI64::new(0);

fn settable_clock() -> Timestamp {
    clock().after(Duration::from_secs(MOMENT.load(Ordering::SeqCst).unsigned_abs()))
}

/// Nobody but the driver looks at the world after the clock has moved.
#[tokio::test(start_paused = true)]
async fn the_driver_wakes_when_something_falls_due() {
    let config = WorldConfig { mode: Mode::Running, ..WorldConfig::default() };
    let bench = Bench::on(config, settable_clock).await;
    let cancel = CancellationToken::new();
    let driver = tokio::spawn(drive(Arc::clone(bench.control.door()), cancel.clone()));
    // It sleeps for long; what comes then wakes it, so that it sleeps until the earlier moment.
    tokio::task::yield_now().await;
    let token = bench.phone_off("anna");
    assert_eq!(bench.push_until(&token, clock().seconds() + 30).status, 200);
    tokio::task::yield_now().await;
    let end = bench.control.end();
    let mut changed = std::pin::pin!(bench.control.door().changed_since(end));
    tokio::select! {
        biased;
        _ = &mut changed => panic!("nothing has fallen due"),
        () = std::future::ready(()) => {}
    }
    MOMENT.store(30, Ordering::SeqCst);
    let waited = tokio::time::timeout(Duration::from_secs(31), changed).await;
    waited.expect("the driver sleeps no longer than until the due moment");
    let deliveries = bench.control.deliveries(&Filter::default(), Cursor::default(), 10).items;
    let outcomes: Vec<_> = deliveries.iter().map(|it| it.outcome).collect();
    assert_eq!(outcomes, [Outcome::Expired]);
    cancel.cancel();
    driver.await.unwrap();
}

#[tokio::test]
async fn advances_and_resets_at_once_take_turns() {
    let bench = Bench::start().await;
    let minute = by(Duration::from_secs(60));
    let control = &bench.control;
    let (one, two, reset, three) = tokio::join!(
        control.advance(minute),
        control.advance(minute),
        control.reset(),
        control.advance(minute)
    );
    assert!(one.is_ok() && two.is_ok() && reset.is_ok() && three.is_ok());
}

#[tokio::test]
async fn a_command_that_is_not_waited_for_is_carried_out_whole() {
    let bench = Bench::start().await;
    let door = Arc::clone(bench.control.door());
    let in_flight = door.enter();
    let given_up = tokio::spawn({
        let door = Arc::clone(&door);
        async move { door.advance(by(Duration::from_secs(60))).await }
    });
    while !door.is_advancing() {
        tokio::task::yield_now().await;
    }
    given_up.abort();
    drop(in_flight);
    let view = door.advance(by(Duration::from_secs(60))).await.unwrap();
    assert_eq!(view.world.to_string(), "2030-01-01T00:02:00Z");
}

#[tokio::test]
async fn the_same_commands_give_the_same_events() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let bench = Bench::start().await;
        let token = bench.phone("anna").await;
        bench.push(&token, "a");
        bench.control.advance(by(Duration::from_secs(60))).await.unwrap();
        let events = bench.control.events(Some("delivery"), Cursor::default(), 100).items;
        seen.push((token, events));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn the_driver_stops_when_it_is_told() {
    let config = WorldConfig { mode: Mode::Running, ..WorldConfig::default() };
    let door = Arc::new(Door::new(config, clock as fn() -> Timestamp));
    let cancel = CancellationToken::new();
    let driver = tokio::spawn(drive(door, cancel.clone()));
    cancel.cancel();
    driver.await.unwrap();
}

/// Each hold of the lock looks at the clock once.
#[test]
fn a_hundred_requests_are_answered_under_one_hold_of_the_lock() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let door = Door::new(WorldConfig::default(), || {
        LOOKS.fetch_add(1, Ordering::Relaxed);
        Timestamp::from_seconds(1_700_000_000)
    });
    let connection = ConnectionId(1);
    let nobody =
        || Incoming { connection, request: Request::default(), prepared: None, misdirected: None };
    let all: Vec<_> = (0..250).map(|_| nobody()).collect();
    let before = LOOKS.load(Ordering::Relaxed);
    let mut replies = Vec::new();
    door.requests(&mut all.into_iter(), &mut replies);
    assert_eq!((replies.len(), LOOKS.load(Ordering::Relaxed) - before), (250, 3));
}
