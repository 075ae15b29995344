//! What there is in the simulated cloud: organisations, sites, devices, the same in every run.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Code, Error, Result};

const EMBEDDED: &str = include_str!("data/world.toml");
/// Every device id begins with this; its MAC address follows.
pub(super) const DEVICE_PREFIX: &str = "00000000-0000-0000-1000-";

/// The file.
#[derive(Deserialize)]
struct Plan {
    msp: NamePlan,
    org: Vec<OrgPlan>,
    site: Vec<SitePlan>,
    client: Vec<Kind>,
}

#[derive(Deserialize)]
struct NamePlan {
    name: String,
}

#[derive(Deserialize)]
struct OrgPlan {
    key: String,
    name: String,
}

#[derive(Deserialize)]
struct SitePlan {
    org: String,
    aps: Vec<String>,
    switches: Vec<String>,
    gateways: Vec<String>,
    offline: Vec<String>,
    #[serde(flatten)]
    site: SiteFacts,
}

#[derive(Deserialize, Serialize, Clone)]
struct SiteFacts {
    code: String,
    name: String,
    country: String,
    timezone: String,
    offset: i64,
    address: String,
    lat: f64,
    lng: f64,
    wireless: u32,
    wired: u32,
    wan: u32,
}

/// What a wireless client is.
#[derive(Deserialize, Serialize, Clone)]
pub(super) struct Kind {
    mfg: String,
    model: String,
    os: String,
    os_version: String,
    family: String,
    host: String,
}

/// An MSP or an organisation.
#[derive(Serialize, Clone)]
pub(super) struct Org {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) name: String,
}

/// A site.
#[derive(Serialize, Clone)]
pub(super) struct Site {
    /// Its number, from 0.
    n: usize,
    pub(super) id: String,
    pub(super) org_id: String,
    org_key: String,
    #[serde(flatten)]
    facts: SiteFacts,
}

/// A device.
#[derive(Serialize, Clone)]
pub(super) struct Device {
    /// Its number, from 0.
    n: usize,
    /// Its number among those of its type at its site, from 0.
    i: usize,
    pub(super) id: String,
    mac: String,
    serial: String,
    model: String,
    r#type: &'static str,
    pub(super) name: String,
    version: &'static str,
    connected: bool,
    site: Site,
    org_id: String,
    site_id: String,
}

impl Device {
    pub(super) fn mac(&self) -> &str {
        &self.mac
    }

    pub(super) fn serial(&self) -> &str {
        &self.serial
    }

    pub(super) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn version(&self) -> &str {
        self.version
    }

    /// `ap`, `switch` or `gateway`.
    pub(super) fn kind(&self) -> &str {
        self.r#type
    }

    pub(super) fn org(&self) -> &str {
        &self.org_id
    }

    pub(super) fn site(&self) -> &str {
        &self.site_id
    }
}

/// All of it.
#[derive(Serialize)]
pub(super) struct World {
    pub(super) msp: Org,
    pub(super) orgs: Vec<Org>,
    pub(super) sites: Vec<Site>,
    pub(super) devices: Vec<Device>,
    kinds: Vec<Kind>,
}

impl World {
    /// The world of the embedded file.
    pub(super) fn embedded() -> Result<World> {
        let plan: Plan = toml::from_str(EMBEDDED)
            .map_err(|e| Error::new(Code::Internal, "the simulated cloud's world cannot be read").caused_by(e))?;
        let mut world = World {
            msp: Org {
                key: "msp".to_owned(),
                id: uuid("msp", 0),
                name: plan.msp.name,
            },
            orgs: Vec::new(),
            sites: Vec::new(),
            devices: Vec::new(),
            kinds: plan.client,
        };
        for org in plan.org {
            world.orgs.push(Org {
                id: uuid("org", world.orgs.len()),
                key: org.key,
                name: org.name,
            });
        }
        for site in plan.site {
            world.settle(&site);
        }
        Ok(world)
    }

    fn settle(&mut self, plan: &SitePlan) {
        let site = Site {
            n: self.sites.len(),
            id: uuid("site", self.sites.len()),
            org_id: self.org(&plan.org).to_owned(),
            org_key: plan.org.clone(),
            facts: plan.site.clone(),
        };
        let kinds: [(&'static str, &str, &[String]); 3] = [
            ("ap", "ap", &plan.aps),
            ("switch", "sw", &plan.switches),
            ("gateway", "gw", &plan.gateways),
        ];
        for (r#type, short, models) in kinds {
            for (i, model) in models.iter().enumerate() {
                let n = self.devices.len();
                let mac = mac(r#type, n);
                let name = format!("{}-{short}-{}", site.facts.code.to_lowercase(), i + 1);
                self.devices.push(Device {
                    n,
                    i,
                    id: format!("{DEVICE_PREFIX}{mac}"),
                    serial: serial(r#type, n),
                    version: version(model),
                    model: model.clone(),
                    r#type,
                    connected: !plan.offline.contains(&name),
                    name,
                    mac,
                    org_id: site.org_id.clone(),
                    site_id: site.id.clone(),
                    site: site.clone(),
                });
            }
        }
        self.sites.push(site);
    }

    /// The id of the organisation with this key; empty where there is none.
    pub(super) fn org(&self, key: &str) -> &str {
        self.orgs.iter().find(|org| org.key == key).map_or("", |org| &org.id)
    }

    /// The id of the site with this code.
    pub(super) fn site(&self, code: &str) -> &str {
        self.sites
            .iter()
            .find(|site| site.facts.code == code)
            .map_or("", |site| &site.id)
    }

    /// The id of the device with this name.
    pub(super) fn device(&self, name: &str) -> &str {
        self.devices
            .iter()
            .find(|device| device.name == name)
            .map_or("", |device| &device.id)
    }
}

/// An id that looks random and is the same in every run.
pub(super) fn uuid(kind: &str, n: usize) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(format!("{kind}/{n}"));
    let mut text = String::new();
    for (at, byte) in digest.iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Version 4, variant 1: what parsers of UUIDs look at.
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A number below `below` that looks random and is the same in every run.
pub(super) fn noise(salt: &str, n: usize, below: u64) -> u64 {
    let digest = Sha256::digest(format!("{salt}#{n}"));
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    number.checked_rem(below).unwrap_or(0)
}

/// The MAC address of a device or client: each kind has its own block of invented addresses.
pub(super) fn mac(kind: &str, n: usize) -> String {
    let (block, at) = match kind {
        "ap" => ("5c5b35", 0x000100),
        "switch" => ("5c4527", 0x00a000),
        "gateway" => ("5c4527", 0x00b000),
        "mxedge" => ("020003", 0x001000),
        "wireless" => ("020001", 0x002000),
        "wired" => ("020002", 0x003000),
        "rogue" => ("02000f", 0x004000),
        _ => ("020000", 0x005000),
    };
    format!("{block}{:06x}", at + n * 0x10)
}

fn serial(kind: &str, n: usize) -> String {
    let series = match kind {
        "ap" => "A070",
        "switch" => "XR37",
        _ => "CW42",
    };
    format!("{series}{:08}", 14_200_000 + n * 137)
}

/// Software by model.
fn version(model: &str) -> &'static str {
    match model.get(..3).unwrap_or(model) {
        "AP4" | "AP3" | "AP2" | "AP6" => "0.14.29633",
        "AP1" => "0.12.27452",
        "QFX" | "EX4" => "23.4R2-S4.11",
        "EX2" | "EX3" => "22.4R3-S2.11",
        "SRX" => "23.4R2-S3.9",
        _ => "6.2.5-5",
    }
}
