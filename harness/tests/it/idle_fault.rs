//! Faults that never struck: told where a scenario does not hold, for they may be why.

use crate::program::Program;
use crate::run::{HEAD, told};
use insta::assert_snapshot;
use serde_json::json;

/// A scenario of these steps.
fn story(snapshot: bool, steps: &str) -> Program {
    let program = Program::new();
    let snapshot = if snapshot { "" } else { "snapshot: false\n" };
    program.write("story.yaml", format!("{HEAD}{snapshot}steps:\n{steps}"));
    program
}

const THREE: &str = "  \
  - fault: { match: { provider: apns, app: chat }, answers: [503] }
  - fault: { match: { path: /x }, probability: 0.5, delay: 1s }
  - fault: { now: true, connection: tear }
";

#[test]
fn a_step_that_fails_tells_of_faults_that_never_struck() {
    let program = story(false, &format!("{THREE}  - run: [\"false\"]\n"));
    assert_snapshot!(program.run(&["run", "story.yaml"], "").stdout, @r#"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:11:5: step 4 `run`: expected exit status 0, found 1
      story.yaml:8:5: the fault never struck a request that matches {"app":"com.example.chat","provider":"apns"}
      story.yaml:9:5: the fault never struck a request that matches {"path":"/x"} (with a probability of 0.5)
      story.yaml:10:5: the fault struck nothing: no connection was open

    0 passed, 1 failed
    "#);
    let place = |line: u8| json!({"line": line, "column": 5});
    assert_eq!(
        told(&program, &[])["idle_faults"],
        json!([
            {
                "place": place(8),
                "fault": {
                    "match": {"provider": "apns", "app": "com.example.chat"},
                    "answers": [503],
                },
            },
            {
                "place": place(9),
                "fault": {
                    "match": {"path": "/x"}, "probability": 0.5, "answers": [], "delay": "1s",
                },
            },
            {
                "place": place(10),
                "fault": {"match": {}, "now": true, "answers": [], "connection": "tear"},
            },
        ])
    );
}

#[test]
fn a_snapshot_that_is_new_tells_of_faults_that_never_struck() {
    let program = story(true, "  - fault: { answers: [503] }\n");
    assert_snapshot!(program.run(&["run", "story.yaml"], "").stdout, @r#"
    new A story (story.yaml)
      anna
        nothing
      story.yaml:7:5: the fault never struck a request
      there is no snapshot story.snap yet; it would be:
        anna:
          received: []
      help: look at it with `pushpit review`

    0 passed, 0 failed, 1 new
    "#);
}

#[test]
fn a_fault_that_struck_is_not_told_and_none_where_all_held() {
    let request = "{ path: /3/device/x, status: 503 }";
    let fault = "{ match: { path: /3/device/x }, times: 2, answers: [503] }";
    let steps = format!("  - fault: {fault}\n  - request: {request}\n");
    let failed = story(false, &format!("{steps}  - run: [\"false\"]\n"));
    assert_snapshot!(failed.run(&["run", "story.yaml"], "").stdout, @r#"
    failed A story (story.yaml)
      anna
        nothing
      story.yaml:10:5: step 3 `run`: expected exit status 0, found 1
      rejected: request 1 POST /3/device/x: 503 ServiceUnavailable: fault 1 struck

    0 passed, 1 failed
    "#);
    let held = story(false, THREE).run(&["run", "story.yaml"], "");
    assert_snapshot!(held.stdout, @r#"
    ok A story (story.yaml)
      anna
        nothing

    1 passed, 0 failed
    "#);
}
