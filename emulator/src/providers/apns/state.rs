//! What APNs remembers: apps and their credentials, what connections are bound to, tokens it has
//! seen, what was revoked.

use super::activity::Activities;
use super::auth::{Credential, ProviderToken};
use super::binding::{Binding, Use};
use super::broadcast::{Channels, FanOuts};
use super::budget::Budgets;
use super::certificate::Certificate;
use super::connection::{Became, Conduct, Opened, Standing};
use super::handset::Handsets;
use super::rate::Rates;
use super::rules::Reason;
use super::topic::{self, PLAIN};
use crate::clock::Order;
use crate::crypto::BoundedTexts;
use crate::post::{AppId, PolicyId, ServiceId};
use crate::providers::rim::Desk;
use crate::wire::{ConnectionId, Reply};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::collections::BTreeSet;
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
    bound: HashMap<ConnectionId, Binding, FixedState>,
    /// Open connections whose certificate was good at first; each entry goes when its connection
    /// closes.
    admitted: HashSet<ConnectionId, FixedState>,
    /// Open connections on which one request spoiled all later ones; each entry goes when its
    /// connection closes.
    spoiled: HashMap<ConnectionId, Reason, FixedState>,
    /// Ids of keys that were revoked.
    revoked_keys: BTreeSet<Box<str>>,
    /// Certificates that were revoked.
    revoked_certificates: Vec<Arc<[u8]>>,
    /// When each token text came first.
    seen: BoundedTexts<Order>,
    conduct: Conduct,
    /// Open connections whose limits hold; each entry goes when its connection closes.
    standings: HashMap<ConnectionId, Standing, FixedState>,
    /// How many pushes device tokens had lately, where that is bounded.
    pub(super) rates: Rates,
    /// What people said of the apps on their devices.
    pub(super) handsets: Handsets,
    /// What senders broadcast to.
    pub(super) channels: Channels,
    /// What Live Activities show.
    pub(super) activities: Activities,
    /// What apps may get in an hour, and what is held back.
    pub(super) budgets: Budgets,
    /// Broadcasts on their way.
    pub(super) fan_outs: FanOuts,
}

#[derive(Clone, Debug)]
struct App {
    id: AppId,
    team: Arc<str>,
    /// Whether it may broadcast.
    broadcasts: bool,
    /// When it was first added.
    added: Order,
    credentials: Issued,
}

/// What was issued to an app.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    /// The id of the team's key.
    pub(super) key: Box<str>,
    /// The certificate.
    pub(super) certificate: Arc<[u8]>,
    /// When it came.
    pub(super) came: Order,
}

