//! `expect` and `await`: the scenario's words turned into the world's expectations.

use super::result::Failure;
use super::stage::Stage;
use super::step::said;
use crate::scenario::{
    DeliveryMatch, DeviceExpect, Exactly, Expect, Located, Nothing, RequestMatch,
};
use pushpit_emulator::journal::Cursor;
use pushpit_emulator::post::Outcome;
use pushpit_emulator::world::{Expectation, Filter, Subject, Wanted};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What an expectation is about, for messages, and the expectation.
type Named = (String, Expectation);

impl Stage<'_> {
    /// Judges what happened since the `expect` before; then that is past.
    pub(super) async fn expect(&mut self, expect: &Expect) -> Result<(), Failure> {
        let mut all = Vec::new();
        for (device, wanted) in expect.devices.iter() {
            all.extend(self.device_expectations(&device.value, &wanted.value)?);
        }
        if let Some(requests) = &expect.requests {
            all.push(("requests".to_owned(), self.request_expectation(&requests.value)?));
        }
        self.since = self.judge(all, ARRIVAL_LIMIT, false).await?;
        Ok(())
    }

    /// Judges expectations together, at one moment within a real limit; gives the place in the
    /// journal up to which was looked.
    pub(super) async fn judge(
        &mut self,
        all: Vec<Named>,
        limit: Duration,
        at_least_one: bool,
    ) -> Result<Cursor, Failure> {
        let (abouts, mut expectations): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        for expectation in &mut expectations {
            expectation.after = Some(self.since);
            let says_nothing = expectation.exactly.is_none()
                && expectation.contains.is_none()
                && expectation.none.is_none();
            if at_least_one && says_nothing {
                expectation.contains = Some(vec![json!({})]);
            }
        }
        let judgements = self.emulator.control().expect_all(&expectations, limit).await;
        let looked_to = judgements.first().map_or(self.since, |judgement| judgement.next);
        let mut failure = Failure::default();
        for (about, judgement) in abouts.into_iter().zip(judgements) {
            let misses = judgement.misses.into_iter().map(|miss| (about.clone(), miss));
            failure.seen.misses.extend(misses);
        }
        if failure.seen.misses.is_empty() {
            return Ok(looked_to);
        }
        failure.what = "not what was expected".to_owned();
        Err(failure)
    }

    fn device_expectations(
        &self,
        device: &str,
        wanted: &DeviceExpect,
    ) -> Result<Vec<Named>, Failure> {
        let mut all = Vec::new();
        let filter = Filter { device: Some(device.to_owned()), ..Filter::default() };
        if wanted.exactly.is_some() || wanted.contains.is_some() || wanted.none.is_some() {
            let arrivals = self.wanted(
                filter.clone(),
                wanted.exactly.as_ref(),
                wanted.contains.as_deref(),
                wanted.none.as_ref(),
            )?;
            all.push((format!("device `{device}`"), arrivals));
        }
        let counts = [
            (wanted.collapsed, Outcome::Collapsed, "collapsed"),
            (wanted.expired, Outcome::Expired, "expired"),
            (wanted.dropped, Outcome::Dropped, "dropped"),
            (wanted.pending, Outcome::Pending, "pending"),
        ];
        for (count, outcome, word) in counts {
            let Some(count) = count else { continue };
            let filter =
                Filter { of: Subject::Deliveries, outcome: Some(outcome), ..filter.clone() };
            let exactly = Some(Wanted::Count(count));
            let expectation = Expectation { filter, exactly, ..Expectation::default() };
            all.push((format!("device `{device}`, {word}"), expectation));
        }
        Ok(all)
    }

    pub(super) fn request_expectation(
        &self,
        wanted: &RequestMatch,
    ) -> Result<Expectation, Failure> {
        let mut fields = wanted.filter();
        let like = take_all(&mut fields, &["headers", "body"]);
        let filter = self.filter(Subject::Requests, fields, like)?;
        self.wanted(
            filter,
            wanted.exactly.as_ref(),
            wanted.contains.as_deref(),
            wanted.none.as_ref(),
        )
    }

    pub(super) fn delivery_expectation(
        &self,
        wanted: &DeliveryMatch,
    ) -> Result<Expectation, Failure> {
        let mut fields = wanted.filter();
        let like = take_all(&mut fields, &["payload"]);
        let filter = self.filter(Subject::Deliveries, fields, like)?;
        self.wanted(
            filter,
            wanted.exactly.as_ref(),
            wanted.contains.as_deref(),
            wanted.none.as_ref(),
        )
    }

    fn filter(
        &self,
        of: Subject,
        mut fields: Map<String, Value>,
        like: Map<String, Value>,
    ) -> Result<Filter, Failure> {
        if let Some(Value::String(app)) = fields.get_mut("app") {
            *app = self.app_id(app).to_owned();
        }
        if !like.is_empty() {
            fields.insert("like".to_owned(), Value::Object(like));
        }
        let fields = self.fill_value(&Value::Object(fields))?;
        let filter: Filter =
            serde_json::from_value(fields).map_err(|error| said(error.to_string()))?;
        Ok(Filter { of, ..filter })
    }

    fn wanted(
        &self,
        filter: Filter,
        exactly: Option<&Exactly>,
        contains: Option<&[Located<Value>]>,
        none: Option<&Located<Nothing>>,
    ) -> Result<Expectation, Failure> {
        let exactly = match exactly {
            None => None,
            Some(Exactly::Count(count)) => Some(Wanted::Count(*count)),
            Some(Exactly::List(items)) => Some(Wanted::Items(self.items(items)?)),
        };
        let none = match none.map(|none| &none.value) {
            None => None,
            Some(Nothing::AtAll) => Some(Vec::new()),
            Some(Nothing::Like(items)) => Some(self.items(items)?),
        };
        let contains = contains.map(|items| self.items(items)).transpose()?;
        Ok(Expectation { filter, exactly, contains, none, ..Expectation::default() })
    }

    fn items(&self, items: &[Located<Value>]) -> Result<Vec<Value>, Failure> {
        items.iter().map(|item| self.fill_value(&item.value)).collect()
    }
}

fn take_all(fields: &mut Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| fields.remove_entry(*name)).collect()
}

/// How long `expect` waits, really, for what must have arrived.
const ARRIVAL_LIMIT: Duration = Duration::from_secs(5);
