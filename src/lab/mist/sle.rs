//! Service levels and insights: series over the asked time, the same for the same question.

mod impacted;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Answered},
    documented::Asked,
    pages,
    query::Span,
    world,
};

const EMBEDDED: &str = include_str!("data/sle.toml");

#[derive(Debug, Default, Deserialize)]
struct Levels {
    metric: BTreeMap<String, Level>,
    insight: BTreeMap<String, (i64, i64)>,
}

#[derive(Debug, Deserialize)]
struct Level {
    /// The kind of device that it belongs to.
    of: String,
    unit: String,
    classifiers: Vec<String>,
}

static LEVELS: LazyLock<Levels> = LazyLock::new(|| {
    toml::from_str(EMBEDDED).unwrap_or_else(|e| {
        tracing::error!("the simulated cloud's service levels cannot be read: {e}");
        Levels::default()
    })
});

/// What the cloud has beside those that the lab knows by name: more are added than are documented.
static OTHER: LazyLock<Level> = LazyLock::new(|| Level {
    of: "ap".to_owned(),
    unit: "count".to_owned(),
    classifiers: vec!["other".to_owned()],
});

/// Whether it can be the name of a metric or classifier.
fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// The names of the service levels of a kind of device, or of all.
pub(super) fn metrics(of: Option<&str>) -> Vec<&'static str> {
    let fits = |level: &&Level| of.is_none_or(|of| level.of == of);
    LEVELS
        .metric
        .iter()
        .filter(|(_, level)| fits(level))
        .map(|(name, _)| name.as_str())
        .collect()
}

/// The moments of a span, and what happens at each.
struct Series {
    span: Span,
    interval: u32,
    count: usize,
    salt: String,
}

impl Series {
    fn new(asked: &Asked, about: &str) -> Result<Self, Answer> {
        let span = Span::of(asked.call)?;
        let length = span.end - span.start;
        let interval: u32 = match length {
            ..=10_800.0 => 600,
            ..=172_800.0 => 3_600,
            _ => 14_400,
        };
        // Spans are positive and short of a century.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let count = (length / f64::from(interval)).ceil() as usize;
        Ok(Self {
            span,
            interval,
            count: count.clamp(1, 200),
            salt: about.to_owned(),
        })
    }

    /// User minutes in all at each moment; some moments know nothing.
    fn totals(&self) -> Vec<Option<u64>> {
        (0..self.count)
            .map(|n| (n % 29 != 28).then(|| 20 + world::noise(&self.salt, n, 40)))
            .collect()
    }

    /// Of these the bad ones, at most the `share`th part.
    fn degraded(&self, name: &str, share: u64) -> Vec<Option<u64>> {
        let salt = format!("{}/{name}", self.salt);
        let totals = self.totals().into_iter().enumerate();
        totals
            .map(|(n, total)| total.map(|total| world::noise(&salt, n, total / share + 1)))
            .collect()
    }

    /// A classifier, with its part of the failures.
    fn classifier(&self, name: &str, share: u64) -> Value {
        let degraded = self.degraded(name, share);
        let duration: Vec<u64> = degraded.iter().map(|part| part.unwrap_or(0) * 60).collect();
        json!({
            "name": name, "x_label": "seconds", "y_label": "user-minutes", "interval": self.interval,
            "samples": {"total": self.totals(), "degraded": degraded, "duration": duration},
        })
    }

    fn ends(&self) -> (Value, Value) {
        (pages::whole(self.span.start), pages::whole(self.span.end))
    }
}

/// Below `/sle/{scope}/{scope_id}`; none for what answers its documented shape.
pub(super) fn answer(asked: &Asked, scope: &str, id: &str, tail: &[&str]) -> Option<Answered> {
    if let ["metrics"] = tail {
        let of = (!matches!(scope, "site" | "client")).then_some(scope);
        let known = metrics(of);
        return Some(Ok(Answer::json(json!({"enabled": known, "supported": known}))));
    }
    let ["metric", metric, what @ ..] = tail else {
        return None;
    };
    if !is_word(metric) {
        return Some(Err(Answer::bad(format!("unknown metric: {metric}"))));
    }
    let level = LEVELS.metric.get(*metric).unwrap_or(&OTHER);
    let series = match Series::new(asked, &format!("{scope}/{id}/{metric}")) {
        Ok(series) => series,
        Err(refusal) => return Some(Err(refusal)),
    };
    let body = match what {
        ["classifiers"] => json!(level.classifiers),
        ["summary"] => summary(asked, &series, metric, level, true),
        ["summary-trend"] => summary(asked, &series, metric, level, false),
        ["classifier", name, how @ ("summary" | "summary-trend")] => {
            if !is_word(name) {
                return Some(Err(Answer::bad(format!("unknown classifier: {name}"))));
            }
            classifier(asked, &series, metric, level, name, *how == "summary")
        }
        [what] => {
            let (list, rows) = impacted::rows(asked, &series, level, what.strip_prefix("impacted-")?)?;
            return Some(impacted::page(asked, &series, metric, list, &rows));
        }
        _ => return None,
    };
    Some(Ok(Answer::json(body)))
}

fn impact(asked: &Asked, level: &Level) -> Value {
    let devices = asked.state.world.devices.iter();
    let here = devices.filter(|device| Some(device.site()) == asked.scope.site() && device.kind() == level.of);
    json!({"num_aps": 1, "total_aps": here.count(), "num_users": 6, "total_users": 42})
}

fn shares(level: &Level) -> u64 {
    // All classifiers together leave most of the minutes good.
    6 * u64::try_from(level.classifiers.len()).unwrap_or(1)
}

