//! Starts the lab, writes inventory, host keys and user key into a folder, and waits: `cargo run --example lab -- DIR`.

use std::path::PathBuf;

use jmcp::lab::{Lab, LabOptions};

#[tokio::main]
async fn main() -> jmcp::error::Result<()> {
    let dir = std::env::args()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("jmcp-lab"), PathBuf::from);
    let lab = Lab::start(LabOptions {
        key_dir: Some(dir.clone()),
        ..LabOptions::default()
    })
    .await?;
    let files = lab.write_files(&dir)?;
    eprintln!("{}", files.inventory.display());
    for device in lab.devices() {
        eprintln!(
            "{} {} ssh -p {} lab@127.0.0.1",
            device.name,
            device.host_key(),
            device.port
        );
    }
    let _ = tokio::signal::ctrl_c().await;
    Ok(())
}
