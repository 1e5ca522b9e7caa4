//! The credentials that an app gets or brings.

use super::bench::*;
use crate::providers::apns::{Apns, Keys};
use crate::providers::rim::{AppSpec, Kit, Service, SpecError};
use std::collections::BTreeMap;

const TOPICS: &str = "com.example.app, com.example.app.voip, com.example.app.complication";

fn spec(settings: &[(&str, &str)]) -> AppSpec {
    let settings = settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    AppSpec { name: APP.to_owned(), settings }
}

fn kit(settings: &[(&str, &str)]) -> Result<Kit, SpecError> {
    Apns::kit(&spec(settings), &Kit::default(), &mut Maker)
}

#[test]
fn an_app_gets_a_key_in_apples_file() {
    let kit = kit(&[]).unwrap();
    let values = [
        ("bundle_id", APP),
        ("certificate_environment", "any"),
        ("certificate_password", "pushpit"),
        ("certificate_topics", TOPICS),
        ("key_id", "PUSHPITKEY"),
        ("team_id", "PUSHPITDEV"),
    ];
    assert_eq!(kit.values, values.map(|(key, value)| (key, value.to_owned())).into());
    let file = &kit.files["key_p8"];
    let text = String::from_utf8(file.content.clone()).unwrap();
    assert_eq!(file.name, "AuthKey_PUSHPITKEY.p8");
    let lines: Vec<_> = text.lines().map(str::len).collect();
    assert_eq!(
        (lines, text.ends_with("-----END PRIVATE KEY-----\n")),
        (vec![27, 64, 64, 56, 25], true)
    );
}

#[test]
fn apps_of_one_team_share_its_key_and_other_teams_have_their_own() {
    let mut bench = Bench::new();
    let second = bench.add_app("com.example.second", &[]);
    assert_eq!(second.files["key_p8"], bench.kit.files["key_p8"]);
    assert_ne!(second.files["certificate_pem"], bench.kit.files["certificate_pem"]);
    let other = bench.add_app("com.example.third", &[("team_id", "OTHERTEAM1")]);
    let ids = (other.values["team_id"].as_str(), other.values["key_id"].len());
    assert_eq!(ids, ("OTHERTEAM1", 10));
    assert_ne!(other.values["key_id"], bench.kit.values["key_id"]);
    assert_ne!(other.files["key_p8"].content, bench.kit.files["key_p8"].content);
    let again = Apns::kit(
        &AppSpec { name: "com.example.third".to_owned(), ..AppSpec::default() },
        &other,
        &mut Maker,
    );
    assert_eq!(again, Ok(other));
}

#[test]
fn what_is_shed_is_made_anew_and_the_rest_stays() {
    let first = kit(&[("key_environment", "sandbox")]).unwrap();
    let anew = |word: &str, kit: &Kit| {
        let mut less = kit.clone();
        assert!(Apns::shed(&mut less, word));
        Apns::kit(&spec(&[]), &less, &mut Maker).unwrap()
    };
    let key = anew("key", &first);
    let id = key.values["key_id"].clone();
    let values = [("key_id", id.clone())].into_iter().chain(first.values.clone());
    let expected: BTreeMap<_, _> = values.collect::<Vec<_>>().into_iter().rev().collect();
    assert_eq!(key.values, expected);
    assert_eq!(key.files["key_p8"].name, format!("AuthKey_{id}.p8"));
    assert_ne!(key.files["key_p8"].content, first.files["key_p8"].content);
    assert_eq!(key.files["certificate_pem"], first.files["certificate_pem"]);
    assert_ne!(anew("key", &key).values["key_id"], id);
    let certificate = anew("certificate", &first);
    assert_eq!(certificate.values, first.values);
    assert_eq!(certificate.files["key_p8"], first.files["key_p8"]);
    assert_ne!(certificate.files["certificate_pem"], first.files["certificate_pem"]);
    assert!(!Apns::shed(&mut first.clone(), "password"));
}

