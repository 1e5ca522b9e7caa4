//! What a run found, as data; reports and the terminal only read it.

use crate::diagnostic::{Diagnostic, Place};
use crate::exit::Exit;
use pushpit_emulator::clock::Timestamp;
use pushpit_emulator::post::Fault;
use pushpit_emulator::world::Miss;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// What became of one scenario.
#[derive(Debug)]
pub struct ScenarioResult {
    /// The file, as the user named it.
    pub file: String,
    /// The scenario's name; the file's where it could not be read.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How many steps ran to their end.
    pub steps: usize,
    /// What each device got, in the order of the file.
    pub inboxes: Vec<Inbox>,
    /// Its faults that never struck, so that what was meant to go wrong did not.
    pub idle_faults: Vec<IdleFault>,
    /// What became of its snapshot.
    pub snapshot: SnapshotResult,
    /// How long it took, really.
    pub took: Duration,
}

/// How a scenario ended.
#[derive(Debug)]
pub enum Verdict {
    /// Everything held.
    Held,
    /// Something did not hold.
    Failed(Box<Failure>),
    /// The file is wrong; `source` is its text.
    Wrong {
        /// All that is wrong.
        diagnostics: Vec<Diagnostic>,
        /// The file's text.
        source: String,
    },
    /// The emulator could not start.
    CannotStart {
        /// Why.
        what: String,
        /// What to do.
        help: String,
    },
}

/// What did not hold.
#[derive(Clone, Debug, Default)]
pub struct Failure {
    /// The step, from 1, its name and its place; `None` for the scenario as a whole.
    pub step: Option<(usize, &'static str, Place)>,
    /// What is wrong, in a sentence.
    pub what: String,
    /// What to do, where there is something to say.
    pub help: Option<String>,
    /// What helps to understand it.
    pub seen: Box<Seen>,
}

impl Failure {
    /// The same, with the place of what is wrong.
    #[must_use]
    pub(super) fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.seen.place = place.into();
        self
    }
}

/// What helps to understand a failure.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Where in the file that stands which is wrong, when it is not the step.
    pub place: Option<Place>,
    /// Long-running senders that had ended by themselves before this.
    pub ended: Vec<EndedSender>,
    /// What an expectation missed: about what, and what.
    pub misses: Vec<(String, Miss)>,
    /// What senders wrote: who, and what.
    pub outputs: Vec<(String, String)>,
    /// The last requests that the emulator rejected, in a line each.
    pub rejected: Vec<String>,
    /// What senders did last that never became a request.
    pub no_requests: Vec<NoRequest>,
    /// Whether nothing came at all since the `expect` before, though something was expected.
    pub silent: bool,
}

/// A long-running sender that ended by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedSender {
    /// Its name.
    pub name: String,
    /// Its exit status.
    pub status: i32,
    /// Where in the file it is said what it runs.
    pub place: Option<Place>,
}

/// Something that never became a request, such as a TLS handshake that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRequest {
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub help: String,
    /// How often it happened.
    pub times: usize,
}

/// A fault that never struck.
#[derive(Clone, Debug, PartialEq)]
pub struct IdleFault {
    /// Where in the file it is.
    pub place: Place,
    /// The rule, as the emulator took it.
    pub fault: Fault,
}

/// What one device got, in short.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// The device.
    pub device: String,
    /// What arrived: when, at which app, what, and how.
    pub arrivals: Vec<(Timestamp, String, Value, String)>,
    /// How many did not arrive, by outcome.
    pub others: Vec<(u64, &'static str)>,
}

/// What became of a snapshot.
#[derive(Clone, Debug, Default)]
pub enum SnapshotResult {
    /// There is none, or the scenario did not get so far.
    #[default]
    None,
    /// It is as it was.
    Same,
    /// It was written.
    Written(PathBuf),
    /// It is another one; a pending file was written where that is allowed.
    Differs {
        /// In what way.
        how: Difference,
        /// The snapshot.
        path: PathBuf,
        /// The pending file.
        pending: Option<PathBuf>,
        /// What changed, drawn; the whole text where there is nothing to compare it with.
        diff: String,
    },
}

/// In what way a snapshot is another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The file is there and is no snapshot, or cannot be used.
    Broken {
        /// Why.
        what: String,
        /// What to do.
        help: String,
    },
    /// The devices got something else.
    Changed,
    /// There was none yet.
    New,
    /// A file cannot be read or written.
    Unreachable {
        /// Which one, and why.
        what: String,
        /// What to do.
        help: String,
    },
}

impl ScenarioResult {
    /// How it ended, in a word for people and programs.
    pub const fn word(&self) -> &'static str {
        match (&self.verdict, &self.snapshot) {
            (Verdict::Held, SnapshotResult::Differs { how, .. }) => how.word(),
            (Verdict::Held, _) => "held",
            (Verdict::Failed(_), _) => "failed",
            (Verdict::Wrong { .. }, _) => "wrong",
            (Verdict::CannotStart { .. }, _) => "cannot_start",
        }
    }

    /// What the program's exit status says of it.
    pub fn exit(&self) -> Exit {
        let run = match self.verdict {
            Verdict::Held => Exit::Held,
            Verdict::Failed(_) => Exit::DidNotHold,
            Verdict::Wrong { .. } => Exit::Wrong,
            Verdict::CannotStart { .. } => Exit::CannotStart,
        };
        let snapshot = match self.snapshot {
            SnapshotResult::Differs { .. } => Exit::DidNotHold,
            _ => Exit::Held,
        };
        run.and(snapshot)
    }
}

impl Difference {
    /// It in a word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "broken",
            Self::Changed => "changed",
            Self::New => "new",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// How a program ended, in words: by a status, by a signal, or unknown.
pub fn in_words(status: i32) -> String {
    match status {
        UNKNOWN => "in an unknown way: the process that watched it was killed".to_owned(),
        129..=192 => format!("by signal {} (status {status})", status - 128),
        status => format!("with status {status}"),
    }
}

/// The status of a program of which nobody knows how it ended.
pub(super) const UNKNOWN: i32 = -1;