/// What a topic stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic<'a> {
    /// The app.
    pub(super) app: AppId,
    /// The app's team.
    pub(super) team: &'a Arc<str>,
    /// When the app was first added.
    pub(super) added: Order,
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
            admitted: HashSet::default(),
            spoiled: HashMap::default(),
            revoked_keys: BTreeSet::new(),
            revoked_certificates: Vec::new(),
            seen: BoundedTexts::new(MAX_SEEN),
            conduct,
            standings: HashMap::default(),
            rates: Rates::default(),
            handsets: Handsets::default(),
            channels: Channels::default(),
            activities: Activities::default(),
            budgets: Budgets::default(),
            fan_outs: FanOuts::default(),
        }
    }

    /// Forgets connections, tokens, channels and what was revoked; apps stay.
    pub(super) fn reset(&mut self) {
        self.bound.clear();
        self.admitted.clear();
        self.spoiled.clear();
        self.revoked_keys.clear();
        self.revoked_certificates.clear();
        self.seen = BoundedTexts::new(MAX_SEEN);
        self.rates = Rates::default();
        self.handsets = Handsets::default();
        self.channels = Channels::default();
        self.activities = Activities::default();
        self.budgets = Budgets::default();
        self.fan_outs = FanOuts::default();
    }

    /// Takes an app in. One that may broadcast no more loses its channels for good. [doc] Apple,
    /// "Setting up broadcast push notifications"
    pub(super) fn adopt(
        &mut self,
        bundle: &str,
        id: AppId,
        team: &str,
        credentials: Issued,
        broadcasts: bool,
    ) {
        let added = self.apps.get(bundle).map_or(credentials.came, |app| app.added);
        let kept = self.apps.get(bundle).map(|app| &app.credentials);
        let came = kept.filter(|kept| kept.certificate == credentials.certificate);
        let came = came.map_or(credentials.came, |kept| kept.came);
        let credentials = Issued { came, ..credentials };
        let app = App { id, team: team.into(), added, credentials, broadcasts };
        self.apps.insert(bundle.into(), app);
        if !broadcasts {
            self.channels.delete_all(id);
        }
    }

    /// Whether a certificate without a list of topics goes for those that its UID implies.
    pub(super) fn takes_implied(&self) -> bool {
        self.conduct.takes_implied
    }

    /// The number of a certificate's app, if there is one, and when the certificate came: now, when
    /// it was not issued here.
    pub(super) fn certificate_story(
        &self,
        certificate: &Certificate,
        now: Order,
    ) -> (Option<u32>, Order) {
        let Some(app) = self.apps.get(certificate.uid.as_str()) else { return (None, now) };
        let issued = app.credentials.certificate == certificate.der;
        (Some(app.id.0), if issued { app.credentials.came } else { now })
    }

    /// Lets a connection go on with its certificate whatever becomes of that.
    pub(super) fn admit(&mut self, connection: ConnectionId) {
        self.admitted.insert(connection);
    }

    pub(super) fn is_admitted(&self, connection: ConnectionId) -> bool {
        self.admitted.contains(&connection)
    }

    /// Revokes the key of an app, which is its team's; gives its id.
    pub(super) fn revoke_key(&mut self, app: AppId) -> Option<String> {
        let key = self.issued_to(app)?.key.clone();
        self.revoked_keys.insert(key.clone());
        Some(key.into())
    }

    /// Revokes the certificate of an app.
    pub(super) fn revoke_certificate(&mut self, app: AppId) -> Option<()> {
        let certificate = self.issued_to(app)?.certificate.clone();
        if !self.revoked_certificates.contains(&certificate) {
            self.revoked_certificates.push(certificate);
        }
        Some(())
    }

    pub(super) fn has_revoked(&self, certificate: &Certificate) -> bool {
        self.revoked_certificates.contains(&certificate.der)
    }

    pub(super) fn has_revoked_key(&self, id: &str) -> bool {
        self.revoked_keys.contains(id)
    }

    fn issued_to(&self, app: AppId) -> Option<&Issued> {
        self.apps.values().find(|it| it.id == app).map(|it| &it.credentials)
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
        let (team, added, broadcasts) = (&app.team, app.added, app.broadcasts);
        Some(Topic { app: app.id, team, added, suffix, kind, broadcasts })
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

    /// What a connection is bound to.
    pub(super) fn binding(&self, connection: ConnectionId) -> Option<&Binding> {
        self.bound.get(&connection)
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
            Credential::Bad(_) | Credential::Certificate(_) | Credential::Unreadable(_) => None,
        }
    }

    /// What was chosen of the conduct towards connections.
    pub(super) fn conduct(&self) -> &Conduct {
        &self.conduct
    }

    /// The reason that all requests of a connection get, since one of them spoiled it.
    pub(super) fn spoiled(&self, connection: ConnectionId) -> Option<Reason> {
        self.spoiled.get(&connection).copied()
    }

    /// When a token's text came first; now, if it is new.
    fn first_seen(
        &mut self,
        connection: ConnectionId,
        token: &Arc<ProviderToken>,
        now: Order,
    ) -> Order {
        let bound = self.bound.get(&connection).and_then(|bound| bound.first_seen(token));
        if let Some(first) = bound {
            return first;
        }
        if let Some(first) = self.seen.get(token.hash, &token.text) {
            return *first;
        }
        self.seen.insert(token.hash, token.text.clone(), now);
        now
    }

    /// Binds a connection to what passed on it first: a key by its token, or a certificate; takes
    /// note of later tokens.
    pub(super) fn passed(
        &mut self,
        desk: &Desk<'_>,
        credential: &Credential,
        token: Option<(&Arc<ProviderToken>, Order)>,
        app: Option<AppId>,
    ) {
        match token {
            Some((token, first_seen)) => {
                let (at, order) = (desk.now.sender, desk.order);
                let token = Use { token, first_seen, at, order };
                self.bound
                    .entry(desk.connection)
                    .and_modify(|bound| bound.used(token, desk.aging, app.map(|app| app.0)))
                    .or_insert_with(|| Binding::new(token));
            }
            None if credential.certificate().is_some() => self.admit(desk.connection),
            None => {}
        }
    }

    /// Lets a rejection spoil its connection, where that was chosen.
    pub(super) fn spoil(&mut self, connection: ConnectionId, reason: Reason) {
        if self.conduct.spoils(reason) {
            self.spoiled.entry(connection).or_insert(reason);
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
        self.admitted.remove(&connection);
        self.spoiled.remove(&connection);
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
