//! The expectation engine: whether what happened is what was expected, and if not, what comes
//! nearest and which rule decided about it.

use super::expect::{Difference, Expectation, Filter, Judgement, Miss, Subject, Wanted};
use super::project::{deliveries, inbox, requests};
use super::view::{DeliveryView, RequestView};
use super::watch::Watch;
use crate::journal::{Cursor, Tail};
use crate::post::Outcome;
use serde_json::Value;

/// Judges an expectation on a tail that reaches back to the beginning.
pub fn judge(tail: &Tail, expectation: &Expectation) -> Judgement {
    let (items, dropped) = looked_at(tail, expectation);
    let mut misses = misses_of(expectation, &items.iter().collect::<Vec<_>>());
    for miss in &mut misses {
        miss.decided_by = decided_by(tail, &expectation.filter, miss);
    }
    if dropped > 0 {
        misses.push(Miss::said(format!(
            "{dropped} entries that should have been looked at were dropped by the bounded journal"
        )));
    }
    Judgement { held: misses.is_empty(), items, misses, dropped, next: tail.end() }
}

/// Whether an expectation holds of a list that was read on.
pub fn holds(expectation: &Expectation, watch: &Watch) -> bool {
    watch.dropped() == 0 && misses_of(expectation, &watch.entries().collect::<Vec<_>>()).is_empty()
}

fn misses_of(expectation: &Expectation, items: &[&Value]) -> Vec<Miss> {
    let mut misses = Vec::new();
    if let Some(wanted) = &expectation.exactly {
        misses.extend(judge_exactly(wanted, items));
    }
    if let Some(wanted) = &expectation.contains {
        misses.extend(judge_contains(wanted, items));
    }
    if let Some(unwanted) = &expectation.none {
        misses.extend(judge_none(unwanted, items));
    }
    misses
}

/// Whether nothing that may still come can change for the better what a list says of an
/// expectation.
pub fn is_final(expectation: &Expectation, watch: &Watch, held: bool) -> bool {
    let found = watch.length() as u64;
    let too_many = match &expectation.exactly {
        Some(Wanted::Count(count)) => found > *count,
        Some(Wanted::Items(items)) => found > items.len() as u64,
        None => false,
    };
    too_many || (expectation.none.is_some() && !held && watch.dropped() == 0)
}

fn looked_at(tail: &Tail, expectation: &Expectation) -> (Vec<Value>, u64) {
    let after = expectation.after.unwrap_or_default();
    let filter = &expectation.filter;
    match filter.of {
        Subject::Deliveries => values(&deliveries(tail, filter, after, usize::MAX - 1)),
        Subject::Inbox => values(&inbox(tail, filter, after, usize::MAX - 1)),
        Subject::Requests => values(&requests(&tail.from(after), filter, usize::MAX - 1)),
    }
}

fn values<T: serde::Serialize>(list: &super::view::List<T>) -> (Vec<Value>, u64) {
    let items = list.items.iter().map(|item| serde_json::to_value(item).unwrap_or_default());
    (items.collect(), list.dropped)
}

fn judge_exactly(wanted: &Wanted, found: &[&Value]) -> Vec<Miss> {
    match wanted {
        Wanted::Count(count) if *count == found.len() as u64 => Vec::new(),
        Wanted::Count(count) => {
            vec![Miss::said(format!("expected exactly {count}, found {}", found.len()))]
        }
        Wanted::Items(items) => judge_items(items, found),
    }
}

fn judge_items(wanted: &[Value], found: &[&Value]) -> Vec<Miss> {
    let mut misses = Vec::new();
    for (place, item) in wanted.iter().enumerate() {
        let number = place + 1;
        match found.get(place) {
            Some(here) if differences(item, here).is_empty() => {}
            Some(here) => misses.push(Miss {
                what: format!("entry {number} is not the one expected there"),
                expected: Some(item.clone()),
                differences: differences(item, here),
                nearest: Some((*here).clone()),
                decided_by: None,
            }),
            None => misses.push(missing(format!("entry {number} is missing"), item, found)),
        }
    }
    for (place, extra) in found.iter().enumerate().skip(wanted.len()) {
        misses.push(Miss {
            nearest: Some((*extra).clone()),
            ..Miss::said(format!("entry {} was not expected", place + 1))
        });
    }
    misses
}

/// Each expected entry needs one of its own.
fn judge_contains(wanted: &[Value], found: &[&Value]) -> Vec<Miss> {
    let mut taken = vec![false; found.len()];
    let mut misses = Vec::new();
    for item in wanted {
        let place = found
            .iter()
            .enumerate()
            .position(|(place, here)| !taken[place] && differences(item, here).is_empty());
        match place {
            Some(place) => taken[place] = true,
            None => misses.push(missing("an expected entry is missing".to_owned(), item, found)),
        }
    }
    misses
}

fn judge_none(unwanted: &[Value], found: &[&Value]) -> Vec<Miss> {
    let is_unwanted = |here: &&&Value| {
        unwanted.is_empty() || unwanted.iter().any(|item| differences(item, here).is_empty())
    };
    let text =
        if unwanted.is_empty() { "expected nothing at all" } else { "expected none like this" };
    let miss =
        |here: &&Value| Miss { nearest: Some((*here).clone()), ..Miss::said(text.to_owned()) };
    found.iter().filter(is_unwanted).map(miss).collect()
}

