//! The event stream: the journal's lines as they come, to be resumed where it broke off.

use super::list;
use super::problem::Problem;
use super::query::Query;
use super::server::App;
use crate::control::handle::Control;
use crate::journal::Cursor;
use crate::world::EventView;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use std::collections::VecDeque;
use std::convert::Infallible;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The journal's lines: a stream if the caller takes one, else a list.
pub(super) async fn events(
    State(app): State<App>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, Problem> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accept.contains("text/event-stream") {
        return Ok(list::events(&app, &query).await?.into_response());
    }
    let resumed = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let from = match resumed {
        Some(cursor) => cursor,
        None => query.after()?,
    };
    let place = Place {
        changes: app.control.door.changes(),
        control: app.control,
        closing: app.closing,
        kind: query.kind()?,
        cursor: from,
        ready: VecDeque::new(),
    };
    Ok(Sse::new(stream(place)).keep_alive(KeepAlive::default()).into_response())
}

/// Where a stream is.
struct Place {
    control: Control,
    changes: watch::Receiver<()>,
    closing: CancellationToken,
    kind: Option<String>,
    cursor: Cursor,
    ready: VecDeque<Event>,
}

impl Place {
    /// The next event; `None` when the emulator stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            self.changes.mark_unchanged();
            self.look().await;
            if self.ready.is_empty() {
                tokio::select! {
                    () = self.closing.cancelled() => return None,
                    changed = self.changes.changed() => changed.ok()?,
                }
            }
        }
    }

    async fn look(&mut self) {
        let (kind, cursor) = (self.kind.clone(), self.cursor);
        let look = move |control: &Control| control.events(kind.as_deref(), cursor, AT_ONCE);
        let list = self.control.beside(look).await;
        if list.dropped > 0 {
            let data = serde_json::json!({"dropped": list.dropped}).to_string();
            self.ready.push_back(Event::default().event("dropped").data(data));
        }
        self.ready.extend(list.items.iter().map(shown));
        self.cursor = list.next;
    }
}

fn stream(place: Place) -> impl Stream<Item = Result<Event, Infallible>> {
    unfold(place, |mut place| async move {
        let event = place.next().await?;
        Some((Ok(event), place))
    })
}

fn shown(event: &EventView) -> Event {
    let data = serde_json::to_string(event).unwrap_or_default();
    Event::default().id(event.cursor.to_string()).data(data)
}

/// How many lines are made ready at once.
const AT_ONCE: usize = 100;
