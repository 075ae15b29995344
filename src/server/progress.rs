//! Progress of a call to the client that asked for it: each step as it comes, and a word every few seconds on anything slow.

use std::time::Duration;

use rmcp::{
    RoleServer,
    model::{ProgressNotificationParam, ProgressToken},
    service::{Peer, RequestContext},
};
use tokio::{sync::mpsc, time::Instant};

use crate::tools::Step;

/// How often a client hears of a call that says nothing itself.
const EVERY: Duration = Duration::from_secs(5);

/// Where the steps of this call go; nowhere when the client sent no progress token. Ends with the call.
pub(super) fn relay(context: &RequestContext<RoleServer>) -> Option<mpsc::UnboundedSender<Step>> {
    let token = context.meta.get_progress_token()?;
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(run(context.peer.clone(), token, receiver));
    Some(sender)
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
