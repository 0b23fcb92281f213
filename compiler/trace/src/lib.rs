//! The interpreter: one request through the effective configuration, with its reasons.
//! [`Tracer`] answers what Envoy 1.40 would do under the routes, faults and rewrites of one proxy.
//!
//! A request is read as HTTP/1.1 in plaintext with `normalize_path` on, the way Istio's listeners are
//! set up. Everything here is a pure function of the configuration, the request and, where a token's validity depends
//! on it, the time that the tracer was given: no chance (shares of chance stand in [`Answer::alternatives`]), no
//! network.

#![forbid(unsafe_code)]

mod answer;
mod cors;
mod error;
mod evaluate;
mod fault;
mod format;
mod forward;
mod headers;
mod hosts;
mod local;
mod matching;
mod operations;
mod outgoing;
mod query;
mod redirect;
mod regexes;
mod request_line;
mod security;
mod seen;
mod select;
mod story;
mod story_text;
mod timeout;
mod tracer;

pub use answer::{
    Alternative, Answer, BackoffAnswer, Because, CorsAnswer, DestinationOps, RetriesAnswer, Share, Upstream,
};
pub use error::TraceError;
pub use hosts::HostKind;
pub use meshc_envoy::{merge_slashes, normalize_path};
pub use query::{Direction, MAX_LINE_BYTES, Query, Request};
pub use regexes::Regexes;
pub use request_line::{RequestLine, RequestLineError};
pub use security::template_regex;
pub use story::{CheckStory, HostStory, RouteStory, Setting, Story, StoryRequest, Verdict};
pub use story_text::render as render_story;
pub use tracer::Tracer;
