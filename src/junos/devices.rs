//! The devices of the inventory and all that can be asked of them: the one door through which tools reach Junos.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use serde_json::{Map, Value};

use super::{
    compare::{self, Compared, Comparison},
    config::{self, Change, Confirmed, Control, Discarded, History, Known, Report, SharedEdits, UnderWay},
    facts,
    inventory::{self, Changes, Device, Inventory, NewDevice},
    netconf::{
        reply::Reply,
        xml::{Element, escape},
    },
    operational::{self, Answered, CommandFormat, ConfigQuery, Secrets},
    pool::{self, Pool},
};
use crate::error::{Code, Error, Result};

/// The devices.
pub struct Junos {
    inventory: ArcSwap<Inventory>,
    pool: Pool,
    known: Known,
    /// One change of the inventory at a time.
    editing: tokio::sync::Mutex<()>,
}

/// What a reload brought.
#[derive(Debug)]
pub struct Reloaded {
    /// The inventory in force now.
    pub inventory: Arc<Inventory>,
    /// The devices that there were.
    pub previous: Vec<String>,
    /// What differs.
    pub changes: Changes,
}

impl Junos {
    /// These devices, reached through this pool.
    pub fn new(inventory: Inventory, pool: Pool) -> Self {
        Self {
            inventory: ArcSwap::from_pointee(inventory),
            pool,
            known: Known::default(),
            editing: tokio::sync::Mutex::new(()),
        }
    }

    /// The inventory in force.
    pub fn inventory(&self) -> Arc<Inventory> {
        self.inventory.load_full()
    }

    /// The session pool, for its figures.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What the pool did and has open, for each device of the inventory that was reached since the start.
    pub fn figures(&self) -> BTreeMap<String, pool::Figures> {
        let inventory = self.inventory.load();
        let mut figures = self.pool.figures();
        figures.retain(|name, _| inventory.devices.contains_key(name));
        figures
    }

    /// The commits that were sent and whose outcome is not known yet, the oldest first.
    pub fn commits_under_way(&self) -> Vec<UnderWay> {
        self.known.commits.under_way()
    }

    /// The device of this name.
    ///
    /// # Errors
    /// `unknown_router`.
    pub fn device(&self, name: &str) -> Result<Arc<Device>> {
        self.inventory.load().device(name).cloned()
    }

    /// Runs an operational command, with its pipes.
    ///
    /// # Errors
    /// As the pipes, the device and the way to it report.
    pub async fn command(
        &self,
        name: &str,
        command: &str,
        format: CommandFormat,
        secrets: Secrets,
        timeout: Duration,
    ) -> Result<Answered> {
        let device = self.device(name)?;
        operational::command(&self.pool, &device, command, format, secrets, timeout).await
    }

