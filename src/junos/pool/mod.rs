//! stub
use super::{inventory::Device, netconf::reply::Reply, transport::Connect};
use crate::error::Result;
use std::{sync::Arc, time::Duration};
#[allow(missing_docs)]
#[derive(Default)]
pub struct PoolOptions {}
#[allow(missing_docs)]
pub struct Pool {}
#[allow(missing_docs)]
pub struct Lease {}
#[allow(missing_docs)]
impl Pool {
    pub fn new(_o: PoolOptions, _c: Arc<dyn Connect>) -> Self {
        Self {}
    }
    pub async fn read(&self, _d: &Arc<Device>, _b: &str, _t: Duration) -> Result<Reply> {
        std::future::pending().await
    }
    pub async fn exclusive(&self, _d: &Arc<Device>, _t: Duration) -> Result<Lease> {
        std::future::pending().await
    }
    pub async fn retain(&self, _k: impl Fn(&Device) -> bool) {}
    pub async fn close_all(&self) {}
}
#[allow(missing_docs)]
impl Lease {
    pub async fn request(&mut self, _b: &str, _t: Duration) -> Result<Reply> {
        std::future::pending().await
    }
    pub async fn request_raw(&mut self, _b: &str, _t: Duration) -> Result<Reply> {
        std::future::pending().await
    }
    pub fn release(self) {}
}
