//! The world clock through a scenario: where it goes is known before the run when it is frozen.

use super::Checker;
use crate::diagnostic::Place;
use crate::scenario::{Advance, Located, Step};
use pushpit_emulator::clock::{FROZEN_START, LATEST, Mode};

impl Checker<'_> {
    /// Checks that no step moves a frozen clock back, or beyond its end. Where a running one
    /// stands is for the run to say.
    pub(super) fn clock(&mut self) {
        let scenario = self.scenario;
        if scenario.clock.mode != Mode::Frozen {
            return;
        }
        let mut now = scenario.clock.start.unwrap_or(FROZEN_START);
        for step in &scenario.steps {
            let Step::Advance(advance) = &step.value else { continue };
            let (to, place) = match advance {
                Advance::By(length) => (now.after(length.0), step.place),
                Advance::To(Located { value, place }) => (*value, *place),
            };
            if to < now {
                let message =
                    format!("the world clock stands at `{now}` here and cannot go back to `{to}`");
                self.wrong_advance(place, message, "advance to a later moment, or by a length");
            } else if to > LATEST {
                let message =
                    format!("the world clock stands at `{now}` here and ends at `{LATEST}`");
                self.wrong_advance(place, message, "advance less far");
            } else {
                now = to;
            }
        }
    }

    fn wrong_advance(&mut self, place: Place, message: String, help: &str) {
        self.report(place, message).help(help.to_owned()).file(self);
    }
}
