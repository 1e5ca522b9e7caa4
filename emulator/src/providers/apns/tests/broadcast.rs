//! Cases 82 to 87: messages to channels.

use super::bench::*;
use crate::post::{Connection, DeviceId, Outcome, Power};
use crate::providers::rim::{Retirement, Service};
use std::time::Duration;

const DELIVERED: &str = "Delivered to Device";
const FROM_STORAGE: &str = "Delivered to Device (From Storage)";
const OFFLINE: &str = "Stored - Device Offline";
const EXPIRED: &str = "Discarded - Expired";
const REPLACED: &str = "Replaced by a Newer Notification";

const SECOND: Duration = Duration::from_secs(1);
const EIGHT_HOURS: Duration = Duration::from_secs(8 * 3_600);

fn connect(bench: &mut Bench, connection: Connection) {
    bench.post.set_connection(bench.device, connection, bench.now);
}

/// A channel of this policy that anna follows, and its id.
fn followed(policy: u8) -> (Bench, String) {
    let mut bench = Bench::new();
    let id = bench.create(policy);
    bench.follow(bench.device, &[&id]);
    (bench, id)
}

#[test]
fn case_82_a_message_names_a_channel_of_the_app_in_its_environment() {
    let (mut bench, id) = followed(1);
    let requests = [
        (bench.broadcast(&id).without("apns-channel-id"), "MissingChannelId"),
        (bench.broadcast(""), "MissingChannelId"),
        (bench.broadcast("%%%"), "BadChannelId"),
        (bench.broadcast(&"A".repeat(257)), "BadChannelId"),
        (bench.broadcast("dHN0LXNyY2gtY2hubA=="), "ChannelNotRegistered"),
        (bench.broadcast(&id).host(PRODUCTION), "ChannelNotRegistered"),
    ];
    for (push, reason) in requests {
        assert_eq!(bench.send(&push), broadcast_err(400, reason));
    }
    assert_eq!(bench.deliveries(), []);
}

