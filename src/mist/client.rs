//! The way to the cloud: one HTTP client for all accounts, with time-outs on everything, a budget and places for each token, and another
//! try for reads that failed in passing. Nothing here knows what an answer means.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{
    Method, Proxy,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;
use tokio::{sync::Semaphore, time::Instant};

use super::{
    Account, Budget, Failure, Figures, Left, Request, Response,
    cache::{Cache, CacheFigures, Outcome},
    exchange::{bad, good, late, read, unanswered, unsure},
    figures::Done,
    tls,
};
use crate::error::{Code, Error, Result};

/// Tries of a read in all.
const TRIES: u32 = 4;
/// The longest wait before another try: clients give up after a minute or so.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Calls from which on a budget is not forgotten for others' sake.
const WORTH_KEEPING: u32 = 10;
/// Accounts whose budgets are remembered.
const ACCOUNTS: usize = 4096;

/// How the client behaves.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Requests at once of one token.
    pub concurrent: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// How long a connection may take to come up.
    pub connect_timeout: Duration,
}

impl Default for ClientOptions {
    /// Ten at once, 30 s, 10 s to connect.
    fn default() -> Self {
        Self {
            concurrent: 10,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// The client. Clones share everything.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    options: ClientOptions,
    keys: Mutex<HashMap<Arc<str>, Arc<KeyState>>>,
    cache: Cache,
    figures: Figures,
}

/// What is kept of a token, under its digest.
struct KeyState {
    budget: Budget,
    places: Arc<Semaphore>,
    /// No caller has more than half of the places.
    of_callers: Mutex<HashMap<Arc<str>, Weak<Semaphore>>>,
}

/// Who asks, and until when.
#[derive(Clone)]
pub struct Sender {
    /// Whose token.
    pub account: Arc<Account>,
    /// Whose call.
    pub caller: Arc<str>,
    /// When nobody waits for it any more.
    pub deadline: Instant,
}

impl Client {
    /// A client that has opened nothing yet.
    ///
    /// # Errors
    /// `internal` where TLS cannot be set up.
    pub fn new(options: ClientOptions) -> Result<Self> {
        let broken = |e: String| Error::new(Code::Internal, format!("no HTTP client for the Mist cloud: {e}"));
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::client()?)
            // A redirect would carry the token to wherever it says.
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .pool_idle_timeout(Duration::from_secs(60))
            .tcp_nodelay(true)
            .user_agent(concat!("jmcp/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = proxy() {
            builder = builder.proxy(proxy?);
        }
        let http = builder.build().map_err(|e| broken(e.to_string()))?;
        Ok(Self(Arc::new(Inner {
            http,
            options,
            keys: Mutex::default(),
            cache: Cache::default(),
            figures: Figures::default(),
        })))
    }

    /// Sends a request. Reads that failed in passing are sent again while there is time; whatever changes something is sent once.
    ///
    /// # Errors
    /// A failure with its code and what to do.
    pub async fn send(&self, sender: &Sender, request: &Request) -> Outcome {
        let (inner, from, what) = (self.0.clone(), sender.clone(), request.clone());
        let fetch = move || async move { inner.persist(&from, &what).await.map(Arc::new) };
        if request.reads() && request.method == "GET" {
            // Callers are kept apart: what one may wait for is not what another may.
            let whose = format!("{} {}", sender.account.id(), sender.caller);
            let flight = self.0.cache.read(&whose, request, fetch);
            return match tokio::time::timeout_at(sender.deadline, flight).await {
                Ok(outcome) => outcome,
                Err(_) => Err(late(request, &sender.account)),
            };
        }
        self.0.cache.forget(sender.account.id());
        let outcome = fetch().await;
        self.0.cache.forget(sender.account.id());
        outcome
    }

    /// What is left of an account's budget, all tokens together.
    pub fn left(&self, account: &Account) -> Left {
        let now = now();
        let each = account.keys().iter().map(|key| self.0.state(key.id()).budget.left(now));
        each.reduce(|a, b| Left {
            used: a.used + b.used,
            limit: a.limit + b.limit,
            resets_in: a.resets_in,
        })
        .unwrap_or(Left {
            used: 0,
            limit: 0,
            resets_in: 0,
        })
    }

    /// What was asked and how it went.
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// What was kept.
    pub fn cache(&self) -> CacheFigures {
        self.0.cache.figures()
    }

    /// Bytes of a body at most, and the time for one request.
    pub fn options(&self) -> &ClientOptions {
        &self.0.options
    }
}

impl Inner {
    /// Sends until it is answered for good.
    async fn persist(&self, sender: &Sender, request: &Request) -> Result<Response, Failure> {
        let mut tried = 0;
        loop {
            let outcome = self.once(sender, request).await;
            tried += 1;
            let Err(failure) = &outcome else { return outcome };
            if tried == TRIES || request.method != "GET" || !failure.is_passing() {
                return outcome;
            }
            let wait = failure.retry_after.unwrap_or_else(|| backoff(tried));
            if wait > LONGEST_WAIT || Instant::now() + wait >= sender.deadline {
                return outcome;
            }
            self.figures.retried();
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends once, within the token's budget and places.
    async fn once(&self, sender: &Sender, request: &Request) -> Result<Response, Failure> {
        let now = now();
        // Of several tokens the one that has most left.
        let key = sender.account.keys().iter().max_by_key(|key| {
            let left = self.state(key.id()).budget.left(now);
            left.limit.saturating_sub(left.used)
        });
        let key = key.ok_or_else(|| Failure::new(Code::MistNotConfigured, "there is no Mist token"))?;
        let state = self.state(key.id());
        let (_own, _place) = self.places(&state, sender, request).await?;
        state.budget.spend(&sender.caller, now)?;
        let started = Instant::now();
        let outcome = self.exchange(sender, key, request).await;
        let (status, bytes, error) = match &outcome {
            Ok(response) => (Some(response.status), response.bytes, None),
            Err(failure) => (failure.status, 0, Some(failure.code.as_str().to_owned())),
        };
        self.figures.record(Done {
            at: SystemTime::now(),
            what: format!("{} {}", request.method, request.template),
            status,
            took: started.elapsed(),
            bytes,
            error,
        });
        if request.template.ends_with("/self/usage") {
            seed(&state.budget, &outcome, now);
        }
        outcome
    }

    async fn places(
        &self,
        state: &Arc<KeyState>,
        sender: &Sender,
        request: &Request,
    ) -> Result<(tokio::sync::OwnedSemaphorePermit, tokio::sync::OwnedSemaphorePermit), Failure> {
        let own = state.of_caller(&sender.caller, self.options.concurrent);
        let both = async {
            Ok::<_, tokio::sync::AcquireError>((
                own.acquire_owned().await?,
                state.places.clone().acquire_owned().await?,
            ))
        };
        match tokio::time::timeout_at(sender.deadline, both).await {
            Ok(Ok(places)) => Ok(places),
            _ => Err(late(request, &sender.account)),
        }
    }

    async fn exchange(&self, sender: &Sender, key: &super::Key, request: &Request) -> Result<Response, Failure> {
        let cloud = sender.account.cloud();
        let asked = format!("{} {}", request.method, request.template);
        let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| {
            Failure::new(
                Code::InvalidInput,
                format!("`{}` is no method", request.method.escape_debug()),
            )
        })?;
        let mut token = HeaderValue::from_str(&format!("Token {}", key.token().expose()))
            .map_err(|_| Failure::new(Code::InvalidInput, "the Mist token has characters that no token has"))?;
        token.set_sensitive(true);
        let url = format!("{}{}", cloud.base(), request.target());
        let mut building = self
            .http
            .request(method, url)
            .header(AUTHORIZATION, token)
            .header(ACCEPT, "application/json");
        if let Some(body) = &request.body {
            building = building.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let sent = tokio::time::timeout_at(sender.deadline, building.send());
        let answer = match sent.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(e)) => return Err(unanswered(&e, request, &asked, cloud.host())),
            Err(_) => return Err(unsure(late(request, &sender.account), request)),
        };
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = tokio::time::timeout_at(sender.deadline, read(answer, &asked, cloud.host())).await;
        let body = body
            .map_err(|_| unsure(late(request, &sender.account), request))?
            .map_err(|failure| unsure(failure, request))?;
        if status.is_success() {
            good(status, &headers, &body, request, &asked)
        } else {
            let failure = bad(status, &headers, &body, &asked, cloud.host());
            // A proxy that gave up says nothing of what the cloud did.
            let is_open = status.is_server_error() || status.as_u16() == 408;
            Err(if is_open { unsure(failure, request) } else { failure })
        }
    }

    fn state(&self, key: &Arc<str>) -> Arc<KeyState> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= ACCOUNTS && !keys.contains_key(key) {
            // Those that nobody is using now; a stranger's flood of tokens must not fill the memory.
            let now = now();
            keys.retain(|_, state| Arc::strong_count(state) > 1 || state.budget.left(now).used > WORTH_KEEPING);
        }
        let places = self.options.concurrent.max(1);
        let new = || {
            Arc::new(KeyState {
                budget: Budget::default(),
                places: Arc::new(Semaphore::new(places)),
                of_callers: Mutex::default(),
            })
        };
        keys.entry(key.clone()).or_insert_with(new).clone()
    }

    /// Whether the cloud has not yet been asked how much of the budget is used.
    fn wants_seed(&self, account: &Account) -> bool {
        account
            .keys()
            .first()
            .is_some_and(|key| self.state(key.id()).budget.wants_seed())
    }
}

impl Client {
    /// Asks the cloud, beside everything else, how much of the budget other programs have used; once for each account.
    pub fn seed(&self, sender: &Sender, usage: Request) {
        if self.0.wants_seed(&sender.account) {
            let (client, sender) = (
                self.clone(),
                Sender {
                    deadline: Instant::now() + self.0.options.timeout,
                    ..sender.clone()
                },
            );
            tokio::spawn(async move {
                if let Err(failure) = client.0.once(&sender, &usage).await {
                    tracing::debug!("the budget of the Mist token is not known: {}", failure.message);
                }
            });
        }
    }
}

impl KeyState {
    fn of_caller(&self, caller: &Arc<str>, places: usize) -> Arc<Semaphore> {
        let mut callers = self.of_callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = callers.get(caller).and_then(Weak::upgrade) {
            return own;
        }
        callers.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(places.div_ceil(2).max(1)));
        callers.insert(caller.clone(), Arc::downgrade(&own));
        own
    }
}

fn backoff(tried: u32) -> Duration {
    let step = Duration::from_millis(500) * 2_u32.pow(tried.saturating_sub(1).min(6));
    step.mul_f64(0.5 + rand::random::<f64>())
}

fn seed(budget: &Budget, outcome: &Result<Response, Failure>, now: Duration) {
    if let Ok(response) = outcome {
        let number = |name: &str| {
            response
                .body
                .get(name)
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
        };
        if let Some(used) = number("requests") {
            budget.seed(used, number("request_limit").unwrap_or_default(), now);
        }
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The proxy of this machine, for everything but itself.
pub(super) fn proxy() -> Option<Result<Proxy>> {
    let named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let url = named.filter(|url| !url.is_empty())?;
    let proxy = Proxy::all(&url).map(|proxy| proxy.no_proxy(reqwest::NoProxy::from_env()));
    Some(proxy.map_err(|e| Error::new(Code::InvalidInput, "the proxy of the environment cannot be used").caused_by(e)))
}
