//! Headers that say nothing about a route.

/// Headers of requests that every proxy and every client adds or drops on its own.
const OF_EVERYONE: [&str; 21] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
    "x-b3-sampled",
    "x-case",
    "x-envoy-attempt-count",
    "x-envoy-decorator-operation",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-external-address",
    "x-envoy-internal",
    "x-envoy-original-host",
    "x-envoy-original-method",
    "x-envoy-original-path",
    "x-envoy-peer-metadata",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
];

/// Whether a request has a header whatever its route is: it is compared only where something is said about it.
pub fn is_own(name: &str) -> bool {
    OF_EVERYONE.contains(&name)
}