fn missing(what: String, item: &Value, found: &[&Value]) -> Miss {
    let nearest = found.iter().min_by_key(|here| differences(item, here).len());
    Miss {
        what,
        expected: Some(item.clone()),
        differences: nearest.map(|here| differences(item, here)).unwrap_or_default(),
        nearest: nearest.map(|here| (*here).clone()),
        decided_by: None,
    }
}

/// Where a value is not as wanted: objects may hold more, lists must be whole and in order.
pub fn differences(wanted: &Value, found: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    compare("", wanted, found, &mut all);
    all
}

fn compare(at: &str, wanted: &Value, found: &Value, all: &mut Vec<Difference>) {
    let mut differ = |at: &str, expected: &Value, found: &Value| {
        all.push(Difference {
            at: at.to_owned(),
            expected: expected.clone(),
            found: found.clone(),
        });
    };
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (key, value) in wanted {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                match found.get(key) {
                    Some(here) => compare(&at, value, here, all),
                    None => {
                        all.push(Difference { at, expected: value.clone(), found: Value::Null })
                    }
                }
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (place, (value, here)) in wanted.iter().zip(found).enumerate() {
                compare(&format!("{at}[{place}]"), value, here, all);
            }
        }
        (Value::Number(one), Value::Number(two)) if one.as_f64() == two.as_f64() => {}
        _ if wanted == found => {}
        _ => differ(at, wanted, found),
    }
}

/// Which rule decided about what comes nearest to a missing entry, in a sentence.
fn decided_by(tail: &Tail, filter: &Filter, miss: &Miss) -> Option<String> {
    let expected = miss.expected.as_ref()?;
    let everything = Filter { device: filter.device.clone(), ..Filter::default() };
    let after = Cursor::default();
    let told = deliveries(tail, &everything, after, usize::MAX - 1).items;
    let elsewhere = told.iter().filter(|it| it.outcome != Outcome::Delivered).rev();
    let delivery = elsewhere.min_by_key(|it| likeness(expected, &it.payload));
    let near = delivery.filter(|it| likeness(expected, &it.payload) == 0);
    near.map(told_of_delivery).or_else(|| {
        let rejected = Filter { verdict: Some("rejected".to_owned()), ..Filter::default() };
        let requests = requests(tail, &rejected, usize::MAX - 1).items;
        let near = requests.iter().rev().find(|it| likeness(expected, &it.body) == 0);
        near.map(told_of_request)
    })
}

fn likeness(expected: &Value, payload: &Value) -> usize {
    expected.get("payload").map_or(usize::MAX, |wanted| differences(wanted, payload).len())
}

fn told_of_delivery(it: &DeliveryView) -> String {
    let outcome = serde_json::to_value(it.outcome).unwrap_or_default();
    let when = it.history.last().map(|step| step.at.to_string()).unwrap_or_default();
    format!(
        "delivery {} with this payload was {} at {when}: {}",
        it.id,
        outcome.as_str().unwrap_or_default(),
        it.reason
    )
}

fn told_of_request(it: &RequestView) -> String {
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    format!(
        "request {} with this payload was rejected with {} {} by rule `{}`: {}",
        it.id,
        it.status,
        said(&it.reason),
        said(&it.rule),
        said(&it.cause)
    )
}

impl Miss {
    fn said(what: String) -> Self {
        Self { what, expected: None, nearest: None, differences: Vec::new(), decided_by: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whats(misses: &[Miss]) -> Vec<&str> {
        misses.iter().map(|miss| miss.what.as_str()).collect()
    }

    #[test]
    fn objects_match_as_subsets_and_lists_whole() {
        let found = json!({"aps": {"alert": "a", "badge": 3}, "tags": [1, {"x": 1, "y": 2}]});
        assert!(
            differences(&json!({"aps": {"badge": 3.0}, "tags": [1, {"x": 1}]}), &found).is_empty()
        );
        let wrong = differences(&json!({"aps": {"badge": 4, "sound": "x"}, "tags": [1]}), &found);
        let places: Vec<_> = wrong.iter().map(|it| it.at.as_str()).collect();
        assert_eq!(places, ["aps.badge", "aps.sound", "tags"]);
    }

    #[test]
    fn exactly_is_in_order_and_whole() {
        let found = [&json!({"a": 1}), &json!({"a": 2}), &json!({"a": 3})];
        let wanted = Wanted::Items(vec![json!({"a": 1}), json!({"a": 3})]);
        let misses = judge_exactly(&wanted, &found);
        assert_eq!(
            whats(&misses),
            ["entry 2 is not the one expected there", "entry 3 was not expected"]
        );
        assert!(judge_exactly(&Wanted::Count(3), &found).is_empty());
        assert_eq!(
            whats(&judge_exactly(&Wanted::Count(2), &found)),
            ["expected exactly 2, found 3"]
        );
    }

    #[test]
    fn each_expected_entry_needs_one_of_its_own() {
        let found = [&json!({"a": 1}), &json!({"a": 2})];
        assert!(judge_contains(&[json!({"a": 2}), json!({"a": 1})], &found).is_empty());
        let misses = judge_contains(&[json!({"a": 1}), json!({"a": 1})], &found);
        assert_eq!(whats(&misses), ["an expected entry is missing"]);
    }

    #[test]
    fn none_of_an_empty_list_is_nothing_at_all() {
        let found = [&json!({"a": 1})];
        assert_eq!(whats(&judge_none(&[], &found)), ["expected nothing at all"]);
        assert!(judge_none(&[json!({"a": 2})], &found).is_empty());
    }
}
