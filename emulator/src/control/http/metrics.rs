//! What a monitor reads, in Prometheus's text format.

use super::server::App;
use crate::control::room::Load;
use crate::world::abouts;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let text = text(&app.control.door.load());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn text(load: &Load) -> String {
    let mut text = String::new();
    let names = abouts().map(|(_, about)| about.name).chain([NOBODY]);
    let kind = "# TYPE pushpit_requests_total counter";
    let help = "# HELP pushpit_requests_total Requests answered since the start, by verdict.";
    // Writing to a string does not fail.
    let _ = writeln!(text, "{help}\n{kind}");
    for (name, tally) in names.zip(&load.tally) {
        for (verdict, count) in [("accepted", tally.accepted), ("rejected", tally.rejected)] {
            let labels = format!("provider=\"{name}\",verdict=\"{verdict}\"");
            let _ = writeln!(text, "pushpit_requests_total{{{labels}}} {count}");
        }
    }
    let gauges = [
        (
            "pushpit_requests_in_flight",
            "Requests that are not answered yet.",
            load.in_flight as u64,
        ),
        ("pushpit_notifications_pending", "Notifications that wait for a device.", load.pending),
        ("pushpit_journal_bytes", "Bytes that the journal holds.", load.journal_bytes as u64),
    ];
    for (name, help, value) in gauges {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    text
}

/// Requests that no service took.
const NOBODY: &str = "";
