//! Configuration made at random, with a secret at each place where Junos has one, printed in every form: no secret survives, and
//! everything else does.

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;

/// Blocks from the top, with their keys, and the statement. `*` is the secret, `#` a name, `%` a word for people.
const SECRET: &[&str] = &[
    "system | root-authentication | encrypted-password *",
    "system | login | user # | authentication | encrypted-password *",
    "system | login | user # | authentication | plain-text-password-value *",
    "system | diag-port-authentication | encrypted-password *",
    "system | radius-server # | secret *",
    "system | radius-server # | preauthentication-secret *",
    "system | tacplus-server # | secret *",
    "system | accounting | destination | radius | server # | secret *",
    "system | ntp | authentication-key 5 | value *",
    "system | archival | configuration | archive-sites # | password *",
    "system | services | outbound-ssh | client # | secret *",
    "system | services | dhcp-local-server | authentication | password *",
    "system | license | autoupdate | url # | password *",
    "system | proxy | password *",
    "snmp | community * | authorization read-only",
    "snmp | community * | view #",
    "snmp | trap-group * | version v2",
    "snmp | rmon | event 1 | community *",
    "snmp | v3 | usm | local-engine | user # | authentication-sha | authentication-key *",
    "snmp | v3 | usm | local-engine | user # | authentication-md5 | authentication-password *",
    "snmp | v3 | usm | remote-engine # | user # | privacy-aes128 | privacy-key *",
    "snmp | v3 | usm | local-engine | user # | privacy-3des | privacy-password *",
    "snmp | v3 | snmp-community i1x | community-name *",
    "snmp | proxy # | version-v2c | snmp-community *",
    "groups # | snmp | community * | authorization read-write",
    "logical-systems # | snmp | trap-group * | version v2",
    "security | ike | policy # | pre-shared-key | ascii-text *",
    "security | ike | policy # | pre-shared-key | hexadecimal *",
    "security | ike | policy # | seeded-pre-shared-key | ascii-text *",
    "security | ipsec | security-association # | manual | direction inbound | authentication | key | ascii-text *",
    "security | ipsec | vpn # | manual | encryption | key | hexadecimal *",
    "security | macsec | connectivity-association # | pre-shared-key | cak *",
    "security | macsec | connectivity-association # | fallback-key | cak *",
    "security | authentication-key-chains | key-chain # | key 0 | secret *",
    "security | pki | auto-re-enrollment | certificate-id # | challenge-password *",
    "services | user-identification | identity-management | connection | primary | client-secret *",
    "services | security-intelligence | authentication | auth-token *",
    "access | profile # | radius-server # | secret *",
    "access | profile # | client # | chap-secret *",
    "access | profile # | client # | pap-password *",
    "access | radius-disconnect # | secret *",
    "access | tunnel-profile # | tunnel # | secret *",
    "access | ldap-options | search | admin-search | password *",
    "interfaces pp0 | unit 0 | ppp-options | chap | default-chap-secret *",
    "interfaces pp0 | unit 0 | ppp-options | pap | local-password *",
    "interfaces ge-0/0/0 | unit 0 | family inet | address 192.0.2.1/24 | vrrp-group 1 | authentication-key *",
    "interfaces cl-1/0/0 | cellular-options | profile # | sip-password *",
    "protocols | bgp | group # | authentication-key *",
    "protocols | bgp | group # | neighbor # | authentication-key *",
    "protocols | ospf | area 0.0.0.0 | interface # | authentication | md5 1 | key *",
    "protocols | ospf | area 0.0.0.0 | interface # | authentication | simple-password *",
    "protocols | isis | level 1 | authentication-key *",
    "protocols | isis | interface # | level 1 | hello-authentication-key *",
    "protocols | ldp | session # | authentication-key *",
    "protocols | rsvp | interface # | authentication-key *",
    "protocols | rip | authentication-key *",
    "protocols | msdp | peer # | authentication-key *",
    "protocols | dot1x | authenticator | mac-radius | password *",
    "routing-instances # | protocols | bgp | group # | authentication-key *",
    "wlan | access-point # | wpa-personal | key *",
];

