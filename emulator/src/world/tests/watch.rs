//! A list that is read on is the list that is read anew, and no record is read twice.

use super::*;
use crate::journal::Tail;
use proptest::prelude::*;
use serde::de::DeserializeOwned;

fn filters() -> Vec<Filter> {
    let all = [
        json!({"of": "deliveries"}),
        json!({"of": "deliveries", "outcome": "expired"}),
        json!({"of": "deliveries", "device": "anna", "like": {"payload": {"aps": {}}}}),
        json!({"of": "inbox", "device": "anna"}),
        json!({"of": "requests"}),
        json!({"of": "requests", "device": "ben"}),
        json!({"of": "requests", "verdict": "rejected"}),
    ];
    all.into_iter().map(|filter| serde_json::from_value(filter).unwrap()).collect()
}

/// The list read anew.
fn anew(tail: &Tail, filter: &Filter, after: Cursor, limit: usize) -> Value {
    let list = match filter.of {
        Subject::Deliveries => serde_json::to_value(deliveries(tail, filter, after, limit)),
        Subject::Inbox => serde_json::to_value(inbox(tail, filter, after, limit)),
        Subject::Requests => serde_json::to_value(requests(&tail.from(after), filter, limit)),
    };
    list.unwrap()
}

fn page(watch: &Watch, filter: &Filter, limit: usize) -> Value {
    fn of<T: DeserializeOwned + serde::Serialize>(watch: &Watch, limit: usize) -> Value {
        serde_json::to_value(watch.page::<T>(limit)).unwrap()
    }
    match filter.of {
        Subject::Deliveries => of::<DeliveryView>(watch, limit),
        Subject::Inbox => of::<Arrival>(watch, limit),
        Subject::Requests => of::<RequestView>(watch, limit),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_read_on_is_the_list_read_anew(
        acts in prop::collection::vec((0_u8..8, 0_usize..2), 0..60), from in 0_u64..40,
    ) {
        let mut bench = Bench::frozen();
        let names = ["anna", "ben"];
        let tokens = names.map(|name| bench.device(name));
        let after = Cursor { sequence: from, ..bench.world.end() };
        let mut watches: Vec<_> = filters()
            .into_iter()
            .map(|filter| (Watch::new(Watched::List(Box::new(filter.clone())), after), filter))
            .collect();
        let mut events = Watch::new(Watched::Events(Some("delivery".to_owned())), after);
        for (turn, (act, device)) in acts.iter().enumerate() {
            let end = (START + 3_600).to_string();
            match act {
                0 | 1 => drop(bench.push(&tokens[*device], &[], r#"{"aps":{}}"#)),
                2 | 3 => {
                    bench.push(&tokens[*device], &[("apns-expiration", &end)], r#"{"aps":{}}"#);
                }
                4 => drop(bench.push("00ff", &[], "{}")),
                5 => bench.connect(names[*device], Connection::Online),
                6 => bench.connect(names[*device], Connection::Offline),
                _ => bench.advance(DAY),
            }
            if turn % 3 == 0 {
                for (watch, _) in &mut watches {
                    watch.read(bench.world.tail(watch.read_from()));
                }
                events.read(bench.world.tail(events.read_from()));
            }
        }
        let whole = bench.world.tail(Cursor::default());
        for (watch, filter) in &mut watches {
            watch.read(bench.world.tail(watch.read_from()));
            for limit in [2, 1_000] {
                prop_assert_eq!(page(watch, filter, limit), anew(&whole, filter, after, limit));
            }
        }
        events.read(bench.world.tail(events.read_from()));
        let anew = super::super::events(&whole.from(after), Some("delivery"), 1_000);
        prop_assert_eq!(events.page::<EventView>(1_000), anew);
    }
}

#[test]
fn a_list_read_on_forgets_what_the_journal_forgets_and_counts_it() {
    let limits = Limits { bytes: 1 << 20, records: u64::MAX };
    let mut bench = Bench::new(WorldConfig { journal: limits, ..WorldConfig::default() });
    let token = bench.device("anna");
    let mut watches: Vec<_> = filters()
        .into_iter()
        .map(|filter| {
            (Watch::new(Watched::List(Box::new(filter.clone())), Cursor::default()), filter)
        })
        .collect();
    let body = json!({"aps": {"alert": "x".repeat(3_000)}}).to_string();
    for turn in 0..1_000 {
        bench.push(&token, &[], &body);
        if turn % 10 == 0 {
            for (watch, _) in &mut watches {
                watch.read(bench.world.tail(watch.read_from()));
            }
        }
    }
    let whole = bench.world.tail(Cursor::default());
    for (watch, filter) in &mut watches {
        watch.read(bench.world.tail(watch.read_from()));
        let read_on = page(watch, filter, 1_000);
        assert!(read_on == anew(&whole, filter, Cursor::default(), 1_000), "{filter:?}");
    }
    assert!(watches[0].0.dropped() > 0);
}

#[test]
fn a_reset_begins_the_list_anew() {
    let mut bench = Bench::frozen();
    let token = bench.device("anna");
    bench.push(&token, &[], "{}");
    let filter = Filter { of: Subject::Requests, ..Filter::default() };
    let mut watch = Watch::new(Watched::List(Box::new(filter)), Cursor::default());
    watch.read(bench.world.tail(watch.read_from()));
    assert_eq!(watch.length(), 1);
    bench.apply(Command::Reset).unwrap();
    let token = bench.device("anna");
    bench.push(&token, &[], "{}");
    bench.push(&token, &[], "{}");
    watch.read(bench.world.tail(watch.read_from()));
    assert_eq!(watch.length(), 2);
}

#[test]
fn the_journal_stays_bounded_and_says_what_it_dropped() {
    let limits = Limits { bytes: 1 << 20, records: u64::MAX };
    let mut bench = Bench::new(WorldConfig { journal: limits, ..WorldConfig::default() });
    let token = bench.device("anna");
    for _ in 0..10_000 {
        bench.push(&token, &[], "{}");
    }
    assert!(bench.world.load().0 < 3 << 20);
    let tail = bench.world.tail(Cursor::default());
    let list = requests(&tail, &Filter::default(), 100_000);
    assert_eq!(list.dropped + list.items.len() as u64, 10_000);
}
