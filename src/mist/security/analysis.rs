//! What is risky about a token, from the privileges that `/self` lists.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Failure, Options};
use crate::error::Code;

/// How bad a risk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a better token.
    High,
    /// Stops writes in strict mode.
    Critical,
}

impl Severity {
    /// The word in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::High => "HIGH",
            Severity::Critical => "CRITICAL",
        }
    }
}

/// One thing that is risky about a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// What it is, in the words of the Enhanced Mist server.
    pub kind: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, in a sentence.
    pub description: String,
    /// What it concerns, as `org:ID` or `msp:ID`.
    pub scopes: Vec<String>,
    /// What makes it smaller.
    pub mitigation: &'static [&'static str],
}

/// What a token may do, and what is risky about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    risks: Vec<Risk>,
    reach: Reach,
}

/// What the privileges name, by role.
#[derive(Debug, Clone, Default, PartialEq)]
struct Reach {
    admin_orgs: BTreeSet<String>,
    write_orgs: BTreeSet<String>,
    admin_msps: BTreeSet<String>,
    write_msps: BTreeSet<String>,
    /// Organisations reached through each MSP, as far as the cloud lists them.
    by_msp: BTreeMap<String, BTreeSet<String>>,
}

impl Analysis {
    /// From the body of `/self`.
    ///
    /// # Errors
    /// `protocol` where it has no list of privileges: a token without known privileges is not a harmless one.
    pub fn of(body: &Value, options: &Options) -> Result<Self, Failure> {
        let unknown = |what: &str| Failure::new(Code::Protocol, format!("the cloud's `/self` {what}"));
        let privileges = body
            .get("privileges")
            .and_then(Value::as_array)
            .ok_or_else(|| unknown("lists no privileges"))?;
        let mut reach = Reach::default();
        for privilege in privileges {
            reach
                .add(privilege)
                .ok_or_else(|| unknown("has a privilege without scope, role or id"))?;
        }
        Ok(Self {
            risks: reach.risks(options),
            reach,
        })
    }

    /// What is risky.
    pub fn risks(&self) -> &[Risk] {
        &self.risks
    }

    /// The risks that stop writes in strict mode.
    pub fn critical(&self) -> impl Iterator<Item = &Risk> {
        self.risks.iter().filter(|risk| risk.severity == Severity::Critical)
    }

    /// Whether there is such a risk.
    pub fn is_critical(&self) -> bool {
        self.critical().next().is_some()
    }

    /// What a person's word counts for: a token that reaches more tomorrow is another thing.
    pub fn fingerprint(&self) -> String {
        let risk = |risk: &Risk| format!("{}={}", risk.kind, risk.scopes.join(","));
        self.risks.iter().map(risk).collect::<Vec<_>>().join(";")
    }

    /// Everything, for people.
    pub fn report(&self, options: &Options, acknowledged: bool) -> Value {
        let mut report = Map::from_iter([
            (
                "security_analysis_summary".into(),
                json!({
                    "is_safe": self.risks.is_empty(),
                    "total_risks": self.risks.len(),
                    "critical_risks": self.critical().count(),
                    "blocking_enabled": options.strict,
                    "risks_acknowledged": acknowledged,
                    "writes_blocked": options.strict && !acknowledged && self.is_critical(),
                }),
            ),
            ("privilege_summary".into(), self.reach.summary()),
            (
                "security_risks".into(),
                self.risks.iter().map(Risk::shown).collect::<Vec<_>>().into(),
            ),
            ("recommendations".into(), self.recommendations().into()),
            ("security_configuration".into(), configuration(options)),
        ]);
        if !self.risks.is_empty() {
            report.insert("alternative_solutions".into(), json!(ALTERNATIVES));
        }
        Value::Object(report)
    }

    fn recommendations(&self) -> Vec<&'static str> {
        if self.risks.is_empty() {
            return vec!["keep it so: look again after the token's owner was given further organisations"];
        }
        let mut all: Vec<&str> = self.risks.iter().flat_map(|risk| risk.mitigation).copied().collect();
        let mut seen = BTreeSet::new();
        all.retain(|advice| seen.insert(*advice));
        all
    }
}

/// A kind of risk: too many of one thing.
struct Kind {
    name: &'static str,
    severity: Severity,
    scope: &'static str,
    /// What the token does with them.
    does: &'static str,
    mitigation: &'static [&'static str],
}

const ONE_ORG: &str = "use an organisation token for the one organisation that is worked on";
const ONE_MSP: &str = "use a token of one MSP, or of one of its organisations";

