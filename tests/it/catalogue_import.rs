//! `jmcp catalogue import`: on invented files, and on the published ones where `JMCP_TEST_DATA` says where they are.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jmcp::mist::specification::{Facts, Operation, Paging, Specification};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::program::{Ended, run};

const OLDER: &str = r##"{"openapi": "3.0.3", "paths": {
    "/api/v1/sites/{site_id}/kettles/{kettle_id}": {"get": {"operationId": "getSiteKettle", "tags": ["Sites Kettles"],
        "parameters": [{"name": "site_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/kettle"}}}}}}},
    "/api/v1/sites/{site_id}/teapots": {"get": {"operationId": "listSiteTeapot", "tags": ["Sites Kettles"], "responses": {}}}},
    "components": {"schemas": {"kettle": {"type": "object", "properties": {"litres": {"type": "number"}}}}}}"##;

const NEWER: &str = "openapi: 3.1.0
paths:
  /api/v1/sites/{site_id}/kettles/{kettle_id}/details:
    get:
      operationId: getSiteKettle
      tags: [Sites Kettles]
      responses:
        '200':
          content:
            application/json:
              schema: {$ref: '#/components/schemas/kettle'}
  /api/v1/sites/{site_id}/teapots:
    get:
      operationId: listSiteTeapots
      tags: [Sites Kettles]
      deprecated: true
      parameters:
        - {name: limit, in: query, schema: {type: integer, default: 100}}
  /api/v1/orgs/{org_id}/coffee-pots:
    post:
      operationId: createOrgCoffeePot
      tags: ['Orgs Pots - Coffee']
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {strong: {type: boolean}}}
components:
  schemas:
    kettle:
      type: object
      properties:
        degrees: {type: integer, description: words}
";

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

async fn import(home: &Path, arguments: &[&str]) -> Ended {
    run(home, &[&["catalogue", "import"], arguments].concat()).await
}

