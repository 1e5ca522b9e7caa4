//! The lists out of the journal, which can be waited for.

use super::body::Named;
use super::problem::Problem;
use super::query::Query;
use super::server::App;
use crate::control::handle::Control;
use crate::journal::Cursor;
use crate::world::{Arrival, DeliveryView, EventView, Filter, List, RequestView, Subject, Watched};
use axum::Json;
use axum::extract::State;
use serde::de::DeserializeOwned;

pub(super) async fn inbox(
    State(app): State<App>,
    Named(device): Named<String>,
    query: Query,
) -> Result<Json<List<Arrival>>, Problem> {
    app.control.device(&device)?;
    let filter = Filter { device: Some(device), ..filter(&app, &query, Subject::Inbox)? };
    let what = Watched::List(Box::new(filter.clone()));
    list(&app, &query, what, move |control, after, limit| control.inbox(&filter, after, limit))
        .await
}

pub(super) async fn deliveries(
    State(app): State<App>,
    query: Query,
) -> Result<Json<List<DeliveryView>>, Problem> {
    let filter = filter(&app, &query, Subject::Deliveries)?;
    let what = Watched::List(Box::new(filter.clone()));
    list(&app, &query, what, move |control, after, limit| control.deliveries(&filter, after, limit))
        .await
}

pub(super) async fn requests(
    State(app): State<App>,
    query: Query,
) -> Result<Json<List<RequestView>>, Problem> {
    let filter = filter(&app, &query, Subject::Requests)?;
    let what = Watched::List(Box::new(filter.clone()));
    list(&app, &query, what, move |control, after, limit| control.requests(&filter, after, limit))
        .await
}

pub(super) async fn events(app: &App, query: &Query) -> Result<Json<List<EventView>>, Problem> {
    let kind = query.kind()?;
    let what = Watched::Events(kind.clone());
    list(app, query, what, move |control, after, limit| {
        control.events(kind.as_deref(), after, limit)
    })
    .await
}

/// What the query asks about, of which every name is known.
fn filter(app: &App, query: &Query, of: Subject) -> Result<Filter, Problem> {
    let filter = Filter { of, ..query.filter()? };
    app.control.check_filter(&filter).map_err(|refused| Problem::refused_parameter(&refused))?;
    Ok(filter)
}

async fn list<T: DeserializeOwned + Send + 'static>(
    app: &App,
    query: &Query,
    what: Watched,
    look: impl FnOnce(&Control, Cursor, usize) -> List<T> + Send + 'static,
) -> Result<Json<List<T>>, Problem> {
    let (after, limit) = (query.after()?, query.limit()?);
    let look = move |control: &Control| look(control, after, limit);
    let list = match query.wait()? {
        None => app.control.beside(look).await,
        Some(wait) => {
            let wait = crate::control::Wait { count: wait.count.min(limit), ..wait };
            app.until_stop(app.control.wait_for(wait, what, after, limit)).await?
        }
    };
    Ok(Json(list))
}
