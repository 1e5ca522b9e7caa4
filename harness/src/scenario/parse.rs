//! Text to model: the only module that knows the YAML library.
//!
//! The library's errors become diagnostics here, in our words and with near names.

use super::near;
use super::{Located, Scenario};
use crate::diagnostic::{Diagnostic, Place};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{Error, Location, Spanned};
use std::str::Utf8Error;

/// Reads a scenario, or says what cannot be read. What it means is not checked here.
///
/// # Errors
/// The file is too large, not UTF-8, not YAML, or says something that no scenario says.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Scenario, Box<Diagnostic>> {
    read(file, bytes)
}

/// Reads a value of any of our types, or says what cannot be read.
pub(super) fn read<T: serde::de::DeserializeOwned>(
    file: &str,
    bytes: &[u8],
) -> Result<T, Box<Diagnostic>> {
    if bytes.len() > LARGEST_FILE {
        let message = format!("expected at most {LARGEST_FILE} bytes, found more");
        let help = "split the scenario, or keep large bodies in files of the sender".to_owned();
        return Err(Box::new(Diagnostic::new(file, message).help(help)));
    }
    let source = str::from_utf8(bytes).map_err(|error| no_text(file, bytes, error))?;
    serde_saphyr::from_str_with_options(source, options())
        .map_err(|error| Box::new(diagnose(file, source, &error)))
}

/// Says what a file is that is not UTF-8.
fn no_text(file: &str, bytes: &[u8], error: Utf8Error) -> Box<Diagnostic> {
    let wrong = |message: &str| Diagnostic::new(file, message);
    let save = || "save the file as UTF-8".to_owned();
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Box::new(wrong("expected UTF-8, found UTF-16").help(save()));
    }
    if bytes.contains(&0) {
        let help = "name a file that is YAML, such as `story.yaml`".to_owned();
        return Box::new(wrong("expected a text in UTF-8, found a binary file").help(help));
    }
    let at = error.valid_up_to();
    let place = Place::of(str::from_utf8(&bytes[..at]).unwrap_or_default(), at..at);
    let message = "expected UTF-8, found a byte that is no part of it";
    Box::new(wrong(message).at(place).help(save()))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::deserialize(deserializer)?;
        Ok(Self { value, place: place("", referenced).unwrap_or_default() })
    }
}

fn options() -> serde_saphyr::Options {
    let mut aliases = serde_saphyr::options::AliasLimits::default();
    aliases.max_total_replayed_events = MOST_NODES;
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: MOST_NODES,
            max_events: 4 * MOST_NODES,
        },
        alias_limits: aliases,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A location as a place; one without bytes is found by line and column.
fn place(source: &str, location: Location) -> Option<Place> {
    let line = u32::try_from(location.line()).ok().filter(|line| *line > 0)?;
    let column = u32::try_from(location.column()).unwrap_or(u32::MAX);
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let Some(start) = location.span().byte_offset().map(size) else {
        let before: usize =
            source.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        let rest = source.get(before..)?;
        let column = (column as usize).saturating_sub(1);
        let start = before + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
        return Some(Place::of(source, start..start));
    };
    let length = location.span().byte_len().map_or(0, size);
    Some(Place { start, end: start.saturating_add(length), line, column })
}

/// The YAML library's error in our words.
fn diagnose(file: &str, source: &str, error: &Error) -> Diagnostic {
    let error = innermost(error);
    let place = error.location().and_then(|location| place(source, location));
    let place = place.map(|place| better(place, source, error));
    let found = place.and_then(|place| source.get(place.start..)).unwrap_or_default();
    let (message, label, help) = describe(source, found, error);
    let mut diagnostic = Diagnostic::new(file, message).at(place).help(help);
    diagnostic.label = label;
    diagnostic
}

/// The place of what is wrong, where the library names that of something around it.
fn better(place: Place, source: &str, error: &Error) -> Place {
    let rest = source.get(place.start..).unwrap_or_default();
    let own = source.get(place.start..place.end).unwrap_or_default();
    match error {
        Error::SerdeInvalidType { unexpected, .. }
        | Error::SerdeInvalidValue { unexpected, .. } => {
            let literal = unexpected.split_once(['`', '"']).map(|(_, rest)| rest);
            let literal = literal.map(|rest| rest.trim_end_matches(['`', '"'])).unwrap_or_default();
            match rest.find(literal) {
                Some(at) if !literal.is_empty() => {
                    let start = place.start + at;
                    Place::of(source, start..start + literal.len())
                }
                _ => place,
            }
        }
        Error::UnexpectedSequenceEnd { .. } | Error::UnexpectedMappingEnd { .. } => {
            let before = source.get(..place.start).unwrap_or_default().trim_end();
            let start = before.rfind([' ', '\n', '[', '{']).map_or(0, |at| at + 1);
            Place::of(source, start..before.len())
        }
        _ => Place { end: place.start + own.trim_end().len(), ..place },
    }
}

