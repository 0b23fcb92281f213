//! One run of `meshc up` from the first file to the last process.

use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};

use super::args::{UpArgs, UpFormat};
use super::console::Console;
use super::error::UpError;
use super::overview::Overview;
use super::processes::Processes;
use super::site::Site;
use super::watch::{self, Watch};
use super::world::World;
use super::{report, requests, samples, trial};
use crate::commands::{DONE, FINDINGS};
use crate::load::{Selected, Tree};

/// The status of a command that a signal ended, as shells have it.
const INTERRUPTED: u8 = 130;

/// Runs until it is done or told to end.
pub(super) async fn run(args: &UpArgs) -> Result<u8, UpError> {
    let start = Instant::now();
    let console = Console::new(args.format == UpFormat::Human);
    let selected = Selected::of(&args.tree);
    // What is saved while the mesh starts counts too.
    let watch = if args.once { None } else { Some(Watch::start(args)?) };
    let (processes, mut ends) = Processes::new()?;
    let mut site = None;
    let outcome = tokio::select! {
        biased;
        () = told_to_end() => Ok(if args.once { INTERRUPTED } else { DONE }),
        error = ends.unexpected() => Err(error),
        outcome = session(args, &console, &selected, processes, &mut site, watch, start) => outcome,
    };
    console.clear();
    ends.stop_all().await;
    outcome
}

async fn session(
    args: &UpArgs,
    console: &Console,
    selected: &Selected,
    processes: Processes,
    site: &mut Option<Site>,
    mut watch: Option<Watch>,
    start: Instant,
) -> Result<u8, UpError> {
    // Read before anything is written: a request that cannot be read is told before a mesh is started for it.
    let asked = args.requests.as_deref().map(requests::read).transpose()?;
    console.working("Compiling", "the mesh");
    let mut tree = Tree::read(selected).map_err(|failure| UpError::Source(failure.message))?;
    console.clear();
    if let Some(watch) = &mut watch {
        watch.cover(&tree.sources)?;
        tree.keep();
    }
    let Some(mesh) = tree.compile_to_run(args.allow_errors) else { return Ok(FINDINGS) };
    if mesh.proxies.is_empty() {
        return Err(UpError::NothingToRun(format!(
            "nothing to run: no Deployment, StatefulSet, DaemonSet, Pod or Gateway among {} resources in {} files",
            tree.resources.len(),
            tree.sources.files().len()
        )));
    }
    let what = format!("{} files, {} resources", tree.sources.files().len(), tree.resources.len());
    console.status("Compiled", &what);
    let site = site.insert(Site::open(args, processes)?);
    console.working("Starting", &format!("{} of {}", site.fleet.name(), mesh.proxies.len()));
    let (world, applied) = site.bring(tree.sources.clone(), mesh, None).await?;
    console.clear();
    console.status(
        "Running",
        &format!(
            "{} × {} and {} stand-ins, bundle {}, after {:.2} s",
            site.fleet.len(),
            site.fleet.name(),
            world.layout.apps.len(),
            applied.digest.get(..19).unwrap_or(&applied.digest),
            start.elapsed().as_secs_f64()
        ),
    );
    let code = match &asked {
        Some(lines) => requests::answer(&world, lines, args.format, console).await,
        None => show(&world, &applied.digest, args, console, start).await,
    };
    let Some(watch) = watch else { return Ok(code) };
    console.status("Watching", &format!("{}; Ctrl-C ends it all", watch.what()));
    watch::follow(args, selected, site, (tree, world), watch, console).await?;
    Ok(DONE)
}

/// Sends the samples and prints the screen.
async fn show(world: &World, digest: &str, args: &UpArgs, console: &Console, start: Instant) -> u8 {
    console.working("Asking", "a sample of each route");
    let samples = samples::derive(world);
    let trials = trial::run(world, samples, args.samples).await;
    console.clear();
    let overview = Overview::of(world, digest, &trials, start.elapsed());
    match args.format {
        UpFormat::Human => report::print(&overview),
        UpFormat::Json => crate::output::json_pretty(&overview),
    }
    if overview.ok { DONE } else { FINDINGS }
}

/// Waits for Ctrl-C, or for the signals with which terminals and supervisors end a program.
async fn told_to_end() {
    let signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
