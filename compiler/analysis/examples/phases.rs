//! Where the time of `meshc check` goes: each step over a directory, in order, with the wall clock, the processor time
//! of all threads, and the resident memory behind it.

#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::path::PathBuf;
use std::time::Instant;

use meshc_source::{Selection, load};

fn main() {
    let Some(directory) = std::env::args().nth(1).map(PathBuf::from) else {
        println!("usage: phases DIRECTORY");
        return;
    };
    let mut clock = Clock { last: Instant::now(), cpu: cpu_ms() };
    let selection = Selection::worktree(directory, Vec::new());
    let (sources, _) = match load(&selection, &meshc_source::Limits::default()) {
        Ok(loaded) => loaded,
        Err(error) => {
            println!("{error}");
            return;
        }
    };
    clock.tell("read");
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    clock.tell("documents");
    let mesh = meshc_mesh::Mesh::new(&outcome.resources);
    clock.tell("mesh");
    let found = meshc_analysis::check_mesh(&outcome.resources, &mesh, None).len();
    clock.tell("mesh rules");
    let effective = meshc_effective::compile(&mesh);
    clock.tell("effective");
    let reached = meshc_analysis::Reached::new(&effective);
    clock.tell("reachability");
    let routes = reached.check_routes(&mesh).len();
    clock.tell("route rules");
    let lone = reached.check_lone_routes(&outcome.resources, &mesh).len();
    clock.tell("lone routes");
    let proofs = reached.check_proofs(&outcome.resources, &mesh, &effective, &sources).len();
    clock.tell("proofs");
    println!("{} proxies", effective.proxies.len());
    println!("findings: {} {found} {routes} {lone} {proofs}", outcome.diagnostics.len());
    drop(reached);
    drop(effective);
    clock.tell("freeing effective");
    drop((mesh, outcome, sources));
    clock.tell("freeing the rest");
}

struct Clock {
    last: Instant,
    cpu: u64,
}

impl Clock {
    fn tell(&mut self, step: &str) {
        let (wall, cpu) = (self.last.elapsed(), cpu_ms());
        println!(
            "{step:<20} {:>6} ms wall {:>6} ms cpu {:>7} MB",
            wall.as_millis(),
            cpu.saturating_sub(self.cpu),
            resident_mb()
        );
        (self.last, self.cpu) = (Instant::now(), cpu_ms());
    }
}

/// Processor time of all threads so far, in ms.
fn cpu_ms() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = text.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| behind.split_whitespace().nth(at).and_then(|n| n.parse::<u64>().ok());
    // In hundredths of a second.
    (ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0)) * 10
}

/// Resident memory, in MB.
fn resident_mb() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1000
}