#[test]
fn an_app_that_is_shown_another_teams_credentials_gets_a_key_that_clashes_with_none() {
    let mut bench = Bench::new();
    let other = bench.add_app("com.example.third", &[("team_id", "OTHERTEAM1")]);
    bench.kit = other;
    let fourth = bench.add_app("com.example.fourth", &[]);
    assert_eq!(fourth.values["team_id"], "PUSHPITDEV");
    let push = bench.push().bearing(&sign(&fourth, START.seconds()));
    assert_eq!(bench.send(&push), OK);
}

#[test]
fn a_key_that_is_brought_is_used() {
    let own = kit(&[]).unwrap();
    let pem = String::from_utf8(own.files["key_p8"].content.clone()).unwrap();
    let settings = [("key_p8", &*pem), ("key_id", "ABC123DEFG"), ("team_id", "DEF123GHIJ")];
    let mut bench = Bench::new();
    let brought = bench.add_app("com.acme.chat", &settings);
    assert_eq!(brought.files["key_p8"].name, "AuthKey_ABC123DEFG.p8");
    let push = bench.push().bearing(&sign(&brought, START.seconds()));
    let reply = bench.send(&push.with("apns-topic", "com.acme.chat"));
    assert_eq!(reply, err(400, "DeviceTokenNotForTopic"));
}

#[test]
fn wrong_settings_say_what_to_do() {
    let errors = [
        kit(&[("team", "X")]),
        kit(&[("topic_prefix", "X")]),
        kit(&[("team_id", "a/b")]),
        kit(&[("key_p8", "x")]),
        kit(&[("key_p8", "x"), ("key_id", "ABC")]),
        kit(&[("key_p8", "-----BEGIN X-----\neA==\n-----END X-----\n"), ("key_id", "ABC")]),
        Apns::kit(&AppSpec::default(), &Kit::default(), &mut Maker),
    ]
    .map(|result| {
        let error = result.unwrap_err();
        format!("{error}\n{}", error.help)
    });
    let expected = [
        "app `com.example.app`: unknown setting `team`\ndid you mean `team_id`?",
        "app `com.example.app`: unknown setting `topic_prefix`\n\
         the settings are `broadcast`, `certificate_environment`, `certificate_password`, \
         `certificate_topics`, `key_environment`, `key_id`, `key_p8`, `key_topics`, `related_key`, \
         `team_id`",
        "app `com.example.app`: expected an id in `team_id`, found `a/b`\n\
         Apple's have 10 letters and digits, such as `ABC123DEFG`",
        "app `com.example.app`: a `key_p8` needs its `key_id`\n\
         Apple shows it beside the key, and in the file's name",
        "app `com.example.app`: expected the text of a key in `key_p8`, found `x`\n\
         put the content of an Apple `AuthKey_….p8` file there, from BEGIN to END",
        "app `com.example.app`: `AuthKey_ABC.p8` cannot be read: expected a `PRIVATE KEY` or \
         `PUBLIC KEY` block, found `X`\n\
         put the content of an Apple `AuthKey_….p8` file there, from BEGIN to END",
        "app ``: expected a bundle ID, found ``\n\
         a bundle ID has letters, digits, `-` and `.`, 255 at most",
    ];
    assert_eq!(errors, expected);
}

#[test]
fn two_keys_of_one_id_are_refused() {
    let mut keys = Keys::default();
    let (one, two) = (kit(&[]).unwrap(), kit(&[]).unwrap());
    assert_eq!(Apns::learn(&mut keys, &one), Ok(()));
    assert_eq!(Apns::learn(&mut keys, &one), Ok(()));
    let error = Apns::learn(&mut keys, &two).unwrap_err();
    let what = "app `com.example.app`: key id `PUSHPITKEY` is already that of another key of \
                `PUSHPITDEV`";
    assert_eq!(error.to_string(), what);
}

