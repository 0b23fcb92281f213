//! `meshc up` while it runs: edits, commits, new workloads, call chains, and how it ends.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{bookshop, edit, git, json, meshc, repository};
use serde_json::{StreamDeserializer, Value, de::IoRead};

/// How long anything may take before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mesh that runs in a directory for its files alone.
struct Up {
    child: Child,
    out: StreamDeserializer<'static, IoRead<BufReader<ChildStdout>>, Value>,
    overview: Value,
    runtime: tempfile::TempDir,
}

impl Up {
    fn start(directory: &Path, args: &[&str]) -> Self {
        let runtime = tempfile::tempdir().expect("a directory");
        let mut child = meshc()
            .current_dir(directory)
            .args(["up", "--format", "json"])
            .args(args)
            .env("XDG_RUNTIME_DIR", runtime.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let out = BufReader::new(child.stdout.take().expect("standard output"));
        let mut out = serde_json::Deserializer::from_reader(out).into_iter::<Value>();
        let overview = out.next().expect("an overview").expect("JSON");
        assert_eq!(overview["ok"], true, "{overview}");
        Self { child, out, overview, runtime }
    }

    /// The next change that it tells of.
    fn event(&mut self) -> Value {
        self.out.next().expect("an event").expect("JSON")
    }

    /// The curl line of an entry.
    fn curl(&self, through: &str) -> String {
        let entries = self.overview["entries"].as_array().expect("entries");
        let entry =
            entries.iter().find(|entry| entry["through"].as_str().is_some_and(|t| t.starts_with(through)));
        entry.and_then(|entry| entry["curl"].as_str()).expect("a curl line").to_owned()
    }

    /// Processes that it started.
    fn children(&self) -> BTreeSet<PathBuf> {
        let own = self.child.id().to_string();
        let processes = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
        let is_child = |path: &PathBuf| {
            let stat = fs::read_to_string(path.join("stat")).unwrap_or_default();
            // The name in parentheses may hold anything; the parent is the second word behind it.
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(own.as_str())
        };
        processes.filter(is_child).collect()
    }

    fn signal(&self, signal: &str) {
        let status =
            Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(status.success());
    }

    fn files(&self) -> usize {
        fs::read_dir(self.runtime.path()).expect("a directory").count()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::yield_now();
    }
}

/// A request to the address of a curl line.
fn ask(curl: &str, host: &str, headers: &str) -> Value {
    let address = curl.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    write!(stream, "GET / HTTP/1.1\r\nhost: {host}\r\n{headers}connection: close\r\n\r\n").expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let start = answer.find('{').unwrap_or_else(|| panic!("no JSON in {answer}"));
    let end = answer.rfind('}').expect("its end");
    json(&answer[start..=end])
}

#[test]
fn an_edit_is_swapped_in_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    common::copy(&bookshop(), directory.path());
    let mut up = Up::start(directory.path(), &["."]);
    let routes = directory.path().join("shop/routes.yaml");
    let good = fs::read_to_string(&routes).expect("a file");
    fs::write(&routes, good.replace("weight: 75", "weight: 50").replace("weight: 25", "weight: 50"))
        .expect("saved");
    let event = up.event();
    assert_eq!(event["event"], "swapped", "{event}");
    let changes = event["changes"].to_string();
    assert!(changes.contains("reviews") && changes.contains("50 %"), "{event}");
    fs::write(&routes, format!("{good}  broken: [\n")).expect("saved");
    let event = up.event();
    assert_eq!(event["event"], "rejected", "{event}");
    let answer = ask(&up.curl("istio-ingressgateway"), "bookshop.example.com", "");
    assert_eq!(answer["workload"], "storefront-v1", "the last good configuration serves");
    fs::write(&routes, &good).expect("saved");
    assert_eq!(up.event()["event"], "swapped");
}

