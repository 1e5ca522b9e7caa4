//! How requests and deliveries hang together in a tail: an index of places, and what is told with
//! its help.

use super::expect::Filter;
use super::project::{body, headers, is, notice_view, place_fits, text};
use super::record::{self, DeliveryRead, RequestRead};
use super::services::{about, attributes};
use super::view::{Arrival, DeliveryView, HistoryEntry};
use crate::journal::{Head, Place, Record, Tail};
use crate::post::Outcome;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where requests are by number, each delivery's steps, and how they left the view.
#[derive(Debug, Default)]
pub(super) struct Index {
    requests: HashMap<u64, Place, FixedState>,
    pub(super) deliveries: BTreeMap<u64, Vec<Place>>,
    unseen: HashMap<u64, Vec<Place>, FixedState>,
}

impl Index {
    pub(super) fn of(tail: &Tail) -> Self {
        let mut index = Self::default();
        for (place, record) in tail.placed_records(0) {
            index.take(place, &record);
        }
        index
    }

    pub(super) fn take(&mut self, place: Place, it: &Record<'_>) {
        match it.head.kind {
            record::REQUEST => {
                if let Some(id) = it.reader().long() {
                    self.requests.insert(id, place);
                }
            }
            record::DELIVERY => {
                if let Some(id) = it.reader().long() {
                    self.deliveries.entry(id).or_default().push(place);
                }
            }
            record::LEFT_VIEW => {
                if let Some(id) = it.reader().long() {
                    self.unseen.entry(id).or_default().push(place);
                }
            }
            _ => {}
        }
    }

    /// Forgets what the journal has evicted.
    pub(super) fn forget_before(&mut self, oldest: u64) {
        let kept = |place: &Place| !place.is_before(oldest);
        self.requests.retain(|_, place| kept(place));
        for steps in self.deliveries.values_mut() {
            steps.retain(kept);
        }
        self.deliveries.retain(|_, steps| !steps.is_empty());
        self.unseen.retain(|_, steps| steps.last().is_some_and(kept));
    }
}

/// A tail with its index.
#[derive(Clone, Copy)]
pub(super) struct Story<'a> {
    pub(super) tail: &'a Tail,
    pub(super) index: &'a Index,
}

impl<'a> Story<'a> {
    pub(super) fn steps(&self, places: &[Place]) -> Vec<(Head, DeliveryRead<'a>)> {
        let read = |place: &Place| {
            let record = self.tail.at(*place)?;
            Some((record.head, record::read_delivery(&record)?))
        };
        places.iter().filter_map(read).collect()
    }

    pub(super) fn request(&self, id: u64) -> Option<RequestRead<'a>> {
        record::read_request(&self.request_record(id)?)
    }

    pub(super) fn request_record(&self, id: u64) -> Option<Record<'a>> {
        self.tail.at(*self.index.requests.get(&id)?)
    }

    fn unseen(&self, delivery: u64) -> impl Iterator<Item = (Head, &'a [u8])> {
        let places = self.index.unseen.get(&delivery).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|place| {
            let record = self.tail.at(*place)?;
            Some((record.head, record::read_left_view(&record)?.1))
        })
    }

    pub(super) fn delivery_view(&self, steps: &[(Head, DeliveryRead<'a>)]) -> DeliveryView {
        let (_, last) = steps[steps.len() - 1];
        let step = |head: &Head, outcome, reason: &[u8]| HistoryEntry {
            at: head.now.world,
            outcome,
            reason: text(reason),
        };
        let mut history: Vec<_> =
            steps.iter().map(|(head, it)| step(head, it.outcome, it.reason)).collect();
        for (head, reason) in self.unseen(last.delivery) {
            history.push(step(&head, last.outcome, reason));
        }
        DeliveryView {
            id: last.delivery,
            request: last.request,
            device: text(last.place.device),
            provider: about(last.place.service).name.to_owned(),
            app: text(last.place.app),
            address: last.place.address,
            kind: text(last.place.kind),
            outcome: last.outcome,
            reason: text(last.reason),
            history,
            payload: self.payload(steps),
            attributes: self.attributes(&last),
        }
    }

    pub(super) fn arrival(&self, it: &Record<'a>, filter: &Filter) -> Option<Arrival> {
        if it.head.kind == record::NOTICE {
            let (place, notice) = record::read_notice(it)?;
            return place_fits(&place, filter).then(|| notice_view(it.head, &place, notice));
        }
        let step = Some(it).filter(|it| it.head.kind == record::DELIVERY)?;
        let step = record::read_delivery(step)?;
        let wanted = step.outcome == Outcome::Delivered
            && place_fits(&step.place, filter)
            && is(filter.reason.as_deref(), step.reason);
        wanted.then(|| Arrival {
            delivery: Some(step.delivery),
            request: Some(step.request),
            at: it.head.now.world,
            provider: about(step.place.service).name.to_owned(),
            app: text(step.place.app),
            address: step.place.address,
            reason: text(step.reason),
            payload: self.payload(&[(it.head, step)]),
            attributes: self.attributes(&step),
        })
    }

    /// What the device gets: its own payload where there is one, else the request's body.
    fn payload(&self, steps: &[(Head, DeliveryRead<'a>)]) -> Value {
        let own = steps.iter().find_map(|(_, step)| step.payload);
        let request = steps.first().and_then(|(_, step)| self.request(step.request));
        own.or_else(|| Some(request?.body)).map_or(Value::Null, body)
    }

    fn attributes(&self, step: &DeliveryRead<'a>) -> BTreeMap<String, String> {
        let Some(request) = self.request(step.request) else {
            return BTreeMap::new();
        };
        let all = attributes(step.place.service, &headers(&request));
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}
