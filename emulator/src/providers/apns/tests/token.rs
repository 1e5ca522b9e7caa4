//! Cases 42 to 49, 55 and 64: provider tokens. Keys and their scopes are in `key.rs`.

use super::super::auth::Credential;
use super::super::request;
use super::bench::*;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const HOUR: i64 = 3_600;

fn header(bench: &Bench) -> serde_json::Value {
    json!({"alg": "ES256", "kid": bench.kit.values["key_id"]})
}

/// Who verified a signature anew would have made another token of it.
#[test]
fn a_signature_is_verified_once_for_its_text() {
    let bench = Bench::new();
    let request = bench.push().request();
    let read = || match request::Push::read(&bench.keys, &bench.peer(), &request).credential {
        Credential::Token(token) => token,
        other => panic!("{other:?}"),
    };
    assert!(Arc::ptr_eq(&read(), &read()));
}

#[test]
fn case_42_no_provider_token() {
    let mut bench = Bench::new();
    let missing = bench.push().without("authorization");
    let values = ["", "Basic x", "bearer", "bearer ", "Bearer   ", "bearerx"];
    let pushes = values.map(|value| bench.push().with("authorization", value));
    let replies: Vec<_> = [missing].iter().chain(&pushes).map(|push| bench.send(push)).collect();
    assert_eq!(replies, vec![err(403, "MissingProviderToken"); 7]);
    let cause = "expected `bearer` and a token in `authorization`, found the scheme `Basic`";
    assert_eq!(bench.cause(&pushes[1]), ("provider-token", cause.to_owned()));
}

#[test]
fn case_43_the_scheme_is_written_in_any_case() {
    let mut bench = Bench::new();
    let replies = ["bearer", "Bearer", "BEARER"].map(|scheme| {
        let value = format!("{scheme} {}", bench.jwt());
        bench.send(&bench.push().with("authorization", value))
    });
    assert_eq!(replies, [OK; 3]);
}

#[test]
fn case_44_signatures_are_raw_or_der_in_either_alphabet() {
    let mut bench = Bench::new();
    let claims = json!({"iss": "PUSHPITDEV", "iat": START.seconds(), "x": "???>>>ÿ"});
    let hands = [(false, false), (true, false), (false, true), (true, true)];
    let replies = hands.map(|(der, standard)| {
        let hand = Hand { der, standard };
        let token = write_token(&bench.kit, hand, &header(&bench), &claims);
        assert_eq!(token.contains(['+', '/', '=']), standard);
        bench.send(&bench.push().bearing(&token))
    });
    assert_eq!(replies, [OK; 4]);
}

#[test]
fn case_45_segments_may_be_standard_base64_with_padding() {
    let mut bench = Bench::new();
    let claims = json!({"iss": "PUSHPITDEV", "iat": START.seconds(), "x": "???>>>"});
    let hand = Hand { der: false, standard: true };
    let token = write_token(&bench.kit, hand, &header(&bench), &claims);
    assert!(token.contains('+') || token.contains('/'), "{token}");
    assert!(token.contains('='), "{token}");
    assert_eq!(bench.send(&bench.push().bearing(&token)), OK);
}

#[test]
fn case_46_iat_may_be_a_number_a_fraction_or_a_string_of_digits() {
    let mut bench = Bench::new();
    let send = |bench: &mut Bench, iat: serde_json::Value| {
        let claims = json!({"iss": "PUSHPITDEV", "iat": iat});
        let token = write_token(&bench.kit, PLAIN_HAND, &header(bench), &claims);
        bench.send(&bench.push().bearing(&token))
    };
    let good = [json!(1_790_000_000), json!("1790000000"), json!(1_789_999_999.25)];
    assert_eq!(good.map(|iat| send(&mut bench, iat)), [OK; 3]);
    let bad = [json!("soon"), json!(""), json!("-1"), json!(null), json!([1]), json!(1e300)];
    let invalid = [(); 6].map(|()| err(403, "InvalidProviderToken"));
    assert_eq!(bad.map(|iat| send(&mut bench, iat)), invalid);
}

