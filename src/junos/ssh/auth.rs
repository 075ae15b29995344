//! Logging in: agent and keys, then password, then keyboard-interactive (RFC 4252, RFC 4256).
//!
//! Every credential is shown once per method, so that a wrong password costs two failures at most and locks nobody out.
//! Nothing is asked that the protocol does not need: no `none` request, and no wait for the server's list of signature
//! algorithms unless an RSA key was refused. What remains are two round trips for a password and three for a key (russh
//! asks whether a key is welcome before it signs).

use std::{path::Path, sync::Arc};

use russh::{
    MethodKind, MethodSet,
    client::{AuthResult, Handle},
    keys::{Algorithm, HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey},
};

use super::{
    handler::{Client, Server, one_line},
    keys::{self, Key},
    known_hosts::fingerprint,
    route::Hop,
};
use crate::error::{Code, Error, Result};

mod agent;
mod interactive;

/// How many keys are tried on one server; OpenSSH servers hang up after six refusals by default.
const KEYS: usize = 5;

/// One login on one connection.
pub(super) struct Login<'a> {
    handle: &'a mut Handle<Client>,
    state: &'a Server,
    hop: &'a Hop,
    tried: Vec<String>,
    /// What the server says may continue, after its first refusal.
    offered: Option<MethodSet>,
    partial: bool,
    keys_shown: Vec<PublicKey>,
}

/// What a server said to a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    In,
    No,
}

impl<'a> Login<'a> {
    pub(super) fn new(handle: &'a mut Handle<Client>, state: &'a Server, hop: &'a Hop) -> Self {
        Self {
            handle,
            state,
            hop,
            tried: Vec::new(),
            offered: None,
            partial: false,
            keys_shown: Vec::new(),
        }
    }

    /// Logs in with what the hop has.
    ///
    /// # Errors
    /// `auth_failed` when nothing is accepted; `not_found`, `io`, `invalid_input` for a key file that cannot be used;
    /// `connect_failed` when the connection ends before anything was refused.
    pub(super) async fn run(mut self, agent: Option<&Path>) -> Result<()> {
        if self.try_keys(agent).await? == Answer::In {
            return Ok(());
        }
        if let Some(password) = self.hop.login.password.clone() {
            if self.may(MethodKind::Password) && self.try_password(password.expose()).await? == Answer::In {
                return Ok(());
            }
            if self.may(MethodKind::KeyboardInteractive) && self.try_interactive(password.expose()).await? == Answer::In
            {
                return Ok(());
            }
        }
        Err(self.refused(None))
    }

    /// Whether the server may accept this method, as far as is known.
    fn may(&self, method: MethodKind) -> bool {
        self.offered.as_ref().is_none_or(|offered| offered.contains(&method))
    }

    async fn try_keys(&mut self, agent: Option<&Path>) -> Result<Answer> {
        let mut keys = Vec::new();
        for file in &self.hop.login.files {
            if let Some(key) = keys::load(file, &self.hop.server).await? {
                keys.push((file, key));
            }
        }
        let locked: Vec<PublicKey> = keys
            .iter()
            .filter(|(_, key)| matches!(key, Key::Locked(_)))
            .map(|(_, key)| key.public().clone())
            .collect();
        if self.hop.login.agent || !locked.is_empty() {
            let known: Vec<PublicKey> = keys.iter().map(|(_, key)| key.public().clone()).collect();
            if self.try_agent(agent, &known, &locked).await? == Answer::In {
                return Ok(Answer::In);
            }
        }
        for (file, key) in keys {
            let shown = self
                .keys_shown
                .iter()
                .any(|shown| shown.key_data() == key.public().key_data());
            match key {
                _ if shown => {}
                Key::Ready(key) => {
                    if self.keys_shown.len() >= KEYS || !self.may(MethodKind::PublicKey) {
                        break;
                    }
                    if self.try_key(&key).await? == Answer::In {
                        return Ok(Answer::In);
                    }
                }
                Key::Locked(_) if file.required => return Err(keys::locked(&file.path, &self.hop.server)),
                Key::Locked(_) => {}
            }
        }
        Ok(Answer::No)
    }

    async fn try_key(&mut self, key: &Arc<PrivateKey>) -> Result<Answer> {
        let mut hash = Some(self.first_hash(key.public_key()));
        while let Some(with) = hash {
            let signing = PrivateKeyWithHashAlg::new(key.clone(), with);
            self.note_key(key.public_key(), signing.algorithm().as_ref());
            let answer = self.handle.authenticate_publickey(&self.hop.user, signing).await;
            if self.weigh(answer)? == Answer::In {
                return Ok(Answer::In);
            }
            hash = self.next_hash(key.public_key(), with).await?;
        }
        Ok(Answer::No)
    }

