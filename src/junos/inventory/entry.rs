//! One entry of `devices.json` read into a [`Device`], with everything that is wrong with it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};

use super::{
    super::config::Database,
    Auth, Device, Framing, Mode,
    fields::{self, Places},
    public,
};
use crate::{
    error::{Code, Error},
    secret::Secret,
};

/// One thing that is wrong in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The entry, where it is about one.
    pub(super) device: Option<String>,
    /// The field, where it is about one.
    pub(super) field: Option<String>,
    /// What is wrong.
    pub(super) text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(device) = &self.device {
            write!(f, "device `{}`: ", device.escape_debug())?;
        }
        if let Some(field) = &self.field {
            write!(f, "field `{}`: ", field.escape_debug())?;
        }
        f.write_str(&self.text)
    }
}

/// Collects what is wrong with one entry while its fields are read.
pub(super) struct Entry<'a> {
    name: &'a str,
    fields: &'a Map<String, Value>,
    places: &'a Places,
    /// What makes the file unusable.
    pub(super) problems: Vec<Problem>,
    /// What an operator should know.
    pub(super) warnings: Vec<String>,
}

impl<'a> Entry<'a> {
    /// An entry not read yet.
    pub(super) fn new(name: &'a str, fields: &'a Map<String, Value>, places: &'a Places) -> Self {
        Self {
            name,
            fields,
            places,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The device, or `None` with `problems` filled.
    pub(super) fn read(&mut self) -> Option<Device> {
        let name_is_valid = self.noted("", fields::check_name(self.name)).is_some();
        let host = self.text("ip").and_then(|ip| self.noted("ip", fields::host(ip)));
        let port = match self.given("port") {
            None => Some(22),
            Some(value) => self.noted("port", fields::port(value)),
        };
        let username = self.text("username");
        let username = username.and_then(|u| self.noted("username", fields::check_username(u).map(|()| u.to_owned())));
        let auth = self.auth();
        let ssh_config = self.ssh_config();
        let (legacy, framing, database) = (self.flag("legacy"), self.framing(), self.database());
        let (read_only, mode) = (self.flag("read_only"), self.mode());
        if let Some(value) = self.given("timeout") {
            let _ = self.noted("timeout", fields::seconds(value));
        }
        if !name_is_valid || !self.problems.is_empty() {
            return None;
        }
        let auth = auth?;
        let problem = key_problem(self.name, &auth);
        Some(Device {
            name: self.name.to_owned(),
            host: host?,
            port: port?,
            username: username?,
            auth,
            ssh_config,
            legacy,
            framing,
            database,
            read_only,
            mode,
            public: public::fields(self.fields),
            problem: problem.map(Arc::new),
        })
    }

    fn auth(&mut self) -> Option<Auth> {
        let Some(value) = self.given("auth") else {
            return self.old_password();
        };
        let Some(auth) = value.as_object() else {
            return self.wrong("auth", "must be an object with a `type`");
        };
        match auth.get("type").and_then(Value::as_str) {
            Some("password") => self
                .inner_text(auth, "password")
                .map(|p| Auth::Password(Secret::new(p))),
            Some("ssh_key") => self.key(auth),
            Some("ssh_agent") => Some(Auth::Agent),
            Some(other) => self.wrong(
                "auth.type",
                format!(
                    "unsupported auth type `{}`: supported types are `password`, `ssh_key`, `ssh_agent`",
                    other.escape_debug()
                ),
            ),
            None => self.wrong("auth.type", "is missing: one of `password`, `ssh_key`, `ssh_agent`"),
        }
    }

    fn key(&mut self, auth: &Map<String, Value>) -> Option<Auth> {
        let path = self.inner_text(auth, "private_key_path");
        let passphrase = match auth.get("passphrase") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(Secret::new(text.as_str())),
            Some(_) => return self.wrong("auth.passphrase", "must be a string"),
        };
        let path = self.noted("auth.private_key_path", self.places.expand(path?))?;
        if others_can_read(&path) {
            self.warnings.push(format!(
                "device `{}`: private key file `{}` can be read by other users: set its mode to 600",
                self.name,
                path.display()
            ));
        }
        Some(Auth::Key { path, passphrase })
    }

    /// The `password` beside `ip`, as the first versions of the Python server had it.
    fn old_password(&mut self) -> Option<Auth> {
        match self.given("password") {
            Some(Value::String(text)) if !text.is_empty() => {
                self.warnings.push(format!(
                    "device `{}`: the `password` field is deprecated: use `\"auth\": {{\"type\": \"password\", ...}}`",
                    self.name
                ));
                Some(Auth::Password(Secret::new(text.as_str())))
            }
            Some(_) => self.wrong("password", "must be a string that is not empty"),
            None => self.wrong(
                "auth",
                "is missing: either provide an `auth` section or the `password` field (deprecated)",
            ),
        }
    }

    fn ssh_config(&mut self) -> Option<PathBuf> {
        let value = self.given("ssh_config")?;
        let Some(text) = value.as_str() else {
            return self.wrong("ssh_config", "must be a path");
        };
        self.noted("ssh_config", self.places.expand(text))
    }

    fn flag(&mut self, field: &str) -> bool {
        match self.given(field) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => self.wrong(field, "must be true or false").unwrap_or_default(),
        }
    }

