//! What scenario files may say.

use pushpit::scenario::{
    Advance, AnswerSpec, Exactly, Length, Nothing, Provider, Ready, Scenario, Step, load,
};
use pushpit_emulator::clock::Mode;
use pushpit_emulator::control::check_app;
use pushpit_emulator::post::{Connection, ConnectionFault, GoAwayFault, Platform, Power};
use serde_json::json;
use std::time::Duration;

pub(crate) const PROVIDERS: &[Provider<'static>] = &[
    Provider {
        name: "apns",
        app_key: "bundle_id",
        credentials: &["certificate", "key"],
        listeners: &["apns", "apns-production"],
        platforms: &[Platform::Ios, Platform::MacOs],
        judge: check_app,
        judge_setting: |_, _| Ok(()),
    },
    Provider {
        name: "fcm",
        app_key: "package",
        credentials: &[],
        listeners: &["fcm"],
        platforms: &[Platform::Android, Platform::Ios],
        judge: |_, _| Ok(()),
        judge_setting: |_, _| Ok(()),
    },
];

/// Everything that the language has.
pub(crate) const EVERYTHING: &str = include_str!("everything.yaml");

fn everything() -> Scenario {
    load("everything.yaml", EVERYTHING.as_bytes(), PROVIDERS).expect("it is a good file")
}

fn step(number: usize) -> Step {
    everything().steps[number].value.clone()
}

#[test]
fn the_head_of_a_scenario_says_how_its_world_is() {
    let scenario = everything();
    assert_eq!(scenario.name.value, "Everything that a scenario may say");
    assert_eq!(scenario.clock.mode, Mode::Frozen);
    assert_eq!(scenario.clock.start, Some("2030-01-01T00:00:00Z".parse().expect("it is there")));
    assert_eq!(scenario.push.as_ref().map(|push| push.value.as_str()), Some("apns-production"));
    assert_eq!(scenario.seed, Some(7));
    assert_eq!(scenario.apps.names(), ["chat", "news"]);
    assert_eq!(scenario.devices.names(), ["zoe", "anna"]);
    let anna = scenario.devices.find("anna").expect("it is there");
    assert_eq!((anna.connection, anna.power), (Connection::Offline, Power::Low));
    let senders: Vec<_> = scenario.all_senders().map(|(name, _)| name).collect();
    assert_eq!(senders, ["sender", "backend", "worker"]);
    assert!(scenario.snapshot);
}

#[test]
fn numbers_in_places_of_texts_are_texts() {
    let scenario = everything();
    let (_, sender) = scenario.all_senders().next().expect("it is there");
    assert_eq!(sender.env.find("RETRIES").expect("it is there").value, "3");
    let Ready::Port(port) = &sender.ready.as_ref().expect("it is there").value else {
        panic!("{sender:?}")
    };
    assert_eq!(port.value, "8080");
}

#[test]
fn a_value_knows_its_place() {
    let scenario = everything();
    let place = scenario.name.place;
    assert_eq!(&EVERYTHING[place.start..place.end], scenario.name.value);
    let step = &scenario.steps[0];
    assert!(EVERYTHING[step.place.start..].starts_with("set:"), "{:?}", step.place);
}

#[test]
fn run_is_a_list_or_a_map() {
    let Step::Run(list) = step(1) else { panic!() };
    let command: Vec<String> =
        list.0.command.expect("it is there").value.into_iter().map(|word| word.value).collect();
    assert_eq!(command, ["node", "send.js", "${devices.anna.chat.token}", "5"]);
    let Step::Run(map) = step(2) else { panic!() };
    assert_eq!(map.0.status, Some(3));
    assert_eq!(map.0.timeout, Some(Length(Duration::from_secs(60))));
    assert_eq!(map.0.stdout.expect("it is there").contains.value, "sent");
}

#[test]
fn advance_is_a_length_or_a_moment() {
    let days = Advance::By(Length(Duration::from_secs(3 * 86_400)));
    assert_eq!(step(8), Step::Advance(days));
    let Step::Advance(Advance::To(moment)) = step(9) else { panic!() };
    assert_eq!(moment.value.to_string(), "2030-02-01T00:00:00Z");
}

#[test]
fn a_filter_holds_what_was_said_and_nothing_else() {
    let Step::Await(wait) = step(7) else { panic!() };
    let requests = wait.requests.expect("it is there").value;
    assert_eq!(json!(requests.filter()), json!({"provider": "apns", "status": 200}));
    assert_eq!(requests.exactly, Some(Exactly::Count(2)));
    assert_eq!(wait.timeout, Some(Length(Duration::from_secs(5))));
}

#[test]
fn a_fault_is_the_control_api_s_json() {
    let Step::Fault(fault) = step(12) else { panic!() };
    assert_eq!(
        serde_json::to_value(&fault).expect("it is there"),
        json!({
            "match": {"provider": "apns", "app": "chat"},
            "times": 2,
            "probability": 0.5,
            "answers": [
                {"status": 503},
                {"status": 429, "reason": "TooManyRequests", "headers": {"retry-after": "7"}},
            ],
            "delay": "2s",
            "connection": {"go_away": {"code": 0, "last_stream": "begun"}},
        })
    );
    assert_eq!(fault.connection, Some(ConnectionFault::GoAway(GoAwayFault::default())));
    assert_eq!(fault.answers[0].value.0, AnswerSpec { status: 503, ..AnswerSpec::default() });
}

#[test]
fn payloads_are_plain_json() {
    let Step::Expect(expect) = step(13) else { panic!() };
    let anna = &expect.devices.find("anna").expect("it is there").value;
    let Some(Exactly::List(list)) = &anna.exactly else { panic!() };
    let payload = json!({"payload": {"aps": {"alert": "Dinner", "badge": 3, "sound": null},
        "flags": ["yes", true, 1.5]}});
    assert_eq!(list[0].value, payload);
    let zoe = &expect.devices.find("zoe").expect("it is there").value;
    assert_eq!(zoe.none.as_ref().expect("it is there").value, Nothing::AtAll);
}