/// Message, label and help.
fn describe(source: &str, found: &str, error: &Error) -> Words {
    match error {
        Error::SerdeUnknownField { field, expected, .. } => (
            format!("unknown key `{}`", short(field)),
            Some("no such key here".to_owned()),
            Some(elsewhere(field, expected).unwrap_or_else(|| near::suggest(field, expected))),
        ),
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            let what = if expected.contains(&"age_credentials") { "step" } else { "word" };
            (
                format!("unknown {what} `{}`", short(variant)),
                None,
                Some(
                    elsewhere(variant, expected)
                        .unwrap_or_else(|| near::suggest(variant, expected)),
                ),
            )
        }
        Error::SerdeMissingField { field, .. } => (
            format!("missing key `{field}`"),
            Some("in this map".to_owned()),
            Some(match *field == "name" && !source.contains("steps:") {
                true => SETUP.to_owned(),
                false => format!("add `{field}: …`"),
            }),
        ),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            let (help, unexpected) = match unexpected.as_str() {
                "map" => (colon(found), "a map"),
                "sequence" => (None, "a list"),
                other => (state_of_device(expected, other), other),
            };
            (format!("expected {expected}, found {}", short(unexpected)), None, help)
        }
        Error::InvalidScalar { ty, .. } => {
            (format!("expected {}, found `{}`", kind(ty), scalar(found)), None, None)
        }
        Error::Unexpected { expected, .. } => {
            (format!("expected {}, found {}", kind(expected), node(found)), None, colon(found))
        }
        Error::UnexpectedSequenceEnd { .. } | Error::UnexpectedMappingEnd { .. } => (
            "expected a value after this, found none".to_owned(),
            None,
            Some("write `key: …`".to_owned()),
        ),
        Error::InvalidBooleanStrict { .. } => {
            (format!("expected `true` or `false`, found `{}`", scalar(found)), None, None)
        }
        Error::DuplicateMappingKey { key, .. } => (
            match key {
                Some(key) => format!("key `{}` is given twice", short(key)),
                None => "a key is given twice".to_owned(),
            },
            Some("the second one".to_owned()),
            Some("keep one of them".to_owned()),
        ),
        Error::Eof { .. } if is_blank(source) => (
            "expected a scenario, found an empty file".to_owned(),
            None,
            Some("start with `name: …` and `steps: […]`".to_owned()),
        ),
        Error::MultipleDocuments { .. } => (
            "expected one YAML document, found more".to_owned(),
            None,
            Some("keep each scenario in a file of its own".to_owned()),
        ),
        Error::ExpectedMappingEndAfterEnumVariantValue { .. } => (
            "expected a map with one key, found more".to_owned(),
            None,
            Some("keep one of them; of steps, each is an item of its own".to_owned()),
        ),
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => (
            format!("expected a map with one key, found {}", node(found)),
            None,
            Some("write `key: …`".to_owned()),
        ),
        Error::Message { msg, .. } => (msg.clone(), None, None),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => too_much(),
        other => match plain(other) {
            text if text.contains("recursion limit") => too_much(),
            text => (format!("not readable as YAML: {text}"), None, yaml_help(source, found)),
        },
    }
}

/// Message, label and help.
type Words = (String, Option<String>, Option<String>);

/// What to do about a name that people look for where it is not.
fn elsewhere(found: &str, known: &[&str]) -> Option<String> {
    let (.., help) = ELSEWHERE
        .iter()
        .find(|(name, beside, _)| name.eq_ignore_ascii_case(found) && known.contains(beside))?;
    Some((*help).to_owned())
}

/// What to write for a device's new state where its word stands alone.
fn state_of_device(expected: &str, found: &str) -> Option<String> {
    let word = found.split(['`', '"']).nth(1)?;
    let key = match word {
        "offline" | "online" => "connection",
        "asleep" | "low" | "normal" => "power",
        _ => return None,
    };
    expected.starts_with("a map with `connection`").then(|| format!("write `{{ {key}: {word} }}`"))
}

fn too_much() -> Words {
    (
        "the file is nested, repeated or expanded further than any scenario needs".to_owned(),
        None,
        Some(format!("stay below {DEEPEST} levels and {MOST_NODES} values, aliases included")),
    )
}

fn innermost(mut error: &Error) -> &Error {
    while let Error::AliasError { error: inner, .. } | Error::WithSnippet { error: inner, .. } =
        error
    {
        error = inner;
    }
    error
}

/// The library's own words, without the place, which the diagnostic has.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let end = first.rfind(" at line ").unwrap_or(first.len());
    short(first[..end].trim_end_matches([',', ':', ' '])).into_owned()
}

