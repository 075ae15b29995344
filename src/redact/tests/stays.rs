//! What looks like a secret and is none.

use super::*;

#[test]
fn words_about_secrets_stay() {
    for line in [
        "Failed password for root from 198.51.100.9 port 50122 ssh2",
        "Accepted password for lab from 198.51.100.50 port 50122 ssh2",
        "authentication-order [ radius password ];",
        "set system authentication-order [ password radius ]",
        "set system login password minimum-length 10",
        "login {\n    password {\n        minimum-length 10;\n        format sha512;\n    }\n}",
        "set system services ssh root-login deny-password",
        "description \"the secret of success is the key\";",
        "set interfaces ge-0/0/0 description \"secret community password\"",
        "set system login user secret class super-user",
        "policy-options {\n    policy-statement snmp {\n        term a {\n            then {\n                community add CUSTOMER;\n            }\n        }\n    }\n}",
        "set policy-options policy-statement snmp term a then community add CUSTOMER",
        "set policy-options community CUSTOMER members 64500:1",
        "set policy-options policy-statement P term a from community [ A B ]",
        "set routing-options static route 192.0.2.0/24 community 64500:1",
        "set protocols bgp group G authentication-key-chain CHAIN",
        "set security authentication-key-chains key-chain CHAIN key 0 start-time 2026-1-1",
        "set system ntp authentication-key 5 type md5",
        "set system ntp trusted-key 5",
        "set forwarding-options dhcp-relay relay-option equals hexadecimal 0102",
        "set security ssh-known-hosts host 192.0.2.1 rsa-key AAAAEXAMPLE",
        "set system login user lab authentication ssh-rsa \"ssh-rsa AAAAEXAMPLE lab@example.net\"",
        "set security macsec connectivity-association ca pre-shared-key ckn abcd",
        "set security ike proposal P authentication-method pre-shared-keys",
        "ssh-rsa \"ssh-rsa AAAAEXAMPLE\"; ## SECRET-DATA",
        "    Packets: 48211, Bad versions: 0, Bad community names: 0,\n    Bad community uses: 0, ASN parse errors: 0",
        "                Communities: 64500:1 target:64500:200",
        "   Authentication method: Pre-shared-keys",
        "Public key algorithm: rsaEncryption(2048 bits)",
        "error: authentication-key must be configured",
        "encrypted-password /* SECRET-DATA */; ## SECRET-DATA",
        "permission denied: password or key needed",
        "call again with confirmation_token=c-12345",
        "the confirmation_token: c-12345",
    ] {
        stays(line);
    }
}

#[test]
fn a_route_keeps_its_communities_in_every_format() {
    let mut route = serde_json::json!({"route-information": {"rt": [{"communities": {"community": ["64500:1", "64500:2"]}, "key": "x"}]}});
    let before = route.clone();
    value(&mut route);
    assert_eq!(route, before);
    stays(&before.to_string());
    stays(r#"{"policy-options":{"policy-statement":[{"name":"snmp","from":{"community":["CUSTOMER"]}}]}}"#);
}

#[test]
fn a_long_text_without_secrets_is_not_copied() {
    let line = "ge-0/0/0.0  up  up  inet 192.0.2.1/24 community {value} key $5\n";
    let long = line.repeat(2000);
    assert!(matches!(text(&long), Cow::Borrowed(_)));
}
