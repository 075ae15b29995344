//! What a device's answers mean for a transaction.

use super::*;

fn judged(inner: &str) -> &'static str {
    let root = Element::parse(format!("<rpc-reply>{inner}</rpc-reply>").as_bytes()).unwrap();
    let reply = Reply::new(root);
    let verdict = match reply.errors() {
        [] => Verdict::Good,
        errors => Verdict::Refused(words(errors)),
    };
    match verdict.of_commit(reply.root()) {
        Verdict::Good => "good",
        Verdict::Refused(_) | Verdict::Hindered(_) => "refused",
        Verdict::Mixed(_) => "mixed",
        Verdict::Unclear => "unclear",
    }
}

#[test]
fn a_commit_is_good_only_where_everything_says_so() {
    let engine = |name: &str, inner: &str| format!("<routing-engine><name>{name}</name>{inner}</routing-engine>");
    let error = "<rpc-error><error-severity>error</error-severity><error-message>no</error-message></rpc-error>";
    let warning = "<rpc-error><error-severity>warning</error-severity><error-message>hm</error-message></rpc-error>";
    let (checked, done) = ("<commit-check-success/>", "<commit-success/>");
    for (reply, verdict) in [
        ("<ok/>".to_owned(), "good"),
        (format!("{warning}<ok/>"), "good"),
        (engine("re0", done), "good"),
        (
            engine("re0", checked) + &engine("re1", done) + &engine("re0", done),
            "good",
        ),
        (engine("node1", checked) + "<ok/>", "good"),
        (String::new(), "unclear"),
        ("commit started".to_owned(), "unclear"),
        (engine("re0", checked), "unclear"),
        (engine("re0", checked) + &engine("re1", done), "unclear"),
        (error.to_owned(), "refused"),
        (engine("re0", checked) + &engine("re1", error), "refused"),
        (engine("re0", done) + &engine("re1", error), "mixed"),
        (format!("{error}<ok/>"), "mixed"),
    ] {
        assert_eq!(judged(&reply), verdict, "{reply}");
    }
}
