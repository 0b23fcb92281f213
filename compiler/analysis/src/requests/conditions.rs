//! The conditions of a route as Boolean combinations of conditions on fields, with Envoy's rules for what is absent.

use meshc_effective::model::{
    HeaderCondition, HeaderMatch, MetadataMatch, PathMatch, QueryCondition, QueryMatch, RouteMatch,
    StringMatch,
};
use meshc_predicate::{ConditionId, Error, FieldId, Language, Set, Space};

use super::builder::{ModelBuilder, Part};
use super::rules::holds;

/// A condition that the space does not know yet.
#[derive(Debug, Clone)]
pub(super) enum Formula {
    Never,
    Always,
    Holds(ConditionId),
    Present(FieldId),
    Absent(FieldId),
    /// Something of which nothing is known.
    Flag(FieldId),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Formula {
    /// The requests.
    pub(super) fn set(&self, space: &mut Space) -> Result<Set, Error> {
        match self {
            Self::Never => Ok(Set::EMPTY),
            Self::Always => Ok(Set::ALL),
            Self::Holds(condition) => Ok(space.condition(*condition)),
            Self::Present(field) => Ok(space.present(*field)),
            Self::Absent(field) => Ok(space.absent(*field)),
            Self::Flag(field) => Ok(space.flag(*field)),
            Self::Not(inner) => Ok(!inner.set(space)?),
            Self::All(parts) => parts.iter().try_fold(Set::ALL, |all, part| {
                let part = part.set(space)?;
                space.and(all, part)
            }),
            Self::Any(parts) => parts.iter().try_fold(Set::EMPTY, |any, part| {
                let part = part.set(space)?;
                space.or(any, part)
            }),
        }
    }

    /// The match of a route.
    pub(super) fn of_route(builder: &mut ModelBuilder, conditions: &RouteMatch) -> Result<Self, Error> {
        let mut all = Vec::new();
        if conditions.path != PathMatch::any() {
            all.push(path(builder, conditions)?);
        }
        for condition in &conditions.headers {
            all.push(header(builder, condition)?);
        }
        for condition in &conditions.query {
            all.push(query(builder, condition)?);
        }
        // No request can be made that has a valid token.
        for condition in &conditions.metadata {
            let held =
                refused(builder, format!("a claim of a valid token is asked for: {}", claim(condition)));
            all.push(if condition.invert { Self::Not(Box::new(held)) } else { held });
        }
        Ok(if all.is_empty() { Self::Always } else { Self::All(all) })
    }
}

/// A condition on a claim, in words: the same for the same condition.
pub(super) fn claim(metadata: &MetadataMatch) -> String {
    let path: Vec<&str> = metadata.path.iter().skip(1).map(String::as_str).collect();
    format!("{} {}", path.join("."), serde_json::to_string(&metadata.value).unwrap_or_default())
}

/// A language that RE2 reads, or what it complains of.
pub(super) enum Read {
    Language(Language),
    Refused(String),
}

fn regex(pattern: &str) -> Result<Read, Error> {
    match Language::regex(pattern) {
        Ok(language) => Ok(Read::Language(language)),
        Err(refusal @ Error::Regex { .. }) => Ok(Read::Refused(refusal.to_string())),
        Err(other) => Err(other),
    }
}

pub(super) fn string(condition: &StringMatch) -> Result<Read, Error> {
    Ok(Read::Language(match condition {
        StringMatch::Exact(text) => Language::exact(text.clone()),
        StringMatch::Prefix(text) => Language::prefix(text.clone()),
        StringMatch::Suffix(text) => Language::suffix(text.clone()),
        StringMatch::Contains(text) => Language::contains(text.clone()),
        StringMatch::Regex(pattern) => return regex(pattern),
    }))
}

/// A flag in place of an expression that RE2 refuses: the same for the same words.
pub(super) fn refused(builder: &mut ModelBuilder, complaint: String) -> Formula {
    if let Some((flag, _)) = builder.refused.iter().find(|(_, known)| *known == complaint) {
        return Formula::Flag(*flag);
    }
    let flag = builder.space.flag(complaint.clone());
    builder.refused.push((flag, complaint));
    Formula::Flag(flag)
}

fn path(builder: &mut ModelBuilder, conditions: &RouteMatch) -> Result<Formula, Error> {
    let language = match &conditions.path {
        PathMatch::Exact(text) => Language::exact(text.clone()),
        PathMatch::Prefix(text) => Language::prefix(text.clone()),
        PathMatch::PathSeparatedPrefix(text) => Language::path_prefix(text.clone()),
        PathMatch::Regex(pattern) => match regex(pattern)? {
            Read::Language(language) => language,
            Read::Refused(complaint) => return Ok(refused(builder, complaint)),
        },
    };
    let language = if conditions.case_sensitive { language } else { language.ignore_case() };
    let field = builder.field(Part::Path)?;
    Ok(Formula::Holds(builder.space.condition(field, language)))
}

pub(super) fn header(builder: &mut ModelBuilder, condition: &HeaderMatch) -> Result<Formula, Error> {
    let part = match condition.name.to_ascii_lowercase().as_str() {
        ":method" => Part::Method,
        ":authority" | "host" => Part::Authority,
        ":scheme" => Part::Scheme,
        pseudo if pseudo.starts_with(':') => {
            return Ok(refused(builder, format!("the pseudo-header {pseudo} is not analysed")));
        }
        name => Part::Header(name.to_owned()),
    };
    let field = builder.field(part)?;
    let missing = condition.treat_missing_as_empty;
    let text = match &condition.condition {
        HeaderCondition::Present => {
            return Ok(match (missing, condition.invert) {
                (true, false) => Formula::Always,
                (true, true) => Formula::Never,
                (false, false) => Formula::Present(field),
                (false, true) => Formula::Absent(field),
            });
        }
        HeaderCondition::Value(text) => text,
    };
    let language = match string(text)? {
        Read::Language(language) if condition.ignore_case => language.ignore_case(),
        Read::Language(language) => language,
        Read::Refused(complaint) => return Ok(refused(builder, complaint)),
    };
    let wanted = if condition.invert { language.negate() } else { language };
    let held = Formula::Holds(builder.space.condition(field, wanted));
    // An absent header is neither like this nor unlike it, unless it counts as an empty one.
    let absent_holds = missing && holds(text, "") != condition.invert;
    Ok(if absent_holds { Formula::Any(vec![held, Formula::Absent(field)]) } else { held })
}

fn query(builder: &mut ModelBuilder, condition: &QueryMatch) -> Result<Formula, Error> {
    let field = builder.field(Part::Query(condition.name.clone()))?;
    Ok(match &condition.condition {
        QueryCondition::Present => Formula::Present(field),
        QueryCondition::Value(text) => match string(text)? {
            Read::Language(language) => Formula::Holds(builder.space.condition(field, language)),
            Read::Refused(complaint) => refused(builder, complaint),
        },
    })
}

/// Whether a route's match looks at the authority, so that it matters which of a virtual host's domains was asked for.
pub(crate) fn looks_at_authority(conditions: &RouteMatch) -> bool {
    conditions.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case(":authority") || header.name.eq_ignore_ascii_case("host")
    })
}
