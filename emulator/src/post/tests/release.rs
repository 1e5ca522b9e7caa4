//! In which order what waited goes.

use super::*;

/// WNS's lanes, released in this order.
fn bench(release: Release) -> Bench {
    Bench::offline(OfflinePolicy { release, ..wns() })
}

fn submit(bench: &mut Bench, notes: &[(usize, &str)]) {
    for &(lane, payload) in notes {
        let note = Submission { lane, storing: Storing::Asked, ..bench.note(payload) };
        bench.submit(note);
    }
}

const TILE: usize = 0;
const BADGE: usize = 1;
const RAW: usize = 2;

#[test]
fn by_receipt_the_kinds_come_as_they_were_received() {
    let mut bench = bench(Release::ByReceipt);
    submit(&mut bench, &[(RAW, "raw"), (BADGE, "1"), (TILE, "tile"), (BADGE, "2")]);
    assert_eq!(bench.arrivals(), ["raw", "tile", "2"]);
}

#[test]
fn by_lane_each_kind_comes_for_itself_and_in_it_by_receipt() {
    let mut bench = bench(Release::ByLane);
    submit(&mut bench, &[(RAW, "raw"), (BADGE, "1"), (TILE, "a"), (BADGE, "2"), (TILE, "b")]);
    assert_eq!(bench.arrivals(), ["a", "b", "2", "raw"]);
}

#[test]
fn a_queue_keeps_its_places_among_others_whatever_its_order() {
    let mut bench = bench(Release::ByLane);
    let app = bench.post.intern_app(SERVICE, "other").unwrap();
    let (device, policy) = (bench.device, bench.post.adopt_policy(apns()));
    let new = NewAddress { app, device, kind: "token", realm: 0, text: b"other" };
    let address = bench.post.add_address(new).unwrap();
    submit(&mut bench, &[(BADGE, "badge")]);
    let other = Submission { address, policy, ..bench.note("between") };
    bench.submit(other);
    submit(&mut bench, &[(TILE, "tile")]);
    assert_eq!(bench.arrivals(), ["tile", "between", "badge"]);
}
