//! What the operator decided, read once from flags and environment and checked as a whole; nothing below sees the command line.

mod http;
mod mist;
mod variables;

pub use self::{http::HttpSettings, variables::Variables};

use std::{path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;

use crate::{
    cli::{Options, Transport},
    error::{Code, Error, Result},
    junos::{
        Junos,
        inventory::Inventory,
        pool::{self, Pool},
        ssh::{self, HostKeys, SshConnector},
    },
    mist::{Mist, MistOptions},
    policy::{self, Policy},
    server::{
        audit::{Audit, AuditOptions, Redaction},
        path::{Approval, ApprovalOptions, Confirm, LimitOptions, Path, Rules},
    },
    tokens,
    tools::{self, Catalogue, Listing, Offer, Operations, Pages, Permits, Plans, Results, Services},
};

/// The system's file of host keys, read where it exists.
const SYSTEM_KNOWN_HOSTS: &str = "/etc/jmcp/known_hosts";

/// Seconds that a device may take where nobody says, and the most that somebody may say.
const DEFAULT_TIMEOUT: u64 = 360;
const LONGEST_TIMEOUT: u64 = 86_400;

/// Settings of a server or of a single call.
#[derive(Clone)]
pub struct Settings {
    /// The inventory file.
    pub inventory: PathBuf,
    /// Whether there may be no such file: nobody named one, and there is the Mist cloud to work with.
    pub inventory_may_be_missing: bool,
    /// Which host keys are trusted.
    pub host_keys: HostKeys,
    /// `ssh_config` for devices that name none.
    pub ssh_config: Option<PathBuf>,
    /// What an operator decided about calls.
    pub rules: Rules,
    /// How a person is asked.
    pub approval: ApprovalOptions,
    /// How many calls at once.
    pub limits: LimitOptions,
    /// What concerns single tools.
    pub tools: tools::Options,
    /// What was decided about the guardrails, besides their rules.
    pub policy: policy::Options,
    /// The HTTP server; none on stdio.
    pub http: Option<HttpSettings>,
    /// The Mist cloud.
    pub mist: MistOptions,
    /// What is listed where nobody asks for anything else, of tools that are of use.
    pub listing: Listing,
    /// Where the record of calls goes.
    pub audit: AuditOptions,
}

impl Settings {
    /// Settings from the command line alone.
    ///
    /// # Errors
    /// As `with`.
    pub fn new(options: Options) -> Result<Self> {
        Self::with(options, &Variables::default())
    }

    /// Settings from the command line, and from the variables of the Mist servers.
    ///
    /// # Errors
    /// `invalid_input` for what cannot be had together or at all.
    pub fn with(options: Options, variables: &Variables) -> Result<Self> {
        // The Python server serves HTTP where nobody says; the Rust one stdio.
        let default = if options.is_for_python {
            Transport::StreamableHttp
        } else {
            Transport::Stdio
        };
        let transport = options.transport.unwrap_or(default);
        if transport == Transport::Sse {
            tracing::warn!("`-t sse` is streamable HTTP here: clients connect to /mcp");
        }
        let is_http = transport != Transport::Stdio;
        let limits = limits(&options, is_http)?;
        let mist = mist::options(&options.mist, variables)?;
        let cloud = Cloud::of(&options, variables, is_http, mist.own.is_some());
        let http = is_http
            .then(|| HttpSettings::new(&options, cloud.has_nothing))
            .transpose()?;
        if !is_http && (options.http.enable_metrics || options.http.metrics_listen.is_some()) {
            return Err(refused(
                "enable-metrics",
                "needs an HTTP transport: there are no figures on stdio",
            ));
        }
        if options.max_result_chars < 1000 {
            return Err(Error::new(
                Code::InvalidInput,
                "`--max-result-chars` has to be 1000 at least",
            ));
        }
        let (rules, policy) = (rules(&options)?, guardrails(&options));
        let (audit, approval) = (audit(&options)?, approval(&options)?);
        Ok(Self {
            inventory_may_be_missing: cloud.needs_no_devices,
            inventory: options.device_mapping,
            host_keys: host_keys(options.known_hosts_file, options.ssh_accept_new_host_keys),
            ssh_config: options.ssh_config,
            rules,
            approval,
            limits,
            http,
            tools: tools::Options {
                inventory_readonly: options.inventory_readonly,
                allow_password_auth_add: options.allow_password_auth_add,
                confirm_minutes: options.commit_confirm_default,
            },
            policy,
            mist,
            listing: Listing {
                has_junos: true,
                has_mist: cloud.is_of_use,
                ..mist::listing(&options.mist, variables)?
            },
            audit,
        })
    }

    /// The audit log.
    ///
    /// # Errors
    /// `io` when its file cannot be opened, `not_found` when journald is not there.
    pub fn audit(&self) -> Result<Audit> {
        Audit::with(&self.audit)
    }

    /// How devices are reached.
    pub fn ssh(&self) -> ssh::Options {
        let mut options = ssh::Options::new(self.host_keys.clone());
        options.ssh_config = self.ssh_config.clone();
        options
    }

    /// A session pool.
    pub fn pool(&self) -> Pool {
        Pool::new(pool::Options::default(), Arc::new(SshConnector::new(self.ssh())))
    }

    /// The inventory; one without devices, and without file, where there is none and needs to be none.
    ///
    /// # Errors
    /// `not_found`, `inventory_invalid` with all that is wrong, `io`.
    pub fn inventory(&self) -> Result<Inventory> {
        match Inventory::load(&self.inventory) {
            Err(error) if error.code() == Code::NotFound && self.inventory_may_be_missing => Ok(Inventory::default()),
            Err(error) if error.code() == Code::NotFound => {
                Err(error.advise("name another with `-f`; with MIST_APITOKEN jmcp works with the Mist cloud alone"))
            }
            read => read,
        }
    }

    /// What is listed where nobody asks for anything else; no tools for devices where there is no inventory.
    pub fn listing(&self) -> Listing {
        Listing {
            has_junos: !self.inventory_may_be_missing || self.inventory.exists(),
            ..self.listing.clone()
        }
    }

    /// The call path over the inventory. Reads files and opens nothing else: no device is touched.
    ///
    /// # Errors
    /// As `inventory`; `internal` where TLS cannot be set up.
    pub fn path(&self) -> Result<Arc<Path>> {
        let catalogue = Catalogue::with(self.mist.specification)?;
        self.rules.permits.offer.check(&catalogue)?;
        let inventory = self.inventory()?;
        let listing = self.listing();
        for warning in &inventory.warnings {
            tracing::warn!("{warning}");
        }
        let problems = inventory.devices.values().filter_map(|device| device.problem.as_ref());
        problems.for_each(|problem| tracing::warn!("{problem}"));
        let policy = Policy::load(&inventory, self.policy)?;
        let services = Services {
            junos: Junos::new(inventory, self.pool()),
            results: Results::default(),
            plans: Plans::default(),
            operations: Operations::default(),
            policy: ArcSwap::from_pointee(policy),
            mist: Mist::new(self.mist.clone())?,
            pages: Pages::default(),
            listing,
            options: self.tools.clone(),
        };
        let approval = Approval::open(self.approval.clone())?;
        let path = Path::new(
            catalogue,
            Arc::new(services),
            self.rules.clone(),
            self.limits,
            self.audit()?,
        );
        Ok(Arc::new(path.with_approval(approval)))
    }
}

/// How a person is asked.
///
/// # Errors
/// `invalid_input` for what says opposite things.
fn approval(options: &Options) -> Result<ApprovalOptions> {
    if options.confirm == Confirm::Write && options.mist.disable_elicitation {
        return Err(refused(
            "disable-elicitation",
            "and `--confirm write` say opposite things",
        ));
    }
    let given = &options.approval;
    Ok(ApprovalOptions {
        rules: given.confirm_rules.clone(),
        key: given.confirm_key_file.clone(),
        without_asking: given.confirm_without_asking,
        token_lasts: Duration::from_secs(given.confirm_token_secs),
    })
}

/// What was decided about the guardrails, besides their rules.
fn guardrails(options: &Options) -> policy::Options {
    policy::Options {
        default_rules: !options.no_default_rules,
        mode: options.policy_mode,
    }
}

/// What the operator decided about calls.
fn rules(options: &Options) -> Result<Rules> {
    Ok(Rules {
        permits: Permits {
            read_only: options.read_only,
            mist_writes: options.mist.enable_write_tools,
            mist_unconfirmed: options.mist.disable_elicitation,
            offer: Offer::new(&options.allow_tools, &options.deny_tools)?,
        },
        confirm: options.confirm,
        show_secrets: options.show_secrets,
        max_result_chars: options.max_result_chars,
        timeout: timeout(options.timeout, std::env::var("JUNOS_TIMEOUT").ok().as_deref()),
    })
}

/// What the Mist cloud means for the rest of the server.
#[derive(Debug, Clone, Copy)]
struct Cloud {
    /// The tools for it are of use.
    is_of_use: bool,
    /// There may be no inventory.
    needs_no_devices: bool,
    /// There is nothing that tokens would protect: no inventory, and no account but those that callers bring.
    has_nothing: bool,
}

impl Cloud {
    fn of(options: &Options, variables: &Variables, is_http: bool, has_account: bool) -> Self {
        let is_wanted = mist::is_wanted(&options.mist, variables);
        let has_tokens = tokens::find(options.http.tokens_file.as_deref()).is_some();
        // Callers over HTTP can bring an account. Who gives tokens, or does without them on purpose, means a server with devices, unless
        // something else is said of the cloud.
        let is_plain = !has_tokens && !options.http.allow_no_auth;
        let is_for_callers = is_http && !options.is_for_python && (is_wanted || is_plain);
        let needs_no_devices = !options.given.inventory && (has_account || is_for_callers);
        let has_devices = !needs_no_devices || options.device_mapping.exists();
        Self {
            is_of_use: has_account || is_wanted || !has_devices,
            needs_no_devices,
            has_nothing: !has_devices && !has_account && !has_tokens,
        }
    }
}

/// How many calls at once. Over HTTP strangers share the server, so there are fewer of each.
fn limits(options: &Options, is_http: bool) -> Result<LimitOptions> {
    let http = &options.http;
    let (per_second, burst) = (http.max_requests_per_second_per_token, http.max_request_burst_per_token);
    if (per_second > 0) != (burst > 0) {
        return Err(refused(
            "max-requests-per-second-per-token",
            "and `--max-request-burst-per-token` go together",
        ));
    }
    let (in_flight, per_device) = if is_http { (64, 4) } else { (256, 64) };
    Ok(LimitOptions {
        in_flight: options.max_inflight_requests.unwrap_or(in_flight),
        per_caller: if is_http {
            http.max_inflight_requests_per_token
        } else {
            0
        },
        per_device: options.max_inflight_requests_per_router.unwrap_or(per_device),
        per_second: if is_http { per_second } else { 0 },
        burst: if is_http { burst } else { 0 },
    })
}

fn refused(flag: &str, why: &str) -> Error {
    Error::new(Code::InvalidInput, format!("`--{flag}` {why}"))
        .advise("leave out the flag, or its environment variable")
}

/// Where the record of calls goes, and what is covered in it.
fn audit(options: &Options) -> Result<AuditOptions> {
    let audit = &options.audit;
    let redact = audit.audit_redact.as_deref();
    Ok(AuditOptions {
        format: audit.audit_format,
        file: audit.audit_log_file.clone(),
        journald: audit.audit_journald.then(|| audit.audit_journald_socket.clone()),
        redaction: redact
            .map(|map| Redaction::parse(map, audit.audit_hmac_key_file.as_deref()))
            .transpose()?
            .unwrap_or_default(),
    })
}

/// The flag, else the variable, else 360 seconds. A variable that is no number of seconds is only warned about, as in the Python server.
fn timeout(flag: Option<u64>, variable: Option<&str>) -> Duration {
    let variable = variable.map(str::trim).filter(|text| !text.is_empty());
    let seconds = flag.or_else(|| {
        let text = variable?;
        let read = text
            .parse()
            .ok()
            .filter(|seconds| (1..=LONGEST_TIMEOUT).contains(seconds));
        if read.is_none() {
            tracing::warn!(
                "JUNOS_TIMEOUT is `{}`, not a number of seconds: {DEFAULT_TIMEOUT} is used",
                text.escape_debug()
            );
        }
        read
    });
    Duration::from_secs(seconds.unwrap_or(DEFAULT_TIMEOUT))
}

/// The files to look in; the first is also where new keys are pinned.
fn host_keys(given: Option<PathBuf>, accept_new: bool) -> HostKeys {
    if let Some(file) = given {
        return HostKeys {
            files: vec![file],
            accept_new,
        };
    }
    let home = std::env::home_dir();
    let own = home.as_ref().map(|home| home.join(".config/jmcp/known_hosts"));
    let system = PathBuf::from(SYSTEM_KNOWN_HOSTS);
    let mut files: Vec<PathBuf> = Vec::new();
    files.extend(system.exists().then_some(system));
    files.extend(own);
    files.extend(home.map(|home| home.join(".ssh/known_hosts")));
    HostKeys { files, accept_new }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_out_of_the_environment_is_lenient() {
        let seconds = |flag, variable| timeout(flag, variable).as_secs();
        assert_eq!(seconds(Some(5), Some("90")), 5);
        assert_eq!(seconds(None, Some(" 90 ")), 90);
        for bad in [None, Some(""), Some("soon"), Some("0"), Some("-5"), Some("1.5")] {
            assert_eq!(seconds(None, bad), 360, "{bad:?}");
        }
    }
}
