//! Proxies that check something else.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use meshc_mesh::Mesh;

use super::Change;
use crate::model::{EffectiveMesh, Listener, ProxyKind, Security};
use crate::security;

/// Gives the proxies of namespaces what the policies say now that hold for them; of the root namespace hold for all. None
/// where a gateway checks something else: what it routes by is made of that.
pub(super) fn follow(
    mesh: &mut EffectiveMesh,
    resolved: &Mesh,
    namespaces: &BTreeSet<String>,
) -> Option<Change> {
    let everywhere = namespaces.contains(resolved.config.root_namespace());
    let mut cache = security::Cache::new(resolved);
    let mut listeners = Listeners::default();
    let mut change = Change::default();
    let concerned = |namespace: &String| everywhere || namespaces.contains(namespace);
    for (place, proxy) in mesh.proxies.iter_mut().enumerate().filter(|(_, p)| concerned(&p.id.namespace)) {
        let made = cache.of(resolved, resolved.pod(&proxy.id.namespace, &proxy.id.name)?);
        if made == proxy.security {
            continue;
        }
        if proxy.kind == ProxyKind::Gateway {
            return None;
        }
        let proxy = Arc::make_mut(proxy);
        let old = std::mem::replace(&mut proxy.security, Arc::clone(&made));
        for listener in &mut proxy.listeners {
            if listener.security.as_ref().is_some_and(|security| Arc::ptr_eq(security, &old)) {
                *listener = listeners.with(listener, &made);
            }
        }
        change.proxies.push(place);
    }
    Some(change)
}

/// Listeners that check something else, by the places of what they were and of what they check; both are held.
#[derive(Default)]
struct Listeners(HashMap<(usize, usize), (Arc<Listener>, Arc<Listener>)>);

impl Listeners {
    fn with(&mut self, listener: &Arc<Listener>, security: &Arc<Security>) -> Arc<Listener> {
        let key = (Arc::as_ptr(listener).addr(), Arc::as_ptr(security).addr());
        let new = || {
            let made = Listener { security: Some(Arc::clone(security)), ..Listener::clone(listener) };
            (Arc::clone(listener), Arc::new(made))
        };
        Arc::clone(&self.0.entry(key).or_insert_with(new).1)
    }
}
