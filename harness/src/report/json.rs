//! A run's results as JSON, one line per scenario.

use crate::diagnostic::Place;
use crate::run::{Difference, ScenarioResult, SnapshotResult, Verdict};
use serde_json::{Value, json};

/// One scenario's result.
pub fn json(result: &ScenarioResult) -> Value {
    let detail = match &result.verdict {
        Verdict::Held => Value::Null,
        Verdict::Failed(failure) => json!({
            "step": failure.step.map(|(number, name, place)| json!({
                "number": number, "name": name, "line": place.line, "column": place.column,
            })),
            "place": place(failure.seen.place),
            "what": failure.what,
            "help": failure.help,
            "misses": failure.seen.misses.iter().map(|(about, miss)| json!({"about": about, "miss": miss})).collect::<Vec<_>>(),
            "ended_senders": failure.seen.ended.iter().map(|it| json!({"name": it.name, "status": it.status, "place": place(it.place)})).collect::<Vec<_>>(),
            "outputs": failure.seen.outputs.iter().map(|(of, text)| json!({"of": of, "text": text})).collect::<Vec<_>>(),
            "rejected": failure.seen.rejected,
            "silent": failure.seen.silent,
            "no_requests": failure.seen.no_requests.iter().map(|it| json!({"what": it.what, "help": it.help, "times": it.times})).collect::<Vec<_>>(),
        }),
        Verdict::Wrong { diagnostics, .. } => {
            json!(diagnostics.iter().map(crate::diagnostic::Diagnostic::short).collect::<Vec<_>>())
        }
        Verdict::CannotStart { what, help } => json!({"what": what, "help": help}),
    };
    json!({
        "file": result.file,
        "name": result.name,
        "verdict": result.word(),
        "detail": detail,
        "steps": result.steps,
        "idle_faults": result.idle_faults.iter().map(|it| json!({"place": place(Some(it.place)), "fault": it.fault})).collect::<Vec<_>>(),
        "snapshot": snapshot(&result.snapshot),
        "milliseconds": u64::try_from(result.took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn place(place: Option<Place>) -> Value {
    place.map_or(Value::Null, |place| json!({"line": place.line, "column": place.column}))
}

fn snapshot(snapshot: &SnapshotResult) -> Value {
    match snapshot {
        SnapshotResult::None => Value::Null,
        SnapshotResult::Same => json!({"state": "same"}),
        SnapshotResult::Written(path) => json!({"state": "written", "path": path}),
        SnapshotResult::Differs { how, path, pending, diff } => {
            let mut all = json!({"state": how.word(), "path": path, "pending": pending});
            let key = if *how == Difference::Changed { "diff" } else { "text" };
            all[key] = diff.as_str().into();
            if let Difference::Broken { what, help } | Difference::Unreachable { what, help } = how
            {
                all["what"] = what.as_str().into();
                all["help"] = help.as_str().into();
            }
            all
        }
    }
}