const ORG_ADMIN: Kind = Kind {
    name: "MULTIPLE_ORG_ADMIN",
    severity: Severity::Critical,
    scope: "org",
    does: "the token administers several organisations",
    mitigation: &[ONE_ORG, "ask for the role `write` or `read`"],
};
const ORG_WRITE: Kind = Kind {
    name: "MULTIPLE_ORG_WRITE",
    severity: Severity::High,
    scope: "org",
    does: "the token may change several organisations",
    mitigation: &[ONE_ORG, "ask for the role `read` elsewhere"],
};
const MSP_ADMIN: Kind = Kind {
    name: "MULTIPLE_MSP_ADMIN",
    severity: Severity::Critical,
    scope: "msp",
    does: "the token administers several MSPs",
    mitigation: &[ONE_MSP],
};
const MSP_WRITE: Kind = Kind {
    name: "MULTIPLE_MSP_WRITE",
    severity: Severity::Critical,
    scope: "msp",
    does: "the token may change several MSPs",
    mitigation: &[ONE_MSP],
};
const MSP_ORGS: Kind = Kind {
    name: "MSP_EXCESSIVE_ORGS",
    severity: Severity::High,
    scope: "org",
    does: "the token reaches many organisations",
    mitigation: &["use a token of a single organisation for daily work"],
};

impl Kind {
    /// The risk, where these are more than so many.
    fn judge(&self, ids: &BTreeSet<String>, most: usize) -> Option<Risk> {
        (ids.len() > most).then(|| Risk {
            kind: self.name,
            severity: self.severity,
            description: format!("{}: {}, more than {most}", self.does, ids.len()),
            scopes: ids.iter().map(|id| format!("{}:{id}", self.scope)).collect(),
            mitigation: self.mitigation,
        })
    }
}

/// Ways to work without the risk.
const ALTERNATIVES: &[&str] = &[
    "an organisation token (Organization > Settings > API Token): it reaches that organisation only",
    "a token of an account that has the role `read` where nothing is to be changed",
    "a privilege for single sites or site groups in place of the whole organisation",
    "one token for each customer in place of one for the MSP; over HTTP each request can bring its own",
    "`--read-only`, or no `--enable-write-tools`: then nothing can be changed whatever the token may do",
];

impl Risk {
    fn shown(&self) -> Value {
        let count = |prefix: &str| self.scopes.iter().filter(|scope| scope.starts_with(prefix)).count();
        json!({
            "risk_type": self.kind,
            "severity": self.severity.as_str(),
            "description": self.description,
            "affected_scopes": self.scopes,
            "organisation_count": count("org:"),
            "msp_count": count("msp:"),
            "mitigation_suggestions": self.mitigation,
        })
    }
}

