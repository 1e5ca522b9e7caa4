//! The page of what is emulated: fresh, and complete as far as code can tell.

use crate::written::Written;
use pushpit_emulator::fidelity::{Behavior, Evidence, Row, Section};
use pushpit_emulator::world::{fidelity, switches};
use std::collections::BTreeSet;
use std::fmt::Write;

const HEAD: &str = "\
# Fidelity

What Pushpit does as the real services do, and how sure we are of it.

- **documented**: the vendor says so;
- **observed**: seen in real clients and SDKs, or reported by others;
- **assumed**: our own choice where nothing is known; each is gentle to senders.

What is less sure than the rest of its line stands under \"besides\". A [switch](switches.md) decides
where one is named. What is not in these tables is not emulated.
";

/// The marks of evidence in the code, and the words on the page.
const MARKS: &[(&str, &str)] =
    &[("[client] [report]", "[observed]"), ("[report]", "[observed]"), ("[guess]", "[assumed]")];

const PAGE: Written = Written { name: "fidelity.md", writer: "write_fidelity" };

fn text() -> String {
    let mut text = HEAD.to_owned();
    for (name, sections) in fidelity() {
        writeln!(text, "\n## `{name}`").unwrap();
        for section in sections {
            write_section(&mut text, &section);
        }
    }
    text
}

fn write_section(text: &mut String, Section { title, about, rows }: &Section) {
    writeln!(text, "\n### {title}\n").unwrap();
    if !about.is_empty() {
        writeln!(text, "{about}\n").unwrap();
    }
    let named = rows.iter().any(|row| row.rule.is_some());
    let (head, line) = if named { ("| Name ", "|---") } else { ("", "") };
    writeln!(text, "{head}| Behavior | How sure | Source | Besides | Switch |").unwrap();
    writeln!(text, "{line}|---|---|---|---|---|").unwrap();
    for Row { rule, behavior } in rows {
        let Behavior { what, evidence, source, besides, switches } = behavior;
        let rule = rule.map_or(String::new(), |rule| format!("| `{rule}` "));
        let switches: Vec<_> = switches.iter().map(|it| format!("`{}`", it.name)).collect();
        let (sure, switches) = (evidence.name(), switches.join(", "));
        let what =
            MARKS.iter().fold((*what).to_owned(), |text, (mark, word)| text.replace(mark, word));
        writeln!(text, "{rule}| {what} | {sure} | {source} | {besides} | {switches} |").unwrap();
    }
}

fn rows() -> impl Iterator<Item = Row> {
    fidelity().flat_map(|(_, sections)| sections).flat_map(|section| section.rows)
}

#[test]
fn the_committed_page_of_fidelity_is_fresh() {
    PAGE.assert_fresh(&text());
}

#[test]
#[ignore = "writes docs/fidelity.md"]
fn write_fidelity() {
    PAGE.write(&text());
}

#[test]
fn every_switch_is_named_by_a_behavior() {
    let named: BTreeSet<_> =
        rows().flat_map(|row| row.behavior.switches).map(|switch| switch.name).collect();
    let all: BTreeSet<_> = switches().map(|switch| switch.name).collect();
    assert_eq!(named, all);
}

#[test]
fn every_behavior_says_where_it_is_known_from_in_words_that_fit_a_table() {
    for Row { behavior, .. } in rows() {
        let Behavior { what, evidence, source, besides, .. } = behavior;
        assert!(!source.is_empty(), "{what}");
        let names_a_page = source.contains(", \"") || source.starts_with("RFC");
        assert!(evidence != Evidence::Documented || names_a_page, "{what}: {source}");
        for text in [what, source, besides] {
            assert!(!text.contains(['|', '\n']), "{text}");
        }
    }
}
