//! Lists that are waited for, expectations with a limit, and the event stream. Each wait is begun
//! first and what it waits for is caused then.

use super::bench::Bench;
use pushpit_emulator::control::Wait;
use pushpit_emulator::journal::{Cursor, Limits};
use pushpit_emulator::world::{
    DeliveryView, EventView, Expectation, Filter, Subject, Wanted, Watched,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_list_is_answered_as_soon_as_it_is_long_enough() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    let wait = bench.get("/api/v1/requests?wait=60s&count=2");
    let push = async {
        bench.control.door().changed_since(bench.control.end()).await;
    };
    let cause = async {
        bench.push(&token, "b");
    };
    let (answer, (), ()) = tokio::join!(wait, push, cause);
    let list = answer.json();
    assert_eq!(list["complete"], true);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn at_the_limit_a_list_is_answered_as_it_is() {
    let bench = Bench::start().await;
    let list = bench.get("/api/v1/requests?wait=1ms&count=2").await.json();
    assert_eq!((&list["complete"], &list["items"]), (&json!(false), &json!([])));
}

#[tokio::test]
async fn exact_counts_hold_only_when_nothing_is_in_flight() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    let in_flight = bench.control.door().enter();
    let expectation = |count| Expectation {
        filter: Filter { of: Subject::Requests, ..Filter::default() },
        exactly: Some(Wanted::Count(count)),
        timeout: Some("60s".to_owned()),
        ..Expectation::default()
    };
    // One too many can't get better: that needs no quiet.
    assert!(!bench.control.expect(&expectation(0)).await.held);
    let two = expectation(2);
    let judged = bench.control.expect(&two);
    let cause = async {
        bench.push(&token, "b");
        drop(in_flight);
    };
    let (judgement, ()) = tokio::join!(judged, cause);
    assert!(judgement.held, "{judgement:?}");
}

#[tokio::test]
async fn expectations_are_judged_together_at_one_moment() {
    let bench = Bench::start().await;
    let (anna, ben) = (bench.phone("anna").await, bench.phone("ben").await);
    bench.push(&anna, "one");
    let exactly_one = |device: &str| Expectation {
        filter: Filter { device: Some(device.to_owned()), ..Filter::default() },
        exactly: Some(Wanted::Count(1)),
        ..Expectation::default()
    };
    let both = [exactly_one("anna"), exactly_one("ben")];
    // Anna's holds while Ben's is waited for, and no more when his does.
    let judged = bench.control.expect_all(&both, Duration::from_secs(60));
    let cause = async {
        bench.push(&anna, "two");
        bench.push(&ben, "hi");
    };
    let (judgements, ()) = tokio::join!(judged, cause);
    assert_eq!(judgements.iter().map(|it| it.held).collect::<Vec<_>>(), [false, true]);
    assert_eq!(judgements[0].items.len(), 2);
    assert!(judgements.iter().all(|it| it.next == bench.control.end()));
}

#[tokio::test]
async fn what_is_in_flight_may_still_break_an_exact_count() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    bench.push(&token, "a");
    let in_flight = bench.control.door().enter();
    let one = Expectation {
        filter: Filter { of: Subject::Requests, ..Filter::default() },
        exactly: Some(Wanted::Count(1)),
        timeout: Some("60s".to_owned()),
        ..Expectation::default()
    };
    let judged = bench.control.expect(&one);
    let cause = async {
        bench.push(&token, "b");
        drop(in_flight);
    };
    let (judgement, ()) = tokio::join!(judged, cause);
    assert!(!judgement.held, "{judgement:?}");
}

#[tokio::test]
async fn a_wait_ends_when_the_emulator_stops() {
    let bench = Bench::start().await;
    let address = bench.server.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "GET /api/v1/requests?wait=60s HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream).lines();
    // An answer on a second connection shows that the server has seen the first.
    bench.get("/healthz").await;
    let (line, ()) = tokio::join!(lines.next_line(), bench.server.stop());
    assert_eq!(line.unwrap().unwrap(), "HTTP/1.1 503 Service Unavailable");
}

#[tokio::test]
async fn a_stream_shows_what_happens_and_goes_on_where_it_broke_off() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let after = bench.control.end();
    let mut first = Stream::open(&bench, &format!("/api/v1/events?after={after}"), "").await;
    bench.push(&token, "a");
    let request = first.next().await;
    assert_eq!(request.1["kind"], "request");
    assert_eq!(request.1["cursor"], request.0);
    drop(first);
    bench.push(&token, "b");
    let resume = format!("last-event-id: {}\r\n", request.0);
    let mut second = Stream::open(&bench, "/api/v1/events?after=9-9", &resume).await;
    assert_eq!(second.next().await.1["kind"], "delivery");
    let next = second.next().await.1;
    assert_eq!(next["data"]["body"], json!({"aps": {"alert": "b"}}));
    bench.control.reset().await.unwrap();
    let mut kinds = Vec::new();
    while kinds.last().is_none_or(|kind| kind != "reset") {
        kinds.push(second.next().await.1["kind"].clone());
    }
    assert_eq!(kinds, ["delivery", "reset"]);
}

