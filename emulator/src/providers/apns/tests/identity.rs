//! Cases 12 and 15 to 19: success, and what identifies a push.

use super::bench::*;

#[test]
fn case_12_ten_rejections_in_a_row_leave_the_connection_open() {
    let mut bench = Bench::new();
    let bad = bench.push().with("apns-priority", "7");
    let replies: Vec<_> = (0..10).map(|_| bench.send(&bad)).collect();
    assert_eq!(replies, vec![err(400, "BadPriority"); 10]);
    assert_eq!(bench.send(&bench.push()), OK);
}

#[test]
fn case_15_an_apns_id_comes_back_byte_for_byte_and_there_is_no_body() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(&bench.push().host(PRODUCTION)), format!("200 keep\napns-id: {ID}\n\n"));
}

#[test]
fn case_16_an_upper_case_apns_id_stays_upper_case() {
    let mut bench = Bench::new();
    let upper = ID.to_ascii_uppercase();
    let push = bench.push().host(PRODUCTION).with("apns-id", &upper);
    assert_eq!(bench.send(&push), format!("200 keep\napns-id: {upper}\n\n"));
}

#[test]
fn case_17_without_an_apns_id_each_answer_has_a_new_one_in_upper_case() {
    let mut bench = Bench::new();
    let push = bench.push().host(PRODUCTION).without("apns-id");
    let made = [bench.send(&push), bench.send(&push)].map(|reply| {
        let id = reply.strip_prefix("200 keep\napns-id: ").unwrap().trim_end().to_owned();
        let uuid = uuid::Uuid::try_parse(&id).unwrap();
        assert_eq!(id, uuid.hyphenated().to_string().to_ascii_uppercase());
        id
    });
    assert_ne!(made[0], made[1]);
}

#[test]
fn case_18_the_sandbox_alone_has_an_apns_unique_id() {
    let mut bench = Bench::new();
    let plain = format!("200 keep\napns-id: {ID}\n\n");
    let push = bench.push();
    let mut at = |host| bench.send(&push.clone().host(host));
    let sandbox = [
        at("api.sandbox.push.apple.com"),
        at("api.development.push.apple.com:443"),
        at("API.Sandbox.Push.Apple.Com."),
    ];
    assert_eq!(sandbox, [OK; 3]);
    assert_eq!(
        [at("api.push.apple.com:2197"), at("localhost:7443"), at("")],
        [(); 3].map(|()| plain.clone())
    );
}

#[test]
fn case_19_a_rejection_echoes_the_apns_id() {
    let mut bench = Bench::new();
    let push = bench.push().host(PRODUCTION).path("/3/nothing");
    let reply = format!(
        "404 keep\ncontent-type: application/json\napns-id: {ID}\n\n{{\"reason\":\"BadPath\"}}"
    );
    assert_eq!(bench.send(&push), reply);
}

#[test]
fn the_environment_of_another_name_is_that_of_what_was_dialed() {
    let bench = Bench::new();
    let request = bench.push().host("127.0.0.1").request();
    let environment = |peer| {
        let prepared = super::super::Push::read(&bench.keys, &peer, &request);
        prepared.environment.map(super::super::request::Environment::name)
    };
    let mut by_name = bench.peer();
    by_name.tls.as_mut().unwrap().server_name = Some(SANDBOX.to_owned());
    let mut by_tunnel = bench.peer();
    by_tunnel.connect = Some(format!("{PRODUCTION}:443"));
    let found = [environment(bench.peer()), environment(by_name), environment(by_tunnel)];
    assert_eq!(found, [None, Some("sandbox"), Some("production")]);
}
