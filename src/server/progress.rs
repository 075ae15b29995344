//! Progress of a call to the client that asked for it: each step as it comes, and a word every few seconds on anything slow.

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use tokio::{sync::mpsc, task::JoinHandle, time::Instant};

use crate::tools::Step;

/// How often a client hears of a call that says nothing itself.
const EVERY: Duration = Duration::from_secs(5);

/// How long an answer waits for the steps that were made before it.
const BEFORE_ANSWER: Duration = Duration::from_secs(1);

/// Where the steps of this call go; nowhere when the client sent no progress token. Ends with the call.
pub(super) fn relay(context: &RequestContext<RoleServer>) -> Option<(mpsc::UnboundedSender<Step>, JoinHandle<()>)> {
    let token = context.meta.get_progress_token()?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let relaying = tokio::spawn(run(context.peer.clone(), token, receiver));
    Some((sender, relaying))
}

/// Lets the last steps out before the answer: clients forget the progress token when they have the answer.
pub(super) async fn finish(relaying: Option<JoinHandle<()>>) {
    if let Some(relaying) = relaying {
        let _ = tokio::time::timeout(BEFORE_ANSWER, relaying).await;
    }
}

async fn run(peer: Peer<RoleServer>, token: ProgressToken, mut steps: mpsc::UnboundedReceiver<Step>) {
    let started = Instant::now();
    let mut current = Step {
        done: 0,
        total: None,
        message: "working".into(),
    };
    let mut beats = 0_u32;
    loop {
        let mut params = tokio::select! {
            step = steps.recv() => match step {
                Some(step) => {
                    current = step;
                    beats = 0;
                    ProgressNotificationParam::new(token.clone(), f64::from(current.done)).with_message(current.message.clone())
                }
                None => return,
            },
            () = tokio::time::sleep(EVERY) => {
                beats += 1;
                // Progress has to grow with every notification, and must not reach the next step.
                let between = 1.0 - 1.0 / (1.0 + f64::from(beats));
                let message = format!("{} ({} s)", current.message, started.elapsed().as_secs());
                ProgressNotificationParam::new(token.clone(), f64::from(current.done) + between).with_message(message)
            }
        };
        params.total = current.total.map(f64::from);
        if peer.notify_progress(params).await.is_err() {
            return;
        }
    }
}
