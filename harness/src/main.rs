//! The program `pushpit`: what it is told, to the command that does it, to an exit status.
//!
//! Arguments and environment are read here and nowhere else.

mod commands;

use anstream::ColorChoice;
use clap::Parser;
use commands::{
    CommandError, Context, check, credentials, env, exec, scenarios, schema, serve, snapshots,
};
use pushpit::cli::{Cli, Color, Command};
use pushpit::diagnostic::Style;
use pushpit::exit::Exit;
#[cfg(target_os = "linux")]
use pushpit::isolation;
use pushpit::redirect::Environment;
use pushpit::run::{KEEP, keep};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    if let Some(helper) = words.next().and_then(|word| helper(&word)) {
        return helper(&words.collect::<Vec<_>>());
    }
    let cli = Cli::parse();
    match cli.color {
        Color::Always => ColorChoice::Always.write_global(),
        Color::Auto => ColorChoice::Auto.write_global(),
        Color::Never => ColorChoice::Never.write_global(),
    }
    match run(&cli.command, context()) {
        Ok(status) => status,
        Err(error) => fail(&error).into(),
    }
}

/// What the program does as a process that helps itself.
fn helper(word: &OsStr) -> Option<fn(&[OsString]) -> ExitCode> {
    match word.to_str()? {
        KEEP => Some(keep),
        #[cfg(target_os = "linux")]
        isolation::ENTER => Some(isolation::enter),
        #[cfg(target_os = "linux")]
        isolation::INSIDE => Some(isolation::inside),
        _ => None,
    }
}

fn run(command: &Command, context: Context) -> anyhow::Result<ExitCode> {
    let exit = match command {
        Command::Accept(args) => snapshots::accept(args)?,
        Command::Check(args) => check::run(args, context)?,
        Command::Credentials(args) => credentials::run(args)?,
        Command::Env(args) => env::run(args, &environment())?,
        // It hands on its sender's own status.
        Command::Exec(args) => return Ok(exec::run(args, context, &environment())?),
        Command::Reject(args) => snapshots::reject(args)?,
        Command::Review(args) => snapshots::ask(args, context)?,
        Command::Run(args) => scenarios::run(args, context, environment())?,
        Command::Schema => schema::run()?,
        Command::Serve(args) => serve::run(args, context)?,
    };
    Ok(exit.into())
}

/// Says what kept a command from its end. Whoever no longer reads our output wants no more of it.
fn fail(error: &anyhow::Error) -> Exit {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    if causes.any(|cause| cause.kind() == io::ErrorKind::BrokenPipe) {
        return Exit::Held;
    }
    // Nobody is left to tell when even this cannot be written.
    let _ = writeln!(anstream::stderr(), "error: {error:#}");
    let help = match error.downcast_ref() {
        Some(CommandError::Files(error)) => Some(error.help()),
        Some(CommandError::Review(error)) => Some(error.help().to_owned()),
        Some(CommandError::Print(_)) | None => None,
    };
    if let Some(help) = help {
        let _ = writeln!(anstream::stderr(), "help: {help}");
    }
    Exit::Wrong
}

fn context() -> Context {
    let style = |choice| match choice {
        ColorChoice::Never => Style::Plain,
        _ => Style::Colored,
    };
    Context {
        stdout: style(anstream::AutoStream::choice(&std::io::stdout())),
        stderr: style(anstream::AutoStream::choice(&std::io::stderr())),
        ci: is_ci(),
    }
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and nowhere else")]
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

#[expect(clippy::disallowed_methods, reason = "the environment is read here and nowhere else")]
fn environment() -> Environment {
    Environment::new(std::env::vars_os())
}