#[test]
fn case_47_each_defect_is_refused_and_named() {
    let mut bench = Bench::new();
    let rival = bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let (head, claims) = (header(&bench), json!({"iss": "PUSHPITDEV", "iat": START.seconds()}));
    let token = |head: &_, claims: &_| write_token(&bench.kit, PLAIN_HAND, head, claims);
    let good = token(&head, &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let altered = if signature.starts_with('A') { "B" } else { "A" };
    let known = format!("`{}`, `PUSHPITKEY`", rival.values["key_id"]);
    let cases = [
        (
            token(&json!({"alg": "HS256", "kid": "PUSHPITKEY"}), &claims),
            "expected `ES256` as the token's `alg`, found `HS256`",
        ),
        (
            token(&json!({"kid": "PUSHPITKEY"}), &claims),
            "expected `ES256` as the token's `alg`, found none",
        ),
        (token(&json!({"alg": "ES256"}), &claims), "the token has no `kid`, which is the key's id"),
        (
            token(&json!({"alg": "ES256", "kid": "ABC"}), &claims),
            &format!("key id `ABC` is unknown; known: {known}"),
        ),
        (
            token(&head, &json!({"iss": "OTHERTEAM1", "iat": START.seconds()})),
            "token is signed by team PUSHPITDEV's key `PUSHPITKEY` but says team OTHERTEAM1",
        ),
        (
            token(&head, &json!({"iat": START.seconds()})),
            "the token has no `iss`, which is the team's id",
        ),
        (
            token(&head, &json!({"iss": "PUSHPITDEV"})),
            "expected seconds since 1970 as the token's `iat`, found none",
        ),
        (token(&json!([1]), &claims), "the token's header is not a JSON object"),
        (
            token(&head, &json!({"iss": 1})),
            "the token's claims are not a JSON object with `iss` and `iat`",
        ),
        (
            format!("{signed}.{altered}{}", &signature[1..]),
            "the signature does not verify by key `PUSHPITKEY`",
        ),
        (
            format!("{signed}.AAAA"),
            "expected 64 bytes of r and s, or ASN.1 DER, found 3 bytes of neither by key \
             `PUSHPITKEY`",
        ),
        (signed.to_owned(), "expected three segments with dots between, found 2"),
        (format!("{signed}.*"), "the token's signature segment is not base64"),
        (
            write_token(&rival, PLAIN_HAND, &head, &claims),
            "the signature does not verify by key `PUSHPITKEY`",
        ),
    ];
    for (token, cause) in cases {
        let push = bench.push().bearing(&token);
        assert_eq!(bench.send(&push), err(403, "InvalidProviderToken"), "{cause}");
        assert_eq!(bench.cause(&push), ("provider-token", cause.to_owned()));
    }
}

#[test]
fn case_48_a_token_lives_an_hour() {
    let mut bench = Bench::new();
    let issued = |bench: &Bench, ago| sign(&bench.kit, START.seconds() - ago);
    let replies = [3_599, HOUR, 3_601].map(|ago| {
        let push = bench.push().bearing(&issued(&bench, ago));
        bench.send(&push)
    });
    assert_eq!(replies, [OK.to_owned(), OK.to_owned(), err(403, "ExpiredProviderToken")]);
    let causes = [3_601, 63 * 60].map(|ago| {
        let push = bench.push().bearing(&issued(&bench, ago));
        bench.cause(&push)
    });
    let expected =
        ["signature valid, but iat is 60 min 1 s old", "signature valid, but iat is 63 min old"];
    assert_eq!(causes, expected.map(|cause| ("token-age", cause.to_owned())));
}

#[test]
fn a_token_from_the_future_is_taken_within_an_hour() {
    let mut bench = Bench::new();
    let issued = [START.seconds() + HOUR, START.seconds() + HOUR + 1, START.seconds() * 1_000];
    let pushes = issued.map(|at| bench.push().bearing(&sign(&bench.kit, at)));
    let invalid = err(403, "InvalidProviderToken");
    let replies = pushes.each_ref().map(|push| bench.send(push));
    assert_eq!(replies, [OK.to_owned(), invalid.clone(), invalid]);
    let cause = "signature valid, but iat is 496725000 h or more in the future; is it \
                 milliseconds?";
    assert_eq!(bench.cause(&pushes[2]), ("token-age", cause.to_owned()));
}

#[test]
fn case_49_after_an_expired_token_a_fresh_one_works_on_the_same_connection() {
    let mut bench = Bench::new();
    let old = bench.push().bearing(&sign(&bench.kit, START.seconds() - 4_000));
    let replies = [bench.send(&old), bench.send(&bench.push())];
    assert_eq!(replies, [err(403, "ExpiredProviderToken"), OK.to_owned()]);
}

#[test]
fn credentials_age_on_purpose_and_what_is_made_afterwards_is_fresh() {
    let mut bench = Bench::new();
    let push = bench.push();
    assert_eq!(bench.send(&push), OK);
    bench.age(Duration::from_secs(61 * 60));
    assert_eq!(bench.send(&push), err(403, "ExpiredProviderToken"));
    let cause = "signature valid, but iat is 61 min old (61 min of it by age_credentials)";
    assert_eq!(bench.cause(&push), ("token-age", cause.to_owned()));
    // ECDSA is not deterministic: a token of the same second is another text.
    assert_eq!(bench.send(&bench.push()), OK);
    bench.connection.0 += 1;
    assert_eq!(bench.send(&push), err(403, "ExpiredProviderToken"));
}

#[test]
fn world_time_does_not_age_a_token() {
    let mut bench = Bench::new();
    let push = bench.push();
    bench.now.world = bench.now.world.after(Duration::from_secs(3 * 86_400));
    assert_eq!(bench.send(&push), OK);
}

#[test]
fn a_new_token_at_once_is_accepted_by_default() {
    let mut bench = Bench::new();
    let replies = [(); 5].map(|()| bench.send(&bench.push()));
    assert_eq!(replies, [OK; 5]);
}

#[test]
fn case_55_a_connection_belongs_to_the_team_that_used_it_first() {
    let mut bench = Bench::new();
    let rival = bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let token = sign(&rival, START.seconds());
    let other = bench.push().bearing(&token).with("apns-topic", "com.rival.app");
    assert_eq!(bench.send(&bench.push()), OK);
    assert_eq!(bench.send(&other), err(403, "InvalidProviderToken"));
    let cause = "the connection belongs to team `PUSHPITDEV` since its first push; team \
                 `RIVALTEAM1` needs one of its own";
    assert_eq!(bench.cause(&other), ("connection-team", cause.to_owned()));
    assert_eq!(bench.send(&bench.push()), OK);
}

#[test]
fn a_failed_authentication_binds_nothing_and_a_closed_connection_is_forgotten() {
    use crate::providers::rim::Service;
    let mut bench = Bench::new();
    let rival = bench.add_app("com.rival.app", &[("team_id", "RIVALTEAM1")]);
    let old = sign(&rival, START.seconds() - 4_000);
    let fresh = sign(&rival, START.seconds());
    let other = bench.push().with("apns-topic", "com.rival.app");
    assert_eq!(bench.send(&other.clone().bearing(&old)), err(403, "ExpiredProviderToken"));
    assert_eq!(bench.send(&bench.push()), OK);
    bench.apns.connection_closed(bench.connection);
    let reply = bench.send(&other.bearing(&fresh));
    assert_eq!(reply, err(400, "DeviceTokenNotForTopic"));
    assert_eq!(bench.send(&bench.push()), err(403, "InvalidProviderToken"));
}

#[test]
fn a_key_that_comes_later_makes_a_refused_text_valid() {
    use crate::providers::apns::{Apns, Keys};
    use crate::providers::rim::Service;
    let mut bench = Bench::new();
    let push = bench.push();
    bench.keys = Keys::default();
    assert_eq!(bench.send(&push), err(403, "InvalidProviderToken"));
    Apns::learn(&mut bench.keys, &bench.kit.clone()).unwrap();
    assert_eq!(bench.send(&push), OK);
}

#[test]
fn case_64_the_order_when_several_things_are_wrong() {
    let mut bench = Bench::new();
    let both = bench.push_to("zz").bearing("x.y.z");
    let large = bench.push_to("zz").body("x".repeat(4_097));
    let nowhere = bench.push().path("/x").without("authorization");
    let replies = [both, large, nowhere].map(|push| bench.send(&push));
    let expected =
        [err(403, "InvalidProviderToken"), err(413, "PayloadTooLarge"), err(404, "BadPath")];
    assert_eq!(replies, expected);
}
