//! `meshc conditions`: what the Gateway API's objects of a tree are told.

mod common;

use common::{expect, json};

#[test]
fn each_object_is_told_its_conditions() {
    let root = meshc_testkit::workspace();
    let file = "testdata/rules/MC1330/denied.yaml";
    let all = json(&expect(&root, &["conditions", file, "--format", "json"], 0));
    let objects = all["objects"].as_array().expect("a list");
    let of = |name: &str| objects.iter().find(|object| object["name"] == name).expect("it is there");
    let edge = of("edge");
    assert_eq!(edge["kind"], "Gateway");
    assert_eq!(edge["listeners"][0]["attached_routes"], 0);
    assert_eq!(edge["conditions"][0]["type"], "Accepted");
    assert_eq!(edge["conditions"][0]["status"], "True");
    let denied = &of("hostname")["parents"][0];
    assert_eq!(denied["parent"], "Gateway ops/edge");
    assert_eq!(denied["file"], file);
    assert_eq!(denied["conditions"][0]["status"], "False");
    assert_eq!(denied["conditions"][0]["reason"], "NoMatchingListenerHostname");

    let text = expect(&root, &["conditions", file], 0);
    assert!(text.contains("Gateway ops/edge\n"), "{text}");
    assert!(text.contains("  listener http: 0 routes of HTTPRoute, GRPCRoute\n"), "{text}");
    assert!(text.contains("Accepted     False NoMatchingParent: no listener is called `https`\n"), "{text}");
}
