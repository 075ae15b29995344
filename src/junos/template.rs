//! stub
use crate::{error::Result, junos::ConfigFormat};
#[allow(missing_docs)]
pub fn render(_t: &str, _v: &str) -> Result<String> {
    Ok(String::new())
}
#[allow(missing_docs)]
pub fn detect_format(_t: &str) -> ConfigFormat {
    ConfigFormat::Set
}
