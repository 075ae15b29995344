//! Secrets in configuration of every format.

use serde_json::json;

use super::*;

/// Secrets in many places, and what looks like them.
const CONFIG: &str = r#"
groups {
    SNMP {
        snmp {
            community in-Group {
                authorization read-only;
            }
        }
    }
}
system {
    root-authentication {
        encrypted-password "$6$EXAMPLEexample"; ## SECRET-DATA
        ssh-ed25519 "ssh-ed25519 AAAAEXAMPLE lab@example.net"; ## SECRET-DATA
    }
    radius-server {
        192.0.2.60 {
            secret plain-One; ## SECRET-DATA
        }
    }
    archival {
        configuration {
            archive-sites {
                "scp://backup:pl-Two@198.51.100.5/configs" password "pl Three"; ## SECRET-DATA
            }
        }
    }
    ntp {
        authentication-key 5 type md5 value "pl-Four"; ## SECRET-DATA
    }
}
snmp {
    community pl-Five {
        clients {
            192.0.2.0/24;
        }
    }
    inactive: community pl-Six;
    trap-group pl-Seven {
        targets {
            192.0.2.70;
        }
    }
    v3 {
        usm {
            local-engine {
                user poller {
                    authentication-sha {
                        authentication-key "pl-Eight"; ## SECRET-DATA
                    }
                }
            }
        }
        snmp-community index1 {
            community-name pl-Nine;
        }
    }
}
security {
    ike {
        policy BRANCH {
            pre-shared-key hexadecimal c0ffee99;
        }
    }
    macsec {
        connectivity-association ca1 {
            pre-shared-key {
                ckn abcd1234;
                cak pl1Ten;
            }
        }
    }
    authentication-key-chains {
        key-chain BGP {
            key 0 {
                secret pl-Eleven;
                start-time "2026-1-1.00:00";
            }
        }
    }
}
protocols {
    ospf {
        area 0.0.0.0 {
            interface ae0.0 {
                authentication {
                    md5 1 key pl-Twelve;
                    md5 2 {
                        key pl-Thirteen;
                    }
                }
            }
        }
    }
}
"#;

#[test]
fn curly_braces_are_followed() {
    let covered = covered(CONFIG);
    for secret in [
        "in-Group",
        "EXAMPLEexample",
        "plain-One",
        "pl-Two",
        "pl Three",
        "pl-Four",
        "pl-Five",
        "pl-Six",
        "pl-Seven",
        "pl-Eight",
        "pl-Nine",
        "c0ffee99",
        "pl1Ten",
        "pl-Eleven",
        "pl-Twelve",
        "pl-Thirteen",
    ] {
        assert!(!covered.contains(secret), "{secret} in {covered}");
    }
    for plain in [
        "AAAAEXAMPLE lab@",
        "ckn abcd1234;",
        "key-chain BGP {",
        "key 0 {",
        "authentication-key 5 type md5",
        "md5 1 key",
        "user poller {",
    ] {
        assert!(covered.contains(plain), "{plain} in {covered}");
    }
    assert_eq!(covered.lines().count(), CONFIG.lines().count());
    assert!(
        covered
            .contains("scp://backup:***redacted***@198.51.100.5/configs\" password \"***redacted***\"; ## SECRET-DATA")
    );
}

#[test]
fn set_lines_hold_their_path() {
    let lines = [
        ("set snmp community aB3 authorization read-only", "aB3"),
        ("set logical-systems LS1 snmp community aB3 clients 192.0.2.0/24", "aB3"),
        ("delete snmp trap-group aB3", "aB3"),
        ("rename snmp community aB3 to community x", "aB3"),
        (
            "set groups G snmp v3 usm local-engine user u privacy-aes128 privacy-password \"a B3\"",
            "a B3",
        ),
        (
            "set system login user x authentication plain-text-password-value aB3",
            "aB3",
        ),
        ("set system root-authentication encrypted-password aB3", "aB3"),
        ("set access profile P client c chap-secret aB3", "aB3"),
        (
            "set access profile P radius-server 192.0.2.1 secret aB3 timeout 3",
            "aB3",
        ),
        ("set interfaces pp0 unit 0 ppp-options pap local-password aB3", "aB3"),
        ("set protocols isis interface ae0.0 hello-authentication-key aB3", "aB3"),
        (
            "set protocols bgp group G neighbor 192.0.2.1 authentication-key aB3",
            "aB3",
        ),
        (
            "set protocols ospf area 0 interface ae0.0 authentication md5 1 key aB3",
            "aB3",
        ),
        (
            "set protocols ospf area 0 interface ae0.0 authentication simple-password aB3",
            "aB3",
        ),
        ("set system ntp authentication-key 5 value aB3", "aB3"),
        ("set security ike policy P pre-shared-key ascii-text aB3", "aB3"),
        (
            "set security ipsec security-association s manual direction inbound authentication key ascii-text aB3",
            "aB3",
        ),
        ("set system services outbound-ssh client c secret aB3", "aB3"),
        ("set system master-password aB3", "aB3"),
        (
            "set wlan access-point a radio 1 virtual-access-point 0 security wpa-personal key aB3",
            "aB3",
        ),
        ("lab@mx# set community aB3 authorization read-only", "aB3"),
        ("show snmp community aB3", "aB3"),
        (
            "request security pki local-certificate enroll challenge-password aB3 ca-profile x",
            "aB3",
        ),
    ];
    for (line, secret) in lines {
        assert_eq!(covered(line), line.replace(secret, PLACEHOLDER), "{line}");
    }
}

