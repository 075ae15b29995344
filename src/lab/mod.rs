//! The lab: simulated Junos devices and a simulated Mist cloud, for trying out jmcp and for its tests.

pub mod config;
