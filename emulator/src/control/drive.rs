//! Moving time: the driver that sleeps until the next due moment, advances, resets.

use super::door::Door;
use super::order::What;
use super::pause::{sleep, within};
use crate::world::{Advance, BadCommand, ClockView, Command, Done, Refused};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Does what falls due by itself on a running clock, until it is canceled.
pub async fn drive(door: Arc<Door>, cancel: CancellationToken) {
    loop {
        let turn = tokio::select! {
            () = cancel.cancelled() => return,
            turn = door.turn.lock() => turn,
        };
        while !door.catch_up_on() {
            tokio::task::yield_now().await;
        }
        let length = door.doze().map_or(LONGEST_SLEEP, |length| length.min(LONGEST_SLEEP));
        drop(turn);
        tokio::select! {
            () = cancel.cancelled() => return,
            () = door.alarm.rung() => {}
            () = sleep(length) => {}
        }
        door.alarm.unset();
    }
}

impl Door {
    /// Advances world time: lets the requests in flight finish, then runs all that falls due in
    /// slices, between which others get the lock. It goes on when the caller stops waiting.
    ///
    /// # Errors
    /// World time does not go there.
    pub async fn advance(self: &Arc<Self>, advance: Advance) -> Result<ClockView, Refused> {
        let door = Arc::clone(self);
        let work = tokio::spawn(async move { door.advance_in_turn(advance).await });
        work.await.unwrap_or_else(|failed| match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(BadCommand::Stopping.into()),
        })
    }

    /// Clock to the start; devices, faults and queues gone; apps, keys and issued tokens kept.
    ///
    /// # Errors
    /// None today.
    pub async fn reset(&self) -> Result<(), Refused> {
        let _turn = self.turn.lock().await;
        self.apply(Command::Reset).map(drop)
    }

    async fn advance_in_turn(&self, advance: Advance) -> Result<ClockView, Refused> {
        let _turn = self.turn.lock().await;
        let unfinished = self.let_finish().await;
        let before = self.look(|world, at| world.clock(at).world);
        self.apply(Command::Advance(advance))?;
        if let Some(count) = unfinished {
            self.apply(Command::Note("trouble", unfinished_note(count)))?;
        }
        loop {
            if let Done::Clock(view) = self.apply(Command::AdvanceOn)? {
                let passed = What::TimePassed(view.world.since(before));
                self.connections.tell(&passed, None).await;
                return Ok(ClockView { unfinished, ..view });
            }
            tokio::task::yield_now().await;
        }
    }

    /// Gives how long the driver may sleep; commands that bring an earlier moment wake it from now
    /// on.
    fn doze(&self) -> Option<Duration> {
        self.look(|world, at| {
            let due = world.wakes_at();
            self.alarm.set(due);
            due.map(|due| due.since(at))
        })
    }

    /// Waits for the requests that are in flight now; gives how many did not finish in time.
    async fn let_finish(&self) -> Option<usize> {
        let mut changes = self.changes();
        let generation = self.flight().turn();
        let finished = async {
            while self.flight().left_before(generation) > 0 {
                // The sender lives as long as this door.
                let _ = changes.changed().await;
            }
        };
        match within(FLIGHT_LIMIT, finished).await {
            Some(()) => None,
            None => Some(self.flight().left_before(generation)).filter(|count| *count > 0),
        }
    }
}

/// What the journal says of requests that an advance did not wait for.
fn unfinished_note(count: usize) -> Value {
    let limit = FLIGHT_LIMIT.as_secs();
    json!({
        "what": format!("the clock was advanced with {count} requests in flight, after {limit} s"),
        "help": "a sender is slow, or a fault holds replies back: they are answered after the advance",
        "unfinished": count,
    })
}

/// How long an advance lets requests in flight finish, in real time.
const FLIGHT_LIMIT: Duration = Duration::from_secs(5);

/// The driver looks at least so often, because the real clock may have been set meanwhile, or the
/// machine may have slept.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
