//! What the server costs by itself: pipes, a call without a device, configuration in set format, start to first answer.

use std::{
    hint::black_box,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::Arc,
};

use clap::Parser as _;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jmcp::{
    cli::Cli,
    junos::pipes,
    lab::config::{Clock, MX, Store, Style},
    server::path::{Call, Path},
    settings::Settings,
    tools::{Arguments, Principal},
};

const INVENTORY: &str = r#"{"r1": {"ip": "192.0.2.1", "username": "u", "auth": {"type": "ssh_agent"}}}"#;
const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}"#;

fn pipe(c: &mut Criterion) {
    let line = "ge-0/0/7.100   up    up   inet     192.0.2.1/24   description of some length\n";
    let text = line.repeat((16 << 20) / line.len());
    let mut group = c.benchmark_group("pipes");
    group.sample_size(10).throughput(Throughput::Bytes(text.len() as u64));
    for command in [
        "x | match inet",
        "x | except inet",
        "x | count",
        "x | match ge- | last 100",
    ] {
        let Ok(pipeline) = pipes::split(command) else { continue };
        group.bench_function(command, |b| {
            b.iter_batched(
                || text.clone(),
                |text| pipes::apply(&pipeline.pipes, text),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::UNIX_EPOCH
    }
}

fn set_to_tree(c: &mut Criterion) {
    let style = Style::default;
    let mut lines = String::new();
    for unit in 0..2000 {
        lines.push_str(&format!(
            "set interfaces ge-0/0/1 unit {unit} description \"customer {unit}\"\n"
        ));
    }
    let mut group = c.benchmark_group("set to tree");
    group.sample_size(10).throughput(Throughput::Bytes(lines.len() as u64));
    group.bench_function("2000 statements", |b| {
        b.iter_batched(
            || Store::new(MX, style(), Arc::new(Stopped)),
            |store| {
                if let Ok(mut store) = store {
                    store.dirty_by("bench", &lines);
                    black_box(store.candidate_set().len());
                }
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn call_path(c: &mut Criterion) {
    let Ok(directory) = tempfile::tempdir() else { return };
    let inventory = directory.path().join("devices.json");
    let audit = directory.path().join("audit.log");
    if std::fs::write(&inventory, INVENTORY).is_err() {
        return;
    }
    let line = [
        "jmcp",
        "-f",
        &inventory.display().to_string(),
        "--audit-log-file",
        &audit.display().to_string(),
    ];
    let Ok(path) = Settings::new(Cli::parse_from(line).options).and_then(|settings| settings.path()) else {
        return;
    };
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return;
    };
    c.bench_function("a call without a device", |b| {
        b.to_async(Runtime(&runtime)).iter(|| one(&path));
    });
}

async fn one(path: &Path) -> usize {
    let call = Call::new("get_router_list", Arguments::new(), Arc::new(Principal::local("bench")));
    path.call(call).await.text.len()
}

struct Runtime<'a>(&'a tokio::runtime::Runtime);

impl criterion::async_executor::AsyncExecutor for Runtime<'_> {
    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}

fn start(c: &mut Criterion) {
    let Ok(directory) = tempfile::tempdir() else { return };
    let inventory = directory.path().join("devices.json");
    if std::fs::write(&inventory, INVENTORY).is_err() {
        return;
    }
    c.bench_function("start to first answer", |b| {
        b.iter(|| {
            let child = Command::new(env!("CARGO_BIN_EXE_jmcp"))
                .arg("-f")
                .arg(&inventory)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn();
            let Ok(mut child) = child else { return };
            if let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) {
                let _ = writeln!(input, "{INITIALIZE}");
                let mut answer = String::new();
                let _ = BufReader::new(output).read_line(&mut answer);
                black_box(answer);
            }
            let _ = child.kill();
            let _ = child.wait();
        });
    });
}

criterion_group!(benches, pipe, set_to_tree, call_path, start);
criterion_main!(benches);