#[test]
fn an_app_broadcasts_unless_that_is_switched_off() {
    let off = kit(&[("broadcast", "off")]).unwrap();
    assert_eq!(off.values["broadcast"], "off");
    let again = |settings: &[(&str, &str)]| Apns::kit(&spec(settings), &off, &mut Maker).unwrap();
    assert_eq!(again(&[]), off);
    assert_eq!(again(&[("broadcast", "on")]).values.get("broadcast"), None);
    let error = kit(&[("broadcast", "yes")]).unwrap_err();
    let what = "app `com.example.app`: expected `on` or `off` in `broadcast`, found `yes`";
    assert_eq!((error.to_string().as_str(), error.setting.as_deref()), (what, Some("broadcast")));
}

#[test]
fn a_certificate_is_kept_until_it_is_to_say_something_else() {
    let first = kit(&[]).unwrap();
    let again = |settings: &[(&str, &str)], before: &Kit| {
        Apns::kit(&spec(settings), before, &mut Maker).unwrap()
    };
    assert_eq!(again(&[], &first), first);
    let sandbox = again(&[("certificate_environment", "sandbox")], &first);
    assert_ne!(sandbox.files["certificate_pem"], first.files["certificate_pem"]);
    assert_eq!(sandbox.files["key_p8"], first.files["key_p8"]);
    assert_eq!(again(&[], &sandbox), sandbox);
    let topics =
        again(&[("certificate_topics", " com.example.app.voip ,com.example.app")], &sandbox);
    assert_eq!(topics.values["certificate_topics"], "com.example.app, com.example.app.voip");
    assert_eq!(topics.values["certificate_environment"], "sandbox");
    let names = ["certificate_p12", "certificate_pem"].map(|key| &*topics.files[key].name);
    assert_eq!(names, ["Certificate_com.example.app.p12", "Certificate_com.example.app.pem"]);
}

#[test]
fn a_certificate_of_the_longest_app_and_list_can_be_read() {
    let name = "x".repeat(255);
    let list: Vec<_> = (10..29).map(|number| format!("{number}{}", "y".repeat(253))).collect();
    let settings = [("certificate_topics".to_owned(), list.join(","))].into();
    let spec = AppSpec { name, settings };
    let kit = Apns::kit(&spec, &Kit::default(), &mut Maker).unwrap();
    assert_eq!(super::super::kit::issued(&kit, crate::clock::Order(1)).map(drop), Ok(()));
    assert!(kit.files["certificate_pem"].name.len() < 255);
}

#[test]
fn wrong_settings_of_a_certificate_say_what_to_do() {
    let many = vec!["a"; 1].into_iter().chain((0..25).map(|_| "b")).collect::<Vec<_>>();
    let many: Vec<_> = many.iter().enumerate().map(|(at, it)| format!("{it}{at}")).collect();
    let told = [
        ("certificate_environment", "both"),
        ("certificate_password", ""),
        ("certificate_password", "a b"),
        ("certificate_topics", "com.example.app; com.example.chat"),
        ("certificate_topics", &many.join(",")),
    ]
    .map(|setting| {
        let error = kit(&[setting]).unwrap_err();
        assert_eq!(error.setting.as_deref(), Some(setting.0));
        format!("{}\n{}", error.what, error.help)
    });
    let password = "expected 1 to 64 visible ASCII characters in `certificate_password`\n\
                    it is for `certificate_p12` and stands in `index.json`: it keeps no secret";
    let expected = [
        "expected `any`, `production` or `sandbox` in `certificate_environment`, found `both`\n\
         `any` makes a certificate for both, as Apple's are today",
        password,
        password,
        "expected topics with commas between them in `certificate_topics`, found \
         `com.example.app; com.example.chat`\nsuch as `com.example.chat, com.example.chat.voip`",
        "expected at most 20 topics in `certificate_topics`, found 27\n\
         a certificate is for one app and what belongs to it",
    ];
    assert_eq!(told, expected);
}
