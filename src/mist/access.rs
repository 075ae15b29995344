//! The cloud as one caller may use it: every request is judged here on where it really goes, whatever tool it comes from.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    Account, Failure, Left, Mist, Request, Response, Sender,
    specification::{Operation, Specification},
};
use crate::error::{Code, Error, Result};

/// What a caller may reach of the cloud.
pub trait Reach: Send + Sync {
    /// Whether it reaches everything that the account reaches.
    fn is_all(&self) -> bool;
    /// Whether it reaches this organisation.
    fn organisation(&self, id: &str) -> bool;
    /// Whether single sites of the organisations are kept from it.
    fn has_all_sites(&self) -> bool;
    /// Whether it reaches this site, as far as sites are named.
    fn site(&self, id: &str) -> bool;
}

/// The cloud, for one call.
#[derive(Clone)]
pub struct Access {
    mist: Arc<Mist>,
    sender: Sender,
    reach: Arc<dyn Reach>,
}

impl Access {
    pub(super) fn new(
        mist: Arc<Mist>,
        account: Arc<Account>,
        caller: Arc<str>,
        reach: Arc<dyn Reach>,
        deadline: Instant,
    ) -> Self {
        Self {
            mist,
            sender: Sender {
                account,
                caller,
                deadline,
            },
            reach,
        }
    }

    /// The account.
    pub fn account(&self) -> &Arc<Account> {
        &self.sender.account
    }

    /// Whose call this is.
    pub fn caller(&self) -> &Arc<str> {
        &self.sender.caller
    }

    /// When the call has to be over.
    pub fn deadline(&self) -> Instant {
        self.sender.deadline
    }

    /// The client and what was counted.
    pub fn mist(&self) -> &Arc<Mist> {
        &self.mist
    }

