//! The simulated Mist cloud and the call path before it.

use std::{path::Path as FilePath, sync::Arc, time::Duration};

use jmcp::{
    junos::{
        Junos,
        inventory::Inventory,
        pool::{self, Pool},
        ssh::{self, HostKeys, SshConnector},
    },
    lab::mist::{MistLab, MistLabOptions, Seen},
    mist::{Account, ClientOptions, Clouds, Mist, MistOptions, security},
    policy::Policy,
    server::{
        audit::{Audit, AuditFormat},
        path::{Answered, Call, Confirm, LimitOptions, Path, Rules},
    },
    tools::{Catalogue, Listing, Permits, Principal, Services},
};
use serde_json::Value;

/// How the bench is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) mist_writes: bool,
    pub(crate) confirm: Confirm,
    pub(crate) client: ClientOptions,
    pub(crate) security: security::Options,
    pub(crate) lab: MistLabOptions,
    /// The server's own token; the lab's that may do everything where there is none.
    pub(crate) token: Option<&'static str>,
    pub(crate) show_secrets: bool,
    pub(crate) max_result_chars: usize,
    /// Whether writes of a token that may do too much are refused.
    pub(crate) guarded: bool,
}

impl Setup {
    /// Writes without questions.
    pub(crate) fn writing() -> Self {
        Self {
            mist_writes: true,
            confirm: Confirm::Never,
            ..Self::default()
        }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mist_writes: false,
            confirm: Confirm::Destroy,
            client: ClientOptions::default(),
            security: security::Options::default(),
            lab: MistLabOptions::default(),
            token: None,
            show_secrets: false,
            max_result_chars: 40_000,
            guarded: false,
        }
    }
}

/// A cloud and the path before it.
pub(crate) struct MistBench {
    pub(crate) lab: MistLab,
    pub(crate) path: Arc<Path>,
    _directory: tempfile::TempDir,
}

impl MistBench {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let lab = MistLab::start(setup.lab).await.unwrap();
        let clouds = Clouds::with([lab.base_url()]).unwrap();
        let account = Account::new(
            clouds.cloud(&lab.base_url()).unwrap(),
            &setup.token.unwrap_or(lab.token()).into(),
        )
        .unwrap();
        let options = MistOptions {
            clouds,
            own: Some(Arc::new(account)),
            client: setup.client,
            // The lab's token may do more than the guard lets pass; tests of the guard say so.
            security: security::Options {
                acknowledged: !setup.guarded,
                ..setup.security
            },
            ..MistOptions::default()
        };
        let directory = tempfile::tempdir().unwrap();
        let inventory = Inventory::parse("{}", FilePath::new("."), "none").unwrap();
        let policy = Policy::load(&inventory, jmcp::policy::Options::default()).unwrap();
        let hosts = HostKeys {
            files: Vec::new(),
            accept_new: false,
        };
        let pool = Pool::new(
            pool::Options::default(),
            Arc::new(SshConnector::new(ssh::Options::new(hosts))),
        );
        let services = Services {
            mist: Mist::new(options).unwrap(),
            listing: Listing {
                has_mist: true,
                ..Listing::default()
            },
            ..Services::new(Junos::new(inventory, pool), policy).unwrap()
        };
        let rules = Rules {
            permits: Permits {
                mist_writes: setup.mist_writes,
                ..Permits::default()
            },
            confirm: setup.confirm,
            show_secrets: setup.show_secrets,
            max_result_chars: setup.max_result_chars,
            timeout: Duration::from_secs(60),
        };
        let audit = Audit::open(AuditFormat::Json, Some(&directory.path().join("audit.log"))).unwrap();
        let path = Path::new(
            Catalogue::new().unwrap(),
            Arc::new(services),
            rules,
            LimitOptions::default(),
            audit,
        );
        Self {
            lab,
            path: Arc::new(path),
            _directory: directory,
        }
    }

    /// A call of the person at this machine.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answered {
        self.call_as(Principal::local("test"), tool, arguments).await
    }

    pub(crate) async fn call_as(&self, principal: Principal, tool: &str, arguments: Value) -> Answered {
        let call = Call::new(tool, arguments.as_object().unwrap().clone(), Arc::new(principal));
        self.answer(call).await
    }

    pub(crate) async fn answer(&self, call: Call) -> Answered {
        tokio::time::timeout(Duration::from_secs(60), self.path.call(call))
            .await
            .expect("an answer")
    }

    /// The answer to a call that has to succeed.
    pub(crate) async fn good(&self, tool: &str, arguments: Value) -> Value {
        let answered = self.call(tool, arguments).await;
        assert!(!answered.failed, "{tool}: {}", answered.text);
        serde_json::from_str(&answered.text).unwrap_or_else(|e| panic!("{tool}: {e}: {}", answered.text))
    }

    /// The code of a call that has to fail, and what it says.
    pub(crate) async fn bad(&self, tool: &str, arguments: Value) -> (&'static str, String) {
        let answered = self.call(tool, arguments).await;
        let code = answered
            .error
            .as_ref()
            .unwrap_or_else(|| panic!("{tool}: {}", answered.text))
            .code()
            .as_str();
        (code, answered.text)
    }

    /// What arrived, but for what jmcp asks for itself.
    pub(crate) fn arrived(&self) -> Vec<Seen> {
        self.lab
            .requests()
            .into_iter()
            .filter(|seen| seen.path != "/api/v1/self/usage")
            .collect()
    }
}
