//! What programs leave running: nothing of it outlives its scenario, nor a killed `pushpit run`.

#![cfg(target_os = "linux")]

use crate::program::Program;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const DEVICES: &str = "devices:\n  anna: { platform: ios }\nsnapshot: false\n";

/// A pipe by name that processes hold open for as long as they live.
struct Alive(Receiver<String>);

impl Alive {
    fn new(path: &Path) -> Self {
        mkfifo(path, Mode::S_IRWXU).unwrap();
        let (tell, told) = channel();
        let path = path.to_owned();
        std::thread::spawn(move || {
            let mut first = [0; 3];
            let mut pipe = File::open(path).unwrap();
            pipe.read_exact(&mut first).unwrap();
            tell.send(String::from_utf8(first.to_vec()).unwrap()).unwrap();
            let mut rest = String::new();
            pipe.read_to_string(&mut rest).unwrap();
            tell.send(rest).unwrap();
        });
        Self(told)
    }

    /// Waits until a process has said that it is there.
    fn begun(&self) {
        assert_eq!(self.0.recv_timeout(LONG).unwrap(), "up\n");
    }

    /// Waits until all processes that held it are gone.
    fn gone(&self) {
        self.0.recv_timeout(LONG).expect("a process still runs");
    }
}

/// Longer than any machine needs to kill a process, shorter than the processes would live.
const LONG: Duration = Duration::from_secs(60);

/// A shell line that leaves a daemon: another session, orphaned, deaf to SIGTERM, in another folder.
/// It ends when the daemon is all that.
fn daemon(fifo: &str) -> String {
    format!(
        "(setsid sh -c \"trap : TERM; cd /; exec >{fifo} 2>&1; echo up; touch {fifo}.up; while :; do sleep 600; done\" \
         </dev/null >/dev/null 2>&1 &); until [ -e {fifo}.up ]; do :; done"
    )
}

#[test]
fn a_daemon_of_a_program_lives_until_the_end_of_its_scenario_and_no_longer() {
    let program = Program::new();
    let fifo = program.path("fifo");
    let alive = Alive::new(&fifo);
    let (ours, other) = (program.path("ours"), program.path("other"));
    let line = daemon(&fifo.display().to_string());
    // The second scenario runs on until the first one's daemon is gone; its own daemon must stay.
    program.write(
        "a.yaml",
        format!("name: a\n{DEVICES}steps:\n  - run: {{ shell: '{line}' }}\n  - advance: 1s\n"),
    );
    nix::unistd::mkfifo(&other, Mode::S_IRWXU).unwrap();
    let second = format!(
        "setsid sh -c \"echo \\$\\$ >{0}.new; mv {0}.new {0}; exec sleep 600\" >/dev/null 2>&1 & \
         cat {1}; kill -0 $(cat {0})",
        ours.display(),
        other.display()
    );
    let steps = format!("  - run: {{ shell: '{second}', timeout: 1m, status: 0 }}\n");
    program.write("b.yaml", format!("name: b\n{DEVICES}steps:\n{steps}"));
    let run = program.command(&["run", "a.yaml", "b.yaml", "--jobs", "2"]).spawn().unwrap();
    alive.begun();
    alive.gone();
    // Lets the second scenario look whether its own daemon is still there.
    fs::write(&other, "").unwrap();
    let ended = run.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stdout));
    let pid = fs::read_to_string(ours).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "the second daemon still runs");
}

#[test]
fn nothing_outlives_a_run_that_is_killed() {
    let program = Program::new();
    let fifo = program.path("fifo");
    let alive = Alive::new(&fifo);
    let line = daemon(&fifo.display().to_string());
    // The sender itself, a child of its group, and a daemon hold the pipe.
    let sender = format!("{line}; sleep 600 >{0} & exec sleep 600 >{0}", fifo.display());
    let steps = "  - run: { shell: 'sleep 600', timeout: 10m }\n";
    program.write(
        "a.yaml",
        format!("name: a\n{DEVICES}sender: {{ shell: '{sender}' }}\nsteps:\n{steps}"),
    );
    let mut run = program.command(&["run", "a.yaml"]).spawn().unwrap();
    alive.begun();
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGKILL).unwrap();
    alive.gone();
    assert_eq!(run.wait().unwrap().code(), None);
}

#[test]
fn what_kills_its_keeper_ends_with_the_run() {
    let program = Program::new();
    let path = program.path("pid");
    let shell = format!(
        "cat; echo $$$$ > {0}; (setsid sleep 600 >/dev/null 2>&1 & echo $! >> {0}); kill -9 $PPID; exec sleep 600",
        path.display()
    );
    program.write("a.yaml", format!("name: a\n{DEVICES}steps:\n  - run: {{ shell: '{shell}' }}\n"));
    let ended = program.run(&["run", "a.yaml"], "");
    assert_eq!(ended.status, Some(1));
    assert!(ended.stdout.contains("lost track of `sh`"), "{}", ended.stdout);
    let pids: Vec<u32> =
        fs::read_to_string(path).unwrap().lines().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2);
    for pid in pids {
        assert!(!Path::new("/proc").join(pid.to_string()).exists(), "{pid} still runs");
    }
}