    /// Runs a command on a packet forwarding engine.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn pfe(&self, name: &str, target: &str, command: &str, timeout: Duration) -> Result<String> {
        let request = format!(
            "<request-pfe-execute><target>{}</target><command>{}</command></request-pfe-execute>",
            escape(target),
            escape(command)
        );
        Ok(self
            .pool
            .once(&self.device(name)?, &request, timeout)
            .await?
            .into_cli_text())
    }

    /// Reads configuration.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn configuration(&self, name: &str, query: &ConfigQuery, timeout: Duration) -> Result<Answered> {
        operational::configuration(&self.pool, &self.device(name)?, query, timeout).await
    }

    /// The difference of the running configuration to rollback `version`; with 0 that of the candidate to the running one.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn diff(&self, name: &str, version: u32, timeout: Duration) -> Result<String> {
        let device = self.device(name)?;
        let request = if version == 0 {
            "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>".to_owned()
        } else {
            format!("<command format=\"text\">show configuration | compare rollback {version}</command>")
        };
        let reply = self.pool.read(&device, &request, timeout).await.map_err(|error| {
            let words = error.message();
            if words.contains("juniper.conf") || words.contains("parse error") {
                return Error::new(error.code(), words.to_owned()).advise(
                    "a stored configuration does not parse in the device's present mode, as after chassis clustering was turned on or off",
                );
            }
            error
        })?;
        let text = reply.into_cli_text();
        Ok(if text.trim().is_empty() { String::new() } else { text })
    }

    /// Compares a configuration of one device with one of another, or of the same.
    ///
    /// # Errors
    /// See [`compare::compare`].
    pub async fn compare(&self, (from, to): (&str, &str), asked: &Comparison, timeout: Duration) -> Result<Compared> {
        let devices = (&self.device(from)?, &self.device(to)?);
        compare::compare(&self.pool, devices, asked, timeout).await
    }

    /// The facts of a device, all requests at once on its session.
    ///
    /// # Errors
    /// As the way to the device reports; a fact that the device does not have is null.
    pub async fn facts(&self, name: &str, timeout: Duration) -> Result<Map<String, Value>> {
        let device = self.device(name)?;
        let mut replies = self.ask(&device, facts::REQUESTS, timeout).await?;
        let more = facts::follow_up(&replies);
        if !more.is_empty() {
            replies.extend(self.ask(&device, &more, timeout).await.unwrap_or_default());
        }
        Ok(facts::collect(&replies).0)
    }

    /// The replies to those requests that the device knows and allows. An error where it allows none.
    async fn ask(
        &self,
        device: &Arc<Device>,
        requests: &[facts::Request],
        timeout: Duration,
    ) -> Result<Vec<(&'static str, Element)>> {
        let asked = requests
            .iter()
            .map(|(fact, request)| async move { (*fact, self.pool.read(device, request, timeout).await) });
        let mut replies = Vec::new();
        let mut refused = None;
        for (fact, answer) in futures::future::join_all(asked).await {
            match answer {
                Ok(reply) => replies.push((fact, reply.into_root())),
                Err(error) if matches!(error.code(), Code::DeviceError | Code::PermissionDenied) => {
                    refused = Some(error)
                }
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) if replies.is_empty() => Err(error),
            _ => Ok(replies),
        }
    }

    /// Makes a change.
    ///
    /// # Errors
    /// What stood in the way before the device gave a verdict; see [`config::apply`].
    pub async fn change(&self, name: &str, change: &Change, control: &Control) -> Result<Report> {
        config::apply(&self.pool, &self.known, &self.device(name)?, change, control).await
    }

    /// Confirms the confirmed commit that waits; where `agreed` is given, only while that is the newest commit ([`History::base`]).
    ///
    /// # Errors
    /// See [`config::confirm`].
    pub async fn confirm_commit(
        &self,
        name: &str,
        comment: &str,
        agreed: Option<&str>,
        control: &Control,
    ) -> Result<Confirmed> {
        config::confirm(&self.pool, &self.known, &self.device(name)?, (comment, agreed), control).await
    }

    /// Takes back the confirmed commit that waits. Of the change only its comment and what was agreed to count.
    ///
    /// # Errors
    /// See [`config::cancel`].
    pub async fn cancel_commit(&self, name: &str, change: &Change, control: &Control) -> Result<Report> {
        config::cancel(&self.pool, &self.known, &self.device(name)?, change, control).await
    }

    /// Reads the commit history.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn history(&self, name: &str, timeout: Duration) -> Result<History> {
        config::read_history(&self.pool, &self.device(name)?, timeout).await
    }

    /// Looks at the edits in the shared candidate.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn shared_edits(&self, name: &str) -> Result<SharedEdits> {
        config::shared_edits(&self.pool, &self.known, &self.device(name)?).await
    }

    /// Throws away the edits in the shared candidate whose difference has this digest.
    ///
    /// # Errors
    /// See [`config::discard`].
    pub async fn discard(&self, name: &str, agreed: &str, control: &Control) -> Result<Discarded> {
        config::discard(&self.pool, &self.known, &self.device(name)?, agreed, control).await
    }

    /// Saves the running configuration as the rescue configuration.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn save_rescue(&self, name: &str, timeout: Duration) -> Result<()> {
        let request = "<request-save-rescue-configuration/>";
        self.pool.once(&self.device(name)?, request, timeout).await.map(drop)
    }

    /// Asks the device something that changes nothing.
    ///
    /// # Errors
    /// As the device and the way to it report.
    pub async fn read(&self, name: &str, request: &str, timeout: Duration) -> Result<Reply> {
        self.pool.read(&self.device(name)?, request, timeout).await
    }

    /// Logs in to a device that is not in the inventory yet.
    ///
    /// # Errors
    /// As the inventory and the way to the device report.
    pub async fn try_new(&self, device: &NewDevice, timeout: Duration) -> Result<()> {
        let with = self.inventory().with_device(device)?;
        let device = with.device(&device.name)?.clone();
        self.pool
            .read(&device, "<get-software-information/>", timeout)
            .await
            .map(drop)
    }

    /// Adds a device, to the file too where `persist`.
    ///
    /// # Errors
    /// `conflict`, `invalid_input`, `not_found`, `io`; then nothing has changed.
    pub async fn add(&self, device: NewDevice, persist: bool) -> Result<Arc<Inventory>> {
        let _editing = self.editing.lock().await;
        let present = self.inventory();
        let added = blocking(move || {
            if persist {
                present.add_to_file(&device)
            } else {
                present.with_device(&device)
            }
        });
        let inventory = Arc::new(added.await?);
        self.inventory.store(inventory.clone());
        Ok(inventory)
    }

    /// Reads the inventory again, or another file beside it. All or nothing; sessions of removed and changed devices end. `accept`
    /// sees the new inventory just before it is in force and can refuse it.
    ///
    /// # Errors
    /// `inventory_invalid`, `invalid_input`, `not_found`, `io`, and whatever `accept` refuses with; then nothing has changed.
    pub async fn reload(&self, file: Option<&str>, accept: impl FnOnce(&Inventory) -> Result<()>) -> Result<Reloaded> {
        let _editing = self.editing.lock().await;
        let present = self.inventory();
        let Some(path) = present.path().map(PathBuf::from) else {
            return Err(Error::new(Code::Unsupported, "the inventory does not come from a file"));
        };
        let file = file.map(str::to_owned);
        let inventory = blocking(move || {
            let inventory = Inventory::load(&inventory::resolve(&path, file.as_deref())?)?;
            inventory.require_devices()?;
            Ok(inventory)
        });
        let inventory = Arc::new(inventory.await?);
        accept(&inventory)?;
        let changes = Changes::between(&present, &inventory);
        self.inventory.store(inventory.clone());
        self.pool.retain(&inventory);
        Ok(Reloaded {
            previous: present.devices.keys().cloned().collect(),
            inventory,
            changes,
        })
    }

    /// Closes all sessions.
    pub async fn close(&self) {
        self.pool.close_all().await;
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(Error::new(Code::Internal, "a file operation ended early").caused_by(e)))
}
