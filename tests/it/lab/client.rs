//! A small NETCONF client on russh that hides nothing: raw messages in and out.

use std::sync::Arc;

use bytes::Bytes;
use jmcp::{
    junos::netconf::framing::{Decoder, Framing, encode},
    lab::LabDevice,
};
use russh::{
    Channel, ChannelMsg, Preferred,
    client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse, Msg},
    keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate},
};

pub(crate) enum Login {
    Password,
    Wrong,
    Key(Box<PrivateKey>),
    /// Answers to the prompts of one round each.
    Keyboard(Vec<&'static str>),
}

pub(crate) struct Trust(pub(crate) String);

impl client::Handler for Trust {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        Ok(key.to_openssh().unwrap().starts_with(&self.0))
    }
}

pub(crate) struct Client(pub(crate) Handle<Trust>);

impl Client {
    pub(crate) async fn connect(device: &LabDevice, preferred: Preferred) -> Result<Client, russh::Error> {
        let config = client::Config {
            preferred,
            nodelay: true,
            window_size: 8 << 20,
            ..client::Config::default()
        };
        let address = (device.address.as_str(), device.port);
        Ok(Client(
            client::connect(Arc::new(config), address, Trust(device.host_key())).await?,
        ))
    }

    /// `None` when the device refuses.
    pub(crate) async fn login(device: &LabDevice, login: Login) -> Option<Client> {
        let mut client = Self::connect(device, Preferred::DEFAULT).await.unwrap();
        client.authenticate(login).await.then_some(client)
    }

    pub(crate) async fn authenticate(&mut self, login: Login) -> bool {
        let result = match login {
            Login::Password => self.0.authenticate_password("lab", "lab-password").await,
            Login::Wrong => self.0.authenticate_password("lab", "wrong").await,
            Login::Key(key) => {
                let key = PrivateKeyWithHashAlg::new(Arc::new(*key), None);
                self.0.authenticate_publickey("lab", key).await
            }
            Login::Keyboard(answers) => return self.keyboard(answers).await,
        };
        matches!(result, Ok(AuthResult::Success))
    }

    async fn keyboard(&mut self, answers: Vec<&'static str>) -> bool {
        let mut state = self
            .0
            .authenticate_keyboard_interactive_start("lab", None::<String>)
            .await
            .unwrap();
        for answer in answers {
            let KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } = &state else {
                return false;
            };
            assert_eq!(prompts.len(), 1);
            state = self
                .0
                .authenticate_keyboard_interactive_respond(vec![answer.to_owned()])
                .await
                .unwrap();
        }
        matches!(state, KeyboardInteractiveAuthResponse::Success)
    }

    pub(crate) async fn password(device: &LabDevice) -> Client {
        Self::login(device, Login::Password).await.unwrap()
    }

    pub(crate) async fn netconf(&self) -> Session {
        self.try_netconf().await.unwrap()
    }

    pub(crate) async fn try_netconf(&self) -> Result<Session, String> {
        let mut channel = self.0.channel_open_session().await.map_err(|e| e.to_string())?;
        channel.request_subsystem(true, "netconf").await.unwrap();
        match channel.wait().await {
            Some(ChannelMsg::Success) => Session::begin(channel).await,
            other => Err(format!("{other:?}")),
        }
    }

    /// A session through `exec` instead of the subsystem.
    pub(crate) async fn netconf_by_exec(&self, command: &str) -> Result<Session, String> {
        let mut channel = self.0.channel_open_session().await.unwrap();
        channel.exec(true, command).await.unwrap();
        assert!(matches!(channel.wait().await, Some(ChannelMsg::Success)));
        Session::begin(channel).await
    }

    pub(crate) async fn exec(&self, command: &str) -> String {
        let mut channel = self.0.channel_open_session().await.unwrap();
        channel.exec(true, command).await.unwrap();
        let mut out = Vec::new();
        while let Some(message) = channel.wait().await {
            if let ChannelMsg::Data { data } = message {
                out.extend_from_slice(&data);
            }
        }
        String::from_utf8(out).unwrap()
    }
}

pub(crate) struct Session {
    channel: Channel<Msg>,
    decoder: Decoder,
    framing: Framing,
    next_id: u32,
    pub(crate) hello: String,
    /// Sizes of the packets of the last message.
    pub(crate) packets: Vec<usize>,
}

impl Session {
    async fn begin(channel: Channel<Msg>) -> Result<Self, String> {
        let decoder = Decoder::new();
        let mut session = Session {
            channel,
            decoder,
            framing: Framing::EndOfMessage,
            next_id: 1,
            hello: String::new(),
            packets: vec![],
        };
        session.hello = session.receive().await.ok_or("no hello")?;
        session
            .send(
                "<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability>\
                 <capability>urn:ietf:params:netconf:base:1.1</capability></capabilities></hello>",
            )
            .await;
        if session.hello.contains("urn:ietf:params:netconf:base:1.1<") {
            session.framing = Framing::Chunked;
        }
        session.decoder.agree(session.framing);
        Ok(session)
    }

    pub(crate) fn is_chunked(&self) -> bool {
        self.framing == Framing::Chunked
    }

    pub(crate) fn id(&self) -> u32 {
        let after = self.hello.split("session-id>").nth(1).unwrap();
        after.split('<').next().unwrap().parse().unwrap()
    }

    pub(crate) async fn send(&mut self, message: &str) {
        let bytes = encode(self.framing, message.as_bytes()).unwrap();
        self.channel.data_bytes(bytes).await.unwrap();
    }

    pub(crate) async fn receive(&mut self) -> Option<String> {
        self.receive_bytes()
            .await
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The next message; `None` when the device ends the session before it is complete.
    pub(crate) async fn receive_bytes(&mut self) -> Option<Vec<u8>> {
        self.packets.clear();
        loop {
            if let Some(message) = self.decoder.next_message().unwrap() {
                return Some(message.to_vec());
            }
            match self.channel.wait().await? {
                ChannelMsg::Data { data } => {
                    self.packets.push(data.len());
                    self.decoder.push(Bytes::from(data.to_vec()));
                }
                ChannelMsg::Close => return None,
                _ => {}
            }
        }
    }

    /// What arrived of a message that never ended.
    pub(crate) fn partial(&self) -> String {
        String::from_utf8_lossy(&self.decoder.partial().to_vec()).into_owned()
    }

    pub(crate) async fn rpc(&mut self, operation: &str) -> String {
        self.try_rpc(operation).await.unwrap()
    }

    pub(crate) async fn try_rpc(&mut self, operation: &str) -> Option<String> {
        self.request(operation).await;
        self.receive().await
    }

    pub(crate) async fn request(&mut self, operation: &str) {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&format!("<rpc message-id=\"{id}\">{operation}</rpc>")).await;
    }

    pub(crate) async fn close(self) {
        self.channel.close().await.unwrap();
    }
}
