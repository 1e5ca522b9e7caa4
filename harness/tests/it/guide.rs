//! The guide to scenarios: its examples are parsed, and it speaks of everything that the language has.

use pushpit::diagnostic::{Style, draw_all};
use pushpit::exit::Exit;
use pushpit::providers::providers;
use pushpit::scenario::load;
use serde_json::Value;
use std::collections::BTreeSet;

const GUIDE: &str = include_str!("../../../docs/scenarios.md");
const SCHEMA: &str = include_str!("../../../docs/scenario.schema.json");

/// What examples may take for declared.
const APPS: &str = "apps:\n  chat: { provider: apns, bundle_id: com.example.chat }\n";
const DEVICES: &str =
    "devices:\n  anna: { platform: ios, apps: [chat] }\n  ben: { platform: ios, apps: [chat] }\n";
const PORTS: &str = "ports: [backend]\nsenders:\n  backend: { run: [node, server.js] }\n";
const STEPS: &str = "steps:\n  - advance: 1s\n";

/// The examples, each made a whole scenario.
fn examples() -> Vec<String> {
    let blocks = GUIDE.split("```yaml\n").skip(1);
    let blocks = blocks.map(|block| block.split("\n```").next().unwrap());
    blocks.map(whole).collect()
}

fn whole(block: &str) -> String {
    if block.starts_with("- ") {
        let steps: String = block.lines().map(|line| format!("  {line}\n")).collect();
        return format!("name: n\n{APPS}{DEVICES}{PORTS}steps:\n{steps}");
    }
    let mut all = format!("{block}\n");
    for part in ["name: n\n", APPS, DEVICES, PORTS, STEPS] {
        let key = part.split(':').next().unwrap();
        if !block.lines().any(|line| line.starts_with(&format!("{key}:"))) {
            all.push_str(part);
        }
    }
    all
}

#[test]
fn every_example_is_a_good_scenario() {
    let examples = examples();
    assert!(examples.len() > 15, "the guide has lost its examples");
    for example in examples {
        if let Err(wrong) = load("guide.yaml", example.as_bytes(), &providers()) {
            panic!("{}\n{example}", draw_all(&wrong, &example, Style::Plain));
        }
    }
}

#[test]
fn every_key_and_word_of_the_language_is_explained_and_shown() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let (mut keys, mut words) = (BTreeSet::new(), BTreeSet::new());
    collect(&schema, &mut keys, &mut words);
    assert!(keys.contains("age_credentials") && keys.contains("probability"), "{keys:?}");
    let explained = |word: &&String| !GUIDE.contains(&format!("`{word}`"));
    let examples = examples().concat();
    let unexplained: Vec<_> = keys.iter().chain(&words).filter(explained).collect();
    assert_eq!(unexplained, Vec::<&String>::new());
    let shown = |key: &&String| !examples.contains(&format!("{key}:"));
    let unshown: Vec<_> = keys.iter().filter(shown).collect();
    // The words of providers to come.
    assert_eq!(unshown, ["package", "package_sid"]);
}

#[test]
fn every_exit_status_is_explained() {
    for exit in [Exit::Held, Exit::DidNotHold, Exit::Wrong, Exit::CannotStart] {
        assert!(GUIDE.contains(&format!("\n| {} | ", exit.code())), "{exit:?}");
    }
}

/// All keys of objects in a schema, and all words that a value may be.
fn collect(schema: &Value, keys: &mut BTreeSet<String>, words: &mut BTreeSet<String>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                keys.extend(properties.keys().cloned());
            }
            let word = map.get("enum").and_then(Value::as_array);
            let of_enum = word.into_iter().flatten();
            words.extend(
                of_enum.chain(map.get("const")).filter_map(Value::as_str).map(str::to_owned),
            );
            map.values().for_each(|value| collect(value, keys, words));
        }
        Value::Array(list) => list.iter().for_each(|value| collect(value, keys, words)),
        _ => {}
    }
}
