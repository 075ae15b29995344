//! The configuration half of a lab device (stand-in).

use std::{sync::Arc, time::SystemTime};

use crate::junos::netconf::xml::Element;

/// Time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> SystemTime;
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Who {
    /// Session.
    pub session: u32,
    /// User.
    pub user: String,
    /// Pid.
    pub pid: u32,
    /// Terminal.
    pub terminal: String,
}

/// Style.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// REs.
    pub routing_engines: Vec<String>,
    /// Unclosed.
    pub unclosed_routing_engine: bool,
    /// Private confirmed.
    pub private_confirmed: bool,
    /// RFC.
    pub rfc_compliant: bool,
}

/// Event.
#[derive(Debug, Clone)]
pub struct Event;

/// Store.
pub struct Store {
    lines: String,
}

impl Store {
    /// New.
    pub fn new(text: &str, _style: Style, _clock: Arc<dyn Clock>) -> Result<Self, String> {
        Ok(Self { lines: text.to_owned() })
    }
    /// Handle.
    pub fn handle(&mut self, _who: &Who, _operation: &Element) -> Option<String> {
        None
    }
    /// Command.
    pub fn command(&mut self, _who: &Who, _command: &str, _format: &str) -> Option<String> {
        None
    }
    /// Ended.
    pub fn session_ended(&mut self, _who: &Who) {}
    /// Tick.
    pub fn tick(&mut self) -> Vec<String> {
        Vec::new()
    }
    /// Set.
    pub fn running_set(&self) -> String {
        self.lines.clone()
    }
    /// Log.
    pub fn log(&self) -> &[Event] {
        &[]
    }
}
