//! The command line: types only, no logic.

mod accepted;
mod approval;
mod audit;
mod catalogue;
mod http;
mod log;
mod mist;
mod policy;
mod read;
mod token;

use std::path::PathBuf;

use clap::{
    Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};

pub use self::{
    accepted::Accepted,
    approval::Approval,
    audit::Audit,
    catalogue::{CatalogueCommand, ImportArgs},
    http::Http,
    log::Log,
    mist::Mist,
    policy::{PolicyCommand, PolicyListArgs, PolicyTestArgs},
    read::read,
    token::{NamedArgs, NewTokenArgs, TokenArgs, TokenCommand},
};

use crate::{junos::inventory::Mode, server::path::Confirm};

/// MCP server for Juniper networks.
///
/// Lets an AI client (Claude Desktop, VS Code ...) operate Junos devices over NETCONF/SSH. Without a command it serves MCP on stdin and
/// stdout for the devices in devices.json. Try `jmcp call --lab gather_device_facts router_name=mx-lab-1` first: it needs no device.
#[derive(Debug, Parser)]
#[command(
    name = "jmcp",
    version,
    about,
    max_term_width = 110,
    args_conflicts_with_subcommands = false
)]
pub struct Cli {
    /// What to do; serve MCP where it is missing.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of the server and of the way to the devices.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start simulated devices on this machine, serve MCP for them, and print what to paste into a client.
    Lab(LabArgs),
    /// Call one tool as a client would and print its answer.
    Call(CallArgs),
    /// List the tools, with the size of the list.
    Tools(ToolsArgs),
    /// Read every file and key and say all that is wrong.
    Check(CheckArgs),
    /// Ask a server on this machine whether it lives; for containers.
    Health(HealthArgs),
    /// Host keys of the devices.
    #[command(name = "known-hosts", subcommand)]
    KnownHosts(KnownHostsCommand),
    /// Tokens of HTTP clients.
    Token(TokenArgs),
    /// What the guardrails say.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Facts of the Mist API.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `jmcp known-hosts`.
#[derive(Debug, Subcommand)]
pub enum KnownHostsCommand {
    /// Collect the host keys of the inventory's devices and write them to the known_hosts file. Compare the fingerprints it prints
    /// with those of the devices.
    Scan(ScanArgs),
}

/// `jmcp lab`.
#[derive(Debug, Args)]
pub struct LabArgs {
    /// First port of the simulated devices; the system picks them where it is missing.
    #[arg(long)]
    pub base_port: Option<u16>,
    /// Directory for devices.json, keys and known_hosts of the lab; a temporary one where it is missing.
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Only run the devices; do not serve MCP.
    #[arg(long)]
    pub no_serve: bool,
}

/// `jmcp call`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Use the simulated devices instead of an inventory.
    #[arg(long)]
    pub lab: bool,
    /// Tool name; `jmcp tools` lists them.
    pub tool: String,
    /// Arguments as key=value.
    #[arg(value_name = "KEY=VALUE")]
    pub arguments: Vec<String>,
    /// Arguments as a JSON object; key=value arguments go on top.
    #[arg(long, value_name = "OBJECT")]
    pub json: Option<String>,
    /// Print the structured result as JSON instead of the text.
    #[arg(long)]
    pub structured: bool,
    /// Agree to what the call would do, where a person has to; without it the terminal asks.
    #[arg(long)]
    pub yes: bool,
}

/// `jmcp tools`.
#[derive(Debug, Args)]
pub struct ToolsArgs {
    /// As clients see it, in JSON.
    #[arg(long, conflicts_with = "markdown")]
    pub json: bool,
    /// As a table for documents.
    #[arg(long)]
    pub markdown: bool,
    /// Also those that are not listed.
    #[arg(long)]
    pub all: bool,
}

/// `jmcp check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Also log in to each device, and try the Mist token.
    #[arg(long)]
    pub connect: bool,
}

/// `jmcp health`.
#[derive(Debug, Args)]
pub struct HealthArgs {
    /// Ask the jmcp that runs as this process, however it was started, instead of one at --host and --port.
    #[arg(long, value_name = "PID")]
    pub pid: Option<u32>,
}

/// `jmcp known-hosts scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Only these devices.
    pub devices: Vec<String>,
    /// Print the lines instead of writing them to the file.
    #[arg(long)]
    pub print: bool,
}

