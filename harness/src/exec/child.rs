//! The sender's process: with our input and outputs, our signals, and nothing left of it at the
//! end.

use crate::run::children;
use nix::sys::signal::{Signal as Number, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpgrp, tcgetpgrp};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::timeout;

/// What to start.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments; never empty.
    pub words: Vec<OsString>,
    /// Variables that take the place of those inherited.
    pub variables: BTreeMap<String, String>,
}

/// How a sender ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; 128 and the signal's number when a signal ended it, as shells say it.
    pub status: u8,
    /// How many processes it left behind, which were stopped.
    pub left: usize,
}

/// Runs a sender to its end, hands on the signals that come meanwhile, and stops what it left.
///
/// # Errors
/// It cannot be started, or signals cannot be listened to.
pub async fn run(launch: &Launch) -> io::Result<Ended> {
    // What was here before is not the sender's.
    let not_its = children();
    crate::run::adopt();
    let mut signals = Signals::listen()?;
    let mut child = start(launch)?;
    let main = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
    let mut asked = false;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            number = signals.come() => match number {
                Number::SIGCHLD => reap(&but(&not_its, main)),
                // Whoever asks for the second time does not want to wait for an answer.
                _ if asked && is_end(number) => strike(&not_its, Number::SIGKILL),
                number => {
                    asked = asked || is_end(number);
                    hand_on(main, number);
                }
            },
        }
    };
    Ok(Ended { status: said_by_shells(status), left: signals.clear(&not_its).await })
}

/// Starts the sender's process. This is the one place where that is done.
fn start(launch: &Launch) -> io::Result<Child> {
    let mut command = Command::new(&launch.words[0]);
    command.args(&launch.words[1..]).envs(&launch.variables).kill_on_drop(true);
    command.spawn()
}

/// The signals that are handed on, and the one that tells of ended processes.
struct Signals {
    child: Signal,
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    user_1: Signal,
    user_2: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            child: signal(SignalKind::child())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            user_1: signal(SignalKind::user_defined1())?,
            user_2: signal(SignalKind::user_defined2())?,
        })
    }

    async fn come(&mut self) -> Number {
        tokio::select! {
            _ = self.child.recv() => Number::SIGCHLD,
            _ = self.hangup.recv() => Number::SIGHUP,
            _ = self.interrupt.recv() => Number::SIGINT,
            _ = self.quit.recv() => Number::SIGQUIT,
            _ = self.terminate.recv() => Number::SIGTERM,
            _ = self.user_1.recv() => Number::SIGUSR1,
            _ = self.user_2.recv() => Number::SIGUSR2,
        }
    }

    /// Asks whatever the sender left behind to end, then insists; gives how many there were.
    async fn clear(&mut self, not_its: &[Pid]) -> usize {
        reap(not_its);
        let left = others(not_its).len();
        strike(not_its, Number::SIGTERM);
        let gone = async {
            while !others(not_its).is_empty() {
                if self.come().await != Number::SIGCHLD {
                    break;
                }
                reap(not_its);
            }
        };
        // What does not end in time is killed as well as what somebody is impatient about.
        drop(timeout(GRACE, gone).await);
        crate::run::sweep(not_its);
        left
    }
}

/// Hands a signal on, unless the terminal has given it to the sender already.
fn hand_on(main: Option<Pid>, number: Number) {
    let by_terminal = matches!(number, Number::SIGINT | Number::SIGQUIT) && is_in_foreground();
    if let Some(main) = main.filter(|_| !by_terminal) {
        // Who is gone needs it no more.
        let _ = kill(main, number);
    }
}

/// Whether the keys of a terminal reach our process group, and with it the sender.
fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|tty| tcgetpgrp(tty) == Ok(getpgrp()))
}

const fn is_end(number: Number) -> bool {
    matches!(number, Number::SIGHUP | Number::SIGINT | Number::SIGQUIT | Number::SIGTERM)
}

fn but(not_its: &[Pid], main: Option<Pid>) -> Vec<Pid> {
    not_its.iter().copied().chain(main).collect()
}

fn others(but: &[Pid]) -> Vec<Pid> {
    children().into_iter().filter(|child| !but.contains(child)).collect()
}

/// Takes note of the ends of processes whose parents ended before them.
fn reap(but: &[Pid]) {
    for child in others(but) {
        // One that still lives is asked again when it ends.
        let _ = waitpid(child, Some(WaitPidFlag::WNOHANG));
    }
}

fn strike(not_its: &[Pid], number: Number) {
    for child in others(not_its) {
        // Who is gone needs it no more.
        let _ = kill(child, number);
    }
}

fn said_by_shells(status: ExitStatus) -> u8 {
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    number.and_then(|number| u8::try_from(number).ok()).unwrap_or(u8::MAX)
}

/// How long what a sender left behind may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);
