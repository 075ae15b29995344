//! The hello exchange: capabilities, session-id, and the framing that follows (RFC 6241, section 8.1).
//!
//! Junos puts comments and sometimes log lines before its hello, doubles its capabilities in a form of its own
//! (`urn:ietf:params:xml:ns:netconf:*`) and answers restricted users with an `<rpc-error>` where the hello should be.

use super::{
    error::Error,
    framing::Framing,
    reply::Reply,
    rope::Rope,
    xml::{Element, local_name},
};

/// The NETCONF base namespace.
pub const BASE_NAMESPACE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// Capability of NETCONF 1.0, end-of-message framing.
pub const BASE_1_0: &str = "urn:ietf:params:netconf:base:1.0";

/// Capability of NETCONF 1.1, chunked framing.
pub const BASE_1_1: &str = "urn:ietf:params:netconf:base:1.1";

/// Longest hello that is looked at.
const MAX_HELLO: usize = 1024 * 1024;

/// What the device said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hello {
    /// Its capabilities, as sent.
    pub capabilities: Vec<String>,
    /// The number of the session: the `pid` that others see in a lock message.
    pub session_id: Option<u64>,
}

/// The hello of jmcp. `chunked` offers base:1.1 besides base:1.0.
pub fn client_hello(chunked: bool) -> String {
    let offers = if chunked {
        &[BASE_1_0, BASE_1_1][..]
    } else {
        &[BASE_1_0]
    };
    let mut capabilities = Element::new("capabilities");
    for offer in offers {
        capabilities = capabilities.with_child(Element::text_element("capability", *offer));
    }
    Element::new("hello")
        .with_attribute("xmlns", BASE_NAMESPACE)
        .with_child(capabilities)
        .to_xml()
}

impl Hello {
    /// Reads the device's first message.
    ///
    /// # Errors
    /// [`Error::Refused`] where it holds an `<rpc-error>`, [`Error::NoHello`] where it holds no hello,
    /// [`Error::Malformed`].
    pub fn read(message: &Rope) -> Result<Self, Error> {
        let head = message.head(MAX_HELLO);
        let text = String::from_utf8_lossy(&head);
        if let Some(message) = refusal(&text) {
            return Err(Error::Refused { message });
        }
        let Some(hello) = from_tag(&text, "hello") else {
            return Err(Error::NoHello { said: said(&text) });
        };
        let root = Element::parse(hello)?;
        Ok(Self {
            capabilities: root
                .descendants("capability")
                .iter()
                .map(|c| c.text().trim().to_owned())
                .collect(),
            session_id: root.text_at(&["session-id"]).and_then(|id| id.parse().ok()),
        })
    }

    /// Whether a capability starts like this: parameters (`?module=...`) and order do not matter.
    pub fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|c| {
            c.strip_prefix(capability)
                .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '.'))
        })
    }

    /// The framing that both sides can do. `chunked`: whether base:1.1 was offered to the device.
    ///
    /// # Errors
    /// [`Error::NoCommonVersion`].
    pub fn framing(&self, chunked: bool) -> Result<Framing, Error> {
        match (self.has(BASE_1_1), chunked) {
            (true, true) => Ok(Framing::Chunked),
            (true, false) if !self.has(BASE_1_0) => Err(Error::NoCommonVersion),
            _ => Ok(Framing::EndOfMessage),
        }
    }
}

/// What the device said instead of a hello, as one short line.
pub(super) fn said(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, markup)) = rest.split_once('<') {
        words.push_str(before);
        words.push(' ');
        let end = if markup.starts_with("!--") { "-->" } else { ">" };
        rest = markup.split_once(end).map_or("", |(_, after)| after);
    }
    words.push_str(rest);
    let words: Vec<&str> = words
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    words.join(" ").chars().take(200).collect()
}

/// The text from the start tag with this local name on; comments are skipped.
fn from_tag<'a>(text: &'a str, local: &str) -> Option<&'a str> {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (_, tag) = rest.split_at_checked(at)?;
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = comment.split_once("-->")?.1;
            continue;
        }
        let markup = tag.strip_prefix('<')?;
        let name = markup
            .split(|c: char| c.is_whitespace() || c == '>' || c == '/')
            .next()?;
        if local_name(name) == local {
            return Some(tag);
        }
        rest = markup;
    }
    None
}

