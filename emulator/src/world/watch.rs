//! A list that is read on: each look reads only what the journal got since the last one.

use super::expect::{Filter, Subject};
use super::project::{
    delivery_fits, event_view, is_like, kinds_of, place_fits, request_fits, request_view, since,
};
use super::record;
use super::story::{Index, Story};
use super::view::List;
use crate::journal::{Cursor, Record, Tail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is watched.
#[derive(Clone, Debug)]
pub enum Watched {
    /// The journal's lines, of one kind or of all.
    Events(Option<String>),
    /// A list of the filter's kind.
    List(Box<Filter>),
}

/// A list as it was when it was last read, with what is needed to read on.
#[derive(Debug)]
pub struct Watch {
    what: Watched,
    after: Cursor,
    tail: Option<Tail>,
    index: Index,
    /// The entries by the place in the journal that orders them.
    entries: BTreeMap<u64, Value>,
}

impl Watch {
    /// A list of what happens after a place.
    pub fn new(what: Watched, after: Cursor) -> Self {
        let (index, entries) = (Index::default(), BTreeMap::new());
        Self { what, after, tail: None, index, entries }
    }

    /// From where on the journal is to be read the next time; a list at first from the beginning,
    /// because what is told may have been sent long before.
    pub fn read_from(&self) -> Cursor {
        match (&self.tail, &self.what) {
            (Some(tail), _) => tail.end(),
            (None, Watched::Events(_)) => self.after,
            (None, Watched::List(_)) => Cursor::default(),
        }
    }

    /// Reads on with the journal's tail from [`Self::read_from`]. After a reset all begins anew.
    pub fn read(&mut self, later: Tail) {
        let earlier = self.tail.take().filter(|it| it.end().epoch == later.end().epoch);
        let (read_to, tail) = match earlier {
            None => {
                *self = Self::new(self.what.clone(), self.after);
                (0, later)
            }
            Some(mut tail) => {
                let (oldest, read_to) = (tail.oldest(), tail.end().sequence);
                tail.extend(later);
                if tail.oldest() > oldest {
                    self.index.forget_before(tail.oldest());
                    self.entries = self.entries.split_off(&tail.oldest());
                }
                (read_to, tail)
            }
        };
        for (place, record) in tail.placed_records(read_to) {
            self.index.take(place, &record);
            self.take(&tail, &record);
        }
        self.tail = Some(tail);
    }

    /// How many entries there are.
    pub fn length(&self) -> usize {
        self.entries.len()
    }

    /// The entries in order.
    pub fn entries(&self) -> impl Iterator<Item = &Value> {
        self.entries.values()
    }

    /// All that was read.
    pub fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    /// How many lines of the list's kinds were evicted after the place.
    pub fn dropped(&self) -> u64 {
        let Some(tail) = &self.tail else { return 0 };
        let told = tail.from(self.after);
        match &self.what {
            Watched::Events(None) => told.dropped_all(),
            Watched::Events(Some(name)) => told.dropped(super::project::kind_named(name)),
            Watched::List(filter) => kinds_of(filter.of).iter().map(|it| told.dropped(*it)).sum(),
        }
    }

    /// The first entries, as a page.
    pub fn page<T: DeserializeOwned>(&self, limit: usize) -> List<T> {
        let view = |value: &Value| serde_json::from_value(value.clone()).ok();
        let items = self.entries.values().take(limit).filter_map(view).collect();
        let mut next = self.tail.as_ref().map(Tail::end).unwrap_or_default();
        if self.entries.len() > limit
            && let Some(last) = self.entries.keys().take(limit).next_back()
        {
            next.sequence = *last;
        }
        List { items, next, dropped: self.dropped(), complete: None }
    }

    fn take(&mut self, tail: &Tail, it: &Record<'_>) {
        let after = since(tail, self.after);
        let story = Story { tail, index: &self.index };
        match &self.what {
            Watched::Events(kind) => {
                let view = event_view(tail, it, kind.as_deref());
                let view = view.filter(|_| it.head.sequence > after);
                put(&mut self.entries, it.head.sequence, view.as_ref());
            }
            Watched::List(filter) => match filter.of {
                Subject::Deliveries => take_delivery(&mut self.entries, story, filter, after, it),
                Subject::Inbox if it.head.sequence > after => {
                    let view = story.arrival(it, filter).filter(|view| is_like(filter, view));
                    put(&mut self.entries, it.head.sequence, view.as_ref());
                }
                Subject::Inbox => {}
                Subject::Requests => take_request(&mut self.entries, story, filter, after, it),
            },
        }
    }
}

fn take_delivery(
    entries: &mut BTreeMap<u64, Value>,
    story: Story<'_>,
    filter: &Filter,
    after: u64,
    it: &Record<'_>,
) {
    if !matches!(it.head.kind, record::DELIVERY | record::LEFT_VIEW) {
        return;
    }
    let places = it.reader().long().and_then(|id| story.index.deliveries.get(&id));
    let steps = story.steps(places.map(Vec::as_slice).unwrap_or_default());
    for (head, _) in &steps {
        entries.remove(&head.sequence);
    }
    let last = steps.last().map_or(0, |(head, _)| head.sequence);
    if last > after && delivery_fits(&steps, filter) {
        let view = Some(story.delivery_view(&steps)).filter(|view| is_like(filter, view));
        put(entries, last, view.as_ref());
    }
}

fn take_request(
    entries: &mut BTreeMap<u64, Value>,
    story: Story<'_>,
    filter: &Filter,
    after: u64,
    it: &Record<'_>,
) {
    let needs_place = filter.app.is_some() || filter.device.is_some();
    let found = match it.head.kind {
        record::REQUEST if !needs_place => Some(*it),
        record::DELIVERY if needs_place && it.head.sequence > after => record::read_delivery(it)
            .filter(|step| place_fits(&step.place, filter))
            .and_then(|step| story.request_record(step.request)),
        _ => None,
    };
    let Some(found) = found.filter(|it| it.head.sequence > after) else { return };
    let request = record::read_request(&found).filter(|request| request_fits(request, filter));
    let view = request.map(|request| request_view(found.head, &request));
    put(entries, found.head.sequence, view.filter(|view| is_like(filter, view)).as_ref());
}

fn put<T: Serialize>(entries: &mut BTreeMap<u64, Value>, sequence: u64, view: Option<&T>) {
    if let Some(value) = view.and_then(|view| serde_json::to_value(view).ok()) {
        entries.insert(sequence, value);
    }
}
