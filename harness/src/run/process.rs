//! A program under test: started below a keeper of its own, listened to, and ended for certain.
//!
//! Whatever it does (hangs, crashes, forks, becomes a daemon), nothing of it is left soon after
//! the value is gone.

use super::keeper::KEEP;
use super::output::{Captured, Lines};
use super::result::UNKNOWN;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Line;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

/// What to start.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    /// Our own program, which becomes the keeper.
    pub keeper: PathBuf,
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
        cause: io::Error,
    },
    /// The folder to run it in is not there.
    #[error("the folder `{}` for `{program}` does not exist", folder.display())]
    NoFolder {
        /// The program.
        program: String,
        /// The folder.
        folder: PathBuf,
    },
    /// It ran longer than it may.
    #[error("`{program}` did not end within {} and was stopped", humantime::format_duration(*limit))]
    TooLong {
        /// The program.
        program: String,
        /// The limit.
        limit: Duration,
    },
    /// Its keeper was killed, so that nobody knows how it ended.
    #[error("lost track of `{program}`: the process that watched it was killed")]
    Lost {
        /// The program.
        program: String,
    },
}

impl ProcessError {
    /// What to do.
    pub(super) fn help(&self) -> &'static str {
        match self {
            Self::Start { cause, .. } if cause.kind() == io::ErrorKind::NotFound => {
                "install it, or write its path; paths are relative to the scenario's folder"
            }
            Self::NoFolder { .. } => "`dir` is relative to the scenario's folder",
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
    keeper: Child,
    /// The line on which the keeper hangs; without it, it kills what it keeps.
    line: Option<OwnedWriteHalf>,
    news: watch::Receiver<News>,
    output: Captured,
}

/// What a keeper has told.
#[derive(Clone, Copy, Debug, Default)]
struct News {
    started: bool,
    /// The number of the error for which nothing was started.
    failed: Option<i32>,
    ended: Option<(i32, Left)>,
}

/// What a program left behind when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Processes of its own group.
    Group,
    /// Nothing.
    Nothing,
    /// Only processes that had left its group, such as daemons.
    Others,
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
    /// What it left behind; its group was stopped.
    pub left: Left,
}

impl Process {
    /// Starts a program.
    ///
    /// # Errors
    /// It is not there, or may not be run.
    pub(super) async fn start(launch: Launch) -> Result<Self, ProcessError> {
        let program = launch.words[0].clone();
        let folder = launch.folder.clone();
        if !folder.is_dir() {
            return Err(ProcessError::NoFolder { program, folder: plain(&folder) });
        }
        let start_error = |cause| ProcessError::Start { program: program.clone(), folder, cause };
        let started = match keeper(&launch) {
            Ok((keeper, line)) => Self::kept(&program, keeper, line, &launch.input).await,
            Err(cause) => Err(cause),
        };
        started.map_err(start_error)
    }

    /// The process of a keeper that was just started.
    async fn kept(program: &str, mut keeper: Child, line: Line, input: &str) -> io::Result<Self> {
        line.set_nonblocking(true)?;
        let (from, mut line) = UnixStream::from_std(line)?.into_split();
        let (tell, mut news) = watch::channel(News::default());
        tokio::spawn(listen(from, tell));
        let output = Captured::new(keeper.stdout.take(), keeper.stderr.take());
        let length = (input.len() as u64).to_le_bytes();
        // A keeper that ends at once tells why.
        drop(line.write_all(&[&length, input.as_bytes()].concat()).await);
        let told = news.wait_for(|news| news.started || news.failed.is_some()).await;
        match told.map(|news| news.failed) {
            Ok(None) => {}
            Ok(Some(number)) => return Err(io::Error::from_raw_os_error(number)),
            Err(_) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        Ok(Self { program: program.to_owned(), keeper, line: Some(line), news, output })
    }

    /// Waits for its end. What had left its group lives on, and is given back to be ended later.
    ///
    /// # Errors
    /// It runs too long; it is stopped then, and what it wrote is in the output given back.
    pub(super) async fn finish(
        mut self,
        limit: Duration,
    ) -> (Result<Ended, ProcessError>, String, Option<Self>) {
        let program = self.program.clone();
        let ended = match timeout(limit, self.over()).await {
            Ok(Some(ended)) => Ok(ended),
            Ok(None) => Err(ProcessError::Lost { program }),
            Err(_) => Err(ProcessError::TooLong { program, limit }),
        };
        let lives_on = ended.as_ref().is_ok_and(|(_, left)| *left == Left::Others);
        if !lives_on {
            self.end().await;
        }
        self.output.drained().await;
        let (stdout, stderr) = self.output.texts();
        let all = format!("{stdout}{stderr}");
        let ended = ended.map(|(status, left)| Ended { status, stdout, stderr, left });
        (ended, all, lives_on.then_some(self))
    }

    /// Its exit status, if it has ended.
    pub(super) fn ended(&self) -> Option<i32> {
        let lost = self.news.has_changed().is_err().then_some(UNKNOWN);
        self.news.borrow().ended.map(|(status, _)| status).or(lost)
    }

    /// Waits until it has ended by itself; `None` when nobody knows how.
    pub(super) async fn over(&mut self) -> Option<(i32, Left)> {
        self.news.wait_for(|news| news.ended.is_some()).await.ok().and_then(|news| news.ended)
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

    /// Asks it and all that came of it to end, then insists.
    pub(super) async fn end(&mut self) {
        if let Some(line) = &mut self.line {
            // A keeper that has nothing left to keep is gone.
            drop(line.write_all(b"t").await);
        }
        if timeout(GRACE, self.keeper.wait()).await.is_err() {
            self.line = None;
            // What cannot be killed is not waited for.
            drop(timeout(GRACE, self.keeper.wait()).await);
        }
    }
}

/// Starts a keeper, and gives our end of its line.
fn keeper(launch: &Launch) -> io::Result<(Child, Line)> {
    let (ours, theirs) = Line::pair()?;
    let mut command = Command::new(&launch.keeper);
    command
        .arg0("pushpit")
        .arg(KEEP)
        .args(&launch.words)
        .current_dir(&launch.folder)
        .envs(&launch.variables)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C is for us: keepers end when we let go of them.
        .process_group(0);
    Ok((command.spawn()?, ours))
}

/// A path without the `..` that names can do without, for a person to read.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(plain.components().next_back(), Some(Component::Normal(_))) =>
            {
                plain.pop();
            }
            part => plain.push(part),
        }
        plain
    })
}

/// Takes in what a keeper tells.
async fn listen(from: OwnedReadHalf, tell: watch::Sender<News>) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let words: Vec<_> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<i32>().ok());
        let left = match words.get(2) {
            Some(&"group") => Left::Group,
            Some(&"others") => Left::Others,
            _ => Left::Nothing,
        };
        tell.send_modify(|news| match words[0] {
            "started" => news.started = true,
            "failed" => news.failed = number(1),
            "ended" => news.ended = number(1).map(|status| (status, left)),
            _ => {}
        });
    }
}

/// How long a program may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(3);
