//! Tests of templates.

use super::*;
use crate::junos::ConfigFormat;

fn rendered(template: &str, variables: &str) -> String {
    render(template, &parse_variables(variables).unwrap()).unwrap()
}

fn failed(template: &str, variables: &str) -> String {
    let result = parse_variables(variables).and_then(|v| render(template, &v));
    let error = result.expect_err(variables);
    assert_eq!(error.code(), Code::TemplateError);
    error.to_string()
}

#[test]
fn blocks_leave_no_blank_lines() {
    let template = "{% for name, vlan in vlans.items() %}\n  {% if vlan.id %}\nset vlans {{ name|upper }} vlan-id {{ vlan.id }}\n  {% endif %}\n{% endfor %}\n";
    let yaml = "vlans:\n  zulu: {id: 30}\n  alfa:\n    id: 10\n  none: {}\n";
    assert_eq!(
        rendered(template, yaml),
        "set vlans ZULU vlan-id 30\nset vlans ALFA vlan-id 10\n"
    );
    let json = r#"{"vlans": {"zulu": {"id": 30}, "alfa": {"id": 10}, "none": {}}}"#;
    assert_eq!(rendered(template, json), rendered(template, yaml));
}

#[test]
fn nothing_is_escaped() {
    assert_eq!(
        rendered("description \"{{ text }}\";", "text: 'a & b <c>'"),
        "description \"a & b <c>\";"
    );
}

#[test]
fn types_of_yaml() {
    let yaml = "a: 1\nb: yes\nc: 'yes'\nd: 1.5\ne: [x, 2]\nf:\ng: 00:00:5e:00:53:01\nbase: &b {k: 1}\nh: *b\n";
    let template = "{{ a + 1 }} {{ b }} {{ c }} {{ d }} {{ e[1] }} {{ f is none }} {{ g }} {{ h.k }}";
    assert_eq!(rendered(template, yaml), "2 True yes 1.5 2 True 00:00:5e:00:53:01 1");
}

#[test]
fn a_missing_variable_is_an_error_that_names_it_and_its_line() {
    let text = failed("set system\n\nset mtu {{ mtu }}", "a: 1");
    assert!(
        text.contains("template render error: undefined value") && text.contains("line 3"),
        "{text}"
    );
    assert!(text.contains("`mtu`"), "{text}");
    assert!(failed("{{ a.b }}", "a: {}").contains("line 1"));
    assert!(failed("{% for x in list %}{% endfor %}", "a: 1").contains("undefined"));
    assert_eq!(
        rendered("{% if b %}x{% endif %}{{ b | default('y') }}{{ b is defined }}", "a: 1"),
        "yFalse"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_kind() {
    assert!(failed("a\n{% for %}", "a: 1").starts_with("template syntax error: "));
    assert!(failed("x", "a: [1").starts_with("template vars parse error: YAML parse failed: "));
    assert!(failed("x", "{\"a\": [}").starts_with("template vars parse error: JSON parse failed: "));
    assert!(failed("x", "").contains("empty"));
    assert!(failed("x", "- a\n").contains("mapping"));
    assert!(failed("x", "a: 1\na: 2\n").contains("template vars parse error"));
    assert!(!failed("x", "password: hunter2\nbad: [1").contains("hunter2"));
    let huge = "x".repeat(MAX_INPUT_BYTES + 1);
    assert_eq!(render(&huge, &Map::new()).unwrap_err().code(), Code::InvalidInput);
    assert_eq!(parse_variables(&huge).unwrap_err().code(), Code::InvalidInput);
}

#[test]
fn no_template_runs_away() {
    assert!(
        failed(
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "{}"
        )
        .contains("fuel")
    );
    assert!(failed("{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "{}").contains("more than"));
    assert!(failed("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{}").contains("template render error"));
    for bomb in [
        "{{ 'a'|indent(1000000000000) }}",
        "{{ 'a'|indent(width=1000000000000) }}",
        "{{ '%1000000000000d'|format(1) }}",
        "{{ '{:>1000000000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 1000000000000) }}",
        "{{ '%*d'|format(1000000000000, 1) }}",
    ] {
        let text = failed(bomb, "{}");
        assert!(text.contains("widths"), "{bomb}: {text}");
    }
    assert_eq!(
        rendered(
            "{{ 'a\nb'|indent(2, true) }}{{ '%03d'|format(7) }}{{ 'x{}'.format(1) }}",
            "{}"
        ),
        "  a\n  b007x1"
    );
}

#[test]
fn yaml_bombs_are_refused() {
    let mut yaml = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..9 {
        let refs = vec![format!("*a{}", n - 1); 10].join(", ");
        yaml.push_str(&format!("a{n}: &a{n} [{refs}]\n"));
    }
    assert!(failed("x", &yaml).contains("template vars parse error"));
    assert!(failed("x", &format!("a: {}{}", "[".repeat(500), "]".repeat(500))).contains("template vars parse error"));
}

#[test]
fn files_cannot_be_reached() {
    assert!(failed("{% include '/etc/passwd' %}", "{}").contains("template render error"));
}

#[test]
fn formats_are_told_apart() {
    let cases = [
        (
            "# c\nset system host-name r1\n\ndelete protocols bgp\nactivate x\nedit interfaces\ntop\n",
            ConfigFormat::Set,
        ),
        ("set system\nsystem { host-name r1; }", ConfigFormat::Text),
        ("system {\n    host-name r1;\n}\n", ConfigFormat::Text),
        ("replace: system { host-name r1; }", ConfigFormat::Text),
        ("  <configuration><system/></configuration>", ConfigFormat::Xml),
        ("{\"configuration\": {}}", ConfigFormat::Json),
        ("{\"system\": {}}", ConfigFormat::Text),
        ("", ConfigFormat::Text),
        ("# only a comment", ConfigFormat::Text),
    ];
    for (text, format) in cases {
        assert_eq!(detect_format(text), format, "{text}");
    }
}
