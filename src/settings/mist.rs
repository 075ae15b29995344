//! What the operator decided about the Mist cloud: the server's own account, the hosts that tokens may be sent to, when writes are
//! refused, and which tools are listed.

use std::{path::Path, sync::Arc, time::Duration};

use super::variables::{Variables, wrong};
use crate::{
    cli::Mist as Flags,
    error::{Code, Error, Result},
    mist::{Account, ClientOptions, Clouds, DEFAULT, MistOptions, security, specification::Specification},
    secret::Secret,
    tools::{Categories, Listing, Mode},
};

/// Where the users of mistmcp keep their token, and those of the Enhanced Mist server; the first that is set counts.
const TOKENS: [&str; 2] = ["MIST_APITOKEN", ENHANCED_TOKEN];
const ENHANCED_TOKEN: &str = "MIST_API_TOKEN";
/// Where they name the cloud; the first that is set counts.
const HOSTS: [&str; 2] = ["MIST_BASE_URL", "MIST_HOST"];
/// What the names of mistmcp's own variables begin with.
const MISTMCP: &str = "MISTMCP_";
/// The tools of the Enhanced Mist server.
const ENHANCED: &str = "enhanced";
/// The longest that a request may take, in seconds.
const LONGEST_REQUEST: f64 = 3600.0;

/// How the Mist cloud is reached.
///
/// # Errors
/// `invalid_input` for a host that no token may be sent to, a token that cannot be one, a variable that is no number or no yes or no;
/// what is wrong with the file of `--mist-openapi`.
pub(super) fn options(flags: &Flags, variables: &Variables) -> Result<MistOptions> {
    let hosts = flags.allow_mist_host.iter().filter(|host| !host.trim().is_empty());
    let clouds = Clouds::with(hosts)?;
    let own = own(&clouds, variables)?;
    let defaults = MistOptions::default();
    Ok(MistOptions {
        clouds,
        own: own.map(Arc::new),
        client: client(variables)?,
        security: security(variables)?,
        specification: match &flags.mist_openapi {
            Some(file) => specification(file)?,
            None => defaults.specification,
        },
    })
}

/// The server's own account.
fn own(clouds: &Clouds, variables: &Variables) -> Result<Option<Account>> {
    let host = variables.first(&HOSTS);
    let cloud = clouds.cloud(host.map_or(DEFAULT, |(_, host)| host));
    let cloud = cloud.map_err(|e| match host {
        Some((name, _)) => {
            Error::new(e.code(), format!("{name}: {}", e.message())).advise(e.advice().unwrap_or_default())
        }
        None => e,
    })?;
    let Some((name, token)) = variables.first(&TOKENS) else {
        return Ok(None);
    };
    let other = TOKENS
        .iter()
        .filter(|other| **other != name)
        .find_map(|other| variables.get(other));
    if other.is_some_and(|other| other != token) {
        tracing::warn!("{} are both set and differ: {name} is used", TOKENS.join(" and "));
    }
    Account::new(cloud, &Secret::new(token)).map(Some)
}

fn client(variables: &Variables) -> Result<ClientOptions> {
    let mut client = ClientOptions::default();
    if let Some(concurrent) = variables.number("MIST_MAX_CONCURRENT", 1)? {
        client.concurrent = concurrent;
    }
    if let Some(word) = variables.get("MIST_REQUEST_TIMEOUT") {
        let seconds = word.parse::<f64>().ok();
        let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds <= LONGEST_REQUEST);
        let seconds =
            seconds.ok_or_else(|| wrong("MIST_REQUEST_TIMEOUT", word, "is no number of seconds up to an hour"))?;
        client.timeout = Duration::from_secs_f64(seconds);
    }
    Ok(client)
}

fn security(variables: &Variables) -> Result<security::Options> {
    let defaults = security::Options::default();
    let threshold = |name, otherwise| variables.number(name, 0).map(|number| number.unwrap_or(otherwise));
    Ok(security::Options {
        strict: variables.flag("MIST_STRICT_SECURITY_MODE")?.unwrap_or(defaults.strict),
        acknowledged: variables
            .flag("MIST_SECURITY_RISKS_ACKNOWLEDGED")?
            .unwrap_or(defaults.acknowledged),
        max_admin_orgs: threshold("MIST_MAX_ADMIN_ORGS", defaults.max_admin_orgs)?,
        max_write_orgs: threshold("MIST_MAX_WRITE_ORGS", defaults.max_write_orgs)?,
        max_admin_msps: threshold("MIST_MAX_ADMIN_MSPS", defaults.max_admin_msps)?,
        max_write_msps: threshold("MIST_MAX_WRITE_MSPS", defaults.max_write_msps)?,
        max_orgs_per_msp: threshold("MIST_MAX_ORGS_PER_MSP", defaults.max_orgs_per_msp)?,
    })
}

/// The facts of a newer specification, which are needed for as long as the program runs.
fn specification(file: &Path) -> Result<&'static Specification> {
    Ok(Box::leak(Box::new(Specification::read(file)?)))
}

/// Whether somebody said how Mist tools should be listed: such a server is one for the Mist cloud, also where callers bring their tokens.
pub(super) fn is_wanted(flags: &Flags, variables: &Variables) -> bool {
    flags.mode.is_some() || flags.categories.is_some() || flags.enable_write_tools || variables.has_any("MISTMCP_TOOL_")
}

