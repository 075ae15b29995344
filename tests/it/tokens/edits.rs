//! What an edit leaves behind: nothing is lost, whoever else edits; owner and mode stay; no secret shows up where it does not belong.

use std::os::unix::{
    fs::{MetadataExt as _, PermissionsExt as _, chown},
    process::ExitStatusExt as _,
};

use futures::future::join_all;
use tokio::process::Command;

use super::{Place, said};
use crate::support::program::{Ended, command, ended};

/// A user without rights, where the tests run as root.
const NOBODY: u32 = 65534;

/// Whether this user may read everything.
fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Runs `jmcp token` as a user without rights; as this user where that is not root.
async fn as_nobody(place: &Place, arguments: &[&str]) -> Ended {
    let line: Vec<&str> = ["token"].iter().chain(arguments).copied().collect();
    let mut command: Command = command(place.path(), &line);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    ended(command.spawn().unwrap()).await
}

/// The user of [`as_nobody`].
fn nobody() -> u32 {
    if is_root() {
        NOBODY
    } else {
        std::fs::metadata("/proc/self").unwrap().uid()
    }
}

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn twelve_at_once_all_count() {
    let place = Place::new();
    let names: Vec<String> = (0..12).map(|number| format!("t{number}")).collect();
    let adds = names.iter().map(|name| {
        let place = &place;
        async move {
            place
                .on_hashed(&["add", "--name", name, "--routers", "*", "--tools", "*"])
                .await
        }
    });
    for (name, ended) in names.iter().zip(join_all(adds).await) {
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        let caller = place.caller("tokens.json", ended.stdout.trim_end()).unwrap();
        assert_eq!(caller.principal.name.as_ref(), name);
    }
    let left: Vec<_> = std::fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["tokens.json"], "nothing else is left behind");
}

