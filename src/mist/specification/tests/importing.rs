//! How a file becomes facts.

use serde_json::json;

use super::{super::*, answers, facts, file, plain};

fn refused(text: &str) -> String {
    import::parse(text).unwrap_err().to_string()
}

#[test]
fn words_go_and_what_can_be_checked_stays() {
    let schema = json!({"type": "object", "title": "words", "description": "words", "required": ["enum"], "properties": {
        "enum": {"type": "string", "enum": ["a"], "description": "words", "example": "words", "default": "a"},
        "description": {"type": "integer", "format": "int32", "minimum": 1},
        "id": {"type": "string", "format": "uuid", "readOnly": true},
        "shown": {"type": "string", "default": "what a guest reads"},
        "old": {"type": "string", "enum": ["x"], "nullable": true},
        "default": {"$ref": "#/components/schemas/thing", "description": "words"}}});
    let facts = facts(
        &json!({"/api/v1/a": {"get": answers("getA", "thing")}}),
        &json!({"thing": schema}),
    );
    assert_eq!(
        facts.shapes["thing"],
        json!({"type": "object", "required": ["enum"], "properties": {
            "enum": {"type": "string", "enum": ["a"], "default": "a"},
            "description": {"type": "integer", "minimum": 1},
            "id": {"type": "string", "format": "uuid", "readOnly": true},
            "shown": {"type": "string"},
            "old": {"type": ["string", "null"], "enum": ["x", null]},
            "default": {"$ref": "thing"}}})
    );
}

