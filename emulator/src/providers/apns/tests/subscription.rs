//! Which channels a device follows: said from outside, shown in the same shape.

use super::bench::*;
use crate::post::{Connection, Outcome};
use serde_json::{Value, json};

#[test]
fn a_device_follows_what_is_named_and_nothing_else() {
    let mut bench = Bench::new();
    let ids = [bench.create(1), bench.create(0), bench.create(1)];
    assert_eq!(bench.device_state(), None);
    bench.follow(bench.device, &[&ids[2], &ids[0], &ids[0]]);
    let state = json!({"channels": [ids[0], ids[2]]});
    assert_eq!(bench.device_state(), Some(state.clone()));
    // What is shown can be set.
    bench.set(bench.device, &state).unwrap();
    assert_eq!(bench.device_state(), Some(state));
    bench.follow(bench.device, &[&ids[1]]);
    assert_eq!(bench.device_state(), Some(json!({"channels": [ids[1]]})));
    let sent = ids.each_ref().map(|id| bench.send(&bench.broadcast(id)));
    assert_eq!((sent, bench.deliveries().len()), ([SENT.to_owned(), SENT.into(), SENT.into()], 1));
    bench.follow(bench.device, &[]);
    assert_eq!(bench.device_state(), None);
}

#[test]
fn all_are_the_channels_that_the_apps_on_the_device_have_now() {
    let mut bench = Bench::new();
    let ids = [bench.create(1), bench.create(1)];
    bench.add_app("com.example.other", &[]);
    let foreign = bench.new_channel(1).path("/1/apps/com.example.other/channels");
    assert!(bench.send(&foreign).starts_with("201 "));
    bench.set(bench.device, &json!({"channels": "all"})).unwrap();
    let state = Some(json!({"channels": ids}));
    assert_eq!(bench.device_state(), state);
    bench.create(1);
    assert_eq!(bench.device_state(), state);
}

#[test]
fn what_is_wrong_is_refused_with_what_to_do_and_changes_nothing() {
    let mut bench = Bench::new();
    let id = bench.create(1);
    bench.follow(bench.device, &[&id]);
    bench.add_app("com.example.other", &[]);
    let foreign = bench.new_channel(1).path("/1/apps/com.example.other/channels");
    let foreign = channel_id(&bench.send(&foreign));
    let wrong = [
        json!([]),
        json!({}),
        json!({"chanels": []}),
        json!({"badge": 1}),
        json!({"channels": "some"}),
        json!({"channels": [7]}),
        json!({"channels": ["dHN0LXNyY2gtY2hubA=="]}),
        json!({"channels": ["%"]}),
        json!({"channels": [foreign]}),
    ];
    let told: Vec<_> = wrong
        .iter()
        .map(|wanted| bench.set(bench.device, wanted).unwrap_err())
        .map(|error| format!("{error}\n  {}", error.help).replace(&foreign, "<foreign>"))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    expected an object, found `[]`
      such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    nothing says what to change
      such as `{"channels": "all", "notifications": {"com.example.chat": "disabled"}}`
    unknown key `chanels`
      did you mean `channels`?
    unknown key `badge`
      the keys are `apps`, `channels`, `environments` and `notifications`
    expected a list of channels or `all`, found `"some"`
      such as `{"channels": ["dHN0LXNyY2gtY2hubA=="]}`, or `"all"` of them
    expected a channel's id, found `7`
      such as `{"channels": ["dHN0LXNyY2gtY2hubA=="]}`, or `"all"` of them
    there is no channel `dHN0LXNyY2gtY2hubA==`
      let the sender make it before; `"all"` takes what there is
    there is no channel `%`
      let the sender make it before; `"all"` takes what there is
    channel `<foreign>` is of `com.example.other`, which is not on the device
      install the app before
    "#);
    assert_eq!(bench.device_state(), Some(json!({"channels": [id]})));
}

#[test]
fn a_device_follows_a_hundred_channels_at_most() {
    let mut bench = Bench::new();
    let ids: Vec<Value> = (0..101).map(|_| bench.create(0).into()).collect();
    bench.set(bench.device, &json!({"channels": ids[1..]})).unwrap();
    let error = bench.set(bench.device, &json!({"channels": ids})).unwrap_err();
    assert_eq!(error.to_string(), "expected at most 100 channels for a device, found 101");
    assert!(bench.set(bench.device, &json!({"channels": "all"})).is_err());
    assert_eq!(bench.device_state(), Some(json!({"channels": ids[1..]})));
}

#[test]
fn without_channels_there_is_nothing_to_take_all_of() {
    let mut bench = Bench::new();
    let error = bench.set(bench.device, &json!({"channels": "all"})).unwrap_err();
    assert_eq!(error.to_string(), "the apps on the device have no channels");
}

#[test]
fn what_waits_of_a_channel_that_is_given_up_is_dropped() {
    let mut bench = Bench::new();
    let (one, two) = (bench.create(1), bench.create(1));
    bench.follow(bench.device, &[&one, &two]);
    bench.post.set_connection(bench.device, Connection::Offline, bench.now);
    for id in [&one, &two] {
        assert_eq!(bench.send(&bench.broadcast(id)), SENT);
    }
    bench.deliveries();
    bench.follow(bench.device, &[&two]);
    bench.post.set_connection(bench.device, Connection::Online, bench.now);
    let course = [
        (1, Outcome::Dropped, "Discarded - Channel Not Followed (From Storage)"),
        (2, Outcome::Delivered, "Delivered to Device (From Storage)"),
    ];
    assert_eq!(bench.deliveries(), course);
}
