//! An app's credentials: one key for a team, in the file that Apple's developer site hands out, and
//! a client certificate of its own.

mod certificate;
mod scope;

use super::auth::{Key, Keys, cut};
use super::certificate::Certificate;
use super::state::Issued;
use super::topic;
use crate::clock::Order;
use crate::crypto::{VerifyingKey, pkcs8_pem, read_pem};
use crate::providers::rim::{AppSpec, KeyMaker, Kit, KitFile, SpecError};
use std::sync::Arc;

/// Makes the credentials that an app does not bring itself.
///
/// `existing` is what the app was given before, or another app's credentials: their key is used
/// again for the same team, for a team has one key unless a setting says otherwise.
pub(super) fn make(
    spec: &AppSpec,
    existing: &Kit,
    maker: &mut dyn KeyMaker,
) -> Result<Kit, SpecError> {
    let trouble = |what: String, help: &str| trouble(&spec.name, what, help);
    if !topic::is_well_formed(&spec.name) {
        let what = format!("expected a bundle ID, found `{}`", spec.name);
        return Err(trouble(what, "a bundle ID has letters, digits, `-` and `.`, 255 at most"));
    }
    check_settings(spec)?;
    let setting = |name: &str| spec.settings.get(name).map(String::as_str);
    let earlier = |name: &str| existing.values.get(name).map(String::as_str);
    let own = existing.app == spec.name;
    let team =
        setting(TEAM_ID).or_else(|| earlier(TEAM_ID).filter(|_| own)).unwrap_or(DEFAULT_TEAM);
    let same_team = earlier(TEAM_ID) == Some(team);
    let key_id = setting(KEY_ID)
        .or_else(|| earlier(KEY_ID).filter(|_| same_team))
        .map_or_else(|| key_id_for(team, spec, existing), str::to_owned);
    let same_key = same_team && earlier(KEY_ID) == Some(&*key_id);
    let content = match (setting(KEY_P8), existing.files.get(KEY_P8).filter(|_| same_key)) {
        (Some(brought), _) => brought.as_bytes().to_vec(),
        (None, Some(kept)) => kept.content.clone(),
        (None, None) => pkcs8_pem(&maker.p256()).into_bytes(),
    };
    let file = KitFile { name: format!("AuthKey_{key_id}.p8"), content };
    let values = [(BUNDLE_ID, spec.name.clone()), (KEY_ID, key_id), (TEAM_ID, team.to_owned())];
    let broadcast = setting(BROADCAST).or_else(|| earlier(BROADCAST).filter(|_| own));
    let off = broadcast.filter(|word| *word == OFF).map(|off| (BROADCAST, off.to_owned()));
    let values = values.into_iter().chain(off).collect();
    let mut kit = Kit { app: spec.name.clone(), values, files: [(KEY_P8, file)].into() };
    scope::add(&mut kit, spec, existing, same_key);
    certificate::add(&mut kit, spec, existing, maker)?;
    match (read_key(&kit), setting(KEY_P8)) {
        (Err(error), Some(brought)) => Err(no_key(&spec.name, brought, error)),
        (read, _) => read.map(|_| kit),
    }
}

/// Takes the key out of a kit. The next has another id, which is the app's own: what other apps of
/// the team have stays.
pub(super) fn shed_key(kit: &mut Kit) {
    kit.files.remove(KEY_P8);
    if let Some(id) = kit.values.get_mut(KEY_ID) {
        *id = made_id(id.bytes().chain([0]).chain(kit.app.bytes()));
    }
}

/// Takes the certificate out of a kit.
pub(super) fn shed_certificate(kit: &mut Kit) {
    kit.files.remove(certificate::PEM);
    kit.files.remove(certificate::P12);
}

