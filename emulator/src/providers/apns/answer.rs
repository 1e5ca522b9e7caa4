//! The way of one push: judged, submitted, answered.

use super::connection::Became;
use super::request::{self, Push};
use super::rules::{self, Check, Reason, Rejection, Scene, Stage};
use super::state::State;
use super::{device, edge, offline};
use crate::post::{
    AddressId, AppId, Gate, NewAddress, Outcome, Payload, Platform, Storing, Submission,
};
use crate::providers::rim::{Answer, Desk};
use crate::wire::Request;
use std::borrow::Cow;

/// Decides about a push and hands what is accepted to the post office.
pub(super) fn answer(
    state: &mut State,
    desk: &mut Desk<'_>,
    request: &Request,
    push: &Push,
) -> Answer {
    let token = state.seen(desk, &push.credential);
    let address =
        push.device_token().and_then(|bytes| desk.post.find_address(state.service, bytes));
    let scene = Scene {
        push,
        desk,
        state,
        token: token.map(|(token, first_seen)| (&**token, first_seen)),
        topic: push.topic().and_then(|topic| state.topic(topic)),
        address,
    };
    let judged = rules::judge(&scene);
    let passed = judged.as_ref().err().is_none_or(|(check, _)| check.stage > Stage::Credential);
    let owner = scene.topic.map(|topic| (topic.app, topic.kind));
    let mut warnings = if judged.is_ok() { rules::warnings(&scene) } else { Vec::new() };
    if passed {
        let app = owner.map(|(app, _)| app);
        state.passed(desk, &push.credential, token, app);
    }
    let made_up = judged.is_ok() && address.is_none();
    let address = judged.and_then(|()| match (address, owner, push.device_token()) {
        (Some(address), _, _) => Ok(address),
        (None, Some((app, kind)), Some(bytes)) => register_unknown(desk, app, kind, bytes),
        (None, _, _) => Err(full()),
    });
    let (mut answer, became) = match address {
        Ok(address) => {
            if made_up {
                warnings.push(Cow::Borrowed(MADE_UP));
            }
            submit(state, desk, request, push, address);
            (edge::accepted(desk.ids, push, warnings), Became::Accepted)
        }
        Err((check, rejection)) => {
            let reason = rejection.reason;
            state.spoil(desk.connection, reason);
            let answer = edge::rejected(desk.ids, push, check, rejection);
            (answer, Became::Rejected { reason, known: passed })
        }
    };
    state.follow(desk.connection, push.opened, became, &mut answer.reply);
    answer
}

fn submit(
    state: &mut State,
    desk: &mut Desk<'_>,
    request: &Request,
    push: &Push,
    address: AddressId,
) {
    if state.conduct().device_rate.is_some() {
        state.rates.add(address, desk.now);
    }
    let course = device::course(state, desk.post, push, address, desk.now);
    let note = Submission {
        request: desk.request,
        address,
        policy: state.policy,
        lane: course.lane,
        key: device::collapse_key(push, request),
        mark: device::mark(push),
        gate: course.gate,
        lifetime: offline::lifetime(&push.expiration, desk.now.sender),
        storing: Storing::Unsaid,
        payload: Payload::Lent(request.body()),
        own_payload: false,
        discarded: course.discarded,
    };
    let (_, outcome) = desk.post.submit(note, desk.now);
    match outcome {
        Outcome::Delivered => {
            device::got(state, desk.post, push, address);
            if course.counts {
                state.budgets.spend(address, desk.now.world);
            }
        }
        Outcome::Pending if course.gate == Gate::Held => {
            state.budgets.hold(address, desk.now.world);
        }
        _ => {}
    }
}

/// Makes a device for a token that nobody knows, online and with the topic's app.
fn register_unknown(
    desk: &mut Desk<'_>,
    app: AppId,
    kind: &'static str,
    text: &[u8],
) -> Result<AddressId, (&'static Check, Rejection)> {
    let device = desk.post.register_device(Platform::Ios).ok_or_else(full)?;
    let address = NewAddress { app, device, kind, realm: request::REALM_ANY, text };
    desk.post.add_address(address).ok_or_else(full)
}

fn full() -> (&'static Check, Rejection) {
    let check = rules::CHECKS.iter().find(|check| check.name == "device-token-known");
    let cause = "no device has this token, and there is no room for more devices that register \
                 themselves; a reset makes room";
    (check.expect("the check is in the list"), Rejection::new(Reason::BadDeviceToken, cause))
}

/// What whoever mistypes a token has to know.
pub(super) const MADE_UP: &str = "no device had this token, so that one was made for it; \
                       `--unknown-addresses reject` answers as Apple does";
