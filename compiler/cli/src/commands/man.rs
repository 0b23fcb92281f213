//! `meshc man`: the manual pages, one for the program and one for each command.

use std::fs;
use std::path::Path;

use clap::CommandFactory as _;

use super::DONE;
use crate::args::{Cli, Man};
use crate::load::Failure;
use crate::output;

pub(crate) fn run(args: &Man) -> Result<u8, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", args.directory.display()));
    fs::create_dir_all(&args.directory).map_err(failed)?;
    let mut command = Cli::command();
    command.build();
    let mut pages = vec![("meshc".to_owned(), command.clone())];
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        pages.push((format!("meshc-{}", subcommand.get_name()), subcommand.clone()));
    }
    for (name, command) in &pages {
        write(&args.directory.join(format!("{name}.1")), name, command.clone()).map_err(failed)?;
    }
    output::note(&format!("wrote {} pages to {}", pages.len(), args.directory.display()));
    Ok(DONE)
}

fn write(path: &Path, name: &str, command: clap::Command) -> std::io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).title(name).render(&mut page)?;
    output::replace(path, &page)
}
