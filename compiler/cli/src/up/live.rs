//! Requests of tests, sent through the real proxies of a mesh that is brought up for them.

use futures_util::StreamExt;
use futures_util::stream;
use meshc_diagnostics::Witness;
use meshc_effective::model::EffectiveMesh;
use meshc_source::SourceSet;
use meshc_trace::{Query, Tracer};

use super::args::{ProxyProgram, UpArgs, UpFormat};
use super::compare;
use super::console::Console;
use super::error::UpError;
use super::observed::ask;
use super::processes::Processes;
use super::site::Site;
use super::world::World;
use crate::args::TreeArgs;

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// How often a request is asked again that was answered otherwise: on a busy machine many at once may take longer than a
/// route allows.
const AGAIN: usize = 2;

/// How the answer of a real proxy to each request differs from what the compiler says; the error tells why a request
/// could not be sent.
pub(crate) fn probe(
    sources: SourceSet,
    mesh: EffectiveMesh,
    witnesses: &[Witness],
    proxy: ProxyProgram,
) -> Result<Vec<Result<Vec<String>, String>>, UpError> {
    // One thread: it is this thread's end that ends the children, should the process be killed.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| UpError::io("the asynchronous runtime", error))?;
    runtime.block_on(async {
        let (processes, mut ends) = Processes::new()?;
        let mut site = None;
        let outcome = tokio::select! {
            biased;
            error = ends.unexpected() => Err(error),
            outcome = all(sources, mesh, witnesses, proxy, processes, &mut site) => outcome,
        };
        ends.stop_all().await;
        outcome
    })
}

async fn all(
    sources: SourceSet,
    mesh: EffectiveMesh,
    witnesses: &[Witness],
    proxy: ProxyProgram,
    processes: Processes,
    site: &mut Option<Site>,
) -> Result<Vec<Result<Vec<String>, String>>, UpError> {
    let args = UpArgs {
        tree: TreeArgs::default(),
        once: true,
        proxy,
        requests: None,
        format: UpFormat::Human,
        allow_errors: true,
        replicas_cap: 2,
        port_offset: 0,
        samples: 0,
    };
    let console = Console::new(true);
    let site = site.insert(Site::open(&args, processes)?);
    console.working("Starting", &format!("{} of {}", site.fleet.name(), mesh.proxies.len()));
    let (world, _) = site.bring(sources, mesh, None).await?;
    console.clear();
    console.status("Running", &format!("{} × {}", site.fleet.len(), site.fleet.name()));
    let tracer = Tracer::new(&world.mesh, &world.sources);
    let asked = witnesses.iter().map(|witness| one(&world, &tracer, witness));
    Ok(stream::iter(asked).buffered(AT_ONCE).collect().await)
}

async fn one(world: &World, tracer: &Tracer<'_>, witness: &Witness) -> Result<Vec<String>, String> {
    if witness.peer.is_some() || witness.source_ip.is_some() {
        return Err("it is sent as somebody else, which no process of this machine is".to_owned());
    }
    // The line of trace's input that a witness is.
    let line = serde_json::to_string(witness).map_err(|error| error.to_string())?;
    let query = Query::from_line(&line).map_err(|error| error.to_string())?;
    let predicted = tracer.trace(&query).map_err(|error| error.to_string())?;
    let proxy = tracer.proxy(&query.proxy).map_err(|error| error.to_string())?;
    let mut differences = Vec::new();
    for _ in 0..=AGAIN {
        let observed = ask(world, &query).await?;
        differences = compare::in_mesh(world, tracer, (&query, proxy), &predicted, &observed);
        if differences.is_empty() {
            break;
        }
    }
    Ok(differences)
}
