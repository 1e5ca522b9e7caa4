//! The OpenAPI document of the control API, from the list of calls and the schemas of the types.

use super::problem::Document;
use super::query::{MOST_ENTRIES, USUAL_ENTRIES};
use super::route::{PREFIX, ROUTES, RouteLine};
use crate::post::Outcome;
use crate::world::EVENT_KINDS;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The OpenAPI 3.1 document of the control API.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for line in ROUTES {
        let path = paths.entry(format!("{PREFIX}{}", line.path)).or_insert_with(|| json!({}));
        path[line.method] = operation(line, &mut generator);
    }
    let problem = generator.subschema_for::<Document>();
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pushpit control API",
            "version": "1",
            "description": "Set up devices, move the clock, and read what each device got.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {"problem": {
                "description": "a problem document (RFC 9457) that says what to do",
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "description": "asked for only when the API listens beyond loopback",
            }},
        },
        "security": [{}, {"token": []}],
    })
}

fn operation(line: &RouteLine, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": operation_id(line),
        "summary": line.summary,
        "responses": responses(line, generator),
    });
    let parameters: Vec<_> = path_parameters(line.path)
        .chain(line.query.iter().map(|name| query_parameter(name, generator)))
        .collect();
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = line.body {
        operation["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": body(generator)}},
        });
    }
    operation
}

fn responses(line: &RouteLine, generator: &mut SchemaGenerator) -> Value {
    let (status, meaning, body) = line.answer;
    let mut responses = Map::new();
    let mut answer = json!({"description": meaning});
    if let Some(body) = body {
        answer["content"] = json!({"application/json": {"schema": body(generator)}});
    }
    if line.path == "/events" {
        answer["content"]["text/event-stream"] = json!({"schema": {"type": "string"}});
    }
    responses.insert(status.to_string(), answer);
    for status in line.problems {
        responses.insert(status.to_string(), json!({"$ref": "#/components/responses/problem"}));
    }
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/problem"}));
    Value::Object(responses)
}

/// Such as `post_devices_name_apps_app_rotate`.
fn operation_id(line: &RouteLine) -> String {
    let words = line.path.split(|it: char| !it.is_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(line.method).chain(words).collect::<Vec<_>>().join("_")
}

fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let description = match name {
            "app" => "the app's id, or `provider/id` (percent-encoded) where that is not unique",
            "id" => "its number",
            _ => "its name",
        };
        json!({
            "name": name,
            "in": "path",
            "required": true,
            "description": description,
            "schema": {"type": "string"},
        })
    })
}

fn query_parameter(name: &str, generator: &mut SchemaGenerator) -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer", "minimum": 1, "maximum": MOST_ENTRIES});
    let (description, schema) = match name {
        "address" => ("what a sender sends to", text),
        "after" => ("where to go on: `next` of the page before", text),
        "app" => ("the app's id", text),
        "count" => ("how many entries to wait for; 1 when nothing is said", number),
        "device" => ("the device's name", text),
        "host" => ("the authority, as it came", text),
        "kind" => ("what the event is", json!({"enum": EVENT_KINDS})),
        "like" => ("JSON that an entry must match as a subset", text),
        "limit" => ("how many entries at most", {
            json!({
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_ENTRIES,
                "default": USUAL_ENTRIES,
            })
        }),
        "method" => ("the method", text),
        "origin" => ("who asked: `sender`, or a hub, a bridge, a schedule by name", text),
        "outcome" => ("what became of it", Value::from(generator.subschema_for::<Outcome>())),
        "path" => ("the raw target", text),
        "provider" => ("the service", text),
        "reason" => ("the provider's reason", text),
        "status" => ("the HTTP status; 0 when the connection was cut", json!({"type": "integer"})),
        "verdict" => ("the verdict", json!({"enum": ["accepted", "rejected"]})),
        "wait" => {
            ("how long to wait, really, for `count` entries, such as `5s`; at most `60s`", text)
        }
        _ => ("", text),
    };
    json!({"name": name, "in": "query", "description": description, "schema": schema})
}
