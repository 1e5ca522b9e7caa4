//! The world clock as a state machine over readings of the real one.

use super::{FROZEN_START, Mode, Now, Timestamp};
use std::collections::VecDeque;
use std::time::Duration;

/// The world clock: how world time follows from sender time, and the jumps that were made.
#[derive(Clone, Debug)]
pub struct Clock {
    mode: Mode,
    start: Option<Timestamp>,
    /// The last reading: readings that go back are taken as standing still.
    latest: Timestamp,
    /// World time since which it holds, from the sender's moment on which it holds.
    base: Now,
    jumps: VecDeque<Jump>,
    advancing: Option<Timestamp>,
}

/// World time went from one instant to another at one real moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Jump {
    sender: Timestamp,
    from: Timestamp,
    to: Timestamp,
}

/// World time cannot go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the world clock stands at `{now}` and can't go back to `{to}`")]
pub struct GoesBack {
    /// Where it stands.
    pub now: Timestamp,
    /// Where it was to go.
    pub to: Timestamp,
}

impl Clock {
    /// A clock that begins at a reading of the real one. A frozen clock starts at `start`, else at
    /// [`FROZEN_START`]; a running one at `start`, else at sender time.
    pub fn new(mode: Mode, start: Option<Timestamp>, sender: Timestamp) -> Self {
        let world = match (mode, start) {
            (_, Some(start)) => start,
            (Mode::Frozen, None) => FROZEN_START,
            (Mode::Running, None) => sender,
        };
        let base = Now { world, sender };
        Self { mode, start, latest: sender, base, jumps: VecDeque::new(), advancing: None }
    }

    /// Begins anew at this reading, with the same mode and start.
    pub fn reset(&mut self, sender: Timestamp) {
        *self = Self::new(self.mode, self.start, sender);
    }

    /// How it moves.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Both times at a reading of the real clock. While an advance is under way, world time stands
    /// at the last due moment.
    pub fn now(&mut self, sender: Timestamp) -> Now {
        self.latest = self.latest.max(sender);
        let world = match self.advancing {
            Some(_) => self.end_of_jumps().world,
            None => self.to_world(self.latest),
        };
        Now { world, sender: self.latest }
    }

    /// Begins to advance to an instant; [`Self::step`] and [`Self::arrive`] follow.
    ///
    /// # Errors
    /// The instant is in the past.
    pub fn set_out(&mut self, to: Timestamp, now: Now) -> Result<(), GoesBack> {
        if to < now.world {
            return Err(GoesBack { now: now.world, to });
        }
        if self.jumps.len() == MAX_JUMPS
            && let Some(oldest) = self.jumps.pop_front()
        {
            self.base = Now { world: oldest.to, sender: oldest.sender };
        }
        self.jumps.push_back(Jump { sender: now.sender, from: now.world, to: now.world });
        self.advancing = Some(to);
        Ok(())
    }

    /// Where the advance under way goes to.
    pub fn target(&self) -> Option<Timestamp> {
        self.advancing
    }

    /// Moves the advance under way to a due moment, and gives the instant at which it runs.
    pub fn step(&mut self, due: Timestamp) -> Now {
        if let (Some(target), Some(jump)) = (self.advancing, self.jumps.back_mut()) {
            jump.to = jump.to.max(due.min(target));
        }
        self.end_of_jumps()
    }

    /// Ends the advance under way at its target.
    pub fn arrive(&mut self) -> Now {
        if let (Some(target), Some(jump)) = (self.advancing.take(), self.jumps.back_mut()) {
            jump.to = target;
        }
        let latest = self.latest;
        self.now(latest)
    }

    /// The world instant at a sender's moment; a moment of a jump is after it.
    pub fn to_world(&self, sender: Timestamp) -> Timestamp {
        let last = self.jumps.iter().rev().find(|jump| jump.sender <= sender);
        let from = last.map_or(self.base, |jump| Now { world: jump.to, sender: jump.sender });
        match self.mode {
            Mode::Frozen => from.world,
            Mode::Running if sender >= from.sender => from.world.after(sender.since(from.sender)),
            Mode::Running => from.world.before(from.sender.since(sender)),
        }
    }

