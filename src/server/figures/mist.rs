//! Figures of the Mist cloud, read from its client when somebody asks: the same numbers as the diagnostic tools show.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::mist::{
    CacheFigures, Left, Mist,
    figures::{SECONDS, Snapshot},
};

/// What was asked of the cloud and how it went.
#[derive(Debug)]
pub(super) struct Requests {
    figures: Snapshot,
    cache: CacheFigures,
    /// Of the server's own account; those of callers are theirs.
    left: Option<Left>,
}

impl Requests {
    pub(super) fn of(mist: &Mist) -> Self {
        let client = mist.client();
        Self {
            figures: client.figures().snapshot(),
            cache: client.cache(),
            left: mist.own().map(|account| client.left(account)),
        }
    }

    fn encode_durations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "jmcp_mist_request_seconds",
            "How long requests to the Mist cloud took.",
            None,
            MetricType::Histogram,
        )?;
        let bounds = SECONDS.iter().copied().chain([f64::INFINITY]);
        let buckets: Vec<(f64, u64)> = bounds.zip(self.figures.durations.iter().copied()).collect();
        let (seconds, count) = (self.figures.all.time.as_secs_f64(), self.figures.all.count);
        family.encode_histogram::<[(&str, &str); 0]>(seconds, count, &buckets, None)
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "jmcp_mist_requests",
            "Requests to the Mist cloud, by how they ended: ok, or the code of the error.",
            None,
            MetricType::Counter,
        )?;
        for (outcome, count) in &self.figures.by_outcome {
            let label = [("outcome", outcome.as_str())];
            ConstCounter::new(*count).encode(family.encode_family(&label)?)?;
        }
        for (name, about, count) in [
            (
                "jmcp_mist_retries",
                "Requests that were sent again.",
                self.figures.retries,
            ),
            (
                "jmcp_mist_rate_limited",
                "Answers with status 429.",
                self.figures.limited,
            ),
            (
                "jmcp_mist_received_bytes",
                "Bytes of bodies that came.",
                self.figures.all.bytes,
            ),
            (
                "jmcp_mist_cache_hits",
                "Reads that needed no request of their own.",
                self.cache.hits,
            ),
            ("jmcp_mist_cache_misses", "Reads that did.", self.cache.misses),
        ] {
            let family = encoder.encode_descriptor(name, about, None, MetricType::Counter)?;
            ConstCounter::new(count).encode(family)?;
        }
        let left = self.left.map(|left| {
            [
                (
                    "jmcp_mist_budget_left",
                    "Calls that the server's own token has left in this hour.",
                    left.limit.saturating_sub(left.used),
                ),
                (
                    "jmcp_mist_budget_limit",
                    "Calls that the server's own token has in an hour.",
                    left.limit,
                ),
            ]
        });
        for (name, about, number) in left.into_iter().flatten() {
            let family = encoder.encode_descriptor(name, about, None, MetricType::Gauge)?;
            ConstGauge::new(i64::from(number)).encode(family)?;
        }
        self.encode_durations(&mut encoder)
    }
}
