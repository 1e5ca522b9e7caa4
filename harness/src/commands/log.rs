//! One line for each request, as a person follows them in a terminal.

use pushpit_emulator::world::{EventView, RequestView};
use std::fmt::Write as _;

/// A request in a line, and under it why it was rejected or what should be known.
pub(super) fn line(request: &RequestView) -> String {
    let provider = request.provider.as_deref().unwrap_or("nobody's");
    let (method, path) = (&request.method, shortened(&request.path));
    let mut line = format!("{} {provider} {method} {path} {}", request.at, request.status);
    if let Some(reason) = &request.reason {
        let _ = write!(line, " {reason}");
    }
    if let Some(cause) = &request.cause {
        let _ = write!(line, "\n    {cause}");
    }
    for warning in &request.warnings {
        let _ = write!(line, "\n    note: {warning}");
    }
    line
}

/// Something that never became a request, and what to do about it.
pub(super) fn trouble(event: &EventView) -> String {
    let text = |key: &str| event.data[key].as_str().unwrap_or_default();
    format!("{} no request: {}\n    help: {}", event.at, text("what"), text("help"))
}

/// A path whose long parts (tokens) are cut.
fn shortened(path: &str) -> String {
    let part = |part: &str| match part.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &part[..end]),
        None => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

const LONGEST: usize = 16;
