//! How long it takes until a compiled mesh has followed an edit of one file: a VirtualService whose timeout is another, an
//! EndpointSlice with an endpoint that is not ready. Each is read from its new text and followed to the new configuration of
//! all proxies that it touches, and to Envoy's resources of them.

#![expect(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use meshc_effective::Incremental;
use meshc_settings::Settings;
use meshc_source::{FileId, Selection, SourceSet, load};
use meshc_xds::Writer;

/// Edits of each kind.
const EDITS: usize = 20;

/// How many proxies are compared with a mesh compiled anew.
const COMPARED: usize = 100;

fn main() {
    let Some(directory) = std::env::args().nth(1).map(PathBuf::from) else {
        println!("usage: edits DIRECTORY");
        return;
    };
    // The directory itself, wherever it lies: without a path a tree that Git ignores would be none.
    let selection = Selection::worktree(directory, vec![PathBuf::from(".")]);
    let sources = match load(&selection, &meshc_source::Limits::default()) {
        Ok((sources, _)) => sources,
        Err(error) => {
            println!("{error}");
            return;
        }
    };
    let began = Instant::now();
    let mut state = Incremental::new(sources, Settings::default());
    let proxies = state.effective().proxies.len();
    println!("{proxies} proxies compiled in {:.0} ms", ms(began.elapsed()));
    for (what, from, to) in [
        ("VirtualService", "timeout: 5s", "timeout: 7s"),
        ("EndpointSlice", "conditions: {ready: true}", "conditions: {ready: false}"),
    ] {
        let mut times = Vec::new();
        let mut touched = 0;
        let mut anew = 0;
        for (file, text) in edits(state.sources(), from, to) {
            let next = state.sources().with_text(file, &text);
            let began = Instant::now();
            let change = state.update(next);
            times.push(began.elapsed());
            match change {
                Some(change) => touched = change.proxies.len(),
                None => anew += 1,
            }
        }
        println!(
            "{what}: {} ({} edits, {anew} compiled anew, {touched} proxies touched by the last)",
            spread(times),
            EDITS
        );
    }
    resources(&mut state);
    let whole = Incremental::new(state.sources().clone(), Settings::default());
    // Of thousands each has the whole mesh in it: some are enough here, tests compare all.
    let (now, anew) = (&state.effective().proxies, &whole.effective().proxies);
    let step = (now.len() / COMPARED).max(1);
    let same = now.len() == anew.len() && now.iter().zip(anew).step_by(step).all(|(now, anew)| now == anew);
    println!("{}", if same { "the same as compiled anew" } else { "NOT the same as compiled anew" });
}

/// The same for one more VirtualService, to Envoy's resources of all proxies that it touches.
fn resources(state: &mut Incremental) {
    let mut writer = Writer::new();
    let began = Instant::now();
    for proxy in &state.effective().proxies {
        writer.node(proxy);
    }
    println!("Envoy's resources of all in {:.0} ms", ms(began.elapsed()));
    let mut times = Vec::new();
    for (file, text) in edits(state.sources(), "timeout: 7s", "timeout: 8s") {
        let next = state.sources().with_text(file, &text);
        let began = Instant::now();
        let change = state.update(next).unwrap_or_default();
        let touched = change.proxies.iter().filter_map(|&place| state.effective().proxies.get(place));
        let nodes: BTreeMap<_, _> = touched.map(|proxy| (&proxy.id, writer.node(proxy))).collect();
        times.push(began.elapsed());
        drop(nodes);
    }
    println!("VirtualService, to Envoy's resources: {}", spread(times));
}

/// Edited files from all over the tree.
fn edits(sources: &SourceSet, from: &str, to: &str) -> Vec<(FileId, String)> {
    let having: Vec<FileId> =
        sources.iter().filter(|(_, file)| file.text.contains(from)).map(|(id, _)| id).collect();
    let step = (having.len() / EDITS).max(1);
    let chosen = having.into_iter().step_by(step).take(EDITS);
    chosen.map(|id| (id, sources.file(id).text.replacen(from, to, 1))).collect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let of = |time: Option<&Duration>| time.map_or(f64::NAN, |time| ms(*time));
    format!("{:.1} ms ({:.1}, {:.1})", of(times.get(times.len() / 2)), of(times.first()), of(times.last()))
}
