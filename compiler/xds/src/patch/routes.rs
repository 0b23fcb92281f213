//! Route tables, virtual hosts and routes (`rc_patch.go`).

use std::collections::BTreeSet;

use meshc_effective::model::{Patch, PatchKind, PatchOperation};
use serde_json::Value;

use super::{Applier, list, merge, text};

/// The fields of a route's actions that patches can ask for.
const ACTIONS: [&str; 3] = ["route", "redirect", "direct_response"];

impl Applier<'_> {
    /// Patches a route table.
    pub(crate) fn table(&mut self, table: &mut Value) {
        for (place, patch) in self.of(PatchKind::RouteConfiguration) {
            if patch.operation.is_merge() && self.is_for_table(patch, table) {
                self.used.insert(place);
                merge(patch, table);
            }
        }
        let mut hosts = list::take(table, "virtual_hosts");
        let mut removed = BTreeSet::new();
        for host in &mut hosts {
            if !self.host(host, table) {
                removed.insert(text(host, "name").to_owned());
            }
        }
        for (place, patch) in self.of(PatchKind::VirtualHost) {
            if patch.operation == PatchOperation::Add && self.is_for_table(patch, table) {
                self.used.insert(place);
                hosts.extend(patch.value.clone());
            }
        }
        hosts.retain(|host| !removed.contains(text(host, "name")));
        list::put(table, "virtual_hosts", hosts);
    }

    fn is_for_table(&self, patch: &Patch, table: &Value) -> bool {
        let of = patch.matches.routes.as_ref();
        of.is_none_or(|of| of.is_for(text(table, "name"), self.side, &self.patches.server_ports))
    }

    /// False where the virtual host is taken away.
    fn host(&mut self, host: &mut Value, table: &Value) -> bool {
        for (place, patch) in self.of(PatchKind::VirtualHost) {
            if patch.operation == PatchOperation::Add
                || !self.is_for_table(patch, table)
                || !is_for_host(patch, host)
            {
                continue;
            }
            self.used.insert(place);
            match (patch.operation, &patch.value) {
                (PatchOperation::Remove, _) => return false,
                (PatchOperation::Replace, Some(value)) => *host = value.clone(),
                (operation, Some(_)) if operation.is_merge() => merge(patch, host),
                _ => {}
            }
        }
        self.routes(host, table);
        true
    }

    fn routes(&mut self, host: &mut Value, table: &Value) {
        let patches = |this: &Self, host: &Value| -> Vec<_> {
            let all = this.of(PatchKind::HttpRoute).into_iter();
            all.filter(|(_, patch)| this.is_for_table(patch, table) && is_for_host(patch, host)).collect()
        };
        let patches = patches(self, host);
        if patches.is_empty() {
            return;
        }
        // What is taken away leaves its place until the end: what is inserted goes by it.
        let mut routes: Vec<Option<Value>> = list::take(host, "routes").into_iter().map(Some).collect();
        for slot in &mut routes {
            for (place, patch) in &patches {
                let Some(route) = slot else { break };
                if !is_for_route(patch, route) {
                    continue;
                }
                if patch.operation == PatchOperation::Remove {
                    self.used.insert(*place);
                    *slot = None;
                } else if patch.operation.is_merge() {
                    self.used.insert(*place);
                    merge(patch, route);
                }
            }
        }
        for (place, patch) in &patches {
            if insert(&mut routes, patch) {
                self.used.insert(*place);
            }
        }
        list::put(host, "routes", routes.into_iter().flatten().collect());
    }
}

/// Adds and inserts a route; whether it found where.
fn insert(routes: &mut Vec<Option<Value>>, patch: &Patch) -> bool {
    let Some(value) = patch.value.clone() else { return false };
    let asks = patch.matches.routes.as_ref().and_then(|of| of.host.as_ref()?.route.as_ref()).is_some();
    let is_it = |slot: &Option<Value>| slot.as_ref().is_some_and(|route| is_for_route(patch, route));
    let found = if asks { routes.iter().position(is_it) } else { None };
    let place = match (patch.operation, asks, found) {
        (PatchOperation::Add, _, _) | (PatchOperation::InsertAfter, false, _) => routes.len(),
        (PatchOperation::InsertBefore | PatchOperation::InsertFirst, false, _)
        | (PatchOperation::InsertFirst, true, Some(_)) => 0,
        (PatchOperation::InsertAfter, true, Some(place)) => place + 1,
        (PatchOperation::InsertBefore, true, Some(place)) => place,
        _ => return false,
    };
    routes.insert(place, Some(value));
    true
}

fn is_for_host(patch: &Patch, host: &Value) -> bool {
    let Some(of) = patch.matches.routes.as_ref().and_then(|of| of.host.as_ref()) else { return true };
    let domains = host.get("domains").and_then(Value::as_array).into_iter().flatten();
    of.is_for(text(host, "name"), domains.filter_map(Value::as_str))
}

fn is_for_route(patch: &Patch, route: &Value) -> bool {
    let host = patch.matches.routes.as_ref().and_then(|of| of.host.as_ref());
    let Some(of) = host.and_then(|of| of.route.as_ref()) else { return true };
    if !of.name.is_empty() && of.name != text(route, "name") {
        return false;
    }
    let action = ACTIONS.into_iter().find(|key| route.get(key).is_some());
    match (of.action, action) {
        (Some(asked), Some(action)) => asked == action,
        // Actions that cannot be asked for are any.
        (None, _) | (_, None) => true,
    }
}
