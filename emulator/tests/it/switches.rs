//! The page of switches: fresh, and every switch explained.

use crate::written::Written;
use pushpit_emulator::switch::Switch;
use pushpit_emulator::world::switches;
use std::fmt::Write;

const HEAD: &str = "\
# Switches

Choices where a real service's behavior is unknown, has changed over time, or is made gentle for
local use. `pushpit serve --switch NAME=VALUE` sets one, and so does `switches: { NAME: VALUE }` in a
scenario or a `--config` file. `GROUP=strict` sets all of a group that have a strict value.

A source is `[doc]` where the vendor says so, `[client]` where a real client does so, `[report]` where
others have seen it, and `[guess]` where it is ours.

| Switch | Takes | Usually | Strict | Decides | Source |
|---|---|---|---|---|---|
";

const PAGE: Written = Written { name: "switches.md", writer: "write_switches" };

fn text() -> String {
    let mut text = HEAD.to_owned();
    for Switch { name, takes, usual, strict, about, source } in switches() {
        let (takes, strict) = (takes.shown(), strict.map_or(String::new(), |it| format!("`{it}`")));
        let line = format!("| `{name}` | {takes} | `{usual}` | {strict} | {about} | {source} |");
        writeln!(text, "{line}").unwrap();
    }
    text
}

#[test]
fn the_committed_page_of_switches_is_fresh() {
    PAGE.assert_fresh(&text());
}

#[test]
#[ignore = "writes docs/switches.md"]
fn write_switches() {
    PAGE.write(&text());
}

#[test]
fn every_switch_says_what_it_decides_and_where_that_is_known_from() {
    for switch in switches() {
        assert!(!switch.about.is_empty(), "{}", switch.name);
        let evidence = ["[doc]", "[client]", "[report]", "[guess]"];
        assert!(evidence.iter().any(|mark| switch.source.contains(mark)), "{}", switch.name);
        let mut chosen = pushpit_emulator::switch::Switches::default();
        for value in std::iter::once(switch.usual).chain(switch.strict) {
            chosen.set(switches(), switch.name, value).unwrap();
        }
    }
}
