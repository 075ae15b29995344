//! `get_site_insights`: a metric of a site over time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kit;
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Name of the metric; absent: the names that there are.
    metric: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    /// Seconds between two values.
    interval: Option<String>,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_insights",
        "Insights of a site",
        "A metric of a site over time, such as num_clients or bytes. Without `metric` it lists the metrics that sites have.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let Some(metric) = &args.metric else {
        let done = access.run("listInsightMetrics", &Map::new()).await?;
        return Ok(kit::object(&access, &Value::Null, kit::findings([("metrics", names(done.body()))])));
    };
    let mut values = kit::values(&args)?;
    kit::time(&mut values, "1d");
    // The newer cloud takes it in the query, the older in the path.
    values.insert("metrics".into(), json!(metric));
    let done = access.run("getSiteInsightMetrics", &values).await?;
    Ok(kit::object(&access, done.body(), Map::new()))
}

/// The metrics of sites, with what they are.
fn names(body: &Value) -> Value {
    let of_sites = |metric: &&(&String, &Value)| {
        let scopes = metric.1.get("scopes").and_then(Value::as_array);
        scopes.is_none_or(|scopes| scopes.iter().any(|scope| scope == "site"))
    };
    let metrics: Vec<(&String, &Value)> = body.as_object().into_iter().flatten().collect();
    let shown = metrics.iter().filter(of_sites).map(|(name, metric)| ((*name).clone(), kit::text(metric, "description").into()));
    Value::Object(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_metrics_of_sites_are_listed() {
        let body = json!({"bytes": {"description": "b", "scopes": ["site", "ap"]}, "x": {"scopes": ["ap"]}, "y": {}});
        assert_eq!(names(&body), json!({"bytes": "b", "y": ""}));
        assert_eq!(names(&json!([])), json!({}));
    }
}