const PLAIN: &[&str] = &[
    "policy-options | community # | members 64500:1",
    "policy-options | policy-statement snmp | term # | from | community #",
    "policy-options | policy-statement # | term secret | then | local-preference 100",
    "routing-options | static | route 192.0.2.0/24 | community 64500:100",
    "system | authentication-order password",
    "system | login | password | minimum-length 10",
    "system | login | user # | class super-user",
    "system | login | message %",
    "system | services | ssh | root-login deny-password",
    "system | ntp | trusted-key 5",
    "system | ntp | authentication-key 5 | type md5",
    "security | macsec | connectivity-association # | pre-shared-key | ckn abcd1234",
    "security | ike | proposal # | authentication-method pre-shared-keys",
    "security | authentication-key-chains | key-chain # | key 0 | start-time 2026-1-1.00:00",
    "security | ssh-known-hosts | host # | rsa-key AAAAEXAMPLE",
    "protocols | bgp | group # | authentication-key-chain #",
    "protocols | bgp | group # | authentication-algorithm md5",
    "interfaces # | description %",
    "snmp | location %",
    "snmp | view # | oid 1.3.6.1",
    "forwarding-options | dhcp-relay | relay-option | equals | hexadecimal 0102",
    "vlans # | vlan-id 5",
];

#[derive(Debug, Clone)]
struct Statement {
    /// Keyword and key, from the top.
    blocks: Vec<(String, Option<String>)>,
    leaf: (String, String),
    secret: Option<String>,
}

fn statement(template: &str, secret: Option<String>, name: &str, words: &str) -> Statement {
    let fill = |word: &str| match word {
        "*" => secret.clone().unwrap(),
        "#" => name.to_owned(),
        "%" => words.to_owned(),
        other => other.to_owned(),
    };
    let part = |part: &str| match part.split_once(' ') {
        Some((keyword, key)) => (keyword.to_owned(), Some(fill(key))),
        None => (part.to_owned(), None),
    };
    let mut blocks: Vec<_> = template.split(" | ").map(part).collect();
    let (keyword, value) = blocks.pop().unwrap();
    Statement {
        blocks,
        leaf: (keyword, value.unwrap()),
        secret,
    }
}

/// As Junos writes a word.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/:+*!@%^~=-".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn entities(text: &str) -> String {
    xml(text).replace('"', "&quot;")
}

fn json_string(text: &str) -> String {
    let written = Value::from(text).to_string();
    written.get(1..written.len() - 1).unwrap().to_owned()
}

fn block((keyword, key): &(String, Option<String>)) -> String {
    key.as_ref()
        .map_or_else(|| keyword.clone(), |key| format!("{keyword} {}", word(key)))
}

impl Statement {
    fn set(&self) -> String {
        let blocks: Vec<String> = self.blocks.iter().map(block).collect();
        format!("set {} {} {}", blocks.join(" "), self.leaf.0, word(&self.leaf.1))
    }

    /// In braces, without the first blocks, each line with this mark.
    fn curly(&self, from: usize, mark: &str) -> String {
        let mut out = String::new();
        let indent = |depth: usize| format!("{mark}{}", "    ".repeat(depth));
        for (depth, opened) in self.blocks[from..].iter().enumerate() {
            out.push_str(&format!("{}{} {{\n", indent(depth), block(opened)));
        }
        let depth = self.blocks.len() - from;
        out.push_str(&format!("{}{} {};\n", indent(depth), self.leaf.0, word(&self.leaf.1)));
        for depth in (0..depth).rev() {
            out.push_str(&format!("{}}}\n", indent(depth)));
        }
        out
    }

    fn diff(&self) -> String {
        let place: Vec<String> = self.blocks[..1].iter().map(block).collect();
        format!("[edit {}]\n{}", place.join(" "), self.curly(1, "+   "))
    }

