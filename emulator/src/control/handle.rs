//! What one can ask of an emulator: the same calls and types for the HTTP handlers and for
//! programs that have the emulator in process.

use super::credentials::Credentials;
use super::door::Door;
use super::error::ControlError;
use super::pause::within;
use crate::journal::{Cursor, Tail};
use crate::post::{Fault, FaultId};
use crate::providers::rim::AppSpec;
use crate::world::{
    AddressChange, AddressView, Advance, Age, AppName, Arrival, ClockView, Command, DeliveryView,
    DeviceChange, DeviceView, Done, EventView, Expectation, FaultView, Filter, Issue, List,
    NewDevice, Refused, RequestView, Revoke, Watch, Watched,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// What one can ask of an emulator. Clones ask the same one.
#[derive(Clone, Debug)]
pub struct Control {
    pub(super) door: Arc<Door>,
    credentials: Arc<Credentials>,
}

/// How long, really, to wait for how many entries of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The limit.
    pub limit: Duration,
    /// How many entries there must be.
    pub count: usize,
}

impl Control {
    /// The control of the world behind a door, with its credentials in a folder: apps that are
    /// listed there come back.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read or written.
    pub fn new(door: Arc<Door>, folder: &Path) -> Result<Self, ControlError> {
        let credentials = Arc::new(Credentials::open(folder, &door)?);
        Ok(Self { door, credentials })
    }

