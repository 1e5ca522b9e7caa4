//! Volatile values out of texts: those that the scenario knows by the scenario's names, others by
//! numbered placeholders in the order in which they first appear.

use std::collections::HashMap;

/// A volatile value and the name that stands for it, such as `anna.chat.token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The value as it appears.
    pub value: String,
    /// The name, without brackets.
    pub name: String,
}

/// Replaces volatile values, and remembers which had which number.
#[derive(Clone, Debug)]
pub(super) struct Redactor<'a> {
    known: Vec<&'a Known>,
    /// Without numbers, all values of a kind look alike.
    numbered: bool,
    placeholders: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
}

impl<'a> Redactor<'a> {
    /// One that numbers what it does not know.
    pub(super) fn new(known: &'a [Known]) -> Self {
        let mut known: Vec<_> = known.iter().filter(|known| !known.value.is_empty()).collect();
        // The longest first, so that a value inside another does not tear it apart.
        known.sort_by(|a, b| b.value.len().cmp(&a.value.len()).then_with(|| a.name.cmp(&b.name)));
        Self { known, numbered: true, placeholders: HashMap::new(), counts: HashMap::new() }
    }

    /// One that gives all values of a kind the same placeholder, for comparing contents.
    pub(super) fn without_numbers(known: &'a [Known]) -> Self {
        Self { numbered: false, ..Self::new(known) }
    }

    /// The text without volatile values.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.known_in(text, 0, &mut out);
        out
    }

    /// Replaces the known values from the `from`th on, and in between whatever looks volatile.
    fn known_in(&mut self, text: &str, from: usize, out: &mut String) {
        let Some(known) = self.known.get(from).copied() else {
            self.unknown_in(text, out);
            return;
        };
        for (at, part) in text.split(known.value.as_str()).enumerate() {
            if at > 0 {
                out.push('<');
                out.push_str(&known.name);
                out.push('>');
            }
            if !part.is_empty() {
                self.known_in(part, from + 1, out);
            }
        }
    }

    fn unknown_in(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some(start) = rest.find(is_run) {
            let end = rest[start..].find(|c| !is_run(c)).map_or(rest.len(), |end| start + end);
            out.push_str(&rest[..start]);
            self.run(&rest[start..end], out);
            rest = &rest[end..];
        }
        out.push_str(rest);
    }

    /// A run of letters, digits, `-`, `_` and dots: a signed token, or pieces between dots.
    fn run(&mut self, run: &str, out: &mut String) {
        if is_jwt(run) {
            let placeholder = self.placeholder("jwt", run);
            out.push_str(&placeholder);
            return;
        }
        for (at, piece) in run.split('.').enumerate() {
            if at > 0 {
                out.push('.');
            }
            match kind(piece) {
                Some(kind) => {
                    let placeholder = self.placeholder(kind, piece);
                    out.push_str(&placeholder);
                }
                None => out.push_str(piece),
            }
        }
    }

    fn placeholder(&mut self, kind: &'static str, value: &str) -> String {
        if !self.numbered {
            return format!("<{kind}>");
        }
        if let Some(placeholder) = self.placeholders.get(value) {
            return placeholder.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let placeholder = format!("<{kind}-{count}>");
        self.placeholders.insert(value.to_owned(), placeholder.clone());
        placeholder
    }
}

fn is_run(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn is_jwt(run: &str) -> bool {
    let parts: Vec<&str> = run.split('.').collect();
    run.starts_with("eyJ") && parts.len() == 3 && parts.iter().all(|part| part.len() >= 8)
}

fn kind(piece: &str) -> Option<&'static str> {
    if is_uuid(piece) {
        Some("uuid")
    } else if is_token(piece) {
        Some("token")
    } else {
        None
    }
}

fn is_uuid(piece: &str) -> bool {
    piece.len() == 36
        && piece.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Long hexadecimal, or so long a mixture of letters and digits that no person wrote it.
fn is_token(piece: &str) -> bool {
    let digits = piece.bytes().any(|b| b.is_ascii_digit());
    let mixed = piece.bytes().any(|b| b.is_ascii_uppercase())
        && piece.bytes().any(|b| b.is_ascii_lowercase());
    let hex = piece.bytes().all(|b| b.is_ascii_hexdigit());
    digits && (hex && piece.len() >= SHORTEST_HEX || mixed && piece.len() >= SHORTEST_MIXTURE)
}

/// A 128-bit value in hexadecimal.
const SHORTEST_HEX: usize = 32;
/// Shorter than any registration token, longer than any name.
const SHORTEST_MIXTURE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "8A0B31A4-28F5-4C7D-9A25-000000000001";
    const B: &str = "8a0b31a4-28f5-4c7d-9a25-000000000002";
    const TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

    #[test]
    fn known_values_get_their_names_the_longest_first() {
        let known = [
            Known { value: "4000".to_owned(), name: "ports.backend".to_owned() },
            Known { value: "http://127.0.0.1:4000".to_owned(), name: "push.url".to_owned() },
        ];
        let mut redactor = Redactor::new(&known);
        assert_eq!(
            redactor.text("http://127.0.0.1:4000/a on 4000"),
            "<push.url>/a on <ports.backend>"
        );
    }

    #[test]
    fn unknown_values_are_numbered_by_kind_as_they_appear_and_equal_ones_alike() {
        let mut redactor = Redactor::new(&[]);
        assert_eq!(redactor.text(&format!("id={B}, {A};")), "id=<uuid-1>, <uuid-2>;");
        assert_eq!(
            redactor.text(&format!("/3/device/{TOKEN}?{A}")),
            "/3/device/<token-1>?<uuid-2>"
        );
        assert_eq!(
            redactor.text("bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJBQkMifQ.c2lnbmF0dXJl"),
            "bearer <jwt-1>"
        );
    }

    #[test]
    fn what_people_write_stays() {
        let text = "Dinner at eight, com.example.chat v1.2.3, deadbeef, 2030-01-01T00:00:00Z é";
        assert_eq!(Redactor::new(&[]).text(text), text);
    }

    #[test]
    fn without_numbers_all_of_a_kind_look_alike() {
        let mut redactor = Redactor::without_numbers(&[]);
        assert_eq!(redactor.text(&format!("{A} {B}")), "<uuid> <uuid>");
    }
}
