//! The progress that a person sees at a terminal while scenarios run.

use crate::program::Program;
use insta::assert_snapshot;
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

/// A terminal of 80 columns, with the program on it.
struct Terminal {
    child: Child,
    from: File,
    screen: vt100::Parser,
}

impl Terminal {
    fn run(program: &Program, args: &[&str]) -> Self {
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).expect("there are terminals");
        let slave = || -> Stdio { pair.slave.try_clone().expect("it can be used twice").into() };
        let mut command = program.command(args);
        let command = command.env("TERM", "xterm").stdout(slave()).stderr(slave());
        let child = command.spawn().expect("the program can be started");
        let master: OwnedFd = pair.master;
        Self { child, from: master.into(), screen: vt100::Parser::new(ROWS, COLUMNS, 0) }
    }

    /// Reads until the screen shows something; gives the screen.
    fn until(&mut self, shown: impl Fn(&str) -> bool) -> String {
        loop {
            let screen = self.screen.screen().contents();
            if shown(&screen) {
                return screen;
            }
            assert!(self.read(), "it ended before, with: {screen}");
        }
    }

    /// Reads to the end; gives the screen, and the exit status.
    fn end(mut self) -> (String, Option<i32>) {
        while self.read() {}
        (self.screen.screen().contents(), self.child.wait().expect("it ends").code())
    }

    /// Reads once; whether there was something.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // The end of a terminal's last user is an error to its reader.
        let count = self.from.read(&mut bytes).unwrap_or(0);
        self.screen.process(&bytes[..count]);
        count > 0
    }
}

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// Two scenarios; the second step of the first takes until there is a file `go`.
fn program(word: &str) -> Program {
    let program = Program::new();
    let head = "name: A story\nsnapshot: false\nsteps:\n  - advance: 1s\n";
    let wait = format!("  - run: {{ shell: 'until [ -e go ]; do :; done; : {word}' }}\n");
    program.write("a.yaml", format!("{head}{wait}"));
    program.write("b.yaml", head);
    program
}

/// The progress without the moving sign and the time.
fn steady(screen: &str) -> String {
    let line = screen.lines().find(|line| line.contains("scenarios")).expect("it is shown");
    let (_, line) = line.split_once(' ').expect("a moving sign comes first");
    let (count, rest) = line.split_once(", ").expect("a time comes second");
    let (_, step) = rest.split_once(", ").expect("a step comes third");
    format!("{count}, {step}")
}

#[test]
fn a_person_sees_which_step_runs_and_at_the_end_the_results_alone() {
    let program = program("x");
    let mut terminal = Terminal::run(&program, &["run", "a.yaml", "b.yaml", "--jobs", "1"]);
    let during = terminal.until(|screen| screen.contains("step 2 `run`"));
    assert_snapshot!(steady(&during), @"0/2 scenarios, a.yaml: step 2 `run` until [ -e go ]; do :; done; : x");
    program.write("go", "");
    let (screen, status) = terminal.end();
    assert_eq!(status, Some(0));
    assert_snapshot!(screen, @r"
    ok A story (a.yaml)

    ok A story (b.yaml)

    2 passed, 0 failed
    ");
}

#[test]
fn a_long_command_leaves_nothing_over_either() {
    let program = program(&"x".repeat(300));
    let mut terminal = Terminal::run(&program, &["run", "a.yaml", "b.yaml", "--jobs", "1"]);
    terminal.until(|screen| screen.contains("step 2 `run`"));
    program.write("go", "");
    let (screen, status) = terminal.end();
    assert_eq!(status, Some(0));
    assert_snapshot!(screen, @r"
    ok A story (a.yaml)

    ok A story (b.yaml)

    2 passed, 0 failed
    ");
}

#[test]
fn programs_and_files_get_no_progress() {
    let program = program("x");
    program.write("go", "");
    let ended = program.run(&["run", "a.yaml", "b.yaml", "--jobs", "1"], "");
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    assert_snapshot!(ended.stdout, @r"
    ok A story (a.yaml)

    ok A story (b.yaml)

    2 passed, 0 failed
    ");
    let args = ["run", "a.yaml", "b.yaml", "--jobs", "1", "--format", "json"];
    let (screen, status) = Terminal::run(&program, &args).end();
    assert_eq!(status, Some(0));
    let words = screen.replace('\n', "");
    assert!(words.starts_with('{') && !words.contains("scenarios"), "{screen}");
}
