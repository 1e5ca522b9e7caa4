//! The JSON Schema of scenario files, for editors.
//!
//! Committed as `docs/scenario.schema.json`; `pushpit schema` prints it.

use super::Scenario;

/// The schema as text, with a newline at its end.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Scenario);
    schema.insert("title".to_owned(), "A Pushpit scenario".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/scenario.schema.json");
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        let advice = "run `cargo run -- schema > docs/scenario.schema.json`";
        assert!(committed == schema(), "docs/scenario.schema.json is stale: {advice}");
    }
}
