//! The MCP handler, for both protocol eras. Each method translates and hands on; what a call goes through is in `path`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use http::request::Parts;
use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult, CustomRequest,
        CustomResult, DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse, Implementation,
        ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ProtocolVersion, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
        SubscribeRequestMethod, SubscribeRequestParams, SubscriptionFilter, Tool as McpTool, UnsubscribeRequestMethod,
        UnsubscribeRequestParams,
    },
    service::{RequestContext, SubscriptionContext},
};
use tokio_util::sync::CancellationToken;

use super::{
    ask::{Asker, Asking, Outcome, Questions},
    instructions,
    level::{SessionLevel, Threshold},
    path::{Call, Path, Place},
    progress, prompts,
    reply::{self, Shown},
    resources,
    wanted::Wanted,
};
use crate::{
    mist::Brought,
    tokens::Caller,
    tools::{Chosen, Effect, Listing, Principal, Tool},
};

/// The methods that have parameters of a shape. A request of one of them that does not fit it is not of an unknown method.
const METHODS: &[&str] = &[
    "initialize",
    "tools/list",
    "tools/call",
    "prompts/list",
    "prompts/get",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "completion/complete",
    "logging/setLevel",
];

/// Those of them that the protocol has no more since 2026-07-28.
const FORMER: &[&str] = &["initialize", "logging/setLevel"];

/// How long a client may keep a list, in milliseconds.
const LIST_TTL: u64 = 60_000;

/// The handler of one connection, or of all requests over HTTP.
#[derive(Clone)]
pub struct Mcp {
    path: Arc<Path>,
    who: Who,
    questions: Arc<Questions>,
    /// The level of the client's log; none where there is no session.
    level: Option<SessionLevel>,
    shelves: Arc<Shelves>,
    /// What this session has asked to be listed; none where there is no session.
    chosen: Option<Chosen>,
    /// Fires when the client can answer no more.
    unanswerable: CancellationToken,
}