    fn heading(&self) -> String {
        let place: Vec<String> = self.blocks.iter().map(block).collect();
        format!(
            "[edit {}]\n-   {} {};\n",
            place.join(" "),
            self.leaf.0,
            word(&self.leaf.1)
        )
    }

    fn xml(&self, blank: &str, prefix: &str) -> String {
        let mut out = String::new();
        for (keyword, key) in &self.blocks {
            out.push_str(&format!("<{prefix}{keyword}>{blank}"));
            if let Some(key) = key {
                out.push_str(&format!("<{prefix}name>{}</{prefix}name>{blank}", xml(key)));
            }
        }
        out.push_str(&format!(
            "<{prefix}{0}>{1}</{prefix}{0}>{blank}",
            self.leaf.0,
            xml(&self.leaf.1)
        ));
        for (keyword, _) in self.blocks.iter().rev() {
            out.push_str(&format!("</{prefix}{keyword}>{blank}"));
        }
        out
    }

    fn json(&self) -> Value {
        let mut value = json!({ self.leaf.0.clone(): self.leaf.1 });
        for (keyword, key) in self.blocks.iter().rev() {
            value = match key {
                Some(key) => {
                    let mut object = Map::new();
                    object.insert("name".into(), key.as_str().into());
                    object.extend(value.as_object().unwrap().clone());
                    json!({ keyword.clone(): [object] })
                }
                None => json!({ keyword.clone(): value }),
            };
        }
        value
    }
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    // Marked, so that no other word is the same by chance.
    let secret = prop_oneof![
        "[A-Za-z0-9]{0,8}".prop_map(|text| format!("Zq7{text}")),
        "[A-Za-z0-9_./:+*!@%^~=-]{0,10}".prop_map(|text| format!("Zq7{text}w")),
        "[ -~]{0,12}".prop_map(|text| format!("Zq7{text}w")),
    ];
    let name = "[a-z][a-z0-9]{0,6}-x";
    let words = prop_oneof![
        Just("to the secret room, password community key".to_owned()),
        Just("it's a {brace; and} \"quote\"".to_owned()),
        "[ -~]{0,20}"
            .prop_map(|text| format!("x {text}"))
            .prop_filter("a shape of its own", |text| text_has_none(text)),
    ];
    let one = (
        any::<prop::sample::Index>(),
        secret,
        name,
        words,
        prop::bool::weighted(0.7),
    );
    let one = one.prop_map(|(index, secret, name, words, is_secret)| {
        if is_secret {
            statement(SECRET[index.index(SECRET.len())], Some(secret), &name, &words)
        } else {
            statement(PLAIN[index.index(PLAIN.len())], None, &name, &words)
        }
    });
    prop::collection::vec(one, 1..6)
}

/// Words for people that happen to say `password=x` are covered, and rightly.
fn text_has_none(words: &str) -> bool {
    matches!(text(words), Cow::Borrowed(_))
}

/// The printed text, with the placeholder where secrets stand in this form.
fn expected(printed: &str, statements: &[Statement], form: impl Fn(&str) -> String) -> String {
    let mut secrets: Vec<String> = statements
        .iter()
        .filter_map(|s| s.secret.as_deref())
        .map(form)
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
        .iter()
        .fold(printed.to_owned(), |text, secret| text.replace(secret, PLACEHOLDER))
}

/// As the secret stands inside the quotes of a word.
fn inner(secret: &str) -> String {
    let word = word(secret);
    word.strip_prefix('"')
        .and_then(|word| word.strip_suffix('"'))
        .map_or_else(|| word.clone(), str::to_owned)
}

fn check(printed: &str, statements: &[Statement], form: impl Fn(&str) -> String) {
    let once = text(printed).into_owned();
    assert_eq!(once, expected(printed, statements, form), "{printed}");
    assert_eq!(text(&once), once);
}

