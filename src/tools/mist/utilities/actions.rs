//! Everything that a device can be told to do by a request of its own: a closed list, as data. What gives away a secret (the password for
//! zero touch provisioning) or opens a door (the shell) is not in it.

use std::{collections::BTreeMap, sync::LazyLock, time::Duration};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    error::{Code, Error, Result},
    mist::{
        effects::{self, Deed},
        specification::Specification,
        stream::Way,
    },
    tools::{Effect, mist::tidy},
};

/// What is put into schemas of bodies before it is left open.
const DEPTH: usize = 5;
/// Seconds that a device may take to say the first thing, where nothing else is known.
const FIRST: u64 = 30;
/// Seconds of silence that a parameter can add.
const LONGEST_IDLE: u64 = 120;
/// How long an action may take where nobody says it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::tools::mist) struct Action {
    /// The end of its path.
    #[serde(skip)]
    pub(in crate::tools::mist) name: String,
    /// The operation of the API that it is.
    pub(in crate::tools::mist) operation: String,
    /// The platforms that know it.
    pub(in crate::tools::mist) on: Vec<String>,
    /// Its name among the utilities.
    pub(in crate::tools::mist) utility: Option<String>,
    /// Other ends of its path.
    #[serde(default)]
    also: Vec<String>,
    way: Option<Output>,
    first: Option<u64>,
    #[serde(default)]
    idle: u64,
    #[serde(default)]
    idle_by: Vec<String>,
    /// The parameter that names the host where a path ends.
    arrival: Option<String>,
    /// It goes on until it is stopped.
    #[serde(default)]
    pub(in crate::tools::mist) endless: bool,
    seconds: Option<u64>,
    /// What its last line has in it.
    #[serde(default)]
    pub(in crate::tools::mist) last: Vec<String>,
    effect: Option<String>,
    #[serde(default)]
    defaults: Map<String, Value>,
    /// What it does.
    pub(in crate::tools::mist) about: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Output {
    Channel,
    Socket,
}

static ALL: LazyLock<BTreeMap<String, Action>> = LazyLock::new(|| {
    let read: Result<BTreeMap<String, Action>, toml::de::Error> = toml::from_str(include_str!("actions.toml"));
    let mut all = read.unwrap_or_default();
    all.iter_mut().for_each(|(name, action)| action.name.clone_from(name));
    all
});

/// All actions, by name.
pub(in crate::tools::mist) fn all() -> impl Iterator<Item = &'static Action> {
    ALL.values()
}

/// The action of this name: the end of its path.
pub(in crate::tools::mist) fn find(name: &str) -> Option<&'static Action> {
    let name = name.trim().to_ascii_lowercase();
    let by_path = ALL.get(&name);
    by_path.or_else(|| all().find(|action| action.also.contains(&name)))
}

/// The action that a utility is on a platform; by the utility's name or the action's.
pub(in crate::tools::mist) fn utility(name: &str, platform: &str) -> Option<&'static Action> {
    let plain = |text: &str| {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase()
    };
    let wanted = plain(name);
    let is = |action: &&Action| {
        action.utility.as_deref().map(plain).as_ref() == Some(&wanted)
            || plain(&action.name) == wanted
            || action.also.iter().any(|also| plain(also) == wanted)
    };
    all().find(|action| action.on.iter().any(|on| on == platform) && is(action))
}

impl Action {
    /// Where its output comes.
    pub(in crate::tools::mist) fn way(&self) -> Way {
        match self.way {
            None => Way::Plain,
            Some(Output::Channel) => Way::Channel,
            Some(Output::Socket) => Way::Socket,
        }
    }

    /// How long the device may take to say the first thing.
    pub(in crate::tools::mist) fn first(&self) -> Duration {
        Duration::from_secs(self.first.unwrap_or(FIRST))
    }

    /// After how long a silence it is done with this body: packets that are lost and pauses that were asked for are silent.
    pub(in crate::tools::mist) fn idle(&self, body: Option<&Value>) -> Duration {
        let number = |name: &String| body?.get(name)?.as_u64();
        let more = self
            .idle_by
            .iter()
            .filter_map(number)
            .map(|seconds| seconds.min(LONGEST_IDLE));
        Duration::from_secs(self.idle.max(1) + more.sum::<u64>())
    }