/// The words of the first `<rpc-error>` of severity error, wherever it stands: the exchange as a whole is rarely
/// well-formed then.
fn refusal(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(error) = from_tag(rest, "rpc-error") {
        let end = error.find("rpc-error>")? + "rpc-error>".len();
        let (fragment, after) = error.split_at_checked(end)?;
        // The first hit may be the start tag itself where it has no attributes.
        let (fragment, after) = match after.find("rpc-error>") {
            Some(more) if !fragment.contains("</") => error.split_at_checked(end + more + "rpc-error>".len())?,
            _ => (fragment, after),
        };
        if let Ok(element) = Element::parse(fragment) {
            let reply = Reply::new(Element::new("rpc-reply").with_child(element));
            if let Some(first) = reply.errors().first() {
                return Some(first.message.clone());
            }
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Hello, Error> {
        Hello::read(&Rope::from(text.as_bytes()))
    }

    const JUNOS: &str = "<!-- No zombies were killed <hello> -->\nmgd: error: schema: init\n<!-- user ops, class x -->
        <nc:hello xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><nc:capabilities>
        <nc:capability>urn:ietf:params:netconf:base:1.0</nc:capability>
        <nc:capability>\n urn:ietf:params:xml:ns:netconf:base:1.0?module=ietf-netconf&amp;revision=2011-06-01 </nc:capability>
        <nc:capability>urn:ietf:params:netconf:capability:url:1.0?scheme=http,ftp,file</nc:capability>
        </nc:capabilities><nc:session-id>4711</nc:session-id></nc:hello>";

    #[test]
    fn noise_and_prefixes_before_the_hello() {
        let hello = read(JUNOS).unwrap();
        assert_eq!(hello.session_id, Some(4711));
        assert!(hello.has("urn:ietf:params:netconf:capability:url:1.0"));
        assert!(hello.has(BASE_NAMESPACE));
        assert!(!hello.has(BASE_1_1));
        assert!(!hello.has("urn:ietf:params:netconf:base:1"), "not a part of a word");
    }

    #[test]
    fn chunks_only_where_both_sides_offer_them() {
        let one = read(JUNOS).unwrap();
        let both = Hello {
            capabilities: vec![BASE_1_1.into(), BASE_1_0.into()],
            session_id: None,
        };
        let new = Hello {
            capabilities: vec![BASE_1_1.into()],
            session_id: None,
        };
        assert_eq!(one.framing(true).unwrap(), Framing::EndOfMessage);
        assert_eq!(both.framing(true).unwrap(), Framing::Chunked);
        assert_eq!(both.framing(false).unwrap(), Framing::EndOfMessage);
        assert!(matches!(new.framing(false), Err(Error::NoCommonVersion)));
        assert_eq!(Hello::default().framing(true).unwrap(), Framing::EndOfMessage);
    }

    #[test]
    fn errors_inside_the_exchange() {
        let error = "<rpc-error>\n<error-severity>error</error-severity><error-message>\nuser ops does not have access privileges.\n</error-message></rpc-error>";
        for text in [
            format!("<rpc-reply>{error}</rpc-reply>"),
            format!("<rpc-reply xmlns='x'>{error}</rpc-reply></hello>"),
            format!("<hello><capabilities/>{error}</hello>"),
            format!("<hello><rpc-reply>{error}</hello>")
                .replace("rpc-error>", "nc:rpc-error>")
                .replace("rpc-error>\n", "rpc-error a='b'>"),
        ] {
            match read(&text) {
                Err(Error::Refused { message }) => assert_eq!(message, "user ops does not have access privileges."),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn something_else_in_its_place() {
        match read("<!-- c -->\nerror: Restricted user session.\x07\n") {
            Err(Error::NoHello { said }) => assert_eq!(said, "error: Restricted user session."),
            other => panic!("{other:?}"),
        }
        assert!(matches!(read("<hello><capabilities>"), Err(Error::Malformed(_))));
    }

    #[test]
    fn our_hello_is_compact() {
        assert_eq!(
            client_hello(true),
            "<hello xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><capabilities>\
             <capability>urn:ietf:params:netconf:base:1.0</capability>\
             <capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>"
        );
        assert!(!client_hello(false).contains(BASE_1_1));
    }

    #[test]
    fn real_hellos() {
        let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
            eprintln!("skipped: JMCP_TEST_DATA is not set");
            return;
        };
        for folder in std::fs::read_dir(std::path::Path::new(&data).join("junos/vsrx")).unwrap() {
            let Ok(bytes) = std::fs::read(folder.unwrap().path().join("_session.raw.xml")) else {
                continue;
            };
            let mut decoder = super::super::framing::Decoder::new();
            decoder.push(bytes.into());
            let hello = Hello::read(&decoder.next_message().unwrap().unwrap()).unwrap();
            assert!(hello.has("http://xml.juniper.net/netconf/junos/1.0"));
            assert_eq!(hello.framing(true).unwrap(), Framing::EndOfMessage);
            decoder.agree(Framing::EndOfMessage);
            while let Some(message) = decoder.next_message().unwrap() {
                assert_eq!(&*Reply::parse(message).unwrap().root().name, "rpc-reply");
            }
            assert!(decoder.partial().is_empty() || decoder.partial().head(4) == b"<!--");
        }
    }
}