fn all(statements: &[Statement], print: impl Fn(&Statement) -> String) -> String {
    statements.iter().map(print).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 20_000 }))]

    #[test]
    fn no_secret_survives_in_words(statements in statements()) {
        let sets = all(&statements, |s| s.set() + "\n");
        let curly = all(&statements, |s| s.curly(0, ""));
        check(&sets, &statements, inner);
        check(&curly, &statements, inner);
        check(&all(&statements, Statement::diff), &statements, inner);
        check(&all(&statements, Statement::heading), &statements, inner);
        // The text of either in an element, in a JSON string, and as a program prints it.
        check(&format!("<output>\n{}</output>", entities(&curly)), &statements, |s| entities(&inner(s)));
        check(&format!("<configuration-set>{}</configuration-set>", xml(&sets)), &statements, |s| xml(&inner(s)));
        check(&json!({ "config_text": curly }).to_string(), &statements, |s| json_string(&inner(s)));
        check(&format!("node0:\n-----\n{curly}\n\n{{master}}\n"), &statements, inner);
    }

    #[test]
    fn no_secret_survives_in_structures(statements in statements()) {
        for (blank, prefix) in [("", ""), ("\n  ", ""), ("\n", "nc:")] {
            let elements = all(&statements, |s| s.xml(blank, prefix));
            check(&format!("<configuration>{blank}{elements}</configuration>"), &statements, xml);
        }
        let tree = Value::Array(statements.iter().map(Statement::json).collect());
        check(&tree.to_string(), &statements, json_string);
        check(&serde_json::to_string_pretty(&json!({ "configuration": tree })).unwrap(), &statements, json_string);
        for cover in [value, cloud_value] {
            let mut covered = tree.clone();
            cover(&mut covered);
            let covered = covered.to_string();
            for secret in statements.iter().filter_map(|s| s.secret.as_deref()) {
                prop_assert!(!covered.contains(&json_string(secret)), "{covered}");
            }
        }
        let mut covered = tree.clone();
        value(&mut covered);
        prop_assert_eq!(covered.to_string(), expected(&tree.to_string(), &statements, json_string));
    }

    #[test]
    fn no_secret_survives_in_a_fragment(statements in statements()) {
        for statement in &statements {
            let place: Vec<String> = statement.blocks.iter().map(|(keyword, key)| match key {
                Some(key) => format!("{keyword} {key}"),
                None => keyword.clone(),
            }).collect();
            for depth in 0..=statement.blocks.len() {
                // The place itself is the caller's, and may hold what is secret.
                let of_fragment = statement.curly(depth, "");
                let covered = text_at(&place[..depth].join(" "), &of_fragment);
                prop_assert_eq!(covered, expected(&of_fragment, std::slice::from_ref(statement), inner));
            }
        }
    }

    #[test]
    fn no_secret_survives_in_a_sentence(statements in statements()) {
        for s in statements.iter().filter(|s| s.secret.as_ref().is_none_or(|s| s.chars().all(char::is_alphanumeric))) {
            let one = std::slice::from_ref(s);
            let set = s.set();
            check(&format!("error: line 3: `{set}` is not allowed"), one, inner);
            check(&format!("User 'lab', command '{set} '"), one, inner);
            check(&format!("blocked by rule x: {set}"), one, inner);
            check(&format!("{:?}", json!({ "text": format!("{set}\n") }).to_string()), one, inner);
        }
    }

    #[test]
    fn nothing_breaks_it(text in "[-a-z0-9 \\n\"'`<>/{}\\[\\];:=|$&\\\\+*]{0,200}", at in 0..20usize) {
        let words = ["snmp community ", "secret ", "<secret>", "\"secret\": ", "[edit snmp]\n", "$9$", "://a:b@", "<![CDATA[", "-----BEGIN PRIVATE KEY-----"];
        let cut = text.char_indices().nth(at * 5).map_or(text.len(), |(at, _)| at);
        let (before, after) = text.split_at(cut);
        let text = format!("{before}{}{after}", words[at % words.len()]);
        let once = super::super::text(&text).into_owned();
        let twice = super::super::text(&once).into_owned();
        prop_assert_eq!(&super::super::text(&twice), &twice);
    }
}
