//! The list of all services, and the dispatch to them.
//!
//! This is the one place that names them; the rest of the world treats all alike.

use crate::clock::{Order, Timestamp};
use crate::fidelity::Section;
use crate::post::{AddressId, AppId, DeviceId, FaultReply, Post, ServiceId};
use crate::providers::rim::{
    About, Answer, AppSpec, Attributes, Desk, FaultedReply, KeyMaker, Kit, Retirement, Service,
    SettingError, SpecError, Unwelcome,
};
use crate::switch::{Switch, Switches};
use crate::wire::{ConnectionId, ConnectionProfile, Peer, Request, SWITCHES};
use serde_json::Value;

/// Writes out, for each service, its place in every list and its arm in every match.
macro_rules! services {
    ($($variant:ident: $field:ident = $service:ty),* $(,)?) => {
        /// All services' descriptions, in the order of their numbers.
        pub(super) const ABOUTS: &[About] = &[$(<$service>::ABOUT),*];

        #[derive(Clone, Copy)]
        #[repr(u8)]
        enum Place { $($variant),* }

        /// A request that its service has parsed and checked the signatures of.
        #[derive(Debug)]
        pub enum Prepared {
            $(
                #[doc = concat!("Of `", stringify!($field), "`.")]
                $variant(<$service as Service>::Prepared)
            ),*
        }

        /// A change of what only one service knows of a device, read by that service.
        pub(super) enum DeviceSetting {
            $(
                #[doc = concat!("Of `", stringify!($field), "`.")]
                $variant(<$service as Service>::DeviceSetting)
            ),*
        }

        /// The keys of all services: a snapshot, replaced whole when an app is added.
        #[derive(Clone, Debug, Default)]
        pub struct KeyRing { $($field: <$service as Service>::Keys),* }

        /// The state of all services.
        #[derive(Debug)]
        pub(super) struct Services { $($field: $service),* }

        impl Prepared {
            /// Parses a request and checks its signatures, without any lock.
            pub fn new(service: ServiceId, keys: &KeyRing, peer: &Peer, request: &Request) -> Self {
                match service.0 {
                    $(place if place == Place::$variant as u8 => Self::$variant(
                        <$service>::prepare(&keys.$field, peer, request)
                    ),)*
                    _ => unreachable!("service numbers come from this list"),
                }
            }

            /// Whose it is.
            pub fn service(&self) -> ServiceId {
                match self { $(Self::$variant(_) => ServiceId(Place::$variant as u8)),* }
            }

            pub(super) fn scene(&self, post: &Post) -> (Option<AppId>, Option<DeviceId>) {
                match self {
                    $(Self::$variant(prepared) => <$service>::scene(post, self.service(), prepared)),*
                }
            }
        }

        impl KeyRing {
            /// Adds an app's keys.
            ///
            /// # Errors
            /// A setting is missing, unknown or cannot be read.
            pub fn learn(&mut self, service: ServiceId, kit: &Kit) -> Result<(), SpecError> {
                match service.0 {
                    $(place if place == Place::$variant as u8 => <$service>::learn(&mut self.$field, kit),)*
                    _ => unreachable!("service numbers come from this list"),
                }
            }
        }

        impl Services {
            pub(super) fn new(post: &mut Post, switches: &Switches) -> Self {
                Self { $($field: <$service>::new(post, ServiceId(Place::$variant as u8), switches)),* }
            }

            pub(super) fn reset(&mut self) {
                $(self.$field.reset();)*
            }

            pub(super) fn answer(&mut self, desk: &mut Desk<'_>, request: &Request, prepared: &Prepared) -> Answer {
                match prepared {
                    $(Prepared::$variant(prepared) => self.$field.answer(desk, request, prepared)),*
                }
            }

            /// Lets the service to which a connection was opened look at it.
            pub(super) fn connection_opened(&mut self, desk: &mut Desk<'_>, peer: &Peer) -> Result<(), Unwelcome> {
                $(if peer.profile == <$service>::ABOUT.profile.name {
                    return self.$field.connection_opened(desk, peer);
                })*
                Ok(())
            }

            /// Reads what somebody wants of a device's settings at a service.
            pub(super) fn device_setting(
                &self,
                service: ServiceId,
                post: &Post,
                device: DeviceId,
                wanted: &Value,
            ) -> Result<DeviceSetting, SettingError> {
                match service.0 {
                    $(place if place == Place::$variant as u8 => {
                        self.$field.device_setting(post, device, wanted).map(DeviceSetting::$variant)
                    })*
                    _ => unreachable!("service numbers come from this list"),
                }
            }

            pub(super) fn set_device(&mut self, desk: &mut Desk<'_>, device: DeviceId, setting: DeviceSetting) {
                match setting {
                    $(DeviceSetting::$variant(setting) => self.$field.set_device(desk, device, setting)),*
                }
            }

            /// What only single services know of a device, by their names.
            pub(super) fn device_states(&self, post: &Post, device: DeviceId) -> impl Iterator<Item = (&'static str, Value)> {
                let states = [$((<$service>::ABOUT.name, self.$field.device_state(post, device))),*];
                states.into_iter().filter_map(|(name, state)| Some((name, state?)))
            }

            pub(super) fn connection_closed(&mut self, connection: ConnectionId) {
                $(self.$field.connection_closed(connection);)*
            }

            /// The earliest moment at which a service has something to do; ties go by the list.
            pub(super) fn next_due(&self) -> Option<(Timestamp, ServiceId)> {
                let dues = [$(self.$field.next_due().map(|due| (due, ServiceId(Place::$variant as u8)))),*];
                dues.into_iter().flatten().min()
            }
        }

        impl Services {
            /// The state of the service of that number, to be told by its common methods.
            fn at(&mut self, service: ServiceId) -> &mut dyn Stateful {
                match service.0 {
                    $(place if place == Place::$variant as u8 => &mut self.$field,)*
                    _ => unreachable!("service numbers come from this list"),
                }
            }
        }

        const SHAPES: &[Shape] = &[$(Shape::of::<$service>()),*];
    };
}

