//! One scenario from its file to its result, and many of them side by side.

use super::record::recorded;
use super::result::{Difference, Failure, ScenarioResult, SnapshotResult, Verdict};
use super::stage::{NoStage, Stage};
use crate::diagnostic::{Diagnostic, Style};
use crate::providers::providers;
use crate::redirect::Environment;
use crate::scenario::{Scenario, Step, files, load};
use crate::snapshot::store::{Accepted, Settled, Snapshot, Update, path_beside, settle};
use crate::snapshot::{diff, render::render};
use futures_util::StreamExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A scenario file to run.
#[derive(Clone, Debug)]
pub struct Job {
    /// Where it is.
    pub path: PathBuf,
    /// How the user named it.
    pub shown: String,
}

/// How scenarios are run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many run at once.
    pub jobs: usize,
    /// What becomes of snapshots.
    pub update: Update,
    /// The program that [`keep`](super::keep)s processes when its first argument is
    /// [`KEEP`](super::KEEP).
    pub keeper: PathBuf,
    /// What programs inherit, as far as what redirects them hangs on it.
    pub environment: Environment,
    /// How differences are drawn.
    pub style: Style,
}

/// A step that begins.
#[derive(Clone, Copy, Debug)]
pub struct Begun<'a> {
    /// The scenario's file, as the user named it.
    pub file: &'a str,
    /// The step's number, from 1.
    pub number: usize,
    /// The step.
    pub step: &'a Step,
}

/// Runs scenarios side by side; results come in the order of the jobs. `begun` is told of each step
/// as it begins, `done` of each result as soon as it is there.
pub async fn run_all(
    jobs: Vec<Job>,
    settings: &Settings,
    begun: impl Fn(Begun<'_>),
    mut done: impl FnMut(&ScenarioResult),
) -> Vec<ScenarioResult> {
    let begun: &dyn Fn(Begun<'_>) = &begun;
    let running = jobs.into_iter().map(|job| run_one(job, settings, begun));
    let mut running = futures_util::stream::iter(running).buffered(settings.jobs.max(1));
    let mut results = Vec::new();
    while let Some(result) = running.next().await {
        done(&result);
        results.push(result);
    }
    results
}

async fn run_one(job: Job, settings: &Settings, begun: &dyn Fn(Begun<'_>)) -> ScenarioResult {
    let started = start();
    let mut result = ScenarioResult {
        name: job.shown.clone(),
        file: job.shown.clone(),
        verdict: Verdict::Held,
        steps: 0,
        inboxes: Vec::new(),
        idle_faults: Vec::new(),
        snapshot: SnapshotResult::None,
        took: Duration::ZERO,
    };
    match read(&job) {
        Err(verdict) => result.verdict = verdict,
        Ok(scenario) => {
            result.name = scenario.name.value.clone();
            play(&job, &scenario, settings, begun, &mut result).await;
        }
    }
    result.took = started.elapsed();
    result
}

async fn play(
    job: &Job,
    scenario: &Scenario,
    settings: &Settings,
    begun: &dyn Fn(Begun<'_>),
    result: &mut ScenarioResult,
) {
    let folder = job.path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::path::absolute(folder.unwrap_or_else(|| Path::new(".")));
    let folder = folder.unwrap_or_else(|_| PathBuf::from("."));
    let mut stage = match Stage::build(scenario, &folder, settings).await {
        Ok(stage) => stage,
        Err(NoStage::CannotStart { what, help }) => {
            result.verdict = Verdict::CannotStart { what, help };
            return;
        }
        Err(NoStage::Wrong { what, help }) => {
            let diagnostic = Diagnostic::new(&job.shown, what).help(help);
            result.verdict =
                Verdict::Wrong { diagnostics: vec![diagnostic], source: String::new() };
            return;
        }
        Err(NoStage::Failed(failure)) => {
            result.verdict = Verdict::Failed(Box::new(failure));
            return;
        }
    };
    match steps(&mut stage, &job.shown, begun, &mut result.steps).await {
        Ok(()) => {
            if scenario.snapshot {
                result.snapshot = compare(job, &stage, settings);
            }
        }
        Err(mut failure) => {
            stage.explain(&mut failure).await;
            result.verdict = Verdict::Failed(Box::new(failure));
        }
    }
    result.inboxes = stage.inboxes();
    result.idle_faults = stage.idle_faults();
    stage.strike().await;
}

/// Runs all steps; `done` counts those that ran to their end.
async fn steps(
    stage: &mut Stage<'_>,
    file: &str,
    begun: &dyn Fn(Begun<'_>),
    done: &mut usize,
) -> Result<(), Failure> {
    stage.start_senders().await?;
    let scenario = stage.scenario;
    for (place, step) in scenario.steps.iter().enumerate() {
        let here = |failure: Failure| Failure {
            step: Some((place + 1, step.value.name(), step.place)),
            ..failure
        };
        begun(Begun { file, number: place + 1, step: &step.value });
        if let Err(failure) = stage.step(step).await {
            return Err(here(stage.with_ended_senders(failure).await));
        }
        stage.check_senders().await.map_err(here)?;
        *done += 1;
    }
    Ok(())
}

fn compare(job: &Job, stage: &Stage<'_>, settings: &Settings) -> SnapshotResult {
    let path = path_beside(&job.path);
    let snapshot = Snapshot {
        source: job.shown.clone(),
        description: stage.scenario.name.value.clone(),
        text: render(&recorded(stage), &stage.known()),
    };
    match settle(&path, &snapshot, settings.update) {
        Ok(Settled::Same) => SnapshotResult::Same,
        Ok(Settled::Written) => SnapshotResult::Written(path),
        Ok(Settled::Differs { expected, found, pending }) => {
            let (how, diff) = match expected {
                Accepted::Broken(what) => {
                    let anew = format!("write it anew with `pushpit run {} --update`", job.shown);
                    let help = match pending {
                        Some(_) => format!("{anew}, or look at it with `pushpit review`"),
                        None => anew,
                    };
                    (Difference::Broken { what, help }, found)
                }
                Accepted::Nothing => (Difference::New, found),
                Accepted::Text(expected) => {
                    (Difference::Changed, diff::draw(&expected, &found, settings.style))
                }
            };
            SnapshotResult::Differs { how, path, pending, diff }
        }
        Err(error) => {
            let (what, help) = (error.to_string(), error.help().to_owned());
            let how = Difference::Unreachable { what, help };
            SnapshotResult::Differs { how, path, pending: None, diff: String::new() }
        }
    }
}

/// A file's text to a scenario that makes sense.
fn read(job: &Job) -> Result<Scenario, Verdict> {
    let wrong = |what: String| Verdict::Wrong {
        diagnostics: vec![Diagnostic::new(&job.shown, what)],
        source: String::new(),
    };
    let bytes = files::read(&job.path)
        .map_err(|cause| wrong(format!("the file cannot be read: {cause}")))?;
    load(&job.shown, &bytes, &providers()).map_err(|diagnostics| Verdict::Wrong {
        diagnostics,
        source: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

#[expect(clippy::disallowed_methods, reason = "how long a scenario took is told to people only")]
fn start() -> Instant {
    Instant::now()
}
