//! Where a list goes on. The cloud says it in headers or in the body's `next`, which is taken as it is; but only its query counts: a `next`
//! that leads to another operation or host is refused, and the ids are always those of the first request.

use reqwest::Url;
use serde_json::Value;

use super::{Cloud, Request, access::Done};
use crate::error::{Code, Error, Result};

/// The request for what follows after this answer.
pub(super) fn of(done: &Done, cloud: &Cloud) -> Result<Option<Request>> {
    // What changes something is sent once, whatever the answer says of more.
    if done.request.method != "GET" {
        return Ok(None);
    }
    if let Some(page) = done.response.page {
        if !page.has_more() {
            return Ok(None);
        }
        let mut request = done.request.clone();
        request.query.retain(|(name, _)| name != "page" && name != "limit");
        request.query.push(("limit".into(), page.limit.to_string()));
        request.query.push(("page".into(), (page.page + 1).to_string()));
        return Ok(Some(request));
    }
    let Some(next) = done
        .response
        .body
        .get("next")
        .and_then(Value::as_str)
        .filter(|next| !next.is_empty())
    else {
        return Ok(None);
    };
    follow(&done.request, next, cloud).map(Some)
}

fn follow(request: &Request, next: &str, cloud: &Cloud) -> Result<Request> {
    let elsewhere = || {
        Error::new(
            Code::Protocol,
            format!(
                "the cloud says that `{}` goes on elsewhere, which is not followed",
                request.template
            ),
        )
        .advise("ask for less at once, so that one page holds it")
    };
    let base = Url::parse(cloud.base()).map_err(|_| elsewhere())?;
    let url = base.join(next).map_err(|_| elsewhere())?;
    let is_own = url.origin() == base.origin() && url.username().is_empty() && url.password().is_none();
    if !is_own || !is_of(url.path(), &request.template) || next.contains(['\\', '#']) {
        return Err(elsewhere());
    }
    let mut following = request.clone();
    following.query = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    Ok(following)
}

/// Whether a path is one of this operation. Which ids it names makes no difference: those of the request are kept.
fn is_of(path: &str, template: &str) -> bool {
    let (mut path, mut template) = (path.split('/'), template.split('/'));
    loop {
        match (path.next(), template.next()) {
            (None, None) => return true,
            (Some(segment), Some(wanted)) if segment == wanted || (wanted.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::Clouds;

    #[test]
    fn only_the_query_of_the_same_path_is_followed() {
        let cloud = Clouds::default().cloud("api.mist.com").unwrap();
        let mut request = Request::read("/api/v1/orgs/o1/clients/search");
        request.template = "/api/v1/orgs/{org_id}/clients/search".into();
        let good = follow(
            &request,
            "/api/v1/orgs/o1/clients/search?limit=2&search_after=%5B1%2C%22a%22%5D",
            &cloud,
        )
        .unwrap();
        assert_eq!(
            good.target(),
            "/api/v1/orgs/o1/clients/search?limit=2&search_after=%5B1%2C%22a%22%5D"
        );
        // Only the query is followed, never an id.
        let other = follow(&request, "/api/v1/orgs/o2/clients/search?page=2", &cloud).unwrap();
        assert_eq!(other.target(), "/api/v1/orgs/o1/clients/search?page=2");
        for hostile in [
            "https://evil.example/api/v1/orgs/o1/clients/search?x=1",
            "//evil.example/api/v1/orgs/o1/clients/search",
            ".evil.example/x",
            "/api/v1/orgs/o1/wlans",
            "/api/v1/orgs/o1/clients/search#x",
            "/api/v1/orgs//clients/search",
            "/api/v1/orgs/o1/clients/search/../../../o2",
            "http://api.mist.com/api/v1/orgs/o1/clients/search",
            "https://user@api.mist.com/api/v1/orgs/o1/clients/search",
            "\\\\evil.example\\x",
            "javascript:alert(1)",
        ] {
            assert!(follow(&request, hostile, &cloud).is_err(), "{hostile}");
        }
    }
}
