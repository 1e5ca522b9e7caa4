//! Cases 79 to 81: channels are made, read, listed and taken away.

use super::bench::*;
use serde_json::json;

fn list(bench: &Bench) -> Push {
    bench.channels("GET").path(format!("/1/apps/{APP}/all-channels"))
}

fn deleted() -> String {
    format!("204 keep\napns-request-id: {ID}\n\n")
}

#[test]
fn case_79_a_channel_is_made_read_listed_and_deleted() {
    let mut bench = Bench::new();
    let made = bench.send(&bench.new_channel(1));
    let id = channel_id(&made);
    assert_eq!(made, format!("201 keep\napns-request-id: {ID}\napns-channel-id: {id}\n\n"));
    assert_eq!((id.len(), id.ends_with("==")), (24, true));
    let read = bench.channels("GET").with("apns-channel-id", &id);
    let like = told(200, r#"{"message-storage-policy":1,"push-type":"LiveActivity"}"#);
    assert_eq!(bench.send(&read), like);
    let other = bench.create(0);
    let both = told(200, &json!({"channels": [id, other]}).to_string());
    assert_eq!(bench.send(&list(&bench)), both);
    let delete = bench.channels("DELETE").with("apns-channel-id", &id);
    assert_eq!(bench.send(&delete), deleted());
    let gone = broadcast_err(400, "ChannelNotRegistered");
    assert_eq!([bench.send(&read), bench.send(&delete)], [gone.clone(), gone]);
    assert_eq!(bench.cause(&read), ("channel-known", "the app has no such channel".to_owned()));
    assert_eq!(bench.send(&list(&bench)), told(200, &json!({"channels": [other]}).to_string()));
}

#[test]
fn case_80_a_channel_is_described_by_two_keys_and_no_others() {
    let mut bench = Bench::new();
    let bodies = [
        (r#"{"message-storage-policy":1,"#, "BadRequestPayload"),
        ("[]", "BadRequestPayload"),
        (r#"{"message-storage-policy":1,"push-type":"LiveActivity","x":1}"#, "BadRequestParams"),
        (r#"{"push-type":"LiveActivity"}"#, "BadRequestParams"),
        (r#"{"message-storage-policy":2,"push-type":"LiveActivity"}"#, "BadRequestParams"),
        (r#"{"message-storage-policy":true,"push-type":"LiveActivity"}"#, "BadRequestParams"),
        (r#"{"message-storage-policy":1,"push-type":"alert"}"#, "InvalidPushType"),
        (r#"{"message-storage-policy":1,"push-type":7}"#, "InvalidPushType"),
        (r#"{"message-storage-policy":1}"#, "MissingPushType"),
        ("", "PayloadEmpty"),
    ];
    for (body, reason) in bodies {
        let push = bench.channels("POST").body(body);
        assert_eq!(bench.send(&push), broadcast_err(400, reason), "{body}");
    }
    let large = bench.channels("POST").body(" ".repeat(5_121));
    assert_eq!(bench.send(&large), broadcast_err(413, "PayloadTooLarge"));
    assert_eq!(bench.send(&list(&bench)), told(200, r#"{"channels":[]}"#));
}

#[test]
fn what_is_wrong_with_a_channel_is_said_in_plain_words() {
    let mut bench = Bench::new();
    let bodies = [
        "{",
        r#"{"message-storage-policy":1,"push-type":"LiveActivity","name":"final"}"#,
        r#"{"push-type":"LiveActivity"}"#,
        r#"{"message-storage-policy":-1,"push-type":"LiveActivity"}"#,
        r#"{"message-storage-policy":1}"#,
        r#"{"message-storage-policy":1,"push-type":"alert"}"#,
    ];
    let causes = bodies.map(|body| {
        let (rule, cause) = bench.cause(&bench.channels("POST").body(body));
        format!("{rule}: {cause}")
    });
    insta::assert_snapshot!(causes.join("\n"), @r"
    payload-json: the body cannot be read as JSON: EOF while parsing an object at line 1 column 1
    channel-keys: a channel has `message-storage-policy` and `push-type`, found `name`
    channel-policy: the body has no `message-storage-policy`, which is 0 or 1
    channel-policy: expected 0 or 1 in `message-storage-policy`, found `-1`
    channel-push-type: `push-type` in the body is missing; it says `LiveActivity`
    channel-push-type: expected `LiveActivity` as `push-type` in the body, found `alert`
    ");
}

#[test]
fn node_apn_writes_the_policy_in_quotes_and_the_push_type_in_lower_case() {
    let mut bench = Bench::new();
    let body = r#"{"message-storage-policy":"1","push-type":"liveactivity"}"#;
    let id = channel_id(&bench.send(&bench.channels("POST").body(body)));
    let read = bench.channels("GET").with("apns-channel-id", id);
    let like = told(200, r#"{"message-storage-policy":1,"push-type":"LiveActivity"}"#);
    assert_eq!(bench.send(&read), like);
}

#[test]
fn case_81_an_app_has_10000_channels_in_each_environment_at_most() {
    let mut bench = Bench::new();
    let push = bench.new_channel(0);
    let first = channel_id(&bench.send(&push));
    for _ in 1..10_000 {
        assert!(bench.send(&push).starts_with("201 "));
    }
    assert_eq!(bench.send(&push), broadcast_err(400, "CannotCreateChannelConfig"));
    let cause = "the app has 10000 channels in this environment, no more go";
    assert_eq!(bench.cause(&push), ("channel-limit", cause.to_owned()));
    assert!(bench.send(&push.clone().host(MANAGE_PRODUCTION)).starts_with("201 "));
    let delete = bench.channels("DELETE").with("apns-channel-id", first);
    assert_eq!(bench.send(&delete), deleted());
    assert!(bench.send(&push).starts_with("201 "));
    assert_eq!(bench.send(&push), broadcast_err(400, "CannotCreateChannelConfig"));
}

#[test]
fn case_81_without_the_capability_nothing_is_broadcast_and_channels_are_gone_for_good() {
    let mut bench = Bench::new();
    let id = bench.create(1);
    bench.follow(bench.device, &[&id]);
    bench.add_app(APP, &[("broadcast", "off")]);
    let off = broadcast_err(400, "FeatureNotEnabled");
    let read = bench.channels("GET").with("apns-channel-id", &id);
    let requests = [bench.new_channel(1), read.clone(), list(&bench), bench.broadcast(&id)];
    assert_eq!(requests.map(|push| bench.send(&push)), [(); 4].map(|()| off.clone()));
    let cause = "the app's setting `broadcast` is `off`";
    assert_eq!(bench.cause(&read), ("broadcast-capability", cause.to_owned()));
    bench.add_app(APP, &[("broadcast", "on")]);
    assert_eq!(bench.send(&read), broadcast_err(400, "ChannelNotRegistered"));
}

#[test]
fn environments_are_kept_apart_and_other_names_reach_both() {
    let mut bench = Bench::new();
    let sandbox = bench.create(1);
    let production = channel_id(&bench.send(&bench.new_channel(0).host(MANAGE_PRODUCTION)));
    let both = channel_id(&bench.send(&bench.new_channel(0).host("127.0.0.1")));
    let listed = [MANAGE_SANDBOX, MANAGE_PRODUCTION, "localhost"].map(|host| {
        let answer = bench.send(&list(&bench).host(host));
        answer.rsplit('\n').next().unwrap().to_owned()
    });
    let expected = [
        json!({"channels": [sandbox, both]}),
        json!({"channels": [production, both]}),
        json!({"channels": [sandbox, production, both]}),
    ];
    assert_eq!(listed, expected.map(|list| list.to_string()));
    let read = bench.channels("GET").host(MANAGE_PRODUCTION).with("apns-channel-id", sandbox);
    assert_eq!(bench.send(&read), broadcast_err(400, "ChannelNotRegistered"));
    let cause = "the channel is of the other environment";
    assert_eq!(bench.cause(&read), ("channel-known", cause.to_owned()));
}

#[test]
fn a_channel_of_another_app_is_not_registered() {
    let mut bench = Bench::new();
    bench.add_app("com.example.other", &[]);
    let id = bench.create(1);
    let read = bench.channels("GET").with("apns-channel-id", id);
    let read = read.path("/1/apps/com.example.other/channels");
    assert_eq!(bench.send(&read), broadcast_err(400, "ChannelNotRegistered"));
    assert_eq!(bench.cause(&read), ("channel-known", "the app has no such channel".to_owned()));
}

#[test]
fn paths_and_methods_that_are_not_the_apis_are_told_apart() {
    let mut bench = Bench::new();
    let paths = [
        "/1/apps",
        "/1/apps/",
        "/1/apps//channels",
        "/1/apps/com.example.app",
        "/1/apps/com.example.app/channels/",
        "/1/apps/com.example.app/channels/dHN0LXNyY2gtY2hubA==",
        "/4/broadcasts/com.example.app",
        "/4/broadcasts/apps/",
    ];
    for path in paths {
        let push = bench.channels("GET").path(path);
        assert_eq!(bench.send(&push), broadcast_err(404, "BadPath"), "{path}");
    }
    let all = format!("/1/apps/{APP}/all-channels");
    let send = format!("/4/broadcasts/apps/{APP}");
    let methods =
        [bench.channels("PUT"), bench.channels("POST").path(all), bench.channels("GET").path(send)];
    for push in methods {
        assert_eq!(bench.send(&push), broadcast_err(405, "MethodNotAllowed"), "{push:?}");
    }
}

#[test]
fn the_request_id_is_echoed_or_made_and_apns_id_may_stand_in_its_place() {
    let mut bench = Bench::new();
    let nameless = list(&bench).without("apns-request-id");
    let answer = bench.send(&nameless);
    let made = answer.lines().find_map(|line| line.strip_prefix("apns-request-id: ")).unwrap();
    assert_eq!((made.len(), made), (36, &*made.to_ascii_uppercase()));
    assert!(uuid::Uuid::try_parse(made).is_ok());
    assert_eq!(bench.send(&nameless.clone().with("apns-id", ID)), bench.send(&list(&bench)));
    for name in ["apns-request-id", "apns-id"] {
        let answer = bench.send(&nameless.clone().with(name, "seven"));
        let echoed = "content-type: application/json\napns-request-id: seven\n";
        assert_eq!(answer, format!("400 keep\n{echoed}\n{{\"reason\":\"BadMessageId\"}}"));
    }
}

#[test]
fn who_calls_is_checked_as_for_pushes() {
    let mut bench = Bench::new();
    let rival = bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let old = sign(&bench.kit, START.seconds() - 4_000);
    let requests = [
        (list(&bench).without("authorization"), 403, "MissingProviderToken"),
        (list(&bench).bearing("x.y.z"), 403, "InvalidProviderToken"),
        (list(&bench).bearing(&old), 403, "ExpiredProviderToken"),
    ];
    for (push, status, reason) in requests {
        assert_eq!(bench.send(&push), broadcast_err(status, reason));
    }
    assert!(bench.send(&list(&bench)).starts_with("200 "));
    let stranger = list(&bench).bearing(&sign(&rival, START.seconds()));
    assert_eq!(bench.send(&stranger), broadcast_err(403, "InvalidProviderToken"));
    assert_eq!(bench.cause(&stranger).0, "connection-team");
}

#[test]
fn the_first_valid_token_raises_the_limit_of_streams_here_too() {
    let mut bench = Bench::new();
    assert_eq!(bench.told(&list(&bench)), (Some(1_000), None));
    assert_eq!(bench.told(&bench.push()), (None, None));
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    let mut bench = Bench::new();
    for name in ["apns-channel-id", "apns-request-id", "authorization"] {
        let push = bench.broadcast("AAAA").and(name, ID);
        let answer = bench.send(&push);
        assert_eq!(answer, broadcast_err(400, "DuplicateHeaders"));
        assert_eq!(bench.cause(&push).1, format!("the header `{name}` came twice"));
    }
}

#[test]
fn a_topic_specific_key_makes_channels_of_its_own_apps_alone() {
    for (topics, reply) in [
        ("com.example.app", None),
        ("com.example.app.push-type.liveactivity", None),
        ("com.example.other", Some(broadcast_err(400, "TopicDisallowed"))),
    ] {
        let mut bench = Bench::new();
        let kit = bench
            .add_app("com.example.narrow", &[("key_id", "NARROWKEY1"), ("key_topics", topics)]);
        let new = bench.new_channel(1).bearing(&sign(&kit, START.seconds()));
        let answer = bench.send(&new);
        match reply {
            None => assert!(answer.starts_with("201"), "{topics}: {answer}"),
            Some(reply) => assert_eq!(answer, reply),
        }
    }
}
