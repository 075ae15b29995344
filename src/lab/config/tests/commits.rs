use super::*;

const COMMIT: &str = "<commit-configuration/>";
const CHECK: &str = "<commit-configuration><check/></commit-configuration>";
const CONFIRMED: &str =
    "<commit-configuration><confirmed/><confirm-timeout>10</confirm-timeout><log>try</log></commit-configuration>";

fn two_engines() -> Style {
    Style {
        routing_engines: vec!["re0".into(), "re1".into()],
        ..Style::default()
    }
}

#[test]
fn an_unconfirmed_commit_is_taken_back() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    assert_eq!(device.rpc(1, CONFIRMED), "<ok/>\n");
    device.clock.forward(30);
    let shown = device.store.command(&who(1), "show system commit", "text").unwrap();
    assert!(
        shown.contains(
            "\ncommit confirmed will be rolled back in 10 minutes\n\
             0   2026-05-25 19:42:48 UTC by user1 via netconf commit confirmed, rollback in 10mins\n    try\n"
        ),
        "{shown}"
    );
    let history = device.rpc(1, "<get-commit-information/>");
    assert!(
        history.contains("<commit-confirmed>rollback pending</commit-confirmed>"),
        "{history}"
    );
    assert!(device.store.tick().is_empty());
    device.clock.forward(570);
    assert_eq!(device.store.tick().len(), 1);
    assert!(device.store.tick().is_empty());
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r1"));
    assert!(device.rpc(1, "<get-commit-information/>").contains("<user>root</user>"));
}

#[test]
fn a_commit_or_a_check_confirms() {
    for request in [
        COMMIT,
        CHECK,
        "<commit/>",
        "<validate><source><candidate/></source></validate>",
    ] {
        let mut device = device();
        device.set(1, "set system host-name r2");
        device.rpc(1, CONFIRMED);
        device.rpc(2, request);
        assert_eq!(device.did(Action::Confirm), 1, "{request}");
        device.clock.forward(1000);
        assert!(device.store.tick().is_empty(), "{request}");
        assert_eq!(device.store.value("system host-name").as_deref(), Some("r2"));
    }
}

#[test]
fn a_second_confirmed_commit_keeps_the_first_way_back() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, CONFIRMED);
    device.set(1, "set system host-name r3");
    device.rpc(1, CONFIRMED);
    device.clock.forward(600);
    device.store.tick();
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r1"));
}

#[test]
fn seconds_of_the_rfc_are_rounded_down_to_minutes() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, "<commit><confirmed/><confirm-timeout>59</confirm-timeout></commit>");
    assert!(device.rpc(1, "<get-commit-information/>").contains("rollback in 0mins"));
    assert_eq!(device.store.tick().len(), 1);
}

#[test]
fn cancel_commit_takes_back_at_once() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, CONFIRMED);
    assert_eq!(device.rpc(1, "<cancel-commit/>"), "<ok/>\n");
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r1"));
    assert!(device.rpc(1, "<cancel-commit/>").contains("rpc-error"));
}

#[test]
fn private_copies_refuse_confirmed_commits_unless_the_style_says_otherwise() {
    for allowed in [false, true] {
        let mut device = device_with(
            SMALL,
            Style {
                private_confirmed: allowed,
                ..Style::default()
            },
        );
        device.rpc(1, "<open-configuration><private/></open-configuration>");
        device.set(1, "set system host-name r2");
        let reply = device.rpc(1, CONFIRMED);
        assert_eq!(
            reply.contains("commit confirmed not supported for private configuration"),
            !allowed,
            "{reply}"
        );
    }
}

#[test]
fn replies_per_routing_engine() {
    let mut device = device_with(SMALL, two_engines());
    assert_eq!(
        device.rpc(1, COMMIT),
        "<commit-results>\n<routing-engine junos:style=\"normal\">\n<name>re0</name>\n<commit-check-success/>\n<commit-success/>\n</routing-engine>\n\
         <routing-engine junos:style=\"normal\">\n<name>re1</name>\n<commit-check-success/>\n<commit-success/>\n</routing-engine>\n</commit-results>\n"
    );
    let style = Style {
        routing_engines: vec!["node0".into()],
        unclosed_routing_engine: true,
        ..Style::default()
    };
    let reply = device_with(SMALL, style).rpc(1, CHECK);
    assert_eq!(
        reply,
        "<routing-engine junos:style=\"show-name\">\n<name>node0</name>\n<commit-check-success/>\n<ok/>\n"
    );
}

#[test]
fn a_device_that_keeps_to_the_rfc_drops_warnings() {
    let mut device = device_with(
        SMALL,
        Style {
            rfc_compliant: true,
            ..two_engines()
        },
    );
    assert!(!device.set(1, "delete system domain-name").contains("warning"));
    device.set(1, "set interfaces ae0 unit 0 family inet");
    assert_eq!(device.rpc(1, COMMIT), "<ok/>\n");
    let filter =
        "<get-config><source><running/></source><filter><configuration><vlans/></configuration></filter></get-config>";
    assert_eq!(device.rpc(1, filter), "<data/>\n");
}

