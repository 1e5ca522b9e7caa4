//! The world: everything there is, and the one function that changes it.

use super::bad_command::BadCommand;
use super::command::{Age, AppName, Command, Done, Incoming, Refused, Revoke};
use super::fault::{bend, faulted};
use super::record::{self, RequestLine};
use super::services::{Services, about, fault_reply};
use crate::clock::{Aging, AgingScope, Clock, Mode, Now, Order, Timestamp};
use crate::ids::Ids;
use crate::journal::{Cursor, Journal, Limits, Tail};
use crate::post::{Bounds, Faults, Post, ServiceId};
use crate::providers::rim::{Answer, Desk, Unwelcome, Verdict};
use crate::switch::Switches;
use crate::wire::{ConnectionId, HeaderText, Peer, Reply};
use serde_json::{Value, json};

/// What a world begins with.
#[derive(Clone, Debug)]
pub struct WorldConfig {
    /// Where identifiers and chance come from.
    pub seed: u64,
    /// How world time moves.
    pub mode: Mode,
    /// Where world time starts; by the mode when nothing is said.
    pub start: Option<Timestamp>,
    /// Whether an unknown but well-formed address becomes an online device on first use.
    pub register_unknown: bool,
    /// How much history is kept.
    pub journal: Limits,
    /// How many apps, devices and addresses there can be.
    pub bounds: Bounds,
    /// What was chosen.
    pub switches: Switches,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            mode: Mode::Running,
            start: None,
            register_unknown: false,
            journal: Limits::default(),
            bounds: Bounds::default(),
            switches: Switches::default(),
        }
    }
}

/// The whole state.
#[derive(Debug)]
pub struct World {
    pub(super) clock: Clock,
    pub(super) post: Post,
    pub(super) services: Services,
    pub(super) ids: Ids,
    pub(super) journal: Journal,
    pub(super) order: Order,
    aging: Aging,
    pub(super) faults: Faults,
    requests: u64,
    pub(super) config: WorldConfig,
}

impl World {
    /// An empty world at a reading of the real clock.
    pub fn new(config: WorldConfig, at: Timestamp) -> Self {
        let mut post = Post::new(config.bounds);
        Self {
            clock: Clock::new(config.mode, config.start, at),
            services: Services::new(&mut post, &config.switches),
            post,
            ids: Ids::new(config.seed),
            journal: Journal::new(config.journal, epoch_of(at)),
            order: Order::default(),
            aging: Aging::default(),
            faults: Faults::default(),
            requests: 0,
            config,
        }
    }

    /// Carries a command out at a reading of the real clock.
    ///
    /// # Errors
    /// The command asks for what cannot be; nothing changed then.
    pub fn apply(&mut self, command: Command, at: Timestamp) -> Result<Done, Refused> {
        let now = self.catch_up(at);
        self.order.0 += 1;
        let done = match command {
            Command::Request(incoming) => Ok(Done::Reply(self.request(&incoming, now))),
            Command::AddApp { provider, kit } => self.add_app(&provider, &kit, now),
            Command::AddDevice(new) => self.add_device(&new, now),
            Command::AddFault(fault) => self.add_fault(fault, now),
            Command::Advance(advance) => self.set_out(advance, now),
            Command::AdvanceOn => Ok(self.advance_on()),
            Command::Age(age) => self.age(&age, now),
            Command::ChangeAddress(number, change) => self.change_address(number, change, now),
            Command::ChangeDevice(name, change) => self.change_device(&name, &change, now),
            Command::ConnectionClosed(id, why) => Ok(self.connection_closed(id, &why, now)),
            Command::ConnectionOpened(id, peer) => Ok(self.connection_opened(id, &peer, now)),
            Command::Install(device, app) => self.install(&device, &app, now),
            Command::Note(name, data) => Ok(self.note(now, name, &data)),
            Command::RemoveFault(id) => self.remove_fault(id, now),
            Command::Reset => Ok(self.reset(at)),
            Command::Revoke(revoke) => self.revoke(&revoke, now),
            Command::Rotate(device, app) => self.rotate(&device, &app, now),
            Command::Uninstall(device, app) => self.uninstall(&device, &app, now),
        };
        self.write_happenings(now);
        done
    }

