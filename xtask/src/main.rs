//! The project's own chores: `cargo xtask test`, `cargo xtask check`, `cargo xtask bench`.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a chore talks to the person who runs it")]

mod bench;
mod check;
mod envoy;
mod fuzz;
mod laws;
mod messages;
mod mutants;
mod parts;
mod real;
mod schemas;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [ARG…]      every test; fetches real Envoy first; ARGs go to `cargo test`
  check            formatting, lints, the schemas, and, where cargo-deny is installed, licences and advisories
  bench check|compile|analysis|hostile [ROUNDS]
                   the tables of docs/performance.md over synthetic meshes: time, memory
  bench up         start and swap of `meshc up`, mesh-proxy beside Envoy
  bench build      the release build from an empty target directory
  schemas [--check] write the JSON Schemas in schemas/ from the types, or see whether they are current
  messages ROOT…   write the table of Envoy's messages from its .proto files
  fuzz [SECONDS]   every fuzz target, each for so long (60 by default)
  validate [MESHES]
                   stock Envoy takes every bootstrap of the recorded worlds, the samples, and so many made meshes
  agree [MESHES [REQUESTS]]
                   `trace` says what real Envoy does, over the recorded worlds and so many made ones
  laws [CASES]     the laws of proofs against a second implementation (100,000 cases by default)
  laws --envoy [MESHES]
                   what proofs and diffs show of so many made meshes (200 by default), sent through real Envoy
  mutants [COUNT]  mutation testing of the diff, judged by enumeration (2,000 mutants by default)
                   validate, agree, laws and mutants run in parts, MESHC_JOBS at once (all cores by default);
                   what has passed is kept in target/runs, so that one that was stopped goes on where it was
  envoy            fetch real Envoy into target/ and print its path
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let rest: Vec<String> = args.collect();
    let outcome = match command.as_deref() {
        Some("test") => test::run(&rest),
        Some("check") => check::run(),
        Some("bench") => bench::bench(rest.first().map(String::as_str), rest.get(1).map(String::as_str)),
        Some("schemas") => schemas::run(&rest),
        Some("validate") => real::validate(rest.first().map(String::as_str)),
        Some("agree") => real::agree(rest.first().map(String::as_str), rest.get(1).map(String::as_str)),
        Some("messages") => messages::run(&rest),
        Some("fuzz") => fuzz::run(rest.first().map(String::as_str)),
        Some("laws") if rest.first().is_some_and(|flag| flag == "--envoy") => {
            real::witnesses(rest.get(1).map(String::as_str))
        }
        Some("laws") => laws::laws(rest.first().map(String::as_str)),
        Some("mutants") => mutants::mutants(rest.first().map(String::as_str)),
        Some("envoy") => envoy::fetch().map(|path| println!("{}", path.display())),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}
