//! Operations that change a candidate or commit it.

use std::time::Duration;

use super::{OK, Reply, missing, ok_with};
use crate::{
    junos::netconf::xml::Element,
    lab::config::{
        Action, Store, Who,
        commit::Request,
        fault::{self, Fault},
        json,
        load::Loader,
        schema::Statement,
        set,
        text::{self, Parsed},
        tree::{Node, Tag},
        xml,
    },
};

/// How long a confirmed commit waits unless told: ten minutes.
const CONFIRM: Duration = Duration::from_secs(600);

/// `load-configuration`.
pub(super) fn load(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    if operation.attribute("url").is_some() {
        return Err(vec![Fault::unsupported(
            "loading from a url is not supported by this device",
        )]);
    }
    if let Some(number) = operation.attribute("rollback") {
        return rollback(store, who, number);
    }
    if operation.attribute("rescue").is_some() {
        let rescue = store
            .rescue
            .clone()
            .ok_or_else(|| vec![Fault::error("no rescue configuration")])?;
        return restore(store, who, rescue, "rescue");
    }
    let Some(content) = operation.elements().next() else {
        return Err(vec![missing("configuration")]);
    };
    let action = operation.attribute("action").unwrap_or("merge").to_owned();
    let format = operation.attribute("format").unwrap_or("xml").to_owned();
    let faults = bring(store, who, content, &action, &format).map_err(|fault| vec![fault])?;
    let kind = content
        .name
        .trim_start_matches("configuration-")
        .replace("configuration", "xml");
    let database = store.database(who);
    store.record(who, Action::Load, format!("{kind}, {action}, {database}"));
    Ok(results(store, &faults))
}

/// Brings content into the candidate: what there is to complain about.
fn bring(store: &mut Store, who: &Who, content: &Element, action: &str, format: &str) -> Result<Vec<Fault>, Fault> {
    if !matches!(action, "merge" | "replace" | "override" | "update" | "set") {
        let fault = Fault::unsupported(format!("load action {action} is not supported by this device"));
        return Err(fault.at_word(action));
    }
    let body = content.text();
    let candidate = store.editable(who)?;
    match &*content.name {
        "configuration-set" => return Ok(set::run(candidate, &body)),
        "configuration-text" if action == "set" => return Ok(set::run(candidate, &body)),
        _ => {}
    }
    let parsed = match &*content.name {
        "configuration-text" => text::parse(&body, Statement::root()),
        "configuration-json" => json::read(&body),
        "configuration" if format == "json" => json::read(&body),
        "configuration" => xml::read(content),
        other => return Err(Fault::syntax(other)),
    };
    Ok(take_in(
        candidate,
        parsed,
        action == "override" || action == "update",
        false,
        Tag::Merge,
    ))
}

/// Brings what was read into a tree; an override that could not be read wholly changes nothing.
fn take_in(tree: &mut Node, parsed: Parsed, whole: bool, strict: bool, default: Tag) -> Vec<Fault> {
    let mut loader = Loader::new(strict);
    match (whole, parsed.fault) {
        (true, Some(fault)) => return vec![fault],
        (true, None) => {
            let mut fresh = Node::root();
            loader.load(&mut fresh, parsed.statements, Tag::Merge);
            *tree = fresh;
        }
        (false, fault) => {
            loader.load(tree, parsed.statements, default);
            loader.faults.extend(fault);
        }
    }
    loader.faults
}

fn results(store: &Store, faults: &[Fault]) -> String {
    let errors = faults.iter().filter(|f| f.is_error()).count();
    if errors > 0 {
        let faults = fault::to_xml(faults);
        let count = format!("<load-error-count>{errors}</load-error-count>\n");
        return format!("<load-configuration-results>\n{faults}{count}</load-configuration-results>\n");
    }
    format!(
        "<load-configuration-results>\n{}</load-configuration-results>\n",
        ok_with(store, faults)
    )
}

fn rollback(store: &mut Store, who: &Who, number: &str) -> Reply {
    let tree = store.revision(number).map_err(|fault| vec![fault])?.tree.clone();
    restore(store, who, tree, &format!("rollback {number}"))
}

fn restore(store: &mut Store, who: &Who, tree: Node, what: &str) -> Reply {
    if what == "rollback 0" {
        store.discard(who).map_err(|fault| vec![fault])?;
    } else {
        *store.editable(who).map_err(|fault| vec![fault])? = tree;
        let database = store.database(who);
        store.record(who, Action::Rollback, format!("{what}, {database}"));
    }
    Ok(results(store, &[]))
}

/// `edit-config` (RFC 6241 section 7.2) on the candidate.
pub(super) fn edit(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    candidate_only(operation, "target")?;
    let default = operation.text_at(&["default-operation"]);
    let (tag, whole) = match default.as_deref() {
        None | Some("merge") => (Tag::Merge, false),
        Some("replace") => (Tag::Merge, true),
        Some("none") => (Tag::Inherit, false),
        Some(other) => return Err(vec![Fault::error("invalid default-operation").at_word(other)]),
    };
    let candidate = store.editable(who).map_err(|fault| vec![fault])?;
    let parsed = match (operation.child("config"), operation.child("config-text")) {
        (Some(config), _) => xml::read(config.child("configuration").unwrap_or(config)),
        (None, Some(config)) => {
            let inner = config.child("configuration-text").unwrap_or(config);
            text::parse(&inner.text(), Statement::root())
        }
        (None, None) => return Err(vec![missing("config")]),
    };
    let faults = take_in(candidate, parsed, whole, true, tag);
    let database = store.database(who);
    let default = default.unwrap_or_else(|| "merge".to_owned());
    store.record(who, Action::Load, format!("edit-config, {default}, {database}"));
    if faults.iter().any(Fault::is_error) {
        Err(faults)
    } else {
        Ok(ok_with(store, &faults))
    }
}

