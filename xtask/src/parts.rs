//! Long runs of tests in parts: the test is built once with optimisation, its parts run side by side, and what has passed
//! is kept in `target/runs`, so that a run that was stopped goes on where it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Instant, UNIX_EPOCH};

use meshc_testkit::parts::{COUNT, FROM, read};
use meshc_testkit::{ENVOY, workspace};
use serde_json::Value;

/// The environment variable that says how many parts run at once; all cores otherwise.
const JOBS: &str = "MESHC_JOBS";

/// The packages that have such tests.
const PACKAGES: [&str; 3] = ["meshc", "meshc-analysis", "meshc-xds"];

/// A test that is run in parts.
pub(crate) struct Suite {
    /// The file of tests.
    pub(crate) target: &'static str,
    /// The test's name.
    pub(crate) test: &'static str,
    /// Cases of one part.
    pub(crate) each: u64,
    /// The number that is to be reached, and how far; without it all cases there are.
    pub(crate) until: Option<(&'static str, u64)>,
    /// What the test reads from its environment.
    pub(crate) env: Vec<(&'static str, String)>,
}

/// What was found so far.
#[derive(Default)]
struct Tally {
    next: u64,
    parts: usize,
    /// Of these, those that an earlier run did.
    kept: usize,
    /// In the order in which the test says them.
    numbers: Vec<(String, u64)>,
    failed: Vec<String>,
    /// No case is left.
    over: bool,
}

impl Tally {
    fn sum(&self, name: &str) -> u64 {
        self.numbers.iter().find(|(known, _)| known == name).map_or(0, |(_, number)| *number)
    }

    fn add(&mut self, numbers: Vec<(String, u64)>) {
        // Of a list, the part behind its end has no cases.
        self.over |= numbers.first().is_some_and(|(_, cases)| *cases == 0);
        for (name, number) in numbers {
            match self.numbers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += number,
                None => self.numbers.push((name, number)),
            }
        }
    }

    fn words(&self) -> String {
        let words: Vec<String> =
            self.numbers.iter().map(|(name, number)| format!("{} {name}", grouped(*number))).collect();
        words.join(", ")
    }
}

/// Runs tests one after the other; an error where a part of one failed.
pub(crate) fn run(suites: &[Suite]) -> Result<(), String> {
    let programs = build(suites)?;
    let mut failed = 0;
    for suite in suites {
        let program = programs.get(suite.target).ok_or_else(|| format!("{} was not built", suite.target))?;
        failed += whole(suite, program)?;
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} parts failed: see above")) }
}

/// Builds the files of tests, and says where they are.
fn build(suites: &[Suite]) -> Result<BTreeMap<String, PathBuf>, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace()).args(["test", "--profile", "profiling", "--no-run"]);
    command.args(["--message-format", "json-render-diagnostics"]);
    // The same packages whatever is run: their features, and with them all that is built, stay the same.
    command.args(PACKAGES.iter().flat_map(|package| ["--package", package]));
    let mut targets: Vec<&str> = suites.iter().map(|suite| suite.target).collect();
    targets.sort_unstable();
    targets.dedup();
    command.args(targets.iter().flat_map(|target| ["--test", target])).stderr(Stdio::inherit());
    let output = command.output();
    let output = output.map_err(|error| format!("cargo cannot be started: {error}"))?;
    if !output.status.success() {
        return Err("the tests cannot be built".to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = messages.filter_map(|message| {
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    });
    Ok(programs.collect())
}

/// Runs all parts of a test and prints what was found; how many parts failed.
fn whole(suite: &Suite, program: &Path) -> Result<usize, String> {
    let folder = kept_for(program)?.join(suite.test);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let (began, tally) = (Instant::now(), Mutex::new(Tally::default()));
    let work = || {
        while let Some((from, count)) = take(suite, &tally) {
            let done = part(suite, program, &folder, (from, count));
            let Ok(mut tally) = tally.lock() else { return };
            tally.parts += 1;
            tally.kept += usize::from(done.kept);
            // What a part that failed has found counts too.
            tally.add(done.numbers);
            if let Some(said) = done.failed {
                println!("{}, {count} cases from {from}: FAILED\n{said}", suite.test);
                tally.failed.push(from.to_string());
            }
            let minutes = began.elapsed().as_secs_f64() / 60.0;
            println!("{}: {} ({} parts, {minutes:.1} min)", suite.test, tally.words(), tally.parts);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs() {
            scope.spawn(work);
        }
    });
    let tally = tally.into_inner().map_err(|_| "a part could not be counted".to_owned())?;
    let kept = if tally.kept == 0 { String::new() } else { format!(", {} of them earlier", tally.kept) };
    let verdict = match tally.failed.len() {
        0 => "passed".to_owned(),
        count => format!("FAILED in {count} (from case {})", tally.failed.join(", ")),
    };
    println!("{}: {verdict}: {} ({} parts{kept})", suite.test, tally.words(), tally.parts);
    Ok(tally.failed.len())
}

/// The next part, as long as there is something to do.
fn take(suite: &Suite, tally: &Mutex<Tally>) -> Option<(u64, u64)> {
    let mut tally = tally.lock().ok()?;
    let from = tally.next;
    let mut count = suite.each;
    match suite.until {
        Some(("cases", all)) => count = count.min(all.saturating_sub(from)),
        Some((name, all)) if tally.sum(name) >= all => count = 0,
        // Where every part fails, nothing is ever reached.
        _ if tally.over || tally.failed.len() > 20 => count = 0,
        _ => {}
    }
    tally.next += count;
    (count > 0).then_some((from, count))
}

/// What became of a part.
#[derive(Default)]
struct Done {
    numbers: Vec<(String, u64)>,
    /// By an earlier run.
    kept: bool,
    /// What the test said.
    failed: Option<String>,
}

/// Runs one part, or reads what an earlier run found.
fn part(suite: &Suite, program: &Path, folder: &Path, (from, count): (u64, u64)) -> Done {
    let of_suite = |(name, value): &(&str, String)| (*name != ENVOY).then(|| format!("-{value}"));
    let settings: String = suite.env.iter().filter_map(of_suite).collect();
    let file = folder.join(format!("{from}-{count}{settings}"));
    let numbers = |text: &str| text.lines().find_map(read);
    if let Some(numbers) = fs::read_to_string(&file).ok().and_then(|text| numbers(&text)) {
        return Done { numbers, kept: true, failed: None };
    }
    let mut command = Command::new(program);
    command.args(["--exact", suite.test, "--nocapture"]).current_dir(workspace());
    command.env(FROM, from.to_string()).env(COUNT, count.to_string()).env("RAYON_NUM_THREADS", "1");
    command.envs(suite.env.iter().map(|(name, value)| (name, value)));
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            let failed = Some(format!("{} cannot be started: {error}", program.display()));
            return Done { failed, ..Done::default() };
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    match (numbers(&text), output.status.success()) {
        (Some(numbers), true) => {
            // A result that cannot be kept is found again next time.
            let _ = fs::write(&file, text.as_bytes());
            Done { numbers, ..Done::default() }
        }
        (numbers, _) => Done {
            numbers: numbers.unwrap_or_default(),
            kept: false,
            failed: Some(format!("{text}{}", String::from_utf8_lossy(&output.stderr))),
        },
    }
}

/// Where what a program found is kept: what another build of it found is nothing to this one.
fn kept_for(program: &Path) -> Result<PathBuf, String> {
    let told = fs::metadata(program).map_err(|error| format!("{}: {error}", program.display()))?;
    let built =
        told.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    Ok(workspace().join("target/runs").join(format!("{name}-{}", built.as_millis())))
}

fn jobs() -> usize {
    let asked = std::env::var(JOBS).ok().and_then(|jobs| jobs.parse().ok());
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    asked.unwrap_or_else(cores).max(1)
}

/// `100,000`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number from the command line.
pub(crate) fn number(text: Option<&str>, usual: u64) -> Result<u64, String> {
    text.map_or(Ok(usual), |text| text.parse().map_err(|_| format!("`{text}` is no number")))
}
