//! What a run of a program costs: wall clock, processor time, peak memory.

use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4;

/// What one run cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// From the start of the process to its end.
    pub(super) wall: Duration,
    /// User and system time of all its threads: what is left of the wall clock's meaning on a machine that does other
    /// things too.
    pub(super) cpu: Duration,
    /// Peak resident memory, in bytes.
    pub(super) peak: u64,
}

/// A job of a table: what is run, and what the table's target is.
pub(super) struct Job {
    /// The first cell of its line.
    pub(super) name: String,
    /// Makes the command; a new one for each run.
    pub(super) command: Box<dyn Fn() -> Command>,
    /// Puts the world back before each run.
    pub(super) prepare: Box<dyn Fn() -> Result<(), String>>,
    /// The wall clock that is aimed at, and the peak in MB.
    pub(super) target: (Duration, Option<u64>),
}

impl Job {
    pub(super) fn new(
        name: impl Into<String>,
        target: (f64, Option<u64>),
        command: impl Fn() -> Command + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            command: Box::new(command),
            prepare: Box::new(|| Ok(())),
            target: (Duration::from_secs_f64(target.0), target.1),
        }
    }
}

/// Runs a command to its end; its output is not kept. Findings (status 1) are an answer like another.
pub(super) fn run(command: &mut Command) -> Result<Cost, String> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("{command:?} cannot be started: {e}"))?;
    let mut words = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        // What is no text is told by the status alone.
        let _ = std::io::Read::read_to_string(&mut stderr, &mut words);
    }
    let used = child.wait4().map_err(|e| e.to_string())?;
    let wall = began.elapsed();
    if failed(used.status) {
        return Err(format!("{command:?} ended with {}: {words}", used.status));
    }
    Ok(Cost { wall, cpu: used.rusage.utime + used.rusage.stime, peak: used.rusage.maxrss })
}

fn failed(status: ExitStatus) -> bool {
    !matches!(status.code(), Some(0 | 1))
}

/// Runs all jobs in turn, so many rounds, and prints the medians as a table.
pub(super) fn table(jobs: &[Job], rounds: usize) -> Result<(), String> {
    let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); jobs.len()];
    for _ in 0..rounds {
        for (job, costs) in jobs.iter().zip(&mut costs) {
            (job.prepare)()?;
            costs.push(run(&mut (job.command)())?);
        }
    }
    println!("\n| job | wall, s | least | CPU, s | peak, MB | target |\n|---|---|---|---|---|---|");
    for (job, costs) in jobs.iter().zip(&costs) {
        let of = |value: fn(&Cost) -> f64| median(costs.iter().map(value).collect());
        let least = costs.iter().map(|cost| cost.wall).min().unwrap_or_default().as_secs_f64();
        let memory = job.target.1.map_or_else(|| "–".to_owned(), |mb| format!("{mb} MB"));
        println!(
            "| {} | {:.3} | {least:.3} | {:.3} | {:.0} | {} s, {memory} |",
            job.name,
            of(|cost| cost.wall.as_secs_f64()),
            of(|cost| cost.cpu.as_secs_f64()),
            of(|cost| cost.peak as f64 / 1e6),
            job.target.0.as_secs_f64(),
        );
    }
    Ok(())
}

/// The middle one; of two the greater.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
