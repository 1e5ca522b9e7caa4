//! Every kind of bad scenario file, and how its diagnostic is drawn.

use crate::good_scenario::PROVIDERS;
use insta::assert_snapshot;
use pushpit::diagnostic::{Style, draw_all};
use pushpit::scenario::load;

/// What `pushpit check` draws for a file.
fn drawn(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let wrong = load("bad.yaml", bytes, PROVIDERS).expect_err("the file is bad");
    for one in &wrong {
        assert!(one.message.lines().count() == 1 && one.message.len() < 200, "{one:?}");
    }
    draw_all(&wrong, &String::from_utf8_lossy(bytes), Style::Plain)
}

/// Lines that make a good scenario together with steps.
const HEAD: &str = "\
name: n
apps:
  chat: { provider: apns, bundle_id: com.example.chat }
devices:
  anna: { platform: ios, apps: [chat] }
";

/// A scenario with these steps.
fn with_steps(steps: &str) -> String {
    format!("{HEAD}steps:\n{steps}\n")
}

/// Writes a test for each bad file.
macro_rules! bad {
    ($($name:ident: $bytes:expr;)*) => {
        $(#[test]
        fn $name() {
            assert_snapshot!(drawn($bytes));
        })*
    };
}

bad! {
    a_misspelt_key_at_the_top: "nmae: n\nsteps: []\n";
    a_push_port_for_an_unknown_service: "name: n\npush: apns-prodution\nsteps:\n  - advance: 3d\n";
    a_misspelt_key_of_a_device: "name: n\ndevices:\n  anna:\n    platform: ios\n    conection: offline\nsteps: []\n";
    a_misspelt_key_in_a_flow_map: "name: n\ndevices: { anna: { platfrom: ios } }\nsteps: []\n";
    a_misspelt_key_in_a_run_map: with_steps("  - run: { comand: [a] }");
    a_misspelt_key_in_an_answer: with_steps("  - fault: { answers: [{ status: 503, raeson: x }] }");
    a_misspelt_key_in_an_expectation: with_steps("  - expect: { anna: { exactli: [] } }");
    a_misspelt_key_in_a_patch: with_steps("  - set: { anna: { conection: offline } }");
    an_unknown_key_with_no_near_name: "name: n\ncolour: red\nsteps: []\n";
    an_unknown_step: with_steps("  - instal: { anna: chat }");
    a_step_with_two_names: with_steps("  - advance: 3d\n    stop: sender");
    a_step_that_is_a_word: with_steps("  - advance");
    a_wrong_type: "name: n\nseed: seven\nsteps: []\n";
    a_map_in_place_of_a_text: "name: { a: b }\nsteps: []\n";
    a_list_in_place_of_a_map: "name: n\ndevices:\n  - anna\nsteps: []\n";
    a_map_in_place_of_a_list: "name: n\nsteps: { advance: 3d }\n";
    lists_in_place_of_maps: with_steps("  - expect: { requests: [] }");
    a_list_in_place_of_a_device_expectation: with_steps("  - expect: { anna: [1] }");
    a_list_in_place_of_an_await: with_steps("  - await: [1]");
    a_list_in_place_of_a_filter: with_steps("  - await: { deliveries: [apns] }");
    a_list_in_place_of_a_call: with_steps("  - http: [GET, 'http://localhost/']");
    a_list_in_place_of_a_request: with_steps("  - request: [POST, /]");
    a_list_in_place_of_a_fault: with_steps("  - fault: [{}]");
    a_list_in_place_of_a_fault_s_match: with_steps("  - fault: { match: [apns], answers: [503] }");
    a_list_in_place_of_an_answer: with_steps("  - fault: { answers: [[503, x]] }");
    a_list_in_place_of_a_connection_fault: with_steps("  - fault: { connection: { go_away: [0, x] } }");
    a_list_in_place_of_new_settings: with_steps("  - fault: { connection: { settings: [1] } }");
    a_list_in_place_of_a_patch: with_steps("  - set: { anna: [offline] }");
    a_list_in_place_of_an_age: with_steps("  - age_credentials: [61m]");
    a_list_in_place_of_an_output: with_steps("  - run: { command: [a], stdout: [x] }");
    a_list_in_place_of_an_app: with_steps("  - advance: 3d").replace("{ provider: apns, bundle_id: com.example.chat }", "[apns, com.example.chat]");
    a_list_in_place_of_a_device: with_steps("  - advance: 3d").replace("{ platform: ios, apps: [chat] }", "[ios, chat]");
    a_list_in_place_of_a_clock: with_steps("  - advance: 3d") + "clock: [frozen]\n";
    a_list_in_place_of_a_sender: with_steps("  - advance: 3d") + "sender: [node, server.js]\n";
    a_text_in_place_of_a_run: with_steps("  - run: node send.js");
    a_yes_in_place_of_a_bool: "name: n\nsnapshot: yes\nsteps: []\n";
    a_duplicate_key: "name: n\nname: m\nsteps: []\n";
    a_duplicate_device: "name: n\ndevices:\n  anna: { platform: ios }\n  anna: { platform: ios }\nsteps: []\n";
    a_missing_name: "steps:\n  - advance: 3d\n";
    a_missing_platform: "name: n\ndevices:\n  anna: {}\nsteps: []\n";
    a_misspelt_credential: with_steps("  - revoke_credentials: { app: chat, credential: certifcate }");
    a_bad_length: with_steps("  - advance: 3 dayz");
    a_length_without_a_unit: with_steps("  - await: { requests: {}, timeout: 5 }");
    a_bad_moment: with_steps("  - advance: { to: tomorrow }");
    an_advance_both_by_and_to: with_steps("  - advance: { by: 3d, to: 2030-02-01T00:00:00Z }");
    a_bad_platform: "name: n\ndevices:\n  anna: { platform: ioss }\nsteps: []\n";
    a_key_of_no_entry: with_steps("  - expect: { anna: { exactly: [{ alert: Hi }] } }");
    a_misspelt_key_of_an_entry: with_steps("  - expect: { requests: { contains: [{ statu: 200 }], none: [{ verdikt: rejected }] } }");
    a_key_of_no_delivery: with_steps("  - await: { deliveries: { contains: [{ color: red }] } }");
    a_path_in_place_of_a_key: "name: n\napps: { a: { provider: apns, app: a.b, settings: { key_id: K, key_p8: my.p8 } } }\nsteps: []\n";
    a_key_without_its_id: "name: n\napps: { a: { provider: apns, app: a.b, settings: { key_p8: my.p8 } } }\nsteps: []\n";
    an_odd_team: "name: n\napps: { a: { provider: apns, app: a.b, team_id: 'a b' } }\nsteps: []\n";
    a_bundle_id_with_a_space: "name: n\napps: { a: { provider: apns, app: 'a b' } }\nsteps: []\n";
    a_name_without_quotes_in_a_list: with_steps("  - run: [echo, ${push.port}]");
    a_sleep: with_steps("  - sleep: 3s");
    a_timeout_among_requests: with_steps("  - await: { requests: { timeout: 3s } }");
    a_state_without_its_key: with_steps("  - set: { anna: offline }");
    a_file_of_another_program: "services:\n  web: { image: nginx }\n";
    a_colon_in_a_list: with_steps("  - run: [echo, Dinner: at eight]");
    a_variable_of_the_shell: with_steps("  - run: { shell: \"echo ${HOME}\" }");
    an_empty_file: "";
    a_file_of_comments: "# nothing yet\n\n";
    a_file_that_is_not_yaml: "{{{ ]: not yaml\n";
    an_unclosed_quote: "name: \"n\nsteps: []\n";
    an_unclosed_list: "name: n\nports: [a, b\nsteps: []\n";
    tabs: "name: n\ndevices:\n\tanna: { platform: ios }\nsteps: []\n";
    wrong_indentation: "name: n\ndevices:\n    anna: { platform: ios }\n  ben: { platform: ios }\n";
    json_instead_of_a_map: "[1, 2, 3]";
    a_bare_text: "hello";
    null_bytes: "name: n\0\nsteps: []\n";
    control_characters: "name: \x1b[31mred\nsteps: []\n";
    invalid_utf8: b"name: n\ndescription: caf\xe9\nsteps: []\n";
    utf16: b"\xff\xfen\0a\0m\0e\0";
    two_documents: "name: n\nsteps:\n  - advance: 3d\n---\nname: m\nsteps: []\n";
    a_mebibyte_and_one_byte: vec![b'#'; (1 << 20) + 1];
    a_mebibyte_of_brackets: vec![b'['; 1 << 20];
    a_mebibyte_of_one_word: format!("name: n\nseed: {}\nsteps: []\n", "x".repeat(1 << 19));
    deep_nesting_in_flow_style: format!("name: n\nsteps: {}", "[".repeat(500));
    deep_nesting_in_block_style: (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect::<String>();
    deep_nesting_in_a_payload: with_steps(&format!("  - expect: {{ anna: {{ exactly: [{}{}] }} }}", "{a: ".repeat(100), "}".repeat(100)));
    an_alias_bomb: alias_bomb();
    an_unknown_anchor: "name: *nobody\nsteps: []\n";
    an_odd_tag: "name: !!python/object n\nsteps: []\n";

    an_empty_name: with_steps("  - advance: 3d").replace("name: n", "name: ''");
    no_steps: with_steps("").replace("steps:\n", "steps: []");
    an_undeclared_device: with_steps("  - set: { ana: { connection: offline } }");
    an_undeclared_device_with_no_near_name: with_steps("  - set: { tablet: { connection: offline } }");
    an_undeclared_app: with_steps("  - install: { anna: caht }");
    an_undeclared_app_on_a_device: with_steps("  - advance: 3d").replace("[chat]", "[chatt]");
    an_app_that_is_installed_already: with_steps("  - install: { anna: chat }");
    an_app_that_is_gone: with_steps("  - uninstall: { anna: chat }\n  - rotate: { anna: chat }");
    an_app_twice_on_a_device: with_steps("  - advance: 3d").replace("[chat]", "[chat, chat]");
    an_app_on_a_device_that_its_provider_does_not_reach: with_steps("  - advance: 3d").replace("platform: ios", "platform: android");
    an_unknown_provider: with_steps("  - advance: 3d").replace("apns", "apn");
    an_app_without_an_id: with_steps("  - advance: 3d").replace(", bundle_id: com.example.chat", "");
    an_app_with_two_ids: with_steps("  - advance: 3d").replace(", bundle_id", ", app: a, bundle_id");
    an_app_with_another_provider_s_id: with_steps("  - advance: 3d").replace("bundle_id", "package");
    a_device_with_an_odd_name: with_steps("  - advance: 3d").replace("anna", "anna smith");
    a_device_without_a_name: with_steps("  - advance: 3d").replace("anna", "\"\"");
    a_device_with_a_slash_in_its_name: with_steps("  - advance: 3d").replace("anna", "a/b");
    a_device_with_a_control_character_in_its_name: with_steps("  - advance: 3d").replace("anna", "\"a\\tb\"");
    a_device_with_an_overlong_name: with_steps("  - advance: 3d").replace("anna", &"a".repeat(65));
    a_device_called_requests: with_steps("  - advance: 3d").replace("anna", "requests");
    a_port_twice: with_steps("  - advance: 3d") + "ports: [a, a]\n";
    a_sender_twice: with_steps("  - advance: 3d") + "sender: { run: [a] }\nsenders: { sender: { run: [a] } }\n";
    a_sender_that_runs_nothing: with_steps("  - advance: 3d") + "sender: { dir: a }\n";
    a_sender_with_two_kinds_of_ready: with_steps("  - advance: 3d") + "sender: { run: [a], ready: { line: a, port: 1 } }\n";
    a_sender_with_an_unknown_ready: with_steps("  - advance: 3d") + "sender: { run: [a], ready: { lines: a } }\n";
    a_run_of_nothing: with_steps("  - run: []\n  - run: { dir: a }");
    a_run_of_two_things: with_steps("  - run: { command: [a], shell: a }");
    a_stop_of_nobody: with_steps("  - stop: bakend") + "senders: { backend: { run: [a] } }\n";
    two_bodies: with_steps("  - http: { url: 'http://a', json: {}, body: a }");
    a_path_that_is_a_url: with_steps("  - request: { path: 'https://api.push.apple.com/3/device/a' }");
    a_path_with_a_space: with_steps("  - request: { path: '/3/device/a b' }");
    a_host_with_a_port: with_steps("  - request: { path: /, host: 'api.push.apple.com:443' }");
    a_host_that_is_none: with_steps("  - request: { path: /, host: 'a b' }");
    a_url_without_a_scheme: with_steps("  - http: { url: 'localhost:8080/send' }");
    a_url_with_a_space: with_steps("  - http: { url: 'http://localhost:8080/a b' }");
    a_url_with_an_impossible_port: with_steps("  - http: { url: 'http://localhost:80800/' }");
    a_url_over_tls: with_steps("  - http: { url: 'https://localhost:8080/send' }");
    a_url_of_the_push_port: with_steps("  - http: { url: '${push.url}/3/device/a' }");
    a_url_of_another_machine: with_steps("  - http: { url: 'http://backend.example.com:${push.port}/send' }");
    a_url_with_a_user: with_steps("  - http: { url: 'http://me:secret@localhost:8080/' }");
    a_url_that_a_name_stands_for_and_is_none: with_steps("  - http: { url: '${devices.anna.chat.token}/send' }");
    a_method_in_small_letters: with_steps("  - http: { url: 'http://localhost/', method: post }");
    a_method_of_two_words: with_steps("  - http: { url: 'http://localhost/', method: GET IT }\n  - request: { path: /, method: '' }");
    a_method_for_tunnels: with_steps("  - http: { url: 'http://localhost/', method: CONNECT }\n  - request: { path: /, method: CONNECT }");
    a_header_with_an_odd_name: with_steps("  - http: { url: 'http://localhost/', headers: { 'x key': a, \"\": b } }\n  - request: { path: /, headers: { ':path': / } }");
    a_header_of_two_lines: with_steps("  - http: { url: 'http://localhost/', headers: { x-key: \"a\\nb: c\" } }");
    a_header_twice: with_steps("  - request: { path: /, headers: { apns-topic: a, Apns-Topic: b } }");
    a_header_that_follows_from_the_body: with_steps("  - http: { url: 'http://localhost/', headers: { Content-Length: '7' } }");
    a_header_that_http2_has_not: with_steps("  - request: { path: /, headers: { connection: close } }");
    a_status_that_no_answer_has: with_steps("  - http: { url: 'http://localhost/', status: 20 }\n  - request: { path: /, status: 1000 }");
    a_sender_that_is_looked_at_elsewhere: with_steps("  - advance: 3d") + "sender: { run: [a], ready: { http: 'https://example.com/' } }\n";
    a_sender_with_an_impossible_port: with_steps("  - advance: 3d") + "sender: { run: [a], ready: { port: '65536' } }\n";
    a_sender_with_an_empty_line: with_steps("  - advance: 3d") + "sender: { run: [a], ready: { line: '' } }\n";
    an_advance_into_the_past: with_steps("  - advance: 3d\n  - advance: { to: 2030-01-03T23:59:59Z }\n  - advance: { to: 2030-01-04T00:00:00Z }");
    an_advance_into_the_past_of_a_start: with_steps("  - advance: { to: 2031-01-01T00:00:00Z }") + "clock: { start: 2032-01-01T00:00:00Z }\n";
    an_advance_beyond_the_end: with_steps("  - advance: 7000y\n  - advance: 1000y\n  - advance: { to: 9999-12-31T23:59:59.5Z }\n  - advance: { to: 9999-12-31T23:59:59Z }");
    an_await_of_nothing: with_steps("  - await: { timeout: 5s }");
    an_expectation_of_nothing: with_steps("  - expect: {}\n  - expect: { anna: {} }");
    expectations_that_contradict: with_steps("  - expect: { anna: { exactly: 2, none: true } }");
    a_none_that_is_false: with_steps("  - expect: { anna: { none: false } }");
    a_count_below_zero: with_steps("  - expect: { anna: { exactly: -1 } }");
    an_unknown_outcome: with_steps("  - await: { deliveries: { outcome: deliverd } }");
    a_fault_that_does_nothing: with_steps("  - fault: { match: { provider: apns } }");
    a_fault_with_odd_numbers: with_steps("  - fault: { probability: 1.5, answers: [42] }");
    an_unknown_substitution: with_steps("  - run: [send, \"${device.anna.chat.token}\"]");
    a_substitution_of_an_undeclared_device: with_steps("  - run: [send, \"${devices.ana.chat.token}\"]");
    a_substitution_of_an_undeclared_port: with_steps("  - http: { url: \"http://127.0.0.1:${ports.backend}/\" }");
    a_substitution_of_an_unknown_key: with_steps("  - run: [send, \"${devices.anna.chat.tokn}\"]");
    a_substitution_deep_inside_json: with_steps("  - http:\n      url: http://a\n      json:\n        to: [\"é ${devices.anna.chatt.token}\"]");
    a_substitution_that_does_not_end: with_steps("  - run: [send, \"${devices.anna\"]");
    a_substitution_without_a_name: with_steps("  - run: [send, \"a ${}\"]");
    several_things_at_once: with_steps("  - set: { ana: { connection: offline } }\n  - stop: me\n  - run: [\"${x}\"]");
}

fn alias_bomb() -> String {
    let mut text = String::from("name: n\nsteps:\n  - expect:\n      anna:\n        exactly:\n");
    text.push_str("          - &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..12 {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("          - &a{n} [{list}]\n"));
    }
    text
}
