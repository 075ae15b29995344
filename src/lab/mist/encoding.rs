//! Percent-encoding of paths and queries, and dates of HTTP headers.

use std::{fmt::Write as _, time::SystemTime};

use crate::lab::clock;

/// The text behind percent escapes; broken escapes stay as they are.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let escaped = (byte == b'%').then(|| hex(rest.clone())).flatten();
        if escaped.is_some() {
            rest.next();
            rest.next();
        }
        bytes.push(escaped.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(mut rest: impl Iterator<Item = u8>) -> Option<u8> {
    let mut digit = || char::from(rest.next()?).to_digit(16);
    let (high, low) = (digit()?, digit()?);
    u8::try_from(high * 16 + low).ok()
}

/// The text as it may stand in a query.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The pairs of a query, decoded, in order.
pub(super) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(&key.replace('+', " ")), decode(&value.replace('+', " ")))
        })
        .collect()
}

/// A date as HTTP headers have it: `Fri, 02 Jan 2026 03:04:05 GMT`.
pub(super) fn http_date(moment: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let seconds = moment
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let stamp = clock::stamp(moment);
    let mut parts = stamp.split(['-', ' ']);
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month: usize = month.and_then(|month| month.parse().ok()).unwrap_or(1);
    let weekday = usize::try_from(seconds / 86_400 % 7).unwrap_or(0);
    format!(
        "{}, {} {} {} {} GMT",
        DAYS.get(weekday).unwrap_or(&"Thu"),
        day.unwrap_or("01"),
        MONTHS.get(month.saturating_sub(1)).unwrap_or(&"Jan"),
        year.unwrap_or("1970"),
        parts.next().unwrap_or("00:00:00"),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn escapes_come_back() {
        assert_eq!(decode(&encode("a b/é*&=")), "a b/é*&=");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(pairs("a=1&b=x+y&&c"), [("a", "1"), ("b", "x y"), ("c", "")].map(own));
    }

    fn own(pair: (&str, &str)) -> (String, String) {
        (pair.0.to_owned(), pair.1.to_owned())
    }

    #[test]
    fn dates_are_those_of_http() {
        let at = |seconds| http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(1_767_323_045), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(at(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