#[test]
fn warnings_ride_along_with_success() {
    let mut device = device_with(SMALL, two_engines());
    device.set(1, "set interfaces ae0 unit 0 family inet");
    let reply = device.rpc(1, COMMIT);
    assert!(reply.contains("<error-severity>warning</error-severity>"), "{reply}");
    assert!(reply.contains("<commit-success/>"), "{reply}");
    assert!(device.store.running_set().contains("ae0"));
}

#[test]
fn the_check_finds_what_newcomers_get_wrong() {
    for (lines, words) in [
        ("set system host-name \"r 2\"", "invalid hostname"),
        ("set system login user x uid 2000", "missing mandatory statement"),
        (
            "set interfaces ge-0/0/0 unit 5 vlan-id 5",
            "VLAN-ID can only be specified on tagged ethernet interfaces",
        ),
        (
            "set interfaces ge-0/0/0 unit 0 family inet filter input X",
            "Referenced filter &apos;X&apos; is not defined",
        ),
        (
            "set protocols bgp group g neighbor 192.0.2.9",
            "must define local autonomous system",
        ),
        (
            "set routing-options autonomous-system 64500\nset protocols bgp group g neighbor 192.0.2.9",
            "Error in neighbor 192.0.2.9 of group g:\npeer AS number must be configured",
        ),
        (
            "set protocols ospf export X",
            "Policy error: Policy X referenced but not defined",
        ),
        (
            "set policy-options policy-statement p from prefix-list X",
            "Referenced prefix-list",
        ),
        (
            "set security zones security-zone t interfaces ge-0/0/5.0",
            "Interface ge-0/0/5.0 must be configured under interfaces",
        ),
        (
            "set apply-groups nowhere",
            "configuration group &apos;nowhere&apos; is not defined",
        ),
        (
            "set security zones security-zone a\nset security policies from-zone a to-zone a policy p match source-address X",
            "Address or address_set (X) not found",
        ),
        (
            "set security policies from-zone a to-zone b policy p then permit",
            "Security zone must be defined",
        ),
    ] {
        let mut device = device_with(SMALL, two_engines());
        assert!(device.set(1, lines).contains("<ok/>"), "{lines}");
        for request in [CHECK, COMMIT] {
            let reply = device.rpc(1, request);
            assert!(reply.contains(words), "{lines}: {reply}");
            assert!(reply.contains("configuration check-out failed"), "{lines}: {reply}");
            assert!(!reply.contains("success"), "{lines}: {reply}");
        }
        assert_eq!(device.did(Action::Commit), 0);
        assert!(device.store.running_set().contains("host-name r1"));
    }
}

#[test]
fn the_archive_keeps_fifty() {
    let mut device = device();
    for number in 0..60 {
        device.set(1, &format!("set system host-name h{number}"));
        device.rpc(1, COMMIT);
    }
    let reply = device.rpc(1, "<load-configuration compare=\"rollback\" rollback=\"49\"/>");
    assert!(reply.contains("<ok/>"), "{reply}");
    assert!(device.store.candidate_set().contains("host-name h10"));
    assert!(
        device
            .rpc(1, "<load-configuration rollback=\"50\"/>")
            .contains("rpc-error")
    );
    device.rpc(1, "<load-configuration rollback=\"0\"/>");
    assert_eq!(device.store.candidate_set(), device.store.running_set());
    let other = device.rpc(
        1,
        "<get-rollback-information><rollback>1</rollback><compare>0</compare></get-rollback-information>",
    );
    assert!(other.contains("-  host-name h58;\n+  host-name h59;"), "{other}");
}

#[test]
fn the_rescue_configuration() {
    let mut device = device();
    assert!(device.rpc(1, "<get-rescue-information/>").contains("rpc-error"));
    assert_eq!(device.rpc(1, "<request-save-rescue-configuration/>"), "<ok/>\n");
    device.set(1, "set system host-name r2");
    device.rpc(1, COMMIT);
    assert!(
        device
            .rpc(
                1,
                "<get-rescue-information><format>text</format></get-rescue-information>"
            )
            .contains("host-name r1;")
    );
    device.rpc(1, "<load-configuration rescue=\"rescue\"/>");
    assert!(device.diff(1).contains("+  host-name r1;"));
}

#[test]
fn an_empty_commit_succeeds() {
    let mut device = device();
    assert_eq!(device.rpc(1, COMMIT), "<ok/>\n");
    assert!(
        device
            .rpc(
                1,
                "<commit-configuration><at-time>23:00</at-time></commit-configuration>"
            )
            .contains("not supported")
    );
}

#[test]
fn what_happened_is_on_record() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, "<commit-configuration><log>change 42</log></commit-configuration>");
    let last = device.store.log().last().unwrap();
    assert_eq!(
        (last.action, last.session, last.user.as_str()),
        (Action::Commit, 1, "user1")
    );
    assert_eq!(last.detail, "shared, change 42");
    let history = device.rpc(1, "<get-commit-information/>");
    assert!(
        history.contains("<log>change 42</log>") && history.contains("<client>netconf</client>"),
        "{history}"
    );
    assert!(
        device
            .rpc(1, "<get-commit-revision-information/>")
            .contains("<revision>re0-1779738168-2</revision>")
    );
}
