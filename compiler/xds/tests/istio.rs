//! What Istio's control plane sent each proxy of a recorded mesh, beside what we make of the same YAML, one number
//! for each kind of resource. A tree that is refused counts as not equal.
//!
//! `MESHC_SHOW=CASE/PROXY` prints what differs for one proxy, `MESHC_ANYWAY=1` compares refused trees too.

mod support;

use support::{Kind, tally};

/// Prints the number, and holds it: each resource that Istio sent, and no other, is equal to what we make.
#[expect(clippy::print_stdout, reason = "the number is what this test is for")]
fn measure(kind: Kind, sent: usize) {
    let Some(tally) = tally(kind) else { return };
    println!("{}: {tally}", kind.as_str());
    assert_eq!((tally.equal, tally.total), (sent, sent), "{}", kind.as_str());
}

#[test]
fn lds() {
    measure(Kind::Lds, 1998);
}

#[test]
fn rds() {
    measure(Kind::Rds, 1108);
}

#[test]
fn cds() {
    measure(Kind::Cds, 6169);
}

#[test]
fn eds() {
    measure(Kind::Eds, 4735);
}
