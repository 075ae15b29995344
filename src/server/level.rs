//! How important a line has to be to go to a client's log.
#![expect(
    deprecated,
    reason = "clients up to 2025-11-25 set a level, and those of 2026-07-28 may name one in a request"
)]

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::{RoleServer, model::LoggingLevel, service::RequestContext};

use crate::tools::Level;

/// The level that a client has set for its session.
#[derive(Debug, Clone)]
pub(super) struct SessionLevel(Arc<Mutex<Level>>);

impl Default for SessionLevel {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Level::Info)))
    }
}

impl SessionLevel {
    pub(super) fn set(&self, level: LoggingLevel) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = from_wire(level);
    }

    /// What the session lets through.
    pub(super) fn threshold(&self) -> Threshold {
        Threshold(Some(*self.0.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// The least important line that goes out; none does where there is no level.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Threshold(Option<Level>);

impl Threshold {
    /// What a request lets through that names a level itself.
    pub(super) fn of_request(context: &RequestContext<RoleServer>) -> Self {
        Self(context.meta.log_level().map(from_wire))
    }

    pub(super) fn lets(self, level: Level) -> bool {
        self.0.is_some_and(|least| level >= least)
    }

    pub(super) fn is_closed(self) -> bool {
        self.0.is_none()
    }
}

fn from_wire(level: LoggingLevel) -> Level {
    match level {
        LoggingLevel::Debug => Level::Debug,
        LoggingLevel::Info => Level::Info,
        LoggingLevel::Notice => Level::Notice,
        LoggingLevel::Warning => Level::Warning,
        LoggingLevel::Error => Level::Error,
        LoggingLevel::Critical => Level::Critical,
        LoggingLevel::Alert => Level::Alert,
        LoggingLevel::Emergency => Level::Emergency,
    }
}

pub(super) fn to_wire(level: Level) -> LoggingLevel {
    match level {
        Level::Debug => LoggingLevel::Debug,
        Level::Info => LoggingLevel::Info,
        Level::Notice => LoggingLevel::Notice,
        Level::Warning => LoggingLevel::Warning,
        Level::Error => LoggingLevel::Error,
        Level::Critical => LoggingLevel::Critical,
        Level::Alert => LoggingLevel::Alert,
        Level::Emergency => LoggingLevel::Emergency,
    }
}
