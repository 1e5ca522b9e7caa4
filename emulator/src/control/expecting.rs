//! Waiting for what must be true.

use super::handle::Control;
use super::pause::within;
use crate::clock::parse_duration;
use crate::world::{Expectation, Judgement, Miss, Watch, Watched, holds, is_final, judge};

impl Control {
    /// Judges an expectation. What must have arrived is waited for up to the expectation's limit in
    /// real time; exact counts and absence hold only when nothing is in flight.
    pub async fn expect(&self, expectation: &Expectation) -> Judgement {
        let limit = match expectation.timeout.as_deref().map(parse_duration) {
            None => return self.judge_now(expectation).await,
            Some(Ok(limit)) => limit,
            Some(Err(what)) => {
                let mut judgement = self.judge_now(expectation).await;
                judgement.held = false;
                judgement.misses.push(wrong(what));
                return judgement;
            }
        };
        match within(limit, self.judge_when_settled(expectation)).await {
            Some(judgement) => judgement,
            None => self.judge_now(expectation).await,
        }
    }

    async fn judge_when_settled(&self, expectation: &Expectation) -> Judgement {
        let needs_quiet = expectation.exactly.is_some() || expectation.none.is_some();
        let mut changes = self.door.changes();
        let after = expectation.after.unwrap_or_default();
        let what = Watched::List(Box::new(expectation.filter.clone()));
        let mut watch = Watch::new(what, after);
        loop {
            changes.mark_unchanged();
            // Looked at first: what was in flight before is then answered in the journal.
            let quiet = self.door.in_flight() == 0;
            watch = self.read_on(watch).await;
            let held = holds(expectation, &watch);
            let settled = held && (quiet || !needs_quiet);
            if settled || is_final(expectation, &watch, held) {
                return self.judge_watched(expectation, watch).await;
            }
            // The sender lives as long as the door.
            let _ = changes.changed().await;
        }
    }

    /// Says why, on what was read and nothing later.
    async fn judge_watched(&self, expectation: &Expectation, watch: Watch) -> Judgement {
        let expectation = expectation.clone();
        self.beside(move |control| match watch.tail() {
            Some(tail) => judge(tail, &expectation),
            None => judge(&control.whole(), &expectation),
        })
        .await
    }

    async fn judge_now(&self, expectation: &Expectation) -> Judgement {
        let expectation = expectation.clone();
        self.beside(move |control| judge(&control.whole(), &expectation)).await
    }
}

fn wrong(what: String) -> Miss {
    Miss { what, expected: None, nearest: None, differences: Vec::new(), decided_by: None }
}