    /// The door to the world.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// Adds the apps of a configuration; without any, one demo app for each service that has none.
    ///
    /// # Errors
    /// A provider is unknown, a setting is wrong, a file cannot be written.
    pub fn prepare_apps<'a>(
        &self,
        apps: impl Iterator<Item = (&'a str, &'a AppSpec)>,
    ) -> Result<(), ControlError> {
        self.credentials.prepare(&self.door, apps)
    }

    /// Adds an app with credentials of its own making where it brings none; gives its entry.
    ///
    /// # Errors
    /// The provider is unknown, a setting is wrong, a file cannot be written.
    pub fn add_app(&self, provider: &str, spec: &AppSpec) -> Result<Value, ControlError> {
        self.credentials.add(&self.door, provider, spec)
    }

    /// All apps with their credentials: `{"provider", "app", …}`, files as absolute paths.
    pub fn credentials(&self) -> Vec<Value> {
        self.credentials.list()
    }

    /// The folder with the credentials' files and `index.json`.
    pub fn credentials_folder(&self) -> &Path {
        self.credentials.folder()
    }

    /// Adds a device.
    ///
    /// # Errors
    /// The name is taken, an app is unknown or does not fit the platform.
    pub fn create_device(&self, new: NewDevice) -> Result<DeviceView, Refused> {
        self.device_after(Command::AddDevice(new))
    }

    /// A page of devices, after one by name.
    ///
    /// # Errors
    /// There is no device of that name.
    pub fn devices(&self, after: Option<&str>, limit: usize) -> Result<Vec<DeviceView>, Refused> {
        self.door.look(|world, _| world.devices(after, limit))
    }

    /// A device.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn device(&self, name: &str) -> Result<DeviceView, Refused> {
        self.door.look(|world, _| world.device(name))
    }

    /// Changes a device.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn change_device(&self, name: &str, change: DeviceChange) -> Result<DeviceView, Refused> {
        self.device_after(Command::ChangeDevice(name.to_owned(), change))
    }

    /// Puts an app on a device.
    ///
    /// # Errors
    /// Device or app are unknown, or do not fit.
    pub fn install(&self, device: &str, app: &AppName) -> Result<DeviceView, Refused> {
        self.device_after(Command::Install(device.to_owned(), app.clone()))
    }

    /// Takes an app from a device.
    ///
    /// # Errors
    /// Device or app are unknown, or the app is not on it.
    pub fn uninstall(&self, device: &str, app: &AppName) -> Result<DeviceView, Refused> {
        self.device_after(Command::Uninstall(device.to_owned(), app.clone()))
    }

    /// Gives an app on a device a new address in place of the old.
    ///
    /// # Errors
    /// Device or app are unknown, or the app is not on it.
    pub fn rotate(&self, device: &str, app: &AppName) -> Result<DeviceView, Refused> {
        self.device_after(Command::Rotate(device.to_owned(), app.clone()))
    }

    /// The addresses that read so at any service; when nothing is said all, from the one on that
    /// came after that number.
    pub fn addresses(
        &self,
        text: Option<&str>,
        after: Option<u32>,
        limit: usize,
    ) -> Vec<AddressView> {
        self.door.look(|world, _| world.addresses(text, after, limit))
    }

    /// The address of that number.
    ///
    /// # Errors
    /// There is none.
    pub fn address(&self, number: u32) -> Result<AddressView, Refused> {
        self.door.look(|world, _| world.address(number))
    }

    /// Changes an address's life.
    ///
    /// # Errors
    /// There is no such address.
    pub fn change_address(
        &self,
        number: u32,
        change: AddressChange,
    ) -> Result<AddressView, Refused> {
        match self.door.apply(Command::ChangeAddress(number, change))? {
            Done::Address(view) => Ok(view),
            other => unreachable!("changing an address gave {other:?}"),
        }
    }

    /// The place after the journal's last record.
    pub fn end(&self) -> Cursor {
        self.door.end()
    }

    /// Whether what a filter names is known, so that what is asked can come true at all.
    ///
    /// # Errors
    /// A name is not known, or the list has nothing of the kind.
    pub fn check_filter(&self, filter: &Filter) -> Result<(), Refused> {
        filter.check()?;
        self.door.look(|world, _| {
            let (provider, app) = (filter.provider.as_deref(), filter.app.as_deref());
            world.check_names(provider, app, filter.device.as_deref())
        })
    }

    /// Whether an expectation says something, about names that are known. [`Self::expect`] judges
    /// without asking this.
    ///
    /// # Errors
    /// It does not.
    pub fn check_expectation(&self, expectation: &Expectation) -> Result<(), Refused> {
        expectation.check()?;
        self.check_filter(&expectation.filter)
    }

    /// What devices got after a place, in the order of arrival.
    pub fn inbox(&self, filter: &Filter, after: Cursor, limit: usize) -> List<Arrival> {
        crate::world::inbox(&self.whole(), filter, after, limit)
    }

    /// The deliveries that began or changed after a place.
    pub fn deliveries(&self, filter: &Filter, after: Cursor, limit: usize) -> List<DeliveryView> {
        crate::world::deliveries(&self.whole(), filter, after, limit)
    }

    /// The requests after a place.
    pub fn requests(&self, filter: &Filter, after: Cursor, limit: usize) -> List<RequestView> {
        crate::world::requests(&self.door.tail(after), filter, limit)
    }

    /// The journal's lines after a place, of one kind or of all.
    pub fn events(&self, kind: Option<&str>, after: Cursor, limit: usize) -> List<EventView> {
        crate::world::events(&self.door.tail(after), kind, limit)
    }

    /// Waits until a list has enough entries after a place, and says whether it has.
    pub async fn wait_for<T: DeserializeOwned>(
        &self,
        wait: Wait,
        what: Watched,
        after: Cursor,
        limit: usize,
    ) -> List<T> {
        let mut changes = self.door.changes();
        let mut watch = Watch::new(what.clone(), after);
        let enough = async {
            loop {
                changes.mark_unchanged();
                watch = self.read_on(watch).await;
                if watch.length() >= wait.count {
                    return watch;
                }
                // The sender lives as long as the door.
                let _ = changes.changed().await;
            }
        };
        let watch = match within(wait.limit, enough).await {
            Some(watch) => watch,
            None => self.read_on(Watch::new(what, after)).await,
        };
        List { complete: Some(watch.length() >= wait.count), ..watch.page(limit) }
    }

    /// Reads what the journal got since the last time.
    pub(super) async fn read_on(&self, mut watch: Watch) -> Watch {
        self.beside(move |control| {
            watch.read(control.door.tail(watch.read_from()));
            watch
        })
        .await
    }

    /// Both clocks.
    pub fn clock(&self) -> ClockView {
        self.door.look(crate::world::World::clock)
    }

    /// Advances world time, and comes back when all that fell due has run. Requests in flight are
    /// let finish first, for a few seconds; the answer says how many did not.
    ///
    /// # Errors
    /// World time does not go there.
    pub async fn advance(&self, advance: Advance) -> Result<ClockView, Refused> {
        self.door.advance(advance).await
    }

    /// Makes credentials older.
    ///
    /// # Errors
    /// No length is said, or the app is unknown.
    pub fn age(&self, age: Age) -> Result<(), Refused> {
        self.door.apply(Command::Age(age)).map(drop)
    }

    /// Revokes a credential.
    ///
    /// # Errors
    /// The app is unknown, or has no such credential.
    pub fn revoke(&self, revoke: Revoke) -> Result<(), Refused> {
        self.door.apply(Command::Revoke(revoke)).map(drop)
    }

    /// Makes a credential of an app anew; gives the app's entry.
    ///
    /// # Errors
    /// The app is unknown, or has no such credential; a file cannot be written.
    pub fn issue(&self, issue: &Issue) -> Result<Value, ControlError> {
        self.credentials.issue(&self.door, issue)
    }

    /// The faults in force.
    pub fn faults(&self) -> Vec<FaultView> {
        self.door.look(|world, _| world.faults())
    }

    /// Adds a fault; one that strikes at once has struck when this comes back.
    ///
    /// # Errors
    /// The rule is wrong, or there are too many.
    pub async fn add_fault(&self, fault: Fault) -> Result<FaultView, Refused> {
        match self.door.apply(Command::AddFault(fault))? {
            Done::Fault(view) if view.fault.now => {
                let struck = self.door.strike(&view.fault).await;
                Ok(FaultView { struck, ..view })
            }
            Done::Fault(view) => Ok(view),
            other => unreachable!("adding a fault gave {other:?}"),
        }
    }

    /// Takes a fault away.
    ///
    /// # Errors
    /// There is none of that number.
    pub fn remove_fault(&self, id: FaultId) -> Result<(), Refused> {
        self.door.apply(Command::RemoveFault(id)).map(drop)
    }

    /// Clock to the start; devices, faults and queues gone; apps, keys and issued tokens kept.
    ///
    /// # Errors
    /// None today.
    pub async fn reset(&self) -> Result<(), Refused> {
        self.door.reset().await
    }

    /// Looks at much beside the threads that carry connections.
    pub(super) async fn beside<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> T {
        let control = self.clone();
        match tokio::task::spawn_blocking(move || look(&control)).await {
            Ok(looked) => looked,
            Err(failed) => match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// The whole journal: what happens to a notification may be told long after it was sent.
    pub(super) fn whole(&self) -> Tail {
        self.door.tail(Cursor::default())
    }

    fn device_after(&self, command: Command) -> Result<DeviceView, Refused> {
        match self.door.apply(command)? {
            Done::Device(view) => Ok(view),
            other => unreachable!("a command about a device gave {other:?}"),
        }
    }
}
