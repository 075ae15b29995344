//! `search_org_wireless_clients`: wireless clients, wherever they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kit::{self, Findings, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    site_id: Option<String>,
    mac: Option<String>,
    #[serde(rename(serialize = "ip"))]
    ip_address: Option<String>,
    hostname: Option<String>,
    band: Option<String>,
    device: Option<String>,
    os: Option<String>,
    model: Option<String>,
    ap: Option<String>,
    psk_id: Option<String>,
    psk_name: Option<String>,
    username: Option<String>,
    vlan: Option<String>,
    ssid: Option<String>,
    text: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "search_org_wireless_clients",
        "Find wireless clients",
        "Find wireless clients of an organisation by name, MAC, address, user, SSID, VLAN, AP or any text; `client_analysis` counts by band, SSID and how they log in.",
        run,
    )
    .aliases(&[("ip", "ip_address")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    kit::list(&context, "searchOrgWirelessClients", &values, args.shown, analyse).await
}

/// How a client logged in, as far as the cloud knows: a key of its own, or a user name. Without either it may be open or share a key.
fn login(row: &Value) -> &'static str {
    let any = |fields: [&str; 2]| fields.iter().any(|field| kit::has(row, field));
    if any(["psk_id", "last_psk_id"]) {
        "own_psk"
    } else if any(["username", "last_username"]) {
        "802.1X"
    } else {
        "open_or_shared_psk"
    }
}

/// Counts by what holds now: the fields without `last_` list all that a client ever had.
fn analyse(rows: &[Value]) -> Findings {
    kit::findings([(
        "client_analysis",
        json!({
            "total": rows.len(),
            "by_band": kit::by(rows, "band"),
            "by_ssid": kit::by(rows, "last_ssid"),
            "by_auth_type": kit::by_word(rows, login),
            "by_vlan": kit::by(rows, "last_vlan"),
            "by_os": kit::by(rows, "last_os"),
            "by_manufacturer": kit::by(rows, "mfg"),
            "random_mac": kit::count(rows, |row| kit::is(row, "random_mac")),
        }),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_counted_by_what_holds_now() {
        let rows = [
            json!({"band": "5", "ssid": ["old", "new"], "last_ssid": "new", "psk_id": ["k"]}),
            json!({"band": "24", "last_ssid": "corp", "last_username": "anna", "random_mac": true}),
            json!({"band": "5", "psk_id": [], "username": []}),
        ];
        let found = &analyse(&rows)["client_analysis"];
        assert_eq!(found["by_band"], json!({"5": 2, "24": 1}));
        assert_eq!(found["by_ssid"], json!({"(none)": 1, "corp": 1, "new": 1}));
        assert_eq!(found["by_auth_type"], json!({"802.1X": 1, "open_or_shared_psk": 1, "own_psk": 1}));
        assert_eq!(found["random_mac"], 1);
    }
}
