//! Commands that make no sense, whatever the world is like.

use crate::clock::LATEST;

/// What is wrong with a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// One advance at a time.
    #[error("the clock is being advanced already")]
    Advancing,
    /// World time has an end.
    #[error("the clock ends at {LATEST}")]
    BeyondTheEnd,
    /// No credential of the app has that name.
    #[error("expected {known} as `credential`, found `{found}`")]
    Credential {
        /// All there are.
        known: String,
        /// What was asked for.
        found: String,
    },
    /// An expectation that would hold whatever happened.
    #[error("expected one of `exactly`, `contains` and `none`, found none of them")]
    ExpectsNothing,
    /// A filter asks about what entries of its list do not have.
    #[error("`{name}` is known of {list}, not of {of}; say `\"of\": \"{list}\"`")]
    Foreign {
        /// What it asks about.
        name: &'static str,
        /// Which list has it.
        list: &'static str,
        /// Which list is asked.
        of: &'static str,
    },
    /// How far time goes is said twice, or not at all.
    #[error("expected one of `by`, a length such as `3d`, and `to`, an instant")]
    HowFar,
    /// By how much credentials age is not said.
    #[error("expected `by` with a length such as `61m`")]
    HowOld,
    /// A path that no request has.
    #[error("expected `{name}` to begin with `/`, found `{path}`")]
    Path {
        /// Which of a fault's paths.
        name: &'static str,
        /// What it is.
        path: String,
    },
    /// The command was not carried out to its end.
    #[error("the emulator is being stopped")]
    Stopping,
    /// A device has an app once.
    #[error("an app is named twice")]
    TwoOfAnApp,
    /// A verdict that there is not.
    #[error("expected `verdict` to be `accepted` or `rejected`, found `{0}`")]
    Verdict(String),
}

/// Why no device can have a name: it could not stand in a path, a table or a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDeviceName {
    /// There is none.
    #[error("expected a name for the device, found an empty text")]
    Empty,
    /// It has a character that names do not have.
    #[error("expected a name for the device, found `{}` in `{}`", odd.escape_debug(), name.escape_debug())]
    Odd {
        /// The name.
        name: String,
        /// The character.
        odd: char,
    },
    /// Paths go by it.
    #[error("expected a name for the device, found `{0}`, which paths go by")]
    Path(String),
    /// It is longer than names are.
    #[error("expected a name of at most {most} characters for the device, found {length}")]
    TooLong {
        /// The most.
        most: usize,
        /// How many it has.
        length: usize,
    },
}
