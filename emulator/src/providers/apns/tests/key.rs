//! Cases 49 to 54: keys with scopes, how often tokens change, connections that stay bad.

use super::bench::*;
use crate::providers::apns::{Apns, Keys};
use crate::providers::rim::{AppSpec, Kit, Service};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn bench(choices: &[(&str, &str)]) -> Bench {
    Bench::with(&chosen(choices))
}

/// The sender's clock goes on, and the world's.
fn wait(bench: &mut Bench, length: Duration) {
    bench.now.sender = bench.now.sender.after(length);
    bench.now.world = bench.now.world.after(length);
}

fn fresh(bench: &Bench) -> Push {
    bench.push().bearing(&sign(&bench.kit, bench.now.sender.seconds()))
}

#[test]
fn case_49_by_a_switch_an_expired_token_spoils_its_connection() {
    let mut bench = bench(&[("apns.spoiled-connections", "after-expiry")]);
    let old = bench.push().bearing(&sign(&bench.kit, START.seconds() - 4_000));
    let replies = [bench.send(&old), bench.send(&bench.push())];
    assert_eq!(replies, [(); 2].map(|()| err(403, "ExpiredProviderToken")));
    let cause = "an earlier request was answered ExpiredProviderToken, and by the switch the \
                 connection stays so; open another";
    assert_eq!(bench.cause(&bench.push()), ("connection-spoiled", cause.to_owned()));
    bench.connection.0 += 1;
    assert_eq!(bench.send(&bench.push()), OK);
}

#[test]
fn case_50_a_token_that_takes_anothers_place_too_early_is_refused() {
    let mut bench = bench(&[("apns.token-updates", "limited")]);
    let first = bench.push();
    assert_eq!(bench.send(&first), OK);
    wait(&mut bench, 5 * MINUTE);
    let second = fresh(&bench);
    assert_eq!(bench.send(&second), err(429, "TooManyProviderTokenUpdates"));
    let cause = "a new provider token 5 min after the last; one may come every 20m; the token \
                 before it is still good";
    assert_eq!(bench.cause(&second), ("token-updates", cause.to_owned()));
    assert_eq!(bench.send(&first), OK);
}

#[test]
fn case_51_another_connection_and_another_time_have_their_own_count() {
    let mut bench = bench(&[("apns.token-updates", "limited")]);
    assert_eq!(bench.send(&bench.push()), OK);
    wait(&mut bench, 5 * MINUTE);
    bench.connection.0 += 1;
    assert_eq!(bench.send(&fresh(&bench)), OK);
    bench.connection.0 -= 1;
    wait(&mut bench, 15 * MINUTE);
    let second = fresh(&bench);
    assert_eq!(bench.send(&second), OK);
    wait(&mut bench, 20 * MINUTE - Duration::from_secs(1));
    assert_eq!(bench.send(&fresh(&bench)), err(429, "TooManyProviderTokenUpdates"));
    wait(&mut bench, Duration::from_secs(1));
    assert_eq!(bench.send(&fresh(&bench)), OK);
}

#[test]
fn an_early_token_is_let_pass_by_default_with_a_note() {
    let mut bench = Bench::new();
    assert_eq!(bench.warnings(&bench.push()), Vec::<String>::new());
    wait(&mut bench, 5 * MINUTE);
    let note = "a new provider token 5 min after the last; one may come every 20m; Apple answers \
                429 TooManyProviderTokenUpdates";
    assert_eq!(bench.warnings(&fresh(&bench)), [note]);
}

#[test]
fn a_burst_of_tokens_passes_by_a_switch() {
    let mut bench = bench(&[("apns.token-updates", "limited"), ("apns.token-update-burst", "2")]);
    let replies = [(); 4].map(|()| {
        let push = fresh(&bench);
        bench.send(&push)
    });
    let refused = err(429, "TooManyProviderTokenUpdates");
    assert_eq!(replies, [OK.to_owned(), OK.to_owned(), OK.to_owned(), refused]);
}

