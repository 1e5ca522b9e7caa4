//! The calls that change or show one thing: types in, one call of the control, types out.

use super::answer::{AppView, EmulatorView, Kits, NewApp, Page};
use super::body::{Named, Told};
use super::problem::{BAD_BODY, BAD_PATH, Problem};
use super::query::{LONGEST_WAIT, Query};
use super::server::App;
use crate::clock::{parse_duration, show_duration};
use crate::post::{Fault, FaultId};
use crate::world::{
    AddressChange, AddressView, Advance, Age, AppName, ClockView, DeviceChange, DeviceView,
    Expectation, FaultView, Issue, Judgement, NewDevice, Refused, Revoke,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;

type Answer<T> = Result<Json<T>, Problem>;
type Created<T> = Result<(StatusCode, Json<T>), Problem>;

pub(super) async fn add_app(State(app): State<App>, Told(new): Told<NewApp>) -> Created<Value> {
    let added = app.control.beside(move |it| it.add_app(&new.provider, &new.spec)).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

pub(super) async fn apps(State(app): State<App>, _: Query) -> Json<Page<AppView>> {
    let all = app.control.door.look(|world, _| world.apps());
    let view = |(provider, app): (&str, String)| AppView { provider: provider.to_owned(), app };
    Json(Page { items: all.into_iter().map(view).collect(), next: None })
}

pub(super) async fn credentials(State(app): State<App>, _: Query) -> Json<Kits> {
    Json(Kits { apps: app.control.credentials() })
}

pub(super) async fn emulator(State(app): State<App>, _: Query) -> Json<EmulatorView> {
    let file = |path: &std::path::Path| {
        // Where there is no absolute path there is no folder to be in: nothing can be said better.
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
    };
    Json(EmulatorView {
        version: env!("CARGO_PKG_VERSION"),
        push: app.places.push.clone(),
        control: format!("http://{}", app.guard.bound),
        ca: file(&app.places.ca),
        credentials: file(&app.places.credentials),
        pid: std::process::id(),
        end: app.control.end(),
    })
}

pub(super) async fn age(
    State(app): State<App>,
    Told(age): Told<Age>,
) -> Result<StatusCode, Problem> {
    app.control.age(age).map_err(|refused| Problem::refused_body(&refused))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn revoke(
    State(app): State<App>,
    Told(revoke): Told<Revoke>,
) -> Result<StatusCode, Problem> {
    app.control.revoke(revoke).map_err(|refused| Problem::refused_body(&refused))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn issue(State(app): State<App>, Told(issue): Told<Issue>) -> Created<Value> {
    let issued = app.control.beside(move |it| it.issue(&issue)).await?;
    Ok((StatusCode::CREATED, Json(issued)))
}

pub(super) async fn add_device(
    State(app): State<App>,
    Told(new): Told<NewDevice>,
) -> Created<DeviceView> {
    let device =
        app.control.create_device(new).map_err(|refused| Problem::refused_body(&refused))?;
    Ok((StatusCode::CREATED, Json(device)))
}

pub(super) async fn devices(State(app): State<App>, query: Query) -> Answer<Page<DeviceView>> {
    let limit = query.limit()?;
    let items = app.control.devices(query.text("after"), limit)?;
    let next = items.last().filter(|_| items.len() == limit).map(|last| last.name.clone());
    Ok(Json(Page { items, next }))
}

pub(super) async fn device(
    State(app): State<App>,
    Named(name): Named<String>,
    _: Query,
) -> Answer<DeviceView> {
    Ok(Json(app.control.device(&name)?))
}

pub(super) async fn change_device(
    State(app): State<App>,
    Named(name): Named<String>,
    Told(change): Told<DeviceChange>,
) -> Answer<DeviceView> {
    Ok(Json(app.control.change_device(&name, change)?))
}

pub(super) async fn install(
    State(app): State<App>,
    Named((device, name)): Named<(String, String)>,
) -> Answer<DeviceView> {
    Ok(Json(app.control.install(&device, &AppName(name))?))
}

pub(super) async fn uninstall(
    State(app): State<App>,
    Named((device, name)): Named<(String, String)>,
) -> Answer<DeviceView> {
    Ok(Json(app.control.uninstall(&device, &AppName(name))?))
}

pub(super) async fn rotate(
    State(app): State<App>,
    Named((device, name)): Named<(String, String)>,
) -> Answer<DeviceView> {
    Ok(Json(app.control.rotate(&device, &AppName(name))?))
}

pub(super) async fn addresses(State(app): State<App>, query: Query) -> Answer<Page<AddressView>> {
    let limit = query.limit()?;
    let items = app.control.addresses(query.text("address"), query.after_number()?, limit);
    let next = items.last().filter(|_| items.len() == limit).map(|last| last.id.to_string());
    Ok(Json(Page { items, next }))
}

pub(super) async fn address(
    State(app): State<App>,
    Named(number): Named<String>,
    _: Query,
) -> Answer<AddressView> {
    Ok(Json(app.control.address(address_number(&number)?)?))
}

pub(super) async fn change_address(
    State(app): State<App>,
    Named(number): Named<String>,
    Told(change): Told<AddressChange>,
) -> Answer<AddressView> {
    Ok(Json(app.control.change_address(address_number(&number)?, change)?))
}

pub(super) async fn clock(State(app): State<App>, _: Query) -> Json<ClockView> {
    Json(app.control.clock())
}

pub(super) async fn advance(
    State(app): State<App>,
    Told(advance): Told<Advance>,
) -> Answer<ClockView> {
    Ok(Json(app.control.advance(advance).await?))
}

pub(super) async fn faults(State(app): State<App>, _: Query) -> Json<Page<FaultView>> {
    Json(Page { items: app.control.faults(), next: None })
}

pub(super) async fn add_fault(
    State(app): State<App>,
    Told(fault): Told<Fault>,
) -> Created<FaultView> {
    let added = app.control.add_fault(fault).await;
    let fault = added.map_err(|refused| Problem::refused_body(&refused))?;
    Ok((StatusCode::CREATED, Json(fault)))
}

pub(super) async fn remove_fault(
    State(app): State<App>,
    Named(number): Named<String>,
) -> Result<StatusCode, Problem> {
    let id = number.parse().map(FaultId).map_err(|_| {
        let detail = format!("expected a fault's number, found `{number}`");
        Problem::new(BAD_PATH, detail, "GET `/api/v1/faults` shows the numbers")
    })?;
    app.control.remove_fault(id)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn expect(
    State(app): State<App>,
    Told(mut expectation): Told<Expectation>,
) -> Answer<Judgement> {
    if let Some(text) = &expectation.timeout {
        let limit = parse_duration(text).map_err(|it| {
            Problem::new(BAD_BODY, it.to_string(), "such as `\"timeout\": \"5s\"`")
        })?;
        expectation.timeout = Some(show_duration(limit.min(LONGEST_WAIT)));
    }
    app.control
        .check_expectation(&expectation)
        .map_err(|refused| Problem::refused_body(&refused))?;
    let judgement = app.until_stop(app.control.expect(&expectation)).await?;
    if judgement.held { Ok(Json(judgement)) } else { Err(Problem::not_held(judgement)) }
}

pub(super) async fn reset(State(app): State<App>) -> Result<StatusCode, Problem> {
    app.control.reset().await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn openapi(_: Query) -> Json<Value> {
    Json(super::openapi::openapi())
}

fn address_number(text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| Problem::from(&Refused::UnknownAddress(format!("`{text}`"))))
}
