//! Input that nobody would write on purpose.

use proptest::prelude::*;

use super::*;

fn word() -> impl Strategy<Value = String> {
    let known = "set delete edit up top insert before rename to copy wildcard annotate groups system interfaces ge-0/0/0 unit \
                 0 family inet address 192.0.2.1/24 protocols bgp group neighbor 192.0.2.2 apply-groups policy-options \
                 policy-statement term from then accept host-name { } ; [ ] \" \\ /* */ # inactive: replace: delete: ${node} <*> \
                 name-server static route routing-options next-hop discard";
    let known: Vec<&str> = known.split_whitespace().collect();
    prop_oneof![8 => prop::sample::select(known).prop_map(str::to_owned), 1 => "\\PC{0,4}"]
}

fn words() -> impl Strategy<Value = String> {
    prop::collection::vec(word(), 0..40).prop_map(|words| words.join(" "))
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let line = "system host-name A|interfaces ge-0/0/A description B|interfaces ge-0/0/A unit B family inet address 192.0.2.A/24|\
                interfaces ge-0/0/A disable|policy-options policy-statement B term A then accept|snmp location B|\
                policy-options policy-statement B term A from protocol [ A B ]|system name-server 192.0.2.A|\
                routing-options static route 198.51.100.A/32 next-hop B|routing-options static route 198.51.100.A/32 discard|\
                groups B interfaces <ge-*> mtu 1500|apply-groups B|protocols bgp group B neighbor 192.0.2.A peer-as A|\
                system root-authentication encrypted-password B|firewall family inet filter B term A from source-address 192.0.2.A/32 except";
    let line: Vec<&str> = line.split('|').collect();
    let text = prop_oneof!["[a-z]{1,3}", "\\PC{1,6}"].prop_map(|t| format!("{t:?}"));
    let one = (
        prop::sample::select(line),
        0..5u8,
        text,
        prop::sample::select(vec!["set", "set", "set", "deactivate", "delete"]),
    );
    let one =
        one.prop_map(|(line, a, b, verb)| format!("{verb} {}", line.replace('A', &a.to_string()).replace('B', &b)));
    prop::collection::vec(one, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_store(input in words(), action in prop::sample::select(vec!["merge", "replace", "override", "set"])) {
        let mut device = device();
        let kind = if action == "set" { "set" } else { "text" };
        let content = Element::text_element(format!("configuration-{kind}"), input.clone());
        let request = Element::new("load-configuration").with_attribute("action", action).with_child(content);
        device.store.handle(&who(1), &request).unwrap();
        device.diff(1);
        device.rpc(1, "<commit-configuration/>");
        device.store.command(&who(1), &format!("show configuration {input}"), "text");
        device.store.value(&input);
    }

    #[test]
    fn what_was_loaded_survives_every_format(lines in lines()) {
        let mut tree = text::configuration(SMALL).unwrap();
        for line in lines {
            set::run(&mut tree, &line);
        }
        let printed = print::text(&tree, 0);
        let again = text::configuration(&printed).unwrap_or_else(|fault| panic!("{fault:?} in {printed}"));
        prop_assert_eq!(&printed, &print::text(&again, 0));
        let mut from_set = Node::root();
        prop_assert_eq!(set::run(&mut from_set, &print::set(&tree, &[])), Vec::new());
        prop_assert_eq!(print::set(&from_set, &[]), print::set(&tree, &[]));
        prop_assert_eq!(compare::compare(&tree, &again), "");
    }
}
