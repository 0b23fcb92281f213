//! `meshc bisect`: find the commit that changed what becomes of a request.

use std::cell::RefCell;
use std::collections::BTreeMap;

use meshc_analysis::{Destination, same_answer};
use meshc_source::{Commit, history};
use meshc_trace::{Answer, RequestLine, Tracer};

use super::DONE;
use crate::args::{Bisect, RevisionArgs};
use crate::load::{Failure, Selected, Tree, current_directory};
use crate::output;

/// More states than anyone looks through; Git's own history has a million.
const MOST: usize = 1_000_000;

pub(crate) fn run(args: &Bisect) -> Result<u8, Failure> {
    let commits = history(&current_directory(), &args.bad, Some(&args.good), MOST).map_err(Failure::new)?;
    // Oldest first; the answer of the last is the bad one, that of the state before the first is the good one.
    let states: Vec<&Commit> = commits.iter().rev().collect();
    let Some(mut found) = states.last().copied() else {
        return Err(Failure::new(format!("`{}` and `{}` are the same commit", args.good, args.bad)));
    };
    let asked = Asked::read(args)?;
    let first = asked.answer(&args.good)?;
    // What became of the request on both sides of the change, as far as the search has come.
    let (mut before, mut after) = (first.clone(), asked.answer(&found.id)?);
    let good = asked.holds(&before, &first);
    if good == asked.holds(&after, &first) {
        let answer = if good { "holds at both ends" } else { "holds at neither end" };
        return Err(Failure::new(format!("there is no change to find: {} {answer}", asked.predicate())));
    }
    let (mut low, mut high) = (0, states.len() - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(state) = states.get(middle) else { break };
        let answer = asked.answer(&state.id)?;
        if asked.holds(&answer, &first) == good {
            (low, before) = (middle + 1, answer);
        } else {
            (high, after, found) = (middle, answer, *state);
        }
    }
    output::out(&format!(
        "{} {} ({})\n  {}\n  before  {}\n  after   {}\n",
        found.short(),
        found.title,
        found.author,
        asked.predicate(),
        outcome(&before),
        outcome(&after),
    ));
    Ok(DONE)
}

/// The question that is asked of each state.
struct Asked<'a> {
    args: &'a Bisect,
    line: RequestLine,
    tree: Selected,
    /// What was answered before, by Git's names of the trees: reverts and commits of nothing lead back to known ones.
    known: RefCell<BTreeMap<String, Answer>>,
}

impl<'a> Asked<'a> {
    fn read(args: &'a Bisect) -> Result<Self, Failure> {
        let request: Vec<&str> = args.request.iter().map(String::as_str).collect();
        let headers: Vec<&str> = args.headers.iter().map(String::as_str).collect();
        let line = RequestLine::parse(&request, &headers).map_err(Failure::new)?;
        let tree = Selected::new(&args.paths, &RevisionArgs::default());
        Ok(Self { args, line, tree, known: RefCell::default() })
    }

    /// What becomes of the request in a revision; where its sender is not there yet, nothing does.
    fn answer(&self, rev: &str) -> Result<Answer, Failure> {
        let selected = self.tree.at(rev);
        let id = selected.tree_id();
        if let Some(known) = id.as_ref().and_then(|id| self.known.borrow().get(id).cloned()) {
            return Ok(known);
        }
        let tree = Tree::read(&selected)?;
        let mesh = tree.compile_to_look()?;
        let tracer = Tracer::new(&mesh, &tree.sources);
        let proxy = tracer.proxy(&self.args.from).ok();
        let answer =
            proxy.and_then(|proxy| tracer.trace(&self.line.query(proxy, None)).ok()).unwrap_or_default();
        if let Some(id) = id {
            self.known.borrow_mut().insert(id, answer.clone());
        }
        Ok(answer)
    }

    fn holds(&self, answer: &Answer, before: &Answer) -> bool {
        let status = self.args.status.is_none_or(|status| answer.status == Some(status));
        let reaches = self.args.reaches.as_ref().is_none_or(|wanted| reaches(answer, wanted));
        if self.args.status.is_none() && self.args.reaches.is_none() {
            return same_answer(answer, before);
        }
        status && reaches
    }

    fn predicate(&self) -> String {
        let request = format!("{} from {}", self.args.request.join(" "), self.args.from);
        let reaches = self.args.reaches.as_ref().map(|wanted| format!("reaches {wanted}"));
        let status = self.args.status.map(|status| format!("gets {status}"));
        let parts: Vec<String> = reaches.into_iter().chain(status).collect();
        if parts.is_empty() {
            format!("{request} is answered as at {}", self.args.good)
        } else {
            format!("{request} {}", parts.join(" and "))
        }
    }
}

/// Whether all that is routed goes to a host (full, or its first labels), or to its subset alone.
fn reaches(answer: &Answer, wanted: &str) -> bool {
    let (host, subset) = wanted.split_once('/').map_or((wanted, None), |(host, subset)| (host, Some(subset)));
    let mut routed = answer.destinations.iter().filter(|(_, weight)| *weight > 0);
    !answer.destinations.is_empty()
        && routed.all(|(cluster, _)| {
            Destination::read(cluster).is_some_and(|destination| {
                let rest = destination.host.strip_prefix(host);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    && subset.is_none_or(|subset| subset == destination.subset)
            })
        })
}

/// `200 from reviews.shop (v2)`, with shares where there are several.
fn outcome(answer: &Answer) -> String {
    let status = answer.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let words =
        |cluster: &str| Destination::read(cluster).map_or_else(|| cluster.to_owned(), |to| to.words());
    let clusters: Vec<String> = match answer.destinations.as_slice() {
        [(cluster, _)] => vec![words(cluster)],
        several => several.iter().map(|(cluster, weight)| format!("{weight} × {}", words(cluster))).collect(),
    };
    let timeout = answer.timeout_ms.filter(|_| !clusters.is_empty());
    let timeout = timeout.map(|ms| format!(", within {ms} ms")).unwrap_or_default();
    match (&answer.location, clusters.is_empty()) {
        (Some(location), _) => format!("{status} to {location}"),
        (None, true) => status,
        (None, false) => format!("{status} from {}{timeout}", clusters.join(", ")),
    }
}