#[test]
fn by_a_switch_too_many_tokens_spoil_their_connection() {
    let mut bench =
        bench(&[("apns.token-updates", "limited"), ("apns.spoiled-connections", "after-both")]);
    let first = bench.push();
    let replies = [bench.send(&first), bench.send(&bench.push()), bench.send(&first)];
    let refused = err(429, "TooManyProviderTokenUpdates");
    assert_eq!(replies, [OK.to_owned(), refused.clone(), refused]);
}

#[test]
fn a_token_that_was_aged_may_be_renewed() {
    let mut bench = bench(&[("apns.token-updates", "limited")]);
    let first = bench.push();
    assert_eq!(bench.send(&first), OK);
    bench.age(61 * MINUTE);
    assert_eq!(bench.send(&first), err(403, "ExpiredProviderToken"));
    assert_eq!(bench.send(&bench.push()), OK);
    assert_eq!(bench.send(&bench.push()), err(429, "TooManyProviderTokenUpdates"));
}

#[test]
fn case_52_a_key_of_the_other_environment_is_refused() {
    let spelled = [
        (&[][..], "BadEnvironmentKeyInToken"),
        (&[("apns.environment-key-reason", "documented")][..], "BadEnvironmentKeyIdInToken"),
    ];
    for (switches, reason) in spelled {
        let mut bench = bench(switches);
        let kit = bench.add_app(
            "com.example.live",
            &[("key_id", "LIVEKEY001"), ("key_environment", "production")],
        );
        let token = sign(&kit, START.seconds());
        let push = bench.push().bearing(&token);
        assert_eq!(bench.send(&push), err(403, reason));
        let cause = "key `LIVEKEY001` is for production alone, the request came to sandbox";
        assert_eq!(bench.cause(&push), ("key-environment", cause.to_owned()));
        assert_eq!(bench.send(&bench.push()), OK, "it bound nothing");
        bench.connection.0 += 1;
        let live = bench.push().host(PRODUCTION).bearing(&token);
        assert!(bench.send(&live).starts_with("200"), "{}", bench.send(&live));
    }
}

#[test]
fn case_53_a_topic_specific_key_may_not_follow_a_team_key() {
    let mut bench = Bench::new();
    let narrow =
        bench.add_app("com.example.narrow", &[("key_id", "NARROWKEY1"), ("key_topics", APP)]);
    let narrow = bench.push().bearing(&sign(&narrow, START.seconds()));
    assert_eq!(bench.send(&bench.push()), OK);
    assert_eq!(bench.send(&narrow), err(403, "UnrelatedKeyIdInToken"));
    let cause = "the connection began with key `PUSHPITKEY`, one of the whole team; key \
                 `NARROWKEY1`, a topic-specific one, is not related to it and needs a connection \
                 of its own";
    assert_eq!(bench.cause(&narrow), ("connection-key", cause.to_owned()));
    bench.connection.0 += 1;
    assert_eq!(bench.send(&narrow), OK);
    assert_eq!(bench.send(&bench.push()), err(403, "UnrelatedKeyIdInToken"));
}

#[test]
fn case_54_a_related_key_may_follow_and_goes_for_its_own_topics() {
    let mut bench = bench(&[("apns.token-updates", "limited")]);
    let one = [("key_id", "NARROWKEY1"), ("key_topics", APP), ("related_key", "NARROWKEY2")];
    let one = bench.add_app("com.example.one", &one);
    let two = bench
        .add_app("com.example.two", &[("key_id", "NARROWKEY2"), ("key_topics", "com.example.two")]);
    let three =
        bench.add_app("com.example.three", &[("key_id", "NARROWKEY3"), ("key_topics", APP)]);
    let one = sign(&one, START.seconds());
    let two = sign(&two, START.seconds());
    let three = sign(&three, START.seconds());
    let push = bench.push();
    assert_eq!(bench.send(&push.clone().bearing(&one)), OK);
    let other = push.clone().bearing(&two);
    assert_eq!(bench.send(&other), err(400, "TopicDisallowed"));
    let cause = format!("key `NARROWKEY2` is for `com.example.two` alone, not for topic `{APP}`");
    assert_eq!(bench.cause(&other), ("key-topics", cause));
    let theirs = other.with("apns-topic", "com.example.two");
    assert_eq!(bench.send(&theirs), err(400, "DeviceTokenNotForTopic"));
    assert_eq!(bench.send(&push.clone().bearing(&one)), OK);
    assert_eq!(bench.send(&push.bearing(&three)), err(403, "UnrelatedKeyIdInToken"));
}

