//! Places and figures of calls.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_place_that_the_transport_took_is_the_calls_own() {
    let options = LimitOptions {
        in_flight: 1,
        per_device: 1,
        ..LimitOptions::default()
    };
    let path = limited(vec![echo()], false, options);
    let mut with_place = call("echo", json!({"router": "mx"}));
    with_place.place = path.limits().enter(&with_place.principal, &[]).await.ok();
    let without = path.call(call("echo", json!({}))).await;
    assert_eq!(code(&without), Code::Overloaded);
    assert!(without.text.contains("1 calls of the server"), "{}", without.text);
    assert!(!path.call(with_place).await.failed);
    assert_eq!(path.in_flight(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_device_counts_under_the_name_that_the_path_found() {
    let options = LimitOptions {
        per_device: 1,
        ..LimitOptions::default()
    };
    let path = limited(vec![echo()], false, options);
    let mut late = call("echo", json!({"router": "mx"}));
    let _busy = path.limits().enter(&late.principal, &["mx".into()]).await.unwrap();
    late.place = path.limits().enter(&late.principal, &[]).await.ok();
    let answered = path.call(late).await;
    assert_eq!(code(&answered), Code::Overloaded);
    assert!(answered.text.contains("device `mx`"), "{}", answered.text);
    let hit = "junosmcp_limit_hits_total{server=\"junos\",limit=\"router_concurrency\",event=\"request_rejected\"} 1\n";
    let figures = path.figures().render(&path.services().junos, &path.services().mist);
    assert!(figures.contains(hit), "{figures}");
}

/// A tool that ends so.
fn ending(name: &'static str, end: fn() -> Result<Typed<Rows>>) -> Tool {
    Tool::new(
        name,
        Effect::Write,
        "Ends",
        "Ends.",
        move |_: Context, _: Args| async move { end() },
    )
}

#[derive(Serialize, JsonSchema)]
struct Rows {
    results: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Row {
    error_code: &'static str,
}

fn rows(code: Code) -> Result<Typed<Rows>> {
    let error_code = code.as_str();
    let rows = Rows {
        results: vec![Row { error_code }],
    };
    Ok(Typed::json(rows).failed(true))
}

#[tokio::test]
async fn calls_are_counted_by_how_they_ended() {
    let tools = vec![
        echo(),
        ending("lost", || Err(Error::new(Code::CommitUnknown, "lost"))),
        ending("row_lost", || rows(Code::CommitUnknown)),
        ending("row_failed", || rows(Code::Timeout)),
        Tool::new("wipe", Effect::Destroy, "Wipe", "Wipes.", |_: Context, _: Args| async {
            said("")
        }),
    ];
    let path = path(tools, false).with_figures(Arc::default());
    let ends = [
        ("echo", "echo", "ok"),
        ("lost", "lost", "unsettled"),
        ("row_lost", "row_lost", "unsettled"),
        ("row_failed", "row_failed", "error"),
        ("wipe", "wipe", "denied"),
        ("any \"name\"", "unknown", "error"),
        ("any other", "unknown", "error"),
    ];
    for (name, _, _) in ends {
        path.call(call(name, json!({}))).await;
    }
    let figures = path.figures().render(&path.services().junos, &path.services().mist);
    for (_, tool, result) in ends {
        let labels = format!("{{server=\"junos\",tool=\"{tool}\",result=\"{result}\"}}");
        let count = if tool == "unknown" { 2 } else { 1 };
        let line = format!("junosmcp_tool_duration_seconds_count{labels} {count}\n");
        assert!(figures.contains(&line), "{line}{figures}");
    }
}
