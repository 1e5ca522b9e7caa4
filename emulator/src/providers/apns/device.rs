//! What the device makes of a push that arrives.

use super::content::{Content, Event, News};
use super::handset::AppState;
use super::request::{Field, Push};
use super::source::{ACTIVITIES, BACKGROUND, METRICS, SENDING};
use super::state::State;
use super::{broadcast, offline, switches};
use crate::clock::Now;
use crate::fidelity::Behavior;
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
pub(super) struct Arrival<'a> {
    push: &'a Push,
    state: &'a State,
    address: &'a Address,
    id: AddressId,
    platform: Platform,
    /// Whether it gets there now.
    now: bool,
}

/// A reason of the device's for throwing a push away.
pub(super) struct Rule {
    run: fn(&Arrival<'_>) -> Option<&'static str>,
    /// What of the real service it is, and how sure that is.
    pub(super) behavior: Behavior,
}

/// Says how a push goes on that is sent to a token now.
pub(super) fn course(state: &State, post: &Post, push: &Push, id: AddressId, now: Now) -> Course {
    let address = post.address(id);
    let gate = gate(push);
    let reached = post.reaches(address.device, gate);
    let platform = post.device(address.device).platform;
    let arrival = Arrival { push, state, address, id, platform, now: reached };
    let discarded = RULES.iter().find_map(|rule| (rule.run)(&arrival));
    let most = if discarded.is_none() && reached { budget(&arrival) } else { None };
    match most {
        Some(most) if state.budgets.is_spent(id, most, now.world) => {
            Course { lane: offline::HELD, gate: Gate::Held, discarded, counts: true }
        }
        most => Course { lane: offline::PUSH, gate, discarded, counts: most.is_some() },
    }
}

/// Why a device throws a push away, in the order in which that is looked at.
pub(super) const RULES: &[Rule] = &[GONE, DISABLED, UNREADABLE, UNTYPED, FORCED, LOUD, ACTIVITY];

/// What else of devices is as Apple has it.
pub(super) const BEHAVIORS: &[Behavior] = &[
    Behavior::documented(
        "Background pushes are of low priority, whatever `apns-priority` says",
        BACKGROUND,
    ),
    Behavior::documented(
        "Of background pushes beyond an hour's budget the newest waits, until the hour is over or \
         the app is launched",
        BACKGROUND,
    )
    .besides(
        "two or three an hour; off unless chosen. In world time, from the first one; a running app \
         has no budget, what comes from storage does not count [assumed]",
    )
    .by(&[&switches::BACKGROUND_BUDGET]),
    Behavior::documented(
        "Pushes of priority 10 to a Live Activity have an hourly budget",
        ACTIVITIES,
    )
    .besides("its size is not known; off unless chosen. That the newest waits is assumed")
    .by(&[&switches::ACTIVITY_BUDGET]),
    Behavior::documented(
        "A Live Activity that is started follows the channel of `input-push-channel`",
        ACTIVITIES,
    )
    .besides(
        "where the app has that channel and the device follows fewer than 100, else none [assumed]",
    ),
    Behavior::documented(
        "Of alerts with the same `apns-collapse-id` the device shows the newest; in storage the id \
         changes nothing",
        SENDING,
    )
    .besides(
        "the older delivery's history ends in `Replaced on the Device`; that 32 ids are remembered \
         for an app is assumed",
    ),
];

const GONE: Rule = Rule {
    run: gone,
    behavior: Behavior::documented(
        "A token whose app is gone while APNs does not tell yet: accepted and thrown away",
        METRICS,
    )
    .by(&[&switches::GONE_AFTER]),
};

/// The app is gone, which APNs does not tell yet.
fn gone(arrival: &Arrival<'_>) -> Option<&'static str> {
    (arrival.address.life != Life::Active).then_some(offline::UNREGISTERED)
}

const DISABLED: Rule = Rule {
    run: disabled,
    behavior: Behavior::documented(
        "Notifications that the user switched off: accepted, and `Discarded - Disabled`, also what \
         waits",
        METRICS,
    )
    .besides(
        "set by `{\"apns\": {\"notifications\": {\"com.example.chat\": \"disabled\"}}}`; that only \
         alerts are meant is assumed",
    ),
};

/// The user does not want the app's notifications.
fn disabled(arrival: &Arrival<'_>) -> Option<&'static str> {
    let Arrival { push, state, address, .. } = arrival;
    let disabled = is_shown(push) && state.handsets.disable(address.device, address.app);
    disabled.then_some(offline::DISABLED)
}

const UNREADABLE: Rule = Rule {
    run: unreadable,
    behavior: Behavior::assumed(
        "A payload that is no JSON object is of no use to the device",
        "Apple has no reason for it, and devices get a JSON object",
    )
    .by(&[&switches::PAYLOAD_FORM]),
};

/// APNs has no reason for a body that is not JSON and very likely does not look; the device can do
/// nothing with it. [guess]
fn unreadable(arrival: &Arrival<'_>) -> Option<&'static str> {
    (arrival.push.content == Content::Unreadable).then_some(NOT_AN_OBJECT)
}

const UNTYPED: Rule = Rule {
    run: untyped,
    behavior: Behavior::documented("An Apple Watch needs `apns-push-type`", SENDING).besides(
        "that the watch drops the push is assumed: Apple leaves open whether it is refused, \
         delayed or dropped",
    ),
};

/// watchOS 6 and later need `apns-push-type`. [doc] Apple, "Sending notification requests to APNs",
/// which leaves open whether the push is refused, delayed or dropped; that it is dropped is a
/// [guess].
fn untyped(arrival: &Arrival<'_>) -> Option<&'static str> {
    let untyped = arrival.push.push_type == Field::Absent;
    (untyped && arrival.platform == Platform::WatchOs).then_some(NO_TYPE)
}

const FORCED: Rule = Rule {
    run: force_quit,
    behavior: Behavior::documented(
        "An app that was force-quit gets no background push until it is launched",
        BACKGROUND,
    )
    .besides(
        "set by `{\"apns\": {\"apps\": {\"com.example.chat\": \"force-quit\"}}}`. What waits goes \
         as well; what waits in storage too [assumed]",
    ),
};

/// An app that was force-quit is not woken before somebody launches it. [doc] Apple, "Pushing
/// background updates to your App"
fn force_quit(arrival: &Arrival<'_>) -> Option<&'static str> {
    let Arrival { push, state, address, .. } = arrival;
    let quit = || state.handsets.app_state(address.device, address.app) == AppState::ForceQuit;
    (is_background(push) && quit()).then_some(FORCE_QUIT)
}

const LOUD: Rule = Rule {
    run: not_silent,
    behavior: Behavior::documented(
        "A background push has `content-available: 1` and neither alert, badge nor sound; another \
         is delivered with a note, or thrown away",
        BACKGROUND,
    )
    .besides("what becomes of it is assumed")
    .by(&[&switches::BACKGROUND_PAYLOAD]),
};

/// A background push that is not silent, where that matters.
fn not_silent(arrival: &Arrival<'_>) -> Option<&'static str> {
    let odd = arrival.push.content == Content::Silent { fits: false };
    (odd && arrival.state.conduct().wants_silence).then_some(NOT_SILENT)
}

const ACTIVITY: Rule = Rule {
    run: activity,
    behavior: Behavior::documented(
        "A Live Activity does not apply news older than what it shows, nothing after its end, and \
         no start without alert, attributes and their type",
        ACTIVITIES,
    )
    .besides(
        "news without `timestamp` are applied, news without a known `event` are not [assumed]",
    ),
};

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
        (false, true) => SILENT,
        (false, false) => 0,
    }
}

/// The mark of what people see.
pub(super) const ALERT: u8 = 1;

/// The mark of what wakes an app.
pub(super) const SILENT: u8 = 2;

// The words are ours.
const NOT_AN_OBJECT: &str = "Undeliverable - Payload Is Not a JSON Object";
const NO_TYPE: &str = "Not Shown - An Apple Watch Needs apns-push-type";
const NOT_SILENT: &str = "Discarded - A Background Push Needs content-available and No Alert";
const FORCE_QUIT: &str = "Discarded - App Was Force-Quit";
/// A broadcast that would start a Live Activity.
pub(super) const STARTS_NOTHING: &str = "Not Applied - A Broadcast Starts No Live Activity";
