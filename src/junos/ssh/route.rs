//! The way to a device: which servers lie on it, and how to log in to each. Worked out from the inventory and `ssh_config`
//! before anything is opened.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::{
    Options,
    config::{ConfigFile, HostConfig, Proxy, expand_home, expand_tokens},
    known_hosts::HostNames,
};
use crate::{
    error::{Code, Error, Result},
    junos::inventory::{Auth, Device},
    secret::Secret,
};

/// The most jump hosts on a way.
const JUMPS: usize = 8;

/// The keys OpenSSH tries when none is configured, best first.
const DEFAULT_KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// How the first server of a way is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dial {
    /// By TCP.
    Tcp,
    /// Through a program that connects its standard input and output to the server.
    Command(String),
}

/// A private key file.
#[derive(Debug, Clone)]
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    pub(super) passphrase: Option<Secret>,
    /// Whether it is an error if it cannot be used.
    pub(super) required: bool,
}

/// What to log in with.
#[derive(Debug, Clone, Default)]
pub(super) struct Login {
    pub(super) password: Option<Secret>,
    pub(super) files: Vec<KeyFile>,
    pub(super) agent: bool,
}

/// One server on the way.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    /// How errors call it: ``device `r1` (192.0.2.1:22)``.
    pub(super) server: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) login: Login,
    pub(super) names: HostNames,
    /// known_hosts files of `ssh_config`, read besides those of the policy.
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) timeout: Duration,
    /// Whether the algorithms of old devices are offered.
    pub(super) legacy: bool,
    /// Whether it is the device, not a jump host.
    pub(super) is_device: bool,
}

/// The way to a device.
#[derive(Debug, Clone)]
pub(super) struct Route {
    pub(super) dial: Dial,
    /// The servers in the order they are reached; the device is the last.
    pub(super) hops: Vec<Hop>,
}

impl Route {
    /// Works out the way to a device.
    ///
    /// # Errors
    /// `not_found` and `invalid_input` when `ssh_config` cannot be used.
    pub(super) async fn to_device(options: &Arc<Options>, device: &Device) -> Result<Self> {
        let (options, device) = (options.clone(), device.clone());
        let resolved = tokio::task::spawn_blocking(move || Planner::new(&options, &device).plan()).await;
        resolved.map_err(|lost| Error::new(Code::Internal, lost.to_string()))?
    }
}

struct Planner<'a> {
    options: &'a Options,
    device: &'a Device,
    config: ConfigFile,
}

/// `[user@]host[:port]`
struct JumpSpec {
    user: Option<String>,
    host: String,
    port: Option<u16>,
}

impl<'a> Planner<'a> {
    fn new(options: &'a Options, device: &'a Device) -> Self {
        let home = options.home.clone();
        let usual = || {
            home.as_ref()
                .map(|home| home.join(".ssh/config"))
                .filter(|path| path.exists())
        };
        let path = device
            .ssh_config
            .clone()
            .or_else(|| options.ssh_config.clone())
            .or_else(usual);
        Self {
            options,
            device,
            config: ConfigFile { path, home },
        }
    }

    fn plan(&self) -> Result<Route> {
        let device = self.device;
        let about = self.about(&device.host)?;
        let host = host_name(&device.host, &about);
        let port = about.port.unwrap_or(device.port);
        let mut route = self.way(&about, &device.host, &host, port, &device.username, 0)?;
        let login = match &device.auth {
            Auth::Password(password) => Login {
                password: Some(password.clone()),
                ..Login::default()
            },
            Auth::Key { path, passphrase } => {
                let file = KeyFile {
                    path: path.clone(),
                    passphrase: passphrase.clone(),
                    required: true,
                };
                Login {
                    files: vec![file],
                    ..Login::default()
                }
            }
            Auth::Agent => Login {
                agent: true,
                files: self.identity_files(&about, &host, &device.username),
                ..Login::default()
            },
        };
        let server = format!("device `{}` ({})", device.name, address(&host, port));
        let hop = self.hop(
            server,
            &device.host,
            &about,
            (host, port),
            device.username.clone(),
            login,
        );
        route.hops.push(Hop {
            legacy: device.legacy,
            is_device: true,
            ..hop
        });
        Ok(route)
    }

