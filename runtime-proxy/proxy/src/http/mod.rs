//! HTTP: from a request of a client to its response.

pub(crate) mod body;
pub(crate) mod connection;
mod cors;
mod framing;
mod headers;
mod local_reply;
mod mirror;
mod operators;
mod request;
mod respond;
mod router;
mod router_setup;
mod stream;
mod upgrade;
