//! Every tool that changes devices, in every trouble that the lab knows, in each database, on each kind of device. By the device's own
//! record: nothing was committed that should not be, no foreign edit was lost, no lock or candidate was left behind, and the
//! answer says what happened.

mod proof;
mod tools;
mod troubles;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use futures::future::join_all;
use jmcp::{
    error::Code,
    lab::{LabDevice, LabOptions},
    server::path::{Answered, Call},
    tools::Principal,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::{
    proof::{Before, Case, Said},
    tools::Way,
    troubles::Trouble,
};
use crate::support::bench::Bench;

const KINDS: [&str; 3] = ["mx", "srx", "ex"];

/// How often the cases ended how, and what was broken.
#[derive(Default)]
struct Tally {
    ends: BTreeMap<String, usize>,
    broken: Vec<String>,
}

/// A call that takes as long as it takes.
async fn call(bench: &Bench, tool: &str, arguments: Value) -> Answered {
    cancellable(bench, tool, arguments, CancellationToken::new()).await
}

async fn cancellable(bench: &Bench, tool: &str, arguments: Value, cancel: CancellationToken) -> Answered {
    let arguments = arguments.as_object().unwrap().clone();
    let call = Call::new(tool, arguments, Arc::new(Principal::local("test")));
    bench.path.call(Call { cancel, ..call }).await
}

/// All kinds of device with `JMCP_MATRIX=full`; else one for each combination, in turn.
fn is_full() -> bool {
    std::env::var("JMCP_MATRIX").is_ok_and(|value| value == "full")
}

/// One tool in one database on one device.
struct Series<'a> {
    way: Way,
    database: &'static str,
    device: &'a LabDevice,
    /// The troubles that it goes through, with their numbers.
    troubles: Vec<(usize, Trouble)>,
}

impl Series<'_> {
    async fn run(&self, bench: &Bench) -> Tally {
        let mut tally = Tally::default();
        for (number, trouble) in &self.troubles {
            let (word, broken) = one(bench, self.way, self.database, self.device, trouble, *number).await;
            *tally.ends.entry(word).or_default() += 1;
            tally.broken.extend(broken);
        }
        tally
    }
}

async fn one(
    bench: &Bench,
    way: Way,
    database: &'static str,
    device: &LabDevice,
    trouble: &Trouble,
    number: usize,
) -> (String, Vec<String>) {
    let Some(mut arguments) = way.arguments(bench, device, database, number).await else {
        panic!("{way:?} cannot begin on {}", device.name);
    };
    trouble.begin(device, number);
    let before = Before::of(device);
    let cancel = CancellationToken::new();
    let interrupting = async {
        trouble.meanwhile(device, number, &cancel).await;
        true
    };
    let calling = cancellable(bench, way.tool(), arguments.clone(), cancel.clone());
    let (mut answered, came) = with(calling, interrupting).await;
    // A person is shown what would be lost, and agrees.
    let asks = answered.error.as_ref().map(jmcp::error::Error::code) == Some(Code::ConfirmationRequired);
    let token = answered.confirmation.as_ref().and_then(|c| c["token"].as_str());
    let agreed = asks && token.is_some();
    if let Some(token) = token.filter(|_| asks) {
        arguments["confirmation_token"] = json!(token);
        answered = call(bench, way.tool(), arguments).await;
    }
    let said = Said::of(&answered);
    let case = Case {
        device,
        way,
        database,
        trouble,
        agreed,
    };
    let rest = case.at_rest(&said).await;
    let mut broken = case.broken_promises(&before, &said);
    broken.extend(rest.err());
    let left = case.leaves_edits();
    reset(device).await;
    let mut word = said.word;
    if trouble.step().is_some() && !came {
        word = "ended before that step".into();
    } else if left {
        word.push_str(", edits left in the shared candidate");
    }
    (word, broken)
}

/// Runs both until the call is over: its answer, and whether the interruption came.
async fn with(calling: impl Future<Output = Answered>, interrupting: impl Future<Output = bool>) -> (Answered, bool) {
    tokio::pin!(calling, interrupting);
    tokio::select! {
        answered = &mut calling => (answered, false),
        came = &mut interrupting => (calling.await, came),
    }
}