    fn about(&self, alias: &str) -> Result<HostConfig> {
        self.config.about(alias).map_err(|error| {
            Error::new(
                error.code(),
                format!("device `{}`: {}", self.device.name, error.message()),
            )
            .advise("mend the `ssh_config` file of the device, or `~/.ssh/config`")
        })
    }

    /// The servers before `host`.
    fn way(&self, about: &HostConfig, alias: &str, host: &str, port: u16, user: &str, depth: usize) -> Result<Route> {
        match &about.proxy {
            Some(Proxy::Jump(jumps)) => self.through(&self.jump_specs(jumps)?, depth),
            Some(Proxy::Command(command)) => {
                let command = self.proxy_command(command, alias, host, port, user)?;
                Ok(Route {
                    dial: Dial::Command(command),
                    hops: Vec::new(),
                })
            }
            Some(Proxy::None) | None => Ok(Route {
                dial: Dial::Tcp,
                hops: Vec::new(),
            }),
        }
    }

    /// The way through a chain of jump hosts. Only the first of a chain is reached by its own `ProxyJump`, as in OpenSSH.
    fn through(&self, chain: &[JumpSpec], depth: usize) -> Result<Route> {
        let name = &self.device.name;
        let Some((jump, before)) = chain.split_last() else {
            return Ok(Route {
                dial: Dial::Tcp,
                hops: Vec::new(),
            });
        };
        if depth >= JUMPS {
            let text = format!("device `{name}`: more than {JUMPS} jump hosts, or jump hosts that need each other");
            return Err(Error::new(Code::InvalidInput, text).advise("mend `ProxyJump` in `ssh_config`"));
        }
        let about = self.about(&jump.host)?;
        let host = host_name(&jump.host, &about);
        let port = jump.port.or(about.port).unwrap_or(22);
        let user = jump
            .user
            .clone()
            .or_else(|| about.user.clone())
            .unwrap_or_else(|| self.local_user());
        let mut route = match before {
            // `Host *` with `ProxyJump` means the others, not the jump host itself.
            [] if self.jumps_through_itself(&about, &jump.host)? => Route {
                dial: Dial::Tcp,
                hops: Vec::new(),
            },
            [] => self.way(&about, &jump.host, &host, port, &user, depth + 1)?,
            _ => self.through(before, depth + 1)?,
        };
        if route.hops.len() >= JUMPS || route.hops.iter().any(|hop| hop.host == host && hop.port == port) {
            let text = format!(
                "device `{name}`: jump host `{}` comes twice or is one too many",
                jump.host
            );
            return Err(Error::new(Code::InvalidInput, text).advise("mend `ProxyJump` in `ssh_config`"));
        }
        let files = self.identity_files(&about, &host, &user);
        let login = Login {
            agent: true,
            files,
            password: None,
        };
        let server = format!(
            "jump host `{}` ({}) of device `{name}`",
            jump.host,
            address(&host, port)
        );
        route
            .hops
            .push(self.hop(server, &jump.host, &about, (host, port), user, login));
        Ok(route)
    }

    fn jumps_through_itself(&self, about: &HostConfig, alias: &str) -> Result<bool> {
        match &about.proxy {
            Some(Proxy::Jump(jumps)) => Ok(self.jump_specs(jumps)?.iter().any(|jump| jump.host == alias)),
            _ => Ok(false),
        }
    }

    fn hop(
        &self,
        server: String,
        alias: &str,
        about: &HostConfig,
        (host, port): (String, u16),
        user: String,
        login: Login,
    ) -> Hop {
        let tokens = [('h', host.as_str()), ('r', user.as_str()), ('n', alias)];
        let known_hosts = about
            .known_hosts
            .iter()
            .flatten()
            .filter(|file| !file.eq_ignore_ascii_case("none"));
        let known_hosts = known_hosts.map(|file| self.path(file, &tokens)).collect();
        let names = match &about.host_key_alias {
            // OpenSSH looks an alias up without port.
            Some(name) => HostNames::new([name.as_str()], 22),
            None => HostNames::new([host.as_str(), alias], port),
        };
        Hop {
            timeout: about.connect_timeout.unwrap_or(self.options.connect_timeout),
            legacy: false,
            is_device: false,
            server,
            host,
            port,
            user,
            login,
            names,
            known_hosts,
        }
    }

