//! Documents of kinds that the tree itself defines, definitions, names, and what YAML 1.1 makes of plain text.

use meshc_source::{SourceFile, SourceSet};
use meshc_syntax::Limits;

const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          metadata: {type: object, properties: {name: {type: string, maxLength: 5}}}
          spec:
            type: object
            x-kubernetes-validations:
            - {rule: "self.least <= self.most", message: "least is more than most"}
            - {rule: "!has(self.size) || self.size == oldSelf.size", message: "size never changes"}
            properties:
              least: {type: integer, minimum: 0, default: 0}
              most: {type: integer, maximum: 10}
              size: {type: string, enum: [small, large], nullable: true}
              names: {type: array, x-kubernetes-list-type: set, items: {type: string, pattern: "^[a-z]+$"}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"#;

/// What is found in some files, as `code message`, and what stays foreign.
fn read(files: &[&str]) -> (Vec<String>, Vec<String>) {
    let files =
        files.iter().enumerate().map(|(i, text)| SourceFile::new(format!("{i}.yaml"), (*text).to_owned()));
    let outcome = meshc_resources::read(&SourceSet::new(files.collect()), &Limits::default());
    let found = outcome.diagnostics.iter().map(|finding| format!("{} {}", finding.code, finding.message));
    (found.collect(), outcome.resources.foreign.keys().cloned().collect())
}

fn widget(spec: &str) -> Vec<String> {
    let text = format!("apiVersion: example.org/v1\nkind: Widget\nmetadata: {{name: a}}\nspec: {spec}\n");
    let (found, foreign) = read(&[&text, DEFINITION]);
    assert!(foreign.is_empty(), "{foreign:?}");
    found
}

#[test]
fn kinds_that_the_tree_defines_are_checked_whatever_the_order_of_files() {
    for (spec, expected) in [
        ("{most: 3, names: [a, b], free: {x: 1}, size: null}", None),
        ("{most: 3, size: small}", None),
        ("{most: 11}", Some("MC0111 `spec.most` is 11, not at most 10")),
        ("{least: 4, most: 3}", Some("MC0114 `spec`: least is more than most")),
        ("{most: -1}", Some("MC0114 `spec`: least is more than most")),
        ("{most: 3, nmaes: []}", Some("unknown field `nmaes`")),
        ("{most: 3, names: [a, a]}", Some("MC0115 `spec.names[1]` is in its list already")),
        ("{most: 3, names: [A]}", Some("MC0110 `spec.names[0]` cannot be `A`")),
        ("{most: 3, size: medium}", Some("`spec.size` cannot be `medium`")),
        ("[]", Some("`spec` must be a mapping, not a list")),
    ] {
        let found = widget(spec);
        assert_eq!(found.len(), usize::from(expected.is_some()), "{spec}: {found:?}");
        assert!(expected.is_none_or(|words| found[0].contains(words)), "{spec}: {found:?}");
    }
}

#[test]
fn versions_must_be_served_and_what_nothing_defines_stays_foreign() {
    let of =
        |version: &str| format!("apiVersion: example.org/{version}\nkind: Widget\nmetadata: {{name: a}}\n");
    let (found, _) = read(&[DEFINITION, &of("v1alpha1")]);
    assert!(found.len() == 1 && found[0].starts_with("MC0203 "), "{found:?}");
    let (found, foreign) = read(&[&of("v1")]);
    assert_eq!((found.len(), foreign), (0, vec!["example.org/v1 Widget".to_owned()]));
    let list = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: example.org/v1, kind: Widget, metadata: {name: a}}\n";
    let (found, _) = read(&[DEFINITION, list]);
    assert!(found.len() == 1 && found[0].contains("Widget lacks the field `spec`"), "{found:?}");
}

#[test]
fn definitions_are_checked_themselves() {
    for (from, to, expected) in [
        (
            "widgets.example.org",
            "widget.example.org",
            "MC0119 the definition must be called `widgets.example.org`",
        ),
        ("^[a-z]+$", "(", "MC0119 `(` is no regular expression of Go"),
        ("self.least <= self.most", "self.least <=", "MC0119 this rule is no expression in CEL"),
        ("storage: true", "storage: false", "exactly one version must have `storage: true`"),
        ("scope: Namespaced", "scope: Namespace", "cannot be `Namespace`"),
        ("plural: widgets}", "plurall: widgets}", "unknown field `plurall`"),
    ] {
        let (found, _) = read(&[&DEFINITION.replacen(from, to, 1)]);
        assert!(found.iter().any(|finding| finding.contains(expected)), "{to}: {found:?}");
    }
}

#[test]
fn names_labels_and_annotations_have_forms() {
    for (metadata, expected) in [
        (
            "{name: a.b-1, namespace: c, labels: {app.kubernetes.io/name: a_B.c, x: ''}, annotations: {a/b: any}}",
            None,
        ),
        ("{name: A}", Some("the name `A` must consist of")),
        ("{name: a_b}", Some("the name `a_b` must consist of")),
        ("{name: a, namespace: b.c}", Some("the namespace `b.c` must consist of")),
        ("{name: a, labels: {'a b': x}}", Some("the label `a b` must be")),
        ("{name: a, labels: {a: 'x y'}}", Some("the value of label `a` `x y` must consist of")),
        ("{name: a, annotations: {'/x': z}}", Some("the annotation `/x` has an empty prefix")),
    ] {
        let (found, _) = read(&[&format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n")]);
        assert_eq!(found.len(), usize::from(expected.is_some()), "{metadata}: {found:?}");
        assert!(expected.is_none_or(|words| found[0].contains(words)), "{metadata}: {found:?}");
    }
    let (found, _) =
        read(&["apiVersion: v1\nkind: Service\nmetadata: {name: 1a}\nspec: {clusterIP: None}\n"]);
    assert!(found.len() == 1 && found[0].starts_with("MC0116 "), "{found:?}");
}

#[test]
fn what_yaml_1_1_makes_of_plain_text_is_said() {
    let service = |spec: &str| {
        read(&[&format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {spec}\n")]).0
    };
    let found = service("{ports: [{port: 80}], selector: {on-call: yes}}");
    assert_eq!(
        found,
        ["MC0102 `spec.selector.on-call` must be a string, not the Boolean true, as YAML 1.1 reads `yes`"]
    );
    let found = service("{ports: [{port: 0120}]}");
    assert_eq!(found, ["MC0117 `0120` is the number 80: with a leading zero YAML 1.1 reads it as octal"]);
    let found = service("{ports: [{port: 80}], selector: {on: call}}");
    assert_eq!(found, ["MC0117 the key `on` is `true`: YAML 1.1 takes it for a Boolean"]);
    assert_eq!(service("{ports: [{port: 80}], selector: {'on': 'yes', \"true\": x}}"), [""; 0]);
}
