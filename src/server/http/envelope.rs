//! The outside of a JSON-RPC message: what kind it is, whether it may be read further, and which devices a call names. The MCP
//! library takes a request whose id it cannot read for a notification, and says of broken JSON that its media type is wrong.

use std::borrow::Cow;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::refusal::Refusal;

/// Devices that one call may name.
const MOST_DEVICES: usize = 500;
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;
/// Arguments have another shape than the method's (JSON-RPC 2.0 section 5.1).
pub(super) const INVALID_PARAMS: i32 = -32602;

/// A message whose outside is as it should be.
#[derive(Debug, PartialEq)]
pub(super) struct Envelope {
    pub(super) kind: Kind,
    /// Empty where it is an answer.
    pub(super) method: String,
    /// Whether it names its protocol version itself, as every request since 2026-07-28 does.
    pub(super) names_version: bool,
    /// The devices that a tool call names.
    pub(super) devices: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// Wants an answer under this id.
    Request(Value),
    /// Wants none.
    Notification,
    /// Answers a request of the server.
    Answer,
}

#[derive(Deserialize)]
struct Outside<'a> {
    #[serde(borrow)]
    jsonrpc: Option<Cow<'a, str>>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Params<'a> {
    #[serde(rename = "_meta", borrow)]
    meta: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<serde::de::IgnoredAny>,
}

/// The parameters that name devices, in the spellings of every tool.
#[derive(Deserialize, Default)]
struct Devices {
    router: Option<Value>,
    router_name: Option<Value>,
    routers: Option<Value>,
    router_names: Option<Value>,
    other_router: Option<Value>,
}

/// Reads the outside of a message.
pub(super) fn open(body: &[u8]) -> Result<Envelope, Refusal> {
    let outside = outside(body)?;
    let id = match outside.id {
        Some(raw) => Some(id(raw).ok_or_else(|| invalid(Value::Null, NO_ID))?),
        None if has_id(body) => return Err(invalid(Value::Null, NO_ID)),
        None => None,
    };
    let shown = || id.clone().unwrap_or_default();
    if outside.jsonrpc.as_deref() != Some("2.0") {
        return Err(invalid(shown(), "`jsonrpc` has to be \"2.0\""));
    }
    let answers = outside.result.is_some() || outside.error.is_some();
    let Some(method) = outside.method else {
        return match id {
            Some(_) if answers => Ok(Envelope::answer()),
            _ => Err(invalid(shown(), "there is no method")),
        };
    };
    if answers {
        return Err(invalid(shown(), "a request has no result"));
    }
    let params = match outside.params {
        Some(raw) => params(raw).ok_or_else(|| invalid(shown(), "`params` has to be an object"))?,
        None => Params::default(),
    };
    let is_call = method == "tools/call";
    Ok(Envelope {
        devices: if is_call { devices(params.arguments) } else { Vec::new() },
        names_version: params.meta.is_some_and(names_version),
        method: method.into_owned(),
        kind: id.map_or(Kind::Notification, Kind::Request),
    })
}

impl Envelope {
    fn answer() -> Self {
        Self {
            kind: Kind::Answer,
            method: String::new(),
            names_version: false,
            devices: Vec::new(),
        }
    }
}

const NO_ID: &str = "the id has to be a string or a whole number";

fn invalid(id: Value, why: &str) -> Refusal {
    Refusal::rpc(
        StatusCode::BAD_REQUEST,
        id,
        INVALID_REQUEST,
        format!("invalid request: {why}"),
    )
}

fn outside(body: &[u8]) -> Result<Outside<'_>, Refusal> {
    // What is passed over is not looked at below, and JSON is UTF-8 throughout (RFC 8259 section 8.1).
    let body = std::str::from_utf8(body).map_err(|e| broken(&e))?.as_bytes();
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'[') {
        serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|e| broken(&e))?;
        let why = "batches are not part of this protocol; send one message at a time";
        return Err(invalid(Value::Null, why));
    }
    serde_json::from_slice(body).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => invalid(Value::Null, &e.to_string()),
        _ => broken(&e),
    })
}

fn broken(why: &dyn std::fmt::Display) -> Refusal {
    let why = format!("parse error: {why}");
    Refusal::rpc(StatusCode::BAD_REQUEST, Value::Null, PARSE_ERROR, why)
}

