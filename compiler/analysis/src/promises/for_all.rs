//! RouteTests about all requests of a set: the set is cut into the parts that different routes take; requests of one
//! part are treated alike, so that one of each answers for all of them.

use meshc_diagnostics::Witness;
use meshc_effective::model::{
    HeaderCondition, HeaderMatch, PatchSide, PathMatch, Proxy, QueryCondition, QueryMatch, RouteMatch,
    RouteTable, StringMatch, VirtualHost,
};
use meshc_mesh::hostname::qualify;
use meshc_predicate::{Error, Limits};
use meshc_resources::Object;
use meshc_resources::istio;
use meshc_resources::meshc::{RequestSet, RouteTest};

use super::{Verdict, World, route_test};
use crate::diff::replay;
use crate::reach::{Site, own_domains};
use crate::requests::hosts::Domains;
use crate::requests::{ModelBuilder, Partition};

/// `all requests to reviews with path /admin*`
pub(super) fn words(set: &RequestSet) -> String {
    let hosts: Vec<&str> = set.hosts.iter().map(|host| host.value.as_str()).collect();
    let mut text = "all requests".to_owned();
    if !hosts.is_empty() {
        text = format!("{text} to {}", hosts.join(", "));
    }
    if let Some(port) = &set.port {
        text = format!("{text} on port {port}");
    }
    let mut conditions: Vec<String> = Vec::new();
    conditions.extend(set.method.as_ref().map(|method| format!("method {}", of(method))));
    conditions.extend(set.path.as_ref().map(|path| format!("path {}", of(path))));
    conditions.extend(set.headers.iter().map(|(name, value)| format!("header {} {}", name.value, of(value))));
    let without = |(name, value): (
        &meshc_syntax::de::Spanned<String>,
        &meshc_syntax::de::Spanned<istio::StringMatch>,
    )| { format!("no header {} {}", name.value, of(value)) };
    conditions.extend(set.without_headers.iter().map(without));
    conditions.extend(
        set.query_params.iter().map(|(name, value)| format!("parameter {} {}", name.value, of(value))),
    );
    if conditions.is_empty() { text } else { format!("{text} with {}", conditions.join(", ")) }
}

fn of(condition: &istio::StringMatch) -> String {
    let text = |value: &Option<meshc_syntax::de::Spanned<String>>| value.as_ref().map(|v| v.value.clone());
    text(&condition.exact)
        .or_else(|| text(&condition.prefix).map(|prefix| format!("{prefix}*")))
        .or_else(|| text(&condition.regex).map(|regex| format!("~{regex}")))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Whether all requests of a set that a proxy sends are treated as expected. `asked` gets the requests that were tried.
pub(super) fn prove(
    test: &Object<RouteTest>,
    proxy: &Proxy,
    set: &RequestSet,
    world: &World<'_>,
    asked: &mut Vec<Witness>,
) -> Verdict {
    if let Some(why) = proxy.doubt(PatchSide::outer(proxy)) {
        return Verdict::unknown(why);
    }
    let wanted = route_match(set);
    let mut seen_any = false;
    for table in tables(proxy, set) {
        let domains = Domains::of([table]);
        for (at, host) in table.virtual_hosts.iter().enumerate() {
            let Some(own) = own_asked(set, test.namespace(), table, at, &domains) else { continue };
            seen_any = true;
            let look = Look { test, proxy, world, table, domains: &domains };
            match look.at(host, &own, &wanted, asked) {
                Ok(Verdict::Kept) => {}
                Ok(verdict) => return verdict,
                Err(error) => return Verdict::unknown(error.to_string()),
            }
        }
    }
    if seen_any {
        Verdict::Kept
    } else {
        Verdict::unknown("no route table of the sender has such a port and host")
    }
}

fn tables<'p>(proxy: &'p Proxy, set: &RequestSet) -> impl Iterator<Item = &'p RouteTable> {
    let port = set.port.as_ref().map(ToString::to_string);
    proxy.tables.values().map(AsRef::as_ref).filter(move |table| {
        // `9080`, `http.8080`, `reviews.shop.svc.cluster.local:9080`
        port.as_ref().is_none_or(|port| table.name.rsplit(['.', ':']).next() == Some(port.as_str()))
    })
}

