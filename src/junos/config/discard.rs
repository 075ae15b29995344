//! Uncommitted edits in the shared candidate: what they are, whose, and how they are thrown away.

use std::sync::Arc;

use super::{
    Control, Known, digest, holders,
    transaction::{COMPARE, difference},
};
use crate::{
    error::{Code, Error, Result},
    junos::{inventory::Device, pool::Pool},
};

/// What the shared candidate holds that is not committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedEdits {
    /// The difference to the running configuration; empty where there is none.
    pub diff: String,
    /// Whether these are just the edits that an earlier call of ours had to leave there.
    pub is_ours: bool,
    /// When the candidate was changed last, in the device's words.
    pub changed: Option<String>,
    /// Who is logged in: the device does not say who of them edited.
    pub users: Option<String>,
}

/// What was thrown away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discarded {
    /// The edits that are gone; empty where there were none.
    pub diff: String,
}

/// Looks at the shared candidate.
///
/// # Errors
/// `device_error` where the device does not compare; whatever the way to it reports.
pub(crate) async fn shared_edits(pool: &Pool, known: &Known, device: &Arc<Device>) -> Result<SharedEdits> {
    let edits = holders::edits(pool, device).await;
    let Some(diff) = edits.diff else {
        let message = format!("device `{}`: its candidate cannot be compared", device.name);
        return Err(Error::new(Code::DeviceError, message).advise("check the way to the device, and try again"));
    };
    Ok(SharedEdits {
        is_ours: known.is_ours(&device.name, &diff),
        diff,
        changed: edits.changed,
        users: edits.users,
    })
}

/// Throws away the edits in the shared candidate, where they are just those that somebody has agreed to lose.
///
/// # Errors
/// `conflict` where the edits are others by now; `configuration_locked` naming the holder; `candidate_cleanup_failed` where edits are
/// left afterwards; whatever the way to the device reports.
pub(crate) async fn discard(
    pool: &Pool,
    known: &Known,
    device: &Arc<Device>,
    agreed: &str,
    control: &Control,
) -> Result<Discarded> {
    let timeout = control.remaining();
    let lease = control.step(device, pool.exclusive(device)).await?;
    let compared = control.step(device, lease.request(COMPARE, timeout)).await?;
    let diff = difference(compared);
    if diff.is_empty() {
        lease.release();
        return Ok(Discarded { diff });
    }
    if digest(&diff) != agreed {
        lease.release();
        let message = format!(
            "device `{}`: the edits are no longer those that were shown; nothing was discarded",
            device.name
        );
        return Err(Error::new(Code::Conflict, message).advise("look at them again, and let a person agree to it"));
    }
    // Sent once. The candidate cannot be locked first: Junos locks none that holds edits.
    let (discarded, rest) = tokio::join!(
        lease.request("<load-configuration rollback=\"0\"/>", timeout),
        lease.request(COMPARE, timeout)
    );
    let refused = match discarded {
        Err(error) if !lease.is_closed() => {
            lease.release();
            return Err(error);
        }
        Err(error) => Some(error),
        Ok(_) => None,
    };
    match (refused, rest.map(difference)) {
        (None, Ok(rest)) if rest.is_empty() => {
            lease.release();
            known.note_left(&device.name, None);
            Ok(Discarded { diff })
        }
        (refused, _) => {
            let message = format!("device `{}`: whether the edits are gone is not known", device.name);
            let error = Error::new(Code::CandidateCleanupFailed, message)
                .advise("look with junos_config_diff version 0; somebody may be editing right now");
            Err(match refused {
                Some(cause) => error.caused_by(cause),
                None => error,
            })
        }
    }
}
