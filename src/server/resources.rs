//! Resources: a device's configuration and facts under an address, read through the call path like any tool; pages of knowledge about
//! what the Mist cloud manages; completion of names.

use std::sync::Arc;

use rmcp::{
    ErrorData,
    model::{
        ArgumentInfo, CompleteResult, CompletionInfo, ReadResourceResponse, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate,
    },
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::path::{Call, Path, Place, clean};
use crate::{
    error::Code,
    tools::{Arguments, KNOWLEDGE, Page, Principal},
};

/// Devices that are listed one by one; more are reached by template and completion.
const LISTED: usize = 100;
const MARKDOWN: &str = "text/markdown";

struct Kind {
    name: &'static str,
    about: &'static str,
    mime: &'static str,
    tool: &'static str,
}

static KINDS: &[Kind] = &[
    Kind {
        name: "config",
        about: "Committed configuration in set format",
        mime: "text/plain",
        tool: "get_junos_config",
    },
    Kind {
        name: "facts",
        about: "Model, version, serial number, routing engines",
        mime: "application/json",
        tool: "gather_device_facts",
    },
];

/// The resources of the devices that this principal reaches.
pub(super) fn list(path: &Path, principal: &Principal) -> Vec<Resource> {
    let kinds = || kinds(path, principal);
    routers(path, principal)
        .into_iter()
        .take(LISTED)
        .flat_map(|router| {
            kinds().map(move |kind| {
                Resource::new(
                    format!("junos://{}/{}", encode(&router), kind.name),
                    format!("{router} {}", kind.name),
                )
                .with_description(kind.about)
                .with_mime_type(kind.mime)
            })
        })
        .chain(pages(path).iter().map(|page| {
            Resource::new(page.uri, page.name)
                .with_description(page.about)
                .with_mime_type(MARKDOWN)
        }))
        .chain(path.extension().into_iter().flat_map(|extension| extension.resources()))
        .collect()
}

/// The pages of knowledge, where they are of use.
fn pages(path: &Path) -> &'static [Page] {
    if path.services().listing.has_mist {
        KNOWLEDGE
    } else {
        &[]
    }
}

fn kinds(path: &Path, principal: &Principal) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(|kind| path.sees(principal, kind.tool))
}

/// The templates of what this principal may read.
pub(super) fn templates(path: &Path, principal: &Principal) -> Vec<ResourceTemplate> {
    kinds(path, principal)
        .map(|kind| {
            ResourceTemplate::new(
                format!("junos://{{router}}/{}", kind.name),
                format!("device {}", kind.name),
            )
            .with_description(kind.about)
            .with_mime_type(kind.mime)
        })
        .chain(path.extension().into_iter().flat_map(|extension| extension.templates()))
        .collect()
}

/// There is no resource of this address for this principal.
pub(super) fn unknown(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(
        clean::seen(format!("resource not found: {uri}")),
        Some(json!({ "uri": uri })),
    )
}

/// Reads a resource by calling its tool, in the place that the transport has taken for the request already.
///
/// # Errors
/// Resource not found for an address that names nothing this principal reaches; internal error with the tool's words otherwise.
pub(super) async fn read(
    path: &Path,
    principal: &Arc<Principal>,
    uri: &str,
    cancel: CancellationToken,
    place: Option<Place>,
) -> Result<ReadResourceResponse, ErrorData> {
    if let Some(read) = path.extension().and_then(|extension| extension.read(uri)) {
        return Ok(read.into());
    }
    if let Some(page) = pages(path).iter().find(|page| page.uri == uri) {
        let contents = ResourceContents::text(page.text, uri).with_mime_type(MARKDOWN);
        return Ok(ReadResourceResult::new(vec![contents]).into());
    }
    let unknown = || unknown(uri);
    let (router, name) = uri
        .strip_prefix("junos://")
        .and_then(|rest| rest.rsplit_once('/'))
        .ok_or_else(unknown)?;
    let kind = KINDS.iter().find(|kind| kind.name == name).ok_or_else(unknown)?;
    let mut arguments = Arguments::new();
    arguments.insert("router_name".into(), decode(router).ok_or_else(unknown)?.into());
    let call = Call {
        cancel,
        place,
        ..Call::new(kind.tool, arguments, principal.clone())
    };
    let answered = path.call(call).await;
    match answered.error {
        None => {
            let contents = ResourceContents::text(answered.text, uri).with_mime_type(kind.mime);
            Ok(ReadResourceResult::new(vec![contents]).into())
        }
        Some(error)
            if matches!(
                error.code(),
                Code::UnknownRouter | Code::UnknownTool | Code::InvalidInput
            ) =>
        {
            Err(unknown())
        }
        Some(error) => Err(ErrorData::internal_error(
            error.to_string(),
            Some(json!({ "code": error.code().as_str() })),
        )),
    }
}

/// Router names that begin with what was typed.
pub(super) fn complete(
    path: &Path,
    principal: &Principal,
    argument: &ArgumentInfo,
) -> Result<CompleteResult, ErrorData> {
    let mut names = match argument.name.as_str() {
        "router" | "router_name" => routers(path, principal),
        _ => Vec::new(),
    };
    let typed = argument.value.to_lowercase();
    names.retain(|name| name.to_lowercase().starts_with(&typed));
    let total = names.len();
    names.truncate(CompletionInfo::MAX_VALUES);
    let mut values = CompletionInfo::new(names).map_err(|e| ErrorData::internal_error(e, None))?;
    values.total = u32::try_from(total).ok();
    values.has_more = Some(total > CompletionInfo::MAX_VALUES);
    Ok(CompleteResult::new(values))
}

/// A router name as part of an address: percent-encoded where it holds more than letters, digits and `-._~` (RFC 3986 section 2).
fn encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The name in an address; `None` where the encoding is broken.
fn decode(encoded: &str) -> Option<String> {
    let mut pieces = encoded.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let digits = piece.get(..2).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(piece.get(2..)?.bytes());
    }
    String::from_utf8(bytes).ok()
}

fn routers(path: &Path, principal: &Principal) -> Vec<String> {
    let inventory = path.services().junos.inventory();
    inventory
        .devices
        .keys()
        .filter(|name| principal.may_reach(name))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_survives_in_an_address() {
        for name in ["mx-lab-1", "core 1/Zürich", "100%"] {
            assert_eq!(decode(&encode(name)).as_deref(), Some(name));
        }
        assert_eq!(encode("core 1/x"), "core%201%2Fx");
        assert_eq!(decode("a/b").as_deref(), Some("a/b"));
        for broken in ["%", "%4", "%zz", "%+1", "%ff"] {
            assert_eq!(decode(broken), None, "{broken}");
        }
    }
}