    /// The sender's moment of a world instant: inside a jump the real moment of the jump; on a
    /// frozen clock the first moment at which the world stood there.
    pub fn to_sender(&self, world: Timestamp) -> Timestamp {
        let last = self.jumps.iter().rev().find(|jump| jump.from <= world);
        let Some(jump) = last else {
            return match self.mode {
                Mode::Frozen => self.base.sender,
                Mode::Running if world >= self.base.world => {
                    self.base.sender.after(world.since(self.base.world))
                }
                Mode::Running => self.base.sender.before(self.base.world.since(world)),
            };
        };
        let beyond = match self.mode {
            Mode::Frozen => Duration::ZERO,
            Mode::Running => world.since(jump.to),
        };
        jump.sender.after(beyond)
    }

    /// When, on the sender's clock, world time reaches an instant by itself.
    pub fn reaches(&self, world: Timestamp) -> Option<Timestamp> {
        match self.mode {
            Mode::Frozen => None,
            Mode::Running => Some(self.to_sender(world)),
        }
    }

    fn end_of_jumps(&self) -> Now {
        let end = self.jumps.back().map(|jump| Now { world: jump.to, sender: jump.sender });
        end.unwrap_or(self.base)
    }
}

/// How many jumps are remembered; older instants map as if the clock had run since the oldest.
const MAX_JUMPS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    const T: fn(i64) -> Timestamp = Timestamp::from_seconds;

    fn jump(clock: &mut Clock, at: i64, to: i64) {
        let now = clock.now(T(at));
        clock.set_out(T(to), now).unwrap();
        clock.arrive();
    }

    #[test]
    fn a_running_clock_is_sender_time_plus_all_jumps() {
        let mut clock = Clock::new(Mode::Running, None, T(100));
        jump(&mut clock, 110, 1_000);
        jump(&mut clock, 120, 2_000);
        assert_eq!(clock.now(T(125)), Now { world: T(2_005), sender: T(125) });
    }

    #[test]
    fn a_frozen_clock_moves_by_jumps_only() {
        let mut clock = Clock::new(Mode::Frozen, None, T(100));
        assert_eq!(clock.now(T(500)).world, FROZEN_START);
        let to = FROZEN_START.after(Duration::from_secs(60));
        let now = clock.now(T(501));
        clock.set_out(to, now).unwrap();
        clock.arrive();
        assert_eq!(clock.now(T(900)).world, to);
    }

    #[test]
    fn an_instant_inside_a_jump_maps_to_the_real_moment_of_the_jump() {
        let mut clock = Clock::new(Mode::Running, None, T(100));
        jump(&mut clock, 110, 1_000);
        assert_eq!(clock.to_sender(T(500)), T(110));
        assert_eq!(clock.to_sender(T(1_007)), T(117));
        assert_eq!(clock.to_sender(T(105)), T(105));
        assert_eq!(clock.to_world(T(110)), T(1_000));
    }

    #[test]
    fn while_advancing_the_world_stands_at_the_last_due_moment() {
        let mut clock = Clock::new(Mode::Running, None, T(100));
        let now = clock.now(T(110));
        clock.set_out(T(1_000), now).unwrap();
        assert_eq!(clock.step(T(400)), Now { world: T(400), sender: T(110) });
        assert_eq!(clock.now(T(130)).world, T(400));
        assert_eq!(clock.arrive(), Now { world: T(1_020), sender: T(130) });
    }

    #[test]
    fn a_reading_that_goes_back_stands_still() {
        let mut clock = Clock::new(Mode::Running, None, T(100));
        clock.now(T(200));
        assert_eq!(clock.now(T(150)), Now { world: T(200), sender: T(200) });
    }

    #[test]
    fn world_time_does_not_go_back() {
        let mut clock = Clock::new(Mode::Running, None, T(100));
        let now = clock.now(T(200));
        assert_eq!(clock.set_out(T(199), now), Err(GoesBack { now: T(200), to: T(199) }));
    }
}
