//! A run's results as JSON, one line per scenario.

use crate::run::{ScenarioResult, SnapshotResult, Verdict};
use serde_json::{Value, json};

/// One scenario's result.
pub fn json(result: &ScenarioResult) -> Value {
    let (verdict, detail) = match &result.verdict {
        Verdict::Held => ("held", Value::Null),
        Verdict::Failed(failure) => (
            "failed",
            json!({
                "step": failure.step.map(|(number, name, place)| json!({
                    "number": number, "name": name, "line": place.line, "column": place.column,
                })),
                "what": failure.what,
                "help": failure.help,
                "misses": failure.seen.misses.iter().map(|(about, miss)| json!({"about": about, "miss": miss})).collect::<Vec<_>>(),
                "ended_senders": failure.seen.ended.iter().map(|(name, status)| json!({"name": name, "status": status})).collect::<Vec<_>>(),
                "outputs": failure.seen.outputs.iter().map(|(of, text)| json!({"of": of, "text": text})).collect::<Vec<_>>(),
                "rejected": failure.seen.rejected,
            }),
        ),
        Verdict::Wrong { diagnostics, .. } => (
            "wrong",
            json!(diagnostics.iter().map(crate::diagnostic::Diagnostic::short).collect::<Vec<_>>()),
        ),
        Verdict::CannotStart { what, help } => {
            ("cannot_start", json!({"what": what, "help": help}))
        }
    };
    json!({
        "file": result.file,
        "name": result.name,
        "verdict": verdict,
        "detail": detail,
        "steps": result.steps,
        "snapshot": snapshot(&result.snapshot),
        "milliseconds": u64::try_from(result.took.as_millis()).unwrap_or(u64::MAX),
    })
}

fn snapshot(snapshot: &SnapshotResult) -> Value {
    match snapshot {
        SnapshotResult::None => Value::Null,
        SnapshotResult::Same => json!({"state": "same"}),
        SnapshotResult::Written(path) => json!({"state": "written", "path": path}),
        SnapshotResult::Differs { path, pending, diff } => {
            json!({"state": "differs", "path": path, "pending": pending, "diff": diff})
        }
    }
}
