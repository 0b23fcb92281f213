//! Collects the fields and conditions of all routes that are compared with each other, then builds their space.

use std::collections::BTreeMap;

use meshc_effective::model::{RbacPolicy, Reader, Route, RouteMatch, RuleSet};
use meshc_envoy::request::METHODS;
use meshc_predicate::{Error, Field, FieldId, Language, Limits, SpaceBuilder};

use super::conditions::{Formula, looks_at_authority};
use super::envoy;
use super::hosts::{self, Domains, representative};
use super::model::Model;
use super::rules::Place;

/// What a field is of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Path,
    Method,
    Authority,
    Scheme,
    Header(String),
    Query(String),
    /// The caller's SPIFFE identity.
    Peer,
}

/// Builds a [`Model`]. The route matches are numbered in the order in which they are added.
pub(crate) struct ModelBuilder {
    pub(super) space: SpaceBuilder,
    pub(super) parts: BTreeMap<Part, FieldId>,
    /// Flags that stand for expressions that RE2 refuses, and what it says.
    pub(super) refused: Vec<(FieldId, String)>,
    /// Flags that stand for what witnesses do not show, with what they are then, and what they mean.
    pub(super) usual: Vec<(FieldId, bool, String)>,
    pub(super) reader: Reader,
    authorities: Language,
    formulas: Vec<Formula>,
    secure: Option<Formula>,
}

/// The header that says how a request came to the mesh; Envoy adds it where it is not there.
pub(super) const FORWARDED_PROTO: &str = "x-forwarded-proto";

impl ModelBuilder {
    /// For requests at such a proxy whose authority is in the language.
    pub(crate) fn new(reader: Reader, authorities: Language, limits: &Limits) -> Result<Self, Error> {
        let mut space = SpaceBuilder::new(*limits);
        let path = space.field(Field::required("path", envoy::paths(reader.paths)?).prefer(["/"]));
        Ok(Self {
            space,
            parts: BTreeMap::from([(Part::Path, path)]),
            refused: Vec::new(),
            usual: Vec::new(),
            reader,
            authorities,
            formulas: Vec::new(),
            secure: None,
        })
    }

    /// For the requests whose most specific domain is one of `own`, with the plainest authority of them; none if no
    /// request has such a one. `routes` are all that will be added.
    pub(crate) fn to<'r>(
        reader: Reader,
        (domains, own): (&Domains<'_>, &[String]),
        routes: impl IntoIterator<Item = &'r Route>,
        limits: &Limits,
    ) -> Result<Option<(Self, String)>, Error> {
        let Some(authority) = representative(domains, own, limits)? else { return Ok(None) };
        let looks = routes.into_iter().any(|route| looks_at_authority(&route.matches));
        let authorities = if looks { domains.classes(own)? } else { Language::any() };
        Ok(Some((Self::new(reader, authorities, limits)?, authority)))
    }

    /// From here on, matches are those of a virtual host that tells plaintext requests to use HTTPS before it looks at
    /// any route (or of one that does not): its routes see only what says that it came over HTTPS.
    pub(crate) fn require_tls(&mut self, required: bool) -> Result<(), Error> {
        self.secure = if required {
            let field = self.field(Part::Header(FORWARDED_PROTO.to_owned()))?;
            Some(Formula::Holds(self.space.condition(field, Language::exact("https"))))
        } else {
            None
        };
        Ok(())
    }

    /// Adds the match of a route.
    pub(crate) fn add(&mut self, conditions: &RouteMatch) -> Result<(), Error> {
        let formula = Formula::of_route(self, conditions)?;
        self.formulas.push(match &self.secure {
            Some(secure) => Formula::All(vec![secure.clone(), formula]),
            None => formula,
        });
        Ok(())
    }

    /// Adds what any of some rules matches.
    pub(crate) fn add_rules(&mut self, rules: &RuleSet, place: Place<'_>) -> Result<(), Error> {
        let formula = Formula::of_rules(self, rules, place)?;
        self.formulas.push(formula);
        Ok(())
    }

