//! A `ProxyCommand`: a program whose standard input and output are the connection.

use std::{
    io,
    pin::Pin,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};
use tokio_util::sync::CancellationToken;

use super::handler::one_line;

/// How much of the standard error is kept, bytes.
const KEPT: usize = 1024;

/// How long to wait for it when the connection failed.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The end of what a program wrote to its standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct Complaint {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: CancellationToken,
}

impl Complaint {
    /// The text on one line, if there is any. Waits a moment for what a program says as it ends.
    pub(super) async fn text(&self) -> Option<String> {
        let _ = tokio::time::timeout(LAST_WORDS, self.ended.cancelled()).await;
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        Some(one_line(&String::from_utf8_lossy(&bytes))).filter(|text| !text.is_empty())
    }

    async fn collect(self, mut from: ChildStderr) {
        let mut buffer = [0; 512];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let mut kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend(buffer.iter().take(read));
            let excess = kept.len().saturating_sub(KEPT);
            kept.drain(..excess);
        }
        self.ended.cancel();
    }
}

/// The connection; the program is killed when it is dropped.
pub(super) struct ProxyCommand {
    input: ChildStdin,
    output: ChildStdout,
    _program: Child,
}

impl ProxyCommand {
    /// Starts the command in a shell.
    pub(super) fn start(command: &str) -> io::Result<(Self, Complaint)> {
        let mut program = Command::new("/bin/sh")
            .arg("-c")
            // As in OpenSSH: without the `exec`, killing would meet the shell only.
            .arg(format!("exec {command}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || io::Error::other("no pipe to the program");
        let input = program.stdin.take().ok_or_else(missing)?;
        let output = program.stdout.take().ok_or_else(missing)?;
        let complaint = Complaint::default();
        if let Some(stderr) = program.stderr.take() {
            tokio::spawn(complaint.clone().collect(stderr));
        }
        Ok((
            Self {
                input,
                output,
                _program: program,
            },
            complaint,
        ))
    }
}

impl AsyncRead for ProxyCommand {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_read(context, buffer)
    }
}

impl AsyncWrite for ProxyCommand {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(context)
    }
}
