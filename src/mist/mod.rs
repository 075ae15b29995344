//! The Mist cloud: its API's facts, and the client. Knows nothing of MCP.
//!
//! - [`specification`]: every operation of the API, as data; [`Request`]: one request, made from an operation and values.
//! - [`Access`]: the cloud as one caller may use it; every request is judged there on where it goes.
//! - [`computed`]: what devices and sites are really configured with.
//! - [`stream`]: what devices say over WebSockets: their utilities and their command line.
//! - [`Client`]: the way to the cloud: time-outs, budget, places, retries, cache.
//! - [`Clouds`]: which hosts a token may be sent to; [`Account`]: a cloud and its token.

pub mod computed;
pub mod effects;
pub mod figures;
pub mod security;
pub mod specification;
pub mod stream;

mod access;
mod account;
mod budget;
mod cache;
mod client;
mod cloud;
mod endpoint;
mod exchange;
mod failure;
mod next;
mod reached;
mod request;
mod response;
mod tls;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde_json::{Map, Value};
use tokio::time::Instant;

pub use self::{
    access::{Access, Done, Reach, remaining},
    account::{Account, Brought, Key},
    budget::{Budget, LIMIT, Left},
    cache::CacheFigures,
    client::{Client, ClientOptions, Sender},
    cloud::{Cloud, Clouds, DEFAULT},
    failure::Failure,
    figures::Figures,
    request::{BODY, Request, encode},
    response::{PageOf, Response},
};
use self::{
    security::Guard,
    specification::{Operation, Specification},
};
use crate::error::{Code, Error, Result};

/// Sites whose organisations are remembered.
const SITES: usize = 10_000;

/// What the operator decided about the cloud.
#[derive(Clone)]
pub struct MistOptions {
    /// The hosts that tokens may be sent to.
    pub clouds: Clouds,
    /// The server's own account; none where callers bring theirs.
    pub own: Option<Arc<Account>>,
    /// How requests are made.
    pub client: ClientOptions,
    /// When writes are refused because the token may do too much.
    pub security: security::Options,
    /// The facts of the API.
    pub specification: &'static Specification,
}

impl Default for MistOptions {
    fn default() -> Self {
        Self {
            clouds: Clouds::default(),
            own: None,
            client: ClientOptions::default(),
            security: security::Options::default(),
            specification: Specification::embedded(),
        }
    }
}

/// The id of an account, and the id of a site as that account knows it.
type AccountSite = (Arc<str>, String);

/// The cloud, for all callers.
pub struct Mist {
    client: Client,
    clouds: Clouds,
    own: Option<Arc<Account>>,
    specification: &'static Specification,
    guard: Guard,
    /// Which route of an operation a cloud has, where it is not the newest.
    moved: Mutex<HashMap<(String, String), usize>>,
    /// The organisation of a site, by account and site: sites do not move.
    organisations: Mutex<HashMap<AccountSite, Arc<str>>>,
    /// What opens WebSockets; made with the first.
    sockets: OnceLock<reqwest::Client>,
}

impl Mist {
    /// Opens nothing.
    ///
    /// # Errors
    /// `internal` or `io` where TLS cannot be set up.
    pub fn new(options: MistOptions) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            client: Client::new(options.client)?,
            clouds: options.clouds,
            own: options.own,
            specification: options.specification,
            guard: Guard::new(options.security),
            moved: Mutex::default(),
            organisations: Mutex::default(),
            sockets: OnceLock::new(),
        }))
    }

    /// The cloud for one call: with the account that the caller brought, else with the server's own.
    ///
    /// # Errors
    /// `mist_not_configured` where there is neither; why what the caller brought is no account.
    pub fn access(
        self: &Arc<Self>,
        brought: &Brought,
        caller: Arc<str>,
        reach: Arc<dyn Reach>,
        deadline: Instant,
    ) -> Result<Access> {
        let missing = || {
            Error::new(Code::MistNotConfigured, "there is no token for the Mist cloud").advise(
                "set MIST_APITOKEN (and MIST_HOST) where jmcp starts; over HTTP a caller may bring `X-Authorization` and `?cloud=`",
            )
        };
        let account = match brought {
            Brought::Account(account) => account.clone(),
            Brought::Nothing => self.own.clone().ok_or_else(missing)?,
            Brought::Wrong(why) => {
                let error = Error::new(why.code(), why.message());
                return Err(match why.advice() {
                    Some(advice) => error.advise(advice),
                    None => error,
                });
            }
        };
        Ok(Access::new(self.clone(), account, caller, reach, deadline))
    }

    /// The server's own account.
    pub fn own(&self) -> Option<&Arc<Account>> {
        self.own.as_ref()
    }

    /// The hosts that tokens may be sent to.
    pub fn clouds(&self) -> &Clouds {
        &self.clouds
    }

    /// The way to the cloud.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The facts of the API.
    pub fn specification(&self) -> &'static Specification {
        self.specification
    }

    /// What refuses writes of tokens that may do too much.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The request of an operation, on the route that this cloud is known to have.
    ///
    /// # Errors
    /// `invalid_input` for values that fit no path.
    pub fn request(&self, operation: &Operation, account: &Account, values: &Map<String, Value>) -> Result<Request> {
        let known = {
            let moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
            moved.get(&moved_key(operation, account)).copied().unwrap_or_default()
        };
        let routes = operation.routes.iter();
        let mut routes = routes.clone().skip(known).take(1).chain(routes);
        let first = routes
            .next()
            .ok_or_else(|| Error::new(Code::Internal, "an operation has no path"))?;
        match Request::of(operation, first, values) {
            Ok(request) => Ok(request),
            // A value that only the path of another specification wants.
            Err(error) => routes
                .find_map(|route| Request::of(operation, route, values).ok())
                .ok_or(error),
        }
    }

    /// What opens WebSockets.
    fn sockets(&self) -> Result<&reqwest::Client> {
        if let Some(made) = self.sockets.get() {
            return Ok(made);
        }
        let made = stream::client(self.client.options().connect_timeout)?;
        Ok(self.sockets.get_or_init(|| made))
    }

    fn remember(&self, operation: &Operation, account: &Account, route: usize) {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.insert(moved_key(operation, account), route);
    }

    /// The organisation of a site (its id encoded); none where the account does not reach it.
    async fn organisation_of(&self, access: &Access, site: &str) -> Result<Option<Arc<str>>, Failure> {
        let key = (access.account().id().clone(), site.to_owned());
        if let Some(known) = self
            .organisations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Ok(Some(known.clone()));
        }
        let response = access.ask(&format!("/api/v1/sites/{site}")).await?;
        let Some(organisation) = response.body.get("org_id").and_then(Value::as_str) else {
            return Ok(None);
        };
        let organisation: Arc<str> = organisation.into();
        let mut known = self.organisations.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= SITES {
            known.clear();
        }
        known.insert(key, organisation.clone());
        Ok(Some(organisation))
    }
}

fn moved_key(operation: &Operation, account: &Account) -> (String, String) {
    (
        account.cloud().base().to_owned(),
        operation.names.first().cloned().unwrap_or_default(),
    )
}
