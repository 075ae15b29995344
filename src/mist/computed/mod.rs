//! What a device or a site is really configured with: templates, the rules in them, and what was set at the thing itself, put together as
//! the cloud does it. Pure: who calls brings what was read.
//!
//! Variables (`{{name}}`) stay as they are written.

mod gateway;
mod matching;
mod overlay;
mod ports;
mod switch;
mod wlans;

pub use self::{
    gateway::gateway,
    switch::{Switch, switch},
    wlans::{Applied, wlans},
};
