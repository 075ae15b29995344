//! What must hold after every call, by the device's own record.

use std::time::Duration;

use jmcp::{
    lab::{
        LabDevice,
        config::{Action, Event},
    },
    server::path::Answered,
};
use serde_json::Value;

use super::{Way, troubles::Trouble};

/// The user that the server logs in as.
const OURS: &str = "lab";

/// How a call ended, as it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// `committed`, `unknown`, ...; the code of an error; `done` where there is neither.
    pub(super) word: String,
    text: String,
}

impl Said {
    pub(super) fn of(answered: &Answered) -> Self {
        let structured = Value::Object(answered.structured.clone().unwrap_or_default());
        let code = answered.error.as_ref().map(|error| error.code().as_str().to_owned());
        let word = find(&structured, "outcome")
            .or(code)
            .or_else(|| find(&structured, "error_code"))
            .unwrap_or_else(|| if answered.failed { "error" } else { "done" }.to_owned());
        Self {
            word,
            text: answered.text.clone(),
        }
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self.word.as_str(), "unknown" | "commit_unknown")
    }
}

/// The first text of this name, at any depth.
fn find(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Object(members) => {
            let own = members.get(name).and_then(Value::as_str).map(str::to_owned);
            own.or_else(|| members.values().find_map(|inner| find(inner, name)))
        }
        Value::Array(items) => items.iter().find_map(|inner| find(inner, name)),
        _ => None,
    }
}

/// The device before the call.
pub(super) struct Before {
    events: usize,
    running: String,
}

impl Before {
    pub(super) fn of(device: &LabDevice) -> Self {
        Self {
            events: device.events().len(),
            running: device.store(|store| store.running_set()),
        }
    }
}

/// A case, for what it is judged by and how it is named.
pub(super) struct Case<'a> {
    pub(super) device: &'a LabDevice,
    pub(super) way: Way,
    pub(super) database: &'a str,
    pub(super) trouble: &'a Trouble,
    /// A person agreed to what the tool showed.
    pub(super) agreed: bool,
}

impl Case<'_> {
    /// A broken promise, with what is needed to understand it.
    fn broken(&self, what: &str, said: &Said) -> String {
        let log = self.device.log();
        let last: String = log
            .iter()
            .rev()
            .take(25)
            .rev()
            .map(|line| format!("\n    {line}"))
            .collect();
        format!(
            "{what}: {:?} with {:?}, database `{}`, on {}: {}: {}{last}",
            self.way, self.trouble, self.database, self.device.name, said.word, said.text
        )
    }

    /// Waits until the device is at rest: no commit goes on, and nothing of ours is open or locked.
    pub(super) async fn at_rest(&self, said: &Said) -> Result<(), String> {
        let is = || {
            let device = self.device;
            let (open, people) = (device.open_candidates(), device.operators());
            device.committing().is_none()
                && device.lock_holder().is_none_or(|who| who.user != OURS)
                && open
                    .iter()
                    .all(|session| people.iter().any(|who| who.session == *session))
        };
        for _ in 0..4000 {
            if is() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        Err(self.broken("a lock or a candidate is left behind", said))
    }

    /// The promises, and that the answer is true: what is broken.
    pub(super) fn broken_promises(&self, before: &Before, said: &Said) -> Vec<String> {
        let all = self.device.events();
        let events = all.get(before.events..).unwrap_or_default();
        let (mine, others): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|event| event.user == OURS);
        let count = |action| mine.iter().filter(|event| event.action == action).count();
        let foreign = |event: &&&Event| event.owners.iter().any(|owner| owner != OURS);
        let (commits, confirms) = (count(Action::Commit), count(Action::Confirm));
        let is_true = match said.word.as_str() {
            "committed" => commits == 1,
            _ if said.is_unknown() => self.may_be_unknown(),
            "done" if self.way == Way::Confirm => confirms == 1,
            _ => commits == 0,
        };
        let moves = |event: &&Event| matches!(event.action, Action::Commit | Action::Rollback);
        let is_moved = commits > 0 || others.iter().any(moves);
        let running = self.device.store(|store| store.running_set());
        let edits = self.device.shared_edits();
        let left = edits.iter().any(|edit| edit.user == OURS);
        let promises = [
            (
                self.agreed || !mine.iter().any(|event| foreign(&event)),
                "edits of others were committed or lost",
            ),
            (
                commits <= usize::from(self.way.commits()),
                "committed what should not be, or twice",
            ),
            (is_true, "the answer is not true"),
            (
                self.way.ends_waiting() || confirms == 0,
                "a commit that waited was confirmed",
            ),
            (is_moved || running == before.running, "what runs has changed"),
            (!left || self.database == "shared", "edits are left"),
            (
                !left || said.text.contains("candidate"),
                "edits are left, and that is not told",
            ),
        ];
        let broken = promises.into_iter().filter(|(holds, _)| !holds);
        broken.map(|(_, what)| self.broken(what, said)).collect()
    }

    /// Whether our edits stayed in the shared candidate.
    pub(super) fn leaves_edits(&self) -> bool {
        self.device.shared_edits().iter().any(|edit| edit.user == OURS)
    }

    /// Nobody can tell: or the candidate that everybody shares keeps what was to be committed, and nobody can lock it to be sure.
    fn may_be_unknown(&self) -> bool {
        self.trouble.may_hide_the_outcome() || (self.database == "shared" && self.trouble.loses_a_commit())
    }
}
