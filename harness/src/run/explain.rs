//! What helps to understand why a scenario does not hold.

use super::result::{Failure, IdleFault, NoRequest};
use super::stage::{MANY, Stage};
use pushpit_emulator::world::{FaultView, Filter, Subject};
use std::time::Duration;
use tokio::time::timeout;

impl Stage<'_> {
    /// Adds to a failure what helps to understand it: what was rejected, what never became a
    /// request, and what senders wrote.
    pub(super) async fn explain(&self, failure: &mut Failure) {
        failure.seen.rejected = self.rejected();
        if failure.seen.rejected.is_empty() {
            // A connection that breaks is told a moment later. That none does is the usual case.
            drop(timeout(BREAKING, self.first_trouble()).await);
        }
        failure.seen.no_requests = self.no_requests();
        let expected = !failure.seen.misses.is_empty();
        let any = Filter { of: Subject::Requests, ..Filter::default() };
        let came = || !self.emulator.control().requests(&any, self.since, 1).items.is_empty();
        failure.seen.silent = expected && failure.seen.no_requests.is_empty() && !came();
        failure.seen.outputs.extend(self.outputs());
    }

    async fn first_trouble(&self) {
        let control = self.emulator.control();
        let mut seen = self.since;
        loop {
            let troubles = control.events(Some("trouble"), seen, 1);
            if !troubles.items.is_empty() {
                return;
            }
            seen = troubles.next;
            control.door().changed_since(seen).await;
        }
    }

    /// What senders did last that never became a request; the same only once.
    fn no_requests(&self) -> Vec<NoRequest> {
        let ca = self.emulator.ca_path().display().to_string();
        let mut all: Vec<NoRequest> = Vec::new();
        for event in self.emulator.control().events(Some("trouble"), self.since, MANY).items {
            let text = |key: &str| event.data[key].as_str().unwrap_or_default().to_owned();
            // The file is gone when somebody reads this.
            let (what, help) = (text("what"), text("help").replace(&ca, "${ca}"));
            let place = all.iter().position(|one| one.what == what && one.help == help);
            let times = 1 + place.map_or(0, |place| all.remove(place).times);
            all.push(NoRequest { what, help, times });
        }
        all.into_iter().rev().take(SHOWN).collect()
    }

    /// The last requests that the emulator rejected, in a line each.
    fn rejected(&self) -> Vec<String> {
        let filter = Filter {
            of: Subject::Requests,
            verdict: Some("rejected".to_owned()),
            ..Filter::default()
        };
        let all = self.emulator.control().requests(&filter, self.since, MANY).items;
        let line = |it: &pushpit_emulator::world::RequestView| {
            let said = |text: &Option<String>| text.clone().unwrap_or_default();
            let (status, reason, cause) = (it.status, said(&it.reason), said(&it.cause));
            format!("request {} {} {}: {status} {reason}: {cause}", it.id, it.method, it.path)
        };
        all.iter().rev().take(SHOWN).map(line).collect()
    }

    /// The faults that never struck. Of one that a sender took away nobody knows.
    pub(super) fn idle_faults(&self) -> Vec<IdleFault> {
        let rules = self.emulator.control().faults();
        let is_idle = |laid: &FaultView| match laid.fault.now {
            true => laid.struck == 0,
            false => rules.iter().any(|rule| rule.id == laid.id && rule.struck == 0),
        };
        let idle = self.faults.iter().filter(|(laid, _)| is_idle(laid));
        idle.map(|(laid, place)| IdleFault { place: *place, fault: laid.fault.clone() }).collect()
    }
}

/// How long a failure waits for a connection that may be about to break.
const BREAKING: Duration = Duration::from_millis(100);

/// How many rejected requests, and other troubles, a failure shows.
const SHOWN: usize = 5;
