//! Who may come in: tokens, what they reach, and their hourly budget.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

use super::{ORG_TOKEN, READ_TOKEN, TOKEN, answer::Answer, world::World};

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    /// Administrator of the MSP.
    Administrator,
    /// May read the first organisation.
    Reader,
    /// A token of the first organisation itself.
    Organisation,
}

impl Caller {
    const ALL: [(Caller, &'static str); 3] = [
        (Caller::Administrator, TOKEN),
        (Caller::Reader, READ_TOKEN),
        (Caller::Organisation, ORG_TOKEN),
    ];

    pub(super) fn may_write(self) -> bool {
        self != Caller::Reader
    }

    /// Whether it reaches the MSP and everything that is of no organisation yet.
    pub(super) fn reaches_msp(self) -> bool {
        self == Caller::Administrator
    }

    /// Whether it reaches this organisation.
    pub(super) fn reaches(self, org: &str, world: &World) -> bool {
        match self {
            Caller::Administrator => org != world.org("foreign"),
            Caller::Reader | Caller::Organisation => org == world.org("main"),
        }
    }

    /// What the audit log calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Caller::Administrator => "Ada Example",
            Caller::Reader => "Rea Example",
            Caller::Organisation => "lab-org-token",
        }
    }

    /// The body of `/self`.
    pub(super) fn describe(self, world: &World) -> Value {
        let msp = &world.msp;
        let on_org = |key: &str, role: &str| {
            let name = world.orgs.iter().find(|org| org.key == key).map(|org| &org.name);
            json!({
                "scope": "org", "role": role, "org_id": world.org(key), "name": name, "org_name": name,
                "msp_id": msp.id, "msp_name": msp.name, "msp_url": "", "msp_logo_url": "", "orggroup_ids": [], "views": [],
            })
        };
        let on_msp = json!({
            "scope": "msp", "role": "admin", "msp_id": msp.id, "name": msp.name, "msp_name": msp.name,
            "msp_url": "https://msp.example.com", "msp_logo_url": "", "views": [],
        });
        match self {
            Caller::Organisation => json!({"name": self.name(), "privileges": [on_org("main", "admin")]}),
            Caller::Administrator => person(
                "Ada",
                "ada@example.com",
                vec![on_msp, on_org("main", "admin"), on_org("other", "write")],
            ),
            Caller::Reader => person("Rea", "rea@example.com", vec![on_org("main", "read")]),
        }
    }
}

fn person(first: &str, email: &str, privileges: Vec<Value>) -> Value {
    json!({
        "email": email, "first_name": first, "last_name": "Example", "phone": "", "phone2": "",
        "via_sso": false, "enable_two_factor": false, "two_factor_verified": false, "no_tracking": null,
        "oauth_google": false, "password_modified_time": 1_741_000_000.0, "session_expiry": 1440,
        "tags": ["has_8021x"], "privileges": privileges,
    })
}

/// The tokens' budgets.
pub(super) struct Access {
    limit: u32,
    /// The hour since the epoch, and the calls in it.
    calls: Mutex<HashMap<Caller, (u64, u32)>>,
}

impl Access {
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit,
            calls: Mutex::default(),
        }
    }

    /// Who sends this `Authorization` header, and counts the call.
    pub(super) fn admit(&self, authorization: Option<&str>, now: f64) -> Result<Caller, Answer> {
        let Some(authorization) = authorization else {
            return Err(Answer::detail(401, "Authentication credentials were not provided."));
        };
        let token = authorization.strip_prefix("Token ").map(str::trim);
        let Some((caller, _)) = Caller::ALL.into_iter().find(|(_, known)| Some(*known) == token) else {
            return Err(Answer::detail(401, "Invalid token."));
        };
        let hour = hour(now);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(caller).or_insert((hour, 0));
        if count.0 != hour {
            *count = (hour, 0);
        }
        if count.1 >= self.limit {
            return Err(Answer::detail(
                429,
                "Too Many Requests. The limit of this API token is reached.",
            ));
        }
        count.1 += 1;
        Ok(caller)
    }

    /// The body of `/self/usage`.
    pub(super) fn usage(&self, caller: Caller, now: f64) -> Value {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = calls
            .get(&caller)
            .filter(|(hour_of, _)| *hour_of == hour(now))
            .map_or(0, |(_, count)| *count);
        json!({"requests": requests, "request_limit": self.limit, "seconds": now.rem_euclid(3600.0).round()})
    }
}

fn hour(now: f64) -> u64 {
    // A time since 1970 in hours fits; the cast saturates.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let hour = (now / 3600.0) as u64;
    hour
}