/// `copy-config`: a whole configuration, or the running one, into the candidate.
pub(super) fn copy(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    candidate_only(operation, "target")?;
    let source = operation.child("source").ok_or_else(|| vec![missing("source")])?;
    if source.child("running").is_some() {
        store.discard(who).map_err(|fault| vec![fault])?;
        return Ok(OK.to_owned());
    }
    let Some(config) = source.child("config") else {
        return Err(vec![Fault::unsupported(
            "copy-config takes running or config as its source",
        )]);
    };
    let parsed = xml::read(config.child("configuration").unwrap_or(config));
    let candidate = store.editable(who).map_err(|fault| vec![fault])?;
    let faults = take_in(candidate, parsed, true, true, Tag::Merge);
    if faults.iter().any(Fault::is_error) {
        return Err(faults);
    }
    store.record(who, Action::Load, "copy-config");
    Ok(ok_with(store, &faults))
}

fn candidate_only(operation: &Element, which: &str) -> Result<(), Vec<Fault>> {
    match operation
        .child(which)
        .and_then(|t| t.elements().next())
        .map(|e| &*e.name)
    {
        Some("candidate") => Ok(()),
        Some(other) => Err(vec![
            Fault::unsupported(format!("{which} {other} is not supported")).at_word(other),
        ]),
        None => Err(vec![missing(which)]),
    }
}

/// `commit-configuration`: Junos' own, its time-out in minutes.
pub(super) fn commit_configuration(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    for refused in ["at-time", "commit-revision", "scheduled"] {
        if operation.child(refused).is_some() {
            return Err(vec![Fault::unsupported(format!(
                "{refused} is not supported by this device"
            ))]);
        }
    }
    let minutes = match operation.text_at(&["confirm-timeout"]) {
        None => CONFIRM,
        Some(text) => match text.parse::<u64>() {
            Ok(minutes @ 1..=65535) => Duration::from_secs(minutes * 60),
            _ => {
                let fault = Fault::error(format!("Value {text} is not within range (1..65535)"));
                return Err(vec![fault.at_word("confirm-timeout")]);
            }
        },
    };
    let request = Request {
        check: operation.child("check").is_some(),
        confirmed: operation.child("confirmed").map(|_| minutes),
        comment: operation.text_at(&["log"]),
    };
    finish(store, who, request)
}

/// `commit` (RFC 6241 section 8.4): its time-out in seconds, which Junos rounds down to minutes.
pub(super) fn commit(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    for refused in ["persist", "persist-id"] {
        if operation.child(refused).is_some() {
            return Err(vec![Fault::unsupported(format!(
                "{refused} is not supported by this device"
            ))]);
        }
    }
    let seconds = operation
        .text_at(&["confirm-timeout"])
        .and_then(|t| t.parse::<u64>().ok())
        .unwrap_or(600);
    let minutes = Duration::from_secs(seconds / 60 * 60);
    let confirmed = operation.child("confirmed").map(|_| minutes);
    let check = operation.child("check").is_some();
    finish(
        store,
        who,
        Request {
            check,
            confirmed,
            comment: operation.text_at(&["log"]),
        },
    )
}

/// `validate`: a check of the candidate.
pub(super) fn validate(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    candidate_only(operation, "source")?;
    finish(
        store,
        who,
        Request {
            check: true,
            ..Request::default()
        },
    )
}

/// `cancel-commit`: takes back a commit that waits for its confirmation.
pub(super) fn cancel(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    if operation.child("persist-id").is_some() {
        return Err(vec![Fault::unsupported("persist-id is not supported by this device")]);
    }
    store.in_progress(who).map_err(|fault| vec![fault])?;
    if store.take_back("cancel-commit") {
        Ok(OK.to_owned())
    } else {
        Err(vec![Fault::error("no confirmed commit is pending")])
    }
}

fn finish(store: &mut Store, who: &Who, request: Request) -> Reply {
    let check = request.check;
    let several = !store.style.routing_engines.is_empty() && !store.style.rfc_compliant;
    match store.commit(who, request) {
        Ok(warnings) if several => Ok(per_engine(store, &warnings, check)),
        Ok(warnings) => Ok(ok_with(store, &warnings)),
        Err(faults) if several => {
            let first = store.style.routing_engines.first().cloned().unwrap_or_default();
            let faults = fault::to_xml(&faults);
            Ok(format!(
                "<commit-results>\n<routing-engine junos:style=\"normal\">\n<name>{first}</name>\n{faults}\
                 </routing-engine>\n</commit-results>\n"
            ))
        }
        Err(faults) => Err(faults),
    }
}

/// A successful commit or check on a device with several routing engines or nodes.
fn per_engine(store: &Store, warnings: &[Fault], check: bool) -> String {
    let mut out = String::new();
    let unclosed = store.style.unclosed_routing_engine;
    let style = if unclosed { "show-name" } else { "normal" };
    let commit = if check { "" } else { "<commit-success/>\n" };
    for (place, name) in store.style.routing_engines.iter().enumerate() {
        let warnings = if place == 0 {
            fault::to_xml(warnings)
        } else {
            String::new()
        };
        let end = if unclosed { OK } else { "</routing-engine>\n" };
        out.push_str(&format!(
            "<routing-engine junos:style=\"{style}\">\n<name>{name}</name>\n{warnings}\
             <commit-check-success/>\n{commit}{end}"
        ));
    }
    if unclosed {
        out
    } else {
        format!("<commit-results>\n{out}</commit-results>\n")
    }
}
