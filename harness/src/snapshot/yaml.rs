//! A value to YAML in one stable form: block style, two spaces, one value a line.
//!
//! Texts stand plain where nothing can be misread, as a block where they have lines, else in
//! double quotes. Reading the text back gives the value.

use serde_json::Value;
use std::fmt::Write;

/// A value whose maps keep the order in which they were made.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
    /// A number, `true`, `false` or `null`.
    Other(String),
    Text(String),
}

impl Tree {
    /// A JSON value, with the keys of its objects sorted and each text changed by `change`.
    pub(super) fn of(value: &Value, change: &mut impl FnMut(&str) -> String) -> Self {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Other(value.to_string()),
            Value::String(text) => Self::Text(change(text)),
            Value::Array(list) => {
                Self::List(list.iter().map(|one| Self::of(one, change)).collect())
            }
            Value::Object(map) => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by_key(|(key, _)| *key);
                let entry =
                    |(key, value): (&String, &Value)| (key.clone(), Self::of(value, change));
                Self::Map(entries.into_iter().map(entry).collect())
            }
        }
    }

    /// The text, without a newline at its end.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        self.block(0, &mut out);
        out.trim_start_matches('\n').to_owned()
    }

    /// Writes what follows a key's colon or an item's dash.
    fn block(&self, indent: usize, out: &mut String) {
        match self {
            Self::List(list) if list.is_empty() => out.push_str(" []"),
            Self::Map(map) if map.is_empty() => out.push_str(" {}"),
            Self::List(list) => {
                for item in list {
                    line(indent, out);
                    out.push('-');
                    item.item(indent, out);
                }
            }
            Self::Map(map) => {
                for (key, value) in map {
                    line(indent, out);
                    value.entry(key, indent, out);
                }
            }
            Self::Other(text) => {
                out.push(' ');
                out.push_str(text);
            }
            Self::Text(text) => {
                out.push(' ');
                written(text, indent, out);
            }
        }
    }

    /// Writes what follows an item's dash: the first key of a map stands beside it.
    fn item(&self, indent: usize, out: &mut String) {
        match self {
            Self::Map(map) if !map.is_empty() => {
                for (at, (key, value)) in map.iter().enumerate() {
                    if at == 0 {
                        out.push(' ');
                    } else {
                        line(indent + 2, out);
                    }
                    value.entry(key, indent + 2, out);
                }
            }
            _ => self.block(indent + 2, out),
        }
    }

    fn entry(&self, key: &str, indent: usize, out: &mut String) {
        if is_plain(key) {
            out.push_str(key);
        } else {
            out.push_str(&quoted(key));
        }
        out.push(':');
        self.block(indent + 2, out);
    }
}

/// A text as YAML on one line.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn line(indent: usize, out: &mut String) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn written(text: &str, indent: usize, out: &mut String) {
    let fits_block = text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with('\n')
        && !text.chars().any(|c| is_odd(c) && c != '\n')
        && text.lines().all(|line| line.trim_end() == line);
    if !fits_block {
        out.push_str(&scalar(text));
        return;
    }
    out.push_str("|-");
    for part in text.split('\n') {
        if part.is_empty() {
            out.push('\n');
        } else {
            line(indent, out);
            out.push_str(part);
        }
    }
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let like_a_number = (first.is_ascii_digit() || first == '+')
        && text.bytes().all(|b| b.is_ascii_hexdigit() || b"_xo.:+-, ".contains(&b));
    (first.is_alphanumeric() || ['/', '<', '(', '$', '+', '_'].contains(&first))
        && !text.chars().any(is_odd)
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' '])
        && text != "<<"
        && !like_a_number
        && !WORDS_THAT_ARE_NO_TEXTS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_odd(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that are not seen, or that YAML or an editor takes for line ends. All fit 16 bits.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{a0}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{feff}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}')
}

/// Texts that some reader of YAML takes for something else.
const WORDS_THAT_ARE_NO_TEXTS: &[&str] =
    &["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan"];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        Tree::of(value, &mut str::to_owned).write()
    }

    fn read_back(text: &str) -> Value {
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn a_value_is_written_in_block_style() {
        let value = json!({
            "b": ["plain", "", "3", 3, "a: b", {"x": 1, "y": []}, [1, {}]],
            "a": {"lines": "one\n\ntwo", "at": "2030-01-04T00:00:00Z", "no": "no"},
        });
        insta::assert_snapshot!(text(&value), @r#"
        a:
          at: 2030-01-04T00:00:00Z
          lines: |-
            one

            two
          "no": "no"
        b:
          - plain
          - ""
          - "3"
          - 3
          - "a: b"
          - x: 1
            "y": []
          -
            - 1
            - {}
        "#);
        assert_eq!(read_back(&text(&value)), value);
    }

    fn values() -> impl Strategy<Value = Value> {
        let texts = prop_oneof![
            "[ -~]{0,12}",
            "[a-z:#\n\t \\-'\"|>%@`é\u{85}\u{2028}\r{}\\[\\],&*!?]{0,12}",
            any::<String>(),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            texts.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[ -~]{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_as_it_was(value in values()) {
            let value = json!({"value": value});
            prop_assert_eq!(read_back(&text(&value)), value);
        }
    }
}
