//! `meshc build`: write the bundle that proxies load.

use std::fs;

use meshc_bundle::{BundleBuilder, Format};
use meshc_xds::Writer;

use super::DONE;
use crate::args::{Build, BuildFormat};
use crate::load::{Failure, Selected, Tree};
use crate::output;

pub(crate) fn run(args: &Build) -> Result<u8, Failure> {
    let tree = Tree::read(&Selected::of(&args.tree))?;
    let Some(mesh) = tree.compile_to_run(args.allow_errors) else { return Ok(super::FINDINGS) };
    let format = match args.format {
        BuildFormat::Oci => Format::Oci,
        BuildFormat::Dir => Format::Dir,
        BuildFormat::EnvoyBootstrap => {
            let name = args.proxy.as_deref().unwrap_or_default();
            let proxy = mesh.find(name).map_err(Failure::new)?;
            tree.report(meshc_xds::rules::left_out([&**proxy]).as_slice());
            let node = Writer::new().node(proxy);
            let bootstrap = meshc_xds::bootstrap::bootstrap(&proxy.id.to_string(), &node);
            let mut text = serde_json::to_string_pretty(&bootstrap).map_err(Failure::new)?;
            text.push('\n');
            fs::write(&args.out, text).map_err(|e| Failure::new(format!("{}: {e}", args.out.display())))?;
            output::note(&format!("wrote the bootstrap of {} to {}", proxy.id, args.out.display()));
            return Ok(DONE);
        }
    };
    tree.report(meshc_xds::rules::left_out(mesh.proxies.iter().map(|proxy| &**proxy)).as_slice());
    let mut writer = Writer::new();
    let mut builder = BundleBuilder::new();
    for proxy in &mesh.proxies {
        builder.node(&proxy.id.to_string(), &writer.node(proxy));
    }
    let proxies = mesh.proxies.len();
    let written = builder.write(&args.out, format).map_err(Failure::new)?;
    // The process ends soon: taking the mesh apart piece by piece would only be waited for.
    std::mem::forget((tree, mesh, writer));
    output::out(&format!("{}\n", written.configuration));
    output::note(&format!(
        "wrote {} proxies as {} blobs ({} bytes) to {}; endpoints {}",
        proxies,
        written.blobs,
        written.bytes,
        args.out.display(),
        written.endpoints
    ));
    Ok(DONE)
}
