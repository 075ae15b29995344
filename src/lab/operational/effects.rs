//! What a request changes in a device besides its configuration. The table is data: `replies/effects.txt`.

use serde_json::{Map, Value};

/// Changes the state as the request asks.
pub(super) fn apply(rpc: &str, arguments: &Map<String, Value>, state: &mut Map<String, Value>) {
    if ["status", "check-server"]
        .iter()
        .any(|word| arguments.contains_key(*word))
    {
        return;
    }
    for line in include_str!("../replies/effects.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
    {
        let Some((name, changes)) = line.split_once(" -> ") else {
            continue;
        };
        if name != rpc {
            continue;
        }
        for (name, source) in changes.split_whitespace().filter_map(|change| change.split_once('=')) {
            let word = source.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let value = word.map_or_else(|| state.get(source).cloned().unwrap_or_default(), Value::from);
            state.insert(name.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_downloaded_installed_and_taken_back() {
        let text = |state: &Map<String, Value>, name: &str| state[name].as_str().unwrap().to_owned();
        let hardware = crate::lab::Kind::Srx.hardware();
        let mut state = hardware["state"].as_object().cloned().unwrap();
        let none = Map::new();
        apply("request-idp-security-package-download", &none, &mut state);
        apply("request-idp-security-package-install", &none, &mut state);
        assert_eq!(
            (text(&state, "idp_version"), text(&state, "idp_previous")),
            ("3910".to_owned(), "3796".to_owned())
        );
        apply("request-idp-security-package-rollback", &none, &mut state);
        assert_eq!(text(&state, "idp_version"), "3796");
        apply("request-appid-application-package-uninstall", &none, &mut state);
        assert_eq!(text(&state, "appid_version"), "0");
        let status = Map::from_iter([("status".to_owned(), Value::from(""))]);
        apply("request-idp-security-package-install", &status, &mut state);
        assert_eq!(text(&state, "idp_version"), "3796");
    }
}
