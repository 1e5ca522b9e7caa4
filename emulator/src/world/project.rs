//! Lists out of the journal: requests, deliveries, inboxes, events.
//!
//! All work on a [`Tail`], without the world and its lock; JSON is made here, only for what is
//! shown.

use super::expect::{Filter, Subject};
use super::judge::differences;
use super::record::{self, DeliveryRead, PlaceRead, RequestRead};
use super::services::about;
use super::story::{Index, Story};
use super::view::{Arrival, DeliveryView, EventView, List, RequestView};
use crate::journal::{Cursor, Head, Record, Tail};
use crate::post::FaultId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};

/// The requests of a tail that fit.
pub fn requests(tail: &Tail, filter: &Filter, limit: usize) -> List<RequestView> {
    let lines = tail.records().filter(|it| it.head.kind == record::REQUEST);
    let read = lines.filter_map(|it| Some((it.head, record::read_request(&it)?)));
    let placed = placed(tail, filter);
    let fitting = read.filter(|(_, request)| {
        request_fits(request, filter)
            && placed.as_ref().is_none_or(|placed| placed.contains(&request.id))
    });
    let views = fitting.map(|(head, request)| (head.sequence, request_view(head, &request)));
    let views = views.filter(|(_, view)| is_like(filter, view));
    page(views, tail.dropped(record::REQUEST), tail.end(), limit)
}

/// The deliveries that began or changed after a place, in the order of their last change. The tail
/// must reach back to the beginning, so that they are told whole.
pub fn deliveries(tail: &Tail, filter: &Filter, after: Cursor, limit: usize) -> List<DeliveryView> {
    let index = Index::of(tail);
    let story = Story { tail, index: &index };
    let mut changed: Vec<_> = index
        .deliveries
        .values()
        .map(|steps| story.steps(steps))
        .filter_map(|steps| Some((steps.last()?.0.sequence, steps)))
        .filter(|(last, steps)| *last > since(tail, after) && delivery_fits(steps, filter))
        .collect();
    changed.sort_unstable_by_key(|(last, _)| *last);
    let views = changed.into_iter().map(|(last, steps)| (last, story.delivery_view(&steps)));
    let views = views.filter(|(_, view)| is_like(filter, view));
    page(views, tail.from(after).dropped(record::DELIVERY), tail.end(), limit)
}

/// What devices got after a place, in the order of arrival. The tail must reach back to the
/// beginning, because what arrives may have been sent long before.
pub fn inbox(tail: &Tail, filter: &Filter, after: Cursor, limit: usize) -> List<Arrival> {
    let index = Index::of(tail);
    let story = Story { tail, index: &index };
    let arrivals = tail.records().filter(|it| it.head.sequence > since(tail, after));
    let views = arrivals.filter_map(|it| {
        let view = story.arrival(&it, filter).filter(|view| is_like(filter, view))?;
        Some((it.head.sequence, view))
    });
    let told = tail.from(after);
    let dropped = told.dropped(record::DELIVERY) + told.dropped(record::NOTICE);
    page(views, dropped, tail.end(), limit)
}

/// The lines of a tail, of one kind or of all.
pub fn events(tail: &Tail, kind: Option<&str>, limit: usize) -> List<EventView> {
    let views =
        tail.records().filter_map(|it| Some((it.head.sequence, event_view(tail, &it, kind)?)));
    let dropped = match kind {
        None => tail.dropped_all(),
        Some(name) => tail.dropped(kind_named(name)),
    };
    page(views, dropped, tail.end(), limit)
}

/// A line of the journal, if it is of the kind.
pub(super) fn event_view(tail: &Tail, it: &Record<'_>, kind: Option<&str>) -> Option<EventView> {
    let (name, data) = event(it)?;
    let cursor = Cursor { epoch: tail.end().epoch, sequence: it.head.sequence };
    let (at, sender_at) = (it.head.now.world, it.head.now.sender);
    let wanted = kind.is_none_or(|kind| kind == name);
    wanted.then_some(EventView { cursor, at, sender_at, kind: name, data })
}

