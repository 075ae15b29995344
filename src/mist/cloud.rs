//! Which Mist clouds there are, and which of them a token may be sent to. A token that goes to a wrong host is lost, so hosts are a closed
//! list unless an operator names more.

use reqwest::Url;

use crate::error::{Code, Error, Result};

/// The clouds that Juniper lists, by what follows `api.`, and their region.
const REGIONS: &[(&str, &str)] = &[
    ("mist.com", "Global 01"),
    ("gc1.mist.com", "Global 02"),
    ("ac2.mist.com", "Global 03"),
    ("gc2.mist.com", "Global 04"),
    ("gc4.mist.com", "Global 05"),
    ("eu.mist.com", "EMEA 01"),
    ("gc3.mist.com", "EMEA 02"),
    ("ac6.mist.com", "EMEA 03"),
    ("gc6.mist.com", "EMEA 04"),
    ("ac5.mist.com", "APAC 01"),
    ("gc5.mist.com", "APAC 02"),
    ("gc7.mist.com", "APAC 03"),
    ("us.mist-federal.com", "US Federal"),
    ("mistsys.com", "Staging"),
    ("ac99.mist.com", "Staging AC99"),
    ("gc1.mistsys.com", "Staging GC1"),
];

/// The names that pages of a cloud go by beside `api.`; people copy them from the browser.
const PAGES: &[&str] = &["manage.", "portal.", "integration.", "api-ws."];

/// The host of a cloud that nobody named.
pub const DEFAULT: &str = "api.mist.com";

/// A cloud that requests may go to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cloud {
    /// Scheme, host and port, without a slash at the end.
    base: String,
    host: String,
}

/// The clouds that an operator allows beside the known ones.
#[derive(Debug, Clone, Default)]
pub struct Clouds(Vec<Extra>);

#[derive(Debug, Clone)]
struct Extra {
    /// `http` only where the operator wrote so, or for this machine.
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Clouds {
    /// The known clouds and these: hosts, with port where it matters, or URLs.
    ///
    /// # Errors
    /// `invalid_input` for what is no host.
    pub fn with<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Result<Self> {
        let extra = |text: S| {
            let url = read(text.as_ref())?;
            Ok(Extra {
                scheme: text.as_ref().contains("://").then(|| url.scheme().to_owned()),
                host: host(&url)?,
                port: url.port(),
            })
        };
        hosts.into_iter().map(extra).collect::<Result<_>>().map(Self)
    }

    /// The cloud that a host, a pasted URL or the name of a portal stands for.
    ///
    /// # Errors
    /// `invalid_input` for what is no host and for hosts that nobody allowed.
    pub fn cloud(&self, text: &str) -> Result<Cloud> {
        let url = read(text)?;
        let host = host(&url)?;
        let bare = PAGES.iter().chain(&["api."]).find_map(|page| host.strip_prefix(page));
        if let Some(region) = bare.filter(|bare| REGIONS.iter().any(|(known, _)| known == bare)) {
            if url.scheme() == "http" && text.contains("://") {
                return Err(wrong(format!("`{host}` is not asked without TLS")).advise("leave out `http://`"));
            }
            return Ok(Cloud {
                base: format!("https://api.{region}"),
                host: format!("api.{region}"),
            });
        }
        let allowed = |extra: &&Extra| extra.host == host && extra.port.is_none_or(|port| Some(port) == url.port());
        let Some(extra) = self.0.iter().find(allowed) else {
            let known: Vec<String> = REGIONS
                .iter()
                .take(12)
                .map(|(known, _)| format!("api.{known}"))
                .collect();
            return Err(
                wrong(format!("`{}` is no Mist cloud that jmcp knows", host.escape_debug())).advise(format!(
                    "the clouds are {}; an operator can allow another with `--allow-mist-host`",
                    known.join(", ")
                )),
            );
        };
        let scheme = if text.contains("://") {
            Some(url.scheme().to_owned())
        } else {
            extra.scheme.clone()
        };
        let scheme = scheme.unwrap_or_else(|| "https".into());
        if scheme == "http" && !is_loopback(&host) && extra.scheme.as_deref() != Some("http") {
            return Err(wrong(format!("`{host}` is not asked without TLS"))
                .advise("an operator can allow it with `--allow-mist-host http://HOST`"));
        }
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Cloud {
            base: format!("{scheme}://{host}{port}"),
            host,
        })
    }
}

