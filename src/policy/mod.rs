//! stub
use crate::{error::Result, junos::inventory::Inventory};
#[allow(missing_docs)]
pub struct Policy;
#[allow(missing_docs)]
impl Policy {
    pub fn load(_i: &Inventory, _d: bool) -> Result<Self> {
        Ok(Self)
    }
    pub fn with_inventory(&self, _i: &Inventory) -> Result<Self> {
        Ok(Self)
    }
    pub fn summary(&self) -> String {
        String::new()
    }
    pub fn judge_command(&self, _t: &str, _d: &str, _c: &str) -> Result<()> {
        Ok(())
    }
    pub fn judge_pfe(&self, _t: &str, _d: &str, _c: &str) -> Result<()> {
        Ok(())
    }
    pub fn judge_config(&self, _t: &str, _d: &str, _f: Option<&str>, _c: &str) -> Result<()> {
        Ok(())
    }
}
