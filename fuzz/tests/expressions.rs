//! Expressions within documents: RE2's, and CEL's of definitions. Any text is read or refused, and evaluated within its
//! bounds.

use meshc_fuzz::edited;
use meshc_schema::{Nulls, Schema};
use meshc_source::FileId;
use serde_json::json;

#[test]
fn a_regular_expression_with_edits() {
    let seed = br"^/(?i)api/[0-9]+(v[12]|[^a-z\d]*?){2,3}\.x\pL$";
    bolero::check!().with_type::<Vec<u8>>().for_each(|script| {
        let text = String::from_utf8_lossy(&edited(seed, script)).into_owned();
        let _ = meshc_re2::parse(&text);
    });
}

#[test]
fn a_rule_of_a_definition_with_edits() {
    let seed = br"self.a.all(x, x.size() > 1 && isURL(x)) || has(self.b) && self.b.matches('[a-z]+') ? 1 + 2 == 3 : true";
    let text = "spec: {a: [http://x, yy], b: z}\n";
    let parsed = meshc_syntax::parse(FileId(0), text, &meshc_syntax::Limits::default());
    let document = &parsed.documents[0].root;
    bolero::check!().with_type::<Vec<u8>>().for_each(|script| {
        let rule = String::from_utf8_lossy(&edited(seed, script)).into_owned();
        let schema = json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"type": "string"}}, "b": {"type": "string"}},
            "x-kubernetes-validations": [{"rule": rule, "message": "fuzzed"}],
        }}});
        let _ = Schema::compile(&schema).validate(document, Nulls::Absent);
    });
}