/// The tools as clients see them, by name; each made once, when somebody sees it, since schemas are long and tools are many.
struct Shelves([HashMap<&'static str, OnceLock<McpTool>>; 3]);

impl Shelves {
    fn new(path: &Path) -> Self {
        let everything = path.tools(&Principal::local("everything"));
        Self(std::array::from_fn(|_| {
            everything.iter().map(|tool| (tool.name, OnceLock::new())).collect()
        }))
    }

    fn show(&self, tool: &Tool, shown: Shown) -> McpTool {
        let [whole, reading, brief] = &self.0;
        let shelf = match shown {
            Shown::Whole => whole,
            Shown::Reading => reading,
            Shown::Brief => brief,
        };
        let made = shelf
            .get(tool.name)
            .map(|made| made.get_or_init(|| reply::tool(tool, shown)).clone());
        made.unwrap_or_else(|| reply::tool(tool, shown))
    }
}

#[derive(Clone)]
enum Who {
    /// Everything on this connection is one principal's.
    Always(Arc<Principal>),
    /// Each request says whose it is.
    Says,
}

/// What the HTTP server knows of a request before it is MCP.
#[derive(Clone)]
pub(super) struct Inbound {
    /// Whose it is.
    pub(super) caller: Caller,
    /// Its place among the calls on their way.
    pub(super) place: Arc<Mutex<Option<Place>>>,
    /// The account of the Mist cloud that it brought.
    pub(super) account: Brought,
    /// What it says should be listed.
    pub(super) wanted: Wanted,
}

impl Inbound {
    fn of(context: &RequestContext<RoleServer>) -> Option<&Self> {
        let extensions = &context.extensions;
        extensions
            .get::<Self>()
            .or_else(|| extensions.get::<Parts>()?.extensions.get())
    }

    fn place(&self) -> Option<Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Mcp {
    /// A handler for HTTP, where every request brings its caller.
    pub(super) fn over_http(path: Arc<Path>) -> Self {
        Self::of(path, Who::Says)
    }

    /// The same, with the log level of this session and what it has asked to be listed.
    pub(super) fn in_session(mut self, level: &SessionLevel, chosen: &Chosen) -> Self {
        self.level = Some(level.clone());
        self.chosen = Some(chosen.clone());
        self
    }

    /// Whether this tool's answer is all that a call of it says.
    pub(super) fn is_plain(&self, tool: &str) -> bool {
        self.path.find(tool).is_some_and(|tool| tool.is_plain)
    }

    /// Whose request this is. One that nobody vouched for is nobody's.
    fn principal(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Principal>, ErrorData> {
        match &self.who {
            Who::Always(principal) => Ok(principal.clone()),
            Who::Says => Inbound::of(context)
                .map(|inbound| inbound.caller.principal.clone())
                .ok_or_else(|| ErrorData::internal_error("the request came without a caller", None)),
        }
    }

    /// A handler whose every call is this principal's.
    pub fn new(path: Arc<Path>, principal: Principal) -> Self {
        Self::of(path, Who::Always(Arc::new(principal)))
    }

    fn of(path: Arc<Path>, who: Who) -> Self {
        // Over HTTP a session brings its own.
        let is_session = matches!(who, Who::Always(_));
        let level = is_session.then(SessionLevel::default);
        Self {
            who,
            questions: Arc::new(Questions::new(path.approval().seals())),
            level,
            shelves: Arc::new(Shelves::new(&path)),
            chosen: is_session.then(Chosen::default),
            unanswerable: CancellationToken::new(),
            path,
        }
    }

    /// Questions to the client end when this fires.
    #[must_use]
    pub fn asks_until(mut self, unanswerable: CancellationToken) -> Self {
        self.unanswerable = unanswerable;
        self
    }

    /// Which lines this request's client gets. One of 2026-07-28 gets none unless the request names a level.
    fn threshold(&self, context: &RequestContext<RoleServer>) -> Threshold {
        if is_modern(context) {
            Threshold::of_request(context)
        } else {
            self.level.as_ref().map(SessionLevel::threshold).unwrap_or_default()
        }
    }

    /// What a model reads first, where this request begins a session.
    pub(super) fn instructions_of(&self, inbound: Option<&Inbound>) -> String {
        let otherwise = &self.path.services().listing;
        let listing = inbound.map_or_else(|| otherwise.clone(), |inbound| inbound.wanted.over(otherwise));
        instructions::of(&listing)
    }

    /// What this request's client is shown: what the operator decided, or the request says, and what its session has asked for.
    fn listing(&self, context: &RequestContext<RoleServer>) -> Listing {
        let wanted = Inbound::of(context)
            .map(|inbound| inbound.wanted.clone())
            .unwrap_or_default();
        let mut listing = wanted.over(&self.path.services().listing);
        if let Some(chosen) = self.chosen.as_ref().filter(|_| !is_modern(context)) {
            listing.categories.extend(chosen.categories());
        }
        listing
    }

    fn asker(&self, asking: &Asking, context: &RequestContext<RoleServer>) -> Arc<Asker> {
        let client = context.client_capabilities().unwrap_or_default();
        if is_modern(context) {
            return Arc::new(Asker::by_return(client, &self.questions, asking));
        }
        let ends = [
            context.ct.clone(),
            Inbound::of(context).map_or_else(|| self.unanswerable.clone(), |inbound| inbound.caller.alive.clone()),
            self.path.going_down().clone(),
        ];
        Arc::new(Asker::by_request(client, context.peer.clone(), ends))
    }
}

/// Whether this request is one of the revision without sessions.
fn is_modern(context: &RequestContext<RoleServer>) -> bool {
    context
        .protocol_version()
        .is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

impl ServerHandler for Mcp {
    #[expect(deprecated, reason = "clients up to 2025-11-25 look for the logging capability")]
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .enable_logging()
            .build();
        if let Some(extension) = self.path.extension() {
            extension.declare(&mut capabilities);
        }
        ServerConfig::new(capabilities)
            .with_server_info(
                Implementation::new("jmcp-server", env!("CARGO_PKG_VERSION")).with_title("Juniper networks"),
            )
            .with_instructions(self.instructions_of(None))
    }

    /// What clients of 2026-07-28 are told: their list of tools never changes.
    async fn discover(&self, _context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        let mut info = self.get_info();
        if let Some(tools) = info
            .capabilities
            .tools
            .as_mut()
            .filter(|_| self.path.extension().is_none())
        {
            tools.list_changed = None;
        }
        let versions = self.supported_protocol_versions().into_owned();
        Ok(DiscoverResult::from_server_info(versions, info))
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let principal = self.principal(&context)?;
        let changes = [Effect::Write, Effect::Destroy];
        let reads_only = self.path.is_read_only() || !changes.iter().any(|effect| principal.may_do(*effect));
        let listing = self.listing(&context);
        let shown = |tool: &Tool| match tool.toolset {
            toolset if toolset != "junos" && listing.is_long() => Shown::Brief,
            _ if reads_only => Shown::Reading,
            _ => Shown::Whole,
        };
        let listed = self.path.listed(&principal, &listing);
        let tools = listed.iter().map(|tool| self.shelves.show(tool, shown(tool))).collect();
        Ok(ListToolsResult {
            tools,
            ..Default::default()
        }
        .with_ttl_ms(LIST_TTL)
        .with_cache_scope(CacheScope::Private))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let principal = self.principal(&context)?;
        let asker = self.asker(&Asking::call(&principal.id, &request), &context);
        let threshold = self.threshold(&context);
        let (progress, relaying) = progress::relay(&context, threshold).unzip();
        // A list depends on nothing but the request in the protocol since 2026-07-28.
        let chosen = self.chosen.clone().filter(|_| !is_modern(&context));
        let call = Call {
            place: Inbound::of(&context).and_then(Inbound::place),
            cancel: context.ct.clone(),
            ask: Some(asker.clone()),
            progress,
            account: Inbound::of(&context)
                .map(|inbound| inbound.account.clone())
                .unwrap_or_default(),
            chosen: chosen.clone(),
            ..Call::new(request.name, request.arguments.unwrap_or_default(), principal)
        };
        let answered = Box::pin(self.path.call(call)).await;
        progress::finish(relaying).await;
        if chosen.is_some_and(|chosen| chosen.take_change()) {
            // A client that cannot be told has the names in the answer.
            let _ = context.peer.notify_tool_list_changed().await;
        }
        match asker.outcome().filter(|_| answered.error.is_some()) {
            Some(Outcome::Asks(questions)) => Ok(CallToolResponse::InputRequired(*questions)),
            Some(Outcome::Refuses(refusal)) => Err(refusal),
            None => Ok(reply::result(answered).into()),
        }
    }

    /// What a transport compares headers with: a tool's own schema, whoever may call it.
    fn get_tool(&self, name: &str) -> Option<McpTool> {
        self.path.find(name).map(|tool| self.shelves.show(tool, Shown::Whole))
    }

    /// What the library could not read as a method that it knows.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let method = request.method;
        let is_former = is_modern(&context) && FORMER.contains(&method.as_str());
        if METHODS.contains(&method.as_str()) && !is_former {
            let why = format!("the parameters do not fit the method `{method}`");
            return Err(ErrorData::invalid_params(why, None));
        }
        let unknown = format!("there is no method `{}`", method.escape_debug());
        Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, unknown, None))
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult {
            prompts: prompts::list(&self.path, &*self.principal(&context)?),
            ..Default::default()
        }
        .with_ttl_ms(LIST_TTL)
        .with_cache_scope(CacheScope::Private))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let principal = self.principal(&context)?;
        let asker = self.asker(&Asking::prompt(&principal.id, &request), &context);
        let arguments = request.arguments.unwrap_or_default();
        let got = prompts::get(&self.path, &principal, &request.name, &arguments, &*asker).await;
        match asker.outcome().filter(|_| got.is_err()) {
            Some(Outcome::Asks(questions)) => Ok(GetPromptResponse::InputRequired(*questions)),
            Some(Outcome::Refuses(refusal)) => Err(refusal),
            None => got.map(Into::into),
        }
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult {
            resources: resources::list(&self.path, &*self.principal(&context)?),
            ..Default::default()
        }
        .with_ttl_ms(LIST_TTL)
        .with_cache_scope(CacheScope::Private))
    }

    async fn list_resource_templates(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult {
            resource_templates: resources::templates(&self.path, &*self.principal(&context)?),
            ..Default::default()
        }
        .with_ttl_ms(LIST_TTL)
        .with_cache_scope(CacheScope::Private))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let place = Inbound::of(&context).and_then(Inbound::place);
        resources::read(&self.path, &self.principal(&context)?, &request.uri, context.ct, place).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        resources::complete(&self.path, &*self.principal(&context)?, &request.argument)
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        match self.path.extension() {
            Some(extension) if extension.subscribe(&request.uri) => Ok(()),
            Some(_) => Err(resources::unknown(&request.uri)),
            None => Err(ErrorData::method_not_found::<SubscribeRequestMethod>()),
        }
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        match self.path.extension() {
            Some(extension) => {
                extension.unsubscribe(&request.uri);
                Ok(())
            }
            None => Err(ErrorData::method_not_found::<UnsubscribeRequestMethod>()),
        }
    }

    fn accepted_subscription_filter(&self, wanted: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        match self.path.extension() {
            Some(extension) => Some(extension.accepts(wanted)),
            // Clients ask for what the server says it has. Their list never changes, so nothing comes.
            None => wanted
                .tools_list_changed?
                .then(|| SubscriptionFilter::builder().tools_list_changed().build()),
        }
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        if let Some(extension) = self.path.extension() {
            extension.listen(subscription).await;
            return Ok(());
        }
        // Whoever only listens holds no place that a call could have.
        drop(Inbound::of(subscription.request_context()).and_then(Inbound::place));
        tokio::select! {
            () = subscription.cancelled() => {}
            () = self.path.going_down().cancelled() => {}
        }
        Ok(())
    }

    #[expect(deprecated, reason = "clients up to 2025-11-25 set a level")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        if let Some(level) = &self.level {
            level.set(request.level);
        }
        Ok(())
    }
}
