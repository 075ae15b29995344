//! Every way in which a change can be interrupted, at each of its steps, on each kind of device and in each database: nothing
//! is left behind, what runs is what ran before or was committed exactly once, and the next change goes through.

use futures::future::join_all;
use jmcp::lab::{Fault, Gate, LabDevice, LabOptions, Spoil, config::Action};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{becomes_clean, count, running};
use crate::support::bench::Bench;

/// How a change is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// The caller takes it back while the device works on it.
    Cancelled,
    /// The caller takes it back when the device has done it.
    CancelledLate,
    /// The reply breaks off, and the connection with it.
    CutOff,
    /// The reply is not XML.
    Malformed,
    /// The connection ends when the request arrives.
    Dropped,
    /// The commit ends the connection, and took effect or not.
    Eof { committed: bool },
}

/// The steps of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Open,
    Load,
    Compare,
    Check,
    Commit,
}

const STEPS: [Step; 5] = [Step::Open, Step::Load, Step::Compare, Step::Check, Step::Commit];
const DATABASES: [&str; 2] = ["private", "exclusive"];
const KINDS: [&str; 3] = ["mx", "srx", "ex"];

#[derive(Debug, Clone)]
struct Case {
    how: How,
    step: Step,
    database: &'static str,
    device: String,
}

fn cases() -> Vec<Case> {
    let everywhere = [
        How::Cancelled,
        How::CancelledLate,
        How::CutOff,
        How::Malformed,
        How::Dropped,
    ];
    let mut ways: Vec<(How, Step)> = everywhere
        .iter()
        .flat_map(|how| STEPS.map(|step| (*how, step)))
        .collect();
    ways.extend([true, false].map(|committed| (How::Eof { committed }, Step::Commit)));
    let mut cases = Vec::new();
    for database in DATABASES {
        for (how, step) in &ways {
            let number = cases.len() / KINDS.len() + 1;
            cases.extend(KINDS.map(|kind| Case {
                how: *how,
                step: *step,
                database,
                device: format!("{kind}-lab-{number}"),
            }));
        }
    }
    cases
}

impl Case {
    /// The requests of a change, in order, with the step that each belongs to.
    fn requests(&self) -> [(Option<Step>, &'static str); 6] {
        let open = if self.database == "private" {
            "open-configuration"
        } else {
            "lock-configuration"
        };
        [
            (Some(Step::Open), open),
            (None, "get-commit-information"),
            (Some(Step::Load), "load-configuration"),
            (Some(Step::Compare), "get-configuration"),
            (Some(Step::Check), "commit-configuration"),
            (Some(Step::Commit), "commit-configuration"),
        ]
    }

    /// Interrupts the change at its step.
    async fn interrupt(&self, device: &LabDevice, cancel: &CancellationToken) {
        let requests = self.requests();
        let at = requests.iter().position(|(step, _)| *step == Some(self.step)).unwrap();
        let request = requests[at].1;
        // The commit is called as the check before it: its fault must not meet that.
        let waits_for_check = self.how == How::Dropped || self.step == Step::Commit;
        let before = at
            .checked_sub(1)
            .map(|before| requests[before].1)
            .filter(|_| waits_for_check);
        if let Some(before) = before {
            let gate = Gate::new();
            device.faults().once(Fault::HoldReply {
                on: before.into(),
                gate: gate.clone(),
            });
            gate.reached().await;
            self.arm(device, request, cancel, Some(&gate)).await;
            return;
        }
        self.arm(device, request, cancel, None).await;
    }

    async fn arm(&self, device: &LabDevice, request: &str, cancel: &CancellationToken, before: Option<&Gate>) {
        let (on, gate) = (request.to_owned(), Gate::new());
        let hold = Fault::Hold {
            on: on.clone(),
            gate: gate.clone(),
        };
        let go = || before.inspect(|before| before.open());
        match self.how {
            How::Dropped => {
                device.faults().once(Fault::DropOnRequest);
                go();
            }
            How::Eof { committed } => {
                device.faults().once(Fault::CommitEof { committed });
                go();
            }
            How::Cancelled | How::CancelledLate => {
                let late = self.how == How::CancelledLate;
                device.faults().once(if late {
                    Fault::HoldReply { on, gate: gate.clone() }
                } else {
                    hold
                });
                go();
                gate.reached().await;
                cancel.cancel();
                if self.step == Step::Commit {
                    gate.open();
                }
            }
            // Spoilt is what is sent next, so the request has to have come.
            How::CutOff | How::Malformed => {
                device.faults().once(hold);
                go();
                gate.reached().await;
                let malformed = Spoil::Content("<commit-results><a></b>".into());
                let how = if self.how == How::CutOff {
                    Spoil::CutOff
                } else {
                    malformed
                };
                device.faults().once(Fault::Reply { on, how });
                gate.open();
            }
        }
    }

    async fn run(&self, bench: &Bench) -> &'static str {
        let device = bench.device(&self.device);
        let before = running(device);
        let cancel = CancellationToken::new();
        let change = |text: &str| json!({"router_name": self.device, "config_text": text, "database": self.database});
        let text = "set interfaces ge-0/0/0 description \"interrupted\"";
        let (answered, ()) = tokio::join!(
            bench.cancellable("load_and_commit_config", change(text), cancel.clone()),
            self.interrupt(device, &cancel)
        );
        let outcome = answered
            .structured
            .as_ref()
            .and_then(|s| s["outcome"].as_str())
            .unwrap_or("error")
            .to_owned();
        let committed = count(device, Action::Commit);
        let after = running(device);
        match outcome.as_str() {
            "committed" => {
                assert_eq!((committed, self.step), (1, Step::Commit), "{self:?}: {}", answered.text);
                assert!(after.contains("interrupted"), "{self:?}");
            }
            "unknown" => {
                let lost = matches!(self.how, How::Dropped | How::Eof { committed: false });
                assert!(lost && self.step == Step::Commit, "{self:?}: {}", answered.text);
                assert_eq!((committed, &after), (0, &before), "{self:?}");
            }
            _ => {
                assert!(
                    answered.failed && answered.text.contains(&self.device),
                    "{self:?}: {}",
                    answered.text
                );
                assert_ne!(self.step, Step::Commit, "{self:?}: {}", answered.text);
                assert_eq!((committed, &after), (0, &before), "{self:?}");
            }
        }
        becomes_clean(device, &after).await;
        device.faults().clear();
        let next = bench
            .call(
                "load_and_commit_config",
                change("set interfaces ge-0/0/1 description \"next\""),
            )
            .await;
        let next = json!(next.structured.unwrap_or_else(|| panic!("{self:?}: {}", next.text)));
        assert_eq!(next["outcome"], "committed", "{self:?}: {next}");
        assert_eq!(count(device, Action::Commit), committed + 1, "{self:?}");
        becomes_clean(device, &running(device)).await;
        match outcome.as_str() {
            "committed" => "committed",
            "unknown" => "unknown",
            _ => "nothing",
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_interruption_at_every_step() {
    let cases = cases();
    let bench = Bench::with(
        LabOptions {
            devices: cases.len(),
            ..LabOptions::default()
        },
        &[],
    )
    .await;
    let ends = join_all(cases.iter().map(|case| case.run(&bench))).await;
    let ended = |how: &str| ends.iter().filter(|end| **end == how).count();
    eprintln!(
        "{} interruptions: {} committed once, {} unknown and not committed, {} without any effect",
        ends.len(),
        ended("committed"),
        ended("unknown"),
        ended("nothing"),
    );
    assert_eq!(ended("unknown"), 2 * KINDS.len() * DATABASES.len());
}
