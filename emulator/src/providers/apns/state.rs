//! What APNs remembers: apps and their teams, what connections are bound to, tokens it has seen.

use super::auth::{Credential, ProviderToken};
use super::broadcast::{Channels, FanOuts};
use super::connection::{Became, Conduct, Opened, Standing};
use super::topic::{self, PLAIN};
use crate::clock::Order;
use crate::crypto::BoundedTexts;
use crate::post::{AppId, PolicyId, ServiceId};
use crate::providers::rim::Desk;
use crate::wire::{ConnectionId, Reply};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;

/// The service's state beside what the post office holds.
#[derive(Debug)]
pub(super) struct State {
    /// The number under which the post office knows the service.
    pub(super) service: ServiceId,
    /// The offline policy's number.
    pub(super) policy: PolicyId,
    /// The apps by bundle ID.
    apps: HashMap<Box<str>, App, FixedState>,
    /// Open connections that have authenticated; each entry goes when its connection closes.
    bound: HashMap<ConnectionId, Bound, FixedState>,
    /// When each token text came first.
    seen: BoundedTexts<Order>,
    conduct: Conduct,
    /// Open connections whose limits hold; each entry goes when its connection closes.
    standings: HashMap<ConnectionId, Standing, FixedState>,
    /// What senders broadcast to.
    pub(super) channels: Channels,
    /// Broadcasts on their way.
    pub(super) fan_outs: FanOuts,
}

#[derive(Clone, Debug)]
struct App {
    id: AppId,
    team: Arc<str>,
    /// Whether it may broadcast.
    broadcasts: bool,
}

/// What a connection is bound to.
#[derive(Debug)]
struct Bound {
    team: Arc<str>,
    /// The newest token, so that its next use needs no look-up by text.
    token: Arc<ProviderToken>,
    first_seen: Order,
}

/// What a topic stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic<'a> {
    /// The app.
    pub(super) app: AppId,
    /// The app's team.
    pub(super) team: &'a Arc<str>,
    /// What follows the bundle ID, if anything.
    pub(super) suffix: Option<&'static str>,
    /// The kind of token that the topic is for.
    pub(super) kind: &'static str,
    /// Whether the app may broadcast.
    pub(super) broadcasts: bool,
}

impl State {
    pub(super) fn new(service: ServiceId, policy: PolicyId, conduct: Conduct) -> Self {
        Self {
            service,
            policy,
            apps: HashMap::default(),
            bound: HashMap::default(),
            seen: BoundedTexts::new(MAX_SEEN),
            conduct,
            standings: HashMap::default(),
            channels: Channels::default(),
            fan_outs: FanOuts::default(),
        }
    }

    /// Forgets connections, tokens and channels; apps stay.
    pub(super) fn reset(&mut self) {
        self.bound.clear();
        self.seen = BoundedTexts::new(MAX_SEEN);
        self.channels = Channels::default();
        self.fan_outs = FanOuts::default();
    }

    /// Takes an app in. One that may broadcast no more loses its channels for good. [doc] Apple,
    /// "Setting up broadcast push notifications"
    pub(super) fn adopt(&mut self, bundle: &str, id: AppId, team: &str, broadcasts: bool) {
        self.apps.insert(bundle.into(), App { id, team: team.into(), broadcasts });
        if !broadcasts {
            self.channels.delete_all(id);
        }
    }

    /// What a topic stands for: a bundle ID, or one with one of Apple's suffixes. An app whose bundle
    /// ID ends like a suffix comes first. [guess]
    pub(super) fn topic(&self, topic: &str) -> Option<Topic<'_>> {
        let (app, suffix, kind) = match self.apps.get(topic) {
            Some(app) => (app, None, PLAIN),
            None => {
                let (bundle, suffix, kind) = topic::split(topic)?;
                (self.apps.get(bundle)?, Some(suffix), kind)
            }
        };
        Some(Topic { app: app.id, team: &app.team, suffix, kind, broadcasts: app.broadcasts })
    }

    /// The bundle IDs of a team, for a person to read.
    pub(super) fn bundles_of(&self, team: &str) -> String {
        let mut bundles: Vec<&str> = self
            .apps
            .iter()
            .filter(|(_, app)| *app.team == *team)
            .map(|(bundle, _)| &**bundle)
            .collect();
        bundles.sort_unstable();
        listed(bundles.into_iter())
    }

    /// The team that a connection is bound to.
    pub(super) fn team_of(&self, connection: ConnectionId) -> Option<&str> {
        self.bound.get(&connection).map(|bound| &*bound.team)
    }

    /// A credential's provider token, where it is one, and when its text came first.
    pub(super) fn seen<'a>(
        &mut self,
        desk: &Desk<'_>,
        credential: &'a Credential,
    ) -> Option<(&'a Arc<ProviderToken>, Order)> {
        match credential {
            Credential::Token(token) => {
                Some((token, self.first_seen(desk.connection, token, desk.order)))
            }
            Credential::Certificate | Credential::Bad(_) => None,
        }
    }

    /// When a token's text came first; now, if it is new.
    fn first_seen(
        &mut self,
        connection: ConnectionId,
        token: &Arc<ProviderToken>,
        now: Order,
    ) -> Order {
        if let Some(bound) = self.bound.get(&connection)
            && Arc::ptr_eq(&bound.token, token)
        {
            return bound.first_seen;
        }
        if let Some(first) = self.seen.get(token.hash, &token.text) {
            return *first;
        }
        self.seen.insert(token.hash, token.text.clone(), now);
        now
    }

    /// Binds a connection to the team of the first token that passed on it.
    pub(super) fn bind(
        &mut self,
        connection: ConnectionId,
        token: &Arc<ProviderToken>,
        first_seen: Order,
    ) {
        let bound = self.bound.entry(connection).or_insert_with(|| Bound {
            team: token.team.clone(),
            token: token.clone(),
            first_seen,
        });
        if !Arc::ptr_eq(&bound.token, token) {
            bound.token = token.clone();
            bound.first_seen = first_seen;
        }
    }

    /// Lets a push's fate do to its connection what is due.
    pub(super) fn follow(
        &mut self,
        connection: ConnectionId,
        opened: Opened,
        became: Became,
        reply: &mut Reply,
    ) {
        if opened.is_limited() {
            let start = self.conduct.start(opened);
            let standing = self.standings.entry(connection).or_insert(start);
            self.conduct.follow(standing, became, reply);
        }
    }

    pub(super) fn unbind(&mut self, connection: ConnectionId) {
        self.bound.remove(&connection);
        self.standings.remove(&connection);
    }
}

/// A few names for a sentence, and how many more there are.
pub(super) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(MAX_LISTED);
    let shown: Vec<_> = names.take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
    match (shown.is_empty(), more) {
        (true, _) => "none".to_owned(),
        (false, 0) => shown.join(", "),
        (false, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Names in one sentence; more are not read.
const MAX_LISTED: usize = 5;

/// Token texts whose first use is remembered. It matters within the second of an ageing only, so
/// a sender would have to make this many tokens in that second before an old one counts as new.
const MAX_SEEN: usize = 4_096;
