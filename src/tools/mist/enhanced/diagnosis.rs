//! How the way to the cloud does: rates, times and errors from what was counted, and what the process takes.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

use crate::{
    error::{Code, Error, Result},
    mist::{
        Access,
        figures::{Done, Snapshot, Sums},
        specification::Specification,
    },
    time::rfc3339,
    tools::Context,
};

/// Paths and errors that are listed.
const TOP: usize = 10;
/// Ticks of a processor's time in a second, as Linux tells them.
const TICKS: f64 = 100.0;

/// The cloud, for a caller who may see figures of the whole server.
///
/// # Errors
/// `tool_scope_denied` for callers who may not; `mist_not_configured`.
pub(super) fn access(context: &Context) -> Result<Access> {
    use crate::mist::Reach as _;
    if !(context.caller.is_unrestricted() && context.caller.is_all()) {
        return Err(Error::new(
            Code::ToolScopeDenied,
            "the figures are of the whole server, and this caller reaches a part of it",
        ));
    }
    context.mist()
}

/// Rates and times of all requests.
pub(super) fn performance(figures: &Snapshot) -> Value {
    let part = |part: f64| figures.percentile(part).map(milliseconds);
    json!({
        "operations_recorded": figures.last.len(),
        "response_time_percentiles_ms": { "p50": part(0.5), "p90": part(0.9), "p95": part(0.95), "p99": part(0.99) },
        "top_endpoints": top(figures),
    })
}

/// The whole, in short.
pub(super) fn health(figures: &Snapshot) -> Value {
    let process = process(figures.up);
    let mut health = json!({
        "uptime_s": figures.up.as_secs(),
        "total_requests": figures.all.count,
        "failed_requests": figures.all.failed,
        "success_rate": percent(&figures.all),
        "avg_response_time_ms": figures.all.mean().map(milliseconds),
        "retries": figures.retries,
        "rate_limited": figures.limited,
    });
    if let Some(health) = health.as_object_mut() {
        health.extend(process);
    }
    health
}

/// The paths that were asked most.
pub(super) fn top(figures: &Snapshot) -> Vec<Value> {
    let mut paths: Vec<(&String, &Sums)> = figures.by_path.iter().collect();
    paths.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
    paths
        .iter()
        .take(TOP)
        .map(|(path, sums)| row("endpoint", path, sums))
        .collect()
}

/// The same by category of the API.
pub(super) fn categories(figures: &Snapshot, specification: &'static Specification) -> Vec<Value> {
    let mut categories: BTreeMap<&str, Sums> = BTreeMap::new();
    for (what, sums) in &figures.by_path {
        let found = what
            .split_once(' ')
            .and_then(|(method, path)| specification.find(method, path));
        categories
            .entry(found.map_or("(other)", |(operation, _)| operation.tag.as_str()))
            .or_default()
            .add(sums);
    }
    let mut rows: Vec<(&str, Sums)> = categories.into_iter().collect();
    rows.sort_by(|a, b| b.1.count.cmp(&a.1.count).then_with(|| a.0.cmp(b.0)));
    rows.iter().map(|(name, sums)| row("category", name, sums)).collect()
}

/// The hours of the last week in which something was asked, those not longer ago than this.
pub(super) fn hours(figures: &Snapshot, now: u64, most: u64) -> (Vec<Value>, Sums) {
    let mut all = Sums::default();
    let first = (now / 3600 + 1).saturating_sub(most);
    let rows = figures.by_hour.range(first..).map(|(hour, sums)| {
        all.add(sums);
        row("hour", &rfc3339(Duration::from_secs(hour * 3600)), sums)
    });
    (rows.collect(), all)
}

fn row(key: &str, name: &str, sums: &Sums) -> Value {
    json!({
        key: name,
        "count": sums.count,
        "failed": sums.failed,
        "success_rate": percent(sums),
        "avg_duration_ms": sums.mean().map(milliseconds),
        "bytes": sums.bytes,
    })
}

/// How requests ended that failed, most first.
pub(super) fn errors(figures: &Snapshot) -> Value {
    let mut errors: Vec<(&String, &u64)> = figures
        .by_outcome
        .iter()
        .filter(|(outcome, _)| *outcome != "ok")
        .collect();
    errors.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let errors = errors.into_iter().map(|(code, count)| (code.clone(), json!(count)));
    Value::Object(errors.collect())
}