impl Cloud {
    /// Scheme, host and port, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The region, where the cloud is a known one.
    pub fn region(&self) -> Option<&'static str> {
        let bare = self.host.strip_prefix("api.")?;
        REGIONS
            .iter()
            .find(|(known, _)| *known == bare)
            .map(|(_, region)| *region)
    }

    /// Where WebSockets are opened: `wss://api-ws.…` of a known cloud; the same host of another.
    pub fn stream_base(&self) -> String {
        let base = self.base.replacen("http", "ws", 1);
        match self.region() {
            Some(_) => base.replacen("://api.", "://api-ws.", 1),
            None => base,
        }
    }

    /// Whether this host is one where a WebSocket of this cloud may be opened: the cloud says where its shells are, and a token must
    /// not follow it anywhere.
    pub fn has_stream_host(&self, host: &str) -> bool {
        let own = self.stream_base();
        let own = own.split_once("://").map_or(own.as_str(), |(_, rest)| rest);
        let own = own.split(':').next().unwrap_or(own);
        host == own || host == self.host
    }
}

/// A URL, or a bare host as one.
fn read(text: &str) -> Result<Url> {
    let text = text.trim();
    let unknown =
        || wrong(format!("`{}` is no host of a Mist cloud", text.escape_debug())).advise("write it as api.mist.com");
    let whole = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let url = Url::parse(&whole).map_err(|_| unknown())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && matches!(url.scheme(), "http" | "https");
    if is_plain { Ok(url) } else { Err(unknown()) }
}

fn host(url: &Url) -> Result<String> {
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_end_matches('.')
        .to_ascii_lowercase();
    if host.is_empty() {
        Err(wrong("a Mist cloud needs a host".into()))
    } else {
        Ok(host)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn wrong(message: String) -> Error {
    Error::new(Code::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_paste_is_the_api_of_its_cloud() {
        let clouds = Clouds::default();
        for (pasted, base) in [
            ("api.mist.com", "https://api.mist.com"),
            (" API.EU.MIST.COM. ", "https://api.eu.mist.com"),
            ("manage.gc4.mist.com", "https://api.gc4.mist.com"),
            (
                "https://manage.ac5.mist.com/admin/?org_id=1#!dashboard",
                "https://api.ac5.mist.com",
            ),
            ("https://api.mist.com/api/v1/", "https://api.mist.com"),
            ("api-ws.mist.com", "https://api.mist.com"),
            ("https://manage.us.mist-federal.com", "https://api.us.mist-federal.com"),
        ] {
            assert_eq!(clouds.cloud(pasted).unwrap().base(), base, "{pasted}");
        }
    }

    #[test]
    fn no_token_goes_anywhere_else() {
        let clouds = Clouds::with(["127.0.0.1:8080", "mist.example.net", "http://proxy.example.net"]).unwrap();
        for strange in [
            "",
            "mist.com",
            "evil.example",
            "api.mist.com.evil.example",
            "api.mist.com@evil.example",
            "https://user:pw@api.mist.com",
            "api.mist.com.evil.example/api.mist.com",
            "api.xmist.com",
            "ftp://api.mist.com",
            "http://api.mist.com",
            "http://mist.example.net",
            "127.0.0.1:8081",
            "file:///etc/passwd",
        ] {
            assert!(clouds.cloud(strange).is_err(), "{strange}");
        }
        assert_eq!(
            clouds.cloud("http://127.0.0.1:8080/api").unwrap().base(),
            "http://127.0.0.1:8080"
        );
        assert_eq!(
            clouds.cloud("mist.example.net").unwrap().base(),
            "https://mist.example.net"
        );
        assert_eq!(
            clouds.cloud("proxy.example.net").unwrap().base(),
            "http://proxy.example.net"
        );
    }

    #[test]
    fn streams_are_beside_the_api() {
        let cloud = Clouds::default().cloud("api.eu.mist.com").unwrap();
        assert_eq!(cloud.stream_base(), "wss://api-ws.eu.mist.com");
        assert_eq!(cloud.region(), Some("EMEA 01"));
        assert!(cloud.has_stream_host("api-ws.eu.mist.com") && !cloud.has_stream_host("api-ws.mist.com"));
    }
}
