//! The lists out of the journal, which can be waited for.

use super::body::Named;
use super::problem::Problem;
use super::query::Query;
use super::server::App;
use crate::control::handle::Control;
use crate::journal::Cursor;
use crate::world::{Arrival, DeliveryView, EventView, Filter, List, RequestView, Subject};
use axum::Json;
use axum::extract::State;

pub(super) async fn inbox(
    State(app): State<App>,
    Named(device): Named<String>,
    query: Query,
) -> Result<Json<List<Arrival>>, Problem> {
    app.control.device(&device)?;
    let filter = Filter { device: Some(device), ..filter(&app, &query, Subject::Inbox)? };
    list(&app, &query, move |control, after, limit| control.inbox(&filter, after, limit)).await
}

pub(super) async fn deliveries(
    State(app): State<App>,
    query: Query,
) -> Result<Json<List<DeliveryView>>, Problem> {
    let filter = filter(&app, &query, Subject::Deliveries)?;
    list(&app, &query, move |control, after, limit| control.deliveries(&filter, after, limit)).await
}

pub(super) async fn requests(
    State(app): State<App>,
    query: Query,
) -> Result<Json<List<RequestView>>, Problem> {
    let filter = filter(&app, &query, Subject::Requests)?;
    list(&app, &query, move |control, after, limit| control.requests(&filter, after, limit)).await
}

pub(super) async fn events(app: &App, query: &Query) -> Result<Json<List<EventView>>, Problem> {
    let kind = query.text("kind").map(str::to_owned);
    list(app, query, move |control, after, limit| control.events(kind.as_deref(), after, limit))
        .await
}

/// What the query asks about, of which every name is known.
fn filter(app: &App, query: &Query, of: Subject) -> Result<Filter, Problem> {
    let filter = Filter { of, ..query.filter()? };
    app.control.check_filter(&filter).map_err(|refused| Problem::refused_parameter(&refused))?;
    Ok(filter)
}

async fn list<T: Send + 'static>(
    app: &App,
    query: &Query,
    look: impl Fn(&Control, Cursor, usize) -> List<T> + Clone + Send + 'static,
) -> Result<Json<List<T>>, Problem> {
    let (after, limit) = (query.after()?, query.limit()?);
    let look = move |control: &Control| look(control, after, limit);
    let list = match query.wait()? {
        None => app.control.beside(look).await,
        Some(wait) => {
            let wait = crate::control::Wait { count: wait.count.min(limit), ..wait };
            app.until_stop(app.control.wait_for(wait, look)).await?
        }
    };
    Ok(Json(list))
}