/// Options of the server and of the way to the devices.
#[derive(Debug, Args)]
pub struct Options {
    /// Inventory file.
    #[arg(
        short = 'f',
        long,
        global = true,
        env = "JMCP_DEVICES_PATH",
        default_value = "devices.json",
        value_name = "FILE"
    )]
    pub device_mapping: PathBuf,
    /// Which options that have a default somebody gave, on the line or in the environment.
    #[arg(skip)]
    pub given: Given,
    /// How clients connect [default: stdio].
    #[arg(short, long, global = true, value_enum)]
    pub transport: Option<Transport>,
    /// The line was written for the Python server, whose defaults it counts on.
    #[arg(skip)]
    pub is_for_python: bool,
    /// Address or name to listen on, over HTTP.
    #[arg(
        short = 'H',
        long,
        global = true,
        env = "JMCP_HTTP_HOST",
        default_value = "127.0.0.1"
    )]
    pub host: String,
    /// Port to listen on, over HTTP; 0 lets the system pick one.
    #[arg(short, long, global = true, env = "JMCP_HTTP_PORT", default_value_t = 30030)]
    pub port: u16,
    /// Refuse every tool that changes anything.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Which tools need a person's word: those that cannot be undone, or all that change anything.
    #[arg(long, global = true, value_enum, default_value_t = Confirm::Destroy)]
    pub confirm: Confirm,
    /// Show secrets in answers: hashes and keys, SNMP communities, passwords. Without it they are covered, and the log and the audit
    /// events never show them.
    #[arg(long, global = true)]
    pub show_secrets: bool,
    /// Seconds that each device may take where a call does not say [env: JUNOS_TIMEOUT] [default: 360].
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: Option<u64>,
    /// Characters of text in one answer; what is cut can be read on.
    #[arg(long, global = true, value_name = "N", default_value_t = 40_000)]
    pub max_result_chars: usize,
    /// File with the devices' host keys; new keys are pinned there. Default: /etc/jmcp/known_hosts where it exists, then
    /// ~/.config/jmcp/known_hosts and ~/.ssh/known_hosts.
    #[arg(long, global = true, value_name = "FILE")]
    pub known_hosts_file: Option<PathBuf>,
    /// Pin the host key of a device at first sight. Changed keys are refused all the same.
    #[arg(long, global = true)]
    pub ssh_accept_new_host_keys: bool,
    /// ssh_config for devices that name none; ~/.ssh/config where it is missing.
    #[arg(long, global = true, value_name = "FILE")]
    pub ssh_config: Option<PathBuf>,
    /// add_device and reload_devices may not change the inventory.
    #[arg(long, global = true, conflicts_with = "allow_password_auth_add")]
    pub inventory_readonly: bool,
    /// add_device takes passwords.
    #[arg(long, global = true)]
    pub allow_password_auth_add: bool,
    /// Make every commit a confirmed one: the device rolls back after so many minutes unless confirm_commit is called. A call's own
    /// confirm_timeout_mins goes before.
    #[arg(long, global = true, env = "JMCP_COMMIT_CONFIRM_DEFAULT", value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=71_582_788))]
    pub commit_confirm_default: Option<u32>,
    /// Do without the built-in rules (reboot, halt, power-off, zeroize; root and user authentication) where there is no block.cmd or
    /// block.cfg.
    #[arg(long, global = true)]
    pub no_default_rules: bool,
    /// How devices are judged whose entry has no `mode`: what no rule forbids is allowed, or only what a rule allows [default:
    /// `_mode_default` of the inventory, then deny-listed].
    #[arg(long, global = true, env = "JMCP_POLICY_MODE", value_name = "MODE", value_parser = modes())]
    pub policy_mode: Option<Mode>,
    /// Only these tools: names and patterns such as `get_*`, separated by commas. For every client and `jmcp call`.
    #[arg(
        long,
        global = true,
        env = "JMCP_ALLOW_TOOLS",
        value_name = "LIST",
        value_delimiter = ','
    )]
    pub allow_tools: Vec<String>,
    /// Not these tools, whatever allows them.
    #[arg(
        long,
        global = true,
        env = "JMCP_DENY_TOOLS",
        value_name = "LIST",
        value_delimiter = ','
    )]
    pub deny_tools: Vec<String>,
    /// Calls at once in all; 0 is no limit [default: 64 over HTTP, 256 on stdio].
    #[arg(long, global = true, env = "JMCP_MAX_INFLIGHT_REQUESTS", value_name = "N")]
    pub max_inflight_requests: Option<usize>,
    /// Calls at once to one device; 0 is no limit [default: 4 over HTTP, 64 on stdio].
    #[arg(long, global = true, env = "JMCP_MAX_INFLIGHT_REQUESTS_PER_ROUTER", value_name = "N")]
    pub max_inflight_requests_per_router: Option<usize>,
    /// Options on a person's word.
    #[command(flatten)]
    pub approval: Approval,
    /// Options of the HTTP server.
    #[command(flatten)]
    pub http: Http,
    /// Options of the Mist cloud.
    #[command(flatten)]
    pub mist: Mist,
    /// Options of the record of calls.
    #[command(flatten)]
    pub audit: Audit,
    /// Options of the log.
    #[command(flatten)]
    pub log: Log,
    /// What the earlier servers took and this version does not use.
    #[command(flatten)]
    pub accepted: Accepted,
}

fn modes() -> impl TypedValueParser<Value = Mode> {
    let words = [Mode::DenyListed, Mode::AllowListed].map(Mode::as_str);
    PossibleValuesParser::new(words).map(|word| Mode::of(&word).unwrap_or_default())
}

/// Which options that have a default were given, on the line or in the environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given {
    /// `--device-mapping`.
    pub inventory: bool,
    /// `--host`.
    pub host: bool,
    /// `--port`.
    pub port: bool,
}

/// How clients connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// On stdin and stdout, as Claude Desktop does.
    Stdio,
    /// Streamable HTTP at /mcp, as VS Code and teams use it.
    #[value(name = "streamable-http", alias = "http")]
    StreamableHttp,
    /// What came before streamable HTTP, and now means the same.
    #[value(hide = true)]
    Sse,
}
