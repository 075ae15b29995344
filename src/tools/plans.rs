//! Plans of changes: what was checked on which devices, and what may be committed until when.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::rollout::DeviceChange;
use crate::error::{Code, Error, Result};

/// How long a plan may be applied.
pub const LASTS: Duration = Duration::from_secs(30 * 60);
/// Plans of one caller; the oldest goes first.
const OF_ONE_CALLER: usize = 20;
/// Plans in all.
const IN_ALL: usize = 400;

/// A change that devices have checked, ready to be committed as it is.
#[derive(Debug, Clone)]
pub struct ChangePlan {
    /// The devices that would change, each with its change and what was seen of it.
    pub steps: Vec<DeviceChange>,
    /// The differences, by device.
    pub diffs: BTreeMap<String, String>,
    /// When it can no longer be applied.
    pub expires: SystemTime,
}

/// The plans. Each belongs to the caller who made it.
#[derive(Default)]
pub struct Plans(Mutex<Vec<Kept>>);

struct Kept {
    id: String,
    caller: Arc<str>,
    made: Instant,
    plan: Arc<ChangePlan>,
}

impl Plans {
    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|plan| plan.made.elapsed() < LASTS);
        kept
    }

    /// Keeps a plan and names it.
    pub fn keep(&self, caller: &Arc<str>, plan: ChangePlan) -> String {
        let id = format!("plan-{:016x}", rand::random::<u64>());
        let mut kept = self.lock();
        let own = kept.iter().filter(|plan| plan.caller == *caller).count();
        let oldest = if own >= OF_ONE_CALLER {
            kept.iter().position(|plan| plan.caller == *caller)
        } else {
            (kept.len() >= IN_ALL).then_some(0)
        };
        if let Some(oldest) = oldest {
            kept.remove(oldest);
        }
        kept.push(Kept {
            id: id.clone(),
            caller: caller.clone(),
            made: Instant::now(),
            plan: Arc::new(plan),
        });
        id
    }

    /// The plan of this id.
    ///
    /// # Errors
    /// `not_found` for one that is over, was applied, is another caller's or was never made: the answer does not tell which.
    pub fn get(&self, caller: &str, id: &str) -> Result<Arc<ChangePlan>> {
        let kept = self.lock();
        let found = kept.iter().find(|plan| plan.id == id && &*plan.caller == caller);
        found.map(|plan| plan.plan.clone()).ok_or_else(|| {
            let shown: String = id.chars().take(40).collect();
            Error::new(Code::NotFound, format!("there is no plan `{}`", shown.escape_debug())).advise(
                "a plan lasts 30 minutes, can be applied once, and is kept by the server that made it: make a new one with \
                 plan_config_change",
            )
        })
    }

    /// Takes the plan: it can be applied once.
    ///
    /// # Errors
    /// As [`Plans::get`].
    pub fn take(&self, caller: &str, id: &str) -> Result<Arc<ChangePlan>> {
        let plan = self.get(caller, id)?;
        self.lock().retain(|kept| kept.id != id);
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> ChangePlan {
        ChangePlan {
            steps: Vec::new(),
            diffs: BTreeMap::new(),
            expires: SystemTime::UNIX_EPOCH,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_plan_is_its_callers_and_ends() {
        let plans = Plans::default();
        let id = plans.keep(&"anna".into(), plan());
        assert!(plans.get("anna", &id).is_ok());
        assert_eq!(plans.get("ben", &id).unwrap_err().code(), Code::NotFound);
        tokio::time::advance(LASTS).await;
        assert!(plans.get("anna", &id).is_err());
    }

    #[tokio::test]
    async fn a_plan_is_applied_once_and_nobody_fills_the_store() {
        let plans = Plans::default();
        let others = plans.keep(&"ben".into(), plan());
        let first = plans.keep(&"anna".into(), plan());
        assert!(plans.take("anna", &first).is_ok());
        assert!(plans.take("anna", &first).is_err());
        let ids: Vec<String> = (0..=OF_ONE_CALLER)
            .map(|_| plans.keep(&"anna".into(), plan()))
            .collect();
        assert!(plans.get("anna", &ids[0]).is_err() && plans.get("anna", &ids[1]).is_ok());
        assert!(plans.get("ben", &others).is_ok());
    }
}
