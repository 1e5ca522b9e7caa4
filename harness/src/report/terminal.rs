//! A run's results for a person at a terminal.

use crate::diagnostic::{Place, Style, draw};
use crate::exit::Exit;
use crate::run::{
    Difference, EndedSender, Failure, IdleFault, Inbox, NoRequest, ScenarioResult, SnapshotResult,
    Verdict, in_words,
};
use anstyle::{AnsiColor, Style as Paint};
use pushpit_emulator::world::Miss;
use serde_json::Value;
use std::fmt::Write as _;

/// Writes results as text.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether the text has colors.
    pub style: Style,
}

impl Terminal {
    /// One scenario's result: a line, what the devices got, and everything that is wrong.
    pub fn scenario(&self, result: &ScenarioResult) -> String {
        let mut text = String::new();
        let word = match result.word() {
            "held" => "ok",
            "cannot_start" => "cannot start",
            other => other,
        };
        let color = match (&result.verdict, &result.snapshot) {
            (Verdict::Held, SnapshotResult::Differs { .. }) => AnsiColor::Yellow,
            (Verdict::Held, _) => AnsiColor::Green,
            _ => AnsiColor::Red,
        };
        let word = self.paint(word, Paint::new().bold().fg_color(Some(color.into())));
        let _ = match result.name == result.file {
            true => writeln!(text, "{word} {}", result.file),
            false => writeln!(text, "{word} {} ({})", result.name, result.file),
        };
        for inbox in &result.inboxes {
            inbox_lines(&mut text, inbox);
        }
        match &result.verdict {
            Verdict::Held => {}
            Verdict::Failed(failure) => self.failure(&mut text, &result.file, failure),
            Verdict::Wrong { diagnostics, source } => {
                for diagnostic in diagnostics {
                    let _ = writeln!(text, "{}", draw(diagnostic, source, self.style));
                }
            }
            Verdict::CannotStart { what, help } => {
                let _ = writeln!(text, "  {what}\n  help: {help}");
            }
        }
        if result.exit() != Exit::Held {
            for idle in &result.idle_faults {
                let _ = writeln!(text, "  {}", idle_line(&result.file, idle));
            }
        }
        self.snapshot(&mut text, &result.file, &result.snapshot);
        text
    }

    fn failure(&self, text: &mut String, file: &str, failure: &Failure) {
        let at = |place: Place| format!("{file}:{}:{}", place.line, place.column);
        let what = &failure.what;
        let _ = match (failure.seen.place, failure.step) {
            (None, None) => writeln!(text, "  {what}"),
            (None, Some((number, name, step))) => {
                writeln!(text, "  {}: step {number} `{name}`: {what}", at(step))
            }
            (Some(place), None) => writeln!(text, "  {}: {what}", at(place)),
            (Some(place), Some((number, name, step))) => {
                let found = format!("{}: found at step {number} `{name}`", at(step));
                writeln!(text, "  {}: {what}\n  {found}", at(place))
            }
        };
        for EndedSender { name, status, place } in &failure.seen.ended {
            let at = place.map(|place| format!("{}: ", at(place))).unwrap_or_default();
            let how = in_words(*status);
            let _ = write!(text, "  {at}the sender `{name}` ended {how} before this");
            let who = format!("sender `{name}`");
            let wrote = failure.seen.outputs.iter().any(|(of, _)| *of == who);
            let _ = writeln!(text, "{}", if wrote { "" } else { " and wrote nothing" });
        }
        for (about, miss) in &failure.seen.misses {
            self.miss(text, about, miss);
        }
        if let Some(help) = &failure.help {
            let _ = writeln!(text, "  help: {help}");
        }
        if failure.seen.silent {
            let _ = writeln!(text, "  {NOTHING_CAME}");
        }
        for line in &failure.seen.rejected {
            let _ = writeln!(text, "  rejected: {line}");
        }
        for NoRequest { what, help, times } in &failure.seen.no_requests {
            let times = if *times > 1 { format!(" ({times} times)") } else { String::new() };
            let _ = writeln!(text, "  no request: {what}{times}\n    help: {help}");
        }
        for (of, output) in &failure.seen.outputs {
            let _ = writeln!(text, "  output of {of}:");
            for line in tail(output) {
                let _ = writeln!(text, "    {line}");
            }
        }
    }

    fn miss(&self, text: &mut String, about: &str, miss: &Miss) {
        let _ = writeln!(text, "  {about}: {}", miss.what);
        let red = Paint::new().fg_color(Some(AnsiColor::Red.into()));
        let green = Paint::new().fg_color(Some(AnsiColor::Green.into()));
        if let Some(expected) = &miss.expected {
            let _ = writeln!(text, "    expected  {}", self.paint(&short(expected), red));
        }
        if let Some(nearest) = &miss.nearest {
            let word = if miss.expected.is_some() { "nearest " } else { "found   " };
            let _ = writeln!(text, "    {word}  {}", self.paint(&short(&essence(nearest)), green));
        }
        for difference in &miss.differences {
            let at = if difference.at.is_empty() { "it" } else { &difference.at };
            let (expected, found) = (short(&difference.expected), short(&difference.found));
            let _ = writeln!(text, "    differs   {at}: expected {expected}, found {found}");
        }
        if let Some(rule) = &miss.decided_by {
            let _ = writeln!(text, "    because   {rule}");
        }
    }