/// Adds a kit's key to the keys. A key's scope is its own: apps that share it say the same, or
/// nothing.
pub(super) fn learn(keys: &mut Keys, kit: &Kit) -> Result<(), SpecError> {
    let key = read_key(kit)?;
    let id = value(kit, KEY_ID)?;
    match keys.find(id) {
        None => keys.add(key),
        Some(known) if known.is(&key) => {}
        Some(known) => {
            let same = known.team == key.team && known.verifying.point() == key.verifying.point();
            let (what, help) = match same {
                true => (
                    format!("key `{id}` is already known with another scope"),
                    "say the same of it in all apps that use it, or give this one another `key_id`",
                ),
                false => (
                    format!("key id `{id}` is already that of another key of `{}`", known.team),
                    "give one of the two keys another `key_id`",
                ),
            };
            return Err(setting_trouble(KEY_ID, &kit.app, what, help));
        }
    }
    Ok(())
}

/// Whether a kit's app may broadcast: unless that was switched off.
pub(super) fn broadcasts(kit: &Kit) -> bool {
    kit.values.get(BROADCAST).is_none_or(|word| word != OFF)
}

/// What a kit issues, as of this command.
pub(super) fn issued(kit: &Kit, order: Order) -> Result<Issued, SpecError> {
    let read = || {
        let file = kit.files.get(certificate::PEM)?;
        let text = String::from_utf8_lossy(&file.content);
        let (label, der) = read_pem(&text).ok()?;
        let der = Arc::from(der);
        (label == "CERTIFICATE" && Certificate::read(&der).is_ok()).then_some(der)
    };
    let certificate = read().ok_or_else(|| {
        let what = format!("there is no client certificate to be read in `{}`", certificate::PEM);
        trouble(&kit.app, what, "delete the app's files, so that new ones are made")
    })?;
    Ok(Issued { key: value(kit, KEY_ID)?.into(), certificate, came: order })
}

/// A kit's value.
pub(super) fn value<'a>(kit: &'a Kit, name: &'static str) -> Result<&'a str, SpecError> {
    kit.values.get(name).map(String::as_str).ok_or_else(|| {
        trouble(&kit.app, format!("the value `{name}` is missing"), "make the credentials anew")
    })
}

fn check_settings(spec: &AppSpec) -> Result<(), SpecError> {
    for (name, value) in &spec.settings {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        match name.as_str() {
            KEY_P8 if !spec.settings.contains_key(KEY_ID) => {
                let help = "Apple shows it beside the key, and in the file's name";
                let what = "a `key_p8` needs its `key_id`".to_owned();
                return Err(setting_trouble(KEY_P8, &spec.name, what, help));
            }
            KEY_P8 => {}
            KEY_ID | TEAM_ID
                if !(1..=MAX_ID).contains(&value.len()) || !value.bytes().all(fits) =>
            {
                let what = format!("expected an id in `{name}`, found `{value}`");
                let help = "Apple's have 10 letters and digits, such as `ABC123DEFG`";
                return Err(setting_trouble(name, &spec.name, what, help));
            }
            KEY_ID | TEAM_ID => {}
            BROADCAST if !matches!(value.as_str(), ON | OFF) => {
                let what = format!("expected `{ON}` or `{OFF}` in `{BROADCAST}`, found `{value}`");
                let help = "it is the app's broadcast capability, on when nothing is said";
                return Err(setting_trouble(name, &spec.name, what, help));
            }
            BROADCAST => {}
            certificate::ENVIRONMENT | certificate::PASSWORD | certificate::TOPICS => {
                certificate::check(spec, name, value)?;
            }
            scope::ENVIRONMENT | scope::RELATED | scope::TOPICS => scope::check(spec, name, value)?,
            unknown => return Err(unknown_setting(&spec.name, unknown)),
        }
    }
    Ok(())
}

fn unknown_setting(app: &str, name: &str) -> SpecError {
    let near = SETTINGS
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE);
    let help = match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("the settings are `{}`", SETTINGS.join("`, `")),
    };
    setting_trouble(name, app, format!("unknown setting `{name}`"), &help)
}

