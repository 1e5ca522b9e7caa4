//! The contract: what the OpenAPI document says of the answer to a call.

use pushpit_emulator::control::openapi;
use serde_json::{Value, json};
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi);

/// Fails when the answer to a call is not what the document says of it; calls outside of the
/// document are let pass.
pub(super) fn check(method: &str, target: &str, status: u16, head: &str, text: &str) {
    let Some(operation) = operation(method, target) else { return };
    let call = format!("{method} {target} {status}");
    let listed = &operation["responses"][status.to_string()];
    assert!(status >= 400 || !listed.is_null(), "{call}: the document does not know that status");
    let response = if listed.is_null() { &operation["responses"]["default"] } else { listed };
    let response = match response["$ref"].as_str() {
        Some(to) => DOCUMENT.pointer(to.trim_start_matches('#')).expect("a reference leads on"),
        None => response,
    };
    let kind = content_type(head);
    match response["content"].as_object() {
        None => assert_eq!(text, "", "{call}: the document has no body"),
        Some(content) => {
            let content = content.get(kind).unwrap_or_else(|| panic!("{call}: sent {kind}"));
            if kind.ends_with("json") {
                let body = serde_json::from_str(text).expect("JSON where JSON is said to be");
                check_body(&call, &content["schema"], &body);
            }
        }
    }
}

/// Values alone are checked, and closed: a member that the schema does not name is a failure too.
fn check_body(call: &str, schema: &Value, body: &Value) {
    let mut schema = closed(schema);
    schema["components"] = closed(&DOCUMENT["components"]);
    let validator = jsonschema::validator_for(&schema).expect("a schema in the document is one");
    let wrong: Vec<_> =
        validator.iter_errors(body).map(|it| format!("{}: {it}", it.instance_path())).collect();
    assert_eq!(wrong, Vec::<String>::new(), "{call}: {body:#}");
}

/// The schema with no more members in any object than those that it names.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Array(all) => all.iter().map(closed).collect(),
        Value::Object(map) => {
            let mut map: serde_json::Map<_, _> =
                map.iter().map(|(name, value)| (name.clone(), closed(value))).collect();
            if map.get("properties").is_some_and(Value::is_object) {
                map.entry("additionalProperties").or_insert(json!(false));
            }
            Value::Object(map)
        }
        other => other.clone(),
    }
}

fn operation(method: &str, target: &str) -> Option<&'static Value> {
    let path = target.split('?').next()?;
    let found = DOCUMENT["paths"].as_object()?.iter().find(|(pattern, _)| is_like(pattern, path));
    found?.1.get(method.to_lowercase())
}

fn is_like(pattern: &str, path: &str) -> bool {
    let (wanted, found): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    let fits = |(wanted, found): (&&str, &&str)| wanted == found || wanted.starts_with('{');
    wanted.len() == found.len() && wanted.iter().zip(&found).all(fits)
}

fn content_type(head: &str) -> &str {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let value = lines.filter(|(name, _)| *name == "content-type").map(|(_, value)| value).next();
    value.and_then(|value| value.split(';').next()).unwrap_or_default()
}
