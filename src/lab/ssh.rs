//! The SSH server of a device: accepting, logging in, starting a program on each channel.

mod algorithms;

use std::{collections::HashMap, sync::Arc, time::Duration};

use russh::{
    Channel, ChannelId, ChannelOpenFailure, MethodKind, MethodSet,
    server::{self, Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{
    PASSWORD, USER,
    device::Shared,
    faults::Fault,
    netconf,
    operational::shell,
    pipe::Pipe,
    wire::{Meter, Wire},
};

/// Accepts connections until the lab stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.stop.cancelled() => return,
        };
        let Ok((socket, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        if shared.is_down() {
            shared.note("connection refused: the device is down");
            continue;
        }
        let (meter, end) = shared.new_connection();
        if shared.faults.hit(|f| matches!(f, Fault::EofAtIdent)) {
            shared.note("connection closed at ident");
            continue;
        }
        tokio::spawn(connection(Arc::clone(&shared), socket, meter, end));
    }
}

async fn connection(shared: Arc<Shared>, socket: TcpStream, meter: Arc<Meter>, end: CancellationToken) {
    let _ = socket.set_nodelay(true);
    let config = Arc::new(algorithms::server_config(&shared));
    let delay = shared.faults.take(|f| match f {
        Fault::OneWayDelay(delay) => Some(*delay),
        _ => None,
    });
    let handler = Login::new(Arc::clone(&shared), end.clone());
    let _ = match delay {
        None => run(config, Wire::new(socket, meter, end.clone()), handler).await,
        Some(delay) => run(config, Wire::delayed(socket, meter, end.clone(), delay), handler).await,
    };
    end.cancel();
    shared.note("disconnected");
}

async fn run<S>(config: Arc<server::Config>, stream: Wire<S>, handler: Login) -> Result<(), russh::Error>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    server::run_stream(config, stream, handler).await?.await
}

/// One connection, from login on.
struct Login {
    shared: Arc<Shared>,
    end: CancellationToken,
    methods: MethodSet,
    user: String,
    waiting: HashMap<ChannelId, Channel<Msg>>,
    open: HashMap<ChannelId, ()>,
    max_sessions: usize,
    keyboard_only: bool,
    refuse_all: bool,
    refuse_sha2: bool,
    prompts: usize,
    password_seen: bool,
}

impl Login {
    fn new(shared: Arc<Shared>, end: CancellationToken) -> Self {
        let faults = &shared.faults;
        let prompts = if faults.hit(|f| matches!(f, Fault::TwoPrompts)) {
            2
        } else {
            1
        };
        let keyboard_only = faults.hit(|f| matches!(f, Fault::KeyboardInteractiveOnly));
        let max_sessions = faults.take(|f| match f {
            Fault::MaxSessions(most) => Some(*most),
            _ => None,
        });
        Self {
            methods: methods(keyboard_only),
            keyboard_only,
            refuse_all: faults.hit(|f| matches!(f, Fault::AuthRefused)),
            refuse_sha2: faults.hit(|f| matches!(f, Fault::NoServerSigAlgs)),
            max_sessions: max_sessions.unwrap_or(shared.max_sessions),
            prompts,
            password_seen: false,
            user: String::new(),
            waiting: HashMap::new(),
            open: HashMap::new(),
            shared,
            end,
        }
    }

    fn judge(&mut self, method: &str, user: &str, right: bool) -> Auth {
        self.shared
            .auth_attempts
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if right && user == USER && !self.refuse_all {
            user.clone_into(&mut self.user);
            self.shared.note(format!("login {user} by {method}"));
            Auth::Accept
        } else {
            self.shared.note(format!("login {user} by {method} refused"));
            self.refuse()
        }
    }

    fn refuse(&self) -> Auth {
        Auth::Reject {
            proceed_with_methods: Some(self.methods.clone()),
            partial_success: false,
        }
    }

    fn start(&mut self, id: ChannelId, session: &Session) -> Option<Pipe> {
        let channel = self.waiting.remove(&id)?;
        Some(Pipe::new(channel, self.end.clone(), session.handle()))
    }
}

