//! `jmcp token`, run as a person runs it.

mod edits;
mod hashed;
mod plain;

use std::path::{Path, PathBuf};

use jmcp::{
    tokens::{Caller, Known, Tokens},
    tools::Catalogue,
};

use crate::support::program::{Ended, run};

/// A token file in a directory of its own.
pub(crate) struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// With this text in this file.
    fn with(name: &str, text: &str) -> Self {
        let place = Self::new();
        std::fs::write(place.path().join(name), text).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    /// `jmcp token` with these arguments and no file named.
    async fn token(&self, arguments: &[&str]) -> Ended {
        let line: Vec<&str> = ["token"].iter().chain(arguments).copied().collect();
        run(self.path(), &line).await
    }

    /// `jmcp token` for tokens.json.
    async fn on_hashed(&self, arguments: &[&str]) -> Ended {
        let file = ["--tokens-file", "tokens.json"];
        let line: Vec<&str> = arguments.iter().chain(&file).copied().collect();
        self.token(&line).await
    }

    /// Who has this secret, according to the file.
    fn caller(&self, name: &str, secret: &str) -> Option<Caller> {
        let known = Known::of(&Catalogue::new().unwrap());
        Tokens::open(self.file(name), &known).unwrap().authenticate(secret)
    }
}

/// What the program did: exit status, stdout, stderr.
fn said(ended: &Ended) -> (Option<i32>, &str, &str) {
    (ended.status.code(), &ended.stdout, &ended.stderr)
}
