//! When an endpoint is put out (Istio's `applyOutlierDetection`).

use meshc_mesh::{Distribution, Service};
use meshc_resources::istio::OutlierDetection as Written;
use meshc_syntax::de::Spanned;

use super::pool::time;
use crate::model::{Cluster, OutlierDetection};

/// Outlier detection of a cluster of a service.
pub(super) fn apply(cluster: &mut Cluster, written: Option<&Written>, service: &Service) {
    let Some(written) = written else { return };
    let number = |value: &Option<Spanned<u32>>| value.as_ref().map(|value| value.value);
    let split = written.split_external_local_origin_errors.as_ref().is_some_and(|split| split.value);
    cluster.outlier_detection = Some(OutlierDetection {
        consecutive_5xx: number(&written.consecutive_5xx_errors),
        consecutive_gateway_failure: number(&written.consecutive_gateway_errors),
        interval: time(written.interval.as_ref()),
        base_ejection_time: time(written.base_ejection_time.as_ref()),
        max_ejection_percent: written
            .max_ejection_percent
            .as_ref()
            .and_then(|percent| u32::try_from(percent.value).ok())
            .filter(|percent| *percent > 0),
        split_local_errors: split,
        consecutive_local_origin_failure: number(&written.consecutive_local_origin_failures)
            .filter(|failures| split && *failures > 0),
    });
    let health = written.min_health_percent.as_ref().map_or(0, |percent| percent.value);
    if health >= 0 {
        // Endpoints that are not ready are there for other callers' places: never all of them.
        let health = if service.distribution == Distribution::Any { health } else { 0 };
        cluster.balancing.get_or_insert_default().panic_threshold = Some(f64::from(health));
    }
    cluster.http.error_statuses =
        written.outlier_detection_http_error_codes.iter().map(|code| code.value).collect();
}