/// Budget and cache.
pub(super) fn resources(access: &Access) -> Map<String, Value> {
    let left = access.left();
    Map::from_iter([
        (
            "budget".to_owned(),
            json!({ "used": left.used, "limit": left.limit, "left": left.limit.saturating_sub(left.used), "resets_in_s": left.resets_in }),
        ),
        ("cache".to_owned(), json!(access.mist().client().cache())),
    ])
}

/// One request as it went.
pub(super) fn operation(done: &Done) -> Value {
    let at = done.at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let mut row = json!({
        "at": rfc3339(at), "operation": done.what, "http_status": done.status, "duration_ms": milliseconds(done.took), "bytes": done.bytes,
    });
    if let (Some(error), Some(row)) = (&done.error, row.as_object_mut()) {
        row.insert("error".into(), json!(error));
    }
    row
}

/// The part that was answered well in percent; none where nothing was asked.
pub(super) fn percent(sums: &Sums) -> Option<f64> {
    sums.success_rate().map(|rate| (rate * 1000.0).round() / 10.0)
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// Memory and processor time of the server, where the operating system tells them.
pub(super) fn process(up: Duration) -> Map<String, Value> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let (status, stat) = (read("status"), read("stat"));
    let mut process = Map::new();
    for (name, field) in [("memory_usage_kib", "VmRSS:"), ("peak_memory_kib", "VmHWM:")] {
        if let Some(number) = kib(&status, field) {
            process.insert(name.into(), json!(number));
        }
    }
    if let Some(seconds) = cpu(&stat) {
        process.insert("cpu_seconds".into(), json!(seconds));
        if up.as_secs() > 0 {
            process.insert(
                "cpu_usage_percent".into(),
                json!((seconds / up.as_secs_f64() * 1000.0).round() / 10.0),
            );
        }
    }
    process
}

fn kib(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Seconds of processor time, from the fields after the program's name, which may hold anything.
fn cpu(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_read_as_linux_tells_it() {
        assert_eq!(
            kib("Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n", "VmRSS:"),
            Some(1024)
        );
        assert_eq!(kib("", "VmRSS:"), None);
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 4 0 100 1000 100";
        assert_eq!(cpu(stat), Some(2.0));
        assert_eq!(cpu("7 (x"), None);
    }

    #[test]
    fn figures_are_what_was_counted() {
        let sums = |count, failed| Sums {
            count,
            failed,
            time: Duration::from_millis(10 * count),
            bytes: 5,
        };
        let figures = Snapshot {
            up: Duration::from_secs(60),
            all: sums(14, 6),
            by_path: BTreeMap::from([
                ("GET /api/v1/self".to_owned(), sums(4, 0)),
                ("GET /api/v1/orgs/{org_id}/sites".to_owned(), sums(10, 6)),
                ("GET /elsewhere".to_owned(), sums(1, 1)),
            ]),
            by_hour: BTreeMap::from([(100, sums(3, 0)), (102, sums(5, 1))]),
            by_outcome: BTreeMap::from([
                ("ok".to_owned(), 8),
                ("not_found".to_owned(), 4),
                ("timeout".to_owned(), 2),
            ]),
            durations: Vec::new(),
            last: Vec::new(),
            retries: 0,
            limited: 0,
        };
        let health = health(&figures);
        assert_eq!(
            (&health["success_rate"], &health["avg_response_time_ms"]),
            (&json!(57.1), &json!(10.0))
        );
        assert_eq!(top(&figures)[0]["endpoint"], "GET /api/v1/orgs/{org_id}/sites");
        assert_eq!(top(&figures)[0]["success_rate"], 40.0);
        assert_eq!(errors(&figures), json!({"not_found": 4, "timeout": 2}));
        let categories = categories(&figures, Specification::embedded());
        assert_eq!(
            categories
                .iter()
                .map(|row| row["count"].as_u64().unwrap())
                .collect::<Vec<_>>(),
            [10, 4, 1]
        );
        assert_eq!(categories[2]["category"], "(other)");
        let (rows, all) = hours(&figures, 102 * 3600 + 5, 2);
        assert_eq!((rows.len(), all.count), (1, 5));
        assert_eq!(hours(&figures, 102 * 3600 + 5, 3).1.count, 8);
        assert_eq!(
            performance(&figures)["response_time_percentiles_ms"]["p50"],
            Value::Null
        );
    }
}
