//! The store as clients see it: whole requests in, whole replies out.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::*;

mod commits;
mod differences;
mod formats;
mod history;
mod loads;
mod locks;
mod owners;
mod places;
mod random;
mod shows;

/// A clock that tests set.
#[derive(Debug)]
pub(super) struct Hand(Mutex<SystemTime>);

impl Hand {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(UNIX_EPOCH + Duration::from_secs(1_779_738_168))))
    }

    pub(super) fn forward(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

pub(super) const SMALL: &str = r#"
system { host-name r1; services { ssh; } }
interfaces { ge-0/0/0 { description up; unit 0 { family inet { address 192.0.2.1/24; } } } }
"#;

/// A device with a clock.
pub(super) struct Device {
    pub(super) store: Store,
    pub(super) clock: Arc<Hand>,
}

pub(super) fn device_with(config: &str, style: Style) -> Device {
    let clock = Hand::new();
    Device {
        store: Store::new(config, style, clock.clone()).unwrap(),
        clock,
    }
}

pub(super) fn device() -> Device {
    device_with(SMALL, Style::default())
}

pub(super) fn who(session: u32) -> Who {
    Who {
        session,
        user: format!("user{session}"),
        pid: 1000 + session,
        terminal: String::new(),
    }
}

impl Device {
    pub(super) fn rpc(&mut self, session: u32, request: &str) -> String {
        self.store.handle(&who(session), &element(request)).unwrap()
    }

    pub(super) fn set(&mut self, session: u32, lines: &str) -> String {
        self.rpc(session, &format!("<load-configuration action=\"set\" format=\"text\"><configuration-set>{lines}</configuration-set></load-configuration>"))
    }

    pub(super) fn diff(&mut self, session: u32) -> String {
        self.rpc(
            session,
            "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>",
        )
    }

    pub(super) fn did(&self, action: Action) -> usize {
        self.store.log().iter().filter(|e| e.action == action).count()
    }
}

/// Reads one element.
pub(super) fn element(xml: &str) -> Element {
    use quick_xml::{Reader, events::Event as Xml};
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<Element> = Vec::new();
    let start = |e: &quick_xml::events::BytesStart<'_>| {
        let name = e.name();
        let name = AsRef::<str>::as_ref(&name).to_owned();
        let mut element = Element::new(crate::junos::netconf::xml::local_name(&name));
        for attribute in e.attributes() {
            let attribute = attribute.unwrap();
            let key = AsRef::<str>::as_ref(&attribute.key).to_owned();
            let value = attribute.value.clone().into_owned();
            element = element.with_attribute(key, quick_xml::escape::unescape(&value).unwrap().into_owned());
        }
        element
    };
    loop {
        let closed = match reader.read_event().unwrap() {
            Xml::Start(e) => {
                open.push(start(&e));
                None
            }
            Xml::Empty(e) => Some(start(&e)),
            Xml::End(_) => open.pop(),
            Xml::Text(t) => {
                let text = t.to_string();
                if let Some(last) = open.last_mut() {
                    *last = std::mem::take(last).with_text(text);
                }
                None
            }
            Xml::GeneralRef(r) => {
                let text = format!("&{};", &*r);
                let text = quick_xml::escape::unescape(&text).unwrap().into_owned();
                let last = open.last_mut().unwrap();
                *last = std::mem::take(last).with_text(text);
                None
            }
            Xml::Eof => panic!("no element in {xml}"),
            _ => None,
        };
        if let Some(closed) = closed {
            match open.last_mut() {
                Some(last) => *last = std::mem::take(last).with_child(closed),
                None => return closed,
            }
        }
    }
}
