//! What can go wrong while a tool works on a device: the faults of the lab, other people, and interruptions at each step.

use std::time::Duration;

use jmcp::lab::{Denied, Fault, Gate, LabDevice, Lost, Spoil};
use tokio_util::sync::CancellationToken;

/// How a step is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The caller takes the call back while the device works on it.
    Cancelled,
    /// The caller takes the call back when the device has done it.
    CancelledLate,
    /// The reply breaks off, and the connection with it.
    CutOff,
    /// The reply is not XML.
    Malformed,
    /// The connection ends before it is done.
    DroppedBefore,
    /// The connection ends when it is done, without a reply.
    DroppedAfter,
}

/// The requests that a change is made of, by their names at the device.
pub(super) const STEPS: [&str; 8] = [
    "open-configuration",
    "lock-configuration",
    "load-configuration",
    "get-configuration",
    "commit-configuration check",
    "commit-configuration commit",
    "close-configuration",
    "unlock-configuration",
];

/// What another person does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anna {
    /// Edits the shared candidate.
    Edits,
    /// Locks it.
    Locks,
    /// Has a private candidate with edits.
    EditsPrivately,
    /// Commits confirmed.
    CommitsConfirmed,
    /// Commits something.
    Commits,
}

/// One trouble.
#[derive(Debug, Clone)]
pub(super) enum Trouble {
    None,
    /// The device misbehaves, this many times.
    Fault(Fault, u32),
    /// Somebody was there first.
    Before(Anna),
    /// Somebody comes when the device has done this request.
    Meanwhile(Anna, &'static str),
    /// A step is interrupted.
    At(How, &'static str),
}

/// Longer than a device is looked for after a lost commit.
const LONG: Duration = Duration::from_secs(900);
const WHILE: Duration = Duration::from_secs(30);
const SLOW: Duration = Duration::from_secs(300);

impl Trouble {
    pub(super) fn all() -> Vec<Trouble> {
        let mut all = vec![Trouble::None];
        let lost = |when, takes| Trouble::Fault(Fault::CommitLost { when, takes }, 1);
        all.extend([
            lost(Lost::Before, Duration::ZERO),
            lost(Lost::During, Duration::ZERO),
            lost(Lost::After, Duration::ZERO),
            lost(Lost::During, Duration::from_secs(90)),
            lost(Lost::After, Duration::from_secs(90)),
            lost(Lost::After, LONG),
        ]);
        let unclosed = Fault::Reply {
            on: "commit-configuration".into(),
            how: Spoil::UnclosedRoutingEngine,
        };
        let slow_load = Fault::Slow {
            on: "load-configuration".into(),
            time: SLOW,
        };
        let steps = [
            Denied::History,
            Denied::Compare,
            Denied::Discard,
            Denied::Unlock,
            Denied::Close,
        ];
        let faults = [
            Fault::SlowCommit(SLOW),
            Fault::SlowCheck(SLOW),
            slow_load,
            Fault::OneEngineRefuses { committed: false },
            Fault::OneEngineRefuses { committed: true },
            Fault::UnreachableAfterCommit(WHILE),
            Fault::UnreachableAfterCommit(LONG),
            Fault::LockDenied { pid: 4711 },
            Fault::DatabaseModified,
            Fault::PrivateRefused,
            Fault::PrivateConfirmedRefused,
            Fault::DropOnRequest,
        ];
        all.extend(faults.map(|fault| Trouble::Fault(fault, 1)));
        all.push(Trouble::Fault(unclosed, 2));
        all.extend(steps.map(|step| Trouble::Fault(Fault::Denied(step), 1)));
        all.extend(steps.map(|step| Trouble::Fault(Fault::Denied(step), 50)));
        let people = [
            Anna::Edits,
            Anna::Locks,
            Anna::EditsPrivately,
            Anna::CommitsConfirmed,
            Anna::Commits,
        ];
        all.extend(people.map(Trouble::Before));
        for step in ["load-configuration", "commit-configuration check"] {
            all.extend(people.map(|what| Trouble::Meanwhile(what, step)));
        }
        for step in STEPS {
            let ways = [
                How::Cancelled,
                How::CancelledLate,
                How::CutOff,
                How::Malformed,
                How::DroppedBefore,
                How::DroppedAfter,
            ];
            all.extend(ways.map(|how| Trouble::At(how, step)));
        }
        all
    }

    /// Whether the device can have done the commit without anybody being able to tell.
    pub(super) fn may_hide_the_outcome(&self) -> bool {
        match self {
            Trouble::Fault(Fault::CommitLost { when, .. }, _) => *when != Lost::Before,
            Trouble::Fault(Fault::OneEngineRefuses { committed: true } | Fault::UnreachableAfterCommit(_), _) => true,
            // Without a history nobody can tell.
            Trouble::Fault(Fault::Denied(Denied::History), _) => true,
            Trouble::At(_, step) => *step == "commit-configuration commit",
            _ => false,
        }
    }

    /// Whether a commit can be lost on its way to the device.
    pub(super) fn loses_a_commit(&self) -> bool {
        match self {
            Trouble::Fault(Fault::CommitLost { .. } | Fault::DropOnRequest, _) => true,
            Trouble::At(_, step) => *step == "commit-configuration commit",
            _ => false,
        }
    }

    /// Sets the scene before the call.
    pub(super) fn begin(&self, device: &LabDevice, number: usize) {
        match self {
            Trouble::Fault(fault, times) => device.faults().times(fault.clone(), *times),
            Trouble::Before(what) => assert!(what.acts(device, number), "{self:?} {}", device.name),
            _ => {}
        }
    }

    /// Does during the call what is to be done at a step of it; whether that step came. May wait for it for ever.
    pub(super) async fn meanwhile(&self, device: &LabDevice, number: usize, cancel: &CancellationToken) {
        let (on, late) = match self {
            Trouble::Meanwhile(_, on) => (*on, true),
            Trouble::At(How::CancelledLate | How::DroppedAfter | How::CutOff | How::Malformed, on) => (*on, true),
            Trouble::At(_, on) => (*on, false),
            _ => return,
        };
        let gate = Gate::new();
        let (name, there) = (on.to_owned(), gate.clone());
        device.faults().once(if late {
            Fault::HoldReply { on: name, gate: there }
        } else {
            Fault::Hold { on: name, gate: there }
        });
        gate.reached().await;
        match self {
            Trouble::Meanwhile(what, _) => {
                what.acts(device, number);
            }
            Trouble::At(How::Cancelled | How::CancelledLate, _) => cancel.cancel(),
            Trouble::At(How::DroppedBefore | How::DroppedAfter, _) => device.drop_connections(),
            Trouble::At(how, _) => {
                let malformed = Spoil::Content("<commit-results><a></b>".into());
                let how = if *how == How::CutOff { Spoil::CutOff } else { malformed };
                device.faults().once(Fault::Reply { on: on.to_owned(), how });
            }
            _ => {}
        }
        // What was told has to arrive before the device goes on.
        tokio::time::sleep(Duration::from_millis(20)).await;
        gate.open();
    }

    /// The step at which it happens.
    pub(super) fn step(&self) -> Option<&'static str> {
        match self {
            Trouble::Meanwhile(_, step) | Trouble::At(_, step) => Some(step),
            _ => None,
        }
    }
}

impl Anna {
    /// What she does, and whether the device let her.
    fn acts(self, device: &LabDevice, number: usize) -> bool {
        let anna = device.operator("anna");
        let line = format!("set interfaces ge-0/0/2 description \"anna's {number}\"");
        let done = match self {
            Anna::Edits => anna.edits(&line),
            Anna::Locks => anna.locks(),
            Anna::EditsPrivately => anna.opens_private().and_then(|anna| anna.edits(&line)),
            Anna::CommitsConfirmed => {
                // Beside private candidates only in one of her own.
                let own = anna.edits(&line).or_else(|_| anna.opens_private()?.edits(&line));
                own.and_then(|anna| anna.commits_confirmed(60))
            }
            Anna::Commits => anna.changes(&line),
        };
        done.is_ok()
    }
}
