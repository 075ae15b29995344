//! When a device may be tried again after a failure.
//!
//! A wrong password is tried once: more would lock the account. Failed connects may be repeated at once a few times,
//! then with growing pauses: Junos counts connections a minute and drops the rest (`rate-limit`).

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    error::{Code, Error},
    junos::inventory::Device,
};

/// First pause after refused credentials.
const AUTH_FIRST: Duration = Duration::from_secs(60);

/// Longest pause after refused credentials.
const AUTH_LONGEST: Duration = Duration::from_secs(15 * 60);

/// So many connects in a row may fail without a pause.
const FREE_FAILURES: u32 = 3;

/// Shortest and longest pause after failed connects.
const CONNECT_PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Failures of one device with one set of credentials.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    refused: u32,
    failed: u32,
    pause: Option<Pause>,
}

#[derive(Debug)]
struct Pause {
    code: Code,
    since: Instant,
    until: Instant,
    reason: String,
}

impl Backoff {
    /// Whether the device may be tried now.
    ///
    /// # Errors
    /// `auth_backoff`, or `connect_failed` as the last attempt, saying when it may be tried again.
    pub(super) fn check(&self, device: &Device) -> Result<(), Error> {
        let now = Instant::now();
        let Some(pause) = self.pause.as_ref().filter(|pause| pause.until > now) else {
            return Ok(());
        };
        let (ago, wait) = (whole(now - pause.since), whole(pause.until - now));
        let name = &device.name;
        Err(match pause.code {
            Code::AuthFailed => Error::new(
                Code::AuthBackoff,
                format!(
                    "device `{name}` refused the credentials of user `{}` {ago} s ago, they are not tried again for {wait} s",
                    device.username
                ),
            )
            .advise("correct the credentials in the inventory: changed ones are tried at once"),
            code => Error::new(
                code,
                format!("{}; {} attempts failed, the next one is possible in {wait} s", pause.reason, self.failed),
            )
            .advise("check address, port and reachability; the device may also limit connections a minute (`rate-limit`)"),
        })
    }

    /// Whether refused credentials have to be remembered.
    pub(super) fn is_waiting_for_credentials(&self) -> bool {
        self.refused > 0
    }

    /// The device let us in.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// An attempt failed.
    pub(super) fn failed(&mut self, error: &Error) {
        let delay = match error.code() {
            Code::AuthFailed => {
                self.refused += 1;
                Some(doubled(AUTH_FIRST, self.refused - 1).min(AUTH_LONGEST))
            }
            Code::ConnectFailed | Code::ConnectTimeout | Code::Transport | Code::Timeout | Code::Io => {
                self.failed += 1;
                let (shortest, longest) = CONNECT_PAUSE;
                let jitter = rand::random_range(0.75..1.25);
                self.failed.checked_sub(FREE_FAILURES).map(|more| {
                    doubled(shortest, more)
                        .min(longest)
                        .mul_f64(jitter)
                        .clamp(shortest, longest)
                })
            }
            // Host keys and algorithms do not change by waiting, and refusing them costs the device nothing.
            _ => None,
        };
        let since = Instant::now();
        self.pause = delay.map(|delay| Pause {
            code: error.code(),
            since,
            until: since + delay,
            reason: error.message().to_owned(),
        });
    }
}

fn doubled(first: Duration, times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times))
}

/// Seconds, rounded up.
fn whole(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::junos::pool::tests::device;

    fn fail(backoff: &mut Backoff, code: Code) {
        backoff.failed(&Error::new(code, "device `r1` cannot be reached"));
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_wait_longer_each_time() {
        let mut backoff = Backoff::default();
        for pause in [60, 120, 240, 480, 900, 900] {
            fail(&mut backoff, Code::AuthFailed);
            tokio::time::advance(Duration::from_secs(pause - 1)).await;
            let error = backoff.check(&device("r1")).unwrap_err();
            assert_eq!(error.code(), Code::AuthBackoff);
            assert!(error.message().contains("not tried again for 1 s"), "{error}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(backoff.check(&device("r1")).is_ok());
        }
        backoff.succeeded();
        assert!(!backoff.is_waiting_for_credentials());
    }

    #[tokio::test(start_paused = true)]
    async fn the_third_failed_connect_brings_a_pause() {
        let mut backoff = Backoff::default();
        for _ in 0..2 {
            fail(&mut backoff, Code::ConnectFailed);
            assert!(backoff.check(&device("r1")).is_ok());
        }
        fail(&mut backoff, Code::ConnectFailed);
        let error = backoff.check(&device("r1")).unwrap_err();
        assert_eq!(error.code(), Code::ConnectFailed);
        assert!(
            error
                .message()
                .starts_with("device `r1` cannot be reached; 3 attempts failed"),
            "{error}"
        );
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(backoff.check(&device("r1")).is_ok());
        for _ in 0..40 {
            fail(&mut backoff, Code::ConnectTimeout);
        }
        tokio::time::advance(Duration::from_secs(20)).await;
        assert!(backoff.check(&device("r1")).is_err());
        tokio::time::advance(Duration::from_secs(10)).await;
        assert!(backoff.check(&device("r1")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_host_key_brings_none() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            fail(&mut backoff, Code::HostKeyMismatch);
        }
        assert!(backoff.check(&device("r1")).is_ok());
    }
}
