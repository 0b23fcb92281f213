//! A redirect that leads back to itself.

use std::collections::BTreeSet;

use meshc_diagnostics::{Diagnostic, Witness, declare_rule};
use meshc_effective::model::Action;
use meshc_trace::Query;

use super::World;
use crate::reach::Site;

declare_rule! {
    /// ## What it does
    /// Follows the `location` of a request of each redirect, as a client does, and finds those that come back to an address
    /// where they were before.
    ///
    /// ## What happens to traffic
    /// Browsers give up with "too many redirects", other clients with an error of their own.
    ///
    /// ## Example
    /// ```yaml
    /// - match: [{uri: {prefix: /docs}}]
    ///   redirect: {uri: /docs/}    # begins with /docs too
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// - match: [{uri: {exact: /docs}}]
    ///   redirect: {uri: /docs/}
    /// ```
    pub REDIRECT_LOOP = "MC1658", "redirect-loop", Error, Routes,
    "A redirect that leads back to itself",
    []
}

/// As many as browsers follow.
const MOST_REDIRECTS: usize = 20;

/// Every redirect that some request takes.
pub(super) fn check(world: &World<'_, '_>, found: &mut Vec<Diagnostic>) {
    let mut told = BTreeSet::new();
    for seen in &world.survey.hosts {
        for (route, reach) in seen.routes() {
            let (Action::Redirect(_), Some(request)) = (&route.action, &reach.witness) else { continue };
            let Some(origin) = route.origins.first() else { continue };
            if told.contains(&origin.span) {
                continue;
            }
            let secure = seen.table.name.starts_with("https.");
            let witness = Site::Table(seen.table.name.clone()).witness(seen.proxy, seen.named(request));
            let Some(path) = circle(world, &witness, secure) else { continue };
            told.insert(origin.span);
            let message = format!(
                "the redirect leads back to itself: {} {} is sent to {}",
                request.method,
                request.path,
                path.join(", then to ")
            );
            let message = format!("{message}, and so on");
            let mut finding = Diagnostic::new(&REDIRECT_LOOP, origin.span, message).witness(witness);
            let root =
                world.mesh.virtual_services.iter().find(|root| Some(root.meta.api_path()) == route.config);
            if let Some(root) = root {
                finding = finding.resource(root.meta.kind, Some(&root.meta.namespace), &root.meta.name);
            }
            found.push(finding.help("narrow the match, so that the new address does not fulfil it"));
        }
    }
}

/// The addresses that a client is sent to until it is where it was; none if it ever gets another answer.
fn circle(world: &World<'_, '_>, witness: &Witness, secure: bool) -> Option<Vec<String>> {
    let scheme = if secure { "https" } else { "http" };
    let mut query = Query::from(witness);
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut path = Vec::new();
    for _ in 0..MOST_REDIRECTS {
        let request = query.request.as_mut()?;
        let state = (request.authority.clone(), request.path.clone());
        if seen.contains(&state) {
            // The last address is one that the client was sent to before.
            path.dedup();
            return Some(path);
        }
        seen.push(state);
        let answer = world.tracer.trace(&query).ok()?;
        let location = answer.location.as_ref().filter(|_| answer.destinations.is_empty())?;
        // Another scheme is another port, where other routes hold.
        let rest = location.strip_prefix(scheme)?.strip_prefix("://")?;
        let (authority, target) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let request = query.request.as_mut()?;
        let (own, other) = (port_of(&request.authority, secure), port_of(authority, secure));
        if own != other {
            return None;
        }
        authority.clone_into(&mut request.authority);
        target.split('#').next().unwrap_or(target).clone_into(&mut request.path);
        path.push(location.clone());
    }
    None
}

/// The port of an authority, the scheme's own where it has none.
fn port_of(authority: &str, secure: bool) -> &str {
    let default = if secure { "443" } else { "80" };
    match authority.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => port,
        _ => default,
    }
}
