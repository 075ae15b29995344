//! stub
use crate::error::Result;
use std::path::{Path, PathBuf};
#[allow(missing_docs)]
#[derive(Default)]
pub struct LabOptions {
    pub base_port: Option<u16>,
}
#[allow(missing_docs)]
pub struct LabDevice {
    pub name: String,
    pub address: String,
    pub port: u16,
}
#[allow(missing_docs)]
pub struct LabFiles {
    pub inventory: PathBuf,
    pub known_hosts: PathBuf,
}
#[allow(missing_docs)]
pub struct Lab;
#[allow(missing_docs)]
impl Lab {
    pub async fn start(_o: LabOptions) -> Result<Lab> {
        Ok(Lab)
    }
    pub fn devices(&self) -> &[LabDevice] {
        &[]
    }
    pub fn write_files(&self, _d: &Path) -> Result<LabFiles> {
        Ok(LabFiles {
            inventory: PathBuf::new(),
            known_hosts: PathBuf::new(),
        })
    }
}
