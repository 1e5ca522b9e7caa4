//! The page of what is emulated and how sure it is: its parts. What they say stands beside the code.

use super::rules::{self, Reason};
use super::{auth, broadcast, certificate, connection, device, edge, offline};
use crate::fidelity::Section;

/// All parts, in the order of the page.
pub(super) fn sections() -> Vec<Section> {
    let checks = rules::CHECKS.iter().map(|check| (check.name, check.behavior));
    let arrivals: Vec<_> = device::RULES.iter().map(|rule| rule.behavior).collect();
    let mut sections = vec![
        Section::of("Connections", &[connection::BEHAVIORS]),
        Section::of_rules("Checks of pushes, in their order", rules::ABOUT, checks),
        Section::of("Answers", &[edge::BEHAVIORS]),
        Section::of("Credentials", &[auth::BEHAVIORS, certificate::BEHAVIORS]),
        Section::of("Storage and time", &[offline::BEHAVIORS]),
        Section::of("Devices", &[&arrivals, device::BEHAVIORS]),
    ];
    sections.extend(broadcast::fidelity());
    sections.push(Section::of_rules("Reasons", "", Reason::known()));
    sections
}