fn yaml_help(source: &str, found: &str) -> Option<String> {
    let before = source.strip_suffix(found).unwrap_or_default();
    if found.starts_with('{') && before.ends_with('$') {
        let end = found.find('}').map_or(1, |end| end + 1);
        return Some(format!(
            "inside `[…]` and `{{…}}` write it in quotes: \"${}\"",
            &found[..end]
        ));
    }
    let tab = found.starts_with('\t') || source.lines().any(|line| line.starts_with('\t'));
    tab.then(|| "indent with spaces; YAML takes no tabs there".to_owned())
}

/// What to do about a text that a colon makes a map of.
fn colon(found: &str) -> Option<String> {
    let text = scalar(found);
    let mapped = text.contains(": ") && !text.starts_with(['"', '\'', '{', '[']);
    mapped.then(|| format!("a colon and a space make a map of it; for a text write \"{text}\""))
}

/// What a type of Rust, or an event of the parser, is called in a scenario file.
fn kind(ty: &str) -> &str {
    match ty {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a number from 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a number",
        "f32" | "f64" => "a number, perhaps with decimals",
        "bool" => "`true` or `false`",
        "mapping start" => "a map",
        "sequence start" => "a list",
        "string scalar" => "a text",
        other => other,
    }
}

/// What kind of node begins here, as far as its first characters tell.
fn node(found: &str) -> String {
    match found.as_bytes() {
        [] => "nothing".to_owned(),
        [b'[', ..] | [b'-', b' ' | b'\n', ..] => "a list".to_owned(),
        [b'{', ..] => "a map".to_owned(),
        _ => format!("`{}`", scalar(found)),
    }
}

/// The single value that begins here, for a message.
fn scalar(found: &str) -> std::borrow::Cow<'_, str> {
    let end = found.find([',', '}', ']', '\n', '#']).unwrap_or(found.len());
    short(&found[..end])
}

pub(super) fn is_blank(source: &str) -> bool {
    let source = source.trim_start_matches('\u{feff}');
    source.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#'))
}

/// The text's first line, cut where it becomes too long for a message.
pub(super) fn short(text: &str) -> std::borrow::Cow<'_, str> {
    let line = text.lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(LONGEST_QUOTE) {
        None => line.into(),
        Some((end, _)) => format!("{}…", &line[..end]).into(),
    }
}

/// Names that people look for where they are not: the name, a name that is known there, the help.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("sleep", "advance", CLOCK),
    ("wait", "advance", CLOCK),
    ("timeout", "verdict", AWAIT),
    ("timeout", "outcome", AWAIT),
    ("services", "steps", NO_SCENARIO),
    ("version", "steps", NO_SCENARIO),
    ("apiVersion", "steps", NO_SCENARIO),
    ("on", "steps", NO_SCENARIO),
    ("name", "devices", NO_SETUP),
    ("description", "devices", NO_SETUP),
    ("steps", "devices", NO_SETUP),
    ("phone", "ios", PHONE),
    ("iphone", "ios", "did you mean `ios`?"),
    ("ipod", "ios", "did you mean `ios`?"),
    ("ipad", "ipados", "did you mean `ipados`?"),
    ("mac", "macos", "did you mean `macos`?"),
    ("osx", "macos", "did you mean `macos`?"),
    ("pc", "windows", "did you mean `windows`?"),
    ("watch", "watchos", "did you mean `watchos`?"),
    ("web", "browser", "did you mean `browser`?"),
    ("chrome", "browser", "did you mean `browser`?"),
    ("firefox", "browser", "did you mean `browser`?"),
    ("safari", "browser", "did you mean `browser`?"),
];
const SETUP: &str = "a scenario has a `name` and `steps`; a file with apps and devices alone is for \
                     `pushpit serve --config`";
const PHONE: &str = "choose `android` or `ios`";
const NO_SETUP: &str = "this looks like a scenario, which `pushpit run` runs; \
                        here stand `switches`, `apps` and `devices` alone";
const CLOCK: &str = "`advance` moves the world clock; `await` waits in real time for what comes";
const AWAIT: &str = "under `await` it stands beside `requests` and `deliveries`, not in them";
const NO_SCENARIO: &str = "this looks like a file of another program; in a folder that is given, \
                           every `.yaml` file is a scenario: give scenarios one of their own";

/// The largest scenario file: a hundred times what people write.
pub(super) const LARGEST_FILE: usize = 1 << 20;
/// The deepest nesting; serde recurses once a level.
const DEEPEST: usize = 64;
/// The most values in a file, after aliases are expanded.
const MOST_NODES: usize = 50_000;
/// The longest piece of the file that a message quotes, in characters.
const LONGEST_QUOTE: usize = 60;
