//! Logging in with the keys of an SSH agent.

use std::path::Path;

use russh::keys::{PublicKey, agent::AgentIdentity, agent::client::AgentClient};
use tokio::net::UnixStream;

use super::{Answer, Login};
use crate::error::{Code, Error, Result};
use russh::{AgentAuthError, MethodKind, client::AuthResult};

/// How many keys of an agent are tried.
const AGENT_KEYS: usize = 4;

impl Login<'_> {
    /// Tries the keys of the agent, those first that belong to a configured key file. Unless the hop asks for the agent,
    /// only the keys in `locked` are tried, and it does not matter if there is no agent.
    pub(super) async fn try_agent(
        &mut self,
        socket: Option<&Path>,
        known: &[PublicKey],
        locked: &[PublicKey],
    ) -> Result<Answer> {
        let anything = self.hop.login.agent;
        let needed = anything && known.is_empty() && self.hop.login.password.is_none();
        let (mut agent, mut identities) = match self.open(socket).await {
            Ok(opened) => opened,
            Err(error) if needed => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "no agent");
                return Ok(Answer::No);
            }
        };
        let among = |keys: &[PublicKey], identity: &AgentIdentity| {
            keys.iter()
                .any(|key| key.key_data() == identity.public_key().key_data())
        };
        identities.retain(|identity| anything || among(locked, identity));
        identities.sort_by_key(|identity| !among(known, identity));
        for identity in identities.iter().take(AGENT_KEYS) {
            if !self.may(MethodKind::PublicKey) {
                break;
            }
            if self.try_identity(&mut agent, identity).await? == Answer::In {
                return Ok(Answer::In);
            }
        }
        Ok(Answer::No)
    }

    async fn open(&self, socket: Option<&Path>) -> Result<(AgentClient<UnixStream>, Vec<AgentIdentity>)> {
        let advice = "start `ssh-agent`, add the key with `ssh-add`, and let jmcp see `SSH_AUTH_SOCK`";
        let failed = |what: String| Error::new(Code::AuthFailed, format!("{}: {what}", self.hop.server)).advise(advice);
        let Some(socket) = socket else {
            return Err(failed("there is no SSH agent to log in with".to_owned()));
        };
        let wrong = |error: russh::keys::Error| {
            failed(format!(
                "the SSH agent at `{}` cannot be used: {error}",
                socket.display()
            ))
        };
        let mut agent = AgentClient::connect_uds(socket).await.map_err(wrong)?;
        if let Some(binding) = self.handle.agent_session_binding() {
            // Agents that do not know the extension refuse it and go on.
            let _ = agent.bind_session(binding, false).await;
        }
        let identities = agent.request_identities().await.map_err(wrong)?;
        Ok((agent, identities))
    }

    async fn try_identity(&mut self, agent: &mut AgentClient<UnixStream>, identity: &AgentIdentity) -> Result<Answer> {
        let key = identity.public_key().into_owned();
        let mut next = Some(self.first_hash(&key));
        while let Some(hash) = next {
            self.note_key(&key, "agent");
            let user = self.hop.user.clone();
            let answer = match identity {
                AgentIdentity::PublicKey { key, .. } => {
                    self.handle
                        .authenticate_publickey_with(user, key.clone(), hash, agent)
                        .await
                }
                AgentIdentity::Certificate { certificate, .. } => {
                    self.handle
                        .authenticate_certificate_with(user, certificate.clone(), hash, agent)
                        .await
                }
            };
            if self.weigh_agent(answer)? == Answer::In {
                return Ok(Answer::In);
            }
            next = self.next_hash(&key, hash).await?;
        }
        Ok(Answer::No)
    }

    fn weigh_agent(&mut self, answer: Result<AuthResult, AgentAuthError>) -> Result<Answer> {
        match answer {
            Ok(result) => self.weigh(Ok(result)),
            // The agent holds the key but does not sign (confirmation denied, locked): the next one may.
            Err(AgentAuthError::Key(error)) => {
                tracing::debug!(%error, "the agent does not sign");
                Ok(Answer::No)
            }
            Err(AgentAuthError::Send(_)) => Err(self.ended(&russh::Error::SendError)),
        }
    }
}
