//! What the operator decided about the Mist cloud: the server's own account, the hosts that tokens may be sent to.

use std::sync::Arc;

use crate::{
    cli::Mist as Flags,
    error::Result,
    mist::{Account, Clouds, DEFAULT, MistOptions},
    secret::Secret,
};

/// Where each server's users keep their token; the first that is set counts.
const TOKENS: [&str; 2] = ["MIST_APITOKEN", "MIST_API_TOKEN"];
/// Where they name the cloud; the first that is set counts.
const HOSTS: [&str; 2] = ["MIST_BASE_URL", "MIST_HOST"];

/// The variables of the environment that are set to something.
pub(super) struct Variables;

impl Variables {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.trim().is_empty())
    }

    fn first(&self, names: &[&'static str]) -> Option<(&'static str, String)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }
}

/// How the Mist cloud is reached.
///
/// # Errors
/// `invalid_input` for a host that no token may be sent to, and for a token that cannot be one.
pub(super) fn options(flags: &Flags, variables: &Variables) -> Result<MistOptions> {
    let hosts = flags.allow_mist_host.iter().filter(|host| !host.trim().is_empty());
    let clouds = Clouds::with(hosts)?;
    let own = own(&clouds, variables)?;
    Ok(MistOptions {
        clouds,
        own: own.map(Arc::new),
        ..MistOptions::default()
    })
}

/// The server's own account.
fn own(clouds: &Clouds, variables: &Variables) -> Result<Option<Account>> {
    let host = variables.first(&HOSTS);
    let cloud = clouds.cloud(host.as_ref().map_or(DEFAULT, |(_, host)| host));
    let Some((_, token)) = variables.first(&TOKENS) else {
        return Ok(None);
    };
    Account::new(cloud?, &Secret::new(token)).map(Some)
}
