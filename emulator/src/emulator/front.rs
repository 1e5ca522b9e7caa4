//! Joins the sockets to the world: each request is routed, prepared without a lock, and carried in
//! through the one door.

use crate::control::{Door, InFlight, Orders};
use crate::server::{Front, Incident};
use crate::switch::Switches;
use crate::wire::{ConnectionId, ConnectionProfile, GoAway, Peer, Reply, Request};
use crate::world::{
    Command, Incoming, KeyRing, Prepared, Route, body_ceiling, is_push_target, profile, route,
};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// What stands behind the sockets of an emulator.
pub(super) struct WorldFront {
    pub(super) door: Arc<Door>,
    pub(super) switches: Switches,
    /// The file with the local CA's certificate.
    pub(super) ca: PathBuf,
}

impl WorldFront {
    fn incoming(keys: &KeyRing, id: ConnectionId, peer: &Peer, request: Request) -> Incoming {
        let (service, misdirected) = match route(peer.profile, &request) {
            Route::Misdirected(owner) => (None, Some(owner)),
            Route::Nobody => (None, None),
            Route::Service(service) => (Some(service), None),
        };
        let prepared = service.map(|service| Prepared::new(service, keys, peer, &request));
        Incoming { connection: id, request, prepared, misdirected }
    }

    fn tell(&self, command: Command) {
        // Connections and notes are never refused.
        drop(self.door.apply(command));
    }
}

impl Front for WorldFront {
    fn profile(&self, name: Option<&str>, service: Option<&str>) -> ConnectionProfile {
        profile(name, service, &self.switches)
    }

    fn may_connect(&self, host: &str, port: u16) -> bool {
        is_push_target(host, port)
    }

    fn enter(&self) -> Option<InFlight> {
        Some(self.door.enter())
    }

    fn opened(&self, id: ConnectionId, peer: &Arc<Peer>, orders: &Arc<Orders>) -> Option<GoAway> {
        self.door.opened(id, peer, orders)
    }

    fn closed(&self, id: ConnectionId, why: &str) {
        self.door.closed(id, why);
    }

    fn trouble(&self, incident: &Incident) {
        let (what, help) = (incident.trouble.to_string(), incident.trouble.help(&self.ca));
        tracing::warn!(connection = incident.connection.map(|id| id.0), "{what}; {help}");
        let note = json!({
            "connection": incident.connection.map(|id| id.0),
            "remote": incident.remote.map(|remote| remote.to_string()),
            "local": incident.local.to_string(),
            "what": what,
            "help": help,
        });
        self.tell(Command::Note("trouble", note));
    }

    fn body_ceiling(&self, request: &Request) -> usize {
        match route(ConnectionProfile::GENERIC.name, request) {
            Route::Service(service) => body_ceiling(service, request),
            Route::Misdirected(_) | Route::Nobody => NOBODYS_BODY,
        }
    }

    fn answer(&self, id: ConnectionId, peer: &Arc<Peer>, request: Request) -> Reply {
        self.door.request(Self::incoming(&self.door.keys(), id, peer, request))
    }

    fn answer_all(
        &self,
        id: ConnectionId,
        peer: &Arc<Peer>,
        requests: &mut dyn ExactSizeIterator<Item = Request>,
        replies: &mut Vec<Reply>,
    ) {
        // Prepared before the door is asked: signatures are checked without the lock.
        let keys = self.door.keys();
        let incoming = |request| Self::incoming(&keys, id, peer, request);
        let prepared: Vec<_> = requests.map(incoming).collect();
        self.door.requests(&mut prepared.into_iter(), replies);
    }
}

/// How much is kept of the body of a request that no service takes: enough to recognize it.
const NOBODYS_BODY: usize = 4 << 10;
