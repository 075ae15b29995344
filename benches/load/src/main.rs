//! How much the HTTP server takes: calls per second and how long they take, and what stays of memory.
//!
//! `cargo run --release --manifest-path benches/load/Cargo.toml -- [PROGRAM] [ROUND]...`
//!
//! PROGRAM is the built server (or JMCP_BIN, or target/release/jmcp). Rounds: calls, long, sessions, slow, and `run:ERA:SECONDS`, which
//! keeps 16 clients of `session` or `modern` busy and says the process id, for a profiler. All but the last run where none is named.

mod client;
mod server;

use std::{
    io::{Error, Result},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use client::{Client, Era, in_session, number, post};
use server::{Server, TOKEN};
use tokio::{task::JoinSet, time::sleep};

/// How long each line of the table is measured.
const MEASURED: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let named = arguments
        .first()
        .is_some_and(|first| Path::new(first).is_file())
        .then(|| arguments.remove(0));
    let binary = named
        .or_else(|| std::env::var("JMCP_BIN").ok())
        .unwrap_or_else(|| "target/release/jmcp".into());
    let binary = PathBuf::from(binary);
    if arguments.is_empty() {
        arguments = ["calls", "long", "sessions", "slow"].map(str::to_owned).to_vec();
    }
    for round in arguments {
        match round.split(':').collect::<Vec<_>>().as_slice() {
            ["calls"] => calls(&binary).await?,
            ["long"] => long(&binary).await?,
            ["sessions"] => sessions(&binary).await?,
            ["slow"] => slow(&binary).await?,
            ["run", era, seconds] => {
                let era = if *era == "session" { Era::Session } else { Era::Modern };
                let server = Server::start(&binary, 300).await?;
                println!("process {}", server.pid());
                let time = Duration::from_secs(seconds.parse().map_err(Error::other)?);
                println!("{}", measure(&server, era, 16, Until::Time(time)).await?.line());
            }
            _ => return Err(Error::other(format!("there is no round `{round}`"))),
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Until {
    Time(Duration),
    Calls(usize),
}

/// What some clients saw.
struct Measured {
    took: Duration,
    server: f64,
    errors: usize,
    nanoseconds: Vec<u64>,
}

impl Measured {
    fn at(&self, part: f64) -> f64 {
        let last = self.nanoseconds.len().saturating_sub(1);
        let at = (last as f64 * part) as usize;
        self.nanoseconds.get(at).copied().unwrap_or_default() as f64 / 1e6
    }

    /// Calls per second, p50, p99, the server's processor time per call, errors.
    fn line(&self) -> String {
        let calls = self.nanoseconds.len();
        format!(
            "{:>8.0} calls/s  p50 {:>7.3} ms  p99 {:>7.3} ms  server {:>5.1} us/call  {} errors",
            calls as f64 / self.took.as_secs_f64(),
            self.at(0.50),
            self.at(0.99),
            self.server * 1e6 / calls.max(1) as f64,
            self.errors
        )
    }
}

/// Keeps so many clients busy, each on a connection (and in a session) of its own.
async fn measure(server: &Server, era: Era, clients: usize, until: Until) -> Result<Measured> {
    let mut ready = Vec::new();
    for _ in 0..clients {
        let mut client = Client::connect(server.address).await?;
        let call = client.call(era).await?;
        ready.push((client, call));
    }
    let (begun, processor) = (Instant::now(), server.processor());
    let mut tasks = JoinSet::new();
    for (mut client, mut call) in ready {
        tasks.spawn(async move {
            let (mut errors, mut times) = (0, Vec::with_capacity(1 << 14));
            loop {
                match until {
                    Until::Time(time) if begun.elapsed() >= time => break,
                    Until::Calls(calls) if times.len() >= calls / clients => break,
                    _ => {}
                }
                number(&mut call);
                let sent = Instant::now();
                let answer = client.exchange(&call).await?;
                times.push(sent.elapsed().as_nanos() as u64);
                if !client.is_good(&answer) {
                    // One of them is enough to see what is wrong.
                    if errors == 0 {
                        eprintln!("not good: {}", client.text());
                    }
                    errors += 1;
                }
            }
            Ok::<_, Error>((errors, times))
        });
    }
    let (mut errors, mut nanoseconds) = (0, Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (bad, times) = done.map_err(Error::other)??;
        errors += bad;
        nanoseconds.extend(times);
    }
    let (took, server) = (begun.elapsed(), server.processor() - processor);
    nanoseconds.sort_unstable();
    Ok(Measured {
        took,
        server,
        errors,
        nanoseconds,
    })
}

async fn calls(binary: &Path) -> Result<()> {
    println!("== get_router_list, with a token");
    for era in [Era::Modern, Era::Session] {
        for clients in [1, 16, 256] {
            let server = Server::start(binary, 300).await?;
            measure(&server, era, clients, Until::Time(Duration::from_secs(1))).await?;
            let before = server.resident();
            let measured = measure(&server, era, clients, Until::Time(MEASURED)).await?;
            let after = server.resident();
            println!(
                "{} {clients:>4} clients {}  RSS {before} -> {after} KiB",
                era.name(),
                measured.line()
            );
        }
    }
    Ok(())
}

async fn long(binary: &Path) -> Result<()> {
    println!("== memory after 100,000 calls on one connection");
    for era in [Era::Session, Era::Modern] {
        let server = Server::start(binary, 300).await?;
        measure(&server, era, 1, Until::Calls(1000)).await?;
        let mut resident = vec![server.resident()];
        let mut client = Client::connect(server.address).await?;
        let mut call = client.call(era).await?;
        let mut errors = 0;
        for _ in 0..4 {
            for _ in 0..25_000 {
                number(&mut call);
                let answer = client.exchange(&call).await?;
                errors += usize::from(!client.is_good(&answer));
            }
            resident.push(server.resident());
        }
        println!(
            "{} RSS at 0, 25,000 ... 100,000 calls: {resident:?} KiB, {errors} errors",
            era.name()
        );
    }
    Ok(())
}

async fn sessions(binary: &Path) -> Result<()> {
    println!(
        "== memory after 10,000 sessions that were opened and abandoned (idle limit 2 s, measured when they were gone)"
    );
    let server = Server::start(binary, 2).await?;
    measure(&server, Era::Session, 1, Until::Calls(1000)).await?;
    println!("before: RSS {} KiB", server.resident());
    for round in 1..=4 {
        let mut tasks = JoinSet::new();
        for _ in 0..16 {
            let address = server.address;
            tasks.spawn(async move {
                let mut client = Client::connect(address).await?;
                for _ in 0..625 {
                    client.open().await?;
                }
                Ok::<_, Error>(())
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.map_err(Error::other)??;
        }
        let open = server.resident();
        sleep(Duration::from_secs(5)).await;
        println!(
            "round {round}: RSS {open} KiB just after, {} KiB when they were gone",
            server.resident()
        );
    }
    Ok(())
}

/// A client that means no good: it sends this, and then a byte now and then.
async fn drip(mut client: Client, begin: Vec<u8>, over: Arc<AtomicBool>) -> Result<()> {
    client.send(&begin).await?;
    while !over.load(Ordering::Relaxed) {
        sleep(Duration::from_secs(1)).await;
        client.send(b"x").await?;
    }
    Ok(())
}

/// A client that opens a stream and never says a word.
async fn listen(mut client: Client, over: Arc<AtomicBool>) -> Result<()> {
    let session = client.open().await?;
    let headers = in_session(&session);
    let get = format!(
        "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\nAccept: text/event-stream\r\n{headers}\r\n"
    );
    client.send(get.as_bytes()).await?;
    while !over.load(Ordering::Relaxed) {
        sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

async fn slow(binary: &Path) -> Result<()> {
    println!(
        "== 1,000 slow or silent connections (dripping heads, dripping bodies, idle streams) and one normal client"
    );
    let server = Server::start(binary, 300).await?;
    measure(&server, Era::Modern, 1, Until::Calls(1000)).await?;
    let before = server.resident();
    for era in [Era::Modern, Era::Session] {
        let alone = measure(&server, era, 1, Until::Time(MEASURED)).await?;
        println!("{} alone    {}", era.name(), alone.line());
    }
    let over = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    let whole = String::from_utf8(post("", &"x".repeat(1000))).map_err(Error::other)?;
    for number in 0..1000 {
        let client = Client::connect(server.address).await?;
        match number % 3 {
            0 => tasks.spawn(drip(
                client,
                b"POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_vec(),
                over.clone(),
            )),
            1 => tasks.spawn(drip(
                client,
                whole.as_bytes()[..whole.len() - 1000].to_vec(),
                over.clone(),
            )),
            _ => tasks.spawn(listen(client, over.clone())),
        };
    }
    sleep(Duration::from_secs(2)).await;
    for era in [Era::Modern, Era::Session] {
        let among = measure(&server, era, 1, Until::Time(MEASURED)).await?;
        println!("{} among them {}", era.name(), among.line());
    }
    println!("RSS {before} KiB before, {} KiB with them", server.resident());
    over.store(true, Ordering::Relaxed);
    let mut turned_out = 0;
    while let Some(done) = tasks.join_next().await {
        turned_out += usize::from(done.map_err(Error::other)?.is_err());
    }
    println!("{turned_out} of them were turned out meanwhile");
    Ok(())
}
