//! The clusters of a compiled mesh by their services, so that other endpoints of a service can be followed.

use std::collections::HashMap;
use std::sync::Arc;

use meshc_mesh::{Mesh, Registry, Resolution, Service};

use super::service::{self, Context, Mode};
use super::settings::Settings;
use super::{Cache, Key, Made};
use crate::model::Cluster;

/// What was made of each service.
#[derive(Debug)]
pub(crate) struct Kept {
    settings: Settings,
    with_case: Settings,
    by_service: HashMap<Key, Made>,
}

impl Cache {
    /// What it takes to follow edits.
    pub(crate) fn keep(self) -> Kept {
        Kept { settings: self.settings, with_case: self.with_case, by_service: self.by_service }
    }
}

impl Kept {
    /// Follows that a service has other endpoints: its clusters as they were and as they are. None where more than
    /// clusters of its very own depends on them.
    pub(crate) fn follow(
        &mut self,
        mesh: &Mesh,
        old: &Arc<Service>,
        new: &Arc<Service>,
    ) -> Option<Vec<(Arc<Cluster>, Arc<Cluster>)>> {
        // Listeners of headless services are those of their endpoints.
        let plain = old.registry == Registry::Kubernetes && old.resolution == Resolution::ClientSide;
        let same = *old.as_ref() == Service { endpoints: old.endpoints.clone(), ..Service::clone(new) };
        if !plain || !same {
            return None;
        }
        let place = Arc::as_ptr(old).addr();
        let is_part =
            |made: &Made| made.service.hostname == old.hostname && Arc::as_ptr(&made.service).addr() != place;
        // A Sidecar's listener may have a part of it: some of its ports, or under fewer names.
        if self.by_service.values().any(is_part) {
            return None;
        }
        let keys: Vec<Key> = self.by_service.keys().filter(|key| key.0 == place).cloned().collect();
        let mut all = Vec::new();
        for key in keys {
            let (_, of_rule, asked, mode) = &key;
            if *mode == Mode::SniDnat {
                return None;
            }
            let made = self.by_service.remove(&key)?;
            let context = Context {
                mesh,
                settings: if asked.keeps_case { &self.with_case } else { &self.settings },
                service: new,
                rule: made.rule.as_ref(),
                caller: asked.caller(),
            };
            let clusters = service::clusters(&context, *mode);
            let alike = made.clusters.len() == clusters.len()
                && made.clusters.iter().zip(&clusters).all(|(old, new)| old.name == new.name);
            if !alike {
                return None;
            }
            all.extend(made.clusters.into_iter().zip(clusters.iter().cloned()));
            let key = (Arc::as_ptr(new).addr(), *of_rule, asked.clone(), *mode);
            self.by_service.insert(key, Made { clusters, service: Arc::clone(new), rule: made.rule });
        }
        Some(all)
    }
}