fn read_key(kit: &Kit) -> Result<Key, SpecError> {
    let file = kit.files.get(KEY_P8).ok_or_else(|| {
        let what = format!("the file `{KEY_P8}` is missing");
        trouble(&kit.app, what, "make the credentials anew")
    })?;
    let verifying =
        VerifyingKey::from_pem(&String::from_utf8_lossy(&file.content)).map_err(|error| {
            let what = format!("`{}` cannot be read: {error}", file.name);
            trouble(&kit.app, what, "expected the content of an Apple `AuthKey_….p8` file")
        })?;
    Ok(Key {
        id: Arc::from(value(kit, KEY_ID)?),
        team: Arc::from(value(kit, TEAM_ID)?),
        verifying,
        scope: scope::read(kit)?,
    })
}

/// The id of a new key: ten characters, the same in every run.
///
/// The first app's has a speaking one. Where `existing` is of another team, whether the team has a
/// key already is not known here, so that the id is the app's own and no other key's.
fn key_id_for(team: &str, spec: &AppSpec, existing: &Kit) -> String {
    if team == DEFAULT_TEAM && existing.app.is_empty() {
        return DEFAULT_KEY.to_owned();
    }
    made_id(team.bytes().chain([0]).chain(spec.name.bytes()))
}

/// An id of a key that is made of some bytes.
fn made_id(bytes: impl Iterator<Item = u8>) -> String {
    let mut hash = hash(bytes);
    let mut id = String::from("PK");
    for _ in 0..8 {
        id.push(char::from(ID_LETTERS[(hash >> 59) as usize]));
        hash = hash.rotate_left(5);
    }
    id
}

/// FNV-1a, whose numbers never change.
fn hash(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn trouble(app: &str, what: String, help: &str) -> SpecError {
    SpecError { app: app.to_owned(), setting: None, what, help: help.to_owned() }
}

/// Trouble with a setting.
fn setting_trouble(setting: &str, app: &str, what: String, help: &str) -> SpecError {
    SpecError { setting: Some(setting.to_owned()), ..trouble(app, what, help) }
}

/// What is wrong with a key that an app brings: most often it is the path of the file.
fn no_key(app: &str, brought: &str, error: SpecError) -> SpecError {
    let what = match brought.contains("-----BEGIN") {
        true => error.what,
        false => format!("expected the text of a key in `{KEY_P8}`, found `{}`", cut(brought)),
    };
    let help = "put the content of an Apple `AuthKey_….p8` file there, from BEGIN to END";
    setting_trouble(KEY_P8, app, what, help)
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        self.team == other.team
            && self.verifying.point() == other.verifying.point()
            && self.scope == other.scope
    }
}

/// The app's broadcast capability. [doc] Apple, "Setting up broadcast push notifications"
const BROADCAST: &str = "broadcast";
const ON: &str = "on";
const OFF: &str = "off";

pub(super) const BUNDLE_ID: &str = "bundle_id";
pub(super) const KEY_ID: &str = "key_id";
pub(super) const KEY_P8: &str = "key_p8";
pub(super) const TEAM_ID: &str = "team_id";

/// What an app may say about itself.
const SETTINGS: [&str; 10] = [
    BROADCAST,
    certificate::ENVIRONMENT,
    certificate::PASSWORD,
    certificate::TOPICS,
    scope::ENVIRONMENT,
    KEY_ID,
    KEY_P8,
    scope::TOPICS,
    scope::RELATED,
    TEAM_ID,
];

/// The team of apps that name none; team and key ids have ten characters. [doc] Apple,
/// "Establishing a token-based connection to APNs"
const DEFAULT_TEAM: &str = "PUSHPITDEV";

/// The id of that team's key, where the first app is the team's.
const DEFAULT_KEY: &str = "PUSHPITKEY";

/// The longest id that is taken: Apple's have ten characters, made-up ones may be longer.
const MAX_ID: usize = 32;

/// How many letters of a setting's name may be wrong before a suggestion would puzzle.
const MAX_DISTANCE: usize = 3;

/// Thirty-two letters and digits, five bits each.
const ID_LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
