//! What the device makes of a push that arrives.

use super::content::{Content, Event, News};
use super::handset::AppState;
use super::request::{Field, Push};
use super::state::State;
use super::{broadcast, offline};
use crate::clock::Now;
use crate::post::{Address, AddressId, Gate, Life, Platform, Post};
use crate::wire::Request;
use serde_json::Value;

/// How a push that was accepted goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    pub(super) lane: usize,
    pub(super) gate: Gate,
    /// Why it is thrown away, if so.
    pub(super) discarded: Option<&'static str>,
    /// Whether it takes from the hourly budget of its token.
    pub(super) counts: bool,
}

/// What a device looks at.
struct Arrival<'a> {
    push: &'a Push,
    state: &'a State,
    address: &'a Address,
    id: AddressId,
    platform: Platform,
    /// Whether it gets there now.
    now: bool,
}

/// Says how a push goes on that is sent to a token now.
pub(super) fn course(state: &State, post: &Post, push: &Push, id: AddressId, now: Now) -> Course {
    let address = post.address(id);
    let gate = gate(push);
    let reached = post.reaches(address.device, gate);
    let platform = post.device(address.device).platform;
    let arrival = Arrival { push, state, address, id, platform, now: reached };
    let discarded = RULES.iter().find_map(|rule| rule(&arrival));
    let most = if discarded.is_none() && reached { budget(&arrival) } else { None };
    match most {
        Some(most) if state.budgets.is_spent(id, most, now.world) => {
            Course { lane: offline::HELD, gate: Gate::Held, discarded, counts: true }
        }
        most => Course { lane: offline::PUSH, gate, discarded, counts: most.is_some() },
    }
}