services! {
    Apns: apns = crate::providers::apns::Apns,
}

/// All services' descriptions; a [`ServiceId`] is a place in this list.
pub fn abouts() -> impl ExactSizeIterator<Item = (ServiceId, &'static About)> {
    numbered(ABOUTS)
}

/// The descriptions in a list with the numbers that they have by their places.
pub(super) fn numbered(list: &[About]) -> impl ExactSizeIterator<Item = (ServiceId, &About)> {
    list.iter().enumerate().map(|(place, about)| {
        (ServiceId(u8::try_from(place).expect("there are fewer than 256 services")), about)
    })
}

/// The service of that name.
pub fn service_named(name: &str) -> Option<ServiceId> {
    abouts().find(|(_, about)| about.name == name).map(|(id, _)| id)
}

/// What the service is.
pub fn about(id: ServiceId) -> &'static About {
    &ABOUTS[usize::from(id.0)]
}

/// What of a service needs no state, as a row of a table.
struct Shape {
    body_ceiling: fn(&Request) -> usize,
    profile: fn(&Switches) -> ConnectionProfile,
    kit: fn(&AppSpec, &Kit, &mut dyn KeyMaker) -> Result<Kit, SpecError>,
    shed: fn(&mut Kit, &str) -> bool,
    address_text: fn(&[u8]) -> String,
    address_bytes: fn(&str) -> Option<Vec<u8>>,
    attributes: fn(&[(String, String)]) -> Attributes,
    check_device_setting: fn(&Value) -> Result<(), SettingError>,
    fault_reply: fn(&mut Desk<'_>, &Request, &FaultReply) -> FaultedReply,
}

impl Shape {
    const fn of<S: Service>() -> Self {
        Self {
            body_ceiling: S::body_ceiling,
            profile: S::profile,
            kit: S::kit,
            shed: S::shed,
            address_text: S::address_text,
            address_bytes: S::address_bytes,
            attributes: S::attributes,
            check_device_setting: S::check_device_setting,
            fault_reply: S::fault_reply,
        }
    }
}

fn shape(service: ServiceId) -> &'static Shape {
    &SHAPES[usize::from(service.0)]
}

/// How many bytes of a request's body its service wants to see.
pub fn body_ceiling(service: ServiceId, request: &Request) -> usize {
    (shape(service).body_ceiling)(request)
}

/// How connections to a service behave, as it was chosen.
pub(super) fn profile_of(service: ServiceId, switches: &Switches) -> ConnectionProfile {
    (shape(service).profile)(switches)
}

/// All that can be chosen: of HTTP/2, and of each service.
pub fn switches() -> impl Iterator<Item = &'static Switch> + Clone {
    SWITCHES.iter().chain(ABOUTS.iter().flat_map(|about| about.switches))
}

/// What is emulated and how sure that is: of HTTP/2, and of each service.
pub fn fidelity() -> impl Iterator<Item = (&'static str, Vec<Section>)> {
    let services = ABOUTS.iter().map(|about| (about.name, (about.fidelity)()));
    std::iter::once(("http2", vec![crate::wire::fidelity()])).chain(services)
}