#[tokio::test]
async fn owner_group_and_mode_stay() {
    let place = Place::with("tokens.json", r#"{"version": 1, "tokens": []}"#);
    let file = place.file("tokens.json");
    if is_root() {
        chown(&file, Some(NOBODY), Some(12345)).unwrap();
    }
    set_mode(&file, 0o640);
    let before = std::fs::metadata(&file).unwrap();
    let standing = |of: &std::fs::Metadata| (of.uid(), of.gid(), of.mode());
    for line in [
        ["add", "--name", "a"],
        ["rotate", "--name", "a"],
        ["revoke", "--name", "a"],
    ] {
        assert_eq!(place.on_hashed(&line).await.status.code(), Some(0), "{line:?}");
        assert_eq!(
            standing(&std::fs::metadata(&file).unwrap()),
            standing(&before),
            "{line:?}"
        );
    }
    place.token(&["generate", "--id", "b"]).await;
    let new = std::fs::metadata(place.file(".tokens")).unwrap();
    assert_eq!(new.mode() & 0o7777, 0o600, "a new file is its owner's");
}

#[tokio::test]
async fn a_file_in_a_directory_that_cannot_be_written_is_edited_in_place() {
    let place = Place::with("tokens.json", r#"{"version": 1, "tokens": []}"#);
    let file = place.file("tokens.json");
    if is_root() {
        chown(&file, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    set_mode(&file, 0o600);
    set_mode(place.path(), 0o555);
    let before = std::fs::metadata(&file).unwrap().ino();
    let names: Vec<String> = (0..4).map(|number| format!("t{number}")).collect();
    let adds = names.iter().map(|name| {
        let place = &place;
        async move { as_nobody(place, &["add", "--name", name, "--tokens-file", "tokens.json"]).await }
    });
    let all = join_all(adds).await;
    set_mode(place.path(), 0o755);
    for ended in all {
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert!(place.caller("tokens.json", ended.stdout.trim_end()).is_some());
    }
    assert_eq!(std::fs::metadata(&file).unwrap().ino(), before);
}

#[tokio::test]
async fn a_plain_file_stays_the_one_that_containers_mount() {
    let place = Place::new();
    assert!(place.token(&["generate", "--id", "a"]).await.status.success());
    let file = place.file(".tokens");
    let mounted = std::fs::metadata(&file).unwrap().ino();
    for line in [
        ["generate", "--id", "b"],
        ["rotate", "--id", "a"],
        ["revoke", "--id", "b"],
    ] {
        assert!(place.token(&line).await.status.success(), "{line:?}");
        assert_eq!(std::fs::metadata(&file).unwrap().ino(), mounted, "{line:?}");
    }
    assert!(place.text(".tokens").ends_with("}\n"));
}

#[tokio::test]
async fn a_file_of_somebody_else_is_told_with_what_to_do() {
    let place = Place::with("tokens.json", r#"{"version": 1, "tokens": []}"#);
    set_mode(place.path(), 0o755);
    set_mode(&place.file("tokens.json"), if is_root() { 0o600 } else { 0 });
    for verb in [&["list"][..], &["revoke", "--name", "a"], &["add", "--name", "a"]] {
        let line: Vec<&str> = verb.iter().chain(&["--tokens-file", "tokens.json"]).copied().collect();
        let ended = as_nobody(&place, &line).await;
        assert_eq!(ended.status.code(), Some(1), "{verb:?}");
        let mends = if is_root() { "chown 65534" } else { "chmod u+rw" };
        for part in [
            "tokens.json` cannot be read: permission denied",
            &format!("runs as uid {}", nobody()),
            mends,
        ] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn a_server_is_told() {
    let place = Place::new();
    let mut server = tokio::process::Command::new("sleep").arg("600").spawn().unwrap();
    let pid = server.id().unwrap().to_string();
    let ended = place
        .on_hashed(&[
            "add",
            "--name",
            "a",
            "--routers",
            "*",
            "--tools",
            "*",
            "--server-pid",
            &pid,
        ])
        .await;
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    // A process that does not know the signal ends by it.
    assert_eq!(server.wait().await.unwrap().signal(), Some(1));
    let ended = place.on_hashed(&["revoke", "--name", "a", "--server-pid", &pid]).await;
    let (status, _, stderr) = said(&ended);
    assert_eq!(status, Some(0), "the file is written all the same");
    assert!(
        stderr.contains("revoked 'a'") && stderr.contains("was not told"),
        "{stderr}"
    );
}

#[tokio::test]
async fn no_answer_and_no_error_has_the_secret_of_another_token() {
    let secret = "jmcp_0123456789abcdef0123456789abcdef";
    let hash = "sha256:K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols";
    let plain = format!(r#"{{"other": {{"token": "{secret}", "description": "d"}}}}"#);
    let hashed = format!(r#"{{"version": 1, "tokens": [{{"name": "other", "hash": "{hash}"}}]}}"#);
    let files = [
        plain.clone(),
        hashed.clone(),
        // Broken in many ways: in its JSON, and with a secret in each place where it does not belong.
        plain.replace("\"description\"", "description"),
        plain.replace(&format!("\"{secret}\""), &format!("[\"{secret}\"]")),
        plain.replace("\"token\"", "\"hash\""),
        plain.replace("\"description\": \"d\"", &format!("\"token\": \"{secret}\"")),
        plain.replace("}}", &format!("}}, \"second\": {{\"token\": \"{secret}\"}}}}")),
        format!(r#"{{"other": "{secret}"}}"#),
        hashed.replace(hash, secret),
        hashed.replace("\"hash\"", "\"token\""),
        hashed.replace("}]", &format!("}}, {{\"name\": \"second\", \"hash\": \"{hash}\"}}]")),
    ];
    for text in files {
        let place = Place::with("tokens.json", &text);
        for line in [
            &["list"][..],
            &["generate", "--id", "new"],
            &["generate", "--id", "other"],
            &["add", "--name", "more"],
            &["add", "--name", "other"],
            &["rotate", "--name", "new"],
            &["show", "--id", "none"],
            &["show", "--id", "new"],
            &["revoke", "--id", "new"],
            &["revoke", "--id", "other"],
        ] {
            let ended = place.on_hashed(line).await;
            for output in [&ended.stdout, &ended.stderr] {
                assert!(
                    !output.contains(secret) && !output.contains(hash),
                    "{line:?} on {text}: {output}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_file_with_mistakes_is_not_edited() {
    let text = r#"{"version": 1, "tokens": [{"name": "a", "hash": "short"}, {"name": "b"}]}"#;
    let place = Place::with("tokens.json", text);
    for line in [
        ["add", "--name", "c"],
        ["revoke", "--name", "a"],
        ["rotate", "--name", "a"],
        ["generate", "--id", "c"],
    ] {
        let ended = place.on_hashed(&line).await;
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{line:?}");
        for part in ["token `a`: `hash` is not", "token `b`: `hash` is missing"] {
            assert!(ended.stderr.contains(part), "{line:?}: {}", ended.stderr);
        }
    }
    assert_eq!(place.text("tokens.json"), text);
}
