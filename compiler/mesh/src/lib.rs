//! The resolved world: namespaces, services, ports, workloads, subsets, gateways.