#[test]
fn differences_say_where_they_are() {
    let diff = "[edit snmp]\n+   community new-One {\n+       authorization read-only;\n+   }\n-   community old-One;\n\
         [edit snmp community third-One]\n+    clients {\n+        192.0.2.0/24;\n+    }\n[edit policy-options]\n\
         +   community CUSTOMER members 64500:1;\n[edit policy-options policy-statement P term a from]\n+    community CUSTOMER;\n\
         [edit system root-authentication]\n!    encrypted-password \"$6$oldEXAMPLE\"; ## SECRET-DATA\n";
    let covered = covered(diff);
    let expected = ["new-One", "old-One", "third-One", "$6$oldEXAMPLE"]
        .iter()
        .fold(diff.to_owned(), |text, secret| text.replace(secret, PLACEHOLDER));
    assert_eq!(covered, expected);
}

#[test]
fn fragments_are_known_by_what_is_in_them() {
    let snmp = "community pl-One {\n    authorization read-only;\n}\ncommunity pl-Two;\ntrap-group pl-Three {\n    version v2;\n}\n";
    assert!(!covered(snmp).contains("pl-"));
    stays(
        "community CUSTOMER {\n    invert-match;\n    members 64500:1;\n}\ncommunity OTHER members [ 64500:1 64500:2 ];\n",
    );
    stays("from {\n    community CUSTOMER;\n}\nthen {\n    community add CUSTOMER;\n    accept;\n}\n");
    // A pipe has left out what is between.
    let matched = "    community pl-One {\n                community add CUSTOMER;\n            from community CUSTOMER;\n    \
         community CUSTOMER members 64500:100;\n";
    assert_eq!(covered(matched), matched.replace("pl-One", PLACEHOLDER));
    let known = "community CUSTOMER;\ncommunity X {\n}\n";
    assert_eq!(text_at("policy-options policy-statement P term T from", known), known);
    assert_eq!(
        text_at("snmp", known),
        known.replace("CUSTOMER", PLACEHOLDER).replace('X', PLACEHOLDER)
    );
    assert_eq!(
        text_at("snmp", "set community X view all"),
        "set community ***redacted*** view all"
    );
}

#[test]
fn inherited_statements_say_so_above() {
    let config = "snmp {\n    ##\n    ## 'pl-One' was inherited from group 'G'\n    ##\n    community pl-One {\n        ##\n        \
         ## 'read-only' was inherited from group 'G'\n        ##\n        authorization read-only;\n    }\n}\n";
    assert_eq!(covered(config), config.replace("pl-One", PLACEHOLDER));
}

#[test]
fn elements_are_known_by_name_and_place() {
    let pretty = "<rpc-reply xmlns:junos=\"http://example.net/junos\">\n<configuration junos:commit-user=\"lab\">\n  <snmp>\n    <community>\n      \
         <name>pl-One</name>\n      <authorization>read-only</authorization>\n    </community>\n  </snmp>\n  <policy-options>\n    \
         <community><name>CUSTOMER</name><members>64500:1</members></community>\n    <policy-statement><name>P</name><from>\
         <community>CUSTOMER</community></from><then><community><add/><community-name>CUSTOMER</community-name></community></then>\
         </policy-statement>\n  </policy-options>\n  <system><ntp><authentication-key><name>5</name><type>md5</type><value>pl-Two</value>\
         </authentication-key></ntp><root-authentication><nc:encrypted-password>pl&amp;Three</nc:encrypted-password>\
         <ssh-rsa><name>ssh-rsa AAAA x</name></ssh-rsa></root-authentication></system>\n<protocols><ospf><md5><name>1</name><key>pl-Four</key></md5>\
         </ospf></protocols><security><secret><![CDATA[pl-Five]]></secret></security></configuration>\n</rpc-reply>\n";
    let expected = ["pl-One", "pl-Two", "pl&amp;Three", "pl-Four", "pl-Five"]
        .iter()
        .fold(pretty.to_owned(), |text, secret| text.replace(secret, PLACEHOLDER));
    assert_eq!(covered(pretty), expected);
    assert_eq!(
        covered("<community><name>x1y2</name></community>"),
        "<community><name>***redacted***</name></community>"
    );
    stays("<communities><community>64500:1</community></communities>");
    stays("<community><name>x1y2</name><members>64500:1</members></community>");
    assert_eq!(covered("<a><secret>cut-Off"), "<a><secret>***redacted***");
}

