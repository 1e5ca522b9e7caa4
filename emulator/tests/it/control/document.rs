//! The OpenAPI document: fresh, and true to what is served.

use super::bench::Bench;
use crate::written::Written;
use pushpit_emulator::control::openapi;
use serde_json::Value;

const PAGE: Written = Written { name: "openapi.json", writer: "write_openapi" };

fn text() -> String {
    format!("{:#}\n", openapi())
}

#[test]
fn the_committed_openapi_document_is_fresh() {
    PAGE.assert_fresh(&text());
}

#[test]
#[ignore = "writes docs/openapi.json"]
fn write_openapi() {
    PAGE.write(&text());
}

#[tokio::test]
async fn the_document_is_served_and_its_references_lead_somewhere() {
    let bench = Bench::start().await;
    let document = bench.get("/api/v1/openapi.json").await.json();
    assert_eq!(document, openapi());
    let mut missing = Vec::new();
    check(&document, &document, &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

/// Every path in the document is there: none is answered with "nothing at this path".
#[tokio::test]
async fn every_call_of_the_document_is_served() {
    let bench = Bench::start().await;
    let document = openapi();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for method in calls.as_object().unwrap().keys() {
            let answer = bench.call(&method.to_uppercase(), path, "").await;
            let kind = answer.json()["type"].clone();
            assert_ne!(kind, "urn:pushpit:problem:no-path", "{method} {path}");
            assert_ne!(kind, "urn:pushpit:problem:no-method", "{method} {path}");
        }
    }
}

fn check(value: &Value, document: &Value, missing: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(to)) = map.get("$ref")
                && document.pointer(to.trim_start_matches('#')).is_none()
            {
                missing.push(to.clone());
            }
            map.values().for_each(|value| check(value, document, missing));
        }
        Value::Array(list) => list.iter().for_each(|value| check(value, document, missing)),
        _ => {}
    }
}
