//! What is emulated and how sure we are of it: values that stand beside the code that they are
//! about, so that the page of all of them cannot tell another story.
//!
//! The page is `docs/fidelity.md`; which parts it has is each service's own.

use crate::switch::Switch;

/// One behavior of the real service, as it is emulated.
#[derive(Clone, Copy, Debug)]
pub struct Behavior {
    /// What is done, for the author of a sender.
    pub what: &'static str,
    /// How sure we are that the real service does so.
    pub evidence: Evidence,
    /// Where it is known from; of what is assumed, why it is assumed so.
    pub source: &'static str,
    /// What of it is less sure than the rest, or should be known besides; may be empty.
    pub besides: &'static str,
    /// What can be chosen of it.
    pub switches: &'static [&'static Switch],
}

/// How sure we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The vendor says so.
    Documented,
    /// Seen in real clients and SDKs, or reported by others.
    Observed,
    /// Our own choice, where nothing is known.
    Assumed,
}

/// A part of a service's page.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What holds for all of it; may be empty.
    pub about: &'static str,
    /// Its behaviors.
    pub rows: Vec<Row>,
}

/// A behavior on the page.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name of the rule, where the journal knows it by one.
    pub rule: Option<&'static str>,
    /// The behavior.
    pub behavior: Behavior,
}

impl Behavior {
    /// The vendor says so.
    pub const fn documented(what: &'static str, source: &'static str) -> Self {
        Self::new(what, Evidence::Documented, source)
    }

    /// Real clients show it, or others have seen it.
    pub const fn observed(what: &'static str, source: &'static str) -> Self {
        Self::new(what, Evidence::Observed, source)
    }

    /// It is our own choice, for this reason.
    pub const fn assumed(what: &'static str, why: &'static str) -> Self {
        Self::new(what, Evidence::Assumed, why)
    }

    /// The same, with something that should be known besides.
    #[must_use]
    pub const fn besides(self, besides: &'static str) -> Self {
        Self { besides, ..self }
    }

    /// The same, where these switches decide.
    #[must_use]
    pub const fn by(self, switches: &'static [&'static Switch]) -> Self {
        Self { switches, ..self }
    }

    const fn new(what: &'static str, evidence: Evidence, source: &'static str) -> Self {
        Self { what, evidence, source, besides: "", switches: &[] }
    }
}

impl Evidence {
    /// The word on the page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
        }
    }
}

impl Section {
    /// A part of behaviors that have no name of their own.
    pub fn of(title: &'static str, behaviors: &[&[Behavior]]) -> Self {
        let rows = behaviors.iter().copied().flatten();
        let rows = rows.map(|behavior| Row { rule: None, behavior: *behavior }).collect();
        Self { title, about: "", rows }
    }

    /// A part of rules, by the names that the journal has.
    pub fn of_rules(
        title: &'static str,
        about: &'static str,
        rules: impl Iterator<Item = (&'static str, Behavior)>,
    ) -> Self {
        let rows = rules.map(|(rule, behavior)| Row { rule: Some(rule), behavior }).collect();
        Self { title, about, rows }
    }
}
