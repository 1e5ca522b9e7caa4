//! A program under test: started in a process group of its own, listened to, and ended for certain.
//!
//! Whatever it does (hangs, crashes, forks), nothing of it is left when the value is gone.

use super::output::{Captured, Lines};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// What to start.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// The program and its arguments; never empty.
    pub words: Vec<String>,
    /// The folder to run in.
    pub folder: PathBuf,
    /// Variables beside those inherited.
    pub variables: BTreeMap<String, String>,
    /// What it reads.
    pub input: String,
}

/// A program that could not be run to a good end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProcessError {
    /// It could not be started.
    #[error("could not start `{program}` in `{}`: {cause}", folder.display())]
    Start {
        /// The program.
        program: String,
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It ran longer than it may.
    #[error("`{program}` did not end within {} and was stopped", humantime::format_duration(*limit))]
    TooLong {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// The system would not tell how it ended.
    #[error("lost track of `{program}`: {cause}")]
    Lost {
        /// The program.
        program: String,
        /// What the system said.
        cause: std::io::Error,
    },
}

impl ProcessError {
    /// What to do.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Start { cause, .. } if cause.kind() == std::io::ErrorKind::NotFound => {
                "install it, or write its path; paths are relative to the scenario's folder"
            }
            Self::Start { .. } => "look at the file's permissions and at `dir`",
            Self::TooLong { .. } => {
                "does it wait for input or for a service? raise `timeout` if it only needs longer"
            }
            Self::Lost { .. } => "run it by hand to see what it does",
        }
    }
}

/// A running program.
#[derive(Debug)]
pub(super) struct Process {
    program: String,
    child: Child,
    group: Pid,
    output: Captured,
    /// Nothing of the group is left, so that its number may be somebody else's by now.
    gone: bool,
}

/// How a program ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    /// The exit status; 128 and the signal's number when a signal ended it, as shells say it.
    pub status: i32,
    /// What it wrote, the newest part where it was too much.
    pub stdout: String,
    /// What it wrote to its error output.
    pub stderr: String,
    /// Whether processes that it had started were still there and had to be stopped.
    pub left_behind: bool,
}

impl Process {
    /// Starts a program.
    ///
    /// # Errors
    /// It is not there, or may not be run.
    pub(super) fn start(launch: Launch) -> Result<Self, ProcessError> {
        let program = launch.words[0].clone();
        let mut command = Command::new(&program);
        command
            .args(&launch.words[1..])
            .current_dir(&launch.folder)
            .envs(&launch.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let start_error = |cause| ProcessError::Start {
            program: program.clone(),
            folder: launch.folder.clone(),
            cause,
        };
        let mut child = command.spawn().map_err(start_error)?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = Pid::from_raw(id.expect("a child that was not waited for has a number"));
        if let Some(mut stdin) = child.stdin.take() {
            // A program that does not read its input is no error.
            tokio::spawn(async move { drop(stdin.write_all(launch.input.as_bytes()).await) });
        }
        let output = Captured::new(child.stdout.take(), child.stderr.take());
        Ok(Self { program, child, group, output, gone: false })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It runs too long; it is stopped then, and what it wrote is in the output given back.
    pub(super) async fn finish(mut self, limit: Duration) -> (Result<Ended, ProcessError>, String) {
        let waited = timeout(limit, self.child.wait()).await;
        let ended = match waited {
            Ok(Ok(status)) => Ok(status),
            Ok(Err(cause)) => Err(ProcessError::Lost { program: self.program.clone(), cause }),
            Err(_) => Err(ProcessError::TooLong { program: self.program.clone(), limit }),
        };
        let left_behind = self.end().await;
        self.output.drained().await;
        let (stdout, stderr) = self.output.texts();
        let all = format!("{stdout}{stderr}");
        let ended = ended.map(|status| Ended { status: code(status), stdout, stderr, left_behind });
        (ended, all)
    }

    /// Its exit status, if it has ended.
    pub(super) fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().ok().flatten().map(code)
    }

    /// Waits until it has ended by itself.
    pub(super) async fn over(&mut self) {
        // Who cannot be waited for is not there any more.
        let _ = self.child.wait().await;
    }

    /// Waits until all that it wrote before its end is there.
    pub(super) async fn drained(&mut self) {
        self.output.drained().await;
    }

    /// What it writes, line by line.
    pub(super) fn lines(&self) -> Lines {
        self.output.lines()
    }

    /// What it has written so far: output and error output.
    pub(super) fn texts(&self) -> (String, String) {
        self.output.texts()
    }

    /// Asks it to end, then insists; gives whether any of its group was still there.
    pub(super) async fn end(&mut self) -> bool {
        let group = self.group;
        if self.gone || killpg(group, Signal::SIGTERM).is_err() {
            self.gone = true;
            return false;
        }
        let gone = timeout(GRACE, async {
            let _ = self.child.wait().await;
            while killpg(group, None).is_ok() {
                super::pause::short().await;
            }
        });
        if gone.await.is_err() {
            // Already gone is as good.
            let _ = killpg(group, Signal::SIGKILL);
            let _ = self.child.wait().await;
        }
        self.gone = true;
        true
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever drops it did not wait for a good end; nothing may be left.
        if !self.gone {
            let _ = killpg(self.group, Signal::SIGKILL);
        }
    }
}

fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(-1)
}

/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(3);
