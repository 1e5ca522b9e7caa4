//! Case 76: background pushes, and how many of them wake an app; the same for Live Activities.

use super::bench::*;
use crate::post::{Connection, Outcome, Platform, Power};
use serde_json::json;
use std::time::Duration;

const DELIVERED: &str = "Delivered to Device";
const FROM_STORAGE: &str = "Delivered to Device (From Storage)";
const POWER: &str = "Stored - Power Considerations";
const REPLACED: &str = "Replaced by a Newer Notification";
const HOUR: Duration = Duration::from_secs(3_600);
const SECOND: Duration = Duration::from_secs(1);

fn limited() -> Bench {
    Bench::with(&chosen(&[("apns.background-budget", "1")]))
}

fn does(bench: &mut Bench, state: &str) {
    bench.set(bench.device, &json!({"apps": {APP: state}})).unwrap();
}

/// Sends so many background pushes.
fn send(bench: &mut Bench, count: usize) {
    for _ in 0..count {
        assert_eq!(bench.send(&bench.silent()), OK);
    }
}

#[test]
fn case_76_beyond_its_budget_an_app_gets_the_newest_background_push_on_launch() {
    let mut bench = limited();
    send(&mut bench, 3);
    assert_eq!(bench.device_state(), None);
    does(&mut bench, "running");
    assert_eq!(bench.device_state(), Some(json!({"apps": {APP: "running"}})));
    send(&mut bench, 2);
    let course = [
        (1, Outcome::Delivered, DELIVERED),
        (2, Outcome::Pending, POWER),
        (3, Outcome::Pending, POWER),
        (2, Outcome::Collapsed, REPLACED),
        (3, Outcome::Delivered, FROM_STORAGE),
        // While the app runs nothing is counted.
        (4, Outcome::Delivered, DELIVERED),
        (5, Outcome::Delivered, DELIVERED),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_76_force_quit_drops_what_is_held_back_and_all_that_comes_until_launch() {
    let mut bench = limited();
    send(&mut bench, 2);
    does(&mut bench, "force-quit");
    send(&mut bench, 1);
    assert_eq!(bench.send(&bench.push()), OK);
    does(&mut bench, "running");
    send(&mut bench, 1);
    let course = [
        (1, Outcome::Delivered, DELIVERED),
        (2, Outcome::Pending, POWER),
        (2, Outcome::Dropped, "Discarded - App Was Force-Quit (From Storage)"),
        (3, Outcome::Dropped, "Discarded - App Was Force-Quit"),
        // People see alerts all the same.
        (4, Outcome::Delivered, DELIVERED),
        (5, Outcome::Delivered, DELIVERED),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn what_waits_for_a_device_does_not_wake_an_app_that_was_force_quit_meanwhile() {
    let mut bench = Bench::new();
    bench.post.set_connection(bench.device, Connection::Offline, bench.now);
    send(&mut bench, 1);
    does(&mut bench, "force-quit");
    bench.post.set_connection(bench.device, Connection::Online, bench.now);
    let course = [
        (1, Outcome::Pending, "Stored - Device Offline"),
        (1, Outcome::Dropped, "Discarded - App Was Force-Quit (From Storage)"),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn what_is_held_back_goes_when_the_hour_is_over_and_counts_for_the_next() {
    let mut bench = limited();
    send(&mut bench, 2);
    bench.advance(HOUR - SECOND);
    assert_eq!(bench.deliveries().len(), 2);
    bench.advance(SECOND);
    send(&mut bench, 1);
    does(&mut bench, "suspended");
    let course = [(2, Outcome::Delivered, FROM_STORAGE), (3, Outcome::Pending, POWER)];
    assert_eq!(bench.deliveries(), course);
    bench.advance(HOUR);
    assert_eq!(bench.deliveries(), [(3, Outcome::Delivered, FROM_STORAGE)]);
    bench.advance(HOUR);
    send(&mut bench, 1);
    assert_eq!(bench.deliveries(), [(4, Outcome::Delivered, DELIVERED)]);
}

#[test]
fn each_app_on_each_device_has_a_budget_and_alerts_have_none() {
    let mut bench = limited();
    let (mine, second) = (bench.device, bench.add_device("ben"));
    let theirs = bench.post.addresses_of(second).next().unwrap();
    let other = bench.silent().path(format!("/3/device/{}", bench.token_of(theirs)));
    send(&mut bench, 1);
    assert_eq!([bench.send(&other), bench.send(&bench.push())], [OK; 2]);
    assert_eq!(bench.deliveries(), [1, 2, 3].map(|number| (number, Outcome::Delivered, DELIVERED)));
    assert_eq!(bench.device, mine);
}

#[test]
fn a_background_push_minds_the_battery_whatever_its_priority_and_the_usual_budget_is_endless() {
    let mut bench = Bench::new();
    bench.post.set_power(bench.device, Power::Low, bench.now);
    assert_eq!(bench.send(&bench.silent().with("apns-priority", "10")), OK);
    bench.post.set_power(bench.device, Power::Normal, bench.now);
    send(&mut bench, 4);
    let mut course = vec![(1, Outcome::Pending, POWER), (1, Outcome::Delivered, FROM_STORAGE)];
    course.extend([2, 3, 4, 5].map(|number| (number, Outcome::Delivered, DELIVERED)));
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn what_is_held_back_waits_for_the_battery_too() {
    let mut bench = limited();
    send(&mut bench, 2);
    bench.post.set_power(bench.device, Power::Low, bench.now);
    bench.advance(HOUR);
    assert_eq!(bench.deliveries().len(), 2);
    bench.post.set_power(bench.device, Power::Normal, bench.now);
    assert_eq!(bench.deliveries(), [(2, Outcome::Delivered, FROM_STORAGE)]);
}

#[test]
fn an_app_that_is_removed_takes_what_is_held_back_with_it() {
    let mut bench = limited();
    send(&mut bench, 2);
    does(&mut bench, "suspended");
    let address = bench.address;
    bench.at_desk(|apns, desk| {
        use crate::providers::rim::{Retirement, Service};
        apns.retire(desk, address, Retirement::Uninstalled);
    });
    bench.deliveries();
    bench.advance(2 * HOUR);
    assert_eq!((bench.deliveries(), bench.device_state()), (vec![], None));
}

#[test]
fn a_live_activity_has_a_budget_for_priority_10_alone() {
    let mut bench = Bench::with(&chosen(&[("apns.live-activity-budget", "1")]));
    let now_and_later = ["10", "10", "5"].map(|priority| {
        let push = bench.news(r#"{"aps":{"event":"update","timestamp":1}}"#);
        bench.send(&push.with("apns-priority", priority))
    });
    assert_eq!(now_and_later, [OK; 3]);
    bench.advance(HOUR);
    let course = [
        (1, Outcome::Delivered, DELIVERED),
        (2, Outcome::Pending, POWER),
        (3, Outcome::Delivered, DELIVERED),
        (2, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn an_apple_watch_does_not_show_a_push_without_a_type() {
    let mut bench = Bench::new();
    let watch = bench.post.add_device(Some("watch"), Platform::WatchOs).unwrap();
    let address = bench.register(watch, bench.app);
    let push = bench.push_to(&bench.token_of(address));
    assert_eq!([bench.send(&push), bench.send(&push.without("apns-push-type"))], [OK; 2]);
    let course = [
        (1, Outcome::Delivered, DELIVERED),
        (2, Outcome::Dropped, "Not Shown - An Apple Watch Needs apns-push-type"),
    ];
    assert_eq!(bench.deliveries(), course);
}
