//! Tests of the rules for JSON.

use super::*;

fn parse(text: &str) -> Element {
    Element::parse(text).unwrap()
}

fn json_of(xml: &str) -> Value {
    to_json(&parse(xml))
}

#[test]
fn one_row_and_two_rows_have_the_same_shape() {
    let row = "<arp-table-entry><mac-address>00:00:5e:00:53:01</mac-address></arp-table-entry>";
    let one = json_of(&format!(
        "<rpc-reply><arp-table-information>{row}</arp-table-information></rpc-reply>"
    ));
    let two = json_of(&format!(
        "<rpc-reply><arp-table-information>{row}{row}</arp-table-information></rpc-reply>"
    ));
    assert_eq!(
        one["arp-table-information"]["arp-table-entry"][0],
        two["arp-table-information"]["arp-table-entry"][1]
    );
    let named = json_of("<a><b><name>x</name></b></a>");
    assert_eq!(named, json!({"a": {"b": [{"name": "x"}]}}));
}

#[test]
fn repetition_anywhere_makes_an_array_everywhere() {
    let value = json_of("<t><r><v>1</v></r><r><v>1</v><v>2</v></r><s><v>3</v></s></t>");
    assert_eq!(
        value,
        json!({"t": {"r": [{"v": ["1"]}, {"v": ["1", "2"]}], "s": {"v": "3"}}})
    );
}

#[test]
fn leaves_are_strings() {
    let value = json_of("<s>\n<a> 12 </a><b/><c>\n  x  y\n z\n</c><d>&lt;&amp;</d></s>");
    assert_eq!(value, json!({"s": {"a": "12", "b": "", "c": "  x  y\n z", "d": "<&"}}));
}

#[test]
fn annotations_stay_beside_strings_and_inside_objects() {
    let value = json_of(
        r#"<configuration xmlns="http://yang.example/c" xmlns:junos="x" junos:commit-user="netops" junos:style="brief">
        <junos:comment>/* uplink */</junos:comment>
        <interfaces inactive="inactive"><interface protect="protect"><name>ge-0/0/0</name><mtu inactive="inactive">9000</mtu></interface></interfaces>
        <system><up junos:seconds="60">1 minute</up><server inactive="inactive">192.0.2.1</server><server>192.0.2.2</server>
        <server junos:format="x">192.0.2.3</server></system></configuration>"#,
    );
    assert_eq!(
        value,
        json!({"configuration": {
            "@commit-user": "netops",
            "interfaces": {"@inactive": true, "@comment": "/* uplink */", "interface": [
                {"@protect": true, "name": "ge-0/0/0", "mtu": "9000", "@mtu": {"inactive": true}}]},
            "system": {"up": "1 minute", "@up": {"seconds": "60"}, "server": ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
                       "@server": [{"inactive": true}, null, {"format": "x"}]},
        }})
    );
}

#[test]
fn a_comment_that_is_data_stays_data() {
    let value = json_of("<package-information><name>os</name><comment>JUNOS OS</comment></package-information>");
    assert_eq!(value["package-information"]["comment"], "JUNOS OS");
    let last = json_of("<system><host-name>r1</host-name><comment># end</comment></system>");
    assert_eq!(last, json!({"system": {"host-name": "r1", "@comment": "# end"}}));
}

#[test]
fn engines_are_a_list_even_where_one_answers() {
    let value = json_of(
        "<rpc-reply><multi-routing-engine-results><multi-routing-engine-item><re-name>fpc0</re-name><uptime><up>1</up></uptime>\
         </multi-routing-engine-item></multi-routing-engine-results><cli><banner>{master:0}</banner></cli></rpc-reply>",
    );
    let expected = json!({"multi-routing-engine-results": [{"re-name": "fpc0", "payload": {"uptime": {"up": "1"}}}]});
    assert_eq!(value, expected);
    assert_eq!(
        json_of("<multi-routing-engine-results/>"),
        json!({"multi-routing-engine-results": []})
    );
}

#[test]
fn an_empty_row_among_rows_is_an_empty_object() {
    let value = json_of("<i><physical-interface><name>em0</name></physical-interface><physical-interface/></i>");
    assert_eq!(value, json!({"i": {"physical-interface": [{"name": "em0"}, {}]}}));
}

#[test]
fn text_beside_elements_and_prompts() {
    assert_eq!(
        json_of("<a>note<b>1</b></a>"),
        json!({"a": {"b": "1", "#text": "note"}})
    );
    let cli = json_of("<rpc-reply><cli><working-directory>/var/tmp</working-directory></cli></rpc-reply>");
    assert_eq!(cli, json!({"cli": {"working-directory": "/var/tmp"}}));
    assert_eq!(json_of("<rpc-reply/>"), json!({}));
}

#[test]
fn captured_replies_lose_no_text() {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("JMCP_TEST_DATA is not set: captured replies are not tested");
        return;
    };
    let mut tried = 0;
    for entry in std::fs::read_dir(std::path::Path::new(&data).join("junos/facts")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        let reply = parse(&std::fs::read_to_string(&path).unwrap());
        let text = to_json(&reply).to_string();
        let mut open = vec![&reply];
        while let Some(element) = open.pop() {
            let is_leaf = element.elements().next().is_none() && &*element.name != "banner";
            let own = Value::String(trimmed(&element.text())).to_string();
            assert!(
                !is_leaf || text.contains(&own),
                "{own} of {} in {}",
                element.name,
                path.display()
            );
            open.extend(element.elements());
        }
        tried += 1;
    }
    assert!(tried > 100);
}
