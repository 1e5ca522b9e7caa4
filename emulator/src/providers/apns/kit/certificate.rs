//! An app's client certificate: what it says, and when the one that was made before still does.

use super::{SpecError, setting_trouble};
use crate::crypto::CertificatePlan;
use crate::providers::apns::topic;
use crate::providers::rim::{AppSpec, KeyMaker, Kit, KitFile};
use std::collections::BTreeMap;
use std::time::Duration;

/// Adds the certificate to a kit: the earlier one, where all that it was to say is the same.
pub(super) fn add(
    kit: &mut Kit,
    spec: &AppSpec,
    existing: &Kit,
    maker: &mut dyn KeyMaker,
) -> Result<(), SpecError> {
    let own = existing.app == spec.name;
    let chosen = |name: &str| {
        let earlier = || existing.values.get(name).filter(|_| own);
        spec.settings.get(name).or_else(earlier).map(String::as_str)
    };
    let environment = chosen(ENVIRONMENT).unwrap_or(ANY);
    let password = chosen(PASSWORD).unwrap_or(DEFAULT_PASSWORD);
    let topics = match chosen(TOPICS) {
        Some(list) => listed(&spec.name, list),
        None => usual(&spec.name),
    };
    let values: BTreeMap<_, _> = [
        (ENVIRONMENT, environment.to_owned()),
        (PASSWORD, password.to_owned()),
        (TOPICS, topics.join(", ")),
    ]
    .into();
    let is_as_before =
        own && values.iter().all(|(key, value)| existing.values.get(key) == Some(value));
    let earlier = |key| existing.files.get(key).filter(|_| is_as_before);
    let files = match (earlier(PEM), earlier(P12)) {
        (Some(pem), Some(p12)) => [(PEM, pem.clone()), (P12, p12.clone())],
        _ => {
            let made = maker.certificate(&plan(&spec.name, &topics, environment, password));
            let name = file_name(&spec.name);
            let file =
                |ending: &str, content| KitFile { name: format!("{name}.{ending}"), content };
            [(PEM, file("pem", made.pem.into_bytes())), (P12, file("p12", made.p12))]
        }
    };
    kit.values.extend(values);
    kit.files.extend(files);
    Ok(())
}

/// Says what is wrong with a setting of the certificate.
pub(super) fn check(spec: &AppSpec, name: &str, value: &str) -> Result<(), SpecError> {
    let wrong = |what: String, help: &str| Err(setting_trouble(name, &spec.name, what, help));
    match name {
        ENVIRONMENT if ![ANY, PRODUCTION, SANDBOX].contains(&value) => wrong(
            format!("expected `any`, `production` or `sandbox` in `{name}`, found `{value}`"),
            "`any` makes a certificate for both, as Apple's are today",
        ),
        PASSWORD
            if !(1..=MAX_PASSWORD).contains(&value.len())
                || !value.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            wrong(
                format!("expected 1 to {MAX_PASSWORD} visible ASCII characters in `{name}`"),
                "it is for `certificate_p12` and stands in `index.json`: it keeps no secret",
            )
        }
        TOPICS => {
            let topics = listed(&spec.name, value);
            if topics.len() > MAX_TOPICS {
                return wrong(
                    format!(
                        "expected at most {MAX_TOPICS} topics in `{name}`, found {}",
                        topics.len()
                    ),
                    "a certificate is for one app and what belongs to it",
                );
            }
            match topics.iter().find(|topic| !topic::is_well_formed(topic)) {
                None => Ok(()),
                Some(odd) => wrong(
                    format!("expected topics with commas between them in `{name}`, found `{odd}`"),
                    "such as `com.example.chat, com.example.chat.voip`",
                ),
            }
        }
        _ => Ok(()),
    }
}

/// The topics of a list, the bundle ID first: it is the certificate's UID.
fn listed(bundle: &str, list: &str) -> Vec<String> {
    let mut topics = vec![bundle];
    for topic in list.split(',').map(str::trim) {
        if !topics.contains(&topic) {
            topics.push(topic);
        }
    }
    topics.into_iter().map(str::to_owned).collect()
}