fn summary(asked: &Asked, series: &Series, metric: &str, level: &Level, with_impact: bool) -> Value {
    let (start, end) = series.ends();
    let share = shares(level);
    let all: Vec<Vec<Option<u64>>> = level
        .classifiers
        .iter()
        .map(|name| series.degraded(name, share))
        .collect();
    let totals = series.totals();
    let degraded: Vec<Option<u64>> = totals
        .iter()
        .enumerate()
        .map(|(n, total)| total.map(|_| all.iter().filter_map(|part| *part.get(n)?).sum()))
        .collect();
    let value: Vec<Option<u64>> = (0..series.count)
        .map(|n| {
            totals
                .get(n)
                .copied()
                .flatten()
                .map(|_| 60 + world::noise(&series.salt, n, 30))
        })
        .collect();
    let mut classifiers: Vec<Value> = level
        .classifiers
        .iter()
        .map(|name| series.classifier(name, share))
        .collect();
    let mut body = json!({
        "start": start, "end": end,
        "sle": {
            "name": metric, "x_label": "seconds", "y_label": level.unit, "interval": series.interval,
            "samples": {"value": value, "degraded": degraded, "total": totals},
        },
    });
    if with_impact {
        for classifier in &mut classifiers {
            pages::set(classifier, "impact", impact(asked, level));
        }
        pages::set(&mut body, "impact", impact(asked, level));
        pages::set(&mut body, "events", json!([]));
    }
    pages::set(&mut body, "classifiers", Value::Array(classifiers));
    body
}

fn classifier(asked: &Asked, series: &Series, metric: &str, level: &Level, name: &str, with_impact: bool) -> Value {
    let (start, end) = series.ends();
    let mut classifier = series.classifier(name, shares(level));
    let mut body = json!({"start": start, "end": end, "metric": metric});
    if with_impact {
        pages::set(&mut classifier, "impact", impact(asked, level));
        pages::set(&mut body, "impact", impact(asked, level));
        pages::set(&mut body, "failures", json!([]));
    }
    pages::set(&mut body, "classifier", classifier);
    body
}

/// Insights into a site, a device or a client: one value for each moment, or one object where several metrics are asked for.
pub(super) fn insights(asked: &Asked, about: &str, metrics: &str) -> Answered {
    let series = Series::new(asked, about)?;
    let names: Vec<&str> = metrics.split(',').map(str::trim).collect();
    if let Some(unknown) = names.iter().find(|name| !is_word(name)) {
        return Err(Answer::bad(format!("unknown metric: {unknown}")));
    }
    let is_device = asked.route.path.contains("/device/");
    let value = |name: &str, n: usize| {
        let (least, most) = LEVELS.insight.get(name).copied().unwrap_or((80, 100));
        let width = u64::try_from(most - least).unwrap_or(1);
        let offset = world::noise(&format!("{about}/{name}"), n, width + 1);
        let whole = least + i64::try_from(offset).unwrap_or(0);
        if is_device {
            return json!(whole);
        }
        // No value comes twice: documented as such, and so it is in averages.
        let fraction = f64::from(u32::try_from(n).unwrap_or(0)) / 1000.0;
        json!(f64::from(i32::try_from(whole).unwrap_or(i32::MAX)) + fraction)
    };
    let results: Vec<Value> = (0..series.count)
        .map(|n| match names.as_slice() {
            [one] => value(one, n),
            several => Value::Object(
                several
                    .iter()
                    .map(|name| ((*name).to_owned(), value(name, n)))
                    .collect::<Map<_, _>>(),
            ),
        })
        .collect();
    let (start, end) = series.ends();
    let limit = pages::limit(asked.call)?;
    Ok(Answer::json(json!({
        "start": start, "end": end, "interval": series.interval, "limit": limit, "results": results,
    })))
}

/// The service levels of each site of an organisation.
pub(super) fn of_sites(asked: &Asked, org: &str) -> Answered {
    let series = Series::new(asked, org)?;
    let (of, count) = match asked.call.parameter("sle").unwrap_or("wifi") {
        "wifi" => ("ap", "num_aps"),
        "wired" => ("switch", "num_switches"),
        "wan" => ("gateway", "num_gateways"),
        other => return Err(Answer::bad(format!("unknown sle: {other}"))),
    };
    let world = &asked.state.world;
    let sites: Vec<Value> = world
        .sites
        .iter()
        .filter(|site| site.org_id == org)
        .map(|site| {
            let mut row = Map::new();
            row.insert("site_id".to_owned(), json!(site.id));
            let devices = world
                .devices
                .iter()
                .filter(|device| device.site() == site.id && device.kind() == of);
            row.insert(count.to_owned(), json!(devices.count()));
            row.insert("num_clients".to_owned(), json!(world::noise(&site.id, 0, 50)));
            for (n, name) in metrics(Some(of)).into_iter().enumerate() {
                let bad = f64::from(u32::try_from(world::noise(&site.id, n + 1, 200)).unwrap_or(0));
                let name = if name == "application-health" {
                    "application_health"
                } else {
                    name
                };
                row.insert(name.to_owned(), json!((1000.0 - bad) / 1000.0));
            }
            row.remove("switch-stc");
            Value::Object(row)
        })
        .collect();
    let (start, end) = series.ends();
    let rows: Vec<&Value> = sites.iter().collect();
    let limit = pages::limit(asked.call)?;
    let (page, part) = pages::part(asked.call, &rows, limit)?;
    Ok(Answer::json(json!({
        "start": start, "end": end, "interval": series.interval, "limit": limit, "page": page, "total": rows.len(), "results": part,
    })))
}
