use super::*;

fn show(device: &mut Device, command: &str) -> String {
    device.store.command(&who(1), command, "text").unwrap()
}

#[test]
fn show_configuration_in_its_forms() {
    let mut device = device();
    let text = show(&mut device, "show configuration");
    assert!(text.contains("<configuration-information>\n<configuration-output>\n## Last commit: 2026-05-25 19:42:48 UTC by root\nsystem {\n    host-name r1;"), "{text}");
    let part = show(&mut device, "show configuration interfaces ge-0/0/0 unit 0 | no-more");
    assert!(
        part.contains("<configuration-output>\nfamily inet {\n    address 192.0.2.1/24;\n}\n<"),
        "{part}"
    );
    let set = show(&mut device, "show configuration interfaces | display set");
    assert!(set.contains("\nset interfaces ge-0/0/0 description up\nset interfaces ge-0/0/0 unit 0 family inet address 192.0.2.1/24\n"), "{set}");
    let xml = show(&mut device, "show configuration system | display xml");
    assert!(
        xml.starts_with(
            "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" junos:commit-seconds=\"1779738168\""
        ),
        "{xml}"
    );
    assert!(
        xml.contains("<host-name>r1</host-name>") && !xml.contains("interfaces"),
        "{xml}"
    );
    let ignored = show(&mut device, "show configuration system | display json");
    assert!(ignored.contains("host-name r1;"), "json needs its format: {ignored}");
    let json = device
        .store
        .command(&who(1), "show configuration system", "json")
        .unwrap();
    assert!(json.contains("&quot;host-name&quot;: &quot;r1&quot;"), "{json}");
    assert!(show(&mut device, "show configuration nonsense").contains("<bad-element>nonsense</bad-element>"));
    assert_eq!(device.store.command(&who(1), "show version", "text"), None);
    assert_eq!(device.store.command(&who(1), "request system reboot", "text"), None);
}

#[test]
fn comparisons() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    let expected = "<configuration-information>\n<configuration-output>\n[edit system]\n-  host-name r1;\n+  host-name r2;\n</configuration-output>\n</configuration-information>\n";
    assert_eq!(show(&mut device, "show | compare"), expected);
    assert_eq!(device.diff(1), expected);
    device.rpc(1, "<commit-configuration/>");
    assert_eq!(show(&mut device, "show configuration | compare rollback 1"), expected);
    assert_eq!(
        device.diff(1),
        "<configuration-information>\n<configuration-output>\n</configuration-output>\n</configuration-information>\n"
    );
}

#[test]
fn groups_are_applied() {
    let style = Style {
        routing_engines: vec!["node0".into(), "node1".into()],
        ..Style::default()
    };
    let mut device = device_with(SRX, style);
    assert_eq!(
        device.store.value("system host-name").as_deref(),
        Some("srx-lab-1-node0")
    );
    let shown = show(&mut device, "show configuration system | display inheritance");
    assert!(shown.contains("##\n## &apos;srx-lab-1-node0&apos; was inherited from group &apos;node0&apos;\n##\nhost-name srx-lab-1-node0;\n"), "{shown}");
    let set = show(
        &mut device,
        "show configuration | display inheritance no-comments | display set | no-more",
    );
    assert!(set.contains("set system host-name srx-lab-1-node0\n"), "{set}");
    assert!(!set.contains("node1") && !set.contains("groups"), "{set}");
    let mx = device_with(
        MX,
        Style {
            routing_engines: vec!["re0".into(), "re1".into()],
            ..Style::default()
        },
    );
    assert_eq!(mx.store.value("system host-name").as_deref(), Some("mx-lab-1"));
    assert_eq!(mx.store.value("interfaces xe-0/0/0 mtu").as_deref(), Some("9192"));
    assert_eq!(mx.store.value("interfaces ae0 mtu"), None);
    assert!(mx.store.names("interfaces").contains(&"fxp0".to_owned()));
}

#[test]
fn filters_select() {
    let mut device = device_with(MX, Style::default());
    let get = |inner: &str| {
        format!("<get-configuration database=\"committed\"><configuration>{inner}</configuration></get-configuration>")
    };
    let one = device.rpc(1, &get("<system><domain-name/></system>"));
    assert!(
        one.ends_with(
            ">\n    <system>\n        <domain-name>lab.example.net</domain-name>\n    </system>\n</configuration>\n"
        ),
        "{one}"
    );
    let entry = device.rpc(
        1,
        &get("<interfaces><interface><name>lo0</name></interface></interfaces>"),
    );
    assert!(entry.contains("198.51.100.201/32") && !entry.contains("ae0"), "{entry}");
    let names = device.rpc(1, &get("<interfaces><interface><name/></interface></interfaces>"));
    assert!(names.contains("<name>ae0</name>") && !names.contains("unit"), "{names}");
    let text = device.rpc(
        1,
        "<get-configuration format=\"text\"><configuration><snmp/></configuration></get-configuration>",
    );
    assert!(
        text.contains("## Last changed: 2026-05-25 19:42:48 UTC\nsnmp {\n"),
        "{text}"
    );
    let set = device.rpc(1, "<get-configuration format=\"set\" database=\"committed\"/>");
    assert!(set.starts_with("<configuration-set>\nset version 24.4R1.9\n"), "{set}");
    let data = device.rpc(1, "<get-config><source><candidate/></source></get-config>");
    assert!(data.starts_with("<data>\n<configuration xmlns"), "{data}");
    assert_eq!(
        device.store.handle(&who(1), &element("<get-software-information/>")),
        None
    );
}

#[test]
fn names_and_values() {
    let device = device_with(EX, Style::default());
    assert_eq!(device.store.names("vlans"), ["default", "guests", "office", "wireless"]);
    assert_eq!(device.store.value("vlans office vlan-id").as_deref(), Some("10"));
    assert_eq!(device.store.value("vlans nowhere vlan-id"), None);
}
