//! The blocks: what is counted for a cluster, an endpoint, a connection manager, a listener, a TCP proxy.

use std::sync::OnceLock;

use super::{Block, Counter, Kind};

macro_rules! block {
    ($(#[$meta:meta])* $name:ident { counters { $($counter:ident,)* } gauges { $($gauge:ident,)* } $(more { $($more:ident: $type:ty,)* })? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        #[allow(clippy::struct_field_names, reason = "the names are Envoy's, prefixes included")]
        pub(crate) struct $name {
            $(pub(crate) $counter: Counter,)*
            $(pub(crate) $gauge: Counter,)*
            $($(pub(crate) $more: $type,)*)?
        }

        impl $name {
            fn each_named(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
                $(visit(stringify!($counter), Kind::Counter, self.$counter.get());)*
                $(visit(stringify!($gauge), Kind::Gauge, self.$gauge.get());)*
            }
        }
    };
}

block! {
    /// A cluster.
    ClusterStats {
        counters {
            upstream_cx_total, upstream_cx_connect_fail, upstream_cx_connect_timeout, upstream_cx_destroy,
            upstream_cx_idle_timeout, upstream_cx_none_healthy, upstream_cx_max_requests, upstream_cx_http1_total,
            upstream_cx_http2_total,
            upstream_rq_total, upstream_rq_completed, upstream_rq_timeout, upstream_rq_per_try_timeout,
            upstream_rq_rx_reset, upstream_rq_tx_reset, upstream_rq_retry, upstream_rq_retry_success,
            upstream_rq_retry_limit_exceeded, retry_or_shadow_abandoned,
        }
        gauges { upstream_cx_active, upstream_rq_active, }
        more { codes: Codes, }
    }
}

block! {
    /// An endpoint.
    HostStats {
        counters { cx_connect_fail, cx_total, rq_error, rq_success, rq_timeout, rq_total, }
        gauges { cx_active, rq_active, }
    }
}

block! {
    /// A connection manager.
    HttpStats {
        counters {
            downstream_cx_total, downstream_cx_destroy, downstream_cx_drain_close, downstream_cx_idle_timeout,
            downstream_cx_upgrades_total, downstream_cx_max_duration_reached,
            downstream_rq_total, downstream_rq_completed, downstream_rq_1xx, downstream_rq_2xx, downstream_rq_3xx,
            downstream_rq_4xx, downstream_rq_5xx, downstream_rq_rx_reset, downstream_rq_timeout,
            downstream_rq_idle_timeout, downstream_rq_http1_total, downstream_rq_http2_total,
            downstream_rq_non_relative_path, no_route, no_cluster, rq_direct_response, rq_total,
            fault_delays_injected, fault_aborts_injected, cors_origin_valid, cors_origin_invalid,
        }
        gauges { downstream_cx_active, downstream_rq_active, downstream_cx_upgrades_active, fault_active_faults, }
    }
}

block! {
    /// A listener.
    ListenerStats {
        counters {
            downstream_cx_total, downstream_cx_destroy, downstream_accept_error, downstream_pre_cx_timeout,
            no_filter_chain_match, ssl_downstream_context_secrets_not_ready,
        }
        gauges { downstream_cx_active, downstream_pre_cx_active, }
    }
}

block! {
    /// A TCP proxy.
    TcpStats {
        counters {
            downstream_cx_total, downstream_cx_no_route, downstream_cx_rx_bytes_total, downstream_cx_tx_bytes_total,
            idle_timeout,
        }
        gauges { downstream_cx_active, }
    }
}

/// Responses by status; the room is taken with the first.
#[derive(Debug, Default)]
pub(crate) struct Codes(OnceLock<Box<[Counter]>>);

/// Statuses from 100 to 599.
const CODES: usize = 500;

impl Codes {
    /// Counts a response.
    pub(crate) fn inc(&self, status: u16) {
        let codes = self.0.get_or_init(|| (0..CODES).map(|_| Counter::default()).collect());
        if let Some(counter) = usize::from(status).checked_sub(100).and_then(|index| codes.get(index)) {
            counter.inc();
        }
    }

    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        let Some(codes) = self.0.get() else { return };
        let mut classes = [0_u64; 5];
        for (index, counter) in codes.iter().enumerate() {
            let count = counter.get();
            if count > 0 {
                classes[index / 100] += count;
                visit(&format!("upstream_rq_{}", index + 100), Kind::Counter, count);
            }
        }
        for (index, count) in classes.iter().enumerate() {
            if *count > 0 {
                visit(&format!("upstream_rq_{}xx", index + 1), Kind::Counter, *count);
            }
        }
    }
}

impl Block for ClusterStats {
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        self.each_named(visit);
        self.codes.each(visit);
    }
}

impl Block for HostStats {
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        self.each_named(visit);
    }
}

impl Block for HttpStats {
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        self.each_named(&mut |name, kind, value| {
            // What filters and the router count stands under names of their own.
            let name = match name.split_once('_') {
                Some(("fault", rest)) => format!("fault.{rest}"),
                Some(("cors", rest)) => format!("cors.{rest}"),
                _ => name.to_owned(),
            };
            visit(&name, kind, value);
        });
    }
}

impl Block for ListenerStats {
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        self.each_named(&mut |name, kind, value| {
            // TLS counts under a name of its own.
            let name =
                name.strip_prefix("ssl_").map_or_else(|| name.to_owned(), |rest| format!("ssl.{rest}"));
            visit(&name, kind, value);
        });
    }
}

impl Block for TcpStats {
    fn each(&self, visit: &mut dyn FnMut(&str, Kind, u64)) {
        self.each_named(visit);
    }
}

impl HttpStats {
    /// Counts the status of a response.
    pub(crate) fn count_status(&self, status: u16) {
        match status / 100 {
            1 => self.downstream_rq_1xx.inc(),
            2 => self.downstream_rq_2xx.inc(),
            3 => self.downstream_rq_3xx.inc(),
            4 => self.downstream_rq_4xx.inc(),
            5 => self.downstream_rq_5xx.inc(),
            _ => {}
        }
    }
}
