use tokio::time::Instant;

use super::{fake::Device, *};

const LONG: Duration = Duration::from_secs(30);

fn options() -> Options {
    Options::new("r1")
}

fn start(options: Options) -> (Session, Device) {
    let (ours, device) = Device::pair();
    (Session::start(ours, options), device)
}

async fn open(chunked: bool) -> (Session, Device) {
    let (session, mut device) = start(options());
    device.greet(chunked).await;
    session.ready().await.unwrap();
    (session, device)
}

/// Runs a request until it is with the device.
async fn sent<'a>(
    session: &'a Session,
    device: &mut Device,
    body: &'a str,
) -> (
    std::pin::Pin<Box<dyn Future<Output = Result<Reply, Error>> + 'a>>,
    String,
) {
    let mut request: std::pin::Pin<Box<dyn Future<Output = _>>> = Box::pin(session.request(body, LONG));
    let id = tokio::select! {
        _ = &mut request => panic!("answered too early"),
        got = device.request() => got.unwrap().0,
    };
    (request, id)
}

#[tokio::test(start_paused = true)]
async fn requests_and_replies_in_both_framings() {
    for chunked in [false, true] {
        let (session, device) = open(chunked).await;
        assert_eq!(
            session.framing(),
            Some(if chunked {
                Framing::Chunked
            } else {
                Framing::EndOfMessage
            })
        );
        assert_eq!(session.hello().unwrap().session_id, Some(7));
        tokio::spawn(device.echo());
        for body in ["<a/>", "<command format=\"text\">show version</command>"] {
            let reply = session.request(body, LONG).await.unwrap();
            assert_eq!(reply.into_cli_text(), body);
        }
        let figures = session.figures();
        assert_eq!(figures.requests, 2);
        assert!(figures.bytes_in > 300 && figures.bytes_out > 200, "{figures:?}");
        session.close().await;
        assert!(session.is_closed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_goes_out_in_one_write() {
    let (session, mut device) = open(false).await;
    let before = device.reads;
    let big = format!("<load-configuration><x>{}</x></load-configuration>", "y".repeat(40_000));
    let (_request, _) = sent(&session, &mut device, &big).await;
    assert_eq!(device.reads - before, 1);
}

#[tokio::test(start_paused = true)]
async fn compact_envelope() {
    let (session, mut device) = open(false).await;
    let request = session.request("<get-system-information/>", LONG);
    let (message, _) = tokio::join!(
        async {
            let message = device.message().await.unwrap();
            device.reply("1", "<ok/>").await;
            message
        },
        request
    );
    assert_eq!(
        message,
        "<rpc xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\" message-id=\"1\"><get-system-information/></rpc>"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_are_pipelined_and_matched_by_message_id() {
    let (session, mut device) = open(false).await;
    let (one, two, ()) = tokio::join!(session.request("<a/>", LONG), session.request("<b/>", LONG), async {
        let (first, _) = device.request().await.unwrap();
        let (second, _) = device.request().await.unwrap();
        assert_eq!(session.outstanding(), 2);
        device.reply("99", "<output>of nobody</output>").await;
        device.raw("<notification/>]]>]]><!-- a comment -->]]>]]>").await;
        device.reply(&second, "<output>two</output>").await;
        device
            .raw(&format!(
                "<rpc-reply message-id='{first}'><output>one</output></rpc-reply>]]>]]>"
            ))
            .await;
    });
    assert_eq!(
        (one.unwrap().cli_text(), two.unwrap().cli_text()),
        ("one".to_owned(), "two".to_owned())
    );
    assert_eq!(session.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_reply_without_message_id_goes_to_the_first() {
    let (session, mut device) = open(false).await;
    let (request, _) = sent(&session, &mut device, "<a/>").await;
    device
        .raw("<rpc-reply><rpc-error><error-message>syntax error</error-message></rpc-error></rpc-reply>]]>]]>")
        .await;
    assert_eq!(request.await.unwrap().errors()[0].message, "syntax error");
}

#[tokio::test(start_paused = true)]
async fn the_late_reply_of_a_cancelled_request_is_thrown_away() {
    let (session, mut device) = open(false).await;
    let (request, first) = sent(&session, &mut device, "<slow/>").await;
    drop(request);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (request, second) = sent(&session, &mut device, "<b/>").await;
    device.reply(&first, "<output>late</output>").await;
    device.reply(&second, "<output>mine</output>").await;
    assert_eq!(request.await.unwrap().cli_text(), "mine");
    tokio::time::sleep(LONG).await;
    assert!(!session.is_closed());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_that_does_not_end_closes_the_session() {
    let (session, mut device) = open(false).await;
    let (request, _) = sent(&session, &mut device, "<endless/>").await;
    let (other, _) = sent(&session, &mut device, "<b/>").await;
    let begin = Instant::now();
    drop(request);
    let error = other.await.unwrap_err();
    assert!(matches!(error, Error::NeverAnswered), "{error:?}");
    assert_eq!(error.report("r1").code(), Code::Transport);
    assert_eq!(begin.elapsed().as_secs(), 2);
    assert!(session.is_closed());
    assert_eq!(device.message().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_a_cancellation() {
    let (session, mut device) = open(false).await;
    let short = session.request("<slow/>", Duration::from_secs(5));
    let (error, _) = tokio::join!(short, device.request());
    assert!(matches!(error, Err(Error::Timeout(_))));
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(session.is_closed());
}

#[tokio::test(start_paused = true)]
async fn an_unsent_request_is_forgotten() {
    let (session, mut device) = start(options());
    let error = session.request("<a/>", Duration::from_secs(1)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)));
    device.greet(false).await;
    let (_request, id) = sent(&session, &mut device, "<b/>").await;
    assert_eq!(id, "2");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_before_and_within_a_reply() {
    for (words, started) in [("", false), ("<rpc-reply><outp", true), ("<!-- session end at", false)] {
        let (session, mut device) = open(false).await;
        let (request, _) = sent(&session, &mut device, "<a/>").await;
        device.raw(words).await;
        drop(device);
        match request.await {
            Err(Error::Closed {
                sent: true,
                reply_started,
                ..
            }) => assert_eq!(reply_started, started, "{words}"),
            other => panic!("{other:?}"),
        }
        assert!(session.is_closed());
        assert!(session.request("<b/>", LONG).await.unwrap_err().is_unanswered());
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_reply_is_told_to_its_request_only() {
    let (session, mut device) = open(false).await;
    let (request, id) = sent(&session, &mut device, "<a/>").await;
    device.reply(&id, "<x></y>").await;
    assert!(matches!(request.await, Err(Error::Malformed(_))));
    let (request, id) = sent(&session, &mut device, "<b/>").await;
    device.reply(&id, "<ok/>").await;
    assert!(request.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_the_hello_unless_the_framing_is_known() {
    let (session, mut device) = start(options());
    let request = session.request("<a/>", LONG);
    let early = async {
        device.message().await.unwrap();
        let nothing = tokio::time::timeout(Duration::from_secs(1), device.message()).await;
        assert!(nothing.is_err());
    };
    tokio::select! { _ = request => panic!(), () = early => {} }

    for known in [Framing::EndOfMessage, Framing::Chunked] {
        let (session, mut device) = start(Options {
            known: Some(known),
            ..options()
        });
        let request = session.request("<a/>", LONG);
        let served = async {
            let hello = device.message().await.unwrap();
            assert_eq!(hello.contains("base:1.1"), known == Framing::Chunked);
            // The request is there although the device has not said a word.
            device.framing = known;
            let both = "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>\
                        <capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>]]>]]>";
            device.agree(known);
            let (id, _) = device.request().await.unwrap();
            device.raw(both).await;
            device.reply(&id, "<ok/>").await;
        };
        let (reply, ()) = tokio::join!(request, served);
        reply.unwrap();
        assert_eq!(session.framing(), Some(known));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_contradicts_what_was_known() {
    let (session, mut device) = start(Options {
        known: Some(Framing::Chunked),
        ..options()
    });
    let request = session.request("<a/>", LONG);
    let greeting = device.raw(
        "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>",
    );
    let (error, ()) = tokio::join!(request, greeting);
    assert!(matches!(error, Err(Error::FramingChanged)));
}

#[tokio::test(start_paused = true)]
async fn hellos_that_fail() {
    for (words, code) in [
        (
            "<rpc-reply><rpc-error><error-message>user x does not have access privileges</error-message></rpc-error></rpc-reply>]]>]]>",
            Code::PermissionDenied,
        ),
        ("error: Restricted user session.\n", Code::PermissionDenied),
        ("", Code::NetconfUnavailable),
        ("netconf: command not found\n", Code::NetconfUnavailable),
    ] {
        let (session, mut device) = start(options());
        device.raw(words).await;
        let request = session.request("<a/>", LONG);
        drop(device);
        assert_eq!(request.await.unwrap_err().report("r1").code(), code, "{words}");
        assert_eq!(session.ready().await.unwrap_err().report("r1").code(), code, "{words}");
    }
    let (session, _device) = start(options());
    assert!(matches!(session.ready().await, Err(Error::HelloTimeout(_))));
}

#[tokio::test(start_paused = true)]
async fn framing_errors_end_the_session() {
    let (session, mut device) = open(true).await;
    let (request, _) = sent(&session, &mut device, "<a/>").await;
    device.raw("\n#oops\n").await;
    let error = request.await.unwrap_err();
    assert!(error.to_string().contains("\\n#o"), "{error}");
    assert_eq!(error.report("r1").code(), Code::Protocol);
    assert!(session.is_closed());

    let limited = Options {
        max_message: 1000,
        ..options()
    };
    let (session, mut device) = start(limited);
    device.greet(false).await;
    let (request, id) = sent(&session, &mut device, "<a/>").await;
    device.reply(&id, &"x".repeat(2000)).await;
    assert!(matches!(request.await, Err(Error::Framing(_))));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_holds_the_delimiter_fails_alone() {
    let (session, device) = open(false).await;
    tokio::spawn(device.echo());
    assert!(matches!(
        session.request("<a><!-- ]]>]]> --></a>", LONG).await,
        Err(Error::Framing(_))
    ));
    assert!(session.request("<a/>", LONG).await.is_ok());
    assert_eq!(session.outstanding(), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_says_goodbye_and_never_discards() {
    let (session, mut device) = open(false).await;
    let listen = async {
        let mut messages = Vec::new();
        while let Some(message) = device.message().await {
            messages.push(message);
        }
        messages
    };
    let begin = Instant::now();
    let (messages, ()) = tokio::join!(listen, session.close());
    assert_eq!(messages.len(), 1);
    assert!(messages[0].contains("<close-session/>") && !messages[0].contains("discard"));
    assert_eq!(
        begin.elapsed().as_secs(),
        1,
        "a device that does not answer is not waited for"
    );

    let (session, mut device) = open(false).await;
    drop(session);
    assert!(device.request().await.is_none(), "dropping the handle closes too");
}

#[tokio::test(start_paused = true)]
async fn aborting_says_nothing() {
    let (session, mut device) = open(false).await;
    session.abort();
    assert_eq!(device.message().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_large_reply_is_drained_while_a_large_request_is_written() {
    let (session, mut device) = open(false).await;
    let body = format!("<x>{}</x>", "y".repeat(3_000_000));
    let request = session.request(&body, LONG);
    let served = async {
        // The device answers at length before it has read the request to its end.
        let reply = format!(
            "<rpc-reply message-id='1'><output>{}</output></rpc-reply>]]>]]>",
            "z".repeat(3_000_000)
        );
        device.raw(&reply).await;
        device.message().await.unwrap()
    };
    let (reply, message) = tokio::join!(request, served);
    assert_eq!(reply.unwrap().into_cli_text().len(), 3_000_000);
    assert!(message.len() > 3_000_000);
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_five_minutes() {
    let (session, mut device) = open(false).await;
    let request = session.request("<commit-configuration/>", Duration::from_secs(600));
    let (reply, ()) = tokio::join!(request, async {
        let (id, _) = device.request().await.unwrap();
        tokio::time::sleep(Duration::from_secs(300)).await;
        device.reply(&id, "<ok/>").await;
    });
    assert!(reply.unwrap().errors().is_empty());
}
