//! Named switches: choices where a real service's behavior is unknown, has changed over time, or is
//! made gentle for healthy local use.

use crate::clock::parse_duration;
use std::collections::BTreeMap;
use std::time::Duration;

/// One choice that users have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// `group.name`; the group is the service's name, or `http2`.
    pub name: &'static str,
    /// What it can be set to.
    pub takes: Takes,
    /// What it is when nobody says.
    pub usual: &'static str,
    /// What it is in the group's strict mode, where that differs.
    pub strict: Option<&'static str>,
    /// What it decides.
    pub about: &'static str,
    /// Where the behavior is known from, with its evidence.
    pub source: &'static str,
}

/// What a switch can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A number in a range.
    Count {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A number in a range, or `off`.
    CountOrOff {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A length of time such as `10m`, or `off`.
    LengthOrOff,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// What was chosen; everything else is as usual.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Switches(BTreeMap<&'static str, String>);

/// A switch cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SwitchError {
    what: String,
    help: String,
}

impl SwitchError {
    /// What to do.
    pub fn help(&self) -> &str {
        &self.help
    }
}

impl Switches {
    /// Sets a switch, or with `GROUP` and `strict` all of a group.
    ///
    /// # Errors
    /// There is no such switch, or it takes no such value.
    pub fn set<'a>(
        &mut self,
        known: impl Iterator<Item = &'a Switch> + Clone,
        name: &str,
        value: &str,
    ) -> Result<(), SwitchError> {
        if value == STRICT {
            let group = known.clone().filter(|switch| switch.group() == name);
            let strict = group.filter_map(|switch| Some((switch.name, switch.strict?.to_owned())));
            let mut strict = strict.peekable();
            if strict.peek().is_some() {
                self.0.extend(strict);
                return Ok(());
            }
        }
        let Some(switch) = known.clone().find(|switch| switch.name == name) else {
            return Err(unknown(known, name));
        };
        if !switch.takes.holds(value) {
            return Err(SwitchError {
                what: format!("switch `{name}` cannot be `{value}`"),
                help: format!("it takes {}", switch.takes.shown()),
            });
        }
        self.0.insert(switch.name, value.to_owned());
        Ok(())
    }

    /// What a switch is set to.
    pub fn value(&self, switch: &Switch) -> &str {
        self.0.get(switch.name).map_or(switch.usual, String::as_str)
    }

    /// What a switch that takes a number is set to.
    pub fn count(&self, switch: &Switch) -> Option<u32> {
        self.value(switch).parse().ok()
    }

    /// What a switch that takes a length is set to.
    pub fn length(&self, switch: &Switch) -> Option<Duration> {
        parse_duration(self.value(switch)).ok()
    }

    /// Whether a switch is set to this word.
    pub fn is(&self, switch: &Switch, word: &str) -> bool {
        self.value(switch) == word
    }
}

fn unknown<'a>(known: impl Iterator<Item = &'a Switch> + Clone, name: &str) -> SwitchError {
    let what = format!("there is no switch `{name}`");
    if known.clone().any(|switch| switch.group() == name) {
        let help = format!("`{name}` is a group of switches, which as a whole takes `{STRICT}`");
        return SwitchError { what, help };
    }
    let near = known
        .clone()
        .map(|switch| (strsim::damerau_levenshtein(switch.name, name), switch.name))
        .min()
        .filter(|(distance, _)| *distance <= MAX_DISTANCE);
    if let Some((_, near)) = near {
        return SwitchError { what, help: format!("did you mean `{near}`?") };
    }
    let names: Vec<_> = known.map(|switch| format!("`{}`", switch.name)).collect();
    let help = format!("use one of {}, or a group's name with `{STRICT}`", names.join(", "));
    SwitchError { what, help }
}

impl Switch {
    /// What comes before the point.
    pub fn group(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }
}

impl Takes {
    fn holds(self, value: &str) -> bool {
        let within =
            |least, most| value.parse().is_ok_and(|count: u32| (least..=most).contains(&count));
        match self {
            Self::Count { least, most } => within(least, most),
            Self::CountOrOff { least, most } => value == OFF || within(least, most),
            Self::LengthOrOff => {
                value == OFF || parse_duration(value).is_ok_and(|length| !length.is_zero())
            }
            Self::Word(words) => words.contains(&value),
        }
    }

    /// What can be written, for a person to read.
    pub fn shown(self) -> String {
        match self {
            Self::Count { least, most } => format!("a number from {least} to {most}"),
            Self::CountOrOff { least, most } => {
                format!("a number from {least} to {most}, or `off`")
            }
            Self::LengthOrOff => "a length of time such as `10m`, or `off`".to_owned(),
            Self::Word(words) => {
                words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

/// The value that sets a whole group.
const STRICT: &str = "strict";

/// How many letters of a name may be wrong before a suggestion would puzzle.
const MAX_DISTANCE: usize = 3;
/// The value that turns a limit off.
const OFF: &str = "off";

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCHES: &[Switch] = &[
        Switch {
            name: "a.word",
            takes: Takes::Word(&["any", "one"]),
            usual: "any",
            strict: Some("one"),
            about: "",
            source: "",
        },
        Switch {
            name: "a.time",
            takes: Takes::LengthOrOff,
            usual: "off",
            strict: None,
            about: "",
            source: "",
        },
    ];

    #[test]
    fn a_group_is_made_strict_and_its_switches_set_one_by_one() {
        let mut switches = Switches::default();
        assert!(switches.is(&SWITCHES[0], "any"));
        switches.set(SWITCHES.iter(), "a", "strict").expect("the group is there");
        switches.set(SWITCHES.iter(), "a", "strict").expect("it may be said twice");
        assert!(switches.is(&SWITCHES[0], "one"));
        assert_eq!(switches.length(&SWITCHES[1]), None);
        switches.set(SWITCHES.iter(), "a.time", "10m").expect("it is a length");
        assert_eq!(switches.length(&SWITCHES[1]), Some(Duration::from_secs(600)));
    }

    #[test]
    fn what_cannot_be_set_is_told_with_what_can() {
        let mut switches = Switches::default();
        let mut told = |name, value| {
            let error = switches.set(SWITCHES.iter(), name, value).expect_err("it is wrong");
            (error.to_string(), error.help().to_owned())
        };
        assert_eq!(
            told("a.wurd", "one"),
            ("there is no switch `a.wurd`".to_owned(), "did you mean `a.word`?".to_owned())
        );
        assert_eq!(
            told("a", "one").1,
            "`a` is a group of switches, which as a whole takes `strict`"
        );
        assert_eq!(
            told("color", "one"),
            (
                "there is no switch `color`".to_owned(),
                "use one of `a.word`, `a.time`, or a group's name with `strict`".to_owned()
            )
        );
        assert_eq!(
            told("a.time", "soon"),
            (
                "switch `a.time` cannot be `soon`".to_owned(),
                "it takes a length of time such as `10m`, or `off`".to_owned()
            )
        );
        assert_eq!(told("b", "strict").0, "there is no switch `b`");
    }
}
