//! Whose requests these are: a cloud and its token.

use std::{fmt::Write as _, sync::Arc};

use sha2::{Digest as _, Sha256};

use super::Cloud;
use crate::{
    error::{Code, Error, Result},
    secret::Secret,
};

/// A cloud and the tokens for it, which all have the same privileges.
#[derive(Debug, Clone)]
pub struct Account {
    cloud: Cloud,
    keys: Vec<Key>,
    id: Arc<str>,
}

/// One token.
#[derive(Debug, Clone)]
pub struct Key {
    token: Secret,
    id: Arc<str>,
}

/// What a request says of the account that it should be made with.
#[derive(Debug, Clone, Default)]
pub enum Brought {
    /// Nothing: the server's own account counts.
    #[default]
    Nothing,
    /// An account.
    Account(Arc<Account>),
    /// Something that is no account, and why: the server's own must not take its place.
    Wrong(Arc<Error>),
}

/// Tokens of one account, at most.
const KEYS: usize = 16;

impl Account {
    /// An account from a token, or from several with commas between.
    ///
    /// # Errors
    /// `invalid_input` where there is no token or it cannot be sent in a header.
    pub fn new(cloud: Cloud, tokens: &Secret) -> Result<Self> {
        let keys: Vec<Key> = tokens
            .expose()
            .split(',')
            .map(bare)
            .filter(|token| !token.is_empty())
            .map(|token| Key::new(&cloud, token))
            .collect();
        let sendable = |key: &Key| key.token.expose().bytes().all(|byte| (0x21..0x7f).contains(&byte));
        match keys.first() {
            None => Err(Error::new(Code::InvalidInput, "the Mist token is empty")),
            Some(_) if !keys.iter().all(sendable) => Err(Error::new(
                Code::InvalidInput,
                "the Mist token has characters that no token has",
            )),
            Some(_) if keys.len() > KEYS => Err(Error::new(
                Code::InvalidInput,
                format!("{} Mist tokens are more than {KEYS}", keys.len()),
            )),
            Some(_) => Ok(Self {
                id: together(&keys),
                cloud,
                keys,
            }),
        }
    }

    /// The cloud.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The tokens; at least one.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// What its own things are kept under. Tells nothing of the token.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }
}

impl Key {
    fn new(cloud: &Cloud, token: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(cloud.base())
            .chain_update([0])
            .chain_update(token)
            .finalize();
        let id = digest.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        Self {
            token: Secret::new(token),
            id: id.into(),
        }
    }

    /// The token itself, for the wire.
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// What its budget is kept under.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }
}

/// What the account of these tokens goes by.
fn together(keys: &[Key]) -> Arc<str> {
    match keys {
        [only] => only.id.clone(),
        many => many.iter().map(|key| &*key.id).collect::<Vec<_>>().join("+").into(),
    }
}

/// The token without the word that headers put before it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let scheme = text
        .split_once(' ')
        .filter(|(word, _)| ["token", "bearer"].iter().any(|known| word.eq_ignore_ascii_case(known)));
    scheme.map_or(text, |(_, rest)| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::Clouds;

    #[test]
    fn a_token_is_taken_as_people_write_it_and_never_shown() {
        let cloud = Clouds::default().cloud("api.mist.com").unwrap();
        let account = Account::new(cloud.clone(), &" Token abc , def,".into()).unwrap();
        let tokens: Vec<&str> = account.keys().iter().map(|key| key.token().expose()).collect();
        assert_eq!(tokens, ["abc", "def"]);
        assert!(!format!("{account:?}").contains("abc"));
        assert!(Account::new(cloud.clone(), &" ".into()).is_err());
        assert!(Account::new(cloud, &"a\nb".into()).is_err());
    }
}
