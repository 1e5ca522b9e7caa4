//! Problem documents: every error has one, and it says what to do.

use super::bench::{APP, Bench, clock};
use pushpit_emulator::control::{ControlServer, ControlServerConfig, Places, openapi};
use pushpit_emulator::world::WorldConfig;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn every_wrong_call_gets_a_problem_document() {
    let bench = Bench::start().await;
    bench.phone("anna").await;
    let long = format!("{{\"name\": \"{}\"}}", "x".repeat(1 << 20));
    let calls = [
        ("GET", "/api/v1/nothing", ""),
        ("GET", "/nothing", ""),
        ("PUT", "/api/v1/clock", ""),
        ("POST", "/healthz", ""),
        ("POST", "/api/v1/devices", ""),
        ("POST", "/api/v1/devices", "{\n  \"name\": }"),
        ("POST", "/api/v1/devices", r#"{"name": "ben", "plattform": "ios"}"#),
        ("POST", "/api/v1/devices", r#"{"name": "anna", "platform": "ios"}"#),
        (
            "POST",
            "/api/v1/devices",
            r#"{"name": "ben", "platform": "ios", "apps": ["com.exampel.app"]}"#,
        ),
        (
            "POST",
            "/api/v1/devices",
            r#"{"name": "b", "platform": "windows", "apps": ["com.example.app"]}"#,
        ),
        ("POST", "/api/v1/devices", &long),
        ("GET", "/api/v1/devices/ana", ""),
        ("GET", "/api/v1/devices/%ff", ""),
        ("GET", "/api/v1/requests?limt=3", ""),
        ("GET", "/api/v1/requests?limit=0", ""),
        ("GET", "/api/v1/requests?limit=1&limit=2", ""),
        ("GET", "/api/v1/requests?after=yesterday", ""),
        ("GET", "/api/v1/addresses?after=anna", ""),
        ("GET", "/api/v1/events?kind=device_change", ""),
        ("GET", "/api/v1/events?kind=x", ""),
        ("GET", "/api/v1/requests?count=3", ""),
        ("GET", "/api/v1/requests?wait=soon", ""),
        ("GET", "/api/v1/deliveries?outcome=lost", ""),
        ("GET", "/api/v1/clock?x=1", ""),
        ("POST", "/api/v1/clock/advance", r#"{"by": "3d", "to": "2031-01-01T00:00:00Z"}"#),
        ("POST", "/api/v1/apps", r#"{"provider": "apns"}"#),
        ("POST", "/api/v1/apps", r#"{"provider": "apsn", "app": "com.x"}"#),
        ("POST", "/api/v1/faults", "{}"),
        ("DELETE", "/api/v1/faults/one", ""),
        ("POST", "/api/v1/expect", r#"{"timeout": "soon"}"#),
        ("POST", "/api/v1/expect", "{}"),
        ("POST", "/api/v1/expect", r#"{"where": {"device": "ana"}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"app": "apns/com.example.app"}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"provider": "apn"}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"devise": "anna"}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"outcome": "expird"}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"status": 200}, "none": []}"#),
        ("POST", "/api/v1/expect", r#"{"where": {"of": "requests", "verdict": "ok"}, "none": []}"#),
        ("GET", "/api/v1/deliveries?device=ana", ""),
        ("GET", "/api/v1/requests?app=com.exampel.app", ""),
        ("GET", "/api/v1/devices/anna/inbox?provider=nobody", ""),
        ("POST", "/api/v1/faults", r#"{"match": {"device": "ana"}, "answers": [503]}"#),
        ("POST", "/api/v1/faults", r#"{"match": {"app": "com.x"}, "answers": [503]}"#),
        ("POST", "/api/v1/faults", r#"{"match": {"route": "3/device"}, "answers": [503]}"#),
        ("POST", "/api/v1/faults", r#"{"match": {"path": "x"}, "answers": [503]}"#),
        ("POST", "/api/v1/devices", "[]"),
        ("POST", "/api/v1/devices", r#"["ben", "ios"]"#),
        ("POST", "/api/v1/devices", r#"{"name": 5}"#),
        ("POST", "/api/v1/devices", r#"{"name": "ben", "platform": ["ios"]}"#),
        ("PATCH", "/api/v1/addresses/x", r#"{"state": "active"}"#),
        ("PATCH", "/api/v1/devices/anna", r#"{"conection": "offline"}"#),
        ("PATCH", "/api/v1/devices/anna", r#"{"power": "low", "apns": {"chanels": []}}"#),
    ];
    let mut all = String::new();
    for (method, path, body) in calls {
        let answer = bench.call(method, path, body).await;
        let kind = "content-type: application/problem+json";
        assert!(answer.head.contains(kind), "{method} {path}: {} {}", answer.head, answer.text);
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status);
        let shown = body.chars().take(60).collect::<String>();
        all.push_str(&format!("{method} {path} {shown}\n{problem:#}\n\n"));
    }
    insta::assert_snapshot!(all);
}

/// A body with every object inside it, each in turn, as a list of its values.
fn with_lists(body: &Value) -> Vec<Value> {
    match body {
        Value::Object(map) => {
            let here = Value::Array(map.values().cloned().collect());
            let inside = map.iter().flat_map(|(name, value)| {
                with_lists(value).into_iter().map(|value| {
                    let mut map = map.clone();
                    map.insert(name.clone(), value);
                    Value::Object(map)
                })
            });
            std::iter::once(here).chain(inside).collect()
        }
        Value::Array(all) => (0..all.len())
            .flat_map(|at| {
                with_lists(&all[at]).into_iter().map(move |value| {
                    let mut all = all.clone();
                    all[at] = value;
                    Value::Array(all)
                })
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_list_is_never_taken_for_an_object() {
    let bench = Bench::start().await;
    bench.phone("anna").await;
    let fault =
        |connection: Value| json!({"match": {"provider": "apns"}, "connection": connection});
    let calls = [
        ("POST", "/api/v1/apps", json!({"provider": "apns", "app": "com.example.other"})),
        ("POST", "/api/v1/devices", json!({"name": "ben", "platform": "ios"})),
        ("PATCH", "/api/v1/devices/anna", json!({"connection": "offline", "power": "low"})),
        ("PATCH", "/api/v1/addresses/0", json!({"state": "expired"})),
        ("POST", "/api/v1/clock/advance", json!({"by": "3d"})),
        ("POST", "/api/v1/credentials/age", json!({"by": "61m"})),
        ("POST", "/api/v1/credentials/revoke", json!({"app": APP, "credential": "key"})),
        ("POST", "/api/v1/credentials/issue", json!({"app": APP, "credential": "key"})),
        ("POST", "/api/v1/faults", json!({"answers": [{"status": 503, "headers": {"a": "b"}}]})),
        ("POST", "/api/v1/faults", fault(json!({"cut": {"after": 1}}))),
        ("POST", "/api/v1/faults", fault(json!({"frames": {"split": 1}}))),
        ("POST", "/api/v1/faults", fault(json!({"go_away": {"code": 1, "debug": "x"}}))),
        ("POST", "/api/v1/faults", fault(json!({"reset_stream": {"code": 1, "after": 1}}))),
        ("POST", "/api/v1/faults", fault(json!({"settings": {"max_concurrent_streams": 1}}))),
        ("POST", "/api/v1/expect", json!({"where": {"of": "deliveries"}, "none": []})),
        ("POST", "/api/v1/expect", json!({"where": {}, "none": []})),
    ];
    let mut bodies: Vec<_> = calls.iter().map(|(_, path, _)| *path).collect();
    bodies.dedup();
    assert_eq!(bodies.len(), openapi_bodies(), "a call with a body is not tried");
    let mut told = BTreeSet::new();
    for (method, path, body) in calls {
        let taken = bench.call(method, path, &body.to_string()).await;
        assert!(taken.status < 300, "{method} {path} {body}: {}", taken.text);
        for wrong in with_lists(&body) {
            let answer = bench.call(method, path, &wrong.to_string()).await;
            assert_eq!(answer.status, 400, "{method} {path} {wrong}: {}", answer.text);
            told.insert(answer.json()["detail"].as_str().unwrap().to_owned());
        }
    }
    insta::assert_snapshot!(told.into_iter().collect::<Vec<_>>().join("\n"), @r"
    expected `drop`, `go_away`, `stall` or `tear`, or a map with one of `cut`, `frames`, `go_away`, `reset_stream`, `settings`, `stall`, found a list
    expected a status from 200 to 599, or a map with `status`, found a list
    expected an HTTP/2 error code, or a map with `code` and `after`, found a list
    expected an object, found a list
    ");
}

/// How many calls take a body, says the document.
fn openapi_bodies() -> usize {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap().values();
    let calls = paths.flat_map(|calls| calls.as_object().unwrap().values());
    calls.filter(|call| !call["requestBody"].is_null()).count()
}

#[tokio::test]
async fn a_name_that_no_device_can_have_is_refused_with_a_sentence() {
    let bench = Bench::start().await;
    let long = "ä".repeat(65);
    let names = ["", "a/b", "/", "a\nb", "\u{7f}", "\u{0}", ".", "..", &long];
    let mut all = String::new();
    for name in names {
        let answer = bench.post("/api/v1/devices", json!({"name": name, "platform": "ios"})).await;
        let problem = answer.json();
        assert_eq!(
            (answer.status, &problem["type"]),
            (422, &json!("urn:pushpit:problem:bad-device-name")),
            "{name:?}"
        );
        all.push_str(&format!("{}\n", problem["detail"].as_str().unwrap()));
    }
    insta::assert_snapshot!(all, @r"
    expected a name for the device, found an empty text
    expected a name for the device, found `/` in `a/b`
    expected a name for the device, found `/` in `/`
    expected a name for the device, found `\n` in `a\nb`
    expected a name for the device, found `\u{7f}` in `\u{7f}`
    expected a name for the device, found `\0` in `\0`
    expected a name for the device, found `.`, which paths go by
    expected a name for the device, found `..`, which paths go by
    expected a name of at most 64 characters for the device, found 65
    ");
    let longest = "ä".repeat(64);
    for name in [&longest, "Anna's iPhone", "a.b", "...", "münchen?#%"] {
        let answer = bench.post("/api/v1/devices", json!({"name": name, "platform": "ios"})).await;
        assert_eq!(answer.status, 201, "{name}: {}", answer.text);
    }
    assert_eq!(bench.get("/api/v1/devices").await.json()["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_device_that_a_reset_took_is_unknown() {
    let bench = Bench::start().await;
    bench.phone("anna").await;
    assert_eq!(bench.get("/api/v1/deliveries?device=anna").await.status, 200);
    bench.control.reset().await.unwrap();
    assert_eq!(bench.get("/api/v1/deliveries?device=anna").await.status, 400);
    let none = json!({"where": {"device": "anna"}, "none": []});
    assert_eq!(bench.post("/api/v1/expect", none).await.status, 422);
}

#[tokio::test]
async fn a_device_that_may_still_register_itself_is_known_by_its_number_alone() {
    let config = WorldConfig { register_unknown: true, ..WorldConfig::default() };
    let bench = Bench::on(config, clock).await;
    let statuses = async |device: &str| {
        let fault = json!({"match": {"device": device}, "answers": [503]});
        let fault = bench.post("/api/v1/faults", fault).await.status;
        (fault, bench.get(&format!("/api/v1/deliveries?device={device}")).await.status)
    };
    assert_eq!(statuses("device-1").await, (201, 200));
    assert_eq!(statuses("device-one").await, (422, 400));
    assert_eq!(statuses("anna").await, (422, 400));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let bench = Bench::start().await;
    let answer = bench.call("PUT", "/api/v1/devices/anna", "").await;
    assert_eq!(answer.status, 405);
    let allow: Vec<_> = answer.head.lines().filter(|it| it.starts_with("allow:")).collect();
    assert_eq!(allow, ["allow: GET, PATCH"]);
}

#[tokio::test]
async fn an_expectation_that_does_not_hold_says_what_comes_nearest() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "Dinner?");
    let wanted = |alert: &str| json!({"where": {"device": "anna"}, "exactly": [{"payload": {"aps": {"alert": alert}}}]});
    let held = bench.post("/api/v1/expect", wanted("Dinner?")).await;
    assert_eq!((held.status, &held.json()["held"]), (200, &json!(true)));
    let missed = bench.post("/api/v1/expect", wanted("Lunch?")).await;
    assert_eq!(missed.status, 422);
    let problem = missed.json();
    let at = json!([{"at": "payload.aps.alert", "expected": "Lunch?", "found": "Dinner?"}]);
    assert_eq!(problem["misses"][0]["differences"], at);
    assert_eq!(problem["type"], "urn:pushpit:problem:not-held");
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_kept_out() {
    let bench = Bench::start().await;
    for (head, status) in [
        ("host: localhost:7080\r\n", 200),
        ("host: tests.localhost\r\n", 200),
        ("host: evil.example\r\n", 403),
        ("host: localhost\r\norigin: http://localhost:3000\r\n", 200),
        ("host: localhost\r\norigin: https://evil.example\r\n", 403),
        ("host: localhost\r\norigin: null\r\n", 403),
    ] {
        let answer = bench.send("GET", "/api/v1/clock", head, "").await;
        assert_eq!(answer.status, status, "{head}: {}", answer.text);
    }
}

#[tokio::test]
async fn beyond_loopback_a_call_needs_the_token() {
    let mut bench = Bench::start().await;
    let config = ControlServerConfig {
        address: "0.0.0.0:0".parse().unwrap(),
        places: Places::default(),
        names: vec!["pushpit".to_owned()],
        token: None,
    };
    let open = ControlServer::start_with(config, bench.control.clone()).await.unwrap();
    let loopback = std::mem::replace(&mut bench.server, open);
    assert_eq!(loopback.token(), None);
    let token = bench.server.token().unwrap().to_owned();
    assert_eq!(token.len(), 32);
    for (path, head, status) in [
        ("/healthz", String::new(), 200),
        ("/api/v1/clock", String::new(), 401),
        ("/", String::new(), 401),
        ("/api/v1/clock", "authorization: Bearer wrong\r\n".to_owned(), 401),
        ("/api/v1/clock", format!("authorization: Bearer {token}\r\n"), 200),
        ("/api/v1/clock", format!("authorization: bearer {token}\r\n"), 200),
    ] {
        let answer = bench.send("GET", path, &format!("host: pushpit\r\n{head}"), "").await;
        assert_eq!(answer.status, status, "{path} {head}: {}", answer.text);
    }
}

#[tokio::test]
async fn an_unknown_app_in_a_path_is_not_found() {
    let bench = Bench::start().await;
    bench.phone("anna").await;
    let answer = bench.call("PUT", "/api/v1/devices/anna/apps/com.exampel.app", "").await;
    assert_eq!(answer.status, 404);
    let detail = format!("app `com.exampel.app` is not known; did you mean `{APP}`?");
    assert_eq!(answer.json()["detail"], detail);
}