#[test]
fn a_message_goes_to_either_host_of_its_environment() {
    let (mut bench, id) = followed(1);
    let hosts = [SANDBOX, "api-broadcast.sandbox.push.apple.com", MANAGE_SANDBOX];
    let replies = hosts.map(|host| bench.send(&bench.broadcast(&id).host(host)));
    assert_eq!(replies, [SENT; 3]);
    let elsewhere = bench.send(&bench.broadcast(&id).host("127.0.0.1:7443"));
    assert_eq!(elsewhere, format!("200 keep\napns-request-id: {ID}\n\n"));
    let course = [1, 2, 3, 4].map(|number| (number, Outcome::Delivered, DELIVERED));
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn a_channel_id_is_read_in_either_alphabet_and_without_padding() {
    let (mut bench, id) = followed(1);
    let ids = [id.replace('+', "-").replace('/', "_"), id.trim_end_matches('=').to_owned()];
    assert_eq!(ids.map(|id| bench.send(&bench.broadcast(&id))), [SENT; 2]);
}

#[test]
fn case_83_the_path_has_the_bare_bundle_id_of_an_app_of_the_team() {
    let (mut bench, id) = followed(1);
    bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let to = |app: &str| format!("/4/broadcasts/apps/{app}");
    let suffixed = bench.broadcast(&id).path(to("com.example.app.push-type.liveactivity"));
    assert_eq!(bench.send(&suffixed), broadcast_err(400, "TopicDisallowed"));
    let rival = bench.broadcast(&id).path(to("com.rival.app"));
    let nobody = bench.broadcast(&id).path(to("com.nobody"));
    for push in [&rival, &nobody] {
        assert_eq!(bench.send(push), broadcast_err(403, "TopicMismatch"));
    }
    let causes = [suffixed, rival, nobody].map(|push| {
        let (rule, cause) = bench.cause(&push);
        format!("{rule}: {cause}")
    });
    insta::assert_snapshot!(causes.join("\n"), @r"
    bundle-suffix: expected the bare bundle ID in the path, found `.push-type.liveactivity` at its end
    bundle-allowed: the path's app belongs to team `RIVALTEAM1`, the provider token is team `PUSHPITDEV`'s
    bundle-allowed: the path names no app of team `PUSHPITDEV`; its apps: `com.example.app`
    ");
}

#[test]
fn case_84_a_channel_that_stores_nothing_takes_no_expiration() {
    let (mut bench, id) = followed(0);
    let ben = bench.add_device("ben");
    bench.follow(ben, &[&id]);
    connect(&mut bench, Connection::Offline);
    for end in ["1790000060", "1"] {
        let push = bench.broadcast(&id).with("apns-expiration", end);
        assert_eq!(bench.send(&push), broadcast_err(400, "BadExpirationDate"));
        let cause = "the channel stores nothing, so that `apns-expiration` can only be 0";
        assert_eq!(bench.cause(&push), ("storage-policy", cause.to_owned()));
    }
    assert_eq!(bench.send(&bench.broadcast(&id).with("apns-expiration", "0")), SENT);
    assert_eq!(bench.send(&bench.broadcast(&id)), SENT);
    connect(&mut bench, Connection::Online);
    let course = [
        (1, Outcome::Dropped, EXPIRED),
        (2, Outcome::Delivered, DELIVERED),
        (3, Outcome::Dropped, EXPIRED),
        (4, Outcome::Delivered, DELIVERED),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_85_the_newest_message_waits_for_a_device_that_is_away() {
    let (mut bench, id) = followed(1);
    connect(&mut bench, Connection::Offline);
    assert_eq!([(); 2].map(|()| bench.send(&bench.broadcast(&id))), [SENT; 2]);
    bench.advance(EIGHT_HOURS - SECOND);
    connect(&mut bench, Connection::Online);
    let course = [
        (1, Outcome::Pending, OFFLINE),
        (2, Outcome::Pending, OFFLINE),
        (1, Outcome::Collapsed, REPLACED),
        (2, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn case_85_no_message_waits_longer_than_eight_hours_or_than_it_says() {
    let far = (START.seconds() + 86_400).to_string();
    let near = (START.seconds() + 60).to_string();
    for (end, wait) in [(None, EIGHT_HOURS), (Some(&far), EIGHT_HOURS), (Some(&near), 60 * SECOND)]
    {
        let (mut bench, id) = followed(1);
        connect(&mut bench, Connection::Offline);
        let push = bench.broadcast(&id);
        let push = match end {
            Some(end) => push.with("apns-expiration", end),
            None => push,
        };
        assert_eq!(bench.send(&push), SENT);
        bench.advance(wait - SECOND);
        assert_eq!(bench.deliveries(), [(1, Outcome::Pending, OFFLINE)]);
        bench.advance(SECOND);
        assert_eq!(bench.deliveries(), [(1, Outcome::Expired, EXPIRED)]);
    }
}

#[test]
fn a_message_now_or_never_does_not_wait_whatever_the_channel_stores() {
    let (mut bench, id) = followed(1);
    connect(&mut bench, Connection::Offline);
    assert_eq!(bench.send(&bench.broadcast(&id).with("apns-expiration", "0")), SENT);
    assert_eq!(bench.deliveries(), [(1, Outcome::Dropped, EXPIRED)]);
}

#[test]
fn each_channel_has_a_place_of_its_own_beside_that_of_pushes() {
    let mut bench = Bench::new();
    let (one, two) = (bench.create(1), bench.create(1));
    bench.follow(bench.device, &[&one, &two]);
    connect(&mut bench, Connection::Offline);
    assert_eq!(bench.send(&bench.push()), OK);
    for id in [&one, &two] {
        assert_eq!(bench.send(&bench.broadcast(id)), SENT);
    }
    bench.deliveries();
    connect(&mut bench, Connection::Online);
    let course = [1, 2, 3].map(|number| (number, Outcome::Delivered, FROM_STORAGE));
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn what_waits_may_still_arrive_when_its_channel_is_gone() {
    let (mut bench, id) = followed(1);
    connect(&mut bench, Connection::Offline);
    assert_eq!(bench.send(&bench.broadcast(&id)), SENT);
    bench.send(&bench.channels("DELETE").with("apns-channel-id", &id));
    connect(&mut bench, Connection::Online);
    let course = [(1, Outcome::Pending, OFFLINE), (1, Outcome::Delivered, FROM_STORAGE)];
    assert_eq!(bench.deliveries(), course);
    assert_eq!(bench.device_state(), None);
}

#[test]
fn case_86_a_payload_has_5120_bytes_at_most() {
    let (mut bench, id) = followed(1);
    let sized = |size: usize| format!("{{\"x\":\"{}\"}}", "x".repeat(size - 8));
    assert_eq!(sized(5_120).len(), 5_120);
    let replies = [5_120, 5_121].map(|size| bench.send(&bench.broadcast(&id).body(sized(size))));
    assert_eq!(replies, [SENT.to_owned(), broadcast_err(413, "PayloadTooLarge")]);
    let replies = ["", "{\"aps\":"].map(|body| bench.send(&bench.broadcast(&id).body(body)));
    let reasons = ["PayloadEmpty", "BadRequestPayload"];
    assert_eq!(replies, reasons.map(|reason| broadcast_err(400, reason)));
}

#[test]
fn case_87_a_broadcast_starts_no_live_activity() {
    let (mut bench, id) = followed(1);
    let start = r#"{"aps":{"event":"start","attributes-type":"Game"}}"#;
    assert_eq!(bench.send(&bench.broadcast(&id).body(start)), SENT);
    assert_eq!(bench.send(&bench.broadcast(&id).body("[1]")), SENT);
    let course = [
        (1, Outcome::Dropped, "Not Applied - A Broadcast Starts No Live Activity"),
        (2, Outcome::Dropped, "Undeliverable - Payload Is Not a JSON Object"),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn the_push_type_is_needed_and_is_that_of_live_activities_in_any_case() {
    let (mut bench, id) = followed(1);
    let sent = ["liveactivity", "Liveactivity", "LiveActivity"]
        .map(|word| bench.send(&bench.broadcast(&id).with("apns-push-type", word)));
    assert_eq!(sent, [SENT; 3]);
    let missing = bench.send(&bench.broadcast(&id).without("apns-push-type"));
    assert_eq!(missing, broadcast_err(400, "MissingPushType"));
    let alert = bench.send(&bench.broadcast(&id).with("apns-push-type", "alert"));
    assert_eq!(alert, broadcast_err(400, "InvalidPushType"));
}

#[test]
fn priorities_and_expirations_are_those_of_pushes() {
    let (mut bench, id) = followed(1);
    for (name, value, reason) in
        [("apns-priority", "7", "BadPriority"), ("apns-expiration", "soon", "BadExpirationDate")]
    {
        let push = bench.broadcast(&id).with(name, value);
        assert_eq!(bench.send(&push), broadcast_err(400, reason));
        assert_eq!(bench.cause(&push).0, name);
    }
    bench.post.set_power(bench.device, Power::Low, bench.now);
    for priority in ["5", "10"] {
        assert_eq!(bench.send(&bench.broadcast(&id).with("apns-priority", priority)), SENT);
    }
    bench.post.set_power(bench.device, Power::Normal, bench.now);
    let course = [
        (1, Outcome::Pending, "Stored - Power Considerations"),
        (2, Outcome::Delivered, DELIVERED),
        (1, Outcome::Delivered, FROM_STORAGE),
    ];
    assert_eq!(bench.deliveries(), course);
}

#[test]
fn the_order_when_several_things_are_wrong() {
    let (mut bench, _) = followed(1);
    let wrong = bench.broadcast("%%%").path("/4/broadcasts/apps/com.nobody").body("");
    let unknown = bench.broadcast("AAAA").body("");
    let requests = [
        wrong.clone().without("authorization").method("PUT"),
        wrong.clone().without("authorization"),
        wrong.clone(),
        wrong.with("apns-channel-id", "AAAA"),
        unknown.clone(),
        unknown.body("{}"),
    ];
    let expected = [
        broadcast_err(405, "MethodNotAllowed"),
        broadcast_err(403, "MissingProviderToken"),
        broadcast_err(400, "BadChannelId"),
        broadcast_err(403, "TopicMismatch"),
        broadcast_err(400, "PayloadEmpty"),
        broadcast_err(400, "ChannelNotRegistered"),
    ];
    assert_eq!(requests.map(|push| bench.send(&push)), expected);
}

#[test]
fn a_message_goes_to_all_followers_in_steps_of_ten_at_the_moment_it_was_accepted() {
    let mut bench = Bench::new();
    let id = bench.create(1);
    let devices: Vec<DeviceId> =
        (0..25).map(|number| bench.add_device(&format!("phone{number}"))).collect();
    for device in &devices {
        bench.follow(*device, &[&id]);
    }
    let push = bench.broadcast(&id);
    assert_eq!(bench.only_answer(&push).status, 200);
    assert_eq!((bench.apns.next_due(), bench.deliveries()), (Some(bench.now.world), vec![]));
    assert_eq!(bench.settle(), 3);
    let course: Vec<_> = (1..=25).map(|number| (number, Outcome::Delivered, DELIVERED)).collect();
    assert_eq!((bench.deliveries(), bench.apns.next_due()), (course, None));
}

#[test]
fn messages_that_pile_up_are_sent_before_they_are_too_many() {
    let (mut bench, id) = followed(1);
    let push = bench.broadcast(&id);
    for _ in 0..150 {
        assert_eq!(bench.only_answer(&push).status, 200);
    }
    assert_eq!(bench.deliveries().len(), 50);
    assert_eq!((bench.settle(), bench.deliveries().len()), (100, 100));
}

#[test]
fn a_message_on_its_way_goes_no_further_when_its_channel_is_deleted() {
    let mut bench = Bench::new();
    let id = bench.create(1);
    for number in 0..15 {
        let device = bench.add_device(&format!("phone{number}"));
        bench.follow(device, &[&id]);
    }
    bench.only_answer(&bench.broadcast(&id));
    bench.at_desk(|apns, desk| apns.fall_due(desk));
    bench.only_answer(&bench.channels("DELETE").with("apns-channel-id", &id));
    assert_eq!((bench.settle(), bench.deliveries().len()), (1, 10));
}

#[test]
fn many_who_wait_for_one_message_share_its_text() {
    let mut bench = Bench::new();
    let id = bench.create(1);
    for number in 0..3 {
        let device = bench.add_device(&format!("phone{number}"));
        bench.follow(device, &[&id]);
        bench.post.set_connection(device, Connection::Offline, bench.now);
    }
    assert_eq!(bench.send(&bench.broadcast(&id)), SENT);
    bench.deliveries();
    for device in [1, 2, 3] {
        bench.post.set_connection(DeviceId(device), Connection::Online, bench.now);
    }
    let texts: Vec<_> = bench
        .post
        .take_happenings()
        .into_iter()
        .map(|happening| match happening {
            crate::post::Happening::Delivery { payload, .. } => payload.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(texts.len(), 3);
    assert!(texts.iter().all(|text| std::sync::Arc::ptr_eq(text, &texts[0])));
}

#[test]
fn an_app_follows_on_with_a_new_token_and_no_more_when_it_is_removed() {
    let (mut bench, id) = followed(1);
    let new = bench.register(bench.device, bench.app);
    let old = bench.address;
    bench.at_desk(|apns, desk| apns.retire(desk, old, Retirement::Rotated(new)));
    assert_eq!(bench.send(&bench.broadcast(&id)), SENT);
    assert_eq!(bench.deliveries(), [(1, Outcome::Delivered, DELIVERED)]);
    bench.at_desk(|apns, desk| apns.retire(desk, new, Retirement::Uninstalled));
    bench.register(bench.device, bench.app);
    assert_eq!(bench.send(&bench.broadcast(&id)), SENT);
    assert_eq!((bench.deliveries(), bench.device_state()), (vec![], None));
}

#[test]
fn a_reset_forgets_channels_and_messages_on_their_way() {
    let (mut bench, id) = followed(1);
    bench.only_answer(&bench.broadcast(&id));
    bench.apns.reset();
    assert_eq!(bench.apns.next_due(), None);
    let read = bench.channels("GET").with("apns-channel-id", &id);
    assert_eq!(bench.send(&read), broadcast_err(400, "ChannelNotRegistered"));
    assert_eq!(bench.device_state(), None);
}
