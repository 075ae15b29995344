//! Port ranges: `ge-0/0/0-2,xe-0-1/0/3` is five ports.

use serde_json::{Map, Value};

/// Ports that one range makes at most: what is larger is no port range.
const LARGEST: u16 = 4096;

/// A map by port ranges as a map by ports. What stands later wins, and a single port wins over a range.
pub(super) fn expanded(ports: Value) -> Value {
    let Value::Object(ranges) = ports else {
        return ports;
    };
    let mut all: Vec<(bool, String, Value)> = Vec::new();
    for (range, value) in ranges {
        let ports = list(&range);
        let is_single = ports.len() == 1;
        all.extend(ports.into_iter().map(|port| (is_single, port, value.clone())));
    }
    // Stable: ranges first, each kind in the order in which it is written.
    all.sort_by_key(|(is_single, _, _)| *is_single);
    let mut expanded = Map::new();
    for (_, port, value) in all {
        expanded.insert(port, value);
    }
    Value::Object(expanded)
}

/// The ports of ranges with commas between them. What is no range is a port of its own, such as `ae0` or `{{uplink}}`.
pub(super) fn list(ranges: &str) -> Vec<String> {
    let ranges = ranges.split(',').map(str::trim).filter(|range| !range.is_empty());
    ranges
        .flat_map(|range| of_range(range).unwrap_or_else(|| vec![range.to_owned()]))
        .collect()
}

/// `ge-0/0/0-2`: each of the three numbers may be a range.
fn of_range(range: &str) -> Option<Vec<String>> {
    let (kind, numbers) = range.split_once('-')?;
    let mut parts = numbers.split('/').map(numbers_of);
    let (slot, module, port) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || slot.len() * module.len() * port.len() > usize::from(LARGEST) {
        return None;
    }
    let mut ports = Vec::new();
    for slot in slot {
        for module in module.clone() {
            ports.extend(port.clone().map(|port| format!("{kind}-{slot}/{module}/{port}")));
        }
    }
    Some(ports)
}

fn numbers_of(part: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
    (first <= last && last < LARGEST).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ranges_become_ports() {
        assert_eq!(list("ge-0/0/0-2"), ["ge-0/0/0", "ge-0/0/1", "ge-0/0/2"]);
        assert_eq!(list("xe-0-1/1/3, ae0"), ["xe-0/1/3", "xe-1/1/3", "ae0"]);
        assert_eq!(list("ge-0/0-1/0-1"), ["ge-0/0/0", "ge-0/0/1", "ge-0/1/0", "ge-0/1/1"]);
        for odd in [
            "ae0",
            "{{uplink}}",
            "ge-0/0/5-2",
            "ge-0/0",
            "ge-0/0/0/1",
            "irb.10",
            "ge-0/0/0-99999999999",
        ] {
            assert_eq!(list(odd), [odd]);
        }
        assert!(list("ge-0-4000/0-4000/0-4000").len() == 1, "a range that nobody has");
    }

    #[test]
    fn a_single_port_wins_over_a_range() {
        let ports =
            json!({"ge-0/0/1": {"usage": "ap"}, "ge-0/0/0-2": {"usage": "default"}, "ge-0/0/2": {"usage": "uplink"}});
        assert_eq!(
            expanded(ports),
            json!({"ge-0/0/0": {"usage": "default"}, "ge-0/0/1": {"usage": "ap"}, "ge-0/0/2": {"usage": "uplink"}})
        );
    }
}
