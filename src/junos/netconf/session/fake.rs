//! A scripted NETCONF server on an in-memory pipe, for tests.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::junos::netconf::{
    framing::{self, Decoder, Framing},
    hello::{BASE_1_0, BASE_1_1},
    xml::Element,
};

/// The device's end of the pipe.
pub(crate) struct Device {
    pub(crate) stream: DuplexStream,
    decoder: Decoder,
    pub(crate) framing: Framing,
    /// Reads that returned something.
    pub(crate) reads: usize,
}

impl Device {
    /// Both ends of a pipe.
    pub(crate) fn pair() -> (DuplexStream, Device) {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        (
            ours,
            Device {
                stream: theirs,
                decoder: Decoder::new(),
                framing: Framing::EndOfMessage,
                reads: 0,
            },
        )
    }

    /// Sends a hello in end-of-message framing, reads the client's, and uses what both can do.
    pub(crate) async fn greet(&mut self, chunked: bool) {
        let versions: &[&str] = if chunked { &[BASE_1_0, BASE_1_1] } else { &[BASE_1_0] };
        let capabilities: String = versions
            .iter()
            .map(|v| format!("<capability>{v}</capability>"))
            .collect();
        self.raw(&format!(
            "<hello><capabilities>{capabilities}</capabilities><session-id>7</session-id></hello>]]>]]>\n"
        ))
        .await;
        let client = self.message().await.expect("a client hello");
        if chunked && client.contains(BASE_1_1) {
            self.framing = Framing::Chunked;
        }
        self.decoder.agree(self.framing);
    }

    /// Reads from here on in this framing.
    pub(crate) fn agree(&mut self, framing: Framing) {
        self.decoder.agree(framing);
    }

    /// The client's next message as text; `None` at the end of the stream.
    pub(crate) async fn message(&mut self) -> Option<String> {
        loop {
            if let Some(message) = self.decoder.next_message().expect("framing") {
                return Some(String::from_utf8(message.to_vec()).expect("UTF-8"));
            }
            let mut piece = vec![0; 64 * 1024];
            let count = self.stream.read(&mut piece).await.ok().filter(|count| *count > 0)?;
            self.reads += 1;
            piece.truncate(count);
            self.decoder.push(piece.into());
        }
    }

    /// The client's next request: message-id and body. `None` at the end and at `<close-session/>`, which is answered.
    pub(crate) async fn request(&mut self) -> Option<(String, String)> {
        let root = Element::parse(self.message().await?).expect("a request");
        assert_eq!(&*root.name, "rpc");
        let id = root.attribute("message-id").expect("a message-id").to_owned();
        let body: String = root.elements().map(Element::to_xml).collect();
        if body == "<close-session/>" {
            self.reply(&id, "<ok/>").await;
            self.raw("<!-- session end at 2026-01-01 00:00:00 UTC -->\n").await;
            return None;
        }
        Some((id, body))
    }

    /// Answers a request.
    pub(crate) async fn reply(&mut self, id: &str, inner: &str) {
        let reply = format!("<nc:rpc-reply xmlns:nc=\"x\" message-id=\"{id}\">{inner}</nc:rpc-reply>");
        let bytes = framing::encode(self.framing, reply.as_bytes()).expect("framing");
        let _ = self.stream.write_all(&bytes).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn raw(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes()).await;
    }

    /// Answers every request with its own body in `<output>`, until the end.
    pub(crate) async fn echo(mut self) {
        while let Some((id, body)) = self.request().await {
            self.reply(
                &id,
                &format!("<output>{}</output>", crate::junos::netconf::xml::escape(&body)),
            )
            .await;
        }
    }
}
