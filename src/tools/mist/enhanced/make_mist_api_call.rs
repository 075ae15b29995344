//! `make_mist_api_call`: a request to any place of the Mist API. Every call of it is judged by the token's risks, whatever its method.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    super::{answer::Gathered, shape::Shape, tidy},
    kit::{self, Shown},
};
use crate::{
    error::{Code, Error, Result},
    mist::{
        Access, Request,
        effects::Deed,
        specification::Specification,
    },
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

/// Bytes of a body, which a person is always shown whole.
const WHOLE: usize = 20_000;
/// Characters of an object that a person is shown.
const SHOWN: usize = 3000;

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Path such as /orgs/{org_id}/sites, with or without /api/v1.
    endpoint: String,
    #[schemars(extend("enum" = ["GET", "POST", "PUT", "DELETE", "PATCH"], "default" = "GET"))]
    method: Option<String>,
    /// Stands for {org_id} in the path.
    org_id: Option<String>,
    /// Stands for {site_id} in the path.
    site_id: Option<String>,
    /// Body of the request.
    data: Option<Map<String, Value>>,
    /// Query parameters.
    params: Option<Map<String, Value>>,
    #[serde(flatten)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(
        "make_mist_api_call",
        Effect::Read,
        "Any call of the API",
        "Make a request to any path of the Mist API, where no other tool fits (search_tools finds most operations). Changes need the \
         operator's leave and a person's word; a token with critical risks is refused in strict mode, also for reads.",
        run,
    )
    .mist(kit::SHELF)
    .tidies(tidied)
    .effect_of(effect)
    .planned(|context, arguments| async move { plan(context, arguments).await });
    tool.idempotent = false;
    tool
}

/// Bodies and queries stay as they were written; ids come in any spelling.
fn tidied(arguments: &mut Arguments) {
    tidy::tidy(arguments);
    if let Some(Value::String(method)) = arguments.get_mut("method") {
        *method = method.trim().to_ascii_uppercase();
    }
}

fn request(args: &Args, specification: &Specification) -> Result<Request> {
    let mut values = Map::new();
    for (name, id) in [("org_id", &args.org_id), ("site_id", &args.site_id)] {
        if let Some(id) = id {
            values.insert(name.into(), json!(id));
        }
    }
    let empty = Map::new();
    let method = args.method.as_deref().unwrap_or("GET");
    if method.eq_ignore_ascii_case("GET") && args.data.as_ref().is_some_and(|data| !data.is_empty()) {
        return Err(Error::new(Code::InvalidInput, "a GET has no body").advise("give query parameters as `params`"));
    }
    let parameters = args.params.as_ref().unwrap_or(&empty);
    let body = args.data.clone().filter(|_| !method.eq_ignore_ascii_case("GET")).map(Value::Object);
    Request::to(method, &args.endpoint, &values, parameters, body, specification)
}

/// What the very request does that would be sent. One that cannot be made does nothing; it counts as the worst all the same.
fn effect(arguments: &Arguments) -> Effect {
    let args = serde_json::from_value::<Args>(Value::Object(arguments.clone())).ok();
    let deed = args.and_then(|args| request(&args, Specification::embedded()).ok()).map(|request| request.deed);
    let is_get = arguments.get("method").is_none_or(|method| method == "GET");
    match deed {
        Some(Deed::Reads) => Effect::Read,
        Some(Deed::Changes) => Effect::Write,
        Some(Deed::Destroys) => Effect::Destroy,
        // So that what is wrong with it is said in place of what it is not allowed.
        None if is_get => Effect::Read,
        None => Effect::Destroy,
    }
}

/// What is there now, where it can be read under the same path.
async fn present(access: &Access, request: &Request) -> Option<Value> {
    if !matches!(request.method.as_str(), "PUT" | "PATCH" | "DELETE") {
        return None;
    }
    let read = Request {
        method: "GET".into(),
        query: Vec::new(),
        body: None,
        deed: Deed::Reads,
        ..request.clone()
    };
    access.send(read).await.ok().map(|done| done.body().clone())
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = serde_json::from_value(Value::Object(arguments))
        .map_err(|e| Error::new(Code::InvalidInput, format!("arguments of `make_mist_api_call`: {e}")))?;
    let access = context.mist()?;
    let request = request(&args, access.specification())?;
    // Nobody is asked about what would be refused.
    access.mist().guard().check(&access, &request).await?;
    let now = present(&access, &request).await;
    if request.body.as_ref().is_some_and(|body| body.to_string().len() > WHOLE) {
        return Err(Error::new(Code::TooLarge, "the body is longer than a person can be shown whole")
            .advise("send it in parts, or use mist_update_configuration_objects, which shows the difference"));
    }
    Ok(Plan::new(
        words(&request, access.account().cloud().host(), now.as_ref()),
        now.unwrap_or_default(),
    ))
}

