//! What an app says of its key's scope: environment, topics, the related key.

use super::{KEY_ID, SpecError, setting_trouble, trouble};
use crate::providers::apns::auth::Scope;
use crate::providers::apns::request::Environment;
use crate::providers::apns::topic;
use crate::providers::rim::{AppSpec, Kit};

/// Adds what is said of the key to a kit; what is not said stays as it was for the same key.
pub(super) fn add(kit: &mut Kit, spec: &AppSpec, existing: &Kit, same_key: bool) {
    for name in [ENVIRONMENT, RELATED, TOPICS] {
        let earlier = || existing.values.get(name).filter(|_| same_key);
        if let Some(value) = spec.settings.get(name).or_else(earlier) {
            kit.values.insert(name, value.clone());
        }
    }
}

/// Says what is wrong with a setting of the key's scope.
pub(super) fn check(spec: &AppSpec, name: &str, value: &str) -> Result<(), SpecError> {
    let wrong = |what: String, help: &str| Err(setting_trouble(name, &spec.name, what, help));
    match name {
        ENVIRONMENT if value != ANY && environment(value).is_none() => wrong(
            format!("expected `any`, `production` or `sandbox` in `{name}`, found `{value}`"),
            "`any` is a key as they were made before 2025, for both",
        ),
        RELATED if spec.settings.get(KEY_ID).is_some_and(|own| own == value) => wrong(
            format!("`{name}` names the key itself, `{value}`"),
            "name the other key, by its `key_id`",
        ),
        TOPICS => {
            let topics = listed(value);
            match topics.iter().find(|topic| !topic::is_well_formed(topic)) {
                Some(odd) => wrong(
                    format!("expected topics with commas between them in `{name}`, found `{odd}`"),
                    "such as `com.example.chat, com.example.chat.voip`",
                ),
                None if topics.len() > MAX_TOPICS => wrong(
                    format!(
                        "expected at most {MAX_TOPICS} topics in `{name}`, found {}",
                        topics.len()
                    ),
                    "a topic-specific key has no more, so Apple says",
                ),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The scope of a kit's key.
pub(super) fn read(kit: &Kit) -> Result<Scope, SpecError> {
    let value = |name| kit.values.get(name).map(String::as_str);
    let environment = match value(ENVIRONMENT) {
        None | Some(ANY) => None,
        Some(word) => Some(environment(word).ok_or_else(|| {
            let what = format!("`{word}` in `{ENVIRONMENT}` is no environment");
            trouble(&kit.app, what, "it is `any`, `production` or `sandbox`")
        })?),
    };
    let topics = value(TOPICS).map(|list| listed(list).into_iter().map(Into::into).collect());
    Ok(Scope { environment, topics, related: value(RELATED).map(Into::into) })
}

fn environment(word: &str) -> Option<Environment> {
    [Environment::Production, Environment::Sandbox].into_iter().find(|it| it.name() == word)
}

fn listed(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).collect()
}

pub(super) const ENVIRONMENT: &str = "key_environment";
pub(super) const RELATED: &str = "related_key";
pub(super) const TOPICS: &str = "key_topics";

/// The word for both environments.
const ANY: &str = "any";

/// The most topics of a topic-specific key. [doc] Apple, "Establishing a token-based connection to
/// APNs"
const MAX_TOPICS: usize = 400;