/// Makes an app's credentials, where it brings none of its own.
///
/// # Errors
/// The settings are unknown or contradict each other.
pub fn kit(
    service: ServiceId,
    spec: &AppSpec,
    existing: &Kit,
    maker: &mut dyn KeyMaker,
) -> Result<Kit, SpecError> {
    (shape(service).kit)(spec, existing, maker)
}

/// Takes a credential out of an app's kit, so that [`kit`] makes another; whether the service has
/// such a credential.
pub fn shed(service: ServiceId, kit: &mut Kit, credential: &str) -> bool {
    (shape(service).shed)(kit, credential)
}

/// Whether what somebody wants of a device's settings at a service can be read at all.
///
/// # Errors
/// A key is unknown or a value wrong.
pub fn check_device_setting(service: ServiceId, wanted: &Value) -> Result<(), SettingError> {
    (shape(service).check_device_setting)(wanted)
}

/// What of a request a reader of an inbox wants to know.
pub fn attributes(service: ServiceId, headers: &[(String, String)]) -> Attributes {
    (shape(service).attributes)(headers)
}

pub(super) fn address_text(service: ServiceId, bytes: &[u8]) -> String {
    (shape(service).address_text)(bytes)
}

pub(super) fn address_bytes(service: ServiceId, text: &str) -> Option<Vec<u8>> {
    (shape(service).address_bytes)(text)
}

pub(super) fn fault_reply(
    service: ServiceId,
    desk: &mut Desk<'_>,
    request: &Request,
    fault: &FaultReply,
) -> FaultedReply {
    (shape(service).fault_reply)(desk, request, fault)
}

/// The methods of a service's state that know nothing of its types.
trait Stateful {
    fn adopt(&mut self, app: AppId, kit: &Kit, order: Order) -> Result<(), SpecError>;
    fn revoke(&mut self, app: AppId, credential: &str) -> Option<String>;
    fn register(&mut self, desk: &mut Desk<'_>, device: DeviceId, app: AppId) -> Vec<AddressId>;
    fn retire(&mut self, desk: &mut Desk<'_>, address: AddressId, how: Retirement);
    fn fall_due(&mut self, desk: &mut Desk<'_>);
    fn arrives(&mut self, post: &Post, address: AddressId, payload: &[u8]) -> Option<&'static str>;
}

impl<S: Service> Stateful for S {
    fn adopt(&mut self, app: AppId, kit: &Kit, order: Order) -> Result<(), SpecError> {
        Service::adopt(self, app, kit, order)
    }

    fn revoke(&mut self, app: AppId, credential: &str) -> Option<String> {
        Service::revoke(self, app, credential)
    }

    fn register(&mut self, desk: &mut Desk<'_>, device: DeviceId, app: AppId) -> Vec<AddressId> {
        Service::register(self, desk, device, app)
    }

    fn retire(&mut self, desk: &mut Desk<'_>, address: AddressId, how: Retirement) {
        Service::retire(self, desk, address, how);
    }

    fn fall_due(&mut self, desk: &mut Desk<'_>) {
        Service::fall_due(self, desk);
    }

    fn arrives(&mut self, post: &Post, address: AddressId, payload: &[u8]) -> Option<&'static str> {
        Service::arrives(self, post, address, payload)
    }
}

impl Services {
    pub(super) fn adopt(
        &mut self,
        app: AppId,
        kit: &Kit,
        of: ServiceId,
        order: Order,
    ) -> Result<(), SpecError> {
        self.at(of).adopt(app, kit, order)
    }

    pub(super) fn revoke(&mut self, app: AppId, credential: &str, of: ServiceId) -> Option<String> {
        self.at(of).revoke(app, credential)
    }

    pub(super) fn register(
        &mut self,
        desk: &mut Desk<'_>,
        device: DeviceId,
        app: AppId,
    ) -> Vec<AddressId> {
        let (service, _) = desk.post.app(app);
        self.at(service).register(desk, device, app)
    }

    pub(super) fn retire(&mut self, desk: &mut Desk<'_>, address: AddressId, how: Retirement) {
        let service = desk.post.address(address).service;
        self.at(service).retire(desk, address, how);
    }

    pub(super) fn fall_due(&mut self, service: ServiceId, desk: &mut Desk<'_>) {
        self.at(service).fall_due(desk);
    }

    /// Asks its service about what waited for an address and gets there now.
    pub(super) fn arrives(
        &mut self,
        post: &Post,
        address: AddressId,
        payload: &[u8],
    ) -> Option<&'static str> {
        let service = post.address(address).service;
        self.at(service).arrives(post, address, payload)
    }
}
