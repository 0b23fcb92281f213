//! How loud each rule is, and where.

use globset::{GlobBuilder, GlobMatcher};
use indexmap::IndexMap;
use meshc_diagnostics::{Code, Diagnostic, Rule, Severity};
use meshc_syntax::de::Spanned;
use meshc_syntax::suggest;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Settings;
use crate::rules::{BAD_PATTERN, UNKNOWN_RULE};

/// How loud a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LevelSetting {
    /// Its findings are not reported.
    Ignore,
    /// As something worth knowing.
    Info,
    /// As a warning.
    Warning,
    /// As an error.
    Error,
}

/// Other levels for some paths.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Override {
    /// Files, directories, and globs (`legacy/**`, `*/sandbox`).
    #[schemars(required, length(min = 1))]
    pub paths: Vec<Spanned<String>>,
    /// As the settings' own `levels`.
    #[schemars(required)]
    pub levels: IndexMap<Spanned<String>, Spanned<LevelSetting>>,
}

/// The levels, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    everywhere: Named,
    somewhere: Vec<(Vec<GlobMatcher>, Named)>,
}

/// The levels of one mapping: those of rules, and those of names that are no rule's, which may be a policy's.
#[derive(Debug, Clone, Default)]
struct Named {
    rules: Vec<(Code, LevelSetting)>,
    others: Vec<(String, LevelSetting)>,
}

// === impl Levels ===

impl Levels {
    /// The levels of the settings, and the findings about rules and patterns that are none.
    pub fn new(settings: &Settings, rules: &[&Rule]) -> (Self, Vec<Diagnostic>) {
        let mut found = Vec::new();
        let everywhere = codes(&settings.levels, rules, &mut found);
        let mut somewhere = Vec::new();
        for entry in &settings.overrides {
            let globs = entry.paths.iter().filter_map(|path| glob(path, &mut found)).collect();
            somewhere.push((globs, codes(&entry.levels, rules, &mut found)));
        }
        (Self { everywhere, somewhere }, found)
    }

    /// The level of a rule for a file, named from the directory of the settings; none where nothing is set.
    pub fn of(&self, code: Code, file: &str) -> Option<LevelSetting> {
        self.last(file, |levels| {
            levels.rules.iter().rev().find(|(of, _)| *of == code).map(|(_, level)| *level)
        })
    }

    /// As [`Levels::of`], of a policy by its name.
    pub fn of_policy(&self, name: &str, file: &str) -> Option<LevelSetting> {
        self.last(file, |levels| {
            levels.others.iter().rev().find(|(of, _)| of == name).map(|(_, level)| *level)
        })
    }

    /// What the last override that holds for a file says, else what holds everywhere.
    fn last(&self, file: &str, of: impl Fn(&Named) -> Option<LevelSetting>) -> Option<LevelSetting> {
        let holds = |globs: &[GlobMatcher]| {
            // A directory means what lies in it.
            let above = std::path::Path::new(file).ancestors();
            above.into_iter().any(|path| globs.iter().any(|glob| glob.is_match(path)))
        };
        let mut overriding = self.somewhere.iter().rev().filter(|(globs, _)| holds(globs));
        overriding.find_map(|(_, levels)| of(levels)).or_else(|| of(&self.everywhere))
    }

    /// A finding at its level; none where it is not reported.
    pub fn apply(&self, mut finding: Diagnostic, file: &str) -> Option<Diagnostic> {
        match self.of(finding.code, file) {
            None => {}
            Some(LevelSetting::Ignore) => return None,
            Some(LevelSetting::Info) => finding.severity = Severity::Info,
            Some(LevelSetting::Warning) => finding.severity = Severity::Warning,
            Some(LevelSetting::Error) => finding.severity = Severity::Error,
        }
        Some(finding)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.everywhere.rules.is_empty() && self.somewhere.is_empty()
    }
}

/// What each name means: one rule by its code or name, all that an alias stands for; else it is a finding, which whoever
/// knows the name of a policy takes back.
fn codes(
    written: &IndexMap<Spanned<String>, Spanned<LevelSetting>>,
    rules: &[&Rule],
    found: &mut Vec<Diagnostic>,
) -> Named {
    let mut levels = Named::default();
    for (name, level) in written {
        let named = |rule: &&&Rule| {
            rule.code.to_string() == name.value
                || rule.name == name.value
                || rule.aliases.contains(&name.value.as_str())
        };
        let before = levels.rules.len();
        levels.rules.extend(rules.iter().filter(named).map(|rule| (rule.code, level.value)));
        if levels.rules.len() > before {
            continue;
        }
        levels.others.push((name.value.clone(), level.value));
        let finding = Diagnostic::new(&UNKNOWN_RULE, name.span, format!("there is no rule `{}`", name.value));
        let known: Vec<String> =
            rules.iter().flat_map(|rule| [rule.code.to_string(), rule.name.to_owned()]).collect();
        found.push(match suggest::nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => finding.help(format!("did you mean `{meant}`? `meshc rules` lists them")),
            None => finding.help("`meshc rules` lists them"),
        });
    }
    levels
}

fn glob(path: &Spanned<String>, found: &mut Vec<Diagnostic>) -> Option<GlobMatcher> {
    let written = path.trim_start_matches("./").trim_end_matches('/');
    match GlobBuilder::new(written).literal_separator(true).build() {
        Ok(glob) => Some(glob.compile_matcher()),
        Err(error) => {
            let message = format!("`{}` is no pattern of paths: {}", path.value, error.kind());
            found.push(Diagnostic::new(&BAD_PATTERN, path.span, message));
            None
        }
    }
}
