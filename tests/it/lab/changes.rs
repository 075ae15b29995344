//! Loading, comparing, archive and rescue, by raw requests on every kind of device.

use super::{Client, client::Session, device, lab};

const PRIVATE: &str = "<open-configuration><private/></open-configuration>";
const COMMIT: &str = "<commit-configuration/>";

fn load(kind: &str, action: &str, text: &str) -> String {
    let format = if kind == "json" { "json" } else { "text" };
    format!(
        "<load-configuration action=\"{action}\" format=\"{format}\"><configuration-{kind}>{text}</configuration-{kind}></load-configuration>"
    )
}

fn set(lines: &str) -> String {
    load("set", "set", lines)
}

async fn compare(session: &mut Session, number: usize) -> String {
    let request = format!("<get-configuration compare=\"rollback\" rollback=\"{number}\" format=\"text\"/>");
    session.rpc(&request).await
}

async fn command(session: &mut Session, line: &str) -> String {
    session.rpc(&format!("<command format=\"text\">{line}</command>")).await
}

#[tokio::test]
async fn a_set_load_that_breaks_off_leaves_what_came_before() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        session.rpc(PRIVATE).await;
        let lines = "set system location building b7\nset system lo-cation floor 3\nset system domain-name example.net";
        let refused = session.rpc(&set(lines)).await;
        for words in [
            "error-message>syntax error<",
            "<line-number>2</line-number>",
            "<column>12</column>",
            "<token>lo-cation</token>",
            "<bad-element>lo-cation</bad-element>",
            "<load-error-count>1</load-error-count>",
        ] {
            assert!(refused.contains(words), "{}: {words}: {refused}", device.name);
        }
        let diff = compare(&mut session, 0).await;
        assert!(diff.contains("building b7") && !diff.contains("example.net"), "{diff}");
        session.rpc("<load-configuration rollback=\"0\"/>").await;
        assert!(!compare(&mut session, 0).await.contains("building b7"));
    }
}

#[tokio::test]
async fn every_verb_of_set_format_has_its_effect() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        session.rpc(PRIVATE).await;
        let lines = "set policy-options policy-statement lab-p term a then accept\n\
                     edit policy-options policy-statement lab-p\nset term b then reject\nset term c then accept\n\
                     insert term c before term a\ncopy term b to term d\nrename term d to term e\n\
                     deactivate term e\nannotate term a \"be careful\"\nup\ntop set system location building b7\nexit\ntop\n\
                     protect system location\ndelete system location\nunprotect system location\nreplace pattern b7 with b8\n\
                     set policy-options policy-statement lab-q term x then accept\nwildcard delete policy-options policy-statement lab-q term \"[xy]\"";
        let reply = session.rpc(&set(lines)).await;
        assert!(!reply.contains("error-severity>error<"), "{}: {reply}", device.name);
        let candidate = session.rpc("<get-configuration format=\"set\"/>").await;
        let terms: Vec<&str> = candidate
            .lines()
            .filter_map(|line| line.strip_prefix("set policy-options policy-statement lab-p term "))
            .collect();
        assert_eq!(
            terms,
            ["c then accept", "a then accept", "b then reject", "e then reject"],
            "{candidate}"
        );
        assert!(
            candidate.contains("deactivate policy-options policy-statement lab-p term e"),
            "{candidate}"
        );
        assert!(candidate.contains("set system location building b8"), "{candidate}");
        assert!(!candidate.contains("lab-q term"), "{candidate}");
        let text = session.rpc("<get-configuration format=\"text\"/>").await;
        assert!(text.contains("/* be careful */\n        term a {"), "{text}");
        let activated = session
            .rpc(&set("activate policy-options policy-statement lab-p term e"))
            .await;
        assert!(activated.contains("ok/>"), "{activated}");
        assert!(!compare(&mut session, 0).await.contains("inactive"));
    }
}

#[tokio::test]
async fn loads_in_other_formats_name_the_line_too() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        session.rpc(PRIVATE).await;
        let text = "system {\n    location {\n        building b7;\n        flor 3;\n    }\n}\n";
        for action in ["merge", "replace", "override", "update"] {
            let refused = session.rpc(&load("text", action, text)).await;
            assert!(refused.contains("<line-number>4</line-number>"), "{action}: {refused}");
            assert!(
                refused.contains("<bad-element>flor</bad-element>"),
                "{action}: {refused}"
            );
        }
        let json = load(
            "json",
            "merge",
            "{\"configuration\": {\"system\": {\"location\": {\"flor\": 3}}}}",
        );
        let refused = session.rpc(&json).await;
        assert!(refused.contains("<bad-element>flor</bad-element>"), "{refused}");
    }
}

#[tokio::test]
async fn an_update_with_the_same_text_changes_nothing() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        session.rpc(PRIVATE).await;
        let xml = session.rpc("<get-configuration database=\"committed\"/>").await;
        let begin = xml.find("<configuration").unwrap();
        let end = xml.rfind("</configuration>").unwrap() + "</configuration>".len();
        let whole = &xml[begin..end];
        for action in ["update", "override", "merge", "replace"] {
            let request =
                format!("<load-configuration action=\"{action}\" format=\"xml\">{whole}</load-configuration>");
            let reply = session.rpc(&request).await;
            assert!(reply.contains("ok/>"), "{action}: {reply}");
            let diff = compare(&mut session, 0).await;
            assert!(!diff.contains("[edit"), "{} {action}: {diff}", device.name);
        }
    }
}

#[tokio::test]
async fn archive_and_rescue_are_read_compared_and_loaded() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        for building in ["b1", "b2"] {
            session.rpc(PRIVATE).await;
            session
                .rpc(&set(&format!("set system location building {building}")))
                .await;
            session.rpc(COMMIT).await;
            session.rpc("<close-configuration/>").await;
            if building == "b1" {
                let saved = command(&mut session, "request system configuration rescue save").await;
                assert!(!saved.contains("error"), "{saved}");
            }
        }
        let diff = compare(&mut session, 1).await;
        assert!(diff.contains("building b1;") && diff.contains("building b2;"), "{diff}");
        let diff = command(&mut session, "show system rollback compare 2 0").await;
        assert!(
            diff.contains("building b2;") && !diff.contains("building b1;"),
            "{diff}"
        );
        let shown = command(&mut session, "show system rollback 1").await;
        assert!(shown.contains("building b1;"), "{shown}");
        let shown = session
            .rpc("<get-rescue-information><format>text</format></get-rescue-information>")
            .await;
        assert!(shown.contains("building b1;"), "{shown}");
        let xml = session.rpc("<get-rescue-information format=\"xml\"/>").await;
        assert!(xml.contains("<building>b1</building>"), "{xml}");
        session.rpc(PRIVATE).await;
        for source in ["rollback=\"1\"", "rescue=\"rescue\""] {
            let loaded = session.rpc(&format!("<load-configuration {source}/>")).await;
            assert!(loaded.contains("ok/>"), "{loaded}");
            assert!(compare(&mut session, 0).await.contains("building b1;"), "{source}");
            session.rpc("<load-configuration rollback=\"0\"/>").await;
        }
        let missing = session.rpc("<load-configuration rollback=\"40\"/>").await;
        assert!(missing.contains("rollback 40 not found"), "{missing}");
        let deleted = command(&mut session, "request system configuration rescue delete").await;
        assert!(!deleted.contains("error"), "{deleted}");
        assert!(
            session
                .rpc("<load-configuration rescue=\"rescue\"/>")
                .await
                .contains("no rescue configuration")
        );
    }
    assert!(device(&lab, "ex-lab-1").events().len() > 5);
}
