//! The post office's state: who is there, and how they are found.

use super::address::QueueNumber;
use super::bounds::{Bounded, Bounds, Full};
use super::device::Device;
use super::numbered::{Numbered, numbered};
use super::queue::Queue;
use super::{
    Address, AddressId, Connection, DeliveryId, DeviceId, Happening, Life, NewAddress,
    OfflinePolicy, Platform, PolicyId, Power, Scope,
};
use crate::agenda::Agenda;
use crate::clock::Now;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};
use std::hash::BuildHasher;

/// A service's number; the world hands them out, the post office only compares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u8);

/// An app's number, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId(pub u32);

/// Devices, addresses, queues.
#[derive(Debug, Default)]
pub struct Post {
    bounds: Bounds,
    apps: Vec<(ServiceId, Box<str>)>,
    devices: Vec<Device>,
    names: HashMap<Box<str>, DeviceId, FixedState>,
    addresses: Vec<Address>,
    /// The bytes of all addresses, one after another: they are never freed one by one.
    texts: Vec<u8>,
    by_text: HashTable<u32>,
    pub(super) policies: Vec<OfflinePolicy>,
    pub(super) queues: Vec<Queue>,
    free_queues: Vec<u32>,
    /// The queues that several addresses share; others stand in their address.
    shared_queues: HashMap<(AppId, DeviceId), u32, FixedState>,
    pub(super) agenda: Agenda,
    pub(super) deliveries: u64,
    pub(super) pending: u64,
    pub(super) happenings: Vec<Happening>,
    registered: usize,
}

/// There cannot be such a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoDevice {
    /// There are too many.
    #[error(transparent)]
    Full(#[from] Full),
    /// The name is taken.
    #[error("a device named `{0}` exists already")]
    TakenName(String),
}