fn lines(path: PathBuf) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn two_files_become_facts_and_a_proposal() {
    let home = directory(&[("older.json", OLDER), ("newer.yaml", NEWER)]);
    let ended = import(home.path(), &["older.json", "newer.yaml", "--out", "made/here"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let summary =
        "3 operations (2 GET, 1 POST), 1 at more than one path, 1 with more than one name, 1 deprecated; 1 shapes";
    assert!(ended.stdout.starts_with(summary), "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .contains("new operation createOrgCoffeePot: POST /api/v1/orgs/{org_id}/coffee-pots\n")
    );

    let made = home.path().join("made/here");
    assert_eq!(
        lines(made.join("operations.jsonl")),
        [
            r#"{"names":["createOrgCoffeePot"],"method":"POST","tag":"Orgs Pots - Coffee","routes":[{"path":"/api/v1/orgs/{org_id}/coffee-pots","in_path":{"org_id":{"type":"string"}},"origin":"newer"}],"body":{"properties":{"strong":{"type":"boolean"}},"type":"object"}}"#,
            r#"{"names":["getSiteKettle"],"method":"GET","tag":"Sites Kettles","routes":[{"path":"/api/v1/sites/{site_id}/kettles/{kettle_id}/details","in_path":{"site_id":{"type":"string"},"kettle_id":{"type":"string"}},"origin":"newer"},{"path":"/api/v1/sites/{site_id}/kettles/{kettle_id}","in_path":{"kettle_id":{"type":"string"}},"origin":"older"}],"answer":{"$ref":"kettle"}}"#,
            r#"{"names":["listSiteTeapots","listSiteTeapot"],"method":"GET","tag":"Sites Kettles","routes":[{"path":"/api/v1/sites/{site_id}/teapots","in_path":{"site_id":{"type":"string"}},"query":{"limit":{"default":100,"type":"integer"}}}],"paging":"cursor","deprecated":true}"#,
        ]
    );
    assert_eq!(
        lines(made.join("shapes.jsonl")),
        [
            r#"{"name":"kettle","schema":{"properties":{"degrees":{"type":"integer"},"litres":{"type":"number"}},"type":"object"}}"#
        ]
    );
    let proposed = fs::read_to_string(made.join("proposed.toml")).unwrap();
    let tables: toml::Table = proposed.parse().unwrap();
    assert_eq!(
        tables.keys().collect::<Vec<_>>(),
        ["createOrgCoffeePot", "getSiteKettle", "listSiteTeapots"]
    );
    assert!(proposed.contains("# data/orgs_pots_coffee.toml\n\n[createOrgCoffeePot]\n# POST /api/v1/orgs/{org_id}/coffee-pots\n# about = \"\"\n"));
}

#[tokio::test]
async fn without_a_directory_nothing_is_written() {
    let home = directory(&[("older.json", OLDER)]);
    let ended = import(home.path(), &["older.json"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("2 operations (2 GET)"), "{}", ended.stdout);
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_this_version_knows_is_not_new() {
    let known = Specification::embedded().operation("listOrgSites").unwrap();
    let text = format!(
        r#"{{"openapi": "3.1.0", "paths": {{"{}": {{"get": {{"operationId": "listOrgSites", "tags": ["Orgs Sites"],
            "parameters": [{{"name": "colour", "in": "query", "schema": {{"type": "string"}}}}]}}}}}}}}"#,
        known.routes[0].path
    );
    let home = directory(&[("a.json", &text), ("b.json", &text.replace("colour", "limit"))]);
    let ended = import(home.path(), &["a.json"]).await;
    assert!(
        ended.stdout.ends_with("\nnew parameter of listOrgSites: colour\n"),
        "{}",
        ended.stdout
    );
    let ended = import(home.path(), &["b.json"]).await;
    assert!(
        ended.stdout.ends_with("\nthis version knows all of it\n"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named() {
    let home = directory(&[
        ("good.json", OLDER),
        ("notes.json", "{\"openapi\": "),
        ("list.yaml", "- a\n- b\n"),
        ("gone.json", &OLDER.replace("\"kettle\": {", "\"other\": {")),
    ]);
    fs::write(home.path().join("bytes.json"), [0x7b, 0xff, 0xfe]).unwrap();
    for (file, why) in [
        ("missing.json", "there is no file `missing.json`"),
        ("notes.json", "`notes.json` is not JSON"),
        ("list.yaml", "`list.yaml` is not an OpenAPI file of version 3"),
        (
            "gone.json",
            "`gone.json` refers to `#/components/schemas/kettle`, which it does not have",
        ),
        ("bytes.json", "`bytes.json` is not text"),
    ] {
        let ended = import(home.path(), &["good.json", file, "--out", "made"]).await;
        assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
        assert!(ended.stderr.starts_with(&format!("jmcp: {why}")), "{}", ended.stderr);
    }
    assert!(
        !home.path().join("made").exists(),
        "nothing is written where a file is wrong"
    );
    assert_eq!(import(home.path(), &[]).await.status.code(), Some(2));
}

#[test]
fn a_newer_file_lies_over_what_is_embedded() {
    let home = directory(&[("newer.yaml", NEWER), ("wrong.json", "{}")]);
    let specification = Specification::read(&home.path().join("newer.yaml")).unwrap();
    let (operation, route) = specification.find("POST", "/api/v1/orgs/o-1/coffee-pots").unwrap();
    assert_eq!((operation.name(), operation.reads()), ("createOrgCoffeePot", false));
    assert_eq!(route.path_parameters[0].name, "org_id");
    assert_eq!(
        specification.operations().count(),
        Specification::embedded().operations().count() + 3
    );
    assert_eq!(specification.operation("listOrgSites").unwrap().names, ["listOrgSites"]);
    assert!(Specification::read(&home.path().join("wrong.json")).is_err());
}

/// The published specifications, the older first, and what was found in the older before.
fn published() -> Option<[PathBuf; 3]> {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("skipped: JMCP_TEST_DATA is not set");
        return None;
    };
    let names = ["mist-openapi-2509.json", "mist-openapi-2607.json", "mist-tools.json"];
    Some(names.map(|name| Path::new(&data).join(name)))
}

#[tokio::test]
async fn what_is_embedded_is_what_the_published_files_make() {
    let Some([older, newer, _]) = published() else {
        return;
    };
    let home = directory(&[]);
    let ended = import(
        home.path(),
        &[older.to_str().unwrap(), newer.to_str().unwrap(), "--out", "."],
    )
    .await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("\nthis version knows all of it\n"),
        "{}",
        ended.stdout
    );
    let embedded = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/mist/specification/data");
    for name in ["operations.jsonl", "shapes.jsonl"] {
        let (made, there) = (lines(home.path().join(name)), lines(embedded.join(name)));
        let first = made.iter().zip(&there).find(|(made, there)| made != there);
        assert_eq!(first, None, "{name}: make it again with `jmcp catalogue import`");
        assert_eq!(made.len(), there.len(), "{name}");
    }
}

