//! The control room: the door, the credentials, and the API over a real listener.

mod bench;
mod bound;
mod call;
mod contract;
mod credentials;
mod document;
mod door;
mod page;
mod problem;
mod slow;
mod wait;
