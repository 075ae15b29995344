//! The words of junos-mcp-server: `.tokens` in the working directory, with the secrets themselves.

use super::{Place, said};

/// A file as the Python server writes it.
const FILE: &str = r#"{
  "vscode-dev": {
    "token": "jmcp_0123456789abcdef0123456789abcdef",
    "description": "VSCode development",
    "created": "2025-09-01T10:00:00.123456+00:00"
  },
  "bare": {
    "token": "jmcp_fedcba9876543210fedcba9876543210"
  }
}"#;

const SECRETS: [&str; 2] = [
    "jmcp_0123456789abcdef0123456789abcdef",
    "jmcp_fedcba9876543210fedcba9876543210",
];

#[tokio::test]
async fn generate_makes_the_file() {
    let place = Place::new();
    let ended = place
        .token(&["generate", "--id", "vscode-dev", "--description", "VSCode development"])
        .await;
    let (status, stdout, stderr) = said(&ended);
    assert_eq!((status, stderr), (Some(0), ""));
    let secret = stdout.lines().nth(2).unwrap().strip_prefix("  Token: ").unwrap();
    assert!(secret.len() == 37 && secret.starts_with("jmcp_"), "{secret}");
    let wanted = format!(
        "Generated new token:\n  ID: vscode-dev\n  Token: {secret}\n  Description: VSCode development\n\nSave this token securely \
         - it won't be shown again!\n"
    );
    assert_eq!(stdout, wanted);
    assert!(place.caller(".tokens", secret).unwrap().principal.is_unrestricted());
    let again = place.token(&["generate", "--id", "vscode-dev"]).await;
    assert_eq!(
        said(&again),
        (Some(1), "Error: Token ID 'vscode-dev' already exists\n", "")
    );
    let other = place.token(&["generate", "--name", "other"]).await;
    assert!(
        other.stdout.contains("\n  Description: Token for other\n"),
        "{}",
        other.stdout
    );
}

#[tokio::test]
async fn list_is_the_known_table() {
    let place = Place::with(".tokens", FILE);
    let row = |id: &str, description: &str, created: &str| format!("{id:<20} {description:<40} {created:<25}\n");
    let wanted = [
        row("ID", "Description", "Created"),
        "-".repeat(85) + "\n",
        row("vscode-dev", "VSCode development", "2025-09-01T10:00:00.123456+00:00"),
        row("bare", "No description", "Unknown"),
    ];
    assert_eq!(
        said(&place.token(&["list"]).await),
        (Some(0), wanted.concat().as_str(), "")
    );
    place.token(&["generate", "--id", "short", "--expires", "12h"]).await;
    let listed = place.token(&["list"]).await.stdout;
    assert!(
        listed.starts_with(row("ID", "Description", "Created").trim_end_matches('\n')),
        "{listed}"
    );
    assert!(listed.lines().next().unwrap().contains("Expires"), "{listed}");
}

#[tokio::test]
async fn show_shows_it() {
    let place = Place::with(".tokens", FILE);
    let wanted = format!(
        "Token ID: vscode-dev\nToken: {}\nDescription: VSCode development\nCreated: 2025-09-01T10:00:00.123456+00:00\n",
        SECRETS[0]
    );
    assert_eq!(
        said(&place.token(&["show", "--id", "vscode-dev"]).await),
        (Some(0), wanted.as_str(), "")
    );
    let bare = place.token(&["show", "--name", "bare"]).await;
    assert!(
        bare.stdout
            .ends_with("\nDescription: No description\nCreated: Unknown\n"),
        "{}",
        bare.stdout
    );
    let unknown = place.token(&["show", "--id", "none"]).await;
    assert_eq!(said(&unknown), (Some(1), "Error: Token ID 'none' not found\n", ""));
}

#[tokio::test]
async fn revoke_and_its_failure() {
    let place = Place::with(".tokens", FILE);
    let ended = place.token(&["revoke", "--id", "bare"]).await;
    assert_eq!(said(&ended), (Some(0), "Token 'bare' has been revoked\n", ""));
    let left: serde_json::Value = serde_json::from_str(&place.text(".tokens")).unwrap();
    let before: serde_json::Value = serde_json::from_str(FILE).unwrap();
    assert_eq!(left["vscode-dev"], before["vscode-dev"]);
    let again = place.token(&["revoke", "--id", "bare"]).await;
    assert_eq!(said(&again), (Some(1), "Error: Token ID 'bare' not found\n", ""));
    place.token(&["revoke", "--id", "vscode-dev"]).await;
    assert_eq!(said(&place.token(&["list"]).await), (Some(0), "No tokens found\n", ""));
}

#[tokio::test]
async fn without_a_file_there_are_no_tokens() {
    let place = Place::new();
    assert_eq!(said(&place.token(&["list"]).await), (Some(0), "No tokens found\n", ""));
    for verb in ["show", "revoke"] {
        let ended = place.token(&[verb, "--id", "a"]).await;
        assert_eq!(said(&ended), (Some(1), "Error: Token ID 'a' not found\n", ""), "{verb}");
    }
    for verb in ["add", "rotate"] {
        let ended = place.token(&[verb, "--name", "a"]).await;
        assert_eq!(ended.status.code(), Some(2), "{verb}");
        assert!(ended.stderr.contains("--tokens-file"), "{verb}: {}", ended.stderr);
    }
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test]
async fn the_other_servers_words_work_on_this_file() {
    let place = Place::with(".tokens", FILE);
    let line = ["add", "--name", "scoped", "--routers", "edge-1", "--tools", "*"];
    let ended = place.token(&line).await;
    let (status, stdout, stderr) = said(&ended);
    assert_eq!((status, stderr), (Some(0), ""));
    let caller = place.caller(".tokens", stdout.trim_end()).unwrap();
    assert!(caller.principal.may_reach("edge-1") && !caller.principal.may_reach("edge-2"));
    let rotated = place.token(&["rotate", "--id", "bare"]).await;
    assert!(place.caller(".tokens", rotated.stdout.trim_end()).is_some());
    assert!(place.caller(".tokens", SECRETS[1]).is_none());
    assert!(place.caller(".tokens", SECRETS[0]).is_some());
}

#[tokio::test]
async fn without_a_subcommand_there_is_help_and_a_failure() {
    let ended = Place::new().token(&[]).await;
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(1), ""));
    for verb in ["add", "list", "revoke", "rotate", "generate", "show"] {
        assert!(ended.stdout.contains(&format!("\n  {verb}")), "{}", ended.stdout);
    }
}