/// The topics of an app that says nothing of them: those that Apple lists. [doc] Apple,
/// "Communicating with APNs". What is no app has its one: MDM [client: nanomdm]; passes and Safari's
/// web pushes [guess].
fn usual(bundle: &str) -> Vec<String> {
    let companions: &[&str] = match NO_APPS.iter().any(|start| bundle.starts_with(start)) {
        true => &[],
        false => &[".voip", ".complication"],
    };
    let companions = companions.iter().map(|suffix| format!("{bundle}{suffix}"));
    std::iter::once(bundle.to_owned()).chain(companions).collect()
}

fn plan(bundle: &str, topics: &[String], environment: &str, password: &str) -> CertificatePlan {
    let mut extensions = Vec::new();
    if environment != PRODUCTION {
        extensions.push((FOR_SANDBOX, NULL.to_vec()));
    }
    if environment != SANDBOX {
        extensions.push((FOR_PRODUCTION, NULL.to_vec()));
    }
    if topics.len() > 1 {
        extensions.push((TOPIC_LIST, topic_list(topics)));
    }
    let name = format!("Apple Push Services: {bundle}");
    CertificatePlan {
        subject: vec![(UID, bundle.to_owned()), (COMMON_NAME, name.clone())],
        extensions,
        valid: VALID,
        alias: name,
        password: password.to_owned(),
    }
}

/// One sequence: each topic, and a sequence with its kind. [client] pushy's `apns-extensions.cnf`
fn topic_list(topics: &[String]) -> Vec<u8> {
    let mut items = Vec::new();
    for topic in topics {
        let kind = match topic.rsplit_once('.') {
            Some((_, kind @ ("complication" | "voip"))) => kind,
            _ => "app",
        };
        items.extend(der(UTF8_STRING, topic.as_bytes()));
        items.extend(der(SEQUENCE, &der(UTF8_STRING, kind.as_bytes())));
    }
    der(SEQUENCE, &items)
}

/// A value in DER, up to 65,535 bytes long.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut value = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    value.extend_from_slice(content);
    value
}

/// The files' name without its ending; a bundle ID may be longer than a file's name.
fn file_name(bundle: &str) -> String {
    match bundle.get(..MAX_NAME) {
        None => format!("Certificate_{bundle}"),
        Some(start) => format!("Certificate_{start}_{:016x}", super::hash(bundle.bytes())),
    }
}

pub(in crate::providers::apns) const PEM: &str = "certificate_pem";
pub(super) const ENVIRONMENT: &str = "certificate_environment";
pub(super) const P12: &str = "certificate_p12";
pub(super) const PASSWORD: &str = "certificate_password";
pub(super) const TOPICS: &str = "certificate_topics";

/// What topics begin with that belong to no app. [report]
const NO_APPS: [&str; 3] = ["com.apple.mgmt.", "pass.", "web."];

const ANY: &str = "any";
const PRODUCTION: &str = "production";
const SANDBOX: &str = "sandbox";

const UID: &[u64] = &[0, 9, 2342, 19_200_300, 100, 1, 1];
const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const FOR_SANDBOX: &[u64] = &[1, 2, 840, 113_635, 100, 6, 3, 1];
const FOR_PRODUCTION: &[u64] = &[1, 2, 840, 113_635, 100, 6, 3, 2];
const TOPIC_LIST: &[u64] = &[1, 2, 840, 113_635, 100, 6, 3, 6];

const NULL: &[u8] = &[5, 0];
const UTF8_STRING: u8 = 0x0c;
const SEQUENCE: u8 = 0x30;

/// As long as Apple's: 13 months. [report]
const VALID: Duration = Duration::from_secs(395 * 86_400);

/// Of the PKCS#12 file: some programs read none without one.
const DEFAULT_PASSWORD: &str = "pushpit";

const MAX_PASSWORD: usize = 64;

/// So many topics of the longest kind still make a certificate that is read.
const MAX_TOPICS: usize = 20;

/// How much of a bundle ID goes into a file's name.
const MAX_NAME: usize = 200;
