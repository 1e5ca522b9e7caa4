//! The world's lines in the journal: how requests and deliveries are written and read.

use super::project::EVENT_KINDS;
use crate::clock::Now;
use crate::journal::{Journal, Record};
use crate::post::{Happening, Outcome, Post, ServiceId};
use crate::providers::rim::Verdict;
use crate::wire::{ConnectionId, Request};
use serde_json::Value;

/// A request with its verdict.
pub(super) const REQUEST: u8 = 1;
/// A delivery that began or changed.
pub(super) const DELIVERY: u8 = 2;
/// A delivered notification that left a device's view.
pub(super) const LEFT_VIEW: u8 = 3;
/// A device was told something in place of what was thrown away.
pub(super) const NOTICE: u8 = 4;
/// Anything rare: a name and JSON.
pub(super) const NOTE: u8 = 5;

/// What is known of a request when it is written.
pub(super) struct RequestLine<'a> {
    pub(super) id: u64,
    pub(super) connection: ConnectionId,
    pub(super) service: Option<ServiceId>,
    pub(super) request: &'a Request,
    pub(super) status: u16,
    pub(super) verdict: &'a Verdict,
    pub(super) fault: u64,
}

/// A request as it is read.
#[derive(Clone, Debug)]
pub(super) struct RequestRead<'a> {
    pub(super) id: u64,
    pub(super) connection: u32,
    pub(super) service: Option<ServiceId>,
    pub(super) status: u16,
    pub(super) accepted: bool,
    pub(super) fault: u64,
    pub(super) method: &'a [u8],
    pub(super) authority: &'a [u8],
    pub(super) target: &'a [u8],
    pub(super) headers: Vec<(&'a [u8], &'a [u8])>,
    pub(super) body: &'a [u8],
    pub(super) body_length: u64,
    pub(super) reason: &'a [u8],
    pub(super) rule: &'a [u8],
    pub(super) cause: &'a [u8],
    pub(super) warnings: Vec<&'a [u8]>,
}

/// A delivery's line as it is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeliveryRead<'a> {
    pub(super) delivery: u64,
    pub(super) request: u64,
    pub(super) outcome: Outcome,
    pub(super) reason: &'a [u8],
    pub(super) place: PlaceRead<'a>,
    pub(super) payload: Option<&'a [u8]>,
}

/// Where something happened: an address with the names of what it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceRead<'a> {
    pub(super) address: u32,
    pub(super) service: ServiceId,
    pub(super) kind: &'a [u8],
    pub(super) app: &'a [u8],
    pub(super) device: &'a [u8],
}

pub(super) fn write_request(journal: &mut Journal, now: Now, line: &RequestLine<'_>) {
    let RequestLine { request, verdict, .. } = line;
    journal.append(REQUEST, now, |to| {
        to.long(line.id);
        to.word(line.connection.0);
        to.byte(line.service.map_or(NO_SERVICE, |service| service.0));
        to.short(line.status);
        to.byte(u8::from(verdict.accepted));
        to.long(line.fault);
        to.text(request.method());
        to.text(request.authority());
        to.text(request.target());
        let (text, shape) = request.header_block();
        to.headers(line.connection.0, text, shape);
        to.text(request.body());
        to.long(request.body_length);
        to.text(verdict.reason.as_deref().unwrap_or_default().as_bytes());
        to.text(verdict.rule.unwrap_or_default().as_bytes());
        to.text(verdict.cause.as_deref().unwrap_or_default().as_bytes());
        to.byte(u8::try_from(verdict.warnings.len()).unwrap_or(u8::MAX));
        for warning in verdict.warnings.iter().take(usize::from(u8::MAX)) {
            to.text(warning.as_bytes());
        }
    });
}

pub(super) fn read_request<'a>(record: &Record<'a>) -> Option<RequestRead<'a>> {
    let mut from = record.reader();
    let (id, connection) = (from.long()?, from.word()?);
    let service = Some(from.byte()?).filter(|byte| *byte != NO_SERVICE).map(ServiceId);
    let (status, accepted, fault) = (from.short()?, from.byte()? != 0, from.long()?);
    let (method, authority, target) = (from.text()?, from.text()?, from.text()?);
    let headers = from.headers()?;
    let (body, body_length) = (from.text()?, from.long()?);
    let (reason, rule, cause) = (from.text()?, from.text()?, from.text()?);
    let count = from.byte()?;
    let warnings = (0..count).map(|_| from.text()).collect::<Option<_>>()?;
    Some(RequestRead {
        id,
        connection,
        service,
        status,
        accepted,
        fault,
        method,
        authority,
        target,
        headers,
        body,
        body_length,
        reason,
        rule,
        cause,
        warnings,
    })
}