    fn note_key(&mut self, key: &PublicKey, algorithm: &str) {
        self.keys_shown.push(key.clone());
        self.tried.push(format!("publickey ({algorithm} {})", fingerprint(key)));
    }

    /// The hash to sign with; only RSA keys have a choice (RFC 8332).
    ///
    /// The server need not be asked: OpenSSH takes SHA-2 since 7.2, and asking can cost a round trip, or a second of
    /// waiting for a server that does not answer.
    fn first_hash(&self, key: &PublicKey) -> Option<HashAlg> {
        let old = openssh_version(&self.state.ident()).is_some_and(|version| version < (7, 2));
        (is_rsa(key) && !old).then_some(HashAlg::Sha512)
    }

    /// The hash to try next when the server refused a key signed with `tried`: where the hash may have been the reason.
    async fn next_hash(&self, key: &PublicKey, tried: Option<HashAlg>) -> Result<Option<Option<HashAlg>>> {
        if !is_rsa(key) || tried != Some(HashAlg::Sha512) || !self.may(MethodKind::PublicKey) {
            return Ok(None);
        }
        // There are servers that list SHA-2 and refuse it; a legacy device may be one.
        if self.hop.legacy {
            return Ok(Some(None));
        }
        let best = self.handle.best_supported_rsa_hash().await;
        let best = best.map_err(|error| self.ended(&error))?.flatten();
        Ok(best.filter(|best| *best != HashAlg::Sha512).map(Some))
    }

    async fn try_password(&mut self, password: &str) -> Result<Answer> {
        self.tried.push("password".to_owned());
        let answer = self.handle.authenticate_password(&self.hop.user, password).await;
        self.weigh(answer)
    }

    fn weigh(&mut self, answer: Result<AuthResult, russh::Error>) -> Result<Answer> {
        match answer {
            Ok(AuthResult::Success) => Ok(Answer::In),
            Ok(AuthResult::Failure {
                remaining_methods,
                partial_success,
            }) => self.note_refusal(remaining_methods, partial_success),
            Err(error) => Err(self.ended(&error)),
        }
    }

    fn note_refusal(&mut self, remaining: MethodSet, partial: bool) -> Result<Answer> {
        // russh reports a lost connection as a refusal that leaves no method.
        if remaining.is_empty() && self.handle.is_closed() {
            return Err(self.refused(None));
        }
        self.offered = Some(remaining);
        self.partial |= partial;
        Ok(Answer::No)
    }

    /// The connection ended under us.
    fn ended(&self, error: &russh::Error) -> Error {
        if !self.tried.is_empty() {
            return self.refused(None);
        }
        let why = self.state.farewell().unwrap_or_else(|| one_line(&error.to_string()));
        Error::new(
            Code::ConnectFailed,
            format!("{} ended the connection at login: {why}", self.hop.server),
        )
    }

    /// The error that says what was tried and what the server would take.
    fn refused(&self, detail: Option<String>) -> Error {
        let quoted = |items: &[String]| {
            items
                .iter()
                .map(|item| format!("`{item}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut text = format!("{} refused user `{}`", self.hop.server, self.hop.user);
        match self.tried.as_slice() {
            [] => text.push_str(": nothing to log in with"),
            tried => text.push_str(&format!(": tried {}", quoted(tried))),
        }
        if let Some(offered) = self.offered.as_ref().filter(|offered| !offered.is_empty()) {
            let names: Vec<String> = offered.iter().map(String::from).collect();
            let how = if self.partial {
                "accepted one and wants also"
            } else {
                "offers"
            };
            text.push_str(&format!("; it {how} {}", quoted(&names)));
        }
        if let Some(detail) = detail {
            text.push_str(&format!("; {detail}"));
        }
        if let Some(farewell) = self.state.farewell() {
            text.push_str(&format!("; it closed the connection: `{farewell}`"));
        }
        if let Some(banner) = self.state.banner() {
            text.push_str(&format!("; its banner: `{banner}`"));
        }
        Error::new(Code::AuthFailed, text).advise(self.advice())
    }

    fn advice(&self) -> &'static str {
        let login = &self.hop.login;
        if self.tried.is_empty() {
            return "start an SSH agent that holds a key, or configure `IdentityFile` in `ssh_config`";
        }
        if login.password.is_some() {
            return "check user name and password; more attempts may lock the account";
        }
        if self.offered.is_some() && !self.may(MethodKind::PublicKey) {
            return "the server takes no keys: configure a password";
        }
        "check the user name, and that the device has the public key (`set system login user ... authentication`)"
    }
}

fn is_rsa(key: &PublicKey) -> bool {
    matches!(key.algorithm(), Algorithm::Rsa { .. })
}

/// The version of an OpenSSH server, from its identification string.
fn openssh_version(ident: &str) -> Option<(u32, u32)> {
    let (_, version) = ident.split_once("OpenSSH_")?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests;