/// The kinds of record that make up a list.
pub(super) fn kinds_of(list: Subject) -> &'static [u8] {
    match list {
        Subject::Deliveries => &[record::DELIVERY],
        Subject::Inbox => &[record::DELIVERY, record::NOTICE],
        Subject::Requests => &[record::REQUEST],
    }
}

/// The kind of record that holds the events of a name.
pub(super) fn kind_named(name: &str) -> u8 {
    match name {
        "request" => record::REQUEST,
        "delivery" => record::DELIVERY,
        "left_view" => record::LEFT_VIEW,
        "notice" => record::NOTICE,
        _ => record::NOTE,
    }
}

/// The requests that led to a delivery at the app and the device of a filter that names one.
fn placed(tail: &Tail, filter: &Filter) -> Option<HashSet<u64>> {
    if filter.app.is_none() && filter.device.is_none() {
        return None;
    }
    let lines = tail.records().filter(|it| it.head.kind == record::DELIVERY);
    let read = lines.filter_map(|it| record::read_delivery(&it));
    Some(read.filter(|it| place_fits(&it.place, filter)).map(|it| it.request).collect())
}

fn page<T>(
    views: impl Iterator<Item = (u64, T)>,
    dropped: u64,
    end: Cursor,
    limit: usize,
) -> List<T> {
    let mut items = Vec::new();
    let mut next = end;
    let mut last = None;
    for (sequence, view) in views {
        if items.len() == limit {
            next.sequence = last.unwrap_or(next.sequence);
            break;
        }
        items.push(view);
        last = Some(sequence);
    }
    List { items, next, dropped, complete: None }
}

pub(super) fn since(tail: &Tail, after: Cursor) -> u64 {
    if after.epoch == tail.end().epoch { after.sequence } else { 0 }
}

pub(super) fn notice_view(head: Head, place: &PlaceRead<'_>, notice: &[u8]) -> Arrival {
    Arrival {
        delivery: None,
        request: None,
        at: head.now.world,
        provider: about(place.service).name.to_owned(),
        app: text(place.app),
        address: place.address,
        reason: "notice".to_owned(),
        payload: json!({"notice": text(notice)}),
        attributes: BTreeMap::new(),
    }
}

pub(super) fn request_view(head: Head, it: &RequestRead<'_>) -> RequestView {
    let some = |bytes: &[u8]| (!bytes.is_empty()).then(|| text(bytes));
    RequestView {
        id: it.id,
        at: head.now.world,
        sender_at: head.now.sender,
        connection: it.connection,
        provider: it.service.map(|service| about(service).name.to_owned()),
        host: text(it.authority),
        method: text(it.method),
        path: text(it.target),
        headers: header_map(it),
        body: body(it.body),
        body_length: it.body_length,
        status: it.status,
        verdict: verdict(it).to_owned(),
        reason: some(it.reason),
        rule: some(it.rule),
        cause: some(it.cause),
        warnings: it.warnings.iter().map(|warning| text(warning)).collect(),
        fault: (it.fault > 0).then_some(FaultId(it.fault)),
        origin: SENDER.to_owned(),
        parent: None,
    }
}

pub(super) fn event(it: &Record<'_>) -> Option<(String, Value)> {
    let value = |view: Result<Value, _>| view.unwrap_or_default();
    Some(match it.head.kind {
        record::REQUEST => {
            let view = request_view(it.head, &record::read_request(it)?);
            ("request".to_owned(), value(serde_json::to_value(view)))
        }
        record::DELIVERY => {
            let step = record::read_delivery(it)?;
            let data = json!({
                "id": step.delivery,
                "request": step.request,
                "device": text(step.place.device),
                "provider": about(step.place.service).name,
                "app": text(step.place.app),
                "address": step.place.address,
                "outcome": step.outcome,
                "reason": text(step.reason),
            });
            ("delivery".to_owned(), data)
        }
        record::LEFT_VIEW => {
            let (delivery, reason) = record::read_left_view(it)?;
            ("left_view".to_owned(), json!({"id": delivery, "reason": text(reason)}))
        }
        record::NOTICE => {
            let (place, notice) = record::read_notice(it)?;
            let view = notice_view(it.head, &place, notice);
            ("notice".to_owned(), value(serde_json::to_value(view)))
        }
        record::NOTE => {
            let (name, data) = record::read_note(it)?;
            (text(name), data)
        }
        _ => return None,
    })
}

