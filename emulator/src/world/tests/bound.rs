//! A world that is full: pushes to unknown addresses make no more devices.

use super::*;
use crate::post::Bounds;

/// What two pushes to unknown tokens are answered, and why the second.
fn two_unknown(bounds: Bounds) -> (u16, u16, Option<String>, Option<String>) {
    let config =
        WorldConfig { mode: Mode::Frozen, register_unknown: true, bounds, ..Default::default() };
    let mut bench = Bench::new(config);
    let first = bench.push(&"01".repeat(32), &[], r#"{"aps":{"alert":"Hi"}}"#);
    let second = bench.push(&"02".repeat(32), &[], r#"{"aps":{"alert":"Hi"}}"#);
    let told = bench.last_request();
    // The known one goes on.
    assert_eq!(bench.push(&"01".repeat(32), &[], r#"{"aps":{"alert":"Hi"}}"#).status, 200);
    assert_eq!(bench.world.devices(None, 10).unwrap().len(), 1);
    (first.status, second.status, told.reason, told.cause)
}

#[test]
fn a_device_too_many_does_not_register_itself_whatever_there_is_no_room_for() {
    let cause = "no device has this token, and there is no room for more devices that register \
                 themselves; a reset makes room";
    let expected = (200, 400, Some("BadDeviceToken".to_owned()), Some(cause.to_owned()));
    for bounds in [
        Bounds { addresses: 1, ..Bounds::default() },
        Bounds { devices: 1, ..Bounds::default() },
        Bounds { registered: 1, ..Bounds::default() },
    ] {
        assert_eq!(two_unknown(bounds), expected);
    }
}