#[test]
fn text_in_elements_is_text() {
    let reply = "<configuration-information><configuration-output>\nsnmp {\n    community pl-One {\n        authorization read-only;\n    }\n}\n\
         system {\n    radius-server {\n        192.0.2.1 secret &quot;pl-Two&quot;; ## SECRET-DATA\n    }\n}\n</configuration-output></configuration-information>";
    assert_eq!(
        covered(reply),
        reply.replace("pl-One", PLACEHOLDER).replace("pl-Two", PLACEHOLDER)
    );
    let lines = "<configuration-set>\nset snmp community pl-One\nset system host-name x\n</configuration-set>";
    assert_eq!(covered(lines), lines.replace("pl-One", PLACEHOLDER));
}

#[test]
fn json_is_known_by_name_and_place() {
    let json = r#"{
    "configuration" : {
        "snmp" : { "community" : [ { "name" : "pl-One", "authorization" : "read-only" } ] },
        "policy-options" : { "community" : [ { "name" : "CUSTOMER", "members" : ["64500:1"] } ] },
        "system" : { "radius-server" : [ { "name" : "192.0.2.1", "secret" : "pl\"Two" } ],
            "ntp" : { "authentication-key" : [ { "name" : 5, "type" : "md5", "value" : "pl-Three" } ] } },
        "protocols" : { "ospf" : { "md5" : [ { "name" : 1, "key" : "pl-Four" } ] } },
        "interfaces" : { "description" : "the secret of success" }
    }
}"#;
    let expected = ["pl-One", "pl\\\"Two", "pl-Three", "pl-Four"]
        .iter()
        .fold(json.to_owned(), |text, secret| text.replace(secret, PLACEHOLDER));
    assert_eq!(covered(json), expected);
    let mut parsed: Value = serde_json::from_str(json).unwrap();
    value(&mut parsed);
    assert_eq!(parsed, serde_json::from_str::<Value>(&expected).unwrap());
    let within = json!({ "config": "set snmp community pl-One\nset system root-authentication encrypted-password \"pl Two\"\n" }).to_string();
    assert_eq!(
        covered(&within),
        within.replace("pl-One", PLACEHOLDER).replace("pl Two", PLACEHOLDER)
    );
    // Both names that Junos repeats, and an end that is missing.
    let broken = r#"{"snmp": {"community": [{"name": "pl-One"}], "community": [{"name": "pl-Two", "view""#;
    assert_eq!(
        covered(broken),
        broken.replace("pl-One", PLACEHOLDER).replace("pl-Two", PLACEHOLDER)
    );
}

#[test]
fn values_know_what_was_asked_for() {
    let mut answer = json!({"router_name": "mx", "path": "snmp", "config": "community pl-One;\n"});
    value(&mut answer);
    assert_eq!(answer["config"], "community ***redacted***;\n");
    let mut rows = json!({"results": [
        {"command": "show conf snm | match comm", "output": "community pl-One {\n"},
        {"command": "show configuration policy-options policy-statement P from", "output": "community CUSTOMER;\n"},
    ]});
    value(&mut rows);
    assert_eq!(rows["results"][0]["output"], "community ***redacted*** {\n");
    assert_eq!(rows["results"][1]["output"], "community CUSTOMER;\n");
}

#[test]
fn attributes_of_the_cloud_are_known_by_name() {
    let mut answer = json!({
        "ssid": "corp", "psk_id": "k1", "auth": {"psk": "pl-One", "type": "psk", "keys": ["pl-Two"]}, "next": "abc", "own_psk": 3,
        "ospf": {"auth_keys": {"1": "pl-Three"}}, "radius": [{"host": "192.0.2.1", "secret": "pl-Four"}], "confirmation_token": "c-1",
        "snmp_config": {"trap_groups": [{"group_name": "pl-Five"}], "v2c_config": [{"community_name": "pl-Six", "view": "all"}]},
        "properties": {"password": {"type": "string", "description": "the password"}}, "required": ["password"], "tokens": 1,
        "additional_config_cmds": ["set snmp community pl-Seven"], "by": {"passphrase": {"pl-Eight": 2}}, "passphrase": 12345678
    });
    cloud_value(&mut answer);
    let written = answer.to_string();
    assert!(!written.contains("pl-") && !written.contains("12345678"), "{written}");
    for plain in [
        r#""psk_id":"k1""#,
        r#""type":"psk""#,
        r#""next":"abc""#,
        r#""own_psk":3"#,
        "the password",
        r#"["password"]"#,
        "c-1",
    ] {
        assert!(written.contains(plain), "{plain} in {written}");
    }
}