    /// The facts of the API.
    pub fn specification(&self) -> &'static Specification {
        self.mist.specification()
    }

    /// What is left of the budget.
    pub fn left(&self) -> Left {
        self.mist.client().left(&self.sender.account)
    }

    /// Runs an operation with these values: path and query parameters by name, the body under `body`.
    ///
    /// # Errors
    /// `not_found` for an operation that there is not; `invalid_input` for values that fit no path; what the cloud answers.
    pub async fn run(&self, operation: &str, values: &Map<String, Value>) -> Result<Done> {
        let operation = self.operation(operation)?;
        let request = self.mist.request(operation, &self.sender.account, values)?;
        match self.reach(request.clone()).await {
            // What is not there may be somewhere else, and what is taken for the id of a thing may be another path here.
            Err(failure) if matches!(failure.status, Some(404 | 400)) && operation.routes.len() > 1 => {
                self.run_elsewhere(operation, values, &request, failure).await
            }
            Err(failure) => Err(failure.into()),
            Ok(response) => Ok(Done { request, response }),
        }
    }

    /// Paths moved between specifications: what one cloud does not know where the newer has it may be where the older had it.
    async fn run_elsewhere(
        &self,
        operation: &'static Operation,
        values: &Map<String, Value>,
        tried: &Request,
        first: Failure,
    ) -> Result<Done> {
        for (number, route) in operation.routes.iter().enumerate() {
            let Ok(request) = Request::of(operation, route, values) else {
                continue;
            };
            if request.path == tried.path && request.query == tried.query {
                continue;
            }
            match self.reach(request.clone()).await {
                Ok(response) => {
                    self.mist.remember(operation, &self.sender.account, number);
                    return Ok(Done { request, response });
                }
                Err(failure) if failure.may_have_happened => return Err(failure.into()),
                Err(_) => {}
            }
        }
        Err(first.into())
    }

    /// Sends a request that was made already.
    ///
    /// # Errors
    /// As `run`.
    pub async fn send(&self, request: Request) -> Result<Done> {
        let response = self.reach(request.clone()).await?;
        Ok(Done { request, response })
    }

    /// The request for what follows after an answer; none where it was the last. What the cloud says is taken as it is, but it
    /// cannot lead to another path.
    ///
    /// # Errors
    /// `protocol` where the answer says to go on elsewhere.
    pub fn next(&self, done: &Done) -> Result<Option<Request>> {
        super::next::of(done, self.sender.account.cloud())
    }

    /// The operation of this name.
    ///
    /// # Errors
    /// `not_found`
    pub fn operation(&self, name: &str) -> Result<&'static Operation> {
        self.specification().operation(name).ok_or_else(|| {
            Error::new(
                Code::NotFound,
                format!("the Mist API has no operation `{}`", name.escape_debug()),
            )
            .advise("`search_tools` finds operations by words")
        })
    }

    /// Whether the request may be sent: by the caller's reach, and where it writes by what the token may do.
    pub(super) async fn permit(&self, request: &Request) -> Result<(), Failure> {
        self.check(request).await?;
        if !request.reads() {
            self.mist.guard().check(self, request).await?;
        }
        Ok(())
    }

    async fn reach(&self, request: Request) -> Result<Arc<Response>, Failure> {
        self.permit(&request).await?;
        let usage = Request::read("/api/v1/self/usage");
        self.mist.client().seed(&self.sender, usage);
        let response = self.mist.client().send(&self.sender, &request).await?;
        Ok(self.without_foreign_sites(&request, response))
    }

    /// The list of an organisation's sites, for a caller who reaches some of them: without the others.
    fn without_foreign_sites(&self, request: &Request, response: Arc<Response>) -> Arc<Response> {
        if self.reach.has_all_sites() || !is_list_of_sites(request) {
            return response;
        }
        let mut own = (*response).clone();
        if let Some(sites) = own.body.as_array_mut() {
            let is_own = |site: &Value| {
                site.get("id")
                    .and_then(Value::as_str)
                    .is_some_and(|id| self.reach.site(id))
            };
            sites.retain(is_own);
            // How many there are in all is told only where it is needed to read on.
            if let Some(page) = own.page.as_mut().filter(|page| !page.has_more()) {
                page.total = page.limit.saturating_mul(page.page.saturating_sub(1)) + sites.len() as u64;
            }
        }
        Arc::new(own)
    }

    /// Sends without the checks on the caller's reach: for what jmcp itself has to know.
    pub(super) async fn ask(&self, path: &str) -> Result<Arc<Response>, Failure> {
        self.mist.client().send(&self.sender, &Request::read(path)).await
    }

    /// Whether the request goes only where this caller may: a refusal has the same words whether the thing exists or not.
    async fn check(&self, request: &Request) -> Result<(), Failure> {
        if self.reach.is_all() {
            return Ok(());
        }
        let segments: Vec<&str> = request.segments().collect();
        let (mut organisations, mut sites) = (Vec::new(), Vec::new());
        for (name, value) in &request.query {
            super::reached::named(name, value, &mut organisations, &mut sites);
        }
        let is_narrow = !sites.is_empty() && self.is_narrowed(request);
        if let Some(body) = &request.body {
            super::reached::in_body(body, &mut organisations, &mut sites)?;
        }
        for organisation in organisations {
            self.organisation(organisation)?;
        }
        for site in sites {
            self.site(site).await?;
        }
        match segments.as_slice() {
            ["const", ..] => Ok(()),
            // It makes an organisation that is in nobody's scope.
            ["orgs", _, "clone"] => Err(super::reached::whole()),
            ["orgs", organisation, ..] => {
                self.organisation(organisation)?;
                if self.reach.has_all_sites() || is_narrow || is_list_of_sites(request) {
                    Ok(())
                } else {
                    Err(super::reached::whole())
                }
            }
            ["sites", site, ..] => self.site(site).await,
            _ => Err(Failure::new(
                Code::ToolScopeDenied,
                "this caller reaches single organisations, and the call is for none of them",
            )
            .advise("use a tool that takes `org_id` or `site_id`")),
        }
    }

    /// Whether naming a site narrows the answer to it: the cloud passes over parameters that it does not know, and what lets devices in
    /// is the organisation's whatever is named.
    fn is_narrowed(&self, request: &Request) -> bool {
        let found = self.specification().find(&request.method, &request.path);
        request.method == "GET"
            && !request.path.ends_with("_cmd")
            && found.is_some_and(|(_, route)| route.query.iter().any(|parameter| parameter.name == "site_id"))
    }

    fn organisation(&self, id: &str) -> Result<(), Failure> {
        if self.reach.organisation(id) {
            Ok(())
        } else {
            Err(super::reached::unknown("organisation", id))
        }
    }

    /// A site is in reach where it is named, and else where its organisation is.
    async fn site(&self, id: &str) -> Result<(), Failure> {
        let unknown = || super::reached::unknown("site", id);
        if !self.reach.site(id) {
            return Err(unknown());
        }
        let path = super::request::encode("site_id", id).map_err(|_| unknown())?;
        match self.mist.organisation_of(self, &path).await {
            Ok(Some(organisation)) if self.reach.organisation(&organisation) => Ok(()),
            // That nobody knows now says nothing of the site.
            Err(failure) if failure.is_passing() || failure.code == Code::BudgetExhausted => Err(failure),
            _ => Err(unknown()),
        }
    }
}

/// Whether this lists an organisation's sites, which is done for everybody who reaches one of them.
fn is_list_of_sites(request: &Request) -> bool {
    let segments: Vec<&str> = request.segments().collect();
    request.reads() && matches!(segments.as_slice(), ["orgs", _, "sites"])
}

/// An answer and the request that it answers.
#[derive(Debug, Clone)]
pub struct Done {
    /// The request.
    pub request: Request,
    /// The answer.
    pub response: Arc<Response>,
}

impl Done {
    /// The body.
    pub fn body(&self) -> &Value {
        &self.response.body
    }
}

/// How long a time of a call is, from its deadline.
pub fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
