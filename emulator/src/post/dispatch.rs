//! What becomes of notifications: delivered, stored, replaced, expired, dropped.

use super::queue::{Pending, Shown};
use super::{
    AddressId, Connection, DeliveryId, DeviceId, Gate, Happening, Lane, Life, Lifetime, Outcome,
    Post, Power, Release, Storage, Storing, Submission, Visible,
};
use crate::clock::{Now, Timestamp};

impl Post {
    /// Delivers a notification, or stores it, or drops it, as its policy says.
    pub fn submit(&mut self, note: Submission<'_>, now: Now) -> (DeliveryId, Outcome) {
        let delivery = self.next_delivery();
        let words = self.policy(note.policy).words;
        let blocked = self.blocked(self.address(note.address).device, note.gate);
        let (outcome, reason) = match (note.discarded, blocked) {
            (Some(reason), _) => (Outcome::Dropped, reason),
            (None, None) => (Outcome::Delivered, words.delivered),
            (None, Some(_)) if !self.may_store(&note) => (Outcome::Dropped, words.not_stored),
            (None, Some(Blocked::Offline)) => (Outcome::Pending, words.stored_offline),
            (None, Some(Blocked::Power)) => (Outcome::Pending, words.stored_power),
        };
        let own = note.own_payload && outcome == Outcome::Delivered;
        self.happenings.push(Happening::Delivery {
            delivery,
            request: note.request,
            address: note.address,
            outcome,
            reason,
            payload: own.then(|| note.payload.kept()),
            first: true,
        });
        match outcome {
            Outcome::Delivered => self.show(&note, delivery, now),
            Outcome::Pending => self.store(&note, delivery, now),
            _ => {}
        }
        (delivery, outcome)
    }

    /// Switches a device's connection; what waited and may go now, goes.
    pub fn set_connection(&mut self, device: DeviceId, connection: Connection, now: Now) {
        self.device_mut(device).connection = connection;
        self.release(device, now);
    }

    /// Changes a device's power; what waited and may go now, goes.
    pub fn set_power(&mut self, device: DeviceId, power: Power, now: Now) {
        self.device_mut(device).power = power;
        self.release(device, now);
    }

    /// Ends an address's life; what waits for it is dropped.
    pub fn retire(&mut self, address: AddressId, life: Life, now: Now) {
        self.set_life(address, life, now);
        let Some(queue) = self.queue_at(address) else {
            return;
        };
        let state = &mut self.queues[queue as usize];
        let dropped = state.take_waiting(|pending| pending.address == address);
        if state.notice.is_some_and(|(of, _)| of == address) {
            state.notice = None;
        }
        state.shown.clear();
        let reason = self.policy(self.queues[queue as usize].policy).words.unregistered;
        for pending in dropped {
            self.finish(&pending, Outcome::Dropped, reason, false);
        }
        self.settle_queue(queue, address);
    }

    /// Whether a device that is as it is now gets what passes a gate.
    pub fn reaches(&self, device: DeviceId, gate: Gate) -> bool {
        self.blocked(device, gate).is_none()
    }

    /// Puts what waits for an address in a lane before another gate, so that it goes as soon as
    /// that lets it; whether there was something.
    pub fn let_go(&mut self, address: AddressId, lane: usize, gate: Gate, now: Now) -> bool {
        let Some(queue) = self.queue_at(address) else {
            return false;
        };
        let mut found = false;
        for pending in &mut self.queues[queue as usize].waiting {
            if pending.address == address && usize::from(pending.lane) == lane {
                pending.gate = gate;
                found = true;
            }
        }
        if found {
            self.release(self.address(address).device, now);
        }
        found
    }

    /// Drops what waits for an address in a lane under a key.
    pub fn withdraw(&mut self, address: AddressId, lane: usize, key: &[u8], reason: &'static str) {
        self.withdraw_where(address, lane, reason, |it| it.key.as_deref() == Some(key));
    }

    /// Drops what waits for an address in a lane and bears a mark.
    pub fn withdraw_marked(
        &mut self,
        address: AddressId,
        lane: usize,
        mark: u8,
        reason: &'static str,
    ) {
        self.withdraw_where(address, lane, reason, |it| it.mark == mark);
    }

