//! What a person or a program reads of a run; all of it is made from the result tree.

mod json;
mod terminal;

pub use json::json;
pub use terminal::{Terminal, summary};
