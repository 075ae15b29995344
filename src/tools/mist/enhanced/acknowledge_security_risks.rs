//! `acknowledge_security_risks`: a person accepts that the token may do much. The model can only have the person asked: nothing that it
//! could write counts.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kit;
use crate::{
    error::{Code, Error, Result},
    mist::security::Analysis,
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Ignored: what counts is the person's answer to the question that this call asks.
    #[allow(dead_code, reason = "clients of the Enhanced server send it")]
    #[serde(default)]
    confirmation: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "acknowledge_security_risks",
        Effect::Destroy,
        "Accept the token's risks",
        "Ask the person at the client to accept what `analyze_token_security` found, so that writes are no longer blocked for this caller \
         while the server runs and the token's reach stays as it is. Only that person, or the operator's configuration, can accept it.",
        run,
    )
    .mist(kit::SHELF)
    .asks_always()
    .planned(plan)
}

async fn plan(context: Context, _: Arguments) -> Result<Plan> {
    let access = context.mist()?;
    let analysis = access.mist().guard().analysis(&access).await?;
    Ok(Plan::new(
        words(&analysis, access.account().cloud().host()),
        analysis.fingerprint().into(),
    ))
}

fn words(analysis: &Analysis, host: &str) -> String {
    let risk = |risk: &crate::mist::security::Risk| format!("- {} ({}): {}", risk.kind, risk.severity.as_str(), risk.description);
    let risks: Vec<String> = analysis.risks().iter().map(risk).collect();
    let risks = if risks.is_empty() { "- none".to_owned() } else { risks.join("\n") };
    format!(
        "Let the AI client change things with a Mist token (at {host}) that has these risks?\n{risks}\nUntil the server ends, or the token \
         reaches other things than now, its changes are not blocked for that."
    )
}

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let guard = access.mist().guard();
    let analysis = guard.analysis(&access).await?;
    // Only what the person was shown counts.
    let shown = context.plan.as_ref().map(|plan| &plan.evidence);
    if shown != Some(&Value::from(analysis.fingerprint())) {
        return Err(Error::new(Code::Conflict, "the token's risks are not those that the person was shown")
            .advise("call again, so that the person is asked about them as they are now"));
    }
    guard.acknowledge(&access, &analysis);
    tracing::warn!(caller = %context.caller.name, "a person accepted the risks of the Mist token");
    let kinds: Vec<&str> = analysis.risks().iter().map(|risk| risk.kind).collect();
    Ok(Typed::compact(json!({ "status": "RISKS_ACKNOWLEDGED", "risks": kinds })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::security::Options;

    #[test]
    fn the_person_reads_what_is_accepted() {
        let body = json!({"privileges": [
            {"scope": "org", "role": "admin", "org_id": "o1"}, {"scope": "org", "role": "admin", "org_id": "o2"}
        ]});
        let words = words(&Analysis::of(&body, &Options::default()).unwrap(), "api.mist.com");
        for part in ["MULTIPLE_ORG_ADMIN (CRITICAL)", "2, more than 1", "api.mist.com"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