/// Everybody goes home, and the device is as for the next case.
async fn reset(device: &LabDevice) {
    device.faults().clear();
    for who in device.operators() {
        device.operator(&who.user).leaves();
    }
    while device.is_down() {
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let carl = device.operator("carl");
    if !device.shared_edits().is_empty() {
        carl.discards().unwrap();
    }
    if device.pending_commit().is_some() {
        carl.commits("kept").unwrap();
    }
    carl.leaves();
}

/// These ways of changing a device, in every trouble: what came of it is printed.
async fn every_trouble(wanted: &[Way]) -> BTreeMap<String, usize> {
    let ways: Vec<Way> = Way::known().into_iter().filter(|way| wanted.contains(way)).collect();
    let mut cases: Vec<(Way, &str)> = Vec::new();
    for way in &ways {
        cases.extend(way.databases().iter().map(|database| (*way, *database)));
    }
    let options = LabOptions {
        devices: cases.len() * KINDS.len(),
        ..LabOptions::default()
    };
    let bench = Bench::with(options, &["--confirm", "destroy"]).await;
    let mut series = Vec::new();
    for (place, (way, database)) in cases.iter().enumerate() {
        for (turn, kind) in KINDS.iter().enumerate() {
            let concerns = |(number, trouble): &(usize, Trouble)| {
                let has_step = trouble.step().is_none_or(|step| way.makes(step, database));
                has_step && (is_full() || (number + place) % KINDS.len() == turn)
            };
            series.push(Series {
                way: *way,
                database,
                device: bench.device(&format!("{kind}-lab-{}", place + 1)),
                troubles: Trouble::all().into_iter().enumerate().filter(concerns).collect(),
            });
        }
    }
    let mut all = Tally::default();
    for tally in join_all(series.iter().map(|series| series.run(&bench))).await {
        for (word, count) in tally.ends {
            *all.ends.entry(word).or_default() += count;
        }
        all.broken.extend(tally.broken);
    }
    let total: usize = all.ends.values().sum();
    let tools: BTreeSet<&str> = ways.iter().map(|way| way.tool()).collect();
    let troubles = Trouble::all().len();
    eprintln!(
        "{total} combinations: {troubles} troubles, {} databases and ways of {tools:?}, 3 kinds of device",
        cases.len()
    );
    for (word, count) in &all.ends {
        eprintln!("{count:>6} {word}");
    }
    assert!(
        all.broken.is_empty(),
        "{} broken promises\n{}",
        all.broken.len(),
        all.broken.join("\n\n")
    );
    assert!(total > 30 * cases.len(), "{total}");
    all.ends
}

fn has(ends: &BTreeMap<String, usize>, words: &[&str]) {
    for word in words {
        assert!(ends.contains_key(*word), "nothing ended as `{word}`: {ends:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn loading_in_every_trouble() {
    let ends = every_trouble(&[Way::Load, Way::LoadConfirmed, Way::Check]).await;
    has(&ends, &["committed", "not_committed", "unknown", "cancelled", "valid"]);
}

#[tokio::test(start_paused = true)]
async fn rolling_back_in_every_trouble() {
    let ends = every_trouble(&[Way::Rollback, Way::RollbackConfirmed, Way::RollbackShown]).await;
    has(
        &ends,
        &["committed", "not_committed", "unknown", "cancelled", "compared"],
    );
}

#[tokio::test(start_paused = true)]
async fn plans_and_templates_in_every_trouble() {
    let ends = every_trouble(&[Way::Plan, Way::Apply, Way::Template, Way::TemplateDry]).await;
    has(&ends, &["committed", "not_committed", "unknown", "valid"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_or_lies_about_in_every_trouble() {
    let ends = every_trouble(&[Way::Confirm, Way::Cancel, Way::Discard, Way::Rescue]).await;
    has(&ends, &["committed", "done", "transport"]);
}
