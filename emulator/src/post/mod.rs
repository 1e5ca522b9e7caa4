//! The post office: devices, addresses, pending queues, outcomes, faults.
//!
//! It stores, replaces, expires and delivers as a policy value tells it, and knows no provider.

mod address;
mod bounds;
mod connection_fault;
mod delivery;
mod device;
mod dispatch;
mod fault;
mod fault_error;
mod fault_text;
mod happening;
mod numbered;
mod object;
mod office;
mod policy;
mod queue;
#[cfg(test)]
mod tests;

pub use address::{Address, AddressId, Life, NewAddress};
pub use bounds::{Bounded, Bounds, Full};
pub use connection_fault::{
    Code, ConnectionFault, ConnectionOrder, CutFault, FramesFault, GoAwayFault, NamedStream,
    ResetFault, SettingsFault, StallFault,
};
pub use delivery::{DeliveryId, Lifetime, Outcome, Payload, Storing, Submission};
pub use device::{Connection, Device, DeviceId, Platform, Power};
pub use fault::{Fault, FaultAnswer, FaultId, FaultMatch, FaultReply, FaultScene, Faults, Struck};
pub use fault_error::FaultError;
pub use happening::Happening;
pub use numbered::is_numbered;
pub(crate) use object::object;
pub use office::{AppId, NoDevice, Post, ServiceId};
pub use policy::{
    Gate, Lane, OfflinePolicy, Overflow, PolicyId, Release, Scope, Slot, Storage, Visible, Words,
};
