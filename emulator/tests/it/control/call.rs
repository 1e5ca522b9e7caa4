//! Each call: what it does, and what it says when it cannot.

use super::bench::{APP, Bench, clock};
use serde_json::json;

#[tokio::test]
async fn the_emulator_says_where_it_is_and_how_far_it_has_come() {
    let bench = Bench::start().await;
    let at = |name: &str| bench.folder.path().join(name).display().to_string();
    let end = bench.get("/api/v1/requests").await.json()["next"].clone();
    assert_eq!(
        bench.get("/api/v1/emulator").await.json(),
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "push": "https://127.0.0.1:7443",
            "control": format!("http://{}", bench.server.address()),
            "ca": at("ca.pem"),
            "credentials": at("credentials"),
            "pid": std::process::id(),
            "end": end,
        })
    );
}

#[tokio::test]
async fn an_app_gets_credentials_which_the_list_and_the_index_show() {
    let bench = Bench::start().await;
    let added =
        bench.post("/api/v1/apps", json!({"provider": "apns", "app": "com.acme.chat"})).await;
    assert_eq!(added.status, 201, "{}", added.text);
    let apps = bench.get("/api/v1/apps").await.json();
    let shown = json!([
        {"provider": "apns", "app": APP},
        {"provider": "apns", "app": "com.acme.chat"}
    ]);
    assert_eq!(apps, json!({"items": shown, "next": null}));
    let all = bench.get("/api/v1/credentials").await.json();
    assert_eq!(all["apps"][1], added.json());
    let index = bench.control.credentials_folder().join("index.json");
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
    assert_eq!(index, all);
}

#[tokio::test]
async fn a_device_is_added_shown_changed_and_listed_in_pages() {
    let bench = Bench::start().await;
    for name in ["anna", "ben", "cleo"] {
        bench.phone(name).await;
    }
    let change = json!({"connection": "offline", "power": "low"});
    let changed = bench.patch("/api/v1/devices/ben", change).await.json();
    assert_eq!((&changed["connection"], &changed["power"]), (&json!("offline"), &json!("low")));
    assert_eq!(bench.get("/api/v1/devices/ben").await.json(), changed);
    let names = |page: &serde_json::Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    let first = bench.get("/api/v1/devices?limit=2").await.json();
    assert_eq!((names(&first), &first["next"]), (vec!["anna".into(), "ben".into()], &json!("ben")));
    let second = bench.get("/api/v1/devices?limit=2&after=ben").await.json();
    assert_eq!((names(&second), &second["next"]), (vec!["cleo".into()], &json!(null)));
}

#[tokio::test]
async fn an_app_is_installed_rotated_and_uninstalled_by_its_full_name_too() {
    let bench = Bench::start().await;
    let body = json!({"name": "anna", "platform": "ios"});
    bench.post("/api/v1/devices", body).await;
    let path = format!("/api/v1/devices/anna/apps/apns%2F{APP}");
    let installed = bench.call("PUT", &path, "").await;
    assert_eq!(installed.status, 200, "{}", installed.text);
    let token = installed.json()["addresses"][0]["address"].clone();
    let rotated = bench.call("POST", &format!("{path}/rotate"), "").await.json();
    let states: Vec<_> =
        rotated["addresses"].as_array().unwrap().iter().map(|it| it["state"].clone()).collect();
    assert_eq!(states, [json!("unregistered"), json!("active")]);
    assert_eq!(rotated["addresses"][0]["address"], token);
    let gone = bench.call("DELETE", &path, "").await.json();
    assert_eq!(gone["addresses"][1]["state"], "unregistered");
    assert_eq!(bench.call("DELETE", &path, "").await.status, 404);
}