fn methods(keyboard_only: bool) -> MethodSet {
    let all = [
        MethodKind::PublicKey,
        MethodKind::Password,
        MethodKind::KeyboardInteractive,
    ];
    MethodSet::from(if keyboard_only {
        all.get(2..).unwrap_or_default()
    } else {
        &all
    })
}

fn question(text: &'static str) -> Auth {
    Auth::Partial {
        name: "".into(),
        instructions: "".into(),
        prompts: vec![(text.into(), false)].into(),
    }
}

impl Handler for Login {
    type Error = russh::Error;

    async fn authentication_banner(&mut self) -> Result<Option<String>, Self::Error> {
        Ok(self.shared.faults.take(|f| match f {
            Fault::Banner(text) => Some(text.clone()),
            _ => None,
        }))
    }

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Self::Error> {
        Ok(self.refuse())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        Ok(self.judge("password", user, password == PASSWORD && !self.keyboard_only))
    }

    async fn auth_publickey_offered(&mut self, _: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        let sha2 = offer.algorithm.as_str().starts_with("rsa-sha2");
        let known = offer.public_key.key_data() == self.shared.user_key.key_data();
        Ok(if known && !self.keyboard_only && !(sha2 && self.refuse_sha2) {
            Auth::Accept
        } else {
            self.refuse()
        })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let right = key.public_key.key_data() == self.shared.user_key.key_data() && !self.keyboard_only;
        Ok(self.judge("publickey", user, right))
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        let Some(mut response) = response else {
            self.password_seen = false;
            return Ok(question("Password: "));
        };
        let answer = response.next().unwrap_or_default();
        if self.prompts == 2 && !self.password_seen && answer == PASSWORD.as_bytes() {
            self.password_seen = true;
            return Ok(question("Token: "));
        }
        let right = if self.password_seen {
            !answer.is_empty()
        } else {
            answer == PASSWORD.as_bytes()
        };
        Ok(self.judge("keyboard-interactive", user, right))
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        if self.open.len() >= self.max_sessions {
            self.shared.note("channel refused");
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        self.shared.channels.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.shared.note("channel opened");
        self.open.insert(channel.id(), ());
        self.waiting.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _session: &mut Session) -> Result<(), Self::Error> {
        self.open.remove(&channel);
        self.waiting.remove(&channel);
        Ok(())
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        _name: &str,
        _value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_failure(channel)
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        _: &str,
        _: u32,
        _: u32,
        _: u32,
        _: u32,
        _: &[(russh::Pty, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if name != "netconf" || self.shared.faults.hit(|f| matches!(f, Fault::RefuseSubsystem)) {
            self.shared.note(format!("subsystem {name} refused"));
            return session.channel_failure(channel);
        }
        session.channel_success(channel)?;
        if let Some(pipe) = self.start(channel, session) {
            self.shared.note("subsystem netconf");
            tokio::spawn(netconf::serve(Arc::clone(&self.shared), self.user.clone(), pipe));
        }
        Ok(())
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        data: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let command = String::from_utf8_lossy(data).trim().to_owned();
        session.channel_success(channel)?;
        let Some(pipe) = self.start(channel, session) else {
            return Ok(());
        };
        self.shared.note(format!("exec `{command}`"));
        let netconf = [
            "xml-mode netconf need-trailer",
            "xml-mode netconf",
            "netconf",
            "netconf need-trailer",
        ];
        if netconf.contains(&command.as_str()) {
            tokio::spawn(netconf::serve(Arc::clone(&self.shared), self.user.clone(), pipe));
        } else {
            tokio::spawn(shell::execute(
                Arc::clone(&self.shared),
                self.user.clone(),
                command,
                pipe,
            ));
        }
        Ok(())
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(channel)?;
        if let Some(pipe) = self.start(channel, session) {
            self.shared.note("shell");
            tokio::spawn(shell::interact(Arc::clone(&self.shared), self.user.clone(), pipe));
        }
        Ok(())
    }
}
