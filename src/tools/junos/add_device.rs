//! `add_device`: adds a device to the inventory file.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::common::prefixed;
use crate::{
    error::{Code, Error, Result},
    junos::inventory::{Auth, NewDevice},
    secret::Secret,
    tools::{Context, Effect, Tool, Typed},
};

/// What the answer to a failure begins with.
const FAILED: &str = "❌ Failed to add device: ";

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Name of the new device.
    device_name: Option<String>,
    /// Address or host name.
    device_ip: Option<String>,
    /// SSH port; default 22, also for 0.
    #[schemars(range(max = 65535))]
    device_port: Option<u32>,
    /// User name on the device.
    username: Option<String>,
    /// Private key file on the server; instead of auth.
    ssh_key_path: Option<String>,
    auth: Option<AuthArgs>,
    /// Write it to the inventory file; default true.
    persist: Option<bool>,
    /// Log in before adding it; default false.
    test_connection: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(inline)]
enum AuthArgs {
    SshKey {
        private_key_path: String,
    },
    Password {
        password: String,
    },
    SshAgent,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    added: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inventory_path: Option<String>,
    router_count: usize,
    persisted: bool,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "add_device",
        Effect::Write,
        "Add a device",
        "Add a Junos device to the inventory. Asks the person at the client for what is missing, where the client can ask.",
        run,
    )
    .aliases(&[("private_key_path", "ssh_key_path")])
    .refusals(&[("device_port", "invalid device port `{}`: must be in 1..=65535")])
    .for_all()
    .ends_itself()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    if context.services.options.inventory_readonly {
        return Err(Error::new(Code::InventoryReadonly, "inventory is read-only (--inventory-readonly set)"));
    }
    if matches!(args.auth, Some(AuthArgs::Password { .. })) && !context.services.options.allow_password_auth_add {
        let message = "password authentication is not allowed for add_device; use --allow-password-auth-add to enable";
        return Err(Error::new(Code::InventoryReadonly, message));
    }
    let junos = &context.services.junos;
    let inventory = junos.inventory();
    if let Some(name) = args.device_name.as_deref().map(str::trim).filter(|name| inventory.devices.contains_key(*name)) {
        let message = format!("{FAILED}device `{name}` already exists in the inventory");
        return Err(Error::new(Code::Conflict, message).advise("give it another name"));
    }
    let persist = args.persist.unwrap_or(true);
    let (device, test) = complete(&context, args).await?;
    if test {
        let tried = junos.try_new(&device, context.timeout).await;
        tried.map_err(|error| prefixed("❌ Connection test failed: ", &error).advise(not_added(&error)))?;
    }
    let added = junos.add(device.clone(), persist).await;
    let inventory = added.map_err(|error| prefixed(FAILED, &error))?;
    let path = inventory.path().filter(|_| persist).map(|path| path.display().to_string());
    let text = format!(
        "✅ Device '{}' added successfully!\n\nDevice details:\n- Name: {}\n- IP: {}\n- Port: {}\n- Username: {}\n\n\
         It is available for all tools now{}.",
        device.name,
        device.name,
        device.host,
        device.port,
        device.username,
        path.as_ref().map_or(" and gone at the next start".into(), |path| format!(" and saved in {path}")),
    );
    let output =
        Output { added: device.name, inventory_path: path, router_count: inventory.devices.len(), persisted: persist };
    Ok(Typed::text(output, text))
}

fn not_added(error: &Error) -> String {
    ["Device not added.", error.advice().unwrap_or_default()].join(" ").trim_end().to_owned()
}

/// The device from the arguments, and from the person at the client for what is missing; whether to log in to it first.
async fn complete(context: &Context, args: Args) -> Result<(NewDevice, bool)> {
    let mut fields = Map::new();
    let text = |value: Option<String>| value.filter(|text| !text.trim().is_empty()).map(Value::from);
    let mut put = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
    put("device_name", text(args.device_name));
    put("device_ip", text(args.device_ip));
    put("username", text(args.username));
    put("ssh_key_path", text(args.ssh_key_path));
    put("device_port", args.device_port.filter(|port| *port != 0).map(Value::from));
    put("test_connection", args.test_connection.map(Value::from));
    let missing = missing(&fields, args.auth.is_some());
    if !missing.is_empty() {
        // What the call said stays, whatever comes back.
        for (name, value) in ask(context, &fields, &missing).await? {
            fields.entry(name).or_insert(value);
        }
    }
    let get = |name: &str| fields.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default().to_owned();
    let auth = match args.auth {
        Some(AuthArgs::Password { password }) => Auth::Password(Secret::new(password)),
        Some(AuthArgs::SshAgent) => Auth::Agent,
        Some(AuthArgs::SshKey { private_key_path }) => key(private_key_path),
        None => key(get("ssh_key_path")),
    };
    let port = fields.get("device_port").and_then(Value::as_u64).unwrap_or(22);
    let port = u16::try_from(port).map_err(|_| Error::new(Code::InvalidInput, format!("invalid device port `{port}`")))?;
    let device = NewDevice {
        name: get("device_name"),
        host: get("device_ip"),
        port,
        username: get("username"),
        auth,
        extra: Map::new(),
    };
    Ok((device, fields.get("test_connection").and_then(Value::as_bool).unwrap_or_default()))
}

fn key(path: String) -> Auth {
    Auth::Key { path: PathBuf::from(path), passphrase: None }
}

fn missing(fields: &Map<String, Value>, has_auth: bool) -> Vec<&'static str> {
    let needed = ["device_name", "device_ip", "username", "ssh_key_path"];
    needed.into_iter().filter(|name| !(fields.contains_key(*name) || has_auth && *name == "ssh_key_path")).collect()
}

async fn ask(context: &Context, given: &Map<String, Value>, missing: &[&str]) -> Result<Map<String, Value>> {
    let Some(ask) = context.ask.as_ref().filter(|ask| ask.has_forms()) else {
        return Err(Error::new(Code::InvalidInput, format!("missing required arguments: {missing:?}")));
    };
    let title = |name: &str| match name {
        "device_name" => "Name of the device",
        "device_ip" => "Address or host name",
        "username" => "User name on the device",
        _ => "Path of the private key on the server",
    };
    let mut properties: Map<String, Value> = missing
        .iter()
        .map(|name| ((*name).to_owned(), json!({ "type": "string", "title": title(name), "minLength": 1 })))
        .collect();
    let optional = [
        ("device_port", json!({ "type": "integer", "title": "SSH port", "minimum": 1, "maximum": 65535, "default": 22 })),
        ("test_connection", json!({ "type": "boolean", "title": "Log in before adding it", "default": false })),
    ];
    let not_given = optional.into_iter().filter(|(name, _)| !given.contains_key(*name));
    properties.extend(not_given.map(|(name, schema)| (name.to_owned(), schema)));
    let schema = json!({ "type": "object", "properties": properties, "required": missing });
    match ask.form("Add a device to the inventory", schema).await? {
        Some(fields) => Ok(fields),
        None => Err(Error::new(Code::Cancelled, "❌ Device addition cancelled.").advise("nothing was added")),
    }
}