fn words(request: &Request, host: &str, now: Option<&Value>) -> String {
    let mut words = format!("Send {} {} to {host}?", request.method, request.target());
    if let Some(body) = &request.body {
        words.push_str(&format!("\nBody: {}", crate::tools::secrets::hidden(body)));
    }
    match now {
        Some(now) => words.push_str(&format!("\nThere now: {}", cut(&crate::tools::secrets::hidden(now)))),
        None => words.push_str("\nWhat is there now is not known."),
    }
    if request.deed == Deed::Destroys {
        words.push_str("\nThis cannot be undone, or interrupts a service.");
    }
    words
}

fn cut(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= SHOWN {
        return text;
    }
    let begin: String = text.chars().take(SHOWN).collect();
    format!("{begin}... ({} characters)", text.chars().count())
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let request = request(&args, access.specification())?;
    access.mist().guard().check(&access, &request).await?;
    if let Some(plan) = context.plan.as_ref().filter(|plan| !plan.evidence.is_null())
        && present(&access, &request).await.as_ref() != Some(&plan.evidence)
    {
        return Err(Error::new(Code::Conflict, "what the call would change is no longer what the person was shown")
            .advise("call again, so that the person sees it as it is now"));
    }
    let security = json!({ "method": request.method, "destructive_operation": request.deed == Deed::Destroys });
    let asked = format!("{} {}", request.method, request.target());
    let done = access.send(request).await?;
    let shape = Shape::from(args.shown);
    let gathered = Gathered::of(&context, &access, done, &shape).await?;
    let findings = kit::findings([("request", json!(asked)), ("security_context", security)]);
    Ok(gathered.answer(&context, &access, &shape, findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: Value) -> Effect {
        effect(arguments.as_object().unwrap())
    }

    #[test]
    fn the_effect_is_that_of_the_request_however_its_path_is_spelled() {
        let device = "/sites/s1/devices/00000000-0000-0000-1000-5c5b35000001";
        assert_eq!(of(json!({"endpoint": "/self"})), Effect::Read);
        assert_eq!(of(json!({"endpoint": format!("{device}/ping"), "method": "POST"})), Effect::Read);
        assert_eq!(of(json!({"endpoint": "/orgs/o1/sites", "method": "POST"})), Effect::Write);
        assert_eq!(of(json!({"endpoint": "/sites/s1", "method": "DELETE"})), Effect::Destroy);
        for spelling in ["/restart", "/restart/", "/rest%61rt", "/restart?x=/ping", "/restart?/ping"] {
            assert_eq!(of(json!({"endpoint": format!("{device}{spelling}"), "method": "POST"})), Effect::Destroy, "{spelling}");
        }
        assert_eq!(of(json!({"endpoint": "/../x/ping", "method": "POST"})), Effect::Destroy);
    }

    #[test]
    fn the_person_reads_the_request_and_what_is_there() {
        let args = serde_json::from_value(json!({
            "endpoint": "/orgs/{org_id}/wlans/w1", "method": "PUT", "org_id": "o1", "data": {"ssid": "new", "auth": {"psk": "tops3cret"}}
        }));
        let request = request(&args.unwrap(), Specification::embedded()).unwrap();
        assert_eq!(request.template, "/api/v1/orgs/{org_id}/wlans/{wlan_id}");
        let words = words(&request, "api.mist.com", Some(&json!({"ssid": "old"})));
        for part in ["PUT /api/v1/orgs/o1/wlans/w1", "api.mist.com", "\"new\"", "\"old\""] {
            assert!(words.contains(part), "{words}");
        }
        assert!(!words.contains("tops3cret"), "{words}");
    }
}
