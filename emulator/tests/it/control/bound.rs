//! The bounds of the stores: whoever asks for more gets a problem that says what to do.

use super::bench::{APP, Bench, clock};
use pushpit_emulator::clock::Mode;
use pushpit_emulator::post::Bounds;
use pushpit_emulator::world::WorldConfig;
use serde_json::{Value, json};

async fn bench(bounds: Bounds) -> Bench {
    let config = WorldConfig { mode: Mode::Frozen, bounds, ..WorldConfig::default() };
    Bench::on(config, clock).await
}

fn too_many(detail: &str, help: &str) -> Value {
    json!({
        "type": "urn:pushpit:problem:too-many",
        "title": "There are too many",
        "status": 409,
        "detail": detail,
        "help": help,
    })
}

fn phone(name: &str, apps: &[&str]) -> Value {
    json!({"name": name, "platform": "ios", "apps": apps})
}

#[tokio::test]
async fn one_device_too_many_is_refused_until_a_reset() {
    let bench = bench(Bounds { devices: 1, ..Bounds::default() }).await;
    bench.phone("anna").await;
    let full = too_many(
        "there is room for 1 devices, and all of it is taken",
        "`POST /api/v1/reset` forgets all devices",
    );
    assert_eq!(bench.post("/api/v1/devices", phone("ben", &[APP])).await.json(), full);
    assert_eq!(bench.post("/api/v1/reset", json!({})).await.status, 204);
    bench.phone("ben").await;
    assert_eq!(bench.post("/api/v1/devices", phone("cleo", &[])).await.json(), full);
}

#[tokio::test]
async fn an_address_too_many_is_refused_to_new_devices_installs_and_rotations() {
    let bench = bench(Bounds { addresses: 2, ..Bounds::default() }).await;
    bench.phone("anna").await;
    let path = format!("/api/v1/devices/anna/apps/{APP}");
    assert_eq!(bench.call("POST", &format!("{path}/rotate"), "").await.status, 200);
    let full = too_many(
        "there is room for 2 addresses, and all of it is taken",
        "addresses stay known when they are dead; `POST /api/v1/reset` forgets all, and all devices",
    );
    let before = bench.get("/api/v1/devices/anna").await.json();
    assert_eq!(bench.call("POST", &format!("{path}/rotate"), "").await.json(), full);
    assert_eq!(bench.get("/api/v1/devices/anna").await.json(), before);
    assert_eq!(bench.post("/api/v1/devices", phone("ben", &[APP])).await.json(), full);
    assert_eq!(bench.get("/api/v1/devices/ben").await.status, 404);
    assert_eq!(bench.post("/api/v1/devices", phone("ben", &[])).await.status, 201);
    let install = format!("/api/v1/devices/ben/apps/{APP}");
    assert_eq!(bench.call("PUT", &install, "").await.json(), full);
    // What is installed already needs no room.
    assert_eq!(bench.call("PUT", &path, "").await.status, 200);
}

#[tokio::test]
async fn an_app_too_many_is_refused_and_leaves_no_files() {
    let bench = bench(Bounds { apps: 1, ..Bounds::default() }).await;
    let app = |name: &str| json!({"provider": "apns", "app": name});
    let files = || {
        let folder = bench.folder.path().join("credentials/apns");
        let mut all: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name()).collect();
        all.sort();
        all
    };
    let before = files();
    assert_eq!(
        bench.post("/api/v1/apps", app("com.example.other")).await.json(),
        too_many(
            "there is room for 1 apps, and all of it is taken",
            "delete the `credentials` folder and start anew: apps outlive a reset",
        )
    );
    assert_eq!(files(), before);
    assert_eq!(bench.post("/api/v1/apps", app(APP)).await.status, 201);
}

#[tokio::test]
async fn a_fault_too_many_is_refused() {
    let bench = Bench::start().await;
    for _ in 0..1_000 {
        let fault = serde_json::from_value(json!({"answers": [503]})).unwrap();
        bench.control.add_fault(fault).await.unwrap();
    }
    assert_eq!(
        bench.post("/api/v1/faults", json!({"answers": [503]})).await.json(),
        too_many(
            "there is room for 1000 faults, and all of it is taken",
            "take some away: DELETE `/api/v1/faults/{id}`; `POST /api/v1/reset` forgets all",
        )
    );
}