#[tokio::test]
async fn an_address_is_found_by_its_text_and_changed_by_its_number() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let found = bench.get(&format!("/api/v1/addresses?address={token}")).await.json();
    let id = found["items"][0]["id"].as_u64().unwrap();
    let path = format!("/api/v1/addresses/{id}");
    let expired = bench.patch(&path, json!({"state": "expired"})).await.json();
    assert_eq!(expired["state"], "expired");
    assert_eq!(bench.get(&path).await.json(), expired);
    assert_eq!(bench.get("/api/v1/addresses/7000").await.status, 404);
    let nobody = bench.get("/api/v1/addresses?address=00").await.json();
    assert_eq!(nobody, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn addresses_are_paged_like_devices() {
    let bench = Bench::start().await;
    let names = ["anna", "ben", "cleo"];
    let mut tokens = Vec::new();
    for name in names {
        tokens.push(bench.phone(name).await);
    }
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = bench.get(&format!("/api/v1/addresses?limit=2{after}")).await.json();
        let texts = page["items"].as_array().unwrap().iter();
        pages.push(texts.map(|it| it["address"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(pages, [tokens[..2].to_vec(), tokens[2..].to_vec()]);
}

#[tokio::test]
async fn a_cursor_of_an_emulator_before_this_one_is_the_beginning() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    let earlier = clock().seconds() - 1;
    let list = bench.get(&format!("/api/v1/requests?after={earlier}-9")).await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_push_shows_in_requests_deliveries_and_the_inbox() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    assert_eq!(bench.push(&token, "Dinner?").status, 200);
    let requests = bench.get("/api/v1/requests?verdict=accepted&status=200").await.json();
    assert_eq!(requests["items"][0]["body"], json!({"aps": {"alert": "Dinner?"}}));
    let deliveries = bench.get("/api/v1/deliveries?device=anna&outcome=delivered").await.json();
    assert_eq!(deliveries["items"][0]["payload"], json!({"aps": {"alert": "Dinner?"}}));
    let like = "%7B%22payload%22%3A%7B%22aps%22%3A%7B%22alert%22%3A%22Dinner%3F%22%7D%7D%7D";
    let inbox = bench.get(&format!("/api/v1/devices/anna/inbox?like={like}")).await.json();
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
    let next = inbox["next"].as_str().unwrap();
    let later = bench.get(&format!("/api/v1/devices/anna/inbox?after={next}")).await.json();
    assert_eq!(later["items"], json!([]));
    assert_eq!(bench.get("/api/v1/devices/nobody/inbox").await.status, 404);
}

#[tokio::test]
async fn the_clock_is_shown_and_advanced_but_not_set_back() {
    let bench = Bench::start().await;
    let clock = bench.get("/api/v1/clock").await.json();
    let sender = "2023-11-14T22:13:20Z";
    let shown = json!({"world": "2030-01-01T00:00:00Z", "sender": sender, "mode": "frozen"});
    assert_eq!(clock, shown);
    let moved = bench.post("/api/v1/clock/advance", json!({"by": "3d"})).await.json();
    assert_eq!(moved["world"], "2030-01-04T00:00:00Z");
    let to = json!({"to": "2030-02-01T00:00:00Z"});
    let moved = bench.post("/api/v1/clock/advance", to).await.json();
    assert_eq!(moved["world"], "2030-02-01T00:00:00Z");
    let back = json!({"to": "2030-01-01T00:00:00Z"});
    assert_eq!(bench.post("/api/v1/clock/advance", back).await.status, 409);
}

#[tokio::test]
async fn aged_credentials_are_refused_by_the_provider() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    assert_eq!(bench.push(&token, "a").status, 200);
    assert_eq!(bench.post("/api/v1/credentials/age", json!({"by": "61m"})).await.status, 204);
    assert_eq!(bench.push(&token, "b").status, 403);
    let unknown = json!({"by": "61m", "app": "com.nobody"});
    assert_eq!(bench.post("/api/v1/credentials/age", unknown).await.status, 422);
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_the_provider_until_a_reset_and_told() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let revoke = json!({"app": APP, "credential": "key"});
    assert_eq!(bench.post("/api/v1/credentials/revoke", revoke).await.status, 204);
    assert_eq!(bench.push(&token, "a").status, 403);
    let events = bench.get("/api/v1/events?kind=credentials_revoked").await.json();
    let told =
        json!({"provider": "apns", "app": APP, "credential": "key", "what": "key `PUSHPITKEY`"});
    assert_eq!(events["items"][0]["data"], told);
    assert_eq!(bench.post("/api/v1/reset", json!({})).await.status, 204);
    let token = bench.phone("anna").await;
    assert_eq!(bench.push(&token, "b").status, 200);
    let wrong = json!({"app": APP, "credential": "password"});
    let wrong = bench.post("/api/v1/credentials/revoke", wrong).await;
    let detail = "expected `certificate` or `key` as `credential`, found `password`";
    assert_eq!((wrong.status, &wrong.json()["detail"]), (422, &json!(detail)));
}

#[tokio::test]
async fn a_key_that_is_issued_anew_takes_a_revoked_ones_place() {
    let mut bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let key = json!({"app": APP, "credential": "key"});
    assert_eq!(bench.post("/api/v1/credentials/revoke", key.clone()).await.status, 204);
    let issued = bench.post("/api/v1/credentials/issue", key).await;
    assert_eq!(issued.status, 201, "{}", issued.text);
    assert_ne!(issued.json()["key_id"], json!("PUSHPITKEY"));
    assert_eq!(bench.get("/api/v1/credentials").await.json()["apps"][0], issued.json());
    assert_eq!(bench.push(&token, "with the revoked one").status, 403);
    bench.sign_with(&issued.json());
    assert_eq!(bench.push(&token, "with the new one").status, 200);
    let events = bench.get("/api/v1/events?kind=credentials_issued").await.json();
    let told = json!({"provider": "apns", "app": APP, "credential": "key"});
    assert_eq!(events["items"][0]["data"], told);
    let wrong = json!({"app": APP, "credential": "password"});
    let wrong = bench.post("/api/v1/credentials/issue", wrong).await;
    let detail = "expected `certificate` or `key` as `credential`, found `password`";
    assert_eq!((wrong.status, &wrong.json()["detail"]), (422, &json!(detail)));
    let nobodys = json!({"app": "com.nobody", "credential": "key"});
    assert_eq!(bench.post("/api/v1/credentials/issue", nobodys).await.status, 422);
}

#[tokio::test]
async fn a_fault_strikes_until_it_is_taken_away() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let fault = json!({"match": {"provider": "apns"}, "times": 9, "answers": [503]});
    let added = bench.post("/api/v1/faults", fault).await;
    assert_eq!(added.status, 201, "{}", added.text);
    assert_eq!(bench.push(&token, "a").status, 503);
    assert_eq!(bench.get("/api/v1/faults").await.json()["items"][0]["struck"], 1);
    assert_eq!(bench.call("DELETE", "/api/v1/faults/1", "").await.status, 204);
    assert_eq!(bench.push(&token, "b").status, 200);
    assert_eq!(bench.call("DELETE", "/api/v1/faults/1", "").await.status, 404);
}

#[tokio::test]
async fn a_reset_takes_devices_and_keeps_apps_and_keys() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    let before = bench.get("/api/v1/events?limit=1000").await.json();
    assert_eq!(bench.call("POST", "/api/v1/reset", "").await.status, 204);
    assert_eq!(bench.get("/api/v1/devices").await.json()["items"], json!([]));
    let old = before["next"].as_str().unwrap();
    let after = bench.get(&format!("/api/v1/events?after={old}")).await.json();
    assert_eq!(after["items"][0]["kind"], "reset");
    let token = bench.phone("anna").await;
    assert_eq!(bench.push(&token, "b").status, 200);
    let requests = bench.get(&format!("/api/v1/requests?after={old}")).await.json();
    assert_eq!(requests["items"][0]["id"], 1);
}

#[tokio::test]
async fn what_is_not_the_api_is_served_too() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    bench.push(&"0".repeat(64), "b");
    assert_eq!(bench.get("/healthz").await.text, "ok\n");
    assert_eq!(bench.get("/ca.pem").await.text, "the certificate\n");
    let page = bench.get("/").await;
    assert!(page.head.contains("text/html"), "{}", page.head);
    let metrics = bench.get("/metrics").await.text;
    let lines: Vec<_> = metrics.lines().filter(|it| it.contains("requests_total{")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    pushpit_requests_total{provider="apns",verdict="accepted"} 1
    pushpit_requests_total{provider="apns",verdict="rejected"} 1
    pushpit_requests_total{provider="",verdict="accepted"} 0
    pushpit_requests_total{provider="",verdict="rejected"} 0
    "#);
}
