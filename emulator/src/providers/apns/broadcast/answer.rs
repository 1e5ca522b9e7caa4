//! The way of one request: judged, carried out, answered.

use super::super::connection::Became;
use super::super::rules::Stage;
use super::super::state::State;
use super::channel::{Channel, ChannelId};
use super::edge;
use super::fan_out::FanOut;
use super::request::{Broadcast, Operation};
use super::rules::{self, Scene};
use crate::ids::Purpose;
use crate::providers::rim::{Answer, Desk};
use crate::wire::Request;
use std::sync::Arc;

/// Decides about a request and carries it out; what goes to devices goes in slices afterwards.
pub(in super::super) fn answer(
    state: &mut State,
    desk: &mut Desk<'_>,
    request: &Request,
    asked: &Broadcast,
) -> Answer {
    let token = state.seen(desk, &asked.push.credential);
    let scene = Scene::new(state, desk, asked, token);
    let judged = rules::judge(&scene);
    let (operation, channel) = (scene.operation(), scene.channel);
    let app = scene.caller.topic.map(|topic| topic.app);
    let passed = judged.as_ref().err().is_none_or(|refusal| refusal.stage > Stage::Credential);
    if passed {
        state.passed(desk, &asked.push.credential, token, app);
    }
    let done = judged.and_then(|()| match (operation, app) {
        (Some(operation), Some(app)) => Ok((operation, app)),
        _ => Err(rules::no_path()),
    });
    let (mut answer, became) = match done {
        Ok((Operation::Create, app)) => {
            let mut id = ChannelId::default();
            desk.ids.fill(Purpose::Channel, &mut id);
            let (realm, policy) = (asked.realm(), asked.policy());
            state.channels.create(app, Channel::new(id, realm, policy));
            (edge::created(desk.ids, asked, &id), Became::Accepted)
        }
        Ok((Operation::Delete, _)) => {
            if let Some(place) = channel {
                state.channels.delete(place);
            }
            (edge::deleted(desk.ids, asked), Became::Accepted)
        }
        Ok((Operation::List, app)) => {
            let all = state.channels.of_app(app, asked.push.environment);
            (edge::listed(desk.ids, asked, all), Became::Accepted)
        }
        Ok((Operation::Read, _)) => {
            (edge::read(desk.ids, asked, state.channels.policy(channel)), Became::Accepted)
        }
        Ok((Operation::Send, _)) => {
            if let Some(place) = channel {
                let message = Arc::from(request.body());
                let fan_out = FanOut::new(desk, asked, &state.channels, place, message);
                state.send_out(desk, fan_out);
            }
            (edge::sent(desk.ids, asked), Became::Accepted)
        }
        Err(refusal) => {
            let reason = refusal.rejection.reason;
            state.spoil(desk.connection, reason);
            let answer = edge::rejected(desk.ids, asked, refusal);
            (answer, Became::Rejected { reason, known: passed })
        }
    };
    state.follow(desk.connection, asked.push.opened, became, &mut answer.reply);
    answer
}