    /// Adds what one rule matches.
    pub(crate) fn add_rule(&mut self, rule: &RbacPolicy, place: Place<'_>) -> Result<(), Error> {
        let formula = Formula::of_rule(self, rule, place)?;
        self.formulas.push(formula);
        Ok(())
    }

    /// Adds what each condition of a rule matches alone; says how many there are.
    pub(crate) fn add_conditions(&mut self, rule: &RbacPolicy, place: Place<'_>) -> Result<usize, Error> {
        let formulas = Formula::of_conditions(self, rule, place)?;
        let count = formulas.len();
        self.formulas.extend(formulas);
        Ok(count)
    }

    /// Adds the requests for one path.
    pub(crate) fn add_path(&mut self, path: &str) -> Result<(), Error> {
        let field = self.field(Part::Path)?;
        self.formulas.push(Formula::Holds(self.space.condition(field, Language::exact(path))));
        Ok(())
    }

    /// Adds the callers whose identity is in a language.
    pub(crate) fn add_peers(&mut self, names: Language) -> Result<(), Error> {
        let field = self.field(Part::Peer)?;
        self.formulas.push(Formula::Holds(self.space.condition(field, names)));
        Ok(())
    }

    /// Adds the callers that have an identity.
    pub(crate) fn add_identified(&mut self) -> Result<(), Error> {
        let peer = self.field(Part::Peer)?;
        self.formulas.push(Formula::Present(peer));
        Ok(())
    }

    /// A flag for what witnesses do not show; for them it is `usual`.
    pub(super) fn usually(&mut self, usual: bool, meaning: &str) -> Formula {
        if let Some((flag, ..)) = self.usual.iter().find(|(_, _, known)| known == meaning) {
            return Formula::Flag(*flag);
        }
        let flag = self.space.flag(meaning);
        self.usual.push((flag, usual, meaning.to_owned()));
        Formula::Flag(flag)
    }

    /// Builds the space. `authority` is what witnesses have where no condition looks at it.
    pub(crate) fn build(self, authority: String) -> Result<Model, Error> {
        let mut space = self.space.build_with_unknowns()?;
        let sets =
            self.formulas.iter().map(|formula| formula.set(&mut space)).collect::<Result<Vec<_>, _>>()?;
        let (parts, refused, usual) = (self.parts, self.refused, self.usual);
        Ok(Model { space, sets, parts, refused, usual, authority, paths: self.reader.paths })
    }

    /// The field of a part of the request.
    pub(super) fn field(&mut self, part: Part) -> Result<FieldId, Error> {
        if let Some(&known) = self.parts.get(&part) {
            return Ok(known);
        }
        let field = match &part {
            Part::Path => Field::required("path", envoy::paths(self.reader.paths)?),
            Part::Method => {
                let methods = Language::union(METHODS.iter().map(|method| Language::exact(*method)));
                Field::required("method", methods).prefer(METHODS.iter().copied())
            }
            Part::Authority => hosts::field(self.authorities.clone())?,
            Part::Peer => {
                let identities = Language::regex("spiffe://[!-~]+")?;
                Field::optional("peer", identities).prefer(["spiffe://cluster.local/ns/default/sa/default"])
            }
            Part::Scheme => Field::required("scheme", Language::exact(envoy::SCHEME)),
            Part::Header(name) => {
                let values = match name.as_str() {
                    name if !envoy::is_seen(name, self.reader) => Language::none(),
                    "te" => envoy::te_values()?,
                    _ => envoy::header_values()?,
                };
                let title = format!("header {name}");
                if name == FORWARDED_PROTO {
                    Field::required(title, values).prefer([envoy::SCHEME])
                } else {
                    Field::optional(title, values)
                }
            }
            Part::Query(name) => {
                let values =
                    if envoy::is_query_name(name) { envoy::query_values()? } else { Language::none() };
                Field::optional(format!("query parameter {name}"), values)
            }
        };
        let id = self.space.field(field);
        self.parts.insert(part, id);
        Ok(id)
    }
}