/// Why a device throws a push away, in the order in which that is looked at.
const RULES: &[fn(&Arrival<'_>) -> Option<&'static str>] =
    &[gone, disabled, unreadable, untyped, force_quit, not_silent, activity];

/// The app is gone, which APNs does not tell yet.
fn gone(arrival: &Arrival<'_>) -> Option<&'static str> {
    (arrival.address.life != Life::Active).then_some(offline::UNREGISTERED)
}

/// The user does not want the app's notifications.
fn disabled(arrival: &Arrival<'_>) -> Option<&'static str> {
    let Arrival { push, state, address, .. } = arrival;
    let disabled = is_shown(push) && state.handsets.disable(address.device, address.app);
    disabled.then_some(offline::DISABLED)
}

/// APNs has no reason for a body that is not JSON and very likely does not look; the device can do
/// nothing with it. [guess]
fn unreadable(arrival: &Arrival<'_>) -> Option<&'static str> {
    (arrival.push.content == Content::Unreadable).then_some(NOT_AN_OBJECT)
}

/// watchOS 6 and later need `apns-push-type`. [doc] Apple, "Sending notification requests to APNs",
/// which leaves open whether the push is refused, delayed or dropped; that it is dropped is a
/// [guess].
fn untyped(arrival: &Arrival<'_>) -> Option<&'static str> {
    let untyped = arrival.push.push_type == Field::Absent;
    (untyped && arrival.platform == Platform::WatchOs).then_some(NO_TYPE)
}

/// An app that was force-quit is not woken before somebody launches it. [doc] Apple, "Pushing
/// background updates to your App"
fn force_quit(arrival: &Arrival<'_>) -> Option<&'static str> {
    let Arrival { push, state, address, .. } = arrival;
    let quit = || state.handsets.app_state(address.device, address.app) == AppState::ForceQuit;
    (is_background(push) && quit()).then_some(FORCE_QUIT)
}

/// A background push that is not silent, where that matters.
fn not_silent(arrival: &Arrival<'_>) -> Option<&'static str> {
    let odd = arrival.push.content == Content::Silent { fits: false };
    (odd && arrival.state.conduct().wants_silence).then_some(NOT_SILENT)
}

/// News that a Live Activity does not apply; what waits is asked when it arrives.
fn activity(arrival: &Arrival<'_>) -> Option<&'static str> {
    let Content::Activity(news) = &arrival.push.content else { return None };
    arrival.now.then(|| arrival.state.activities.ignores(arrival.id, news)).flatten()
}

/// How many pushes of this one's sort an hour the app gets, where that is bounded.
///
/// Two or three background pushes an hour, none while the app runs; Live Activities have a budget
/// for priority 10, whose size is not told. [doc] Apple, "Pushing background updates to your App",
/// and ActivityKit, "Starting and updating Live Activities with ActivityKit push notifications"
fn budget(arrival: &Arrival<'_>) -> Option<u32> {
    let Arrival { push, state, address, .. } = arrival;
    match &push.content {
        Content::Activity(_) if push.is_immediate() => state.conduct().activity_budget,
        Content::Silent { .. } => state
            .conduct()
            .background_budget
            .filter(|_| state.handsets.app_state(address.device, address.app) != AppState::Running),
        _ => None,
    }
}

/// A device got a push at once.
pub(super) fn got(state: &mut State, post: &Post, push: &Push, id: AddressId) {
    if let Content::Activity(news) = &push.content {
        apply(state, post, id, news);
    }
}

/// A push that waited gets to its device; why that does nothing with it, if so.
pub(super) fn arrives(
    state: &mut State,
    post: &Post,
    id: AddressId,
    payload: &[u8],
) -> Option<&'static str> {
    if post.address(id).kind != super::topic::LIVE_ACTIVITY_TOKEN {
        return None;
    }
    let news = super::content::news(payload);
    let ignored = state.activities.ignores(id, &news);
    if ignored.is_none() {
        apply(state, post, id, &news);
    }
    ignored
}

fn apply(state: &mut State, post: &Post, id: AddressId, news: &News) {
    state.activities.apply(id, news);
    if let (Some(Event::Start), Some(channel)) = (news.event, &news.channel) {
        let Address { device, app, .. } = *post.address(id);
        broadcast::follow_too(state, device, app, channel);
    }
}

/// By what a notification takes another's place on the device: its `apns-collapse-id`, where it is
/// one that the device shows. [doc] Apple, "Sending notification requests to APNs"; that only
/// alerts collapse is a [guess].
pub(super) fn collapse_key<'a>(push: &Push, request: &'a Request) -> Option<&'a [u8]> {
    let named = push.collapse_id_length > 0 && is_shown(push);
    named.then(|| request.header(b"apns-collapse-id")).flatten()
}

/// Why a device that gets a broadcast does nothing with it, if so.
///
/// A Live Activity is started by a push to the device, never by a broadcast. [doc] Apple,
/// ActivityKit, "Starting and updating Live Activities with ActivityKit push notifications"
pub(super) fn ignores(broadcast: &Value) -> Option<&'static str> {
    if !broadcast.is_object() {
        return Some(NOT_AN_OBJECT);
    }
    (broadcast["aps"]["event"] == "start").then_some(STARTS_NOTHING)
}

/// What must be true of the device. A background push has a low priority whatever it says. [doc]
/// Apple, "Pushing background updates to your App"
fn gate(push: &Push) -> Gate {
    match offline::gate(&push.priority) {
        Gate::Online if is_background(push) => Gate::OnlineAndPowered,
        gate => gate,
    }
}

/// Whether people see it: an alert, which a push without a type is too. [doc]
fn is_shown(push: &Push) -> bool {
    match &push.push_type {
        Field::Absent => true,
        Field::Value(push_type) => push_type.name == "alert",
        Field::Bad(_) => false,
    }
}

fn is_background(push: &Push) -> bool {
    matches!(&push.push_type, Field::Value(push_type) if push_type.name == "background")
}

/// What kind a push is while it waits.
pub(super) fn mark(push: &Push) -> u8 {
    match (is_shown(push), is_background(push)) {
        (true, _) => ALERT,
        (false, true) => BACKGROUND,
        (false, false) => 0,
    }
}

/// The mark of what people see.
pub(super) const ALERT: u8 = 1;

/// The mark of what wakes an app.
pub(super) const BACKGROUND: u8 = 2;

// The words are ours.
const NOT_AN_OBJECT: &str = "Undeliverable - Payload Is Not a JSON Object";
const NO_TYPE: &str = "Not Shown - An Apple Watch Needs apns-push-type";
const NOT_SILENT: &str = "Discarded - A Background Push Needs content-available and No Alert";
const FORCE_QUIT: &str = "Discarded - App Was Force-Quit";
/// A broadcast that would start a Live Activity.
pub(super) const STARTS_NOTHING: &str = "Not Applied - A Broadcast Starts No Live Activity";
