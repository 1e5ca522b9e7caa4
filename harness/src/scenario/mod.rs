//! Scenario files: what they may say, how they are read, and what is checked before anything runs.

mod check;
mod claim;
pub mod files;
mod load;
mod located;
mod model;
mod near;
mod parse;
pub mod schema;
mod setup;
mod shape;
mod step;
pub mod substitute;
mod switches;
mod url;

pub use check::{Provider, check};
pub use claim::{Answer, AnswerSpec, Exactly, Expect, Nothing, Patch};
pub use load::load;
pub use located::{Located, Table};
pub use model::{
    AppSpec, ClockSpec, Command, DeviceSpec, OutputMatch, Ready, Scenario, Sender, UnknownAddresses,
};
pub use parse::parse;
pub use setup::{Setup, load_setup};
pub use shape::{Advance, AgeCredentials, Length, Run, Words};
pub use step::{
    Await, DeliveryMatch, DeviceExpect, Fault, FaultMatch, HttpCall, OneCredential, PushRequest,
    RequestMatch, Step,
};
pub use switches::{Choice, chosen};
pub use url::{SenderUrl, UrlError, UrlFault};