#[test]
fn a_new_workload_gets_a_proxy_and_one_that_goes_loses_it() {
    let directory = tempfile::tempdir().expect("a directory");
    common::copy(&bookshop(), directory.path());
    let mut up = Up::start(directory.path(), &["."]);
    let before = up.children().len();
    let new = directory.path().join("shop/extra.yaml");
    let yaml = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: catalog-v2, namespace: shop}\nspec:\n  selector: {matchLabels: {app: catalog, version: v2}}\n  template:\n    metadata: {labels: {app: catalog, version: v2}}\n    spec: {containers: [{name: catalog, image: example.com/catalog}]}\n";
    let beside = directory.path().join("extra.tmp");
    fs::write(&beside, yaml).expect("written");
    fs::rename(&beside, &new).expect("moved");
    assert_eq!(up.event()["event"], "swapped");
    assert_eq!(up.children().len(), before + 1);
    fs::remove_file(&new).expect("removed");
    assert_eq!(up.event()["event"], "swapped");
    until("the proxy of a workload that is gone ends", || up.children().len() == before);
}

#[test]
fn a_commit_on_a_branch_is_followed() {
    let repository = repository();
    let mut up = Up::start(repository.path(), &["--rev", "main"]);
    edit(&repository.path().join("edge/gateway.yaml"), "x-served-by: bookshop", "x-served-by: shop");
    git(repository.path(), &["commit", "--quiet", "--all", "--message=Rename the shop"]);
    let event = up.event();
    assert_eq!(event["event"], "swapped", "{event}");
}

#[test]
fn a_call_chain_is_seen_from_end_to_end() {
    let up = Up::start(&bookshop(), &["."]);
    let chain =
        "x-meshc-call: reviews:9080/api/v2/ > ratings:9080/stars, catalog:8080/\r\nx-request-id: 7\r\n";
    let answer = ask(&up.curl("istio-ingressgateway"), "bookshop.example.com", chain);
    let reviews = &answer["calls"][0];
    assert_eq!((&reviews["status"], &reviews["answer"]["workload"]), (&json("200"), &json("\"reviews-v2\"")));
    let ratings = &reviews["answer"]["calls"][0]["answer"];
    assert_eq!(
        (&ratings["workload"], &ratings["request"]["path"]),
        (&json("\"ratings-v1\""), &json("\"/stars\""))
    );
    assert!(ratings["request"]["headers"].to_string().contains("x-tier: stars"), "{ratings}");
    assert_eq!(answer["calls"][1]["answer"]["workload"], "catalog-v1");
}

#[test]
fn the_curl_lines_work_when_pasted() {
    if Command::new("curl").arg("--version").output().is_err() {
        meshc_testkit::skip("the_curl_lines_work_when_pasted", "no curl");
        return;
    }
    let up = Up::start(&bookshop(), &["."]);
    for (through, workload) in [("istio-ingressgateway", "storefront-v1"), ("storefront-v1", "reviews-v")] {
        let line = format!("{} -s", up.curl(through));
        let output = Command::new("sh").args(["-c", &line]).output().expect("a shell");
        let answer = json(&String::from_utf8_lossy(&output.stdout));
        assert!(answer["workload"].as_str().is_some_and(|w| w.starts_with(workload)), "{line}: {answer}");
    }
}

#[test]
fn ctrl_c_ends_everything() {
    let mut up = Up::start(&bookshop(), &["."]);
    let children = up.children();
    assert_eq!(children.len(), 11, "ten proxies and the stand-ins");
    up.signal("-INT");
    assert_eq!(up.child.wait().expect("it ends").code(), Some(0));
    assert!(children.iter().all(|child| !child.exists()) && up.files() == 0);
}

#[test]
fn a_kill_leaves_neither_processes_nor_files() {
    let mut up = Up::start(&bookshop(), &["."]);
    let children = up.children();
    up.signal("-KILL");
    up.child.wait().expect("it ends");
    until("children end with their parent", || children.iter().all(|child| !child.exists()));
    until("the stand-ins clear the directory away", || up.files() == 0);
}

#[test]
fn the_death_of_a_proxy_is_told() {
    let mut up = Up::start(&bookshop(), &["."]);
    let proxy = up.children().into_iter().find(|child| {
        fs::read(child.join("cmdline")).is_ok_and(|line| String::from_utf8_lossy(&line).contains("--node"))
    });
    let pid = proxy.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned())).expect("a proxy");
    assert!(Command::new("kill").args(["-KILL", &pid]).status().expect("kill runs").success());
    assert_eq!(up.child.wait().expect("it ends").code(), Some(2));
    assert_eq!(up.files(), 0);
}