/// What is listed of the tools for the Mist cloud.
///
/// # Errors
/// `invalid_input` for the mode `custom` without categories.
pub(super) fn listing(flags: &Flags, variables: &Variables) -> Result<Listing> {
    let mut listing = Listing {
        mode: mode(flags, variables),
        ..Listing::default()
    };
    let named = flags
        .categories
        .as_deref()
        .or_else(|| variables.get("MISTMCP_TOOL_CATEGORIES"));
    if let Some(names) = named {
        let (known, unknown) = Categories::read(names);
        for name in unknown {
            tracing::warn!(
                "there is no category `{}` of tools; it is passed over",
                name.escape_debug()
            );
        }
        listing.categories.extend(known);
    } else if listing.mode == Mode::Custom {
        return Err(Error::new(
            Code::InvalidInput,
            "the mode `custom` lists chosen categories, and none is given",
        )
        .advise("name some with `--categories orgs,sites` or MISTMCP_TOOL_CATEGORIES"));
    }
    // Users of the Enhanced Mist server start it with nothing but their token.
    let says_nothing_else = flags.mode.is_none() && named.is_none() && !variables.has_any(MISTMCP);
    let token = variables.first(&TOKENS).map(|(name, _)| name);
    if says_nothing_else && token == Some(ENHANCED_TOKEN) {
        listing.categories.extend(Categories::find(ENHANCED));
    }
    Ok(listing)
}

/// The mode of the flag, else of the variable, in which a word that is none only gets a warning.
fn mode(flags: &Flags, variables: &Variables) -> Mode {
    if let Some(mode) = flags.mode.as_deref().and_then(Mode::of) {
        return mode;
    }
    let Some(word) = variables.get("MISTMCP_TOOL_LOADING_MODE") else {
        return Mode::default();
    };
    Mode::of(word).unwrap_or_else(|| {
        tracing::warn!(
            "MISTMCP_TOOL_LOADING_MODE is `{}`, no mode: managed is used",
            word.escape_debug()
        );
        Mode::default()
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn flags(line: &str) -> Flags {
        let words = format!("jmcp {line}");
        crate::cli::read(words.split_whitespace().map(OsString::from))
            .expect(line)
            .options
            .mist
    }

    fn listed(line: &str, variables: &[(&str, &str)]) -> Result<(&'static str, Vec<&'static str>)> {
        let listing = listing(&flags(line), &Variables::of(variables))?;
        Ok((listing.mode.as_str(), listing.categories.into_iter().collect()))
    }

    #[test]
    fn flags_come_before_variables() {
        let variables = [
            ("MISTMCP_TOOL_LOADING_MODE", "all"),
            ("MISTMCP_TOOL_CATEGORIES", "Orgs,sites"),
        ];
        assert_eq!(listed("", &variables).unwrap(), ("all", vec!["orgs", "sites"]));
        assert_eq!(
            listed("-m custom -c orgs_nac", &variables).unwrap(),
            ("custom", vec!["orgs_nac"])
        );
        assert_eq!(listed("", &[]).unwrap(), ("managed", vec![]));
        assert_eq!(listed("-c orgs,nothing", &[]).unwrap(), ("managed", vec!["orgs"]));
        assert_eq!(
            listed("", &[("MISTMCP_TOOL_LOADING_MODE", "loud")]).unwrap(),
            ("managed", vec![])
        );
        assert!(listed("-m custom", &[]).is_err());
        assert!(listed("", &[("MISTMCP_TOOL_LOADING_MODE", "custom")]).is_err());
    }

    #[test]
    fn users_of_the_enhanced_server_find_their_tools_listed() {
        let theirs = (ENHANCED_TOKEN, "t");
        assert_eq!(listed("", &[theirs]).unwrap().1, ["enhanced"]);
        assert!(listed("-m minimal", &[theirs]).unwrap().1.is_empty());
        assert_eq!(listed("-c orgs", &[theirs]).unwrap().1, ["orgs"]);
        for other in [("MIST_APITOKEN", "t"), ("MISTMCP_DEBUG", "1")] {
            assert!(listed("", &[theirs, other]).unwrap().1.is_empty(), "{other:?}");
        }
    }

    #[test]
    fn numbers_and_words_are_read_or_refused() {
        let read = |name, value| options(&flags(""), &Variables::of(&[(name, value)]));
        let set = read("MIST_REQUEST_TIMEOUT", "2.5").unwrap();
        assert_eq!(set.client.timeout, Duration::from_millis(2500));
        assert_eq!(read("MIST_MAX_CONCURRENT", "3").unwrap().client.concurrent, 3);
        assert_eq!(read("MIST_MAX_ADMIN_ORGS", "7").unwrap().security.max_admin_orgs, 7);
        assert!(!read("MIST_STRICT_SECURITY_MODE", "false").unwrap().security.strict);
        for (name, value) in [
            ("MIST_REQUEST_TIMEOUT", "0"),
            ("MIST_REQUEST_TIMEOUT", "NaN"),
            ("MIST_MAX_CONCURRENT", "0"),
            ("MIST_MAX_ORGS_PER_MSP", "many"),
            ("MIST_STRICT_SECURITY_MODE", "perhaps"),
            ("MIST_HOST", "mist.example.net"),
        ] {
            let error = read(name, value).err().unwrap_or_else(|| panic!("{name}={value}"));
            assert!(
                error.code() == Code::InvalidInput && error.message().contains(name),
                "{error}"
            );
        }
    }
}