#[test]
fn every_operation_and_parameter_of_both_published_files_is_there() {
    let Some([older, newer, _]) = published() else {
        return;
    };
    let specification = Specification::embedded();
    for file in [older, newer] {
        let facts = Facts::read(&file).unwrap();
        assert!(facts.operations.len() > 980);
        for published in &facts.operations {
            let name = published.name();
            let operation = specification.operation(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(operation.method, published.method, "{name}");
            let [route] = &published.routes[..] else {
                panic!("{name}")
            };
            let same = |own: &&jmcp::mist::specification::Route| own.path == route.path;
            let own = operation
                .routes
                .iter()
                .find(same)
                .unwrap_or_else(|| panic!("{name}: {}", route.path));
            assert_eq!(own.path_parameters.len(), route.path_parameters.len(), "{name}");
            for parameter in &route.query {
                let own = own.query.iter().find(|own| own.name == parameter.name);
                let own = own.unwrap_or_else(|| panic!("{name}: {}", parameter.name));
                let values = |schema: &Value| schema["enum"].as_array().cloned().unwrap_or_default();
                let is_kind_changed = own.schema["type"] != parameter.schema["type"];
                let known = values(&own.schema);
                assert!(
                    is_kind_changed || values(&parameter.schema).iter().all(|value| known.contains(value)),
                    "{name}: {}",
                    parameter.name
                );
            }
        }
    }
}

#[test]
fn a_published_file_at_start_changes_no_name() {
    let Some([older, newer, _]) = published() else {
        return;
    };
    let names = |specification: &Specification| -> BTreeSet<BTreeSet<String>> {
        specification
            .operations()
            .map(|operation| operation.names.iter().cloned().collect())
            .collect()
    };
    let embedded = Specification::embedded();
    for file in [older, newer] {
        let specification = Specification::read(&file).unwrap();
        assert_eq!(specification.operations().count(), embedded.operations().count());
        assert_eq!(names(&specification), names(embedded));
        for operation in embedded.operations() {
            let same = specification.operation(operation.name()).unwrap();
            assert_eq!(same.routes.len(), operation.routes.len(), "{}", operation.name());
            assert_eq!(same.paging, operation.paging, "{}", operation.name());
        }
    }
}

#[test]
fn paging_is_as_it_was_found_before() {
    let Some([_, _, tools]) = published() else {
        return;
    };
    let tools: Value = serde_json::from_str(&fs::read_to_string(tools).unwrap()).unwrap();
    let mut compared = 0;
    let mut differ = Vec::new();
    for tool in tools["tools"].as_array().unwrap() {
        let Some(name) = tool["operationId"].as_str() else {
            continue;
        };
        let operation: &Operation = Specification::embedded()
            .operation(name)
            .unwrap_or_else(|| panic!("{name}"));
        let wanted = match tool["pagination"].as_str().unwrap() {
            "page" => Paging::Pages,
            "limit-only" => Paging::Cursor,
            _ => Paging::None,
        };
        compared += 1;
        if operation.paging != wanted {
            differ.push((name, operation.paging));
        }
    }
    assert_eq!(compared, 207);
    // The newer specification gave it `limit` and `search_after`.
    assert_eq!(differ, [("searchSiteSyntheticTest", Paging::Cursor)]);
}