pub(super) fn write_happening(journal: &mut Journal, now: Now, post: &Post, happening: &Happening) {
    match happening {
        Happening::Delivery { delivery, request, address, outcome, reason, payload, first: _ } => {
            journal.append(DELIVERY, now, |to| {
                to.long(delivery.0);
                to.long(*request);
                to.byte(outcome_byte(*outcome));
                to.text(reason.as_bytes());
                write_place(to, post, *address);
                to.byte(u8::from(payload.is_some()));
                to.text(payload.as_deref().unwrap_or_default());
            });
        }
        Happening::LeftView { delivery, reason } => {
            journal.append(LEFT_VIEW, now, |to| {
                to.long(delivery.0);
                to.text(reason.as_bytes());
            });
        }
        Happening::Notice { address, notice } => {
            journal.append(NOTICE, now, |to| {
                write_place(to, post, *address);
                to.text(notice.as_bytes());
            });
        }
    }
}

pub(super) fn read_delivery<'a>(record: &Record<'a>) -> Option<DeliveryRead<'a>> {
    let mut from = record.reader();
    let (delivery, request) = (from.long()?, from.long()?);
    let (outcome, reason) = (outcome_of(from.byte()?)?, from.text()?);
    let place = read_place(&mut from)?;
    let (has_payload, payload) = (from.byte()? != 0, from.text()?);
    let payload = has_payload.then_some(payload);
    Some(DeliveryRead { delivery, request, outcome, reason, place, payload })
}

pub(super) fn read_left_view<'a>(record: &Record<'a>) -> Option<(u64, &'a [u8])> {
    let mut from = record.reader();
    Some((from.long()?, from.text()?))
}

pub(super) fn read_notice<'a>(record: &Record<'a>) -> Option<(PlaceRead<'a>, &'a [u8])> {
    let mut from = record.reader();
    Some((read_place(&mut from)?, from.text()?))
}

pub(super) fn write_note(journal: &mut Journal, now: Now, name: &str, data: &Value) {
    debug_assert!(EVENT_KINDS.contains(&name), "`{name}` is not listed as a kind of event");
    journal.append(NOTE, now, |to| {
        to.text(name.as_bytes());
        to.text(data.to_string().as_bytes());
    });
}

pub(super) fn read_note<'a>(record: &Record<'a>) -> Option<(&'a [u8], Value)> {
    let mut from = record.reader();
    let name = from.text()?;
    Some((name, serde_json::from_slice(from.text()?).ok()?))
}

fn write_place(to: &mut crate::journal::Writer<'_>, post: &Post, id: crate::post::AddressId) {
    let address = post.address(id);
    to.word(id.0);
    to.byte(address.service.0);
    to.text(address.kind.as_bytes());
    to.text(post.app(address.app).1.as_bytes());
    post.with_device_name(address.device, |name| to.text(name.as_bytes()));
}

fn read_place<'a>(from: &mut crate::journal::Reader<'a>) -> Option<PlaceRead<'a>> {
    Some(PlaceRead {
        address: from.word()?,
        service: ServiceId(from.byte()?),
        kind: from.text()?,
        app: from.text()?,
        device: from.text()?,
    })
}

fn outcome_byte(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Collapsed => 1,
        Outcome::Delivered => 2,
        Outcome::Dropped => 3,
        Outcome::Expired => 4,
        Outcome::Pending => 5,
    }
}

fn outcome_of(byte: u8) -> Option<Outcome> {
    Some(match byte {
        1 => Outcome::Collapsed,
        2 => Outcome::Delivered,
        3 => Outcome::Dropped,
        4 => Outcome::Expired,
        5 => Outcome::Pending,
        _ => return None,
    })
}

const NO_SERVICE: u8 = u8::MAX;
