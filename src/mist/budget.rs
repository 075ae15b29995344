//! The calls of one token in an hour: the cloud allows 5,000, begins anew on the hour, and answers 429 beyond. They are counted here, so
//! that nobody runs into that unwarned, and shared fairly between callers when they become few.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::Failure;
use crate::error::Code;

/// Calls of a token in an hour.
pub const LIMIT: u32 = 5000;
/// From this part of the limit on, callers get no more than their share: one in five is left.
const SCARCE: u32 = 5;

/// The budget of one token.
#[derive(Debug, Default)]
pub struct Budget(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Hours since the epoch.
    hour: u64,
    used: u32,
    limit: u32,
    by_caller: HashMap<Arc<str>, u32>,
    /// Whether the cloud's own count is asked for, or was.
    seeded: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            hour: 0,
            used: 0,
            limit: LIMIT,
            by_caller: HashMap::new(),
            seeded: false,
        }
    }
}

/// How much of a budget is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Left {
    /// Calls made in this hour, those of other programs included as far as the cloud told.
    pub used: u32,
    /// Calls allowed in an hour.
    pub limit: u32,
    /// Seconds until the budget begins anew.
    pub resets_in: u64,
}

impl Left {
    /// Whether people should know: a fifth is left.
    pub fn is_scarce(self) -> bool {
        self.limit.saturating_sub(self.used) <= self.limit / SCARCE
    }
}

impl Budget {
    /// Spends one call of this caller.
    ///
    /// # Errors
    /// `budget_exhausted` when the token has no calls left, or this caller had its share of a scarce budget.
    pub fn spend(&self, caller: &Arc<str>, now: Duration) -> Result<(), Failure> {
        let mut state = self.at(now);
        let left = state.left(now);
        let refusal = |whose: &str| {
            let message = format!("{whose} ({} of {} are used in this hour)", left.used, left.limit);
            let mut failure = Failure::new(Code::BudgetExhausted, message).advise(format!(
                "the budget begins anew in {} min; ask for less until then",
                left.resets_in.div_ceil(60)
            ));
            failure.retry_after = Some(Duration::from_secs(left.resets_in));
            failure
        };
        if left.used >= left.limit {
            return Err(refusal("the Mist token has no calls left"));
        }
        let own = state.by_caller.get(caller).copied().unwrap_or_default();
        let callers = u32::try_from(state.by_caller.len()).unwrap_or(u32::MAX).max(1);
        if left.is_scarce() && callers > 1 && own >= left.limit / callers {
            return Err(refusal(
                "the Mist token's calls become few, and this caller had its share",
            ));
        }
        state.used += 1;
        *state.by_caller.entry(caller.clone()).or_default() += 1;
        Ok(())
    }

    /// Whether the cloud has to be asked for its own count; true once in the life of a budget.
    pub fn wants_seed(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !std::mem::replace(&mut state.seeded, true)
    }

    /// Takes over the cloud's count where it is higher, and its limit.
    pub fn seed(&self, used: u32, limit: u32, now: Duration) {
        let mut state = self.at(now);
        state.used = state.used.max(used);
        if limit > 0 {
            state.limit = limit;
        }
    }

    /// What is left.
    pub fn left(&self, now: Duration) -> Left {
        self.at(now).left(now)
    }

    fn at(&self, now: Duration) -> std::sync::MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.as_secs() / 3600;
        if state.hour != hour {
            state.hour = hour;
            state.used = 0;
            state.by_caller.clear();
        }
        state
    }
}

impl State {
    fn left(&self, now: Duration) -> Left {
        Left {
            used: self.used,
            limit: self.limit,
            resets_in: 3600 - now.as_secs() % 3600,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Duration {
        Duration::from_secs(3600 * 1000 + second)
    }

    #[test]
    fn the_hour_begins_anew_and_the_cloud_knows_better() {
        let (budget, anna) = (Budget::default(), Arc::<str>::from("anna"));
        assert!(budget.wants_seed() && !budget.wants_seed());
        budget.seed(4999, 5000, at(5));
        budget.spend(&anna, at(6)).unwrap();
        let refusal = budget.spend(&anna, at(600)).unwrap_err();
        assert_eq!(refusal.code, Code::BudgetExhausted);
        assert_eq!(refusal.retry_after, Some(Duration::from_secs(3000)));
        budget.spend(&anna, at(3600)).unwrap();
        assert_eq!(budget.left(at(3600)).used, 1);
    }

    #[test]
    fn one_caller_cannot_take_the_last_calls_of_all() {
        let budget = Budget::default();
        let (anna, ben) = (Arc::<str>::from("anna"), Arc::<str>::from("ben"));
        budget.seed(0, 100, at(0));
        budget.spend(&ben, at(0)).unwrap();
        let spent = (0..200).take_while(|_| budget.spend(&anna, at(1)).is_ok()).count();
        assert_eq!(spent, 79, "up to where a fifth is left");
        assert!((0..20).all(|_| budget.spend(&ben, at(2)).is_ok()));
        assert!(budget.spend(&ben, at(2)).is_err());
    }
}
