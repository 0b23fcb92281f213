//! The codes with which Istio reports hidden routes.

use meshc_resources::istio::HttpMatch;

use super::routes::Written;

/// The codes with which Istio reports this very finding: it compares the matches of one VirtualService as text.
pub(super) fn aliases(route: &Written<'_>, by: &[&Written<'_>]) -> Vec<&'static str> {
    if by.is_empty() || by.iter().any(|by| by.root.meta != route.root.meta) || route.rule.delegate.is_some() {
        return Vec::new();
    }
    let root = route.root;
    if route.condition.is_none() {
        let second = root.http.iter().take(route.place).any(|rule| rule.route.matches.is_empty());
        return if second { vec!["IST0130"] } else { Vec::new() };
    }
    let before = |number: usize| {
        let earlier = root.http.iter().take(route.place).flat_map(|rule| &rule.route.matches);
        let own = route.rule.route.matches.iter().take(number);
        earlier.chain(own).map(|condition| &condition.value)
    };
    let stood_before =
        |number: usize, condition: &HttpMatch| before(number).any(|other| is_same(other, condition));
    let mut aliases = Vec::new();
    let conditions = || route.rule.route.matches.iter().enumerate();
    if conditions().all(|(number, condition)| stood_before(number, condition)) {
        aliases.push("IST0130");
    }
    let duplicate = route.condition.zip(route.number).is_some_and(|(condition, number)| {
        stood_before(number, condition) || before(number).any(|other| is_longer_prefix(other, condition))
    });
    if duplicate {
        aliases.push("IST0131");
    }
    aliases
}

/// Whether two ask for the same; Istio leaves the name out when it compares.
fn is_same(first: &HttpMatch, second: &HttpMatch) -> bool {
    // Most differ here, and need no copies.
    first.uri == second.uri && first.headers == second.headers && unnamed(first) == unnamed(second)
}

fn unnamed(condition: &HttpMatch) -> HttpMatch {
    HttpMatch { name: None, ..condition.clone() }
}

/// Whether the second asks for a prefix that begins with that of the first, and for nothing else that differs.
fn is_longer_prefix(first: &HttpMatch, second: &HttpMatch) -> bool {
    let rest = |condition: &HttpMatch| {
        let mut rest = HttpMatch { uri: None, ..unnamed(condition) };
        // To Istio a match of prefixes without a method is one of GET.
        let get =
            rest.method.as_ref().and_then(|method| method.exact.as_ref()).is_some_and(|m| m.value == "GET");
        if get {
            rest.method = None;
        }
        rest
    };
    let (Some(longer), Some(shorter)) = (prefix(second), prefix(first)) else { return false };
    longer.starts_with(shorter) && rest(first) == rest(second)
}

fn prefix(condition: &HttpMatch) -> Option<&str> {
    let prefix = condition.uri.as_ref()?.prefix.as_ref()?;
    Some(&prefix.value)
}
