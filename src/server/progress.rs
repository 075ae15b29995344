//! What a call says before it answers, to the client that asked for it: progress as it comes, with a word every few seconds on anything
//! slow, and lines for its log.

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use super::{level::Threshold, path::clean};
use crate::tools::{Level, News, Step};

/// How often a client hears of a call that says nothing itself.
const EVERY: Duration = Duration::from_secs(5);

/// How long an answer waits for what was said before it.
const BEFORE_ANSWER: Duration = Duration::from_secs(1);

/// Where the news of this call goes; nowhere when the client wants neither progress nor lines. Ends with the call.
pub(super) fn relay(
    context: &RequestContext<RoleServer>,
    threshold: Threshold,
) -> Option<(mpsc::UnboundedSender<News>, JoinHandle<()>)> {
    let token = context.meta.get_progress_token();
    if token.is_none() && threshold.is_closed() {
        return None;
    }
    let (sender, news) = mpsc::unbounded_channel();
    let relay = Relay {
        peer: context.peer.clone(),
        threshold,
        token,
    };
    Some((sender, tokio::spawn(relay.run(news))))
}

/// Lets the last news out before the answer: clients forget the progress token when they have the answer.
pub(super) async fn finish(relaying: Option<JoinHandle<()>>) {
    if let Some(relaying) = relaying {
        let _ = tokio::time::timeout(BEFORE_ANSWER, relaying).await;
    }
}

struct Relay {
    peer: Peer<RoleServer>,
    threshold: Threshold,
    token: Option<ProgressToken>,
}

/// How far a call has come.
struct Progressed {
    started: Instant,
    last: Step,
    /// Words since the last step.
    beats: u32,
}

impl Relay {
    async fn run(self, mut news: mpsc::UnboundedReceiver<News>) {
        let last = Step {
            done: 0,
            total: None,
            message: "working".into(),
        };
        let mut progressed = Progressed {
            started: Instant::now(),
            last,
            beats: 0,
        };
        loop {
            let sent = tokio::select! {
                said = news.recv() => match said {
                    Some(News::Step(step)) => {
                        progressed.last = step;
                        progressed.beats = 0;
                        self.step(&progressed).await
                    }
                    Some(News::Line(level, message)) => self.line(level, message).await,
                    None => return,
                },
                () = tokio::time::sleep(EVERY) => {
                    progressed.beats += 1;
                    self.step(&progressed).await
                }
            };
            if !sent {
                return;
            }
        }
    }

    /// Whether the client can still be reached.
    async fn step(&self, at: &Progressed) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let done = f64::from(at.last.done);
        let message = clean::seen(at.last.message.clone());
        let mut params = if at.beats == 0 {
            ProgressNotificationParam::new(token.clone(), done).with_message(message)
        } else {
            // Progress has to grow with every notification, and must not reach the next step.
            let between = 1.0 - 1.0 / (1.0 + f64::from(at.beats));
            let message = format!("{message} ({} s)", at.started.elapsed().as_secs());
            ProgressNotificationParam::new(token.clone(), done + between).with_message(message)
        };
        params.total = at.last.total.map(f64::from);
        self.peer.notify_progress(params).await.is_ok()
    }

    #[expect(deprecated, reason = "clients up to 2025-11-25 have a log")]
    async fn line(&self, level: Level, message: String) -> bool {
        if !self.threshold.lets(level) {
            return true;
        }
        let params = rmcp::model::LoggingMessageNotificationParam::new(
            super::level::to_wire(level),
            Value::String(clean::seen(message)),
        );
        self.peer.notify_logging_message(params).await.is_ok()
    }
}
