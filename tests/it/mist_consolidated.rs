//! The tools that stand for many operations of the Mist API each, through the call path against the simulated cloud.

mod changes;
mod reads;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jmcp::{
    lab::mist::{MistLab, MistLabOptions},
    server::path::{Answered, Call},
    tools::{Ask, Principal, Question, Round},
};
use serde_json::{Map, Value, json};

use crate::support::{
    mist::{MistBench, Setup},
    web::Request,
};

/// A cloud whose clock stands still, and the call path before it.
struct Mist(MistBench);

impl Mist {
    /// Where calls may change things.
    async fn start() -> Self {
        Self::with(true).await
    }

    async fn with(mist_writes: bool) -> Self {
        let lab = MistLabOptions {
            clock: Some(Arc::default()),
            ..MistLabOptions::default()
        };
        let setup = Setup {
            mist_writes,
            lab,
            ..Setup::default()
        };
        Self(MistBench::with(setup).await)
    }

    fn lab(&self) -> &MistLab {
        &self.0.lab
    }

    async fn asking(&self, tool: &str, arguments: Value, ask: Option<Arc<dyn Ask>>) -> Answered {
        let principal = Arc::new(Principal::local("test"));
        let call = Call {
            ask,
            ..Call::new(tool, arguments.as_object().unwrap().clone(), principal)
        };
        self.0.path.call(call).await
    }

    async fn call(&self, tool: &str, arguments: Value) -> Answered {
        self.asking(tool, arguments, None).await
    }

    /// The answer to a call that has to be good.
    async fn good(&self, tool: &str, arguments: Value) -> Value {
        let shown = format!("{tool} {arguments}");
        let answered = self.call(tool, arguments).await;
        assert!(!answered.failed, "{shown}: {}", answered.text);
        serde_json::from_str(&answered.text).unwrap_or_else(|e| panic!("{shown}: {e}: {}", answered.text))
    }

    /// What arrived since the last time, but for what the client asks for itself: method and path.
    fn arrived(&self) -> Vec<String> {
        let requests = self.lab().requests().into_iter();
        let lines = requests.map(|seen| format!("{} {}", seen.method, seen.path));
        let lines = lines.filter(|line| !line.ends_with("/self/usage")).collect();
        self.lab().forget();
        lines
    }
}

/// Changes something in the cloud beside jmcp.
async fn send(lab: &MistLab, method: &str, path: &str, body: &Value) -> Value {
    let reply = Request::new(method, &format!("/api/v1{path}"))
        .with("Authorization", &format!("Token {}", lab.token()))
        .with("Connection", "close")
        .with("Content-Type", "application/json")
        .body(body.to_string())
        .send(lab.address())
        .await;
    assert!(reply.status < 300, "{method} {path}: {}", reply.text());
    serde_json::from_str(reply.text()).unwrap_or_default()
}

/// A change that somebody else makes: method, path, body.
type Meanwhile = (String, String, Value);

/// A person who sees the question, may take their time, and answers.
struct Person {
    agrees: bool,
    /// What somebody else does in the cloud meanwhile.
    meanwhile: Option<(Arc<Mist>, Meanwhile)>,
    asked: Mutex<Vec<String>>,
}

impl Person {
    fn who(agrees: bool) -> Arc<Self> {
        Arc::new(Self {
            agrees,
            meanwhile: None,
            asked: Mutex::default(),
        })
    }

    /// What they were shown.
    fn shown(&self) -> String {
        self.asked.lock().unwrap().join("\n\n")
    }
}

#[async_trait]
impl Ask for Person {
    fn can(&self, _question: &Question) -> bool {
        true
    }

    async fn ask(&self, round: Round) -> jmcp::error::Result<Map<String, Value>> {
        let [(name, Question::Form { message, .. })] = round.questions() else {
            panic!("one form: {round:?}");
        };
        self.asked.lock().unwrap().push(message.clone());
        if let Some((mist, (method, path, body))) = &self.meanwhile {
            send(mist.lab(), method, path, body).await;
        }
        let answer = json!({ "action": "accept", "content": { "confirm": self.agrees } });
        Ok(Map::from_iter([(name.clone(), answer)]))
    }
}
