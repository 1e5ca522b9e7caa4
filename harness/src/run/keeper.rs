//! The keeper: a small process of ours between the program and each process under test.
//!
//! On Linux everything that its process starts comes back to it, even what leaves its process
//! group, its session and its parents, because it is a child subreaper. So whatever there is below
//! a keeper belongs to its scenario, and is ended with it. It hangs on one line to the program:
//! when that is cut, even by a SIGKILL of the program, the keeper kills all that it keeps.
//!
//! Elsewhere it keeps a process group, and what leaves that gets away.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, dup2_stderr, dup2_stdout, getpid};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The first argument that makes the program a keeper; what follows is what it runs.
pub const KEEP: &str = "__keep";

/// Runs a process and keeps what comes of it, until nothing is left or the line is cut.
///
/// The line is the standard input: eight bytes with a length, so many bytes of input for the
/// process, then a byte for each time that all shall be asked to end.
pub fn keep(words: &[OsString]) -> ExitCode {
    let line = io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let (Ok(line), Some((program, arguments))) = (line, words.split_first()) else {
        return ExitCode::FAILURE;
    };
    adopt();
    let mut command = Command::new(program);
    command.args(arguments).process_group(0).stdin(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            tell(&line, &format!("failed {}", error.raw_os_error().unwrap_or_default()));
            return ExitCode::FAILURE;
        }
    };
    let main = Pid::from_raw(i32::try_from(child.id()).expect("a process's number fits"));
    let kept = Arc::new(Kept { main, group: Mutex::new(true), insists: AtomicBool::new(false) });
    let listener = line.try_clone();
    // Whoever reads the process's outputs must see their end when the process closes them.
    let leave =
        |null: File| dup2_stdout(&null).and_then(|()| dup2_stderr(&null)).map_err(io::Error::from);
    let (Ok(listener), Ok(())) = (listener, File::create("/dev/null").and_then(leave)) else {
        kept.strike(Signal::SIGKILL);
        return ExitCode::FAILURE;
    };
    tell(&line, "started");
    let (input, listening) = (child.stdin.take(), Arc::clone(&kept));
    std::thread::spawn(move || listening.listen(listener, input));
    kept.wait(&line);
    ExitCode::SUCCESS
}

/// Makes this process the parent of all orphans below it, where the system can.
pub fn adopt() {
    #[cfg(target_os = "linux")]
    // Every Linux since 3.4 can; on an older one orphans get away as they do elsewhere.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// The children of this process.
pub fn children() -> Vec<Pid> {
    let own = getpid().as_raw();
    let Ok(all) = std::fs::read_dir("/proc") else { return Vec::new() };
    let child = |entry: io::Result<std::fs::DirEntry>| {
        let pid: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        (parent(pid)? == own).then(|| Pid::from_raw(pid))
    };
    all.filter_map(child).collect()
}

/// Kills all children but those, and whatever becomes a child by it, until none is left.
pub fn sweep(but: &[Pid]) {
    loop {
        let mut left = children();
        left.retain(|child| !but.contains(child) && kill(*child, Signal::SIGKILL).is_ok());
        if left.is_empty() {
            return;
        }
        for child in left {
            // Whoever reaped it before us did it for us.
            let _ = waitpid(child, None);
        }
    }
}

/// What a keeper keeps.
struct Kept {
    main: Pid,
    /// Whether the main process or others of its group are still there: else its number may be
    /// somebody else's by now.
    group: Mutex<bool>,
    insists: AtomicBool,
}

impl Kept {
    /// Hands on the input, then does what the line says.
    fn listen(&self, mut line: UnixStream, stdin: Option<ChildStdin>) {
        let mut length = [0; 8];
        if line.read_exact(&mut length).is_ok() {
            let mut input = Vec::new();
            // A line that is cut is seen below.
            let _ =
                Read::by_ref(&mut line).take(u64::from_le_bytes(length)).read_to_end(&mut input);
            // A process that does not read its input must not keep us from the line.
            std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        }
        while let Ok(1) = line.read(&mut [0]) {
            self.strike(Signal::SIGTERM);
        }
        self.insists.store(true, Ordering::SeqCst);
        self.strike(Signal::SIGKILL);
    }

    /// Sends a signal to the process's group, and to all that was orphaned. Deeper ones become
    /// children when their parents end, and have their turn then.
    fn strike(&self, signal: Signal) {
        let group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        // Who is gone, or may not be signaled by us, is nothing that we can do more about.
        if *group {
            let _ = killpg(self.main, signal);
        }
        for child in children() {
            let _ = kill(child, signal);
        }
    }

    /// Waits until nothing is left; tells when the process itself ends.
    fn wait(&self, line: &UnixStream) {
        loop {
            let status = match waitpid(None, None) {
                Ok(WaitStatus::Exited(pid, code)) if pid == self.main => Some(code),
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.main => {
                    Some(128 + signal as i32)
                }
                Ok(_) | Err(Errno::EINTR) => None,
                Err(_) => return,
            };
            if let Some(status) = status {
                tell(line, &format!("ended {status} {}", self.left()));
            }
            if self.insists.load(Ordering::SeqCst) {
                self.strike(Signal::SIGKILL);
            }
        }
    }

    /// What the process left: some of its `group`, only `others` that left it, or `nothing`.
    fn left(&self) -> &'static str {
        let others = loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => break true,
                Err(Errno::ECHILD) => break false,
                _ => {}
            }
        };
        let mut group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        *group = killpg(self.main, None).is_ok();
        match (*group, others) {
            (true, _) => "group",
            (false, true) => "others",
            (false, false) => "nothing",
        }
    }
}

/// Tells the program a line. When it is gone, whoever listens to the line notices.
fn tell(mut line: &UnixStream, what: &str) {
    let _ = writeln!(line, "{what}");
}

/// The parent of a process: the second field behind the name, which may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let name = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(&stat[name + 1..]).ok()?;
    fields.split_whitespace().nth(1)?.parse().ok()
}