#[tokio::test]
async fn a_stream_of_one_kind_shows_that_kind_alone() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let mut stream = Stream::open(&bench, "/api/v1/events?kind=delivery", "").await;
    bench.push(&token, "a");
    bench.push(&token, "b");
    let kinds = [stream.next().await.1["kind"].clone(), stream.next().await.1["kind"].clone()];
    assert_eq!(kinds, ["delivery", "delivery"]);
}

#[tokio::test]
async fn a_list_says_how_much_the_journal_dropped() {
    let bench = Bench::with(Limits { bytes: 1 << 20, records: 1_000_000 }).await;
    let token = bench.phone("anna").await;
    let alert = "x".repeat(3_000);
    for _ in 0..1_000 {
        bench.push(&token, &alert);
    }
    let list = bench.get("/api/v1/requests?limit=1000").await.json();
    let (dropped, kept) = (list["dropped"].as_u64().unwrap(), list["items"].as_array().unwrap());
    assert!(dropped > 0);
    assert_eq!(dropped + kept.len() as u64, 1_000);
    let deliveries = bench.get("/api/v1/deliveries?limit=1000").await.json();
    let kept = deliveries["items"].as_array().unwrap().len() as u64;
    assert_eq!(deliveries["dropped"].as_u64().unwrap() + kept, 1_000);
    // From a place on, only what lay after it is missing.
    let events = bench.get("/api/v1/events?limit=1").await.json();
    let oldest = events["items"][0]["cursor"].as_str().unwrap();
    let (epoch, sequence) = oldest.split_once('-').unwrap();
    let before = sequence.parse::<u64>().unwrap() - 5;
    let missing = async |list: &str| {
        let list = bench.get(&format!("/api/v1/{list}after={epoch}-{before}&limit=1")).await.json();
        list["dropped"].as_u64().unwrap()
    };
    assert_eq!(missing("events?").await, 4);
    assert_eq!(missing("requests?").await, 2);
    assert_eq!(missing("deliveries?").await, 2);
    assert_eq!(missing("events?kind=request&").await, 2);
    assert_eq!(missing("events?kind=device_changed&").await, 0);
    let list = bench.get(&format!("/api/v1/requests?after={oldest}")).await.json();
    assert_eq!(list["dropped"], 0);
}

/// Pushes one by one, each after everything before has been read.
async fn push_and_let_read(bench: &Bench, token: &str, count: u64, before: u64) {
    for number in 0..count {
        bench.push(token, &number.to_string());
        while bench.control.door().records_read() - before < bench.control.end().sequence {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_wait_reads_each_record_once() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let before = bench.control.door().records_read();
    let wait = Wait { limit: Duration::from_secs(60), count: 50 };
    let filter = Filter { of: Subject::Deliveries, ..Filter::default() };
    let what = Watched::List(Box::new(filter));
    let waiting = bench.control.wait_for::<DeliveryView>(wait, what, Cursor::default(), 100);
    let (list, ()) = tokio::join!(waiting, push_and_let_read(&bench, &token, 50, before));
    assert_eq!((list.items.len(), list.complete), (50, Some(true)));
    let read = bench.control.door().records_read() - before;
    assert_eq!(read, bench.control.end().sequence);
}

#[tokio::test]
async fn an_expectation_that_waits_reads_each_record_once() {
    let bench = Bench::start().await;
    let token = bench.phone("anna").await;
    let before = bench.control.door().records_read();
    let expectation = Expectation {
        filter: Filter { device: Some("anna".to_owned()), ..Filter::default() },
        exactly: Some(Wanted::Count(50)),
        timeout: Some("60s".to_owned()),
        ..Expectation::default()
    };
    let judged = bench.control.expect(&expectation);
    let (judgement, ()) = tokio::join!(judged, push_and_let_read(&bench, &token, 50, before));
    assert!(judgement.held, "{:?}", judgement.misses);
    assert_eq!(judgement.items.len(), 50);
    let read = bench.control.door().records_read() - before;
    assert_eq!(read, bench.control.end().sequence);
}

#[tokio::test]
async fn a_wait_that_nobody_wants_any_more_leaves_nothing_behind() {
    let bench = Bench::start().await;
    let wait = Wait { limit: Duration::from_secs(60), count: 1 };
    let what = Watched::Events(Some("request".to_owned()));
    let waiting = bench.control.wait_for::<EventView>(wait, what, Cursor::default(), 10);
    tokio::select! {
        biased;
        _ = waiting => panic!("nothing has happened"),
        () = std::future::ready(()) => {}
    }
    let token = bench.phone("anna").await;
    assert_eq!(bench.push(&token, "a").status, 200);
}

/// An event stream, read line by line.
struct Stream(Lines<BufReader<TcpStream>>);

impl Stream {
    async fn open(bench: &Bench, path: &str, head: &str) -> Self {
        let mut stream = TcpStream::connect(bench.server.address()).await.unwrap();
        let accept = "accept: text/event-stream\r\n";
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{accept}{head}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self(BufReader::new(stream).lines())
    }

    /// The next event: its id and its data.
    async fn next(&mut self) -> (String, Value) {
        let mut id = String::new();
        loop {
            let line = self.0.next_line().await.unwrap().unwrap();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.to_owned();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                let data: Value = serde_json::from_str(text).unwrap();
                id = data["cursor"].as_str().map_or(id, str::to_owned);
                return (id, data);
            }
        }
    }
}
