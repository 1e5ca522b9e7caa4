//! The texts of the JSON reader in our own words: what a caller sent, and no type of ours.

/// What is wrong with a value, and the known name that was probably meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wording {
    pub(super) detail: String,
    pub(super) near: Option<String>,
}

/// What the reader says, without the place, which problems have fields for.
pub(super) fn text_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map(str::to_owned).unwrap_or(text)
}

/// Rewrites what serde says about valid JSON that is not what a call takes.
pub(super) fn reworded(text: &str) -> Wording {
    let plain = |detail: String| Wording { detail, near: None };
    let mismatch = ["invalid type: ", "invalid value: "]
        .iter()
        .find_map(|start| text.strip_prefix(start)?.rsplit_once(", expected "));
    if let Some((found, expected)) = mismatch {
        return plain(format!("expected {}, found {}", wanted(expected), seen(found)));
    }
    if let Some((length, expected)) =
        text.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected "))
    {
        return plain(format!("expected {}, found a list of {length}", wanted(expected)));
    }
    for (start, what) in [("unknown field ", "name"), ("unknown variant ", "word")] {
        if let Some(rest) = text.strip_prefix(start) {
            return Wording { detail: format!("unknown {what} {rest}"), near: near(rest) };
        }
    }
    if let Some(name) = text.strip_prefix("missing field ") {
        return plain(format!("{name} is missing"));
    }
    if let Some(name) = text.strip_prefix("duplicate field ") {
        return plain(format!("{name} is there twice"));
    }
    // What the reader says where a word was to come and something else did.
    if matches!(text, "expected value" | "key must be a string") {
        return plain("expected a text, found something else".to_owned());
    }
    plain(text.to_owned())
}

/// What was expected, by what the reader calls it.
fn wanted(text: &str) -> String {
    let first = text.split([' ', '<']).next().unwrap_or_default();
    match (first, text) {
        ("struct", _) | (_, "a map" | "map") => "an object",
        ("enum", _) | (_, "variant identifier" | "a string" | "string" | "a borrowed string") => {
            "a text"
        }
        ("tuple" | "newtype", _) | (_, "a sequence" | "sequence") => "a list",
        (_, "a boolean") => "`true` or `false`",
        (_, "string or map") => "a text or an object",
        (_, "u8") => "a whole number from 0 to 255",
        (_, "u16") => "a whole number from 0 to 65535",
        (_, "u32" | "u64" | "usize") => "a whole number of 0 or more",
        (_, "i8" | "i16" | "i32" | "i64" | "isize") => "a whole number",
        (_, "f32" | "f64") => "a number",
        _ => text,
    }
    .to_owned()
}

/// What was found, by what the reader calls it.
fn seen(text: &str) -> String {
    let value = |start: &str| text.strip_prefix(start).map(|value| value.trim_matches('`'));
    match text {
        "map" => return "an object".to_owned(),
        "sequence" => return "a list".to_owned(),
        "null" | "unit value" => return "`null`".to_owned(),
        _ => {}
    }
    if let Some(number) = value("integer ").or_else(|| value("floating point ")) {
        return format!("the number {number}");
    }
    if let Some(truth) = value("boolean ") {
        return format!("`{truth}`");
    }
    value("string ").map_or_else(|| text.to_owned(), |value| format!("the text {value}"))
}

/// Of "`wrong`, expected one of `a`, `b`", the name that is most like the wrong one.
fn near(rest: &str) -> Option<String> {
    // A wrong name may hold a backtick itself; the known ones do not.
    let (wrong, known) = rest.rsplit_once(", expected ")?;
    let wrong = wrong.trim_matches('`');
    let names = known.split('`').skip(1).step_by(2);
    let close = names.map(|name| (strsim::jaro_winkler(wrong, name), name));
    let (likeness, name) = close.max_by(|(one, _), (two, _)| one.total_cmp(two))?;
    (likeness > 0.8).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Fault;
    use crate::world::{Expectation, NewDevice};
    use serde::de::DeserializeOwned;

    fn said<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> Wording {
        reworded(&text_of(&serde_json::from_str::<T>(json).unwrap_err()))
    }

    fn detail<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        said::<T>(json).detail
    }

    #[test]
    fn no_type_of_ours_is_named() {
        let told = [
            detail::<NewDevice>("[]"),
            detail::<NewDevice>("5"),
            detail::<NewDevice>(r#"{"name": "a", "platform": "ios", "apps": {}}"#),
            detail::<NewDevice>(r#"{"name": 5}"#),
            detail::<NewDevice>(r#"{"name": "a", "name": "b"}"#),
            detail::<NewDevice>(r#"{"name": "a", "platform": true}"#),
            detail::<NewDevice>("{}"),
            detail::<Fault>(r#"{"times": -1}"#),
            detail::<Fault>(r#"{"probability": "often"}"#),
            detail::<Fault>(r#"{"match": null}"#),
            detail::<Expectation>(r#"{"where": {"status": 70000}}"#),
            detail::<Expectation>(r#"{"contains": {"a": 1}}"#),
            detail::<Expectation>(r#"{"exactly": true}"#),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        expected an object, found a list of 0
        expected an object, found the number 5
        expected a list, found an object
        expected a text, found the number 5
        `name` is there twice
        expected a text, found something else
        `name` is missing
        expected a whole number of 0 or more, found the number -1
        expected a number, found the text "often"
        expected an object, found `null`
        expected a whole number from 0 to 65535, found the number 70000
        expected a list, found an object
        expected a list of what is expected, or how many, found `true`
        "#);
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_near_one() {
        let near = |wording: Wording| wording.near;
        assert_eq!(near(said::<NewDevice>(r#"{"plattform": 1}"#)).as_deref(), Some("platform"));
        let outcome = said::<Expectation>(r#"{"where": {"outcome": "delivred"}}"#);
        assert_eq!(near(outcome).as_deref(), Some("delivered"));
        let key = said::<Expectation>(r#"{"where": {"devise": "anna"}}"#);
        assert_eq!(near(key).as_deref(), Some("device"));
        assert_eq!(near(said::<NewDevice>(r#"{"zzz": 1}"#)), None);
    }
}
