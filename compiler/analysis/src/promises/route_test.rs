//! RouteTests: each sender with each request, or with all requests of a set.

use meshc_diagnostics::Witness;
use meshc_effective::model::Proxy;
use meshc_resources::Object;
use meshc_resources::meshc::{RouteTest, TestRequest};
use meshc_trace::{Answer, RequestLine};

use super::{Case, Promise, Verdict, World, expectation, for_all};

pub(super) fn run(test: &Object<RouteTest>, world: &World<'_>) -> Promise {
    let mut cases = Vec::new();
    for from in &test.spec.from {
        let proxy = match sender(from, test.namespace(), world) {
            Ok(proxy) => proxy,
            Err(why) => {
                cases.push(Case::new(from.value.clone(), Verdict::unknown(why), Vec::new()));
                continue;
            }
        };
        let requests = test.spec.requests.iter().map(|request| one(test, proxy, request, world));
        cases.extend(requests);
        cases.extend(test.spec.for_all.as_ref().map(|set| {
            let mut asked = Vec::new();
            let verdict = for_all::prove(test, proxy, set, world, &mut asked);
            Case::new(format!("{}: {}", proxy.id, for_all::words(set)), verdict, asked)
        }));
    }
    Promise { resource: test.id(), span: test.span, cases }
}

/// The proxy of a name: in the test's namespace first, then wherever it is unique.
fn sender<'m>(name: &str, namespace: &str, world: &World<'m>) -> Result<&'m Proxy, String> {
    let here = world.effective.find(&format!("{name}.{namespace}"));
    here.or_else(|_| world.effective.find(name)).map(AsRef::as_ref).map_err(|error| error.to_string())
}

fn one(test: &Object<RouteTest>, proxy: &Proxy, request: &TestRequest, world: &World<'_>) -> Case {
    let method = request.method.as_ref().map_or("GET", |method| method.value.as_str());
    let url = request.url.as_ref().map_or("", |url| url.value.as_str());
    let headers: Vec<String> =
        request.headers.iter().map(|(name, value)| format!("{}: {}", name.value, value.value)).collect();
    let said: String = headers.iter().map(|header| format!("  {header}")).collect();
    let name = format!("{}: {method} {url}{said}", proxy.id);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let mut asked = Vec::new();
    let verdict = match RequestLine::parse(&[method, url], &headers) {
        Err(error) => Verdict::unknown(error.to_string()),
        Ok(line) => {
            let mut query = line.query(proxy, None);
            query.peer = request.peer.as_ref().map(|peer| peer.value.clone());
            match world.tracer.trace(&query) {
                Ok(answer) => {
                    asked.push(Witness::from(&query));
                    judge(test, Witness::from(&query), answer)
                }
                Err(error) => Verdict::unknown(error.to_string()),
            }
        }
    };
    Case::new(name, verdict, asked)
}

/// Holds one answer against what is expected and what is forbidden.
pub(super) fn judge(test: &Object<RouteTest>, witness: Witness, answer: Answer) -> Verdict {
    let namespace = test.namespace();
    let unmet = test.spec.expect.as_ref().and_then(|e| expectation::unmet(e, &answer, namespace));
    let forbidden = || test.spec.never.as_ref().and_then(|n| expectation::met(n, &answer, namespace));
    match unmet.or_else(forbidden) {
        Some(message) => Verdict::broken(message, witness, answer),
        None => Verdict::Kept,
    }
}