/// The domains of a virtual host that lead to it and that the set asks for; none if there is no such one.
fn own_asked(
    set: &RequestSet,
    namespace: &str,
    table: &RouteTable,
    at: usize,
    domains: &Domains<'_>,
) -> Option<Vec<String>> {
    let own = own_domains(table, at);
    let asked: Vec<String> = if set.hosts.is_empty() {
        own
    } else {
        let named = set.hosts.iter().flat_map(|host| [host.value.clone(), qualify(host, namespace)]);
        let best: Vec<String> = named
            .filter_map(|host| domains.best(&host).map(ToOwned::to_owned))
            .filter(|d| d != "*")
            .collect();
        own.into_iter().filter(|domain| best.contains(&domain.to_ascii_lowercase())).collect()
    };
    (!asked.is_empty()).then_some(asked)
}

/// What is looked at: one table of one proxy.
struct Look<'a, 'm> {
    test: &'a Object<RouteTest>,
    proxy: &'a Proxy,
    world: &'a World<'m>,
    table: &'a RouteTable,
    domains: &'a Domains<'a>,
}

impl Look<'_, '_> {
    fn at(
        &self,
        host: &VirtualHost,
        own: &[String],
        wanted: &RouteMatch,
        asked: &mut Vec<Witness>,
    ) -> Result<Verdict, Error> {
        let limits = Limits::default();
        let found = ModelBuilder::to(self.proxy.reader(), (self.domains, own), &host.routes, &limits)?;
        let Some((mut builder, authority)) = found else { return Ok(Verdict::Kept) };
        builder.add(wanted)?;
        builder.add_host(Some(host))?;
        let mut model = builder.build(authority)?;
        let sets = model.sets.clone();
        let Some((set, routes)) = sets.split_first() else { return Ok(Verdict::Kept) };
        let partition = Partition::new(&mut model.space, routes)?;
        let mut unknown = None;
        for (_, part) in partition.parts() {
            let part = model.space.and(part, *set)?;
            if part.is_empty() {
                continue;
            }
            let certain = model.certain(part)?;
            let Some((_, request)) = model.witness(certain) else {
                unknown = model.unknowns(part).into_iter().next();
                continue;
            };
            let witness = Site::Table(self.table.name.clone()).witness(self.proxy, request);
            asked.push(witness.clone());
            match replay::replay(&self.world.tracer, &witness) {
                Ok(answer) => match route_test::judge(self.test, witness, answer) {
                    Verdict::Kept => {}
                    verdict => return Ok(verdict),
                },
                Err(error) => unknown = Some(error.to_string()),
            }
        }
        Ok(unknown.map_or(Verdict::Kept, Verdict::unknown))
    }
}

/// The set as Envoy would match it.
fn route_match(set: &RequestSet) -> RouteMatch {
    let path = set.path.as_ref().map_or_else(PathMatch::any, |path| match string(path) {
        Some(StringMatch::Exact(text)) => PathMatch::Exact(text),
        Some(StringMatch::Regex(text)) => PathMatch::Regex(text),
        Some(StringMatch::Prefix(text) | StringMatch::Suffix(text) | StringMatch::Contains(text)) => {
            PathMatch::Prefix(text)
        }
        None => PathMatch::any(),
    });
    let header = |name: &str, condition: &istio::StringMatch, invert: bool| HeaderMatch {
        name: name.to_owned(),
        condition: string(condition).map_or(HeaderCondition::Present, HeaderCondition::Value),
        invert,
        treat_missing_as_empty: invert && string(condition).is_some(),
        ignore_case: false,
    };
    let method = set.method.iter().map(|method| header(":method", method, false));
    let headers = set.headers.iter().map(|(name, condition)| header(name, condition, false));
    let without = set.without_headers.iter().map(|(name, condition)| header(name, condition, true));
    let query = set.query_params.iter().map(|(name, condition)| QueryMatch {
        name: name.value.clone(),
        condition: string(condition).map_or(QueryCondition::Present, QueryCondition::Value),
    });
    RouteMatch {
        path,
        case_sensitive: true,
        is_written: true,
        headers: method.chain(headers).chain(without).collect(),
        query: query.collect(),
        metadata: Vec::new(),
    }
}

fn string(condition: &istio::StringMatch) -> Option<StringMatch> {
    let text = |value: &Option<meshc_syntax::de::Spanned<String>>| {
        value.as_ref().map(|v| v.value.clone()).filter(|v| !v.is_empty())
    };
    text(&condition.exact)
        .map(StringMatch::Exact)
        .or_else(|| text(&condition.prefix).map(StringMatch::Prefix))
        .or_else(|| text(&condition.regex).map(StringMatch::Regex))
}
