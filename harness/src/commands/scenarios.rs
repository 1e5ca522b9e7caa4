//! `pushpit run`.

use super::runtime::{Signals, runtime};
use super::{CommandError, Context, own_program};
use indicatif::{ProgressBar, ProgressStyle};
use pushpit::cli::{Format, RunArgs};
use pushpit::diagnostic::Style;
use pushpit::exit::Exit;
use pushpit::redirect::Environment;
use pushpit::report::{Terminal, json, summary};
use pushpit::run::{Begun, Job, ScenarioResult, Settings, adopt, children, run_all, sweep};
use pushpit::scenario::Step;
use pushpit::scenario::files::find;
use std::io::{IsTerminal as _, Write as _};
use std::num::NonZero;

/// Runs scenarios.
pub(crate) fn run(
    args: &RunArgs,
    context: Context,
    environment: Environment,
) -> Result<Exit, CommandError> {
    let files = find(&args.paths)?;
    let jobs: Vec<_> =
        files.into_iter().map(|path| Job { shown: path.display().to_string(), path }).collect();
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let settings = Settings {
        jobs: args.jobs.map_or(processors, usize::from),
        update: args.update.in_ci(context.ci),
        keeper: own_program()?,
        environment,
        style: if args.format == Format::Json { Style::Plain } else { context.stdout },
    };
    let progress = progress(jobs.len(), args.format);
    let mut told = Ok(());
    // Whatever gets away from its keeper comes to us. What was here before is not ours to end.
    let not_ours = children();
    adopt();
    let results = runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let begun = |begun: Begun<'_>| progress.set_message(told_of_step(begun));
        let all = run_all(jobs, &settings, begun, |result| {
            progress.set_message("");
            progress.inc(1);
            let text = told_of(result, args.format, settings.style);
            progress.suspend(|| {
                if told.is_ok() {
                    told = anstream::stdout().write_all(text.as_bytes());
                }
            });
        });
        tokio::select! {
            results = all => Ok::<_, std::io::Error>(Some(results)),
            // Dropping the scenarios ends their senders and emulators.
            () = signals.come() => Ok(None),
        }
    });
    sweep(&not_ours);
    let results = results?;
    progress.finish_and_clear();
    told?;
    let Some(results) = results else {
        writeln!(anstream::stderr(), "interrupted: senders and emulators were stopped")?;
        return Ok(Exit::DidNotHold);
    };
    if args.format == Format::Text {
        writeln!(anstream::stdout(), "{}", summary(&results))?;
    }
    Ok(results.iter().fold(Exit::Held, |exit, result| exit.and(result.exit())))
}

fn told_of(result: &ScenarioResult, format: Format, style: Style) -> String {
    match format {
        Format::Json => format!("{}\n", json(result)),
        Format::Text => format!("{}\n", Terminal { style }.scenario(result)),
    }
}

/// What runs at the moment: a step may take long, as one that builds a sender does.
fn told_of_step(Begun { file, number, step }: Begun<'_>) -> String {
    let program = match step {
        Step::Run(run) => run.0.line(),
        _ => String::new(),
    };
    let program: String = program.chars().take(LONGEST_PROGRAM).collect();
    format!(", {file}: step {number} `{}` {program}", step.name())
}

fn progress(count: usize, format: Format) -> ProgressBar {
    if format == Format::Json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
    let style = ProgressStyle::with_template("{spinner} {pos}/{len} scenarios, {elapsed}{msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(100));
    bar
}

/// How much of a command line the progress shows, in characters.
const LONGEST_PROGRAM: usize = 50;
