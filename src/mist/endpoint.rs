//! Places of the API as people and models write them down, read strictly: what is not plainly a path below `/api/v1` is refused, and what
//! is one is taken apart and made anew from encoded segments.

use reqwest::Url;
use serde_json::{Map, Value};

use super::request::encode;
use crate::error::{Code, Error, Result};

/// Names and values of a query.
type Query = Vec<(String, String)>;

/// The encoded path and the query of what was written. Placeholders stand for `values`.
///
/// # Errors
/// `invalid_input` for what is no path below `/api/v1`.
pub(super) fn read(endpoint: &str, values: &Map<String, Value>) -> Result<(String, Query)> {
    let text = endpoint.trim();
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    if path.contains(['\\', '#', ':', '@']) || path.starts_with("//") || text.chars().any(char::is_control) {
        return Err(wrong(endpoint, "it is no plain path"));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let path = match path.split_once('/') {
        Some(("api", rest)) => rest
            .strip_prefix("v1/")
            .ok_or_else(|| wrong(endpoint, "the API is at `/api/v1`"))?,
        _ => path,
    };
    if path.is_empty() {
        return Err(wrong(endpoint, "it is empty"));
    }
    let mut made = String::from("/api/v1");
    for segment in path.split('/') {
        made.push('/');
        made.push_str(&part(endpoint, segment, values)?);
    }
    Ok((made, pairs(query)))
}

/// One segment, decoded and encoded anew, so that no spelling of a path is another one's.
fn part(endpoint: &str, segment: &str, values: &Map<String, Value>) -> Result<String> {
    if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let value = values.get(name).and_then(Value::as_str);
        let value = value.ok_or_else(|| wrong(endpoint, &format!("`{}` has no value", name.escape_debug())))?;
        return encode(name, value);
    }
    if segment.trim().is_empty() {
        return Err(wrong(endpoint, "a part of it is empty"));
    }
    if segment.contains(['{', '}']) {
        return Err(wrong(endpoint, "a placeholder is a whole part"));
    }
    let decoded = decode(segment).ok_or_else(|| wrong(endpoint, "its encoding is broken"))?;
    encode("endpoint", &decoded)
}

/// Percent-encoded text, decoded once.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend(pieces.next()?.bytes());
    for piece in pieces {
        let digits = piece
            .get(..2)
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(piece.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

fn pairs(query: &str) -> Query {
    let url = Url::parse(&format!("https://192.0.2.1/?{query}"));
    url.map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default()
}

fn wrong(endpoint: &str, why: &str) -> Error {
    let shown: String = endpoint.chars().take(100).collect();
    Error::new(
        Code::InvalidInput,
        format!("`endpoint` cannot be `{}`: {why}", shown.escape_debug()),
    )
    .advise("give a path of the Mist API such as /orgs/{org_id}/sites; the host comes from the configuration")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(endpoint: &str) -> Result<(String, Query)> {
        super::read(
            endpoint,
            json!({"org_id": "o-1", "site_id": "../x"}).as_object().unwrap(),
        )
    }

    #[test]
    fn a_path_is_one_however_it_is_written() {
        for same in [
            "/api/v1/orgs/o-1/sites",
            "api/v1/orgs/o-1/sites/",
            "orgs/{org_id}/sites",
            " /orgs/o-1/s%69tes ",
        ] {
            assert_eq!(read(same).unwrap().0, "/api/v1/orgs/o-1/sites", "{same}");
        }
        let (path, query) = read("/orgs/o-1/sites?limit=2&name=a%20b").unwrap();
        assert_eq!(path, "/api/v1/orgs/o-1/sites");
        assert_eq!(query, [("limit".into(), "2".into()), ("name".into(), "a b".into())]);
    }

    #[test]
    fn nothing_leads_elsewhere() {
        for hostile in [
            "https://evil.example/api/v1/self",
            "//evil.example/x",
            "evil.example:443/x",
            "/api/v2/self",
            "/api/v1",
            "/api/v1/",
            "",
            "/",
            "/orgs/../../../x",
            "/orgs/%2e%2e/x",
            "/orgs/a%2Fb",
            "/orgs/a%252Fb",
            "/orgs//sites",
            "/orgs/ /sites",
            "/orgs/o\\1",
            "/orgs/o#1",
            "/orgs/o%zz",
            "/sites/{site_id}/stats",
            "/sites/{map_id}/stats",
            "/sites/x{org_id}/stats",
            "/sites/a\nb",
            "user@evil.example/x",
            "/./self",
        ] {
            assert!(read(hostile).is_err(), "{hostile}: {:?}", read(hostile));
        }
    }
}
