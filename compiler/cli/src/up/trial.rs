//! Sends samples through the running mesh and holds each answer against what the compiler said.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream;
use meshc_trace::{Answer, Tracer};

use super::compare;
use super::observed::{self, Observed};
use super::samples::{self, Sample};
use super::world::World;

/// Requests that are under way at once.
const AT_ONCE: usize = 32;

/// How outcomes start that ran into a timeout.
const LATE: &str = "504";

/// A sample with what became of it.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) sample: Sample,
    /// What the compiler said.
    pub(super) predicted: Answer,
    /// How often which outcome was seen, most often first.
    pub(super) outcomes: Vec<(String, usize)>,
    /// What the stand-in saw, of the first answer.
    pub(super) first: Option<Observed>,
    /// How it differs from what was said; empty where it does not.
    pub(super) differences: Vec<String>,
}

/// All trials, and how many samples were left out.
#[derive(Debug)]
pub(super) struct Trials {
    pub(super) made: Vec<Trial>,
    pub(super) left_out: usize,
}

/// Tries at most `rows` samples, all at once. A sample that the compiler says takes another route than the one that it
/// is for shows nothing, and is left out without being counted.
pub(super) async fn run(world: &World, samples: Vec<Sample>, rows: usize) -> Trials {
    let tracer = Tracer::new(&world.mesh, &world.sources);
    let telling = samples.into_iter().filter_map(|sample| {
        let predicted = match &sample.tcp {
            Some((_, cluster)) => Answer { destinations: vec![(cluster.clone(), 100)], ..Answer::default() },
            None => tracer.trace(&sample.query).ok()?,
        };
        let meant = sample.tcp.is_some() || predicted.route == sample.route;
        let tells = samples::tells(world, &sample.proxy, &predicted.destinations);
        (meant && tells).then_some((sample, predicted))
    });
    let mut telling: Vec<(Sample, Answer)> = telling.collect();
    let left_out = telling.len().saturating_sub(rows);
    telling.truncate(rows);
    let trials = telling.into_iter().map(|(sample, predicted)| attempt(world, &tracer, sample, predicted));
    // Rows wait for nothing but their own requests: a delay in one does not hold up the others.
    let mut made: Vec<Trial> = stream::iter(trials).buffered(AT_ONCE).collect().await;
    for trial in made.iter_mut().filter(|trial| trial.is_late()) {
        *trial = attempt(world, &tracer, trial.sample.clone(), trial.predicted.clone()).await;
    }
    Trials { made, left_out }
}

impl Trial {
    /// Whether an answer came too late that should not have: on a busy machine everything at once may take longer than a
    /// route allows. Such a row is tried once more, alone.
    fn is_late(&self) -> bool {
        !self.differences.is_empty() && self.outcomes.iter().any(|(outcome, _)| outcome.starts_with(LATE))
    }
}

async fn attempt(world: &World, tracer: &Tracer<'_>, sample: Sample, predicted: Answer) -> Trial {
    let one = async || match &sample.tcp {
        Some((listener, _)) => observed::greet(world, world.listener(&sample.proxy.id, listener)?).await,
        None => observed::ask(world, &sample.query).await,
    };
    let asks = (0..sample.times).map(|_| one());
    let mut answers = stream::iter(asks).buffered(AT_ONCE);
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences = BTreeSet::new();
    let mut first = None;
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(observed) => {
                *counted.entry(outcome(&observed)).or_default() += 1;
                let asked = (&sample.query, &*sample.proxy);
                differences.extend(compare::in_mesh(world, tracer, asked, &predicted, &observed));
                first.get_or_insert(observed);
            }
            Err(error) => {
                *counted.entry("no answer".to_owned()).or_default() += 1;
                differences.insert(error);
            }
        }
    }
    drop(answers);
    let mut outcomes: Vec<(String, usize)> = counted.into_iter().collect();
    outcomes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Trial { sample, predicted, outcomes, first, differences: differences.into_iter().collect() }
}

/// An answer in a few words: `200 reviews-v2`, `301 → /`, `503 fault filter abort`.
pub(super) fn outcome(observed: &Observed) -> String {
    let status = observed.status.map(|status| status.to_string());
    let rest = match (&observed.answered_by, &observed.location, &observed.body) {
        (Some(by), _, _) => Some(by.workload.clone()),
        (None, Some(location), _) => Some(format!("→ {location}")),
        (None, None, Some(body)) => Some(body.lines().next().unwrap_or_default().chars().take(40).collect()),
        (None, None, None) if observed.upstream.is_some() => Some("outside the mesh".to_owned()),
        (None, None, None) => None,
    };
    let words: Vec<String> = status.into_iter().chain(rest).collect();
    if words.is_empty() { "closed without an answer".to_owned() } else { words.join(" ") }
}