#[test]
fn parameters_come_from_the_path_and_the_operation_and_from_components() {
    let text = r##"{"openapi": "3.0.3", "components": {
        "schemas": {"band": {"type": "string", "enum": ["24", "5"], "description": "words"}},
        "parameters": {"id": {"name": "a_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
            "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 10}}},
        "responses": {"A": {"content": {"application/vnd.api+json": {"schema": {"type": "array"}}, "application/json":
            {"schema": {"type": "object"}}}}}},
      "paths": {"/api/v1/a/{a_id}/{band}": {
        "parameters": [{"$ref": "#/components/parameters/id"}, {"$ref": "#/components/parameters/limit"},
            {"name": "X-Token", "in": "header", "schema": {"type": "string"}}],
        "get": {"operationId": "getA", "tags": ["A B"],
            "parameters": [{"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "default": 5}},
                {"name": "band", "in": "path", "required": true, "schema": {"$ref": "#/components/schemas/band"}},
                {"name": "old", "in": "query", "deprecated": true, "schema": {"type": "string"}}],
            "responses": {"404": {}, "200": {"$ref": "#/components/responses/A"}}}}}}"##;
    let facts = import::parse(text).unwrap();
    let operation = &facts.operations[0];
    let route = &operation.routes[0];
    let shown = |parameters: &[Parameter]| {
        let each = parameters.iter().map(|p| json!([p.name, p.required, p.schema]));
        each.collect::<Vec<_>>()
    };
    assert_eq!(
        shown(&route.path_parameters),
        [
            json!(["a_id", true, {"type": "string", "format": "uuid"}]),
            json!(["band", true, {"type": "string", "enum": ["24", "5"]}])
        ]
    );
    assert_eq!(
        shown(&route.query),
        [
            json!(["limit", true, {"type": "integer", "default": 5}]),
            json!(["old", false, {"type": "string", "deprecated": true}])
        ]
    );
    assert_eq!(operation.answer, Some(json!({"type": "object"})));
    assert_eq!((operation.tag.as_str(), operation.paging), ("A B", Paging::Cursor));
    let read_again = Specification::of(&facts);
    assert_eq!(read_again.operation("getA"), Some(operation));
}

#[test]
fn a_body_that_can_only_be_a_form_is_an_upload() {
    let body = |kinds: &[&str]| {
        let mut operation = plain("sendA");
        for kind in kinds {
            operation["requestBody"]["content"][kind] = json!({"schema": {"type": "object"}});
        }
        facts(&json!({"/api/v1/a": {"post": operation}}), &json!({}))
            .operations
            .remove(0)
    };
    assert!(body(&["multipart/form-data"]).upload);
    assert!(!body(&["multipart/form-data", "application/json"]).upload);
    assert_eq!(body(&[]).body, None);
}

#[test]
fn what_is_not_in_the_api_is_left_out() {
    let paths = json!({"/webhook_example/_alarm_": {"post": plain("alarm")}, "/api/v1/a": {"get": plain("getA")}});
    let facts = facts(&paths, &json!({}));
    assert_eq!(
        facts.operations.iter().map(Operation::name).collect::<Vec<_>>(),
        ["getA"]
    );
}

#[test]
fn schemas_that_hold_themselves_come_to_an_end() {
    let schemas = json!({
        "tree": {"type": "object", "properties": {"name": {"type": "string"}, "below": {"$ref": "#/components/schemas/trees"}}},
        "trees": {"type": "array", "items": {"$ref": "#/components/schemas/tree"}},
        "list": {"type": "array", "items": {"$ref": "#/components/schemas/list"}}});
    let mut operation = answers("getA", "tree");
    operation["parameters"] = json!([
        {"name": "t", "in": "query", "schema": {"$ref": "#/components/schemas/tree"}},
        {"name": "l", "in": "query", "schema": {"$ref": "#/components/schemas/list"}}]);
    let paths = json!({"/api/v1/a": {"get": operation}, "/api/v1/l": {"get": answers("getL", "list")}});
    let facts = facts(&paths, &schemas);
    let query = &facts.operations[0].routes[0].query;
    let within =
        json!({"type": "object", "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {}}}});
    assert_eq!(query[0].schema, within);
    assert_eq!(query[1].schema, json!({"type": "array", "items": {}}));
    let specification = Specification::of(&facts);
    assert_eq!(specification.shape("tree", usize::MAX).unwrap(), Some(within));
    let complete = specification.complete(&json!({"$ref": "tree"})).unwrap();
    let validator = jsonschema::draft202012::new(&complete).unwrap();
    assert!(validator.is_valid(&json!({"name": "a", "below": [{"name": "b", "below": []}]})));
    assert!(!validator.is_valid(&json!({"name": "a", "below": [{"name": 1}]})));
}

#[test]
fn a_chain_of_any_length_is_cut_instead_of_followed() {
    let link = |n: usize| json!({"type": "object", "properties": {"next": {"$ref": format!("#/components/schemas/s{}", n + 1)}}});
    let mut schemas: serde_json::Map<_, _> = (0..5000).map(|n| (format!("s{n}"), link(n))).collect();
    schemas.insert("s5000".to_owned(), json!({"type": "object"}));
    let mut operation = answers("getA", "s0");
    operation["parameters"] = json!([{"name": "p", "in": "query", "schema": {"$ref": "#/components/schemas/s0"}}]);
    let facts = facts(&json!({"/api/v1/a": {"get": operation}}), &schemas.into());
    assert_eq!(
        facts.shapes.len(),
        5000,
        "the last is short enough to stand where it is named"
    );
    let specification = Specification::of(&facts);
    assert!(specification.operation("getA").is_some());
    assert!(specification.shape("s0", usize::MAX).unwrap().is_some());
    let complete = specification.complete(&json!({"$ref": "s0"})).unwrap();
    assert_eq!(complete["$defs"].as_object().unwrap().len(), 5000);
}

#[test]
fn schemas_that_grow_without_end_are_refused_or_cut() {
    let twice = |n: usize| {
        let next = json!({"$ref": format!("#/components/schemas/s{}", n + 1)});
        json!({"type": "object", "properties": {"a": next.clone(), "b": next}})
    };
    let mut schemas: serde_json::Map<_, _> = (0..40).map(|n| (format!("s{n}"), twice(n))).collect();
    schemas.insert("s40".to_owned(), json!({"type": "object"}));
    let schemas = schemas.into();
    let specification = Specification::of(&facts(&json!({"/api/v1/a": {"get": answers("getA", "s0")}}), &schemas));
    let whole = specification.shape("s0", usize::MAX).unwrap().unwrap();
    assert!(whole.to_string().len() < 10_000_000);

    let mut operation = plain("getA");
    operation["parameters"] = json!([{"name": "p", "in": "query", "schema": {"$ref": "#/components/schemas/s0"}}]);
    let said = refused(&file(&json!({"/api/v1/a": {"get": operation}}), &schemas));
    assert!(said.contains("more schemas than an API can have"), "{said}");
}

#[test]
fn yaml_says_the_same_as_json() {
    let yaml = "openapi: 3.1.0
paths:
  /api/v1/a/{a_id}:
    get:
      operationId: getA
      tags: [Things]
      parameters:
        - {name: a_id, in: path, required: true, schema: {type: string, format: uuid}}
        - name: band
          in: query
          schema: &band
            type: string
            enum: ['24', '5', no, on]
      responses:
        200:
          description: words
          content:
            application/json:
              schema:
                type: object
                properties:
                  band: *band
";
    let json = json!({"openapi": "3.1.0", "paths": {"/api/v1/a/{a_id}": {"get": {"operationId": "getA", "tags": ["Things"],
        "parameters": [{"name": "a_id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
            {"name": "band", "in": "query", "schema": {"type": "string", "enum": ["24", "5", "no", "on"]}}],
        "responses": {"200": {"content": {"application/json": {"schema": {"type": "object", "properties":
            {"band": {"type": "string", "enum": ["24", "5", "no", "on"]}}}}}}}}}}});
    assert_eq!(import::parse(yaml).unwrap(), import::parse(&json.to_string()).unwrap());
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let get = |path: &str, operation: Value| file(&json!({path: {"get": operation}}), &json!({}));
    assert!(refused("{").contains("`text` is not JSON"));
    assert!(refused("a: [").contains("`text` is not YAML"));
    assert!(refused("{}").contains("is not an OpenAPI file of version 3"));
    assert!(refused(r#"{"swagger": "2.0", "paths": {}}"#).contains("is not an OpenAPI file of version 3"));
    assert!(refused(&get("/api/v1/a", answers("getA", "gone"))).contains("refers to `#/components/schemas/gone`"));
    assert!(refused(&get("/api/v1/a", json!({}))).contains("has no `operationId`"));
    assert!(refused(&get("/api/v1/a", plain("get A"))).contains("in `GET /api/v1/a`"));
    for path in [
        "/api/v1/../a",
        "/api/v1/a?b=c",
        "/api/v1//a",
        "/api/v1/{a",
        "/api/v1/a b",
        "/api/v1/{a}{b}",
    ] {
        assert!(
            refused(&get(path, plain("getA"))).contains("no request can have"),
            "{path}"
        );
    }
    let twice = json!({"/api/v1/a": {"get": plain("getA")}, "/api/v1/b": {"get": plain("getA")}});
    assert!(refused(&file(&twice, &json!({}))).contains("has two operations `getA`"));
    let round = json!({"openapi": "3.0.0", "paths": {"/api/v1/a": {"get": {"operationId": "getA", "parameters":
        [{"$ref": "#/components/parameters/p"}]}}}, "components": {"parameters": {"p": {"$ref": "#/components/parameters/p"}}}});
    assert!(refused(&round.to_string()).contains("lead to each other"));
}
