//! The list of all calls: what the router is built from, and what the OpenAPI document says.

use super::answer::{AppView, EmulatorView, Entry, Kits, NewApp, Page};
use super::server::App;
use super::{events, handler, list};
use crate::post::Fault;
use crate::world::{
    AddressChange, AddressView, Advance, Age, Arrival, ClockView, DeliveryView, DeviceChange,
    DeviceView, EventView, Expectation, FaultView, Issue, Judgement, List, NewDevice, RequestView,
    Revoke,
};
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// One call.
pub(super) struct RouteLine {
    /// The method, in lower case.
    pub(super) method: &'static str,
    /// The path below [`PREFIX`].
    pub(super) path: &'static str,
    /// What it does.
    pub(super) summary: &'static str,
    /// The query parameters that it takes.
    pub(super) query: &'static [&'static str],
    /// The body that it takes.
    pub(super) body: Option<SchemaOf>,
    /// The status when it went well, what that means, and the body.
    pub(super) answer: (u16, &'static str, Option<SchemaOf>),
    /// The statuses of problems that are its own.
    pub(super) problems: &'static [u16],
    /// What carries it out.
    pub(super) handler: fn() -> MethodRouter<App>,
}

/// The schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The line of a call.
pub(super) fn line_of(method: &Method, path: &str) -> Option<&'static RouteLine> {
    let method = if *method == Method::HEAD { "get" } else { method.as_str() };
    lines_at(path).find(|line| line.method.eq_ignore_ascii_case(method))
}

/// The lines of a path, whatever the method.
pub(super) fn lines_at(path: &str) -> impl Iterator<Item = &'static RouteLine> {
    let path = path.strip_prefix(PREFIX).unwrap_or_default();
    ROUTES.iter().filter(move |line| is_like(line.path, path))
}

/// Whether a path matches a pattern.
fn is_like(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(part), Some(here)) if part == here || part.starts_with('{') => {}
            _ => return false,
        }
    }
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Where the calls are.
pub(super) const PREFIX: &str = "/api/v1";

/// What happened already, and what can be waited for.
const INBOX: &[&str] = &["limit", "after", "wait", "count", "provider", "app", "reason", "like"];
const DELIVERIES: &[&str] =
    &["limit", "after", "wait", "count", "device", "provider", "app", "outcome", "reason", "like"];
const REQUESTS: &[&str] = &[
    "limit", "after", "wait", "count", "device", "provider", "app", "status", "verdict", "reason",
    "path", "method", "host", "origin", "like",
];

