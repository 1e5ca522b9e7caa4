//! Waiting for what must be true.

use super::handle::Control;
use super::pause::within;
use crate::clock::parse_duration;
use crate::world::{Expectation, Judgement, Miss, Watch, Watched, holds, is_final, judge};
use std::time::Duration;

impl Control {
    /// Judges an expectation. What must have arrived is waited for up to the expectation's limit in
    /// real time; exact counts and absence hold only when nothing is in flight.
    pub async fn expect(&self, expectation: &Expectation) -> Judgement {
        let limit = expectation.timeout.as_deref().map(parse_duration).transpose();
        let (limit, wrong) = match limit {
            Ok(limit) => (limit.unwrap_or_default(), None),
            Err(wrong) => (Duration::ZERO, Some(wrong)),
        };
        let mut judgements = self.expect_all(std::slice::from_ref(expectation), limit).await;
        let mut judgement = judgements.remove(0);
        if let Some(wrong) = wrong {
            judgement.held = false;
            judgement.misses.push(told(wrong.to_string()));
        }
        judgement
    }

    /// Judges expectations together, all of them on the journal as it is at one moment: the first
    /// at which each holds or can never hold, or the end of the limit, a real one that stands in
    /// place of their own. The judgements come in the order of the expectations.
    pub async fn expect_all(
        &self,
        expectations: &[Expectation],
        limit: Duration,
    ) -> Vec<Judgement> {
        let settled = if limit.is_zero() {
            None
        } else {
            within(limit, self.judge_when_settled(expectations)).await
        };
        match settled {
            Some(judgements) => judgements,
            None => self.judge_now(expectations).await,
        }
    }

    async fn judge_when_settled(&self, expectations: &[Expectation]) -> Vec<Judgement> {
        let mut changes = self.door.changes();
        let mut watches: Vec<_> = expectations.iter().map(watch_for).collect();
        loop {
            changes.mark_unchanged();
            // Looked at first: what was in flight before is then answered in the journal.
            let quiet = self.door.in_flight() == 0;
            watches = self.read_all_on(watches).await;
            if expectations.iter().zip(&watches).all(|(it, watch)| is_settled(it, watch, quiet)) {
                return self.judge_watched(expectations, watches).await;
            }
            // The sender lives as long as the door.
            let _ = changes.changed().await;
        }
    }

    /// Reads for all of them what the journal got since the last time, up to the same place.
    async fn read_all_on(&self, mut watches: Vec<Watch>) -> Vec<Watch> {
        self.beside(move |control| {
            let from = watches.first().map(Watch::read_from).unwrap_or_default();
            let tail = control.door.tail(from);
            for watch in &mut watches {
                watch.read(tail.clone());
            }
            watches
        })
        .await
    }

    /// Says why, on what was read and nothing later.
    async fn judge_watched(
        &self,
        expectations: &[Expectation],
        watches: Vec<Watch>,
    ) -> Vec<Judgement> {
        let expectations = expectations.to_vec();
        self.beside(move |control| {
            let judged = expectations.iter().zip(&watches).map(|(it, watch)| match watch.tail() {
                Some(tail) => judge(tail, it),
                None => judge(&control.whole(), it),
            });
            judged.collect()
        })
        .await
    }

    async fn judge_now(&self, expectations: &[Expectation]) -> Vec<Judgement> {
        let expectations = expectations.to_vec();
        self.beside(move |control| {
            let tail = control.whole();
            expectations.iter().map(|it| judge(&tail, it)).collect()
        })
        .await
    }
}

fn watch_for(expectation: &Expectation) -> Watch {
    let what = Watched::List(Box::new(expectation.filter.clone()));
    Watch::new(what, expectation.after.unwrap_or_default())
}

/// Whether it holds, or nothing that comes can make it hold.
fn is_settled(expectation: &Expectation, watch: &Watch, quiet: bool) -> bool {
    let needs_quiet = expectation.exactly.is_some() || expectation.none.is_some();
    let held = holds(expectation, watch);
    (held && (quiet || !needs_quiet)) || is_final(expectation, watch, held)
}

fn told(what: String) -> Miss {
    Miss { what, expected: None, nearest: None, differences: Vec::new(), decided_by: None }
}
