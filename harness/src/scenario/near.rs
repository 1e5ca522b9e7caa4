//! "Did you mean": the known name that somebody most likely meant.

use crate::diagnostic::Names;

/// The help for a name that is none of `known`.
pub(crate) fn suggest(found: &str, known: &[&str]) -> String {
    match nearest(found, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "there are none to choose from".to_owned(),
        None => format!("choose one of {}", Names(known)),
    }
}

/// The known name that is nearest to what was found, when one is near enough.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    if found.len() > LONGEST {
        return None;
    }
    let found = found.to_lowercase();
    let tolerated = (found.chars().count() / 3).max(1);
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&found, &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}

/// Longer texts are no misspelt names, and comparing them would take long.
const LONGEST: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_name_that_was_meant() {
        let known = ["connection", "power", "platform"];
        assert_eq!(nearest("conection", &known), Some("connection"));
        assert_eq!(nearest("Platfrom", &known), Some("platform"));
        assert_eq!(nearest("color", &known), None);
    }

    #[test]
    fn without_a_near_name_all_are_listed() {
        assert_eq!(suggest("xyz", &["anna", "ben"]), "choose one of `anna`, `ben`");
        assert_eq!(suggest("xyz", &[]), "there are none to choose from");
    }
}