#[test]
fn two_team_keys_go_together_unless_for_two_environments() {
    let mut bench = Bench::new();
    let scoped = |bench: &mut Bench, app: &str, key: &str, environment: &str| {
        let kit = bench.add_app(app, &[("key_id", key), ("key_environment", environment)]);
        bench.push().host("localhost").bearing(&sign(&kit, START.seconds()))
    };
    let one = scoped(&mut bench, "com.example.one", "SANDBOXKEY", "sandbox");
    let two = scoped(&mut bench, "com.example.two", "LIVEKEY001", "production");
    let any = bench.push().host("localhost");
    assert!(bench.send(&one).starts_with("200"));
    assert!(bench.send(&any).starts_with("200"));
    assert!(bench.send(&two).starts_with("403"));
    let cause = "the connection began with key `SANDBOXKEY` for sandbox, key `LIVEKEY001` is for \
                 production";
    assert_eq!(bench.cause(&two), ("connection-key", cause.to_owned()));
}

#[test]
fn an_app_that_is_added_later_needs_another_connection() {
    for (switches, reply) in [
        (&[][..], OK.to_owned()),
        (&[("apns.new-apps", "refused")][..], err(400, "TopicDisallowed")),
    ] {
        let mut bench = bench(switches);
        assert_eq!(bench.send(&bench.push()), OK);
        bench.add_app("com.example.late", &[]);
        let late = bench.post.intern_app(SERVICE, "com.example.late").unwrap();
        let address = bench.register(bench.device, late);
        let push = bench.push_to(&bench.token_of(address)).with("apns-topic", "com.example.late");
        assert_eq!(bench.send(&push), reply);
        bench.connection.0 += 1;
        assert_eq!(bench.send(&push), OK);
    }
}

#[test]
fn what_is_said_of_a_keys_scope_is_checked() {
    let make = |settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let spec = AppSpec { name: APP.to_owned(), settings };
        Apns::kit(&spec, &Kit::default(), &mut Maker).map_err(|error| error.to_string())
    };
    let many = vec!["com.x"; 401].join(",");
    let wrong = [
        make(&[("key_environment", "live")]),
        make(&[("key_topics", "com.example.app, x y")]),
        make(&[("key_topics", &many)]),
        make(&[("key_id", "ABC"), ("related_key", "ABC")]),
        make(&[("key_topcis", "com.x")]),
    ];
    insta::assert_debug_snapshot!(wrong.map(|it| it.map(|_| ()).unwrap_err()), @r#"
    [
        "app `com.example.app`: expected `any`, `production` or `sandbox` in `key_environment`, found `live`",
        "app `com.example.app`: expected topics with commas between them in `key_topics`, found `x y`",
        "app `com.example.app`: expected at most 400 topics in `key_topics`, found 401",
        "app `com.example.app`: `related_key` names the key itself, `ABC`",
        "app `com.example.app`: unknown setting `key_topcis`",
    ]
    "#);
}

#[test]
fn apps_that_share_a_key_say_the_same_of_its_scope() {
    let mut keys = Keys::default();
    let make = |name: &str, existing: &Kit, settings: &[(&str, &str)]| {
        let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Apns::kit(&AppSpec { name: name.to_owned(), settings }, existing, &mut Maker).unwrap()
    };
    let one = make("com.one", &Kit::default(), &[("key_environment", "sandbox")]);
    let two = make("com.two", &one, &[]);
    let three = make("com.three", &one, &[("key_environment", "production")]);
    assert_eq!(two.values["key_environment"], "sandbox");
    Apns::learn(&mut keys, &one).unwrap();
    Apns::learn(&mut keys, &two).unwrap();
    let error = Apns::learn(&mut keys, &three).unwrap_err();
    assert_eq!(
        error.to_string(),
        "app `com.three`: key `PUSHPITKEY` is already known with another scope"
    );
}
