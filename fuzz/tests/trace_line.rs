//! Lines of trace's input: any line gets an answer or an error.

use meshc_fuzz::{bookshop, edited};
use meshc_source::SourceSet;
use meshc_trace::{Query, Tracer};

#[test]
fn any_line() {
    let sources = SourceSet::of("bookshop.yaml", &bookshop().join("\n---\n"));
    let outcome = meshc_resources::read(&sources, &meshc_syntax::Limits::default());
    let mesh = meshc_effective::compile(&meshc_mesh::Mesh::new(&outcome.resources));
    let tracer = Tracer::new(&mesh, &sources);
    let seed = br#"{"proxy":"storefront-v1.shop","route_table":"9080","request":{"method":"GET",
        "authority":"reviews:9080","path":"/api/v2/x?a=b","headers":{"x-app-version":"v2"}}}"#;
    bolero::check!().with_type::<Vec<u8>>().for_each(|script| {
        let line = String::from_utf8_lossy(&edited(seed, script)).replace('\n', " ");
        let _ = Query::from_line(&line).and_then(|query| tracer.trace(&query));
    });
}
