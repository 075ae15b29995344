//! A cloud for tests of what is around the client: answers what it is told to, and remembers what came.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use http_body_util::Full;
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// What came: method, path with query, and the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) line: String,
    pub(crate) token: String,
}

/// A cloud on this machine.
pub(crate) struct Cloud {
    pub(crate) address: SocketAddr,
    came: Arc<Mutex<Vec<Came>>>,
    serving: JoinHandle<()>,
}

impl Cloud {
    /// A cloud that answers a path (with its query) with a status and a body.
    pub(crate) async fn start(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let came = Arc::<Mutex<Vec<Came>>>::default();
        let (answer, kept) = (Arc::new(answer), came.clone());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, kept) = (answer.clone(), kept.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let path = request.uri().path_and_query().unwrap().as_str().to_owned();
                    let token = request.headers().get("authorization");
                    kept.lock().unwrap().push(Came {
                        line: format!("{} {path}", request.method()),
                        token: token.map_or_else(String::new, |token| token.to_str().unwrap().to_owned()),
                    });
                    let (status, body) = answer(&path);
                    let response = Response::builder()
                        .status(status)
                        .header("content-type", "application/json");
                    let response = response.body(Full::new(Bytes::from(body.to_string()))).unwrap();
                    async move { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, came, serving }
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came, without what the client asks for itself.
    pub(crate) fn came(&self) -> Vec<Came> {
        let came = self.came.lock().unwrap().clone();
        came.into_iter()
            .filter(|came| !came.line.ends_with("/self/usage"))
            .collect()
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
