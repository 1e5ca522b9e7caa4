//! Fault rules in the world: which are taken in, which strike, and what they do to an answer.

use super::bad_command::BadCommand;
use super::command::{Done, Refused};
use super::services::{Prepared, about};
use super::state::World;
use super::view::FaultView;
use crate::clock::Now;
use crate::post::{Fault, FaultId, FaultMatch, FaultScene, Struck};
use crate::providers::rim::{Answer, FaultedReply, Verdict};
use crate::wire::{Reply, Request};
use serde_json::json;

impl World {
    /// The fault rules in force.
    pub fn faults(&self) -> Vec<FaultView> {
        let view =
            |(id, fault, struck): (_, &Fault, _)| FaultView { id, fault: fault.clone(), struck };
        self.faults.list().map(view).collect()
    }

    pub(super) fn strike(&mut self, prepared: &Prepared, request: &Request) -> Option<Struck> {
        let service = prepared.service();
        let (app, device) = prepared.scene(&self.post);
        let device = device.map(|device| self.post.device_name(device));
        let scene = FaultScene {
            service: (about(service).name, service),
            path: request.path(),
            app: app.map(|app| self.post.app(app).1),
            device: device.as_deref(),
        };
        self.faults.strike(&scene, &mut self.ids)
    }

    pub(super) fn add_fault(&mut self, fault: Fault, now: Now) -> Result<Done, Refused> {
        fault.check()?;
        self.check_match(&fault.matches)?;
        if fault.now {
            let view = FaultView { id: self.faults.count(), fault, struck: 0 };
            self.note(now, "fault_added", &serde_json::to_value(&view).unwrap_or_default());
            return Ok(Done::Fault(view));
        }
        let id = self.faults.add(fault.clone())?;
        let view = FaultView { id, fault, struck: 0 };
        self.note(now, "fault_added", &serde_json::to_value(&view).unwrap_or_default());
        Ok(Done::Fault(view))
    }

    pub(super) fn remove_fault(&mut self, id: FaultId, now: Now) -> Result<Done, Refused> {
        if !self.faults.remove(id) {
            return Err(Refused::UnknownFault(id));
        }
        Ok(self.note(now, "fault_removed", &json!({"id": id})))
    }

    /// A rule that can strike nothing is a mistake. A name that a device gets by itself may come
    /// later; every other device must be there, so that a misspelt one is told.
    fn check_match(&self, matches: &FaultMatch) -> Result<(), Refused> {
        let paths = [("route", &matches.route), ("path", &matches.path)];
        for (name, path) in
            paths.into_iter().filter_map(|(name, path)| Some((name, path.as_ref()?)))
        {
            if !path.starts_with('/') {
                return Err(BadCommand::Path { name, path: path.clone() }.into());
            }
        }
        self.check_names(
            matches.provider.as_deref(),
            matches.app.as_deref(),
            matches.device.as_deref(),
        )
    }
}

impl Struck {
    /// Whether the service does not get to answer.
    pub(super) fn is_answer(&self) -> bool {
        let cut = self.connection.as_ref().is_some_and(|connection| !connection.answers());
        self.reply.is_some() || (cut && !self.passes)
    }
}

/// Does to the wire and the time what a fault says.
pub(super) fn bend(reply: &mut Reply, struck: &Struck) {
    reply.delay = struck.delay.or(reply.delay);
    if let Some(connection) = &struck.connection {
        connection.bend(reply);
    }
}

pub(super) fn faulted(struck: &Struck, (reply, reason): FaultedReply) -> Answer {
    let verdict = Verdict {
        accepted: (200..300).contains(&reply.status) && struck.reply.is_some(),
        reason: reason.filter(|_| struck.reply.is_some()),
        rule: Some("fault"),
        cause: Some(format!("fault {} struck", struck.fault.0).into()),
        warnings: Vec::new(),
    };
    Answer { reply, verdict }
}
