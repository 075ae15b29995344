//! A call that takes long is answered as a stream, even where its answer is one message: a response that has not begun is cut off by
//! proxies and given up by clients.

use std::{future::poll_fn, pin::Pin, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{Stream, future::BoxFuture, stream};
use http::header;
use http_body::Body as _;

use super::sse;

/// How long a client waits for a plain answer before it is given a stream, which shows that the call lives.
pub(super) const PLAIN_FOR: Duration = Duration::from_secs(5);

/// The response, or after a while a stream in which it follows. Dropping either drops the call: that is how a client of the protocol since
/// 2026-07-28 takes it back.
pub(super) async fn answer(mut call: BoxFuture<'static, Response>) -> Response {
    match tokio::time::timeout(PLAIN_FOR, call.as_mut()).await {
        Ok(response) => response,
        Err(_) => sse::response(stream::unfold(Late::Called(call), Late::step)),
    }
}

enum Late {
    Called(BoxFuture<'static, Response>),
    Streaming(Pin<Box<Body>>),
    Over,
}

impl Late {
    async fn step(self) -> Option<(Bytes, Self)> {
        match self {
            Late::Over => None,
            Late::Streaming(body) => Self::frames(body).await,
            Late::Called(call) => {
                let response = call.await;
                let is_stream = is_stream(&response);
                let mut body = Box::pin(response.into_body());
                if is_stream {
                    return Self::frames(body).await;
                }
                let mut whole = Vec::new();
                while let Some(data) = data(&mut body).await {
                    whole.extend_from_slice(&data);
                }
                Some((sse::message(None, &whole), Late::Over))
            }
        }
    }

    async fn frames(mut body: Pin<Box<Body>>) -> Option<(Bytes, Self)> {
        let data = data(&mut body).await?;
        Some((data, Late::Streaming(body)))
    }
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

async fn data(body: &mut Pin<Box<Body>>) -> Option<Bytes> {
    loop {
        let frame = poll_fn(|cx| body.as_mut().poll_frame(cx)).await?.ok()?;
        if let Ok(data) = frame.into_data() {
            return Some(data);
        }
    }
}

/// A body that ends when its caller may hear no more.
pub(super) fn until(response: Response, over: tokio_util::sync::CancellationToken) -> Response {
    if !is_stream(&response) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let body = Box::pin(body);
    let frames = stream::unfold((body, over), |(mut body, over)| async {
        tokio::select! {
            data = data(&mut body) => data.map(|data| (data, (body, over))),
            () = over.cancelled() => None,
        }
    });
    Response::from_parts(parts, Body::new(Framed(Box::pin(frames))))
}

struct Framed(Pin<Box<dyn Stream<Item = Bytes> + Send>>);

impl http_body::Body for Framed {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        self.0
            .as_mut()
            .poll_next(cx)
            .map(|data| data.map(|data| Ok(http_body::Frame::data(data))))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use http_body_util::BodyExt as _;

    use super::*;

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    fn after(seconds: u64, response: Response) -> BoxFuture<'static, Response> {
        async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            response
        }
        .boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_call_is_answered_in_a_stream_that_lives() {
        let quick = answer(after(1, Response::new(Body::from("{}")))).await;
        assert_eq!(text(quick).await, "{}");
        let slow = answer(after(40, Response::new(Body::from("{}")))).await;
        assert!(is_stream(&slow));
        assert_eq!(
            text(slow).await,
            format!("{}event: message\ndata: {{}}\n\n", ": alive\n\n".repeat(3))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_comes_late_goes_on_in_the_stream() {
        let inner = sse::response(stream::iter([sse::message(None, b"1"), sse::message(None, b"2")]));
        let slow = answer(after(10, inner)).await;
        let events = "event: message\ndata: 1\n\nevent: message\ndata: 2\n\n";
        assert_eq!(text(slow).await, format!(": alive\n\n{events}"));
    }
}
