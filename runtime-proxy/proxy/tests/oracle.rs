//! Replays what real Envoy did under real configurations, and expects the same.
#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::Path;
use std::process::Command;

/// Replays a folder of recorded cases through `mesh-proxy`.
fn replay(folder: &str) {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let (tool, recorded) = (shared.join("tools/replay.py"), shared.join("oracle").join(folder));
    if !tool.is_file() || !recorded.is_dir() {
        eprintln!("skipped: no ../shared");
        return;
    }
    // The tool chooses hundreds of free ports; another process may take one before the proxy does.
    for _ in 0..5 {
        let output = Command::new("python3")
            .args([&tool, &recorded])
            .arg(env!("CARGO_BIN_EXE_mesh-proxy"))
            .args(["run", "--bootstrap", "BOOTSTRAP"])
            .output()
            .unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if said.contains("Address already in use") {
            continue;
        }
        assert!(output.status.success() && said.contains("(100.00 %)"), "{said}");
        return;
    }
    panic!("no free ports in five rounds");
}

#[test]
fn recorded_requests_are_answered_as_by_envoy() {
    // One after the other, so that one's connections do not take the other's ports.
    replay("requests");
    replay("meshes");
}