    fn withdraw_where(
        &mut self,
        address: AddressId,
        lane: usize,
        reason: &'static str,
        meant: impl Fn(&Pending) -> bool,
    ) {
        let Some(queue) = self.queue_at(address) else {
            return;
        };
        let meant = |pending: &Pending| {
            pending.address == address && usize::from(pending.lane) == lane && meant(pending)
        };
        for pending in self.queues[queue as usize].take_waiting(meant) {
            self.finish(&pending, Outcome::Dropped, reason, false);
        }
        self.settle_queue(queue, address);
    }

    /// Gives an address its life back.
    pub fn revive(&mut self, address: AddressId) {
        self.set_life(address, Life::Active, Now::default());
    }

    /// The next moment at which something ends.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(due, _)| due)
    }

    /// Ends what is due in the queue that is due first; `now` is that moment or later.
    pub fn fall_due(&mut self, now: Now) {
        let Some((due, queue)) = self.agenda.first() else {
            return;
        };
        if due > now.world {
            return;
        }
        let expired = self.queues[queue as usize].take_expired(now.world);
        let unseen = self.queues[queue as usize].take_unseen(now.world);
        // What stood there may have been replaced by what lasts longer.
        self.agenda.set(queue, self.queues[queue as usize].due());
        let words = self.policy(self.queues[queue as usize].policy).words;
        let mut address = None;
        for pending in expired {
            address = Some(pending.address);
            self.finish(&pending, Outcome::Expired, words.expired, false);
        }
        for shown in unseen {
            address = Some(shown.address);
            self.happenings
                .push(Happening::LeftView { delivery: shown.delivery, reason: words.left_view });
        }
        if let Some(address) = address {
            self.settle_queue(queue, address);
        }
    }

    fn store(&mut self, note: &Submission<'_>, delivery: DeliveryId, now: Now) {
        let queue = self.open_queue(note.policy, note.address);
        let pending = self.pending_of(note, delivery, now);
        let policy = &self.policies[usize::from(note.policy.0)];
        let words = policy.words;
        let displaced = self.queues[queue as usize].admit(&policy.lanes[note.lane], pending);
        self.pending += 1;
        if let Some(old) = displaced.replaced {
            self.finish(&old, Outcome::Collapsed, words.replaced, false);
        }
        for old in displaced.evicted.into_iter().chain(displaced.cleared) {
            self.finish(&old, Outcome::Dropped, words.overflowed, false);
        }
        self.settle_queue(queue, note.address);
    }

    fn pending_of(&self, note: &Submission<'_>, delivery: DeliveryId, now: Now) -> Pending {
        let lane = self.lane(note);
        let kept = lane.retention.map(|retention| now.world.after(retention));
        let named_end = match note.lifetime {
            Lifetime::For(length) => Some(now.world.after(length)),
            Lifetime::Default | Lifetime::NowOrNever => None,
        };
        Pending {
            delivery,
            request: note.request,
            address: note.address,
            lane: u8::try_from(note.lane).expect("policies have few lanes"),
            mark: note.mark,
            gate: note.gate,
            key: note.key.map(Into::into),
            expires: named_end.into_iter().chain(kept).min(),
            named_end,
            payload: note.payload.kept(),
        }
    }

    fn may_store(&self, note: &Submission<'_>) -> bool {
        let allowed = match self.lane(note).storage {
            Storage::Always => note.storing != Storing::Forbidden,
            Storage::Never => false,
            Storage::WhenAsked => note.storing == Storing::Asked,
        };
        let lasts = match note.lifetime {
            Lifetime::Default => true,
            Lifetime::For(length) => !length.is_zero(),
            Lifetime::NowOrNever => false,
        };
        allowed && lasts
    }

    fn lane(&self, note: &Submission<'_>) -> &Lane {
        &self.policy(note.policy).lanes[note.lane]
    }

    /// Delivers everything that waits for a device and is held back no longer. Each queue keeps the
    /// places that the receipt of its notifications gives it among the others, and fills them in
    /// the order of its policy.
    fn release(&mut self, device: DeviceId, now: Now) {
        let queues = self.queues_of(device);
        let mut released = Vec::new();
        for &(queue, _) in &queues {
            let (connection, power) = (self.device(device).connection, self.device(device).power);
            let state = &mut self.queues[queue as usize];
            let mut taken =
                state.take_waiting(|it| blocked_by(connection, power, it.gate).is_none());
            let places: Vec<_> = taken.iter().map(|pending| pending.delivery).collect();
            match self.policies[usize::from(state.policy.0)].release {
                Release::ByLane => taken.sort_by_key(|pending| pending.lane),
                Release::ByReceipt => {}
            }
            released.extend(places.into_iter().zip(taken));
            if connection == Connection::Online
                && let Some((of, notice)) = state.notice.take()
            {
                self.happenings.push(Happening::Notice { address: of, notice });
            }
        }
        released.sort_by_key(|(place, _)| *place);
        for (_, pending) in released {
            self.hand_over(pending, now);
        }
        for (queue, address) in queues {
            self.settle_queue(queue, address);
        }
    }

    fn hand_over(&mut self, pending: Pending, now: Now) {
        let Some(queue) = self.queue_at(pending.address) else {
            return;
        };
        let policy = self.queues[queue as usize].policy;
        if pending.expires.is_some_and(|end| end <= now.world) {
            let reason = self.policy(policy).words.expired;
            self.finish(&pending, Outcome::Expired, reason, false);
            return;
        }
        let reason = self.policy(policy).words.delivered_from_storage;
        self.finish(&pending, Outcome::Delivered, reason, true);
        let lane = &self.policies[usize::from(policy.0)].lanes[usize::from(pending.lane)];
        let key = pending.key.as_deref();
        let Some(visible) = lane.visible.filter(|it| it.minds(key)) else { return };
        let named = pending.named_end.filter(|_| visible.sender_decides);
        let shown = Shown {
            delivery: pending.delivery,
            address: pending.address,
            lane: pending.lane,
            key: pending.key,
            until: named.or_else(|| visible.lifetime.map(|length| now.world.after(length))),
        };
        self.put_in_view(queue, &visible, shown);
    }

    /// Shows a notification that was delivered at once, where its lane has a view.
    fn show(&mut self, note: &Submission<'_>, delivery: DeliveryId, now: Now) {
        let Some(visible) = self.lane(note).visible.filter(|it| it.minds(note.key)) else {
            return;
        };
        let queue = self.open_queue(note.policy, note.address);
        let length = match note.lifetime {
            Lifetime::For(length) if visible.sender_decides => Some(length),
            _ => visible.lifetime,
        };
        let shown = Shown {
            delivery,
            address: note.address,
            lane: u8::try_from(note.lane).expect("policies have few lanes"),
            key: note.key.map(Into::into),
            until: length.map(|length| now.world.after(length)),
        };
        self.put_in_view(queue, &visible, shown);
        self.settle_queue(queue, note.address);
    }

    fn put_in_view(&mut self, queue: u32, visible: &Visible, shown: Shown) {
        let state = &mut self.queues[queue as usize];
        let gone = state.show(visible, shown);
        let reason = self.policies[usize::from(state.policy.0)].words.replaced_in_view;
        let left = gone.into_iter().map(|it| Happening::LeftView { delivery: it.delivery, reason });
        self.happenings.extend(left);
    }

    fn finish(&mut self, pending: &Pending, outcome: Outcome, reason: &'static str, arrived: bool) {
        self.pending -= 1;
        self.happenings.push(Happening::Delivery {
            delivery: pending.delivery,
            request: pending.request,
            address: pending.address,
            outcome,
            reason,
            payload: arrived.then(|| pending.payload.clone()),
            first: false,
        });
    }

    fn blocked(&self, device: DeviceId, gate: Gate) -> Option<Blocked> {
        let device = self.device(device);
        blocked_by(device.connection, device.power, gate)
    }

    fn queue_at(&self, address: AddressId) -> Option<u32> {
        use super::Scope::{Address, AppOnDevice};
        self.find_queue(Address, address).or_else(|| self.find_queue(AppOnDevice, address))
    }

    /// The device's queues, each with an address that leads to it.
    fn queues_of(&self, device: DeviceId) -> Vec<(u32, AddressId)> {
        let mut queues: Vec<_> = self
            .addresses_of(device)
            .filter_map(|address| Some((self.queue_at(address)?, address)))
            .collect();
        queues.sort_unstable_by_key(|(queue, address)| (*queue, *address));
        queues.dedup_by_key(|(queue, _)| *queue);
        queues
    }
}

/// Why a notification can't be delivered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blocked {
    Offline,
    Power,
}

fn blocked_by(connection: Connection, power: Power, gate: Gate) -> Option<Blocked> {
    let saves = match gate {
        Gate::Online => false,
        Gate::OnlineAndPowered => power == Power::Low,
        Gate::OnlineAndAwake => power != Power::Normal,
        Gate::Held => true,
    };
    match connection {
        Connection::Offline => Some(Blocked::Offline),
        Connection::Online => saves.then_some(Blocked::Power),
    }
}