/// `"id": null` reads as no id at all; the two differ.
fn has_id(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Id {
        #[serde(default, deserialize_with = "present")]
        id: bool,
    }
    fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
        serde::de::IgnoredAny::deserialize(value).map(|_| true)
    }
    serde_json::from_slice::<Id>(body).is_ok_and(|id| id.id)
}

fn id(raw: &RawValue) -> Option<Value> {
    match serde_json::from_str(raw.get()).ok()? {
        Value::String(text) => Some(Value::String(text)),
        Value::Number(number) if number.is_i64() => Some(Value::Number(number)),
        _ => None,
    }
}

fn params(raw: &RawValue) -> Option<Params<'_>> {
    if raw.get() == "null" {
        return Some(Params::default());
    }
    raw.get()
        .starts_with('{')
        .then(|| serde_json::from_str(raw.get()).ok())
        .flatten()
}

fn names_version(meta: &RawValue) -> bool {
    serde_json::from_str::<Meta>(meta.get()).is_ok_and(|meta| meta.version.is_some())
}

/// The names as they stand; what is no name is for the call path to refuse.
fn devices(arguments: Option<&RawValue>) -> Vec<String> {
    let read = arguments.and_then(|raw| serde_json::from_str::<Devices>(raw.get()).ok());
    let Devices {
        router,
        router_name,
        routers,
        router_names,
        other_router,
    } = read.unwrap_or_default();
    let mut names = Vec::new();
    let split = |text: &str, names: &mut Vec<String>| names.extend(text.split(',').map(|name| name.trim().to_owned()));
    for value in [router, router_name, routers, router_names, other_router]
        .into_iter()
        .flatten()
    {
        match value {
            Value::String(text) => split(&text, &mut names),
            Value::Array(list) => list
                .iter()
                .filter_map(Value::as_str)
                .for_each(|text| names.push(text.to_owned())),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    // More than any tool takes: the call path refuses the call.
    names.truncate(MOST_DEVICES);
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use serde_json::json;

    use super::*;

    /// Status and JSON-RPC code of the refusal.
    fn refused(body: &str) -> (u16, i64) {
        let refusal = open(body.as_bytes()).unwrap_err();
        let text = format!("{refusal:?}");
        let code = [-32700, -32600]
            .into_iter()
            .find(|code| text.contains(&code.to_string()))
            .unwrap();
        (refusal.into_response().status().as_u16(), code)
    }

    #[test]
    fn kinds_are_told_apart() {
        let kind = |text: &str| open(text.as_bytes()).unwrap().kind;
        assert_eq!(
            kind(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#),
            Kind::Request(json!(1))
        );
        assert_eq!(
            kind(r#" {"jsonrpc":"2.0","id":"a","method":"ping","params":null}"#),
            Kind::Request(json!("a"))
        );
        assert_eq!(
            kind(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#),
            Kind::Notification
        );
        assert_eq!(kind(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#), Kind::Answer);
        assert_eq!(
            kind(r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}"#),
            Kind::Answer
        );
    }

    #[test]
    fn broken_json_is_a_parse_error() {
        for body in [
            "",
            "{",
            "not json",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping""#,
            "{\"a\": \u{1}}",
            "[1,",
        ] {
            assert_eq!(refused(body), (400, PARSE_ERROR.into()), "{body}");
        }
    }

    #[test]
    fn json_that_is_no_message_is_an_invalid_request() {
        for body in [
            "1",
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            "{}",
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":99999999999999999999,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"pong"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","result":{}}"#,
        ] {
            assert_eq!(refused(body), (400, INVALID_REQUEST.into()), "{body}");
        }
    }

    #[test]
    fn devices_of_a_call_are_known_before_it() {
        let devices = |arguments: Value| {
            let message =
                json!({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":arguments}});
            open(message.to_string().as_bytes()).unwrap().devices
        };
        assert_eq!(devices(json!({"router_name":"mx"})), ["mx"]);
        assert_eq!(
            devices(json!({"routers":["b","a","b"],"router":"c, a"})),
            ["a", "b", "c"]
        );
        assert!(devices(json!({"router_name":5,"command":"show version"})).is_empty());
        assert!(devices(json!("x")).is_empty());
    }

    #[test]
    fn the_newer_protocol_names_its_version() {
        let message = json!({"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}});
        assert!(open(message.to_string().as_bytes()).unwrap().names_version);
        assert!(
            !open(br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}}"#)
                .unwrap()
                .names_version
        );
    }
}
