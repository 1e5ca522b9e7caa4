//! Moving world time: from due moment to due moment, in slices.

use super::bad_command::BadCommand;
use super::command::{Advance, Done, Refused};
use super::state::World;
use super::view::ClockView;
use crate::clock::{LATEST, Now, Timestamp};
use serde_json::json;

impl World {
    pub(super) fn set_out(&mut self, advance: Advance, now: Now) -> Result<Done, Refused> {
        if self.clock.target().is_some() {
            return Err(BadCommand::Advancing.into());
        }
        let to = target(advance, now)?;
        self.clock.set_out(to, now)?;
        self.note(now, "clock_advancing", &json!({"from": now.world, "to": to}));
        Ok(Done::Nothing)
    }

    /// Runs what falls due next on the way, up to a slice's worth; at the end arrives.
    pub(super) fn advance_on(&mut self) -> Done {
        let Some(target) = self.clock.target() else {
            return Done::Nothing;
        };
        for _ in 0..SLICE {
            let Some((due, service)) = self.next_due().filter(|(due, _)| *due <= target) else {
                return self.arrive();
            };
            let now = self.clock.step(due);
            self.fall_due(service, now);
        }
        Done::Nothing
    }

    /// Does what fell due since the last command, each at its own moment.
    pub fn catch_up(&mut self, at: Timestamp) -> Now {
        let now = self.clock.now(at);
        while !self.catch_up_slice(now) {}
        now
    }

    /// Does what fell due since the last command, up to a slice's worth; whether that was all. A
    /// command that follows at the same reading sees the same world, however it was sliced.
    pub fn catch_up_on(&mut self, at: Timestamp) -> bool {
        let now = self.clock.now(at);
        self.catch_up_slice(now)
    }

    /// Whether something is due at a reading, such as what a request left to be done.
    pub fn owes(&mut self, at: Timestamp) -> bool {
        let Some((due, _)) = self.next_due() else { return false };
        self.clock.target().is_none() && due <= self.clock.now(at).world
    }

    fn catch_up_slice(&mut self, now: Now) -> bool {
        if self.clock.target().is_some() {
            return true;
        }
        for _ in 0..SLICE {
            let Some((due, service)) = self.next_due().filter(|(due, _)| *due <= now.world) else {
                return true;
            };
            let then = Now { world: due, sender: self.clock.to_sender(due).min(now.sender) };
            self.fall_due(service, then);
        }
        false
    }

    /// Both clocks at a reading of the real one.
    pub fn clock(&mut self, at: Timestamp) -> ClockView {
        let now = self.catch_up(at);
        self.clock_view(now)
    }

    fn clock_view(&self, now: Now) -> ClockView {
        let mode = self.clock.mode();
        ClockView { world: now.world, sender: now.sender, mode, unfinished: None }
    }

    fn arrive(&mut self) -> Done {
        let now = self.clock.arrive();
        self.note(now, "clock_advanced", &json!({"to": now.world}));
        Done::Clock(self.clock_view(now))
    }
}

fn target(advance: Advance, now: Now) -> Result<Timestamp, BadCommand> {
    let to = match (advance.by, advance.to) {
        (Some(by), None) => now.world.after(by),
        (None, Some(to)) => to,
        _ => return Err(BadCommand::HowFar),
    };
    if to > LATEST {
        return Err(BadCommand::BeyondTheEnd);
    }
    Ok(to)
}

/// How many due moments run under one hold of the lock: some 100 µs, and with full queues below 1 ms.
const SLICE: usize = 100;
