//! What Istio's injector takes as the value of an annotation (`pkg/kube/inject/validate.go`).

use std::net::IpAddr;

/// Why a value is none, in a few words.
pub(super) fn problem(name: &str, value: &str) -> Option<String> {
    match name {
        "sidecar.istio.io/interceptionMode" => (!matches!(value, "REDIRECT" | "TPROXY" | "NONE"))
            .then(|| format!("`{value}` is none of `REDIRECT`, `TPROXY` and `NONE`")),
        "status.sidecar.istio.io/port" => port(value),
        "readiness.status.sidecar.istio.io/initialDelaySeconds"
        | "readiness.status.sidecar.istio.io/periodSeconds"
        | "readiness.status.sidecar.istio.io/failureThreshold" => {
            value.parse::<u32>().is_err().then(|| format!("`{value}` is no whole number"))
        }
        "traffic.sidecar.istio.io/includeOutboundIPRanges" if value == "*" => None,
        "traffic.sidecar.istio.io/includeOutboundIPRanges"
        | "traffic.sidecar.istio.io/excludeOutboundIPRanges" => ranges(value),
        "traffic.sidecar.istio.io/includeInboundPorts" if value == "*" => None,
        "traffic.sidecar.istio.io/includeInboundPorts"
        | "traffic.sidecar.istio.io/excludeInboundPorts"
        | "traffic.sidecar.istio.io/excludeOutboundPorts" => ports(value),
        "traffic.sidecar.istio.io/excludeInterfaces"
        | "traffic.sidecar.istio.io/kubevirtInterfaces"
        | "istio.io/reroute-virtual-interfaces" => interfaces(value),
        "prometheus.istio.io/merge-metrics" => {
            let truth = ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"];
            (!truth.contains(&value)).then(|| format!("`{value}` is neither `true` nor `false`"))
        }
        "sidecar.istio.io/proxyCPU"
        | "sidecar.istio.io/proxyMemory"
        | "sidecar.istio.io/proxyCPULimit"
        | "sidecar.istio.io/proxyMemoryLimit" => {
            (!is_quantity(value)).then(|| format!("`{value}` is no amount such as `100m` or `128Mi`"))
        }
        _ => None,
    }
}

fn port(text: &str) -> Option<String> {
    text.trim().parse::<u16>().is_err().then(|| format!("`{text}` is no port"))
}

fn ports(list: &str) -> Option<String> {
    let list = list.trim();
    if list.is_empty() { None } else { list.split(',').find_map(port) }
}

fn ranges(list: &str) -> Option<String> {
    if list.is_empty() {
        return None;
    }
    list.split(',').find_map(|range| {
        let whole = range.split_once('/').and_then(|(address, bits)| {
            let address: IpAddr = address.parse().ok()?;
            let bits: u8 = bits.parse().ok()?;
            (bits <= if address.is_ipv4() { 32 } else { 128 }).then_some(())
        });
        whole.is_none().then(|| format!("`{range}` is no range of addresses such as `10.0.0.0/8`"))
    })
}

/// Names that Linux takes: up to 15 characters without a blank or a slash.
fn interfaces(list: &str) -> Option<String> {
    if list.is_empty() {
        return None;
    }
    list.split(',').map(str::trim).find_map(|name| {
        let bad = name.is_empty()
            || name.len() > 15
            || name.chars().any(|c| c.is_whitespace() || c == '/' || c.is_control());
        bad.then(|| format!("`{name}` is no name of an interface"))
    })
}

/// Kubernetes's quantities: a number with a suffix or an exponent.
fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(end);
    let digits = number.bytes().any(|b| b.is_ascii_digit()) && number.matches('.').count() <= 1;
    let suffixes = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let exponent = suffix.strip_prefix(['e', 'E']).is_some_and(|e| e.parse::<i32>().is_ok());
    digits && (suffixes.contains(&suffix) || exponent)
}

#[cfg(test)]
mod tests {
    use super::problem;

    #[test]
    fn values_are_read_as_istio_reads_them() {
        let good = [
            ("sidecar.istio.io/interceptionMode", "TPROXY"),
            ("status.sidecar.istio.io/port", " 15021"),
            ("traffic.sidecar.istio.io/includeInboundPorts", "*"),
            ("traffic.sidecar.istio.io/excludeInboundPorts", "80, 443"),
            ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8,fd00::/8"),
            ("sidecar.istio.io/proxyCPU", "100m"),
            ("sidecar.istio.io/proxyMemory", "1.5Gi"),
            ("sidecar.istio.io/proxyMemory", "1e9"),
            ("prometheus.istio.io/merge-metrics", "false"),
            ("sidecar.istio.io/logLevel", "anything"),
        ];
        for (name, value) in good {
            assert_eq!(problem(name, value), None, "{name}={value}");
        }
        let bad = [
            ("sidecar.istio.io/interceptionMode", "tproxy"),
            ("status.sidecar.istio.io/port", "http"),
            ("readiness.status.sidecar.istio.io/periodSeconds", "10s"),
            ("traffic.sidecar.istio.io/excludeInboundPorts", "*"),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.1"),
            ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.0.0.0/33"),
            ("sidecar.istio.io/proxyCPU", "100 m"),
            ("sidecar.istio.io/proxyMemory", "lots"),
            ("prometheus.istio.io/merge-metrics", "yes"),
        ];
        for (name, value) in bad {
            assert!(problem(name, value).is_some(), "{name}={value}");
        }
    }
}
