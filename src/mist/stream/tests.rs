//! Conversations with a device that is a few lines of script: what is sent when, and what is made of what comes. The clock stands still
//! but for what is waited for.

use std::{sync::Mutex, time::Duration};

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio::{io::DuplexStream, time::Instant};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::{
    Command, Ended, LARGEST, Output, Utility, Way,
    shell::converse,
    socket::Socket,
    utility::{listen, subscribed, watch},
};
use crate::error::{Code, Result};

const PROMPT: &str = "\r\n{master:0}\r\nmist@den-sw-1> ";

/// The device's end of the socket.
struct Device(WebSocketStream<DuplexStream>);

impl Device {
    async fn new() -> (Socket, Self) {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let socket = Socket::over(ours).await;
        (
            socket,
            Self(WebSocketStream::from_raw_socket(theirs, Role::Server, None).await),
        )
    }

    /// What is typed next; pings and the goodbye are nothing. None when the connection ended.
    async fn typed(&mut self) -> Option<String> {
        loop {
            match self.0.next().await?.ok()? {
                Message::Text(text) => return Some(text.to_string()),
                Message::Binary(bytes) => {
                    assert_eq!(bytes.first(), Some(&0), "keystrokes begin with a zero byte");
                    return Some(String::from_utf8_lossy(&bytes[1..]).into_owned());
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    async fn says(&mut self, text: impl AsRef<[u8]>) {
        let bytes = Bytes::copy_from_slice(text.as_ref());
        self.0.send(Message::Binary(bytes)).await.unwrap();
    }

    async fn tells(&mut self, message: serde_json::Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The part of every session before the command: size, greeting, preparation.
    async fn greets(&mut self) {
        assert!(self.typed().await.unwrap().starts_with("{\"resize\":{\"width\":"));
        self.says(format!("--- JUNOS 23.4R2{PROMPT}")).await;
        for prepare in ["set cli screen-length 0", "set cli screen-width 1024"] {
            assert_eq!(self.typed().await.unwrap(), format!("{prepare}\n"));
            self.says(format!("{prepare}\r\nScreen set\r\n{PROMPT}")).await;
        }
    }
}

/// A command of 30 s against a script.
async fn run<F, Fut>(command: &str, script: F) -> (Result<Output>, Vec<String>, Duration)
where
    F: FnOnce(Device) -> Fut,
    Fut: Future<Output = Device>,
{
    let (mut socket, device) = Device::new().await;
    let (started, told) = (Instant::now(), Mutex::new(Vec::new()));
    let listener = |line: &str| told.lock().unwrap().push(line.to_owned());
    let until = started + Duration::from_secs(30);
    let command = Command {
        site: "s",
        device: "d",
        node: None,
        line: command,
        reads: command.starts_with("show"),
    };
    let (output, _device) = tokio::join!(converse(&mut socket, &command, until, &listener), script(device));
    (output, told.into_inner().unwrap(), started.elapsed())
}

fn text(output: Result<Output>, ended: Ended) -> String {
    let output = output.unwrap();
    assert_eq!(output.ended, ended, "{}", output.text);
    output.text
}

#[tokio::test(start_paused = true)]
async fn the_prompt_ends_a_command_and_its_lines_come_as_they_are_said() {
    let (output, told, took) = run("show version", async |mut device| {
        device.greets().await;
        assert_eq!(device.typed().await.unwrap(), "show version\n");
        for byte in b"show version\x1b[K\r\nHostname: \x1b[1mden-sw-1\x1b[0m\0\r\n\r\nJunos: 23.4R2\r\n" {
            device.says([*byte]).await;
        }
        device.says(PROMPT).await;
        device
    })
    .await;
    assert_eq!(text(output, Ended::Complete), "Hostname: den-sw-1\n\nJunos: 23.4R2\n");
    assert_eq!(told.first().unwrap(), "Hostname: den-sw-1");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_typed_before_the_device_has_said_something() {
    let (output, _, took) = run("show version", async |mut device| {
        device.typed().await.unwrap();
        let early = tokio::time::timeout(Duration::from_secs(8), device.typed()).await;
        assert!(early.is_err(), "typed into the void: {early:?}");
        device.says(PROMPT).await;
        for _ in 0..2 {
            let line = device.typed().await.unwrap();
            device.says(format!("{}\r\n{PROMPT}", line.trim())).await;
        }
        device.typed().await.unwrap();
        device.says(format!("show version\r\nfine\r\n{PROMPT}")).await;
        device
    })
    .await;
    assert_eq!(text(output, Ended::Complete), "fine\n");
    assert!(took > Duration::from_secs(8));
}

#[tokio::test(start_paused = true)]
async fn what_came_until_the_time_was_over_is_kept_and_the_command_is_stopped() {
    let (output, _, took) = run("ping 192.0.2.1", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        device.says("ping 192.0.2.1\r\n64 bytes: seq=0\r\n64 bytes: se").await;
        assert_eq!(device.typed().await.unwrap(), "\u{3}", "Ctrl-C");
        device
    })
    .await;
    assert_eq!(text(output, Ended::TimedOut), "64 bytes: seq=0\n64 bytes: se\n");
    assert_eq!(took.as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_pager_gets_one_key_for_each_page() {
    let (output, ..) = run("show log messages", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        device.says("show log messages\r\none\r\n---(more)---").await;
        for page in ["two", "three"] {
            assert_eq!(device.typed().await.unwrap(), " ");
            device.says("\r                     \r").await;
            device.says(format!("{page}\r\n---(more 50%)---")).await;
        }
        assert_eq!(device.typed().await.unwrap(), " ");
        device.says(format!("\r                \rfour{PROMPT}")).await;
        let more = tokio::time::timeout(Duration::from_secs(1), device.typed()).await;
        assert!(!matches!(more, Ok(Some(_))), "{more:?}");
        device
    })
    .await;
    assert_eq!(text(output, Ended::Complete), "one\ntwo\nthree\nfour\n");
}

#[tokio::test(start_paused = true)]
async fn a_question_is_not_answered() {
    let (output, ..) = run("request system reboot", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        device
            .says("request system reboot\r\nReboot the system ? [yes,no] (no) ")
            .await;
        assert_eq!(device.typed().await.unwrap(), "\u{3}");
        device
    })
    .await;
    let question = Ended::Question("Reboot the system ? [yes,no] (no)".into());
    assert_eq!(text(output, question), "Reboot the system ? [yes,no] (no)\n");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_begins_like_the_prompt_is_not_the_end() {
    let (output, ..) = run("show cli history", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        device.says("show cli history\r\nmist@den-sw-1> ").await;
        tokio::task::yield_now().await;
        device.says(format!("show system uptime\r\nlast\r\n{PROMPT}")).await;
        device
    })
    .await;
    assert_eq!(
        text(output, Ended::Complete),
        "mist@den-sw-1> show system uptime\nlast\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_without_a_prompt_is_done_when_it_is_silent() {
    let (output, _, took) = run("uptime", async |mut device| {
        device.typed().await.unwrap();
        assert_eq!(device.typed().await.unwrap(), "uptime\n", "nothing is prepared there");
        device.says("uptime\r\nup 3 days\r\n").await;
        assert_eq!(device.typed().await.unwrap(), "\u{3}");
        device
    })
    .await;
    assert_eq!(text(output, Ended::Idle), "up 3 days\n");
    assert_eq!(
        took.as_secs(),
        15,
        "10 s for a greeting that never came, 5 s of silence"
    );
}

#[tokio::test(start_paused = true)]
async fn at_a_foreign_prompt_only_plain_words_count_as_reading() {
    let greets = async |mut device: Device| {
        device.typed().await.unwrap();
        device.says("root@ap:~ # ").await;
        let typed = device.typed().await;
        if typed.is_some() {
            device.says("show version\r\nnot found\r\nroot@ap:~ # ").await;
        }
        device
    };
    let (output, ..) = run("show version | find x", async |device| {
        let typed = tokio::time::timeout(Duration::from_secs(5), greets(device)).await;
        assert!(typed.is_err(), "it was typed");
        Device::new().await.1
    })
    .await;
    assert_eq!(output.unwrap_err().code(), Code::Unsupported);
    let (output, ..) = run("show version", greets).await;
    assert_eq!(text(output, Ended::Complete), "not found\n");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_ends_is_an_error_before_the_command_and_the_end_of_the_output_after_it() {
    let (output, ..) = run("show version", async |mut device| {
        device.typed().await.unwrap();
        device.0.close(None).await.unwrap();
        device
    })
    .await;
    assert_eq!(output.unwrap_err().code(), Code::Transport);
    let (output, ..) = run("show version", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        device.says("show version\r\nHostname: x\r\n").await;
        device.0.close(None).await.unwrap();
        device
    })
    .await;
    assert_eq!(text(output, Ended::Closed), "Hostname: x\n");
}

#[tokio::test(start_paused = true)]
async fn output_has_a_limit() {
    let (output, ..) = run("show log", async |mut device| {
        device.greets().await;
        device.typed().await.unwrap();
        let line = format!("{}\r\n", "x".repeat(1000));
        // The reader stops at the limit, and says so.
        for _ in 0..LARGEST / 1000 + 2 {
            let bytes = Bytes::copy_from_slice(line.as_bytes());
            if device.0.send(Message::Binary(bytes)).await.is_err() {
                break;
            }
        }
        device
    })
    .await;
    let text = text(output, Ended::Full);
    assert!(text.len() <= LARGEST && text.len() > LARGEST - 2000);
}

const CHANNEL: &str = "/sites/s/devices/d/cmd";

fn utility(idle: u64) -> Utility<'static> {
    Utility {
        operation: "pingFromDevice",
        site: "s",
        device: "d",
        body: None,
        way: Way::Channel,
        first: Duration::from_secs(30),
        idle: Duration::from_secs(idle),
        endless: false,
        last: &["round-trip min/avg/max"],
        arrival: Some("192.0.2.9"),
    }
}

fn data(session: &str, raw: &str) -> serde_json::Value {
    json!({ "event": "data", "channel": CHANNEL, "data": { "session": session, "raw": raw } })
}

/// What a utility of 60 s makes of a script.
async fn heard<F, Fut>(utility: &Utility<'_>, script: F) -> (Output, Duration)
where
    F: FnOnce(Device) -> Fut,
    Fut: Future<Output = Device>,
{
    let (mut socket, device) = Device::new().await;
    let started = Instant::now();
    let until = started + Duration::from_secs(60);
    let (output, _device) = tokio::join!(
        listen(&mut socket, CHANNEL, "mine", utility, until, &|_| ()),
        script(device)
    );
    (output, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn only_the_own_session_is_heard_until_it_is_silent() {
    let (output, took) = heard(&utility(3), async |mut device| {
        device.tells(data("earlier", "late words of another\n")).await;
        device.tells(data("mine", "PING 192.0.2.1\n64 by")).await;
        let text = data("mine", "tes\n");
        device
            .tells(json!({ "event": "data", "channel": CHANNEL, "data": text["data"].to_string() }))
            .await;
        // Others go on; that is no sign of life.
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            device.tells(data("other", "noise\n")).await;
        }
        device
    })
    .await;
    assert_eq!(
        (output.text.as_str(), output.ended),
        ("PING 192.0.2.1\n64 bytes\n", Ended::Idle)
    );
    assert_eq!(took.as_secs(), 4, "3 s of silence, and the script's own end");
}

#[tokio::test(start_paused = true)]
async fn a_known_last_line_ends_a_utility_at_once() {
    let (output, took) = heard(&utility(3), async |mut device| {
        device
            .tells(data("mine", "3 packets transmitted\nround-trip min/avg/max = "))
            .await;
        device.tells(data("mine", "1/2/3 ms\n")).await;
        device
    })
    .await;
    assert_eq!(output.ended, Ended::Complete);
    assert!(output.text.ends_with("max = 1/2/3 ms\n"), "{}", output.text);
    assert!(took < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_path_ends_with_the_hop_where_it_arrives() {
    let (output, took) = heard(&utility(10), async |mut device| {
        for line in [
            "traceroute to 192.0.2.9 (192.0.2.9), 30 hops max",
            " 1  192.0.2.99  1 ms",
            " 2  host.example.net (192.0.2.9)  2 ms",
        ] {
            tokio::time::sleep(Duration::from_secs(1)).await;
            device.tells(data("mine", &format!("{line}\n"))).await;
        }
        device
    })
    .await;
    assert_eq!(
        (output.ended, output.text.lines().count(), took.as_secs()),
        (Ended::Complete, 3, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn a_utility_that_never_ends_keeps_what_it_said() {
    let script = async |mut device: Device| {
        for n in 0..30 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            device.tells(data("mine", &format!("line {n}\n"))).await;
        }
        device
    };
    let (output, _) = heard(&utility(3), script).await;
    assert!(output.timed_out() && output.text.starts_with("line 0\nline 1\n"));
    let endless = Utility {
        endless: true,
        ..utility(3)
    };
    let (output, _) = heard(&endless, script).await;
    assert_eq!(output.ended, Ended::Stopped, "that is how it ends");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_says_nothing_is_waited_for_half_a_minute() {
    let (output, took) = heard(&utility(1), async |device| device).await;
    assert_eq!(
        (output.text.as_str(), output.ended, took.as_secs()),
        ("", Ended::Idle, 30)
    );
}

#[tokio::test(start_paused = true)]
async fn the_channel_is_open_only_when_the_cloud_says_so() {
    let (mut socket, mut device) = Device::new().await;
    let until = Instant::now() + Duration::from_secs(60);
    let (opened, asked) = tokio::join!(subscribed(&mut socket, CHANNEL, until), async {
        let asked = device.typed().await.unwrap();
        device
            .tells(json!({ "event": "channel_subscribed", "channel": "/sites/s/devices/other/cmd" }))
            .await;
        device
            .tells(json!({ "event": "channel_subscribed", "channel": CHANNEL }))
            .await;
        asked
    });
    opened.unwrap();
    assert_eq!(asked, "{\"subscribe\":\"/sites/s/devices/d/cmd\"}");

    let (mut socket, mut device) = Device::new().await;
    let (refused, _) = tokio::join!(subscribed(&mut socket, CHANNEL, until), async {
        device
            .tells(json!({ "event": "subscribe_failed", "channel": CHANNEL, "detail": "no\u{7}" }))
            .await;
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(refused.message().ends_with(": no\\u{7}"), "{}", refused.message());

    let (mut socket, _device) = Device::new().await;
    let started = Instant::now();
    let silent = subscribed(&mut socket, CHANNEL, until).await.unwrap_err();
    assert_eq!((silent.code(), started.elapsed().as_secs()), (Code::Timeout, 10));
}

#[tokio::test(start_paused = true)]
async fn what_draws_on_a_screen_is_shown_as_its_last_picture_and_lines_as_lines() {
    for (says, shown) in [
        (
            "\x1b[H\x1b[2Jlast pid: 1\x1b[3;1H  PID\x1b[1;11H2",
            "last pid: 2\n\n  PID\n",
        ),
        (
            "00:00:01 In IP 192.0.2.1 > 192.0.2.2\r\n00:00:02 Out",
            "00:00:01 In IP 192.0.2.1 > 192.0.2.2\n00:00:02 Out\n",
        ),
    ] {
        let endless = Utility {
            endless: true,
            ..utility(30)
        };
        let (mut socket, mut device) = Device::new().await;
        let until = Instant::now() + Duration::from_secs(10);
        let (output, ()) = tokio::join!(watch(&mut socket, &endless, until, &|_| ()), async {
            assert_eq!(
                device.typed().await.unwrap(),
                "{\"resize\":{\"width\":80,\"height\":24}}"
            );
            device.says(says).await;
            assert_eq!(device.typed().await.unwrap(), "\u{3}");
        });
        assert_eq!((output.text.as_str(), output.ended), (shown, Ended::Stopped));
    }
}
