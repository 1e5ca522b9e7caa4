//! What the program's exit status says. `exec` is the exception: it hands on its child's own.

use std::process::ExitCode;

/// How a call of the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All held.
    Held = 0,
    /// Something did not hold: an expectation, a snapshot, a sender's own exit status.
    DidNotHold = 1,
    /// The call or a file is wrong; nothing was run because of it.
    Wrong = 2,
    /// The emulator could not start, or the promised isolation cannot be had.
    CannotStart = 3,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The graver of two ends; what is wrong outweighs what did not hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
