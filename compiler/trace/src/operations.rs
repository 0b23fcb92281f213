//! Header operations in Envoy's order.

use std::collections::BTreeSet;

use meshc_effective::model::{AppendAction, HeaderAddition};

use crate::format::{Context, expand};
use crate::headers::Headers;

/// The operations of one place (a weighted cluster, a route), which Envoy applies together: removals first,
/// then the values are computed from what is left, then everything that sets, then everything that adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level<'c> {
    /// Additions and settings in configured order.
    pub(crate) add: Vec<&'c HeaderAddition>,
    /// Names in configured order.
    pub(crate) remove: Vec<&'c String>,
}

impl<'c> Level<'c> {
    /// The operations of these lists, one after the other.
    pub(crate) fn of(lists: &[(&'c [HeaderAddition], &'c [String])]) -> Self {
        Self {
            add: lists.iter().flat_map(|(add, _)| *add).collect(),
            remove: lists.iter().flat_map(|(_, remove)| *remove).collect(),
        }
    }

    /// Lower-case names that these operations touch.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        let added = self.add.iter().map(|a| a.name.to_ascii_lowercase());
        added.chain(self.remove.iter().map(|r| r.to_ascii_lowercase())).collect()
    }

    /// Applies them to a request's headers.
    pub(crate) fn apply_to_request(&self, headers: &mut Headers, context: Context<'_>) {
        for name in &self.remove {
            headers.remove(name);
        }
        let values: Vec<_> = self.add.iter().map(|a| expand(&a.value, headers, context)).collect();
        self.put(headers, values);
    }

    /// Applies them to a response's headers; operators see the request's.
    pub(crate) fn apply_to_response(&self, headers: &mut Headers, request: &Headers, context: Context<'_>) {
        for name in &self.remove {
            headers.remove(name);
        }
        let values: Vec<_> = self.add.iter().map(|a| expand(&a.value, request, context)).collect();
        self.put(headers, values);
    }

    /// A value that is empty after expansion does nothing.
    fn put(&self, headers: &mut Headers, values: Vec<String>) {
        let pairs: Vec<_> = self.add.iter().zip(values).filter(|(_, value)| !value.is_empty()).collect();
        for (addition, value) in
            pairs.iter().filter(|(a, _)| a.action == AppendAction::OverwriteIfExistsOrAdd)
        {
            headers.set(&addition.name, value.as_str());
        }
        for (addition, value) in pairs.iter().filter(|(a, _)| a.action == AppendAction::AppendIfExistsOrAdd) {
            headers.append(&addition.name, value.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use meshc_effective::model::ProxyKind;

    use super::*;
    use crate::query::Request;
    use crate::seen::Seen;

    fn addition(name: &str, value: &str, action: AppendAction) -> HeaderAddition {
        HeaderAddition { name: name.to_owned(), value: value.to_owned(), action }
    }

    /// Recorded from Envoy 1.40.
    #[test]
    fn removals_then_settings_then_additions() {
        use AppendAction::{AppendIfExistsOrAdd as Add, OverwriteIfExistsOrAdd as Set};
        let adds = [
            addition("x-b", "1", Add),
            addition("X-B", "2", Set),
            addition("x-b", "3", Add),
            addition("x-r", "back", Add),
            addition("x-e", "", Add),
            addition("x-e2", "", Set),
            addition("x-req", "%REQ(X-A)%", Add),
            addition("x-req2", "p-%REQ(nope)%-s", Add),
            addition("x-req3", "%REQ(nope?x-c)%", Set),
            addition("x-pct", "a%%b", Add),
            addition("x-pr", "%PROTOCOL%", Add),
            addition("x-rn", "%ROUTE_NAME%", Add),
            addition("x-ra", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", Add),
            addition("x-path", "%REQ(:PATH)% %REQ(:AUTHORITY)% %REQ(:METHOD)% %REQ(x-c):2%", Add),
            addition("x-san", "%DOWNSTREAM_PEER_URI_SAN%", Add),
            addition("x-start", "%START_TIME(%s)%", Add),
            addition("x-open", "50% off", Add),
            addition("x-c", "n", Set),
        ];
        let removes = ["x-a".to_owned(), "x-r".to_owned()];
        let headers = [("x-a", "1"), ("x-r", "0"), ("x-b", "0"), ("x-c", "cval")];
        let request = Request {
            authority: "h".to_owned(),
            path: "/ops".to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            ..Request::default()
        };
        let mut seen = Seen::read(&request, ProxyKind::Sidecar, meshc_effective::model::Reading::default())
            .expect("accepted");
        seen.source_ip = Some("127.0.0.1".to_owned());
        let mut headers = seen.headers.clone();
        let context = Context { seen: &seen, authority: "h", route: Some("rname"), cluster: "c" };
        Level::of(&[(&adds, &removes)]).apply_to_request(&mut headers, context);
        insta::assert_json_snapshot!(headers.into_joined(), @r#"
        {
          "x-b": "2,1,3",
          "x-c": "n",
          "x-open": "50% off",
          "x-path": "/ops h GET cv",
          "x-pct": "a%b",
          "x-pr": "HTTP/1.1",
          "x-r": "back",
          "x-ra": "127.0.0.1",
          "x-req2": "p--s",
          "x-req3": "cval",
          "x-rn": "rname",
          "x-start": "%START_TIME(%s)%"
        }
        "#);
    }
}