/// All calls.
pub(super) const ROUTES: &[RouteLine] = &[
    RouteLine {
        method: "get",
        path: "/emulator",
        summary: "Where this emulator is: its addresses and files, and the end of its journal",
        query: &[],
        body: None,
        answer: (200, "the emulator", Some(of::<EmulatorView>)),
        problems: &[],
        handler: || get(handler::emulator),
    },
    RouteLine {
        method: "get",
        path: "/apps",
        summary: "All apps",
        query: &[],
        body: None,
        answer: (200, "the apps", Some(of::<Page<AppView>>)),
        problems: &[],
        handler: || get(handler::apps),
    },
    RouteLine {
        method: "post",
        path: "/apps",
        summary: "Add an app, or change its settings",
        query: &[],
        body: Some(of::<NewApp>),
        answer: (201, "the app with its credentials", Some(of::<Entry>)),
        problems: &[422],
        handler: || post(handler::add_app),
    },
    RouteLine {
        method: "get",
        path: "/credentials",
        summary: "All credentials, as in `index.json`",
        query: &[],
        body: None,
        answer: (200, "the credentials", Some(of::<Kits>)),
        problems: &[],
        handler: || get(handler::credentials),
    },
    RouteLine {
        method: "post",
        path: "/credentials/age",
        summary: "Make credentials older that were signed or issued before",
        query: &[],
        body: Some(of::<Age>),
        answer: (204, "they are older", None),
        problems: &[409, 422],
        handler: || post(handler::age),
    },
    RouteLine {
        method: "post",
        path: "/credentials/issue",
        summary: "Make a credential anew, such as one that was revoked",
        query: &[],
        body: Some(of::<Issue>),
        answer: (201, "the app with its credentials", Some(of::<Entry>)),
        problems: &[409, 422],
        handler: || post(handler::issue),
    },
    RouteLine {
        method: "post",
        path: "/credentials/revoke",
        summary: "Revoke a credential; what was opened with it before may go on",
        query: &[],
        body: Some(of::<Revoke>),
        answer: (204, "it is revoked", None),
        problems: &[409, 422],
        handler: || post(handler::revoke),
    },
    RouteLine {
        method: "get",
        path: "/devices",
        summary: "Devices, oldest first",
        query: &["limit", "after"],
        body: None,
        answer: (200, "a page of devices", Some(of::<Page<DeviceView>>)),
        problems: &[404],
        handler: || get(handler::devices),
    },
    RouteLine {
        method: "post",
        path: "/devices",
        summary: "Add a device with apps on it",
        query: &[],
        body: Some(of::<NewDevice>),
        answer: (201, "the device with its addresses", Some(of::<DeviceView>)),
        problems: &[409, 422],
        handler: || post(handler::add_device),
    },
    RouteLine {
        method: "get",
        path: "/devices/{name}",
        summary: "A device",
        query: &[],
        body: None,
        answer: (200, "the device", Some(of::<DeviceView>)),
        problems: &[404],
        handler: || get(handler::device),
    },
    RouteLine {
        method: "patch",
        path: "/devices/{name}",
        summary: "Change a device; what is not said stays",
        query: &[],
        body: Some(of::<DeviceChange>),
        answer: (200, "the device", Some(of::<DeviceView>)),
        problems: &[404, 422],
        handler: || patch(handler::change_device),
    },
    RouteLine {
        method: "get",
        path: "/devices/{name}/inbox",
        summary: "What a device got, in the order of arrival",
        query: INBOX,
        body: None,
        answer: (200, "a page of arrivals", Some(of::<List<Arrival>>)),
        problems: &[404, 503],
        handler: || get(list::inbox),
    },
    RouteLine {
        method: "put",
        path: "/devices/{name}/apps/{app}",
        summary: "Install an app",
        query: &[],
        body: None,
        answer: (200, "the device", Some(of::<DeviceView>)),
        problems: &[404, 409, 422],
        handler: || put(handler::install),
    },
    RouteLine {
        method: "delete",
        path: "/devices/{name}/apps/{app}",
        summary: "Uninstall an app",
        query: &[],
        body: None,
        answer: (200, "the device", Some(of::<DeviceView>)),
        problems: &[404, 409],
        handler: || delete(handler::uninstall),
    },
    RouteLine {
        method: "post",
        path: "/devices/{name}/apps/{app}/rotate",
        summary: "Give an app a new address in place of the old",
        query: &[],
        body: None,
        answer: (200, "the device", Some(of::<DeviceView>)),
        problems: &[404, 409],
        handler: || post(handler::rotate),
    },
    RouteLine {
        method: "get",
        path: "/addresses",
        summary: "Addresses, oldest first, or those that read so",
        query: &["limit", "after", "address"],
        body: None,
        answer: (200, "a page of addresses", Some(of::<Page<AddressView>>)),
        problems: &[],
        handler: || get(handler::addresses),
    },
    RouteLine {
        method: "get",
        path: "/addresses/{id}",
        summary: "An address",
        query: &[],
        body: None,
        answer: (200, "the address", Some(of::<AddressView>)),
        problems: &[404],
        handler: || get(handler::address),
    },
    RouteLine {
        method: "patch",
        path: "/addresses/{id}",
        summary: "Change an address's life",
        query: &[],
        body: Some(of::<AddressChange>),
        answer: (200, "the address", Some(of::<AddressView>)),
        problems: &[404],
        handler: || patch(handler::change_address),
    },
    RouteLine {
        method: "get",
        path: "/deliveries",
        summary: "Deliveries that began or changed after a place, in the order of their last change",
        query: DELIVERIES,
        body: None,
        answer: (200, "a page of deliveries", Some(of::<List<DeliveryView>>)),
        problems: &[503],
        handler: || get(list::deliveries),
    },
    RouteLine {
        method: "get",
        path: "/requests",
        summary: "Requests of senders with their verdicts",
        query: REQUESTS,
        body: None,
        answer: (200, "a page of requests", Some(of::<List<RequestView>>)),
        problems: &[503],
        handler: || get(list::requests),
    },
    RouteLine {
        method: "get",
        path: "/events",
        summary: "The journal's lines; a stream for `Accept: text/event-stream`, which \
                  `Last-Event-ID` resumes",
        query: &["limit", "after", "wait", "count", "kind"],
        body: None,
        answer: (200, "a page of events, or a stream", Some(of::<List<EventView>>)),
        problems: &[503],
        handler: || get(events::events),
    },
    RouteLine {
        method: "get",
        path: "/clock",
        summary: "Both clocks",
        query: &[],
        body: None,
        answer: (200, "the clocks", Some(of::<ClockView>)),
        problems: &[],
        handler: || get(handler::clock),
    },
    RouteLine {
        method: "post",
        path: "/clock/advance",
        summary: "Advance world time, and answer when all that fell due has run",
        query: &[],
        body: Some(of::<Advance>),
        answer: (200, "the clocks", Some(of::<ClockView>)),
        problems: &[409, 422],
        handler: || post(handler::advance),
    },
    RouteLine {
        method: "get",
        path: "/faults",
        summary: "The faults in force",
        query: &[],
        body: None,
        answer: (200, "the faults", Some(of::<Page<FaultView>>)),
        problems: &[],
        handler: || get(handler::faults),
    },
    RouteLine {
        method: "post",
        path: "/faults",
        summary: "Add a fault",
        query: &[],
        body: Some(of::<Fault>),
        answer: (201, "the fault", Some(of::<FaultView>)),
        problems: &[409, 422],
        handler: || post(handler::add_fault),
    },
    RouteLine {
        method: "delete",
        path: "/faults/{id}",
        summary: "Take a fault away",
        query: &[],
        body: None,
        answer: (204, "it is gone", None),
        problems: &[404],
        handler: || delete(handler::remove_fault),
    },
    RouteLine {
        method: "post",
        path: "/expect",
        summary: "Judge what happened; what must have arrived is waited for",
        query: &[],
        body: Some(of::<Expectation>),
        answer: (200, "it holds", Some(of::<Judgement>)),
        problems: &[422, 503],
        handler: || post(handler::expect),
    },
    RouteLine {
        method: "post",
        path: "/reset",
        summary: "Clock to the start; devices, faults and queues gone; apps and keys kept",
        query: &[],
        body: None,
        answer: (204, "all is as at the start", None),
        problems: &[],
        handler: || post(handler::reset),
    },
    RouteLine {
        method: "get",
        path: "/openapi.json",
        summary: "This document",
        query: &[],
        body: None,
        answer: (200, "the document", Some(of::<Map<String, Value>>)),
        problems: &[],
        handler: || get(handler::openapi),
    },
];