    /// The address where the path ends that it looks for.
    pub(in crate::tools::mist) fn arrival<'a>(&self, body: Option<&'a Value>) -> Option<&'a str> {
        let host = body?.get(self.arrival.as_ref()?)?.as_str()?;
        host.parse::<std::net::IpAddr>().is_ok().then_some(host)
    }

    /// How long it may take where nobody says it.
    pub(in crate::tools::mist) fn timeout(&self) -> Duration {
        self.seconds.map_or(TIMEOUT, Duration::from_secs)
    }

    /// What it does to the device; what is not known counts as the worst.
    pub(in crate::tools::mist) fn effect(&self) -> Effect {
        let said = self.effect.as_deref().and_then(Effect::of);
        let own = Specification::embedded().operation(&self.operation).map(effects::deed);
        said.unwrap_or(match own {
            Some(Deed::Reads) => Effect::Read,
            Some(Deed::Changes) => Effect::Write,
            Some(Deed::Destroys) | None => Effect::Destroy,
        })
    }

    /// The schema of its body; none where it takes none.
    ///
    /// # Errors
    /// `internal` where the facts of the API are broken.
    pub(in crate::tools::mist) fn schema(&self, specification: &Specification) -> Result<Option<Value>> {
        let body = specification
            .operation(&self.operation)
            .and_then(|operation| operation.body.as_ref());
        body.map(|body| specification.resolve(body, DEPTH)).transpose()
    }

    /// The body of its request from the parameters of a call.
    ///
    /// # Errors
    /// `invalid_input`, naming every parameter that is wrong and those that there are.
    pub(in crate::tools::mist) fn body(
        &self,
        specification: &Specification,
        parameters: &Map<String, Value>,
    ) -> Result<Option<Value>> {
        let given = parameters.iter().filter(|(_, value)| !value.is_null());
        let Some(schema) = self.schema(specification)? else {
            let names: Vec<&str> = given.map(|(name, _)| name.as_str()).collect();
            return if names.is_empty() {
                Ok(None)
            } else {
                Err(Error::new(
                    Code::InvalidInput,
                    format!("`{}` takes no parameters, not {}", self.name, listed(&names)),
                )
                .advise("leave them out"))
            };
        };
        let empty = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut body = self.defaults.clone();
        let mut problems = Vec::new();
        for (name, value) in given {
            let name = spelled(name, known);
            match known.get(name) {
                Some(schema) => {
                    body.insert(name.to_owned(), fitted(name, value.clone(), schema));
                }
                None => problems.push(format!("there is no `{}`", name.escape_debug())),
            }
        }
        let body = Value::Object(body);
        let validator = jsonschema::validator_for(&schema)
            .map_err(|e| Error::new(Code::Internal, format!("the schema of `{}` is broken: {e}", self.name)))?;
        problems.extend(validator.iter_errors(&body).map(|e| e.to_string()));
        if problems.is_empty() {
            return Ok(Some(body));
        }
        let message = format!("parameters of `{}`: {}", self.name, problems.join("; "));
        Err(Error::new(Code::InvalidInput, message).advise(format!("it takes {}", takes(&schema))))
    }

    /// What a model has to know to use it.
    ///
    /// # Errors
    /// As `schema`.
    pub(in crate::tools::mist) fn described(&self, specification: &Specification) -> Result<Value> {
        let schema = self.schema(specification)?;
        let mut described = Map::new();
        if let Some(utility) = self.utility.as_ref() {
            described.insert("utility".into(), json!(utility));
        }
        described.insert("action".into(), json!(self.name));
        described.insert("effect".into(), json!(self.effect().as_str()));
        described.insert("about".into(), json!(self.about));
        if let Some(schema) = schema {
            described.insert("parameters".into(), json!(takes(&schema)));
        }
        Ok(Value::Object(described))
    }
}

/// The name that the API has for a parameter which the earlier server had under another.
fn spelled<'a>(name: &'a str, known: &'a Map<String, Value>) -> &'a str {
    let others = [
        ("port_ids", "ports"),
        ("port_id", "port"),
        ("port", "port_id"),
        ("ports", "port"),
    ];
    if known.contains_key(name) {
        return name;
    }
    let other = others
        .iter()
        .find(|(from, to)| *from == name && known.contains_key(*to));
    other.map_or(name, |(_, to)| to)
}

