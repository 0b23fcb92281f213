//! `meshc up --once`: the screen, its JSON, and several meshes at once.

mod common;

use std::fs;
use std::thread;

use common::{bookshop, complaint, expect, json, meshc};

#[test]
fn the_bookshop_fits_one_screen_and_every_row_is_right() {
    let screen = expect(&bookshop(), &["up", ".", "--once"], 0);
    assert!(screen.lines().count() <= 50, "{screen}");
    for part in [
        "Services",
        "Entry points",
        "Requests",
        "curl -H 'Host: bookshop.example.com' http://127.",
        "weights 75:25",
    ] {
        assert!(screen.contains(part), "no {part:?} in\n{screen}");
    }
    assert!(screen.contains("all as the compiler said") && !screen.contains('✗'), "{screen}");
    assert!(!screen.contains('\u{1b}'), "colours are for terminals");
}

#[test]
fn the_bookshop_through_envoy_too() {
    let Some(envoy) = meshc_testkit::envoy("the_bookshop_through_envoy_too") else { return };
    let folder = envoy.parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let output = meshc()
        .current_dir(bookshop())
        .args(["up", ".", "--once", "--proxy", "envoy"])
        .env("PATH", path)
        .output()
        .expect("the program runs");
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{screen}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(screen.contains("all as the compiler said"), "{screen}");
}

#[test]
fn every_bookinfo_variant_shows_its_routes() {
    let test = "every_bookinfo_variant_shows_its_routes";
    let Some(shared) = meshc_testkit::shared(test, "samples/istio/bookinfo") else { return };
    let shared = shared.canonicalize().expect("a directory");
    let mut variants: Vec<_> = fs::read_dir(shared.join("networking"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("virtual-service-"))
        })
        .collect();
    variants.sort();
    assert!(variants.len() >= 10);
    for variant in variants {
        let mut args = vec!["up".to_owned(), "--once".to_owned(), "--allow-errors".to_owned()];
        for path in [
            "platform/kube/bookinfo.yaml",
            "networking/bookinfo-gateway.yaml",
            "networking/destination-rule-all.yaml",
        ] {
            args.push(shared.join(path).display().to_string());
        }
        args.push(variant.display().to_string());
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let screen = expect(&shared, &args, 0);
        assert!(screen.contains("productpage-v1"), "{screen}");
    }
}

#[test]
fn several_meshes_run_at_once() {
    let runs: Vec<_> = (0..3)
        .map(|_| thread::spawn(|| json(&expect(&bookshop(), &["up", ".", "--once", "--format", "json"], 0))))
        .collect();
    for run in runs {
        let overview = run.join().expect("a run");
        assert_eq!(overview["ok"], true, "{overview}");
        assert!(overview["bundle"].as_str().is_some_and(|digest| digest.starts_with("sha256:")));
        assert!(overview["requests"].as_array().is_some_and(|rows| rows.len() >= 15), "{overview}");
    }
}

#[test]
fn requests_are_answered_in_order_and_nothing_else_is_printed() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("requests.jsonl");
    fs::write(
        &file,
        r#"{"proxy":"storefront-v1","route_table":"9080","request":{"authority":"reviews","path":"/api/v2/x","method":"GET","headers":{}}}
{"proxy":"nobody","port":1,"request":{"authority":"x"}}
{"proxy":"storefront-v1","port":9400,"direction":"outbound"}
{"proxy":"istio-ingressgateway","port":8080,"request":{"authority":"bookshop.example.com","path":"/api/reviews/7","method":"HEAD"}}
"#,
    )
    .expect("a file");
    let file = file.display().to_string();
    let output = common::run(&bookshop(), &["up", ".", "--once", "--requests", &file, "--format", "json"]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "one line has no answer: {out}");
    let answers: Vec<_> = out.lines().map(json).collect();
    assert_eq!(answers.len(), 4, "{out}");
    assert_eq!(answers[0]["answered_by"]["workload"], "reviews-v2");
    assert_eq!((&answers[0]["route"], &answers[0]["timeout_ms"]), (&json("\"api-v2\""), &json("2000")));
    assert!(answers[1]["error"].as_str().is_some_and(|error| error.contains("nobody")), "{out}");
    assert_eq!(
        (&answers[2]["status"], &answers[2]["answered_by"]["pod"]),
        (&json("null"), &json("\"orders-v1-0\""))
    );
    assert_eq!((&answers[3]["status"], &answers[3]["upstream"]["path"]), (&json("200"), &json("\"/7\"")));
}

#[test]
fn a_tree_with_nothing_to_run_is_told_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = complaint(directory.path(), &["up", "--once"], 2);
    assert!(said.contains("no YAML"), "{said}");
    fs::write(directory.path().join("a.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
        .expect("a file");
    let said = complaint(directory.path(), &["up", "--once"], 2);
    assert!(said.contains("nothing to run"), "{said}");
    let said = complaint(directory.path(), &["up", "nope", "--once"], 2);
    assert!(said.contains("`nope` does not exist"), "{said}");
    let said = complaint(&bookshop(), &["up", ".", "--once", "--requests", "nope.jsonl"], 2);
    assert!(said.contains("nope.jsonl"), "{said}");
}

#[test]
fn a_port_that_another_program_has_is_named() {
    let taken = std::net::TcpListener::bind("0.0.0.0:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let directory = tempfile::tempdir().expect("a directory");
    let yaml = format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: d}}\nspec: {{selector: {{app: a}}, ports: [{{name: http, port: {port}}}]}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a, namespace: d}}\nspec: {{selector: {{matchLabels: {{app: a}}}}, template: {{metadata: {{labels: {{app: a}}}}, spec: {{containers: [{{name: a, image: example.com/a}}]}}}}}}\n"
    );
    fs::write(directory.path().join("a.yaml"), yaml).expect("a file");
    let said = complaint(directory.path(), &["up", ".", "--once"], 2);
    assert!(said.contains(&format!(":{port} is in use")) && said.contains("--port-offset"), "{said}");
}

#[test]
fn errors_end_it_with_findings_unless_they_are_allowed() {
    let directory = tempfile::tempdir().expect("a directory");
    common::copy(&bookshop(), directory.path());
    common::edit(&directory.path().join("shop/routes.yaml"), "subset: v2", "subset: v9");
    let said = complaint(directory.path(), &["up", ".", "--once"], 1);
    assert!(said.contains("v9"), "{said}");
    expect(directory.path(), &["up", ".", "--once", "--allow-errors"], 0);
}