impl Reach {
    /// Takes in a privilege; none where it does not say what it is for.
    fn add(&mut self, privilege: &Value) -> Option<()> {
        let text = |name: &str| {
            privilege
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let (scope, role) = (text("scope")?, text("role")?);
        match scope {
            "org" => {
                let org = text("org_id")?.to_owned();
                if let Some(msp) = text("msp_id") {
                    self.by_msp.entry(msp.to_owned()).or_default().insert(org.clone());
                }
                match role {
                    "admin" => self.admin_orgs.insert(org),
                    "write" => self.write_orgs.insert(org),
                    _ => false,
                };
            }
            "msp" => {
                let msp = text("msp_id")?.to_owned();
                match role {
                    "admin" => self.admin_msps.insert(msp),
                    "write" => self.write_msps.insert(msp),
                    _ => false,
                };
            }
            // Whoever is admin of a group of organisations is admin of each; which they are, and that they are few, nobody says.
            "orggroup" if matches!(role, "admin" | "write") => {
                let group = text("orggroup_id").unwrap_or("?");
                let organisations = [format!("orggroup {group}"), format!("orggroup {group} (further)")];
                match role {
                    "admin" => self.admin_orgs.extend(organisations),
                    _ => self.write_orgs.extend(organisations),
                }
            }
            _ => {}
        }
        Some(())
    }

    fn risks(&self, options: &Options) -> Vec<Risk> {
        let mut risks: Vec<Risk> = [
            (&ORG_ADMIN, &self.admin_orgs, options.max_admin_orgs),
            (&ORG_WRITE, &self.write_orgs, options.max_write_orgs),
            (&MSP_ADMIN, &self.admin_msps, options.max_admin_msps),
            (&MSP_WRITE, &self.write_msps, options.max_write_msps),
        ]
        .into_iter()
        .filter_map(|(kind, ids, most)| kind.judge(ids, most))
        .collect();
        for (msp, organisations) in &self.by_msp {
            risks.extend(
                MSP_ORGS
                    .judge(organisations, options.max_orgs_per_msp)
                    .map(|risk| Risk {
                        description: format!("through the MSP `{msp}` {}", risk.description),
                        ..risk
                    }),
            );
        }
        risks
    }

    fn summary(&self) -> Value {
        let by_msp: Map<String, Value> = self
            .by_msp
            .iter()
            .map(|(msp, organisations)| (msp.clone(), organisations.len().into()))
            .collect();
        json!({
            "organizations_with_admin": self.admin_orgs.len(),
            "organizations_with_write": self.write_orgs.len(),
            "msps_with_admin": self.admin_msps.len(),
            "msps_with_write": self.write_msps.len(),
            "msp_organization_counts": by_msp,
        })
    }
}

fn configuration(options: &Options) -> Value {
    json!({
        "current_thresholds": {
            "max_admin_orgs": options.max_admin_orgs,
            "max_write_orgs": options.max_write_orgs,
            "max_admin_msps": options.max_admin_msps,
            "max_write_msps": options.max_write_msps,
            "max_orgs_per_msp": options.max_orgs_per_msp,
        },
        "environment_variables": [
            "MIST_STRICT_SECURITY_MODE", "MIST_SECURITY_RISKS_ACKNOWLEDGED", "MIST_MAX_ADMIN_ORGS", "MIST_MAX_WRITE_ORGS",
            "MIST_MAX_ADMIN_MSPS", "MIST_MAX_WRITE_MSPS", "MIST_MAX_ORGS_PER_MSP",
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analysis(privileges: Value) -> Analysis {
        Analysis::of(&json!({ "privileges": privileges }), &Options::default()).unwrap()
    }

    fn many(count: usize, scope: &str, role: &str) -> Value {
        let one = |number| json!({"scope": scope, "role": role, format!("{scope}_id"): format!("{scope}-{number}")});
        (0..count).map(one).collect()
    }

    fn kinds(analysis: &Analysis) -> Vec<(&str, Severity)> {
        analysis.risks().iter().map(|risk| (risk.kind, risk.severity)).collect()
    }

    #[test]
    fn only_more_than_the_threshold_is_a_risk() {
        use Severity::{Critical, High};
        for (scope, role, most, kind, severity) in [
            ("org", "admin", 1, "MULTIPLE_ORG_ADMIN", Critical),
            ("org", "write", 3, "MULTIPLE_ORG_WRITE", High),
            ("msp", "admin", 1, "MULTIPLE_MSP_ADMIN", Critical),
            ("msp", "write", 1, "MULTIPLE_MSP_WRITE", Critical),
        ] {
            assert_eq!(kinds(&analysis(many(most, scope, role))), [], "{kind}");
            assert_eq!(kinds(&analysis(many(most + 1, scope, role))), [(kind, severity)]);
        }
        assert_eq!(kinds(&analysis(many(50, "org", "read"))), []);
        assert_eq!(kinds(&analysis(many(50, "site", "admin"))), []);
    }

    #[test]
    fn organisations_of_an_msp_are_counted_by_its_id_and_each_once() {
        let of_msp = |count: usize| -> Value {
            let one = |number| json!({"scope": "org", "role": "read", "org_id": format!("o{number}"), "msp_id": "m1"});
            (0..count).flat_map(|number| [one(number), one(number)]).collect()
        };
        assert_eq!(kinds(&analysis(of_msp(5))), []);
        let six = analysis(of_msp(6));
        assert_eq!(kinds(&six), [("MSP_EXCESSIVE_ORGS", Severity::High)]);
        assert!(!six.is_critical());
        let report = six.report(&Options::default(), false);
        assert_eq!(report["privilege_summary"]["msp_organization_counts"], json!({"m1": 6}));
        assert_eq!(report["security_risks"][0]["organisation_count"], 6);
        assert_eq!(report["security_analysis_summary"]["writes_blocked"], false);
        assert!(
            report["alternative_solutions"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        );
    }

    #[test]
    fn what_is_not_known_is_not_harmless() {
        for body in [
            json!({}),
            json!([]),
            json!({"privileges": {}}),
            json!({"privileges": [{"role": "admin"}]}),
        ] {
            assert!(Analysis::of(&body, &Options::default()).is_err(), "{body}");
        }
        let none = analysis(json!([]));
        assert_eq!(
            none.report(&Options::default(), false)["security_analysis_summary"]["is_safe"],
            true
        );
    }

    #[test]
    fn a_token_that_reaches_more_is_another_thing() {
        let (two, three) = (analysis(many(2, "org", "admin")), analysis(many(3, "org", "admin")));
        assert_ne!(two.fingerprint(), three.fingerprint());
        assert_eq!(two.fingerprint(), analysis(many(2, "org", "admin")).fingerprint());
    }
}