    /// The key files of a host, or the usual ones; none of them has to exist.
    fn identity_files(&self, about: &HostConfig, host: &str, user: &str) -> Vec<KeyFile> {
        let tokens = [('h', host), ('r', user)];
        let files = about
            .identity_files
            .iter()
            .filter(|file| !file.eq_ignore_ascii_case("none"));
        let mut paths: Vec<PathBuf> = files.map(|file| self.path(file, &tokens)).collect();
        if about.identity_files.is_empty()
            && let Some(home) = &self.options.home
        {
            paths = DEFAULT_KEYS.iter().map(|name| home.join(".ssh").join(name)).collect();
        }
        paths
            .into_iter()
            .map(|path| KeyFile {
                path,
                passphrase: None,
                required: false,
            })
            .collect()
    }

    fn path(&self, text: &str, tokens: &[(char, &str)]) -> PathBuf {
        let home = self.options.home.as_deref();
        let home_text = home.map(|home| home.to_string_lossy().into_owned()).unwrap_or_default();
        let user = self.local_user();
        let mut all = tokens.to_vec();
        all.extend([('d', home_text.as_str()), ('u', user.as_str())]);
        expand_home(&expand_tokens(text, &all), home)
    }

    fn local_user(&self) -> String {
        let name = ["USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
        name.unwrap_or_else(|| self.device.username.clone())
    }

    fn proxy_command(&self, command: &str, alias: &str, host: &str, port: u16, user: &str) -> Result<String> {
        let name = &self.device.name;
        if !self.options.proxy_command {
            let text = format!("`ssh_config` asks for a `ProxyCommand` to reach device `{name}`, which is not allowed");
            return Err(Error::new(Code::ConnectFailed, text).advise("use `ProxyJump`"));
        }
        // These words come from the inventory, which callers may be allowed to change, and go through a shell.
        for word in [alias, host, user] {
            let plain = |c: char| c.is_ascii_alphanumeric() || "._:-@%[]".contains(c);
            if word.starts_with('-') || !word.chars().all(plain) {
                let text = format!("device `{name}`: `{word}` may not be used in a `ProxyCommand`");
                return Err(Error::new(Code::InvalidInput, text).advise("use plain host and user names"));
            }
        }
        let port = port.to_string();
        Ok(expand_tokens(
            command,
            &[('h', host), ('p', port.as_str()), ('r', user), ('n', alias)],
        ))
    }

    fn jump_specs(&self, jumps: &str) -> Result<Vec<JumpSpec>> {
        jumps
            .split(',')
            .map(str::trim)
            .filter(|jump| !jump.is_empty())
            .map(|jump| self.jump_spec(jump))
            .collect()
    }

    fn jump_spec(&self, text: &str) -> Result<JumpSpec> {
        let invalid = || {
            let what = format!("device `{}`: `{text}` is not a jump host", self.device.name);
            Error::new(Code::InvalidInput, what).advise("write `ProxyJump [user@]host[:port]`")
        };
        let rest = text.strip_prefix("ssh://").unwrap_or(text).trim_end_matches('/');
        let (user, rest) = match rest.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), rest),
            None => (None, rest),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None => match rest.split_once(':') {
                // More than one colon is an IPv6 address without port.
                Some((host, port)) if !port.contains(':') => (host, Some(port)),
                _ => (rest, None),
            },
        };
        let port = port
            .map(|port| port.parse::<u16>().map_err(|_| invalid()))
            .transpose()?;
        if host.is_empty() {
            return Err(invalid());
        }
        Ok(JumpSpec {
            user,
            host: host.to_owned(),
            port,
        })
    }
}

fn host_name(alias: &str, about: &HostConfig) -> String {
    match &about.host_name {
        Some(name) => expand_tokens(name, &[('h', alias)]),
        None => alias.to_owned(),
    }
}

/// `host:port`, with brackets around IPv6.
pub(super) fn address(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests;
