//! Faults on purpose, and shares of requests.

use meshc_resources::istio;

use crate::model::{Fault, FaultAbort, FaultDelay, Percent};

/// Istio's faults as Envoy's filter takes them; none where neither is complete.
pub(super) fn fault(written: &istio::Fault) -> Option<Fault> {
    let delay = written.delay.as_ref().and_then(|delay| {
        let whole = delay.percent.as_ref().and_then(|percent| u32::try_from(percent.value).ok());
        Some(FaultDelay {
            fixed: delay.fixed_delay.as_ref()?.as_std()?,
            // Without a percentage Istio says 0, whatever one would expect.
            percent: delay.percentage.as_ref().map_or_else(|| hundredths(whole.unwrap_or(0)), |p| percent(p)),
        })
    });
    let abort = written.abort.as_ref().and_then(|abort| {
        let http_status = abort.http_status.as_ref().and_then(|status| u32::try_from(status.value).ok());
        let grpc_status = abort.grpc_status.as_ref().and_then(|status| grpc_code(status));
        if http_status.is_none() && grpc_status.is_none() {
            return None;
        }
        let percent = abort.percentage.as_ref().map_or(Percent::of_hundred(0), |p| percent(p));
        Some(FaultAbort { http_status, grpc_status: grpc_status.filter(|_| http_status.is_none()), percent })
    });
    (delay.is_some() || abort.is_some()).then_some(Fault { delay, abort })
}

/// Istio's `Percent`, cut to millionths as Istio cuts it.
pub(super) fn percent(percent: &istio::Percent) -> Percent {
    let value = percent.value.as_ref().map_or(0.0, |value| value.value).clamp(0.0, 100.0);
    Percent::of_million((value * 10_000.0) as u32)
}

/// A whole number of percent.
pub(super) fn hundredths(percent: u32) -> Percent {
    Percent::of_hundred(percent)
}

/// A gRPC status by its name or number.
fn grpc_code(text: &str) -> Option<u32> {
    let by_name =
        istio::GRPC_STATUSES.iter().position(|name| *name == text).and_then(|code| u32::try_from(code).ok());
    by_name.or_else(|| text.parse().ok().filter(|code| *code < 17))
}

#[cfg(test)]
mod tests {
    use super::{grpc_code, hundredths};

    #[test]
    fn statuses_have_names_and_numbers() {
        assert_eq!(grpc_code("UNAVAILABLE"), Some(14));
        assert_eq!(grpc_code("14"), Some(14));
        assert_eq!(grpc_code("99"), None);
        assert_eq!(hundredths(50).millionths, 500_000);
    }
}
