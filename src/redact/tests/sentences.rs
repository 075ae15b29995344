//! Secrets in errors, log lines and other text, and those known by their shape.

use super::*;

#[test]
fn shapes_are_found_anywhere() {
    for (line, secret) in [
        ("the value $9$EXAMPLE/ex.am-ple is old", "$9$EXAMPLE/ex.am-ple"),
        ("hash=$6$saltEXAMPLE$digest/Example.", "$6$saltEXAMPLE$digest/Example."),
        (
            "x $8$aes256-gcm$hmac-sha2-256$100$EXAMPLE$a+b= y",
            "$8$aes256-gcm$hmac-sha2-256$100$EXAMPLE$a+b=",
        ),
        ("<a>&quot;$sha1$1$2$EXAMPLE&quot;</a>", "$sha1$1$2$EXAMPLE"),
        ("copied to scp://u:p4ss@192.0.2.1/x", "p4ss"),
        ("copied to https://u:p4/s@s@192.0.2.1/x", "p4/s@s"),
        ("Authorization: Token abcd1234", "abcd1234"),
    ] {
        assert_eq!(covered(line), line.replace(secret, PLACEHOLDER));
    }
    stays("https://192.0.2.1:8080/mail@example.net and ssh://u@h:22/x and $1 costs $5$");
}

#[test]
fn private_keys_are_covered_to_their_end() {
    let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEXAMPLE\nEXAMPLE==\n-----END RSA PRIVATE KEY-----";
    let expected = "-----BEGIN RSA PRIVATE KEY-----***redacted***-----END RSA PRIVATE KEY-----";
    assert_eq!(covered(key), expected);
    let json = serde_json::json!({ "key": format!("x {key} y") }).to_string();
    assert_eq!(covered(&json), format!("{{\"key\":\"x {expected} y\"}}"));
    assert_eq!(
        covered("-----BEGIN PRIVATE KEY-----\nMIIEXAMPLE\nEXA"),
        "-----BEGIN PRIVATE KEY-----***redacted***"
    );
    stays("-----BEGIN CERTIFICATE-----\nMIIEXAMPLE\n-----END CERTIFICATE-----\n");
}

#[test]
fn errors_quote_statements() {
    for (line, secret) in [
        ("syntax error near 'set snmp community aB3'", "aB3"),
        (
            "line 3: unknown statement `set system radius-server 192.0.2.1 secret aB3` in the text",
            "aB3",
        ),
        ("error: [edit snmp community aB3 clients] is not valid", "aB3"),
        (
            "UI_CFG_AUDIT_SET: User 'lab' set: [snmp community aB3 authorization] <unconfigured> -> \"read-only\"",
            "aB3",
        ),
        (
            "UI_CMDLINE_READ_LINE: User 'lab', command 'set access radius-server 192.0.2.1 secret aB3 '",
            "aB3",
        ),
        ("statement 'authentication-key aB3' is not allowed", "aB3"),
        ("invalid password \"a B3\" for the user", "a B3"),
        (
            "SNMPD_AUTH_FAILURE: unauthorized SNMP community from 192.0.2.1 to unknown community name (aB3)",
            "aB3",
        ),
        ("bad element <secret>aB3</secret> here", "aB3"),
        ("the body was {\"psk\": \"a B3\", \"ssid\": \"corp\"}", "a B3"),
        (
            "Change { text: \"set snmp community aB3\\nset system host-name \\\"x\\\"\", n: 1 }",
            "aB3",
        ),
        ("login with password=aB3 and user=lab", "aB3"),
        ("radius_secret: aB3", "aB3"),
        ("commit comment: delete snmp community aB3 as asked", "aB3"),
        (
            "INFO jmcp: the device said: system radius-server 192.0.2.1 secret aB3",
            "aB3",
        ),
        ("[edit snmp] community aB3 bad", "aB3"),
    ] {
        assert_eq!(covered(line), line.replace(secret, PLACEHOLDER), "{line}");
    }
}
