//! Cases 65 to 73: delivery, storage, lifetimes, priorities.

use super::bench::*;
use crate::post::{Connection, Happening, Outcome, Platform, Power};
use std::time::Duration;

const DELIVERED: &str = "Delivered to Device";
const FROM_STORAGE: &str = "Delivered to Device (From Storage)";
const OFFLINE: &str = "Stored - Device Offline";
const POWER: &str = "Stored - Power Considerations";
const EXPIRED: &str = "Discarded - Expired";
const REPLACED: &str = "Replaced by a Newer Notification";

const SECOND: Duration = Duration::from_secs(1);
const MONTH: Duration = Duration::from_secs(30 * 86_400);

fn connect(bench: &mut Bench, connection: Connection) {
    bench.post.set_connection(bench.device, connection, bench.now);
}

fn offline() -> Bench {
    let mut bench = Bench::new();
    connect(&mut bench, Connection::Offline);
    bench
}

#[test]
fn case_65_an_online_device_gets_a_push_at_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(&bench.push().with("apns-priority", "10")), OK);
    assert_eq!(bench.deliveries(), [(1, Outcome::Delivered, DELIVERED)]);
}

#[test]
fn case_66_only_the_newest_of_three_is_kept_for_an_offline_device() {
    let mut bench = offline();
    for text in ["A", "B", "C"] {
        let body = format!("{{\"aps\":{{\"alert\":\"{text}\"}}}}");
        assert_eq!(bench.send(&bench.push().body(body)), OK);
    }
    connect(&mut bench, Connection::Online);
    let course = [
        (1, Outcome::Pending, OFFLINE),
        (2, Outcome::Pending, OFFLINE),
        (1, Outcome::Collapsed, REPLACED),
        (3, Outcome::Pending, OFFLINE),
        (2, Outcome::Collapsed, REPLACED),
        (3, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_67_expiration_0_is_now_or_never() {
    let mut bench = offline();
    for expiration in ["0", "1", "1790000000"] {
        assert_eq!(bench.send(&bench.push().with("apns-expiration", expiration)), OK);
    }
    connect(&mut bench, Connection::Online);
    assert_eq!(bench.deliveries(), [1, 2, 3].map(|number| (number, Outcome::Dropped, EXPIRED)));
}

#[test]
fn case_68_a_push_waits_as_long_as_its_expiration_says() {
    for (wait, last) in
        [(59, (1, Outcome::Delivered, FROM_STORAGE)), (61, (1, Outcome::Expired, EXPIRED))]
    {
        let mut bench = offline();
        assert_eq!(bench.send(&bench.push().with("apns-expiration", "1790000060")), OK);
        bench.advance(wait * SECOND);
        connect(&mut bench, Connection::Online);
        assert_eq!(bench.deliveries(), [(1, Outcome::Pending, OFFLINE), last]);
    }
}

#[test]
fn an_expiration_is_read_on_the_senders_clock_in_whole_seconds() {
    let mut bench = offline();
    bench.now.sender = START.after(Duration::from_micros(999_999));
    assert_eq!(bench.send(&bench.push().with("apns-expiration", "1790000001")), OK);
    bench.advance(SECOND - Duration::from_micros(1));
    assert_eq!(bench.deliveries(), [(1, Outcome::Pending, OFFLINE)]);
    bench.advance(Duration::from_micros(1));
    assert_eq!(bench.deliveries(), [(1, Outcome::Expired, EXPIRED)]);
}

#[test]
fn case_69_a_push_waits_thirty_days_at_most() {
    for expiration in [None, Some("4000000000")] {
        for (wait, last) in [
            (MONTH - SECOND, (1, Outcome::Delivered, FROM_STORAGE)),
            (MONTH + SECOND, (1, Outcome::Expired, EXPIRED)),
        ] {
            let mut bench = offline();
            let push = match expiration {
                Some(expiration) => bench.push().with("apns-expiration", expiration),
                None => bench.push(),
            };
            assert_eq!(bench.send(&push), OK);
            bench.advance(wait);
            connect(&mut bench, Connection::Online);
            assert_eq!(bench.deliveries(), [(1, Outcome::Pending, OFFLINE), last]);
        }
    }
}

#[test]
fn case_70_a_past_expiration_does_not_matter_to_an_online_device() {
    let mut bench = Bench::new();
    for expiration in ["1", "0"] {
        assert_eq!(bench.send(&bench.push().with("apns-expiration", expiration)), OK);
    }
    assert_eq!(bench.deliveries(), [1, 2].map(|number| (number, Outcome::Delivered, DELIVERED)));
}

#[test]
fn case_71_in_low_power_priority_5_waits_and_priority_10_does_not() {
    let mut bench = Bench::new();
    bench.post.set_power(bench.device, Power::Low, bench.now);
    for priority in ["5", "10"] {
        assert_eq!(bench.send(&bench.push().with("apns-priority", priority)), OK);
    }
    bench.post.set_power(bench.device, Power::Normal, bench.now);
    let course = [
        (1, Outcome::Pending, POWER),
        (2, Outcome::Delivered, DELIVERED),
        (1, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_72_priority_1_waits_until_a_sleeping_device_is_awake_anyway() {
    let mut bench = Bench::new();
    bench.post.set_power(bench.device, Power::Asleep, bench.now);
    for priority in ["1", "5"] {
        assert_eq!(bench.send(&bench.push().with("apns-priority", priority)), OK);
    }
    bench.post.set_power(bench.device, Power::Normal, bench.now);
    let course = [
        (1, Outcome::Pending, POWER),
        (2, Outcome::Delivered, DELIVERED),
        (1, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_74_of_two_pushes_with_one_collapse_id_the_device_shows_the_newer() {
    let mut bench = Bench::new();
    let pushes = [Some("dinner"), Some("lunch"), None, Some("dinner")].map(|id| match id {
        Some(id) => bench.push().with("apns-collapse-id", id),
        None => bench.push(),
    });
    assert_eq!(pushes.each_ref().map(|push| bench.send(push)), [OK; 4]);
    let left = |it: &Happening| match it {
        Happening::LeftView { delivery, reason } => Some((delivery.0, *reason)),
        _ => None,
    };
    let happenings = bench.post.take_happenings();
    assert_eq!(
        happenings.iter().filter_map(left).collect::<Vec<_>>(),
        [(1, "Replaced on the Device")]
    );
    let is_delivered =
        |it: &&Happening| matches!(it, Happening::Delivery { outcome: Outcome::Delivered, .. });
    assert_eq!(happenings.iter().filter(is_delivered).count(), 4);
}

#[test]
fn a_collapse_id_takes_the_place_of_what_came_from_storage_but_not_of_another_apps_push() {
    let mut bench = offline();
    bench.add_app("com.example.other", &[]);
    let other = bench.post.intern_app(SERVICE, "com.example.other").unwrap();
    let address = bench.register(bench.device, other);
    let mine = bench.push().with("apns-collapse-id", "x");
    let theirs = bench.push_to(&bench.token_of(address)).with("apns-topic", "com.example.other");
    let theirs = theirs.with("apns-collapse-id", "x");
    assert_eq!([bench.send(&mine), bench.send(&theirs)], [OK; 2]);
    connect(&mut bench, Connection::Online);
    bench.post.take_happenings();
    assert_eq!(bench.send(&mine), OK);
    let left: Vec<_> = bench.post.take_happenings();
    let left = left
        .iter()
        .filter(|it| matches!(it, Happening::LeftView { delivery, .. } if delivery.0 == 1));
    assert_eq!(left.count(), 1);
}

#[test]
fn a_silent_push_takes_no_place_in_view() {
    let mut bench = Bench::new();
    let silent = bench.push().with("apns-push-type", "background").with("apns-priority", "5");
    let silent = silent.with("apns-collapse-id", "x");
    assert_eq!([bench.send(&silent), bench.send(&silent)], [OK; 2]);
    assert_eq!(bench.deliveries(), [1, 2].map(|number| (number, Outcome::Delivered, DELIVERED)));
}

#[test]
fn case_73_two_apps_on_one_device_have_a_place_each() {
    let mut bench = offline();
    bench.add_app("com.example.other", &[]);
    let other = bench.post.intern_app(SERVICE, "com.example.other").unwrap();
    let address = bench.register(bench.device, other);
    let push = bench.push_to(&bench.token_of(address)).with("apns-topic", "com.example.other");
    assert_eq!([bench.send(&bench.push()), bench.send(&push)], [OK, OK]);
    connect(&mut bench, Connection::Online);
    let course = [
        (1, Outcome::Pending, OFFLINE),
        (2, Outcome::Pending, OFFLINE),
        (1, Outcome::Delivered, FROM_STORAGE),
        (2, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn a_rejected_push_delivers_nothing() {
    let mut bench = Bench::new();
    bench.send(&bench.push().with("apns-priority", "7"));
    assert_eq!(bench.deliveries(), []);
}

#[test]
fn devices_that_apns_reaches_are_apples() {
    use crate::providers::rim::Service;
    let android = crate::providers::apns::Apns::ABOUT.platforms.contains(&Platform::Android);
    assert!(!android);
}
