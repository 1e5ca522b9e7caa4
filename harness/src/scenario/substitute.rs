//! `${name}` in texts: parsing with places, and filling in. `$$` stands for one `$`; a `$` before
//! anything else stands for itself, so that shell lines need no care.

use serde_json::Value;
use std::ops::Range;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A `${name}`.
    Name {
        /// What stands between the braces.
        name: &'a str,
        /// Where the whole of it stands in the text, in bytes.
        at: Range<usize>,
    },
    /// Text that stays as it is.
    Text(&'a str),
}

/// Who knows what names stand for.
pub trait Lookup {
    /// What a name such as `devices.anna.chat.token` stands for, when it stands for anything.
    fn look_up(&self, name: &str) -> Option<String>;
}

/// What is wrong with a `${…}`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubstituteError {
    /// It has an odd character in its name, or no name.
    #[error("expected a name such as `devices.anna.chat.token` in `${{…}}`, found `{name}`")]
    BadName {
        /// What stands there.
        name: String,
        /// Where, in bytes.
        at: Range<usize>,
    },
    /// It does not end.
    #[error("expected `}}` after `${{`")]
    Open {
        /// Where it begins, in bytes.
        at: Range<usize>,
    },
    /// Nobody knows the name.
    #[error("`${{{name}}}` stands for nothing")]
    Unknown {
        /// The name.
        name: String,
        /// Where it stands, in bytes.
        at: Range<usize>,
    },
}

impl SubstituteError {
    /// Where in the text, in bytes.
    pub fn at(&self) -> Range<usize> {
        match self {
            Self::BadName { at, .. } | Self::Open { at } | Self::Unknown { at, .. } => at.clone(),
        }
    }

    /// What to do.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::BadName { .. } => "write `$${` for the characters themselves",
            Self::Open { .. } => "close it, or write `$${` for the characters themselves",
            Self::Unknown { .. } => "use a name that the scenario declares",
        }
    }
}

/// Takes a text apart.
///
/// # Errors
/// A `${` does not end, or what it holds is no name.
pub fn parse(text: &str) -> Result<Vec<Piece<'_>>, SubstituteError> {
    let mut pieces = Vec::new();
    let mut done = 0;
    while let Some(dollar) = text[done..].find('$').map(|at| done + at) {
        let after = &text[dollar + 1..];
        if after.starts_with('$') {
            pieces.push(Piece::Text(&text[done..=dollar]));
            done = dollar + 2;
        } else if let Some(rest) = after.strip_prefix('{') {
            pieces.push(Piece::Text(&text[done..dollar]));
            let Some(length) = rest.find('}') else {
                return Err(SubstituteError::Open { at: dollar..dollar + 2 });
            };
            let name = &rest[..length];
            let at = dollar..dollar + length + 3;
            if !is_path(name) {
                return Err(SubstituteError::BadName { name: name.to_owned(), at });
            }
            done = at.end;
            pieces.push(Piece::Name { name, at });
        } else {
            pieces.push(Piece::Text(&text[done..=dollar]));
            done = dollar + 1;
        }
    }
    pieces.push(Piece::Text(&text[done..]));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

/// Fills in a text.
///
/// # Errors
/// It cannot be taken apart, or a name stands for nothing.
pub fn fill(text: &str, names: &impl Lookup) -> Result<String, SubstituteError> {
    let mut filled = String::with_capacity(text.len());
    for piece in parse(text)? {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Name { name, at } => match names.look_up(name) {
                Some(value) => filled.push_str(&value),
                None => {
                    return Err(SubstituteError::Unknown { name: name.to_owned(), at });
                }
            },
        }
    }
    Ok(filled)
}

/// Fills in every text inside a JSON value; the keys of objects stay as they are.
///
/// # Errors
/// As [`fill`]; the place is that in the single text.
pub fn fill_value(value: &Value, names: &impl Lookup) -> Result<Value, SubstituteError> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, names)?),
        Value::Array(list) => {
            Value::Array(list.iter().map(|one| fill_value(one, names)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let entry =
                |(key, value): (&String, &Value)| Ok((key.clone(), fill_value(value, names)?));
            Value::Object(map.iter().map(entry).collect::<Result<_, _>>()?)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// Whether a text can be the name of an app, a device, a port or a sender.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    struct Only;

    impl Lookup for Only {
        fn look_up(&self, name: &str) -> Option<String> {
            (name == "ports.backend").then(|| "4000".to_owned())
        }
    }

    #[test]
    fn a_name_is_replaced_and_everything_else_stays() {
        let text = "http://127.0.0.1:${ports.backend}/a?$HOME=$5&é";
        assert_eq!(fill(text, &Only).expect("it is right"), "http://127.0.0.1:4000/a?$HOME=$5&é");
    }

    #[test]
    fn two_dollars_stand_for_one_and_shield_a_brace() {
        assert_eq!(
            fill("$${ports.backend} $$$$ $", &Only).expect("it is right"),
            "${ports.backend} $$ $"
        );
    }

    #[test]
    fn a_name_that_stands_for_nothing_is_an_error_with_its_place() {
        assert_eq!(
            fill("ab ${ports.front}", &Only),
            Err(SubstituteError::Unknown { name: "ports.front".to_owned(), at: 3..17 })
        );
    }

    #[test]
    fn what_does_not_end_or_has_no_name_is_an_error_with_its_place() {
        assert_eq!(parse("a ${b"), Err(SubstituteError::Open { at: 2..4 }));
        assert_eq!(
            parse("${a b}"),
            Err(SubstituteError::BadName { name: "a b".to_owned(), at: 0..6 })
        );
        assert_eq!(parse("${}"), Err(SubstituteError::BadName { name: String::new(), at: 0..3 }));
    }

    #[test]
    fn texts_deep_inside_json_are_filled_in_and_keys_are_not() {
        let value = json!({"${ports.backend}": [1, null, {"port": "${ports.backend}"}]});
        let filled = json!({"${ports.backend}": [1, null, {"port": "4000"}]});
        assert_eq!(fill_value(&value, &Only).expect("it is right"), filled);
    }
}
