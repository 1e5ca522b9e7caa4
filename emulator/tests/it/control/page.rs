//! The web page: what it is made of, and the events that it shows.

use super::bench::Bench;
use pushpit_emulator::world::Command;
use serde_json::json;

/// What a sender's bytes may look like.
const MARKUP: &str = "<img src=x onerror=document.title='owned'>";

fn tell_trouble(bench: &Bench, what: &str) {
    let note = json!({"connection": 1, "what": what, "help": format!("help for {what}")});
    bench.control.door().apply(Command::Note("trouble", note)).unwrap();
}

#[tokio::test]
async fn the_page_sets_everything_as_text_and_runs_no_foreign_script() {
    let bench = Bench::start().await;
    let page = bench.get("/").await.text;
    let ways = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("];
    let used: Vec<_> = ways.iter().filter(|way| page.contains(**way)).collect();
    assert_eq!(used, Vec::<&&str>::new());
    assert!(page.contains("default-src 'none'"));
}

/// The page makes a row of each of these fields; this holds both to one shape.
#[tokio::test]
async fn trouble_is_an_event_with_what_and_help_and_the_page_shows_both() {
    let bench = Bench::start().await;
    tell_trouble(&bench, MARKUP);
    let list = bench.get("/api/v1/events?kind=trouble").await.json();
    let data = &list["items"][0]["data"];
    assert_eq!(
        (&data["what"], &data["help"]),
        (&json!(MARKUP), &json!(format!("help for {MARKUP}")))
    );
    let page = bench.get("/").await.text;
    let shown: Vec<_> = page.lines().map(str::trim).filter(|it| it.contains("trouble\"")).collect();
    let row = r#"row(byId("requests"), ["", at, data.what, "", kind, "", data.help]);"#;
    assert_eq!(shown, [format!("if (kind === \"trouble\") {row}")]);
}
