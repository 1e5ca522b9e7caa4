//! Which channels a device follows: how that is set and shown.
//!
//! Apps follow a channel by `ActivityKit`, when they start a Live Activity. [doc] Nothing of that
//! passes through a sender, so that it is said here from outside.

use super::super::auth::cut;
use super::super::handset::{error, shown};
use super::super::offline;
use super::super::state::State;
use super::channel::{Place, written};
use super::fan_out::address_of;
use crate::crypto::decode_base64;
use crate::fidelity::Behavior;
use crate::post::{AppId, DeviceId, Post};
use crate::providers::rim::{Desk, SettingError};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What of following channels is as Apple has it.
pub(in super::super) const BEHAVIORS: &[Behavior] = &[Behavior::assumed(
    "Devices follow by `PATCH /api/v1/devices/{name}` and the step `set`, 100 channels at \
         most; no more when the app is removed",
    "apps do it by ActivityKit, which passes through no sender",
)];

/// The channels that a device is to follow, and no others.
#[derive(Debug)]
pub(in super::super) struct Subscriptions(Vec<Place>);

/// Whether it is a list of texts or `"all"`, whatever channels there are.
pub(in super::super) fn check_subscriptions(wanted: &Value) -> Result<(), SettingError> {
    match wanted {
        Value::String(word) if word == ALL => Ok(()),
        Value::Array(ids) => ids.iter().try_for_each(|id| id_text(id).map(drop)),
        other => {
            let what = format!("expected a list of channels or `all`, found `{}`", shown(other));
            Err(error(what, EXAMPLE))
        }
    }
}

fn id_text(id: &Value) -> Result<&str, SettingError> {
    id.as_str()
        .ok_or_else(|| error(format!("expected a channel's id, found `{}`", shown(id)), EXAMPLE))
}

/// Reads a list of ids, or `"all"`: all that the device's apps have now.
pub(in super::super) fn read_subscriptions(
    state: &State,
    post: &Post,
    device: DeviceId,
    wanted: &Value,
) -> Result<Subscriptions, SettingError> {
    check_subscriptions(wanted)?;
    let places: BTreeSet<Place> = match wanted.as_array() {
        None => all(state, post, device)?,
        Some(ids) => ids.iter().map(|id| one(state, post, device, id)).collect::<Result<_, _>>()?,
    };
    if places.len() > super::MAX_FOLLOWED {
        let (most, found) = (super::MAX_FOLLOWED, places.len());
        let what = format!("expected at most {most} channels for a device, found {found}");
        return Err(error(what, "name those that matter, or delete what is left over"));
    }
    Ok(Subscriptions(places.into_iter().collect()))
}

/// Lets a device follow what was read; what waits for it of others is dropped.
pub(in super::super) fn subscribe(
    state: &mut State,
    desk: &mut Desk<'_>,
    device: DeviceId,
    Subscriptions(wanted): Subscriptions,
) {
    let given_up = state.channels.followed_by(device).iter().filter(|it| !wanted.contains(it));
    for place in given_up {
        let address = address_of(desk.post, device, place.0);
        if let (Some(address), Some(channel)) = (address, state.channels.at(*place)) {
            desk.post.withdraw(address, offline::BROADCAST, &channel.id, offline::UNFOLLOWED);
        }
    }
    state.channels.follow(device, wanted);
}

/// Lets a device follow one more channel of an app, because a Live Activity that was started says
/// so; not, where there is no such channel or the device follows as many as it may.
///
/// `input-push-channel`: Apple, ActivityKit, "Starting and updating Live Activities with
/// ActivityKit push notifications". [doc] That a channel which is not there is passed over is a
/// [guess].
pub(in super::super) fn follow_too(state: &mut State, device: DeviceId, app: AppId, text: &str) {
    let place = decode_base64(text.as_bytes()).and_then(|bytes| state.channels.place(&bytes));
    let Some(place) = place.filter(|(of, _)| *of == app) else { return };
    let mut places = state.channels.followed_by(device).to_vec();
    if places.contains(&place) || places.len() >= super::MAX_FOLLOWED {
        return;
    }
    places.push(place);
    places.sort_unstable();
    state.channels.follow(device, places);
}

/// What a device follows, as it is set; nothing where it follows none.
pub(in super::super) fn shown_subscriptions(state: &State, device: DeviceId) -> Option<Value> {
    let followed = state.channels.followed_by(device);
    let ids = followed.iter().filter_map(|place| Some(written(&state.channels.at(*place)?.id)));
    (!followed.is_empty()).then(|| json!(ids.collect::<Vec<_>>()))
}

/// All channels of the apps on a device.
fn all(state: &State, post: &Post, device: DeviceId) -> Result<BTreeSet<Place>, SettingError> {
    let apps: BTreeSet<_> = post.addresses_of(device).map(|id| post.address(id).app).collect();
    let there = apps.into_iter().filter(|app| address_of(post, device, *app).is_some());
    let places: BTreeSet<_> =
        there.flat_map(|app| state.channels.places_of(app)).map(|(place, _)| *place).collect();
    if places.is_empty() {
        let what = "the apps on the device have no channels".to_owned();
        return Err(error(what, "let the sender make one before"));
    }
    Ok(places)
}

fn one(state: &State, post: &Post, device: DeviceId, id: &Value) -> Result<Place, SettingError> {
    let text = id_text(id)?;
    let found = decode_base64(text.as_bytes()).and_then(|bytes| state.channels.place(&bytes));
    let Some(place) = found else {
        let help = "let the sender make it before; `\"all\"` takes what there is";
        return Err(error(format!("there is no channel `{}`", cut(text)), help));
    };
    if address_of(post, device, place.0).is_none() {
        let (_, app) = post.app(place.0);
        let what = format!("channel `{}` is of `{app}`, which is not on the device", cut(text));
        return Err(error(what, "install the app before"));
    }
    Ok(place)
}

const ALL: &str = "all";
const EXAMPLE: &str = r#"such as `{"channels": ["dHN0LXNyY2gtY2hubA=="]}`, or `"all"` of them"#;