impl Post {
    /// An empty post office that holds so much.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, ..Self::default() }
    }

    /// Takes a policy in; what refers to it uses its number.
    pub fn adopt_policy(&mut self, policy: OfflinePolicy) -> PolicyId {
        self.policies.push(policy);
        PolicyId(
            u8::try_from(self.policies.len() - 1).expect("services have fewer than 256 policies"),
        )
    }

    /// The policy of that number.
    pub fn policy(&self, id: PolicyId) -> &OfflinePolicy {
        &self.policies[usize::from(id.0)]
    }

    /// The number of a service's app, given out on first use.
    ///
    /// # Errors
    /// There are too many.
    pub fn intern_app(&mut self, service: ServiceId, name: &str) -> Result<AppId, Full> {
        if let Some(app) = self.find_app(service, name) {
            return Ok(app);
        }
        self.room_for_app(service, name)?;
        self.apps.push((service, name.into()));
        Ok(AppId(index(self.apps.len() - 1)))
    }

    /// Whether an app is known or can be taken in.
    ///
    /// # Errors
    /// There are too many.
    pub fn room_for_app(&self, service: ServiceId, name: &str) -> Result<(), Full> {
        match self.find_app(service, name) {
            Some(_) => Ok(()),
            None => Bounded::App.check(self.apps.len(), 1, self.bounds.apps),
        }
    }

    /// The number of a service's app, if it is known.
    pub fn find_app(&self, service: ServiceId, name: &str) -> Option<AppId> {
        let place = self.apps.iter().position(|(of, known)| *of == service && **known == *name)?;
        Some(AppId(index(place)))
    }

    /// The app's service and its id there.
    pub fn app(&self, app: AppId) -> (ServiceId, &str) {
        let (service, name) = &self.apps[app.0 as usize];
        (*service, name)
    }

    /// All apps, in the order in which they came.
    pub fn apps(&self) -> impl Iterator<Item = AppId> + '_ {
        (0..index(self.apps.len())).map(AppId)
    }

    /// Adds a device; without a name it is known by its number.
    ///
    /// # Errors
    /// The name is taken, or there are too many.
    pub fn add_device(
        &mut self,
        name: Option<&str>,
        platform: Platform,
    ) -> Result<DeviceId, NoDevice> {
        self.room_for_device()?;
        let id = DeviceId(index(self.devices.len()));
        if let Some(name) = name {
            if self.device_named(name).is_some() {
                return Err(NoDevice::TakenName(name.to_owned()));
            }
            self.names.insert(name.into(), id);
        }
        self.devices.push(Device {
            name: name.map(Into::into),
            platform,
            connection: Connection::Online,
            power: Power::Normal,
            newest_address: None,
        });
        Ok(id)
    }

    /// The device of that name, also of a name made from a number.
    pub fn device_named(&self, name: &str) -> Option<DeviceId> {
        if let Some(id) = self.names.get(name) {
            return Some(*id);
        }
        let id = numbered(name)?;
        let device = self.devices.get(id.0 as usize)?;
        device.name.is_none().then_some(id)
    }

    /// The device's name, made from its number when nobody named it.
    pub fn device_name(&self, id: DeviceId) -> std::borrow::Cow<'_, str> {
        match &self.device(id).name {
            Some(name) => (&**name).into(),
            None => Numbered::new(id).as_str().to_owned().into(),
        }
    }

    /// The same name for a moment, without a text of its own: the journal asks with every push.
    pub fn with_device_name<T>(&self, id: DeviceId, look: impl FnOnce(&str) -> T) -> T {
        match &self.device(id).name {
            Some(name) => look(name),
            None => look(Numbered::new(id).as_str()),
        }
    }

    /// The device.
    pub fn device(&self, id: DeviceId) -> &Device {
        &self.devices[id.0 as usize]
    }

    /// All devices, in the order in which they came.
    pub fn devices(&self) -> impl DoubleEndedIterator<Item = DeviceId> + '_ {
        (0..index(self.devices.len())).map(DeviceId)
    }

    pub(super) fn device_mut(&mut self, id: DeviceId) -> &mut Device {
        &mut self.devices[id.0 as usize]
    }

    /// Whether one more device can be taken in.
    ///
    /// # Errors
    /// There are too many.
    pub fn room_for_device(&self) -> Result<(), Full> {
        Bounded::Device.check(self.devices.len(), 1, self.bounds.devices)
    }

    /// Whether so many more addresses can be taken in, of whatever length.
    ///
    /// # Errors
    /// There are too many.
    pub fn room_for_addresses(&self, more: usize) -> Result<(), Full> {
        let most = self.bounds.addresses;
        Bounded::Address.check(self.addresses.len(), more, most)?;
        let texts = more.saturating_mul(usize::from(u16::MAX)).saturating_add(self.texts.len());
        if u32::try_from(texts).is_err() {
            return Err(Full { kind: Bounded::Address, most: self.addresses.len() });
        }
        Ok(())
    }

    /// Adds an active address; `None` when these bytes are an address of the service already, or
    /// there is no [room](Self::room_for_addresses).
    pub fn add_address(&mut self, new: NewAddress<'_>) -> Option<AddressId> {
        let (service, _) = self.app(new.app);
        if self.room_for_addresses(1).is_err() || self.find_address(service, new.text).is_some() {
            return None;
        }
        let length = u16::try_from(new.text.len()).ok()?;
        let id = AddressId(index(self.addresses.len()));
        let start = index(self.texts.len());
        self.texts.extend_from_slice(new.text);
        let next_on_device = self.device_mut(new.device).newest_address.replace(id);
        self.addresses.push(Address {
            service,
            realm: new.realm,
            life: Life::Active,
            app: new.app,
            device: new.device,
            kind: new.kind,
            ended: Now::default(),
            link: None,
            next_on_device,
            text: (start, length),
            queue: None,
        });
        let hash = hash_text(service, new.text);
        let (addresses, texts) = (&self.addresses, &self.texts);
        self.by_text.insert_unique(hash, id.0, |other| {
            let address = &addresses[*other as usize];
            hash_text(address.service, text_in(texts, address.text))
        });
        Some(id)
    }

    /// The service's address of these bytes.
    pub fn find_address(&self, service: ServiceId, text: &[u8]) -> Option<AddressId> {
        let same = |id: &u32| {
            let address = &self.addresses[*id as usize];
            address.service == service && text_in(&self.texts, address.text) == text
        };
        self.by_text.find(hash_text(service, text), same).map(|id| AddressId(*id))
    }

    /// Puts an address into another realm of its provider's.
    pub fn set_realm(&mut self, id: AddressId, realm: u8) {
        self.addresses[id.0 as usize].realm = realm;
    }

    /// The address.
    pub fn address(&self, id: AddressId) -> &Address {
        &self.addresses[id.0 as usize]
    }

    /// The address of that number, if there is one.
    pub fn find_address_id(&self, number: u32) -> Option<AddressId> {
        self.addresses.get(number as usize).map(|_| AddressId(number))
    }

    /// All addresses, in the order in which they came.
    pub fn addresses(&self) -> impl Iterator<Item = AddressId> + '_ {
        (0..index(self.addresses.len())).map(AddressId)
    }

    /// The address's bytes.
    pub fn address_text(&self, id: AddressId) -> &[u8] {
        text_in(&self.texts, self.address(id).text)
    }

    /// The device's addresses, newest first, dead ones too.
    pub fn addresses_of(&self, device: DeviceId) -> impl Iterator<Item = AddressId> + '_ {
        std::iter::successors(self.device(device).newest_address, |id| {
            self.address(*id).next_on_device
        })
    }

    /// Links an address to the one that took its place or that it stands for.
    pub fn link(&mut self, from: AddressId, to: AddressId) {
        self.addresses[from.0 as usize].link = Some(to);
    }

    /// Sets an address's life; `ended` says since when it is dead.
    pub(super) fn set_life(&mut self, id: AddressId, life: Life, ended: Now) {
        let address = &mut self.addresses[id.0 as usize];
        address.life = life;
        address.ended = ended;
    }

    /// Adds a device that registers itself, which has room for its address; `None` when there are
    /// too many.
    pub fn register_device(&mut self, platform: Platform) -> Option<DeviceId> {
        if self.registered >= self.bounds.registered || self.room_for_addresses(1).is_err() {
            return None;
        }
        let device = self.add_device(None, platform).ok()?;
        self.registered += 1;
        Some(device)
    }

    /// How many notifications wait.
    pub fn pending(&self) -> u64 {
        self.pending
    }

    /// What happened since the last call, in order.
    pub fn take_happenings(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// Takes the emptied list back, so that its room is used again.
    pub fn give_back(&mut self, mut happenings: Vec<Happening>) {
        happenings.clear();
        if self.happenings.is_empty() {
            self.happenings = happenings;
        }
    }

    /// Forgets devices, addresses and queues; apps and policies stay.
    pub fn reset(&mut self) {
        *self = Self {
            bounds: self.bounds,
            apps: std::mem::take(&mut self.apps),
            policies: std::mem::take(&mut self.policies),
            ..Self::default()
        };
    }

    pub(super) fn find_queue(&self, scope: Scope, address: AddressId) -> Option<u32> {
        let place = self.address(address);
        match scope {
            Scope::Address => place.queue.map(|number| number.get() - 1),
            Scope::AppOnDevice => self.shared_queues.get(&(place.app, place.device)).copied(),
        }
    }

    pub(super) fn open_queue(&mut self, policy: PolicyId, address: AddressId) -> u32 {
        let scope = self.policy(policy).scope;
        if let Some(queue) = self.find_queue(scope, address) {
            return queue;
        }
        let queue = match self.free_queues.pop() {
            Some(free) => {
                self.queues[free as usize] = Queue::new(policy);
                free
            }
            None => {
                self.queues.push(Queue::new(policy));
                index(self.queues.len() - 1)
            }
        };
        self.set_queue(scope, address, Some(queue));
        queue
    }

    /// Gives back a queue that nothing is left in, and tells the agenda about the others.
    pub(super) fn settle_queue(&mut self, queue: u32, address: AddressId) {
        match self.queues[queue as usize].due() {
            Some(due) => self.agenda.set_no_later(queue, due),
            None => self.agenda.set(queue, None),
        }
        if self.queues[queue as usize].is_idle() {
            let scope = self.policy(self.queues[queue as usize].policy).scope;
            self.set_queue(scope, address, None);
            self.free_queues.push(queue);
        }
    }

    pub(super) fn next_delivery(&mut self) -> DeliveryId {
        self.deliveries += 1;
        DeliveryId(self.deliveries)
    }

    fn set_queue(&mut self, scope: Scope, address: AddressId, queue: Option<u32>) {
        let place = &mut self.addresses[address.0 as usize];
        let shared = (place.app, place.device);
        match (scope, queue) {
            (Scope::Address, _) => {
                place.queue = queue.and_then(|queue| QueueNumber::new(queue + 1))
            }
            (Scope::AppOnDevice, Some(queue)) => drop(self.shared_queues.insert(shared, queue)),
            (Scope::AppOnDevice, None) => drop(self.shared_queues.remove(&shared)),
        }
    }
}

fn text_in(texts: &[u8], (start, length): (u32, u16)) -> &[u8] {
    &texts[start as usize..start as usize + usize::from(length)]
}

fn hash_text(service: ServiceId, text: &[u8]) -> u64 {
    FixedState::with_seed(u64::from(service.0)).hash_one(text)
}

fn index(length: usize) -> u32 {
    u32::try_from(length).expect("the bounds lie below 2^32")
}
