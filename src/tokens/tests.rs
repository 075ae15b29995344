//! Tokens in force: who is let in, and what a change of the file does to those who are.

mod edits;
mod files;

use std::sync::atomic::AtomicU64;

use super::*;
use crate::tools::Catalogue;

/// 2026-01-01T00:00:00Z, where the clocks of these tests begin.
const START: u64 = 1_767_225_600;

fn known() -> Known {
    Known::of(&Catalogue::new().unwrap())
}

/// An entry of a hashed file with further fields.
fn hashed(name: &str, secret: &str, fields: &str) -> String {
    let hash = Digest::of(secret).text();
    format!(r#"{{"name": "{name}", "hash": "{hash}", "created_at": "2026-01-01T00:00:00Z"{fields}}}"#)
}

fn file(entries: &[String]) -> String {
    format!(r#"{{"version": 1, "tokens": [{}]}}"#, entries.join(", "))
}

struct Bench {
    directory: tempfile::TempDir,
    seconds: Arc<AtomicU64>,
}

impl Bench {
    fn new(text: &str) -> (Self, Tokens) {
        let bench = Self {
            directory: tempfile::tempdir().unwrap(),
            seconds: Arc::new(AtomicU64::new(START)),
        };
        bench.write(text);
        let tokens = bench.open().unwrap();
        (bench, tokens)
    }

    fn open(&self) -> Result<Tokens> {
        let seconds = self.seconds.clone();
        let clock = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::Relaxed));
        Tokens::open_at(self.path(), &known(), Arc::new(clock))
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("tokens.json")
    }

    fn write(&self, text: &str) {
        std::fs::write(self.path(), text).unwrap();
    }

    fn wait(&self, seconds: u64) {
        self.seconds.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_secret_finds_its_token() {
    let text = file(&[
        hashed("alice", "one", r#", "routers": ["edge-*"]"#),
        hashed("bob", "two", ""),
    ]);
    let (_bench, tokens) = Bench::new(&text);
    let alice = tokens.authenticate("one").unwrap();
    assert_eq!(alice.principal.name.as_ref(), "alice");
    assert!(alice.principal.may_reach("edge-1") && !alice.principal.may_reach("core-1"));
    assert_eq!(tokens.authenticate("two").unwrap().principal.name.as_ref(), "bob");
    for wrong in ["", "One", "one ", "three", &Digest::of("one").text()] {
        assert!(tokens.authenticate(wrong).is_none(), "{wrong}");
    }
    assert_eq!((tokens.len(), tokens.is_empty()), (2, false));
}

#[test]
fn both_files_make_the_same_callers() {
    let plain = r#"{"alice": {"token": "one", "description": "d", "created": "2026-01-01T00:00:00+00:00"}}"#;
    let (_bench, from_plain) = Bench::new(plain);
    let (_bench, from_hashed) = Bench::new(&file(&[hashed("alice", "one", "")]));
    let (one, other) = (
        from_plain.authenticate("one").unwrap(),
        from_hashed.authenticate("one").unwrap(),
    );
    assert_eq!(one.id, other.id);
    assert!(one.principal.is_unrestricted() && other.principal.is_unrestricted());
}

#[test]
fn the_anonymous_caller_never_ends() {
    let caller = Caller::anonymous();
    assert_eq!(
        (caller.id.as_ref(), caller.principal.name.as_ref()),
        ("anonymous", "anonymous")
    );
    assert!(caller.expires.is_none() && !caller.alive.is_cancelled());
    assert!(caller.principal.is_unrestricted());
}

#[test]
fn nothing_is_in_force_before_it_is_installed() {
    let (bench, tokens) = Bench::new(&file(&[hashed("alice", "one", "")]));
    bench.write(&file(&[hashed("bob", "two", "")]));
    let set = tokens.read().unwrap();
    assert!(tokens.authenticate("one").is_some() && tokens.authenticate("two").is_none());
    let changes = tokens.install(set);
    assert!(tokens.authenticate("one").is_none() && tokens.authenticate("two").is_some());
    assert_eq!(changes.to_string(), "added bob; removed alice");
    bench.write("{");
    assert!(tokens.read().is_err());
    assert!(tokens.authenticate("two").is_some());
}

#[test]
fn callers_end_with_their_tokens() {
    let text = file(&[
        hashed("gone", "1", ""),
        hashed("rotated", "2", ""),
        hashed("renamed", "3", ""),
        hashed("narrowed", "4", ""),
        hashed("same", "5", ""),
    ]);
    let (bench, tokens) = Bench::new(&text);
    let caller = |secret: &str| tokens.authenticate(secret).unwrap();
    let (gone, rotated, renamed, narrowed, same) = (caller("1"), caller("2"), caller("3"), caller("4"), caller("5"));
    bench.write(&file(&[
        hashed("new", "0", ""),
        hashed("rotated", "22", ""),
        hashed("other", "3", ""),
        hashed("narrowed", "4", r#", "tools": ["get_router_list"]"#),
        hashed("same", "5", ""),
    ]));
    let changes = tokens.install(tokens.read().unwrap());
    assert_eq!(
        changes,
        TokenChanges {
            added: names(&["new", "other"]),
            removed: names(&["gone", "renamed"]),
            rotated: names(&["rotated"]),
            changed: names(&["narrowed"]),
        }
    );
    for ended in [&gone, &rotated, &renamed] {
        assert!(ended.alive.is_cancelled(), "{}", ended.id);
    }
    assert!(!narrowed.alive.is_cancelled() && !same.alive.is_cancelled());
    let again = caller("4");
    assert_eq!(again.id, narrowed.id);
    assert!(!again.principal.tools.is_all(), "the new scope holds");
    assert_ne!(caller("22").id, rotated.id, "another secret is another id");
    bench.write(&file(&[]));
    tokens.install(tokens.read().unwrap());
    assert!(narrowed.alive.is_cancelled() && same.alive.is_cancelled());
    assert!(tokens.is_empty());
    assert!(tokens.install(tokens.read().unwrap()).is_empty());
}

#[test]
fn a_token_is_over_at_its_time() {
    let text = file(&[hashed("short", "one", r#", "expires_at": "2026-01-01T00:01:00Z""#)]);
    let (bench, tokens) = Bench::new(&text);
    let caller = tokens.authenticate("one").unwrap();
    assert_eq!(caller.expires, Some(UNIX_EPOCH + Duration::from_secs(START + 60)));
    bench.wait(59);
    tokens.end_expired();
    assert!(tokens.authenticate("one").is_some() && !caller.alive.is_cancelled());
    bench.wait(1);
    assert!(tokens.authenticate("one").is_none(), "to the second");
    assert!(!caller.alive.is_cancelled());
    tokens.end_expired();
    assert!(caller.alive.is_cancelled());
    // It is given more time.
    bench.write(&file(&[hashed(
        "short",
        "one",
        r#", "expires_at": "2026-01-01T01:00:00Z""#,
    )]));
    let changes = tokens.install(tokens.read().unwrap());
    assert_eq!(changes.changed, ["short"]);
    let again = tokens.authenticate("one").unwrap();
    assert!(!again.alive.is_cancelled() && caller.alive.is_cancelled());
    // And that is taken back.
    bench.write(&file(&[hashed(
        "short",
        "one",
        r#", "expires_at": "2026-01-01T00:00:30Z""#,
    )]));
    tokens.install(tokens.read().unwrap());
    assert!(again.alive.is_cancelled(), "at once");
}

#[test]
fn times_of_use_are_kept_beside_the_file() {
    let (bench, tokens) = Bench::new(&file(&[hashed("alice", "one", ""), hashed("bob", "two", "")]));
    let before = std::fs::read(bench.path()).unwrap();
    let alice = tokens.authenticate("one").unwrap();
    bench.wait(90);
    assert!(tokens.authenticate("one").is_some());
    // The time outlives a reload.
    tokens.install(tokens.read().unwrap());
    tokens.save_used().unwrap();
    let used = LastUsed::read(&bench.path());
    assert_eq!(used.of(&alice.id), Some(UNIX_EPOCH + Duration::from_secs(START + 90)));
    assert_eq!(std::fs::read(bench.path()).unwrap(), before);
    let kept = std::fs::read_to_string(LastUsed::path(&bench.path())).unwrap();
    assert!(!kept.contains("bob"), "never used: {kept}");
    // A new process that nobody has called does not forget.
    bench.open().unwrap().save_used().unwrap();
    assert_eq!(LastUsed::read(&bench.path()), used);
}

#[test]
fn an_empty_store() {
    let (_bench, tokens) = Bench::new(&file(&[]));
    assert!(tokens.is_empty() && tokens.authenticate("").is_none());
    let (bench, _) = Bench::new(&file(&[]));
    bench.write("{}");
    let error = bench.open().unwrap_err();
    assert!(error.to_string().contains("has no tokens"), "{error}");
    bench.write("\n");
    let error = bench.open().unwrap_err();
    assert!(error.to_string().contains("is empty"), "{error}");
}

#[test]
fn callers_and_tokens_print_no_secrets() {
    let (_bench, tokens) = Bench::new(r#"{"alice": {"token": "hunter2-hunter2-hunter2"}}"#);
    let caller = tokens.authenticate("hunter2-hunter2-hunter2").unwrap();
    let printed = format!("{tokens:?} {caller:?} {:?}", tokens.read().unwrap());
    assert!(!printed.contains("hunter2"), "{printed}");
}