    fn mode(&mut self) -> Option<Mode> {
        let value = self.given("mode")?;
        let mode = value.as_str().and_then(Mode::of);
        mode.or_else(|| self.wrong("mode", fields::WRONG_MODE))
    }

    fn framing(&mut self) -> Framing {
        match self.given("framing").map(Value::as_str) {
            None | Some(Some("auto")) => Framing::Auto,
            Some(Some("eom")) => Framing::EndOfMessage,
            Some(_) => self.wrong("framing", "must be `auto` or `eom`").unwrap_or_default(),
        }
    }

    fn database(&mut self) -> Option<Database> {
        match self.given("database").map(Value::as_str) {
            None => None,
            Some(Some("private")) => Some(Database::Private),
            Some(Some("exclusive")) => Some(Database::Exclusive),
            Some(Some("shared")) => Some(Database::Shared),
            Some(_) => self.wrong("database", "must be `private`, `exclusive` or `shared`"),
        }
    }

    /// A field that is there and not null.
    fn given(&self, field: &str) -> Option<&'a Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &str) -> Option<&'a str> {
        match self.given(field) {
            None => self.wrong(field, "is missing"),
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            Some(_) => self.wrong(field, "must be a string that is not empty"),
        }
    }

    fn inner_text<'v>(&mut self, auth: &'v Map<String, Value>, field: &str) -> Option<&'v str> {
        match auth.get(field) {
            None | Some(Value::Null) => self.wrong(&format!("auth.{field}"), "is missing"),
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            Some(_) => self.wrong(&format!("auth.{field}"), "must be a string that is not empty"),
        }
    }

    fn noted<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_or_else(|text| self.wrong(field, text), Some)
    }

    fn wrong<T>(&mut self, field: &str, text: impl Into<String>) -> Option<T> {
        let field = Some(field).filter(|f| !f.is_empty()).map(str::to_owned);
        self.problems.push(Problem {
            device: Some(self.name.to_owned()),
            field,
            text: text.into(),
        });
        None
    }
}

/// Why the device's key file cannot be used; `None` where it can or none is needed.
pub(super) fn key_problem(device: &str, auth: &Auth) -> Option<Error> {
    let Auth::Key { path, .. } = auth else {
        return None;
    };
    let cause = match std::fs::File::open(path).and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => return None,
        Ok(_) => "it is not a file".to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("device `{device}`: private key file not found: `{}`", path.display());
            return Some(
                Error::new(Code::NotFound, message).advise("put the key there or correct `auth.private_key_path`"),
            );
        }
        Err(error) => error.to_string(),
    };
    let message = format!(
        "device `{device}`: private key file `{}` cannot be read: {cause}",
        path.display()
    );
    Some(Error::new(Code::NotFound, message).advise("make it readable for the user that runs jmcp"))
}

#[cfg(unix)]
pub(super) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
pub(super) fn others_can_read(_path: &Path) -> bool {
    false
}
