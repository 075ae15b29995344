use super::*;

const ALL: [(&str, &str); 3] = [("mx", MX), ("srx", SRX), ("ex", EX)];

/// Difference of two texts for the message of a failed test.
fn same(name: &str, left: &str, right: &str) {
    let lines: String = similar::TextDiff::from_lines(left, right)
        .iter_all_changes()
        .filter(|c| c.tag() != similar::ChangeTag::Equal)
        .map(|c| format!("{}{}", c.tag(), c))
        .collect();
    assert!(left == right, "{name}:\n{lines}");
}

#[test]
fn text_comes_back_as_written() {
    for (name, config) in ALL {
        let tree = text::configuration(config).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        same(name, config, &print::text(&tree, 0));
    }
}

#[test]
fn set_leads_to_the_same_configuration() {
    for (name, config) in ALL {
        let tree = text::configuration(config).unwrap();
        let lines = print::set(&tree, &[]);
        let mut again = Node::root();
        assert_eq!(set::run(&mut again, &lines), Vec::new(), "{name}");
        // Set format has no annotations.
        let config: String = config
            .lines()
            .filter(|l| !l.contains("/*"))
            .map(|l| format!("{l}\n"))
            .collect();
        same(name, &config, &print::text(&again, 0));
    }
}

#[test]
fn xml_leads_to_the_same_configuration() {
    for (name, config) in ALL {
        let tree = text::configuration(config).unwrap();
        let xml = format!("<configuration>{}</configuration>", xml::write(&tree, 0));
        let parsed = xml::read(&element(&xml));
        assert_eq!(parsed.fault, None, "{name}");
        let mut again = Node::root();
        load::Loader::new(false).load(&mut again, parsed.statements, tree::Tag::Merge);
        same(name, config, &print::text(&again, 0));
    }
}

#[test]
fn json_leads_to_the_same_configuration() {
    for (name, config) in ALL {
        let tree = text::configuration(config).unwrap();
        let json = serde_json::json!({ "configuration": json::write(&tree) }).to_string();
        let parsed = json::read(&json);
        assert_eq!(parsed.fault, None, "{name}");
        let mut again = Node::root();
        load::Loader::new(false).load(&mut again, parsed.statements, tree::Tag::Merge);
        same(name, config, &print::text(&again, 0));
    }
}

#[test]
fn initial_configurations_pass_the_check() {
    for (name, config) in ALL {
        let tree = text::configuration(config).unwrap();
        let effective = inherit::expand(&tree, "node0").active();
        assert_eq!(check::check(&effective), Vec::new(), "{name}");
    }
}

#[test]
fn shapes_of_xml_are_those_of_junos() {
    let tree = text::configuration(MX).unwrap();
    let xml = xml::write(&tree, 0);
    let flat: String = xml.lines().map(str::trim).collect();
    for shape in [
        "<groups><name>re0</name><system><host-name>mx-lab-1</host-name></system>",
        "<apply-groups>re0</apply-groups><apply-groups>re1</apply-groups>",
        "<name-server><name>192.0.2.53</name></name-server>",
        "<file><name>messages</name><contents><name>any</name><notice/></contents>",
        "<ieee-802.3ad><bundle>ae0</bundle></ieee-802.3ad>",
        "<interface inactive=\"inactive\"><name>xe-0/1/2</name>",
        "<unit><name>0</name><family><inet>",
        "<route><name>0.0.0.0/0</name><next-hop>203.0.113.2</next-hop></route>",
        "<autonomous-system><as-number>64500</as-number></autonomous-system>",
        "<community><add/><community-name>CUSTOMER</community-name></community>",
        "<prefix-list-item><name>10.0.0.0/8</name></prefix-list-item>",
        "<route-filter><address>203.0.113.64/26</address><upto>/28</upto></route-filter>",
        "<instance><name>VOICE</name>",
        "<name>&lt;xe-*&gt;</name>",
    ] {
        assert!(flat.contains(shape), "{shape}");
    }
    let srx = xml::write(&text::configuration(SRX).unwrap(), 0);
    let flat: String = srx.lines().map(str::trim).collect();
    assert!(flat.contains("<policy><from-zone-name>trust</from-zone-name><to-zone-name>untrust</to-zone-name><policy><name>OUTBOUND</name>"));
    assert!(flat.contains("<address><name>WEB-1</name><ip-prefix>198.51.100.10/32</ip-prefix></address>"));
}
