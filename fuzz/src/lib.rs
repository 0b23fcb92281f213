//! What the fuzz targets share: seeds that are ours, and edits that keep most of a seed's structure, so that the
//! bytes get past the first reader.
//!
//! `cargo test -p meshc-fuzz` runs each target for a short time; `cargo xtask fuzz` runs them longer.

#![forbid(unsafe_code)]

use std::fs;
use std::path::Path;

/// The text of every YAML file of the bundled example, in the order of their names.
pub fn bookshop() -> Vec<String> {
    let mut texts = Vec::new();
    collect(&meshc_testkit::workspace().join("testdata/bookshop"), &mut texts);
    texts
}

/// What the rules are tested with: their fixtures, the mesh of mistakes, settings; in the order of their names.
pub fn corpus() -> Vec<String> {
    let testdata = meshc_testkit::workspace().join("testdata");
    let mut texts = bookshop();
    for part in ["rules", "mistakes", "resources"] {
        collect(&testdata.join(part), &mut texts);
    }
    // Long lists make slow seeds; what is edited is better small.
    texts.retain(|text| text.len() < 8 << 10);
    texts.push(SETTINGS.to_owned());
    texts
}

/// A `meshc.yaml` that says everything.
const SETTINGS: &str = "external:\n  services: [payments.prod, '*.example.com']\n  gateways: [a/b]\n  namespaces: [x*]\n  \
    workloads: [{namespace: shop, labels: {app: a}}]\n  snapshot: cluster.yaml\nistio:\n  ingressgateway: {present: true, \
    label: public}\nlevels: {MC1001: warning, unknown-host: ignore, IST0101: info}\noverrides:\n  - paths: ['a/**', b]\n    \
    levels: {MC1001: error}\nviews:\n  prod: {paths: [base, prod]}\nkustomize: {command: [kustomize, build], render: no}\n\
    helm:\n  - {chart: charts/a, release: a, namespace: b, values: [v.yaml]}\n";

fn collect(directory: &Path, texts: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            texts.extend(fs::read_to_string(&path));
        }
    }
}

/// Pieces that mean something to the readers.
const TOKENS: &[&[u8]] = &[
    b"- ",
    b": ",
    b"\n",
    b"\n---\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"'",
    b"&a ",
    b"*a",
    b"<<: *a",
    b"|\n",
    b">-\n",
    b"!!str ",
    b"null",
    b"~",
    b"true",
    b"on",
    b"0x1f",
    b"1e400",
    b"-1",
    b"99999999999999999999",
    b"\t",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"\0",
    b"\xff",
    "\u{1F600}".as_bytes(),
    b"#",
    b"# meshc: allow MC0101 because x",
    b"{{ .Values.x }}",
    b"spec",
    b"match",
    b"regex: '('",
    b"@type",
    b"5s",
    b"*",
    b"*.a",
    b"..",
    b"%2e%2E/",
    b"?",
    b"sha256:",
];

/// `seed` with edits that `script` describes: three bytes an edit (where, what, how much).
pub fn edited(seed: &[u8], script: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for edit in script.chunks_exact(4) {
        let place = usize::from(u16::from_le_bytes([edit[0], edit[1]]));
        let at = if bytes.is_empty() { 0 } else { place * 17 % bytes.len() };
        let amount = usize::from(edit[3] % 32);
        let end = (at + amount).min(bytes.len());
        match edit[2] % 4 {
            0 => {
                let token = TOKENS[usize::from(edit[3]) % TOKENS.len()];
                bytes.splice(at..at, token.iter().copied());
            }
            1 => {
                bytes.drain(at..end);
            }
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = edit[3];
                }
            }
        }
    }
    bytes
}
