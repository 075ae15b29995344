//! Times as text.

use std::time::{Duration, SystemTime};

/// Time since the epoch in UTC, RFC 3339 with milliseconds.
pub(crate) fn rfc3339(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        since_epoch.subsec_millis()
    )
}

/// A time of the system's clock, as `rfc3339` writes it.
pub(crate) fn of_system(time: SystemTime) -> String {
    rfc3339(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// The time of an RFC 3339 text since the epoch; `None` for other texts, dates that do not exist, and times before 1970.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Duration> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let zone = rest.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = (rest.get(..zone)?, rest.get(zone..)?);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    // A leap second counts as the first second of the next minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second;
    let seconds = u64::try_from(seconds - offset(zone)?).ok()?;
    Some(Duration::new(seconds, nanoseconds(fraction)?))
}

/// Three numbers of these lengths.
fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut next = |length: usize| {
        let part = parts.next()?;
        let is_number = part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| is_number)
    };
    let [a, b, c] = lengths;
    let read = [next(a)?, next(b)?, next(c)?];
    parts.next().is_none().then_some(read)
}

/// Seconds that local time is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hour, minute, _] = numbers(&format!("{}:00", zone.get(1..)?), ':', [2, 2, 2])?;
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3600 + minute * 60))
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{:0<9}", fraction.get(..fraction.len().min(9))?).parse().ok()
}

/// Days since the epoch of a date that exists: the reverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let shifted_year = year - i64::from(month <= 2);
    let shifted_month = (month + 9) % 12;
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + (153 * shifted_month + 2) / 5 + day - 1;
    let days = shifted_year.div_euclid(400) * 146_097 + day_of_era - 719_468;
    let (y, m, d) = civil(u64::try_from(days).ok()?);
    let is_same = [(y, year), (m, month), (d, day)]
        .into_iter()
        .all(|(is, was)| i64::try_from(is) == Ok(was));
    is_same.then_some(days)
}

/// Year, month and day of a day since the epoch (proleptic Gregorian calendar, counted in eras of 400 years from 1 March 0000).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(rfc3339(Duration::ZERO), "1970-01-01T00:00:00.000Z");
        assert_eq!(
            rfc3339(Duration::from_millis(951_782_400_123)),
            "2000-02-29T00:00:00.123Z"
        );
        assert_eq!(rfc3339(Duration::from_secs(1_795_219_199)), "2026-11-20T23:59:59.000Z");
    }
    #[test]
    fn texts_of_times_are_read() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00.123Z", 951_782_400_123),
            ("2026-11-20T23:59:59+00:00", 1_795_219_199_000),
            ("2026-11-21t01:29:59.5+01:30", 1_795_219_199_500),
            ("2026-11-20 18:59:59-05:00", 1_795_219_199_000),
            ("2026-11-20T23:59:60z", 1_795_219_200_000),
            ("2026-11-20T23:59:59.0009999999999Z", 1_795_219_199_000),
        ] {
            let read = parse_rfc3339(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read.as_millis(), milliseconds, "{text}");
        }
        for bad in [
            "",
            "tomorrow",
            "2026-11-20",
            "2026-11-20T23:59:59",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Zulu",
            "26-01-01T00:00:00Z",
            "+026-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00\u{e4}",
        ] {
            assert_eq!(parse_rfc3339(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for day in 0..200_000 {
            let time = Duration::from_millis(day * 86_400_000 + 12_345_678);
            assert_eq!(parse_rfc3339(&rfc3339(time)), Some(time));
        }
    }
}
