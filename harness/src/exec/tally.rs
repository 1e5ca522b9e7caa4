//! What became of a sender's pushes, in few lines.

use super::attach::{AttachError, Attached, ask};
use pushpit_emulator::world::{DeliveryView, EventView, List, RequestView};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;

/// Counts since an emulator was asked where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    accepted: u64,
    /// By status, reason and cause.
    rejected: BTreeMap<(u16, String, String), u64>,
    /// By device, app, outcome and reason.
    deliveries: BTreeMap<(String, String, String, String), u64>,
    /// What never became a request, and what to do about it.
    troubles: BTreeMap<(String, String), u64>,
    /// What accepted requests should know.
    notes: BTreeMap<String, u64>,
    dropped: u64,
}

/// Counts what happened since then.
///
/// # Errors
/// The emulator does not answer.
pub async fn tally(since: &Attached) -> Result<Tally, AttachError> {
    let mut tally = Tally::default();
    let requests = all::<RequestView>(since, "requests?").await?;
    let deliveries = all::<DeliveryView>(since, "deliveries?").await?;
    let troubles = all::<EventView>(since, "events?kind=trouble&").await?;
    tally.dropped = requests.1 + deliveries.1 + troubles.1;
    for request in requests.0 {
        tally.add_request(request);
    }
    let newest = deliveries.0.into_iter().map(|it| (it.id, it)).collect::<BTreeMap<_, _>>();
    for it in newest.into_values() {
        let outcome = format!("{:?}", it.outcome).to_lowercase();
        *tally.deliveries.entry((it.device, it.app, outcome, it.reason)).or_default() += 1;
    }
    for trouble in troubles.0 {
        let text = |key: &str| trouble.data[key].as_str().unwrap_or_default().to_owned();
        *tally.troubles.entry((text("what"), text("help"))).or_default() += 1;
    }
    Ok(tally)
}

impl Tally {
    fn add_request(&mut self, request: RequestView) {
        let RequestView { status, reason, cause, warnings, verdict, .. } = request;
        if verdict == "accepted" {
            self.accepted += 1;
        } else {
            let key = (status, reason.unwrap_or_default(), cause.unwrap_or_default());
            *self.rejected.entry(key).or_default() += 1;
        }
        for warning in warnings {
            *self.notes.entry(warning).or_default() += 1;
        }
    }

    fn write_lines(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        for ((device, app, outcome, reason), count) in &self.deliveries {
            let is_plain = outcome == "delivered" || reason.is_empty();
            let why = if is_plain { String::new() } else { format!(" ({reason})") };
            lines.push(format!("{device} {app}: {count} {outcome}{why}"));
        }
        for ((status, reason, cause), count) in &self.rejected {
            let reason = if reason.is_empty() { String::new() } else { format!(" {reason}") };
            lines.push(format!("{count} rejected with {status}{reason}: {cause}"));
        }
        for ((what, help), count) in &self.troubles {
            lines.push(format!("{}no request: {what}\n    help: {help}", times(*count)));
        }
        for (note, count) in &self.notes {
            lines.push(format!("{}note: {note}", times(*count)));
        }
        for line in lines.iter().take(MOST_LINES) {
            write!(f, "\n  {line}")?;
        }
        match lines.len().saturating_sub(MOST_LINES) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more kinds"),
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rejected: u64 = self.rejected.values().sum();
        match self.accepted + rejected {
            0 => f.write_str("no request came")?,
            1 => f.write_str("1 request")?,
            all => write!(f, "{all} requests")?,
        }
        match (self.accepted, rejected) {
            (0, 0) => {}
            (accepted, 0) => write!(f, ": {accepted} accepted")?,
            (0, rejected) => write!(f, ": {rejected} rejected")?,
            (accepted, rejected) => write!(f, ": {accepted} accepted, {rejected} rejected")?,
        }
        self.write_lines(f)?;
        match self.dropped {
            0 => Ok(()),
            dropped => write!(f, "\n  {dropped} older entries are no longer in the journal"),
        }
    }
}

fn times(count: u64) -> String {
    if count == 1 { String::new() } else { format!("{count} times ") }
}

/// All entries of a list since then, and how many there were before them.
async fn all<T: DeserializeOwned>(
    since: &Attached,
    list: &str,
) -> Result<(Vec<T>, u64), AttachError> {
    let (mut items, mut dropped, mut after) = (Vec::new(), 0, since.end.clone());
    loop {
        let what = format!("{list}limit={AT_ONCE}&after={after}");
        let page: List<T> = ask(&since.places.control, &what).await?;
        dropped += page.dropped;
        if page.items.is_empty() {
            return Ok((items, dropped));
        }
        items.extend(page.items);
        after = page.next.to_string();
    }
}

/// How many lines a person reads.
const MOST_LINES: usize = 20;

/// How many entries are asked for at once.
const AT_ONCE: usize = 1_000;
