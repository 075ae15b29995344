//! Figures by device, read from the session pool when somebody asks.

use std::{collections::BTreeMap, fmt};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::junos::{Junos, pool::Figures};

/// What the pool has and did, by device.
#[derive(Debug)]
pub(super) struct Devices(BTreeMap<String, Figures>);

impl Devices {
    pub(super) fn of(junos: &Junos) -> Self {
        Self(junos.figures())
    }

    fn each(&self, mut family: MetricEncoder, encode: impl Fn(&Figures, MetricEncoder) -> fmt::Result) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(device, figures)| encode(figures, family.encode_family(&[("device", device.as_str())])?))
    }
}

impl Collector for Devices {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let family = encoder.encode_descriptor(
            "jmcp_device_sessions",
            "NETCONF channels open now.",
            None,
            MetricType::Gauge,
        )?;
        self.each(family, |figures, encoder| {
            ConstGauge::new(i64::try_from(figures.channels).unwrap_or(i64::MAX)).encode(encoder)
        })?;
        let family = encoder.encode_descriptor(
            "jmcp_device_requests",
            "NETCONF requests made.",
            None,
            MetricType::Counter,
        )?;
        self.each(family, |figures, encoder| {
            ConstCounter::new(figures.requests).encode(encoder)
        })?;
        let family = encoder.encode_descriptor(
            "jmcp_device_connections_opened",
            "SSH logins that succeeded.",
            None,
            MetricType::Counter,
        )?;
        self.each(family, |figures, encoder| {
            ConstCounter::new(figures.connections_opened).encode(encoder)
        })?;
        let family = encoder.encode_descriptor(
            "jmcp_device_round_trip_seconds",
            "From a NETCONF request, sent while nothing else was outstanding, to its short reply.",
            None,
            MetricType::Histogram,
        )?;
        self.each(family, |figures, mut encoder| {
            let trips = &figures.round_trips;
            let buckets: Vec<(f64, u64)> = trips.buckets().collect();
            encoder.encode_histogram::<[(&str, &str); 0]>(trips.seconds(), trips.count(), &buckets, None)
        })
    }
}