pub(super) fn request_fits(it: &RequestRead<'_>, filter: &Filter) -> bool {
    is(filter.provider.as_deref(), it.service.map_or("", |id| about(id).name).as_bytes())
        && filter.status.is_none_or(|status| status == it.status)
        && is(filter.verdict.as_deref(), verdict(it).as_bytes())
        && is(filter.reason.as_deref(), it.reason)
        && is(filter.path.as_deref(), it.target)
        && is(filter.method.as_deref(), it.method)
        && is(filter.host.as_deref(), it.authority)
        && is(filter.origin.as_deref(), SENDER.as_bytes())
}

pub(super) fn delivery_fits(steps: &[(Head, DeliveryRead<'_>)], filter: &Filter) -> bool {
    let Some((_, last)) = steps.last() else {
        return false;
    };
    place_fits(&last.place, filter)
        && filter.outcome.is_none_or(|outcome| outcome == last.outcome)
        && is(filter.reason.as_deref(), last.reason)
}

pub(super) fn place_fits(place: &PlaceRead<'_>, filter: &Filter) -> bool {
    is(filter.device.as_deref(), place.device)
        && is(filter.provider.as_deref(), about(place.service).name.as_bytes())
        && is(filter.app.as_deref(), place.app)
}

pub(super) fn is_like(filter: &Filter, view: &impl serde::Serialize) -> bool {
    filter.like.as_ref().is_none_or(|wanted| {
        serde_json::to_value(view).is_ok_and(|view| differences(wanted, &view).is_empty())
    })
}

pub(super) fn is(wanted: Option<&str>, found: &[u8]) -> bool {
    wanted.is_none_or(|wanted| wanted.as_bytes() == found)
}

fn verdict(it: &RequestRead<'_>) -> &'static str {
    if it.accepted { "accepted" } else { "rejected" }
}

/// Values by name; a list where a name came more than once.
fn header_map(it: &RequestRead<'_>) -> BTreeMap<String, Value> {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    for (name, value) in headers(it) {
        match all.get_mut(&name) {
            None => {
                all.insert(name, Value::String(value));
            }
            Some(Value::Array(values)) => values.push(Value::String(value)),
            Some(single) => *single = json!([single.take(), value]),
        }
    }
    all
}

pub(super) fn headers(it: &RequestRead<'_>) -> Vec<(String, String)> {
    it.headers.iter().map(|(name, value)| (text(name), text(value))).collect()
}

/// Bytes as JSON if they are JSON, else as text, else in base64.
pub(super) fn body(bytes: &[u8]) -> Value {
    if let Ok(value) = serde_json::from_slice(bytes) {
        return value;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({"base64": STANDARD.encode(bytes)}),
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The kinds of event that there are, alphabetical.
pub const EVENT_KINDS: &[&str] = &[
    "address_changed",
    "app",
    "clock_advanced",
    "clock_advancing",
    "connection_closed",
    "connection_opened",
    "credentials_aged",
    "credentials_issued",
    "credentials_revoked",
    "delivery",
    "device_added",
    "device_changed",
    "fault_added",
    "fault_removed",
    "installed",
    "left_view",
    "notice",
    "request",
    "reset",
    "rotated",
    "trouble",
    "uninstalled",
];

/// Who asks, when no hub, bridge or schedule does.
const SENDER: &str = "sender";
