//! NETCONF operations on the configuration: Junos' own (`load-configuration`, `commit-configuration`, ...) and those of
//! RFC 6241.

mod change;
mod read;

pub(super) use read::{commits, confirmed};

use super::{
    Action, Store, Who,
    fault::{self, Fault},
};
use crate::junos::netconf::xml::Element;

/// The children of `<rpc-reply>`, or what went wrong.
pub(super) type Reply = Result<String, Vec<Fault>>;

/// A request that succeeded and has nothing to tell.
const OK: &str = "<ok/>\n";

/// Answers an operation; `None` where it is not about the configuration.
pub(super) fn handle(store: &mut Store, who: &Who, operation: &Element) -> Option<String> {
    let reply = match &*operation.name {
        "open-configuration" => open(store, who, operation),
        "close-configuration" => plain(store.close_private(who)),
        "lock-configuration" => plain(store.lock(who)),
        "unlock-configuration" => plain(store.unlock(who)),
        "lock" | "unlock" => lock(store, who, operation),
        "discard-changes" => plain(store.discard(who)),
        "load-configuration" => change::load(store, who, operation),
        "edit-config" => change::edit(store, who, operation),
        "copy-config" => change::copy(store, who, operation),
        "delete-config" => Err(vec![Fault::unsupported(
            "delete-config is not supported for this target",
        )]),
        "commit-configuration" => change::commit_configuration(store, who, operation),
        "commit" => change::commit(store, who, operation),
        "cancel-commit" => change::cancel(store, who, operation),
        "validate" => change::validate(store, who, operation),
        "request-save-rescue-configuration" => {
            store.rescue = Some(store.running.clone());
            Ok(OK.to_owned())
        }
        "request-delete-rescue-configuration" => match store.rescue.take() {
            Some(_) => Ok(OK.to_owned()),
            None => Err(vec![Fault::error("no rescue configuration is set")]),
        },
        "get-configuration" => read::configuration(store, who, operation),
        "get-config" => read::config(store, who, operation),
        "get-commit-information" => Ok(read::commits(store)),
        "get-commit-revision-information" => Ok(read::commit_revision(store, operation)),
        "get-rollback-information" => read::rollback(store, operation),
        "get-rescue-information" => read::rescue(store, operation),
        _ => return None,
    };
    store.attribute(who);
    Some(reply.unwrap_or_else(|faults| {
        let names = faults.iter().map(|f| f.message.as_str()).collect::<Vec<_>>().join("; ");
        // Refused commits record themselves.
        if !operation.name.starts_with("commit") && &*operation.name != "validate" {
            store.record(who, Action::Refuse, format!("{}: {names}", operation.name));
        }
        let faults: Vec<Fault> = faults
            .into_iter()
            .filter(|f| f.is_error() || !store.style.rfc_compliant)
            .collect();
        fault::to_xml(&faults)
    }))
}

fn plain(outcome: Result<(), Fault>) -> Reply {
    outcome.map(|()| OK.to_owned()).map_err(|fault| vec![fault])
}

/// Warnings and `<ok/>`; devices that keep to the RFC leave the warnings out.
fn ok_with(store: &Store, warnings: &[Fault]) -> String {
    let warnings = if store.style.rfc_compliant {
        String::new()
    } else {
        fault::to_xml(warnings)
    };
    format!("{warnings}{OK}")
}

fn open(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    let kind = operation.elements().next().map(|e| &*e.name);
    match kind {
        Some("private") => {
            let warning = store.open_private(who).map_err(|fault| vec![fault])?;
            Ok(ok_with(store, &[warning]))
        }
        Some("exclusive") => plain(store.lock(who)),
        None | Some("shared") => plain(store.editable(who).map(|_| ())),
        Some(other) => {
            let message = format!("{other} configuration database is not supported by this device");
            Err(vec![Fault::unsupported(message).at_word(other)])
        }
    }
}

fn lock(store: &mut Store, who: &Who, operation: &Element) -> Reply {
    match operation
        .child("target")
        .and_then(|t| t.elements().next())
        .map(|e| &*e.name)
    {
        Some("candidate") if &*operation.name == "lock" => plain(store.lock(who)),
        Some("candidate") => plain(store.unlock(who)),
        Some(other) => Err(vec![Fault::unsupported(format!(
            "only the candidate can be locked, not {other}"
        ))]),
        None => Err(vec![missing("target")]),
    }
}

/// A request lacks an element.
fn missing(name: &str) -> Fault {
    Fault {
        tag: "missing-element",
        ..Fault::error(format!("missing mandatory argument: {name}")).at_word(name)
    }
}
