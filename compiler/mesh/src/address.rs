//! Addresses for pods and services that have none in the YAML: derived from their names, so that they stay
//! when others come and go.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// A block of addresses to hand out from.
#[derive(Debug)]
pub(crate) struct AddressPool {
    base: u32,
    /// Addresses in the block; a power of two.
    size: u32,
    taken: BTreeSet<u32>,
}

impl AddressPool {
    /// 10.128.0.0/9, for pods.
    pub(crate) fn for_pods() -> Self {
        Self::new(Ipv4Addr::new(10, 128, 0, 0), 9)
    }

    /// 10.96.0.0/12, Kubernetes's usual block for services.
    pub(crate) fn for_services() -> Self {
        Self::new(Ipv4Addr::new(10, 96, 0, 0), 12)
    }

    /// 240.240.0.0/16, Istio's block for ServiceEntries.
    pub(crate) fn for_entries() -> Self {
        Self::new(Ipv4Addr::new(240, 240, 0, 0), 16)
    }

    fn new(base: Ipv4Addr, prefix: u32) -> Self {
        Self { base: base.to_bits(), size: 1 << (32 - prefix), taken: BTreeSet::new() }
    }

    /// Marks an address of the YAML as taken.
    pub(crate) fn reserve(&mut self, address: &str) {
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            self.taken.insert(address.to_bits());
        }
    }

    /// The address of a name: where it falls by its hash, else the next free one. The first and the last
    /// address of every 256 are left out, as people expect.
    pub(crate) fn derive(&mut self, namespace: &str, name: &str) -> String {
        let mut offset = hash(namespace, name) % self.size;
        loop {
            let address = self.base + offset;
            if !matches!(address & 0xff, 0 | 0xff) && self.taken.insert(address) {
                return Ipv4Addr::from_bits(address).to_string();
            }
            offset = (offset + 1) % self.size;
        }
    }
}

/// FNV-1a, which is the same on every machine and in every version.
fn hash(namespace: &str, name: &str) -> u32 {
    namespace
        .bytes()
        .chain(*b"/")
        .chain(name.bytes())
        .fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_follows_from_the_name_alone() {
        let mut first = AddressPool::for_pods();
        let reviews = first.derive("shop", "reviews-v1-0");
        let mut second = AddressPool::for_pods();
        second.derive("shop", "another-0");
        assert_eq!(second.derive("shop", "reviews-v1-0"), reviews);
        assert!(reviews.starts_with("10."));
    }

    #[test]
    fn no_address_is_given_twice() {
        let mut pool = AddressPool::for_services();
        let first = pool.derive("a", "b");
        assert_ne!(pool.derive("a", "b"), first);
        let mut reserved = AddressPool::for_services();
        reserved.reserve(&first);
        assert_ne!(reserved.derive("a", "b"), first);
    }
}