/// A value in the form that the schema wants, where there is one plain way to it.
fn fitted(name: &str, value: Value, schema: &Value) -> Value {
    let wanted = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let is_address = matches!(name, "mac" | "macs" | "mac_address");
    let tidied = |text: &str| is_address.then(|| tidy::mac(text)).flatten();
    match (wanted, value) {
        ("integer" | "number" | "boolean", Value::String(text)) => {
            serde_json::from_str(text.trim()).unwrap_or(Value::String(text))
        }
        ("array", Value::String(text)) => text
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| Value::String(tidied(item).unwrap_or_else(|| item.to_owned())))
            .collect(),
        ("string", Value::Number(number)) => number.to_string().into(),
        (_, Value::String(text)) => tidied(&text).unwrap_or(text).into(),
        (_, value) => value,
    }
}

/// The parameters of a body in one line: `host (string, required), count (integer)`.
fn takes(schema: &Value) -> String {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    let words = properties.into_iter().flatten().map(|(name, schema)| {
        let kind = match schema.get("enum").and_then(Value::as_array) {
            Some(values) => values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("|"),
            None => match schema.get("type").and_then(Value::as_str) {
                Some("array") => "list".to_owned(),
                kind => kind.unwrap_or("any").to_owned(),
            },
        };
        let must = if required.contains(&name.as_str()) {
            ", required"
        } else {
            ""
        };
        format!("{name} ({kind}{must})")
    });
    words.collect::<Vec<_>>().join(", ")
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
    quoted.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(action: &str, parameters: Value) -> Result<Option<Value>> {
        let action = find(action).unwrap();
        action.body(Specification::embedded(), parameters.as_object().unwrap())
    }

    #[test]
    fn every_action_is_an_operation_of_one_device() {
        let specification = Specification::embedded();
        for action in all() {
            let operation = specification.operation(&action.operation);
            let operation = operation.unwrap_or_else(|| panic!("{} is no operation", action.operation));
            assert_eq!(operation.method, "POST");
            let end = format!("/sites/{{site_id}}/devices/{{device_id}}/{}", action.name);
            assert!(operation.routes.iter().any(|route| route.path.ends_with(&end)), "{end}");
            let answers_with_session = operation
                .answer
                .as_ref()
                .is_some_and(|answer| answer.to_string().contains("websocket_session"));
            assert!(
                !answers_with_session || action.way() != Way::Plain,
                "{} streams",
                action.name
            );
            let platforms = ["ap", "ex", "srx", "ssr"];
            assert!(!action.on.is_empty() && action.on.iter().all(|on| platforms.contains(&on.as_str())));
            action.described(specification).unwrap();
            // Whoever may send only reads must not be able to send this: the client judges by the operation's own deed.
            let deed = effects::deed(operation);
            assert_eq!(action.effect() == Effect::Read, deed == Deed::Reads, "{}", action.name);
        }
        for (name, effect) in [
            ("ping", Effect::Read),
            ("bounce_port", Effect::Destroy),
            ("snapshot", Effect::Write),
            ("restart", Effect::Destroy),
        ] {
            assert_eq!(find(name).unwrap().effect(), effect, "{name}");
        }
        for secret in ["request_ztp_password", "shell", "../../orgs/o1", ""] {
            assert!(find(secret).is_none(), "{secret}");
        }
    }

    #[test]
    fn what_is_not_in_the_list_is_left_out_on_purpose() {
        // A secret, a door, files, and radios that no other server knew.
        const OUT: &[&str] = &[
            "request_ztp_password",
            "shell",
            "zigbee_event_trail",
            "zigbee_join",
            "zigbee_kick",
            "zigbee_packet_trail",
        ];
        let begin = "/api/v1/sites/{site_id}/devices/{device_id}/";
        let mut seen = 0;
        for operation in Specification::embedded()
            .operations()
            .filter(|operation| operation.method == "POST")
        {
            let ends = operation
                .routes
                .iter()
                .filter_map(|route| route.path.strip_prefix(begin));
            for end in ends.filter(|end| !end.contains('/') && !end.starts_with("image")) {
                seen += 1;
                assert_eq!(find(end).is_none(), OUT.contains(&end), "{end}");
            }
        }
        assert!(seen > 50, "{seen}");
    }

    #[test]
    fn every_platform_has_the_utilities_that_it_had() {
        let on = |platform: &str, names: &[&str]| {
            for name in names {
                assert!(utility(name, platform).is_some(), "{name} on {platform}");
            }
            let named = |action: &&Action| action.utility.is_some() && action.on.iter().any(|on| on == platform);
            assert_eq!(all().filter(named).count(), names.len(), "{platform}");
        };
        on("ap", &["ping", "traceroute", "retrieveArpTable"]);
        on(
            "ex",
            &[
                "ping",
                "traceroute",
                "retrieveArpTable",
                "retrieveBgpSummary",
                "clearBpduError",
                "clearDot1xSessions",
                "clearLearnedMac",
                "clearMacTable",
                "retrieveMacTable",
                "clearHitCount",
                "bouncePort",
                "cableTest",
                "retrieveDhcpLeases",
                "releaseDhcpLeases",
                "monitorTraffic",
                "topCommand",
            ],
        );
        let gateway = [
            "ping",
            "traceroute",
            "retrieveArpTable",
            "retrieveBgpSummary",
            "retrieveDhcpLeases",
            "releaseDhcpLeases",
            "retrieveOspfDatabase",
            "retrieveOspfNeighbors",
            "retrieveOspfInterfaces",
            "retrieveOspfSummary",
            "bouncePort",
            "retrieveRoutes",
            "clearSessions",
            "retrieveSessions",
        ];
        on("ssr", &[&gateway[..], &["showServicePath"]].concat());
        on("srx", &[&gateway[..], &["monitorTraffic", "topCommand"]].concat());
        assert_eq!(utility("retrieveArpTable", "ex").unwrap().name, "show_arp");
        assert_eq!(utility("retrieve_arp_table", "ap").unwrap().name, "arp");
        assert_eq!(find("show_bgp_rummary").unwrap().name, "show_bgp_summary");
    }

    #[test]
    fn parameters_become_the_body_that_the_api_takes() {
        assert_eq!(
            body("ping", json!({"host": "192.0.2.1", "count": "3", "node": null})).unwrap(),
            Some(json!({"host": "192.0.2.1", "count": 3}))
        );
        assert_eq!(
            body("bounce_port", json!({"port_ids": "ge-0/0/1, ge-0/0/2"})).unwrap(),
            Some(json!({"ports": ["ge-0/0/1", "ge-0/0/2"]}))
        );
        assert_eq!(
            body(
                "show_mac_table",
                json!({"mac_address": "5C:5B:35:00:00:01", "vlan_id": 10})
            )
            .unwrap(),
            Some(json!({"mac_address": "5c5b35000001", "vlan_id": "10"}))
        );
        assert_eq!(
            body("show_arp", json!({})).unwrap(),
            Some(json!({"duration": 1, "interval": 1}))
        );
        assert_eq!(body("poll_stats", json!({})).unwrap(), None);
    }

    #[test]
    fn what_is_silent_by_its_parameters_is_waited_for() {
        let idle = |action: &str, body: Value| find(action).unwrap().idle(Some(&body)).as_secs();
        assert_eq!(idle("ping", json!({"host": "192.0.2.1", "count": 10})), 13);
        assert_eq!(idle("show_route", json!({"interval": 10})), 12);
        assert_eq!(idle("show_route", json!({})), 2);
        assert_eq!(idle("ping", json!({"count": u64::MAX})), 123);
        let trace = find("traceroute").unwrap();
        assert_eq!(
            trace.arrival(Some(&json!({"host": "2001:db8::1"}))),
            Some("2001:db8::1")
        );
        assert_eq!(trace.arrival(Some(&json!({"host": "www.example.net"}))), None);
        assert_eq!(find("ping").unwrap().arrival(Some(&json!({"host": "192.0.2.1"}))), None);
    }

    #[test]
    fn wrong_parameters_are_named_with_those_that_there_are() {
        let error = body("ping", json!({"hots": "192.0.2.1", "size": 5})).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput);
        for word in ["`hots`", "host", "5 is less than"] {
            assert!(error.message().contains(word), "{word}: {}", error.message());
        }
        assert!(error.advice().unwrap().contains("host (string, required)"));
        assert!(body("poll_stats", json!({"now": true})).is_err());
        assert!(body("show_route", json!({"protocol": "rip"})).is_err());
    }
}