    fn snapshot(&self, text: &mut String, file: &str, snapshot: &SnapshotResult) {
        match snapshot {
            SnapshotResult::None | SnapshotResult::Same => {}
            SnapshotResult::Written(path) => {
                let _ = writeln!(text, "  snapshot written: {}", path.display());
            }
            SnapshotResult::Differs { how, path, pending, diff } => {
                let path = path.display();
                let _ = match how {
                    Difference::Broken { what, .. } => {
                        writeln!(text, "  the snapshot is broken: {what}; it would be:")
                    }
                    Difference::Changed => {
                        writeln!(text, "  what the devices got is not what {path} says:")
                    }
                    Difference::New => {
                        writeln!(text, "  there is no snapshot {path} yet; it would be:")
                    }
                    Difference::Unreachable { what, .. } => {
                        writeln!(text, "  the snapshot {path} was not compared: {what}")
                    }
                };
                for line in diff.lines() {
                    let _ = writeln!(text, "    {line}");
                }
                match how {
                    Difference::Broken { help, .. } | Difference::Unreachable { help, .. } => {
                        let _ = writeln!(text, "  help: {help}");
                    }
                    Difference::New if pending.is_none() => {
                        let write = format!("`pushpit run {file} --update`");
                        let _ = writeln!(text, "  help: write it with {write}, without `CI`");
                    }
                    Difference::Changed | Difference::New => {}
                }
                if pending.is_some() && !matches!(how, Difference::Broken { .. }) {
                    let _ = writeln!(text, "  help: look at it with `pushpit review`");
                }
            }
        }
    }

    fn paint(&self, text: &str, paint: Paint) -> String {
        match self.style {
            Style::Colored => format!("{paint}{text}{paint:#}"),
            Style::Plain => text.to_owned(),
        }
    }
}

/// The line under all results.
pub fn summary(results: &[ScenarioResult]) -> String {
    let held = results.iter().filter(|it| it.exit() == Exit::Held).count();
    let new = results.iter().filter(|it| it.word() == Difference::New.word()).count();
    let counts = format!("{held} passed, {} failed", results.len() - held - new);
    match new {
        0 => counts,
        new => format!("{counts}, {new} new"),
    }
}

fn inbox_lines(text: &mut String, inbox: &Inbox) {
    let _ = writeln!(text, "  {}", inbox.device);
    for (at, app, payload, how) in &inbox.arrivals {
        let _ = writeln!(text, "    {at}  {app}  {}  {how}", short(payload));
    }
    let others: Vec<_> =
        inbox.others.iter().map(|(count, outcome)| format!("{count} {outcome}")).collect();
    if !others.is_empty() {
        let _ = writeln!(text, "    {}", others.join(", "));
    } else if inbox.arrivals.is_empty() {
        let _ = writeln!(text, "    nothing");
    }
}

/// What a fault waited for in vain. Whether a request of that kind came nobody knows: a fault before
/// it may have struck it first.
fn idle_line(file: &str, IdleFault { place, fault }: &IdleFault) -> String {
    let at = format!("{file}:{}:{}", place.line, place.column);
    let matches = serde_json::to_value(&fault.matches).unwrap_or_default();
    let wanted = match matches.as_object().is_none_or(serde_json::Map::is_empty) {
        true => String::new(),
        false => format!(" that matches {}", short(&matches)),
    };
    let chance = fault.probability.map(|share| format!(" (with a probability of {share})"));
    match fault.now {
        true => format!("{at}: the fault struck nothing: no connection{wanted} was open"),
        false => {
            let chance = chance.unwrap_or_default();
            format!("{at}: the fault never struck a request{wanted}{chance}")
        }
    }
}

/// What a person wants to see of an entry first.
fn essence(entry: &Value) -> Value {
    let keys = ["payload", "body", "status", "reason", "outcome", "at"];
    let Some(entry) = entry.as_object() else { return entry.clone() };
    let some = keys.iter().filter_map(|key| Some(((*key).to_owned(), entry.get(*key)?.clone())));
    Value::Object(some.collect())
}

/// A value in one line, cut where it is long.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The last lines of an output.
fn tail(output: &str) -> impl Iterator<Item = &str> {
    let lines: Vec<_> = output.lines().collect();
    let skip = lines.len().saturating_sub(LINES);
    lines.into_iter().skip(skip)
}

const NOTHING_CAME: &str = "no request reached the emulator since the `expect` before
    help: senders push to `${push.url}`, which they also find as `PUSHPIT_PUSH_URL`";
const LONGEST: usize = 200;
const LINES: usize = 30;
