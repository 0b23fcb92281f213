//! The command line: exit codes and messages.

mod common;

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Output};

fn proxy(args: &[&str]) -> (i32, String) {
    let Output { status, stderr, stdout } =
        Command::new(env!("CARGO_BIN_EXE_mesh-proxy")).args(args).output().unwrap();
    let said = String::from_utf8(stderr).unwrap() + &String::from_utf8(stdout).unwrap();
    (status.code().unwrap(), said)
}

fn file(folder: &tempfile::TempDir, text: &str) -> String {
    let path = folder.path().join("bootstrap");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn usage_and_missing_files_end_with_2() {
    for (args, text) in [
        (&["run"][..], "give --bundle BUNDLE --node NAME or --bootstrap FILE"),
        (&["run", "--xds", "127.0.0.1:15010", "--node", "a"], "--xds is not implemented yet"),
        (&["run", "--bundle", "x"], "--node"),
        (&["validate", "--bootstrap", "/no/such/file"], "cannot read /no/such/file"),
        (&["validate", "--bundle", "/no/such/bundle", "--node", "a"], "/no/such/bundle"),
        (&["run", "--bootstrap", "x", "--concurrency", "0"], "0 is not in 1..=1024"),
        (&["run", "--bootstrap", "x", "--admin", "here"], "neither IP:PORT nor unix:PATH"),
        (&["walk"], "unrecognized subcommand"),
    ] {
        let (code, said) = proxy(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains(text), "{args:?}: {said}");
    }
    assert_eq!(proxy(&["--version"]).0, 0);
}

#[test]
fn a_bootstrap_is_validated_in_json_and_yaml() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = "static_resources:\n  clusters:\n  - &a {name: c, type: STATIC, connectTimeout: 1s}\n  listeners: []\n";
    let (code, said) = proxy(&["validate", "--bootstrap", &file(&folder, yaml)]);
    assert_eq!(
        (code, said.as_str()),
        (0, "mesh-proxy: info: the configuration is valid: 0 listeners, 1 clusters\n")
    );
    for (text, expected) in [
        (
            "static_resources: {clusters: [{name: c, colour: red}]}",
            "static_resources.clusters[0]: field `colour` is not implemented by mesh-proxy",
        ),
        ("{\"static_resources\": ", "not JSON"),
        ("static_resources: [", "not YAML"),
        ("a: 1\na: 2", "the key \"a\" stands twice"),
        ("", "no YAML document"),
        ("{{ helm }}: {{", "not"),
        ("a: &a [*a]", "an alias inside its own anchor"),
    ] {
        let (code, said) = proxy(&["validate", "--bootstrap", &file(&folder, text)]);
        assert_eq!(code, 2, "{text}: {said}");
        assert!(said.contains(expected), "{text}: {said}");
    }
}

#[test]
fn an_occupied_address_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = format!("admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}");
    let (code, said) = proxy(&["run", "--bootstrap", &file(&folder, &text)]);
    assert_eq!(code, 2);
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");
    assert!(said.contains("end it or choose another port"), "{said}");
}

#[test]
fn the_administration_answers_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let bootstrap = file(&folder, "static_resources: {}");
    let socket = folder.path().join("admin.sock");
    // A file that a proxy before this one left behind is no hindrance.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let unix = format!("unix:{}", socket.display());
    let mut proxy = common::Proxy::start_with(&["--bootstrap", &bootstrap, "--admin", &unix]);
    let line = proxy.wait_for("administration listens on ");
    assert!(line.ends_with(&unix), "{line}");
    proxy.wait_for("serving ");
    let ask = |line: &str| {
        let mut stream = UnixStream::connect(&socket).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let ready = ask("GET /ready");
    assert!(ready.starts_with("HTTP/1.1 200 ") && ready.ends_with("LIVE\n"), "{ready}");
    // A second proxy does not take the socket of one that lives.
    let (code, said) = self::proxy(&["run", "--bootstrap", &bootstrap, "--admin", &unix]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("administration: cannot listen on "), "{said}");
    assert!(ask("POST /quitquitquit").starts_with("HTTP/1.1 200 "));
    assert_eq!(proxy.wait().code(), Some(0));
}