    /// Answers one request: what [`Command::Request`] does, without a command around it.
    pub fn answer(&mut self, incoming: &Incoming, at: Timestamp) -> Reply {
        let now = self.catch_up(at);
        self.order.0 += 1;
        let reply = self.request(incoming, now);
        self.write_happenings(now);
        reply
    }

    /// The journal after a place, to be read without the world.
    pub fn tail(&mut self, after: Cursor) -> Tail {
        self.journal.tail(after)
    }

    /// The place after the journal's last record.
    pub fn end(&self) -> Cursor {
        self.journal.end()
    }

    /// Bytes that the journal holds, and notifications that wait.
    pub fn load(&self) -> (usize, u64) {
        (self.journal.bytes(), self.post.pending())
    }

    /// When, on the real clock, something falls due by itself.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        self.next_due().and_then(|(due, _)| self.clock.reaches(due))
    }

    /// The next due moment, and whose: `None` is the post office, which goes first.
    pub(super) fn next_due(&self) -> Option<(Timestamp, Option<ServiceId>)> {
        let post = self.post.next_due().map(|due| (due, None));
        let services = self.services.next_due().map(|(due, service)| (due, Some(service)));
        post.into_iter().chain(services).min()
    }

    pub(super) fn fall_due(&mut self, service: Option<ServiceId>, now: Now) {
        match service {
            None => self.post.fall_due(now),
            Some(service) => self.with_desk(now, |services, desk| services.fall_due(service, desk)),
        }
        self.write_happenings(now);
    }

    /// Runs something of the services with all that they work with.
    pub(super) fn with_desk<T>(
        &mut self,
        now: Now,
        work: impl FnOnce(&mut Services, &mut Desk<'_>) -> T,
    ) -> T {
        self.with_desk_for(now, 0, ConnectionId::default(), work)
    }

    fn with_desk_for<T>(
        &mut self,
        now: Now,
        request: u64,
        connection: ConnectionId,
        work: impl FnOnce(&mut Services, &mut Desk<'_>) -> T,
    ) -> T {
        let mut desk = Desk {
            post: &mut self.post,
            ids: &mut self.ids,
            aging: &self.aging,
            now,
            order: self.order,
            request,
            connection,
            register_unknown: self.config.register_unknown,
        };
        work(&mut self.services, &mut desk)
    }

    pub(super) fn note(&mut self, now: Now, name: &str, data: &Value) -> Done {
        record::write_note(&mut self.journal, now, name, data);
        Done::Nothing
    }

    fn request(&mut self, incoming: &Incoming, now: Now) -> Reply {
        self.requests += 1;
        let (id, connection) = (self.requests, incoming.connection);
        let Incoming { request, prepared, misdirected, .. } = incoming;
        let prepared = prepared.as_ref();
        let service = prepared.map(super::services::Prepared::service);
        let struck = match (prepared, self.faults.is_empty()) {
            (Some(prepared), false) => self.strike(prepared, request),
            _ => None,
        };
        let mut answer = match (prepared, &struck) {
            (None, _) => nobody(*misdirected),
            (Some(prepared), Some(struck)) if struck.is_answer() => {
                let service = prepared.service();
                let reply = struck.reply.clone().unwrap_or_default();
                let made = self.with_desk_for(now, id, connection, |_, desk| {
                    fault_reply(service, desk, request, &reply)
                });
                faulted(struck, made)
            }
            (Some(prepared), _) => self.with_desk_for(now, id, connection, |services, desk| {
                services.answer(desk, request, prepared)
            }),
        };
        if let Some(struck) = &struck {
            bend(&mut answer.reply, struck);
        }
        let status = if answer.reply.wire.answers() { answer.reply.status } else { 0 };
        let line = RequestLine {
            id,
            connection,
            service,
            request,
            status,
            verdict: &answer.verdict,
            fault: struck.map_or(0, |struck| struck.fault.0),
        };
        record::write_request(&mut self.journal, now, &line);
        answer.reply
    }

    fn write_happenings(&mut self, now: Now) {
        let mut happenings = self.post.take_happenings();
        for happening in &mut happenings {
            let got = happening.got();
            let ignored = got
                .and_then(|(address, payload)| self.services.arrives(&self.post, address, payload));
            if let Some(reason) = ignored {
                happening.drop_for(reason);
            }
            record::write_happening(&mut self.journal, now, &self.post, happening);
        }
        self.post.give_back(happenings);
    }

    fn age(&mut self, age: &Age, now: Now) -> Result<Done, Refused> {
        let by = age.by.ok_or(BadCommand::HowOld)?;
        let scope = match &age.app {
            None => AgingScope::All,
            Some(app) => AgingScope::App(self.app_named(app)?.0),
        };
        self.aging.age(scope, by, now.sender, self.order);
        let data = json!({"by": crate::clock::show_duration(by), "app": age.app});
        Ok(self.note(now, "credentials_aged", &data))
    }

    /// The service of the app that is called so, and its id there.
    ///
    /// # Errors
    /// There is no such app, or several.
    pub fn find_app(&self, name: &AppName) -> Result<(ServiceId, String), Refused> {
        let app = self.app_named(name)?;
        let (service, id) = self.post.app(app);
        Ok((service, id.to_owned()))
    }

    fn revoke(&mut self, revoke: &Revoke, now: Now) -> Result<Done, Refused> {
        let app = self.app_named(&revoke.app)?;
        let (service, name) = self.post.app(app);
        let (about, name) = (about(service), name.to_owned());
        let credential = &revoke.credential;
        let Some(what) = self.services.revoke(app, credential, service) else {
            return Err(Refused::unknown_credential(about, credential));
        };
        let provider = about.name;
        let data =
            json!({"provider": provider, "app": name, "credential": credential, "what": what});
        Ok(self.note(now, "credentials_revoked", &data))
    }

    fn connection_opened(&mut self, id: ConnectionId, peer: &Peer, now: Now) -> Done {
        self.note(now, "connection_opened", &super::directory::peer_note(id, peer));
        let looked =
            self.with_desk_for(now, 0, id, |services, desk| services.connection_opened(desk, peer));
        let Err(Unwelcome { go_away, cause, help }) = looked else {
            return Done::Nothing;
        };
        let trouble = json!({
            "connection": id.0,
            "remote": peer.remote.to_string(),
            "local": peer.local.to_string(),
            "what": cause,
            "help": help,
        });
        self.note(now, "trouble", &trouble);
        Done::Unwelcome(go_away)
    }

    fn connection_closed(&mut self, id: ConnectionId, why: &str, now: Now) -> Done {
        self.services.connection_closed(id);
        self.note(now, "connection_closed", &json!({"connection": id.0, "why": why}))
    }

    fn reset(&mut self, at: Timestamp) -> Done {
        self.clock.reset(at);
        self.services.reset();
        self.post.reset();
        self.ids = Ids::new(self.config.seed);
        self.journal.reset();
        self.aging = Aging::default();
        self.faults = Faults::default();
        self.requests = 0;
        let now = self.clock.now(at);
        self.note(now, "reset", &json!({"seed": self.config.seed}))
    }
}

/// The answer to a request that no service takes, which names us and no vendor.
fn nobody(misdirected: Option<ServiceId>) -> Answer {
    let (status, rule, cause) = match misdirected {
        Some(owner) => (
            421,
            "host",
            format!(
                "the host belongs to `{}`, but the connection was opened to another service",
                about(owner).name
            ),
        ),
        None => (
            404,
            "route",
            "no emulated service listens under this host and path; \
             docs/fidelity.md of the project lists what is emulated"
                .to_owned(),
        ),
    };
    let mut reply = Reply::status(status);
    reply.push_header("content-type", HeaderText::Fixed("application/json"));
    reply.body = json!({"pushpit": cause}).to_string().into();
    let verdict = Verdict { rule: Some(rule), cause: Some(cause.into()), ..Verdict::default() };
    Answer { reply, verdict }
}

/// The epoch of a journal that begins then. A program that outlives an emulator may ask its
/// successor with an old cursor, which must be known as such: so the epoch is the second.
fn epoch_of(at: Timestamp) -> u32 {
    u32::try_from(at.seconds().rem_euclid(1 << 32)).unwrap_or_default()
}
