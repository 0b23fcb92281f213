//! Resource by resource: how many are equal, and where the others differ first.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::normal::normalize;
use super::{Kind, Proxy};

/// How many of a kind of resource are equal.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Resources that are the same on both sides.
    pub(crate) equal: usize,
    /// Resources that either side has.
    pub(crate) total: usize,
    /// Proxies all of whose resources are equal, of all.
    proxies: (usize, usize),
    /// Where resources differ first, with how many do and an example.
    classes: BTreeMap<String, (usize, String)>,
}

impl Tally {
    /// The share of equal ones, in percent.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand resources")]
    pub(crate) fn percent(&self) -> f64 {
        self.equal as f64 * 100.0 / self.total.max(1) as f64
    }

    fn differs(&mut self, class: String, example: &str) {
        self.classes.entry(class).or_insert_with(|| (0, example.to_owned())).0 += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, proxies) = self.proxies;
        writeln!(
            f,
            "{} of {} equal ({:.2} %), {whole} of {proxies} proxies",
            self.equal,
            self.total,
            self.percent()
        )?;
        let mut classes: Vec<_> = self.classes.iter().collect();
        classes.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (class, (count, example)) in classes.into_iter().take(25) {
            writeln!(f, "{count:6}  {class}  ({example})")?;
        }
        Ok(())
    }
}

/// The resources of a list by name, in their one form.
fn by_name(list: &Value, kind: Kind) -> BTreeMap<String, Value> {
    let items = list.as_array().into_iter().flatten();
    items
        .map(|item| {
            let mut item = item.clone();
            normalize(&mut item);
            (item[kind.key()].as_str().unwrap_or_default().to_owned(), item)
        })
        .collect()
}

/// Compares a kind of resource for all proxies. The environment variable `MESHC_SHOW=CASE/PROXY` prints the
/// resources of one proxy that differ.
pub(super) fn tally(proxies: &[Proxy], kind: Kind) -> Tally {
    let show = std::env::var("MESHC_SHOW").unwrap_or_default();
    let mut tally = Tally::default();
    for proxy in proxies {
        let recorded = by_name(&proxy.recorded(kind), kind);
        let before = tally.total - tally.equal;
        match proxy.made(kind) {
            Ok(made) => compare(&mut tally, proxy, &recorded, &by_name(made, kind), show == proxy.label),
            Err(why) => {
                tally.total += recorded.len().max(1);
                tally.differs(why.to_owned(), &proxy.label);
            }
        }
        tally.proxies.1 += 1;
        if tally.total - tally.equal == before {
            tally.proxies.0 += 1;
        }
    }
    tally
}

fn compare(
    tally: &mut Tally,
    proxy: &Proxy,
    recorded: &BTreeMap<String, Value>,
    made: &BTreeMap<String, Value>,
    show: bool,
) {
    for (name, theirs) in recorded {
        tally.total += 1;
        let example = format!("{} {name}", proxy.label);
        let class = match made.get(name) {
            Some(ours) => first_difference("", theirs, ours),
            None => Some("missing".to_owned()),
        };
        match class {
            None => tally.equal += 1,
            Some(class) => {
                if show {
                    print_difference(name, &class, Some(theirs), made.get(name));
                }
                tally.differs(class, &example);
            }
        }
    }
    for (name, ours) in made.iter().filter(|(name, _)| !recorded.contains_key(*name)) {
        tally.total += 1;
        if show {
            print_difference(name, "too many", None, Some(ours));
        }
        tally.differs("too many".to_owned(), &format!("{} {name}", proxy.label));
    }
}

#[expect(clippy::print_stdout, reason = "asked for by a developer")]
fn print_difference(name: &str, class: &str, theirs: Option<&Value>, ours: Option<&Value>) {
    println!("--- {name}: {class}");
    let lines = |value: Option<&Value>| {
        let text = value.map(|value| format!("{value:#}")).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let (theirs, ours) = (lines(theirs), lines(ours));
    let start = theirs.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    let end = theirs.iter().rev().zip(ours.iter().rev()).take_while(|(a, b)| a == b).count();
    for (sign, lines, other) in [('-', &theirs, &ours), ('+', &ours, &theirs)] {
        let end = end.min(lines.len().min(other.len()).saturating_sub(start));
        for line in lines.iter().take(lines.len() - end).skip(start.saturating_sub(2)) {
            println!("{sign} {line}");
        }
    }
}

/// Where two values differ first, as a path without indices, with what stands there where that is short.
fn first_difference(path: &str, theirs: &Value, ours: &Value) -> Option<String> {
    match (theirs, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
            keys.sort();
            keys.dedup();
            keys.into_iter().find_map(|key| {
                let path = format!("{path}.{key}");
                match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => first_difference(&path, a, b),
                    (Some(a), None) => Some(format!("{path}: only Istio has {}", short(a))),
                    (None, Some(b)) => Some(format!("{path}: only we have {}", short(b))),
                    (None, None) => None,
                }
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() != b.len() => {
            Some(format!("{path}: {} items, ours {}", a.len(), b.len()))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.iter().zip(b).find_map(|(a, b)| first_difference(&format!("{path}[]"), a, b))
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{path}: {}, ours {}", short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 60 { text } else { "…".to_owned() }
}
