//! Trust domains and their aliases: identities under one count as those under all (Istio's `trustdomain.Bundle`).

/// What Istio calls the domain that is always the mesh's own.
const LOCAL: &str = "cluster.local";

/// The principals of a policy, with those of every alias.
pub(super) fn principals(written: &[String], domains: &[String]) -> Vec<String> {
    let mut all = Vec::with_capacity(written.len());
    for principal in written {
        match own_domain(principal) {
            Some(domain) if domain == LOCAL || domains.iter().any(|own| fits(own, domain)) => {
                let mut under_all: Vec<String> = Vec::new();
                for own in domains {
                    let other = if ends_as(own, domain) { principal.clone() } else { under(own, principal) };
                    if !under_all.contains(&other) {
                        under_all.push(other);
                    }
                }
                all.extend(under_all);
            }
            _ => all.push(principal.clone()),
        }
    }
    all
}

/// The trust domains of a policy, with every alias of the mesh's own.
pub(super) fn domains(written: &[String], domains: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(written.len());
    for domain in written {
        let under_all = if domains.contains(domain) { domains } else { std::slice::from_ref(domain) };
        for domain in under_all {
            if !all.contains(domain) {
                all.push(domain.clone());
            }
        }
    }
    all
}

/// The trust domain of `DOMAIN/ns/NAMESPACE/sa/ACCOUNT`, where the policy asks for one.
fn own_domain(principal: &str) -> Option<&str> {
    let domain = principal.split('/').next()?;
    (principal.split('/').count() == 5 && domain != "*").then_some(domain)
}

/// The same identity under another trust domain.
fn under(domain: &str, principal: &str) -> String {
    let rest = principal.split_once('/').map_or("", |(_, rest)| rest);
    format!("{domain}/{rest}")
}

/// Whether two domains mean the same, either of which may have a wildcard first or last (Istio's `stringMatch`).
fn fits(own: &str, written: &str) -> bool {
    let starts_as =
        |text: &str, pattern: &str| pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix));
    written == own
        || starts_as(own, written)
        || starts_as(written, own)
        || ends_as(own, written)
        || ends_as(written, own)
}

/// Whether the written domain is `*SUFFIX` and `own` ends so.
fn ends_as(own: &str, written: &str) -> bool {
    written.strip_prefix('*').is_some_and(|suffix| own.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    fn strings(of: &[&str]) -> Vec<String> {
        of.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn identities_count_under_every_alias() {
        let domains = strings(&["td2", "td1"]);
        let of = |principal: &str| super::principals(&strings(&[principal]), &domains);
        assert_eq!(of("td1/ns/a/sa/b"), ["td2/ns/a/sa/b", "td1/ns/a/sa/b"]);
        assert_eq!(of("cluster.local/ns/a/sa/b"), ["td2/ns/a/sa/b", "td1/ns/a/sa/b"]);
        assert_eq!(of("other/ns/a/sa/b"), ["other/ns/a/sa/b"]);
        assert_eq!(of("*/ns/a/sa/b"), ["*/ns/a/sa/b"]);
        assert_eq!(of("sa/b"), ["sa/b"]);
        assert_eq!(of("*1/ns/a/sa/b"), ["td2/ns/a/sa/b", "*1/ns/a/sa/b"]);
        assert_eq!(super::domains(&strings(&["td1", "x"]), &domains), ["td2", "td1", "x"]);
    }
}
