//! The real program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// How a call ended.
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) struct Program(TempDir);

impl Program {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().expect("a folder can be made"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("it can be made");
        fs::write(path, text).expect("it can be written");
    }

    pub(crate) fn run(&self, args: &[&str], input: &str) -> Ended {
        Self::end(self.command(args), input)
    }

    /// Runs it with an output that nobody reads any more.
    pub(crate) fn run_with_closed_output(&self, args: &[&str]) -> Ended {
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        drop(reader);
        let mut command = self.command(args);
        command.stdout(writer);
        Self::end(command, "")
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pushpit"));
        #[expect(clippy::disallowed_methods, reason = "a test keeps its surroundings out")]
        let surroundings = std::env::vars_os();
        for (name, _) in surroundings {
            let name_text = name.to_string_lossy();
            if name_text.starts_with("PUSHPIT_")
                || name_text.contains("COLOR")
                || name_text == "COLUMNS"
                || name_text == "CI"
            {
                command.env_remove(&name);
            }
        }
        command.args(args).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The same, where no more than so many descriptors may be open.
    pub(crate) fn command_within(&self, descriptors: usize, args: &[&str]) -> Command {
        let whole = self.command(args);
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
        command.arg("-c").arg(limited).arg(whole.get_program()).args(whole.get_args());
        for (name, value) in whole.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn end(mut command: Command, input: &str) -> Ended {
        let mut child = command.spawn().expect("the program can be started");
        let mut stdin = child.stdin.take().expect("it was piped");
        // A program that does not read its input is right to close it.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes| String::from_utf8(bytes).expect("it is text");
        Ended {
            status: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
