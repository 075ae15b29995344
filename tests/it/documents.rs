//! Documents that say what the program says of itself.

use std::{fs, path::PathBuf};

use crate::support::{
    golden,
    program::{ONE_DEVICE, directory, run},
};

const BEGIN: &str = "<!-- tools -->";
const END: &str = "<!-- /tools -->";

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[tokio::test]
async fn the_readme_lists_the_tools() {
    let home = directory(ONE_DEVICE);
    let printed = run(home.path(), &["tools", "--markdown"]).await;
    assert_eq!(printed.status.code(), Some(0), "{}", printed.stderr);
    let readme = read("README.md");
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("README.md has a place for the table of tools");
    let (_, after) = rest.split_once(END).expect("the table of tools ends");
    let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", printed.stdout.trim());
    let checked = golden::check(&file("README.md"), &wanted);
    assert!(
        checked.is_ok(),
        "{}\nif that is what was meant: UPDATE_GOLDEN=1 cargo test documents",
        checked.unwrap_err()
    );
}

#[tokio::test]
async fn documents_name_only_flags_that_exist() {
    let home = directory(ONE_DEVICE);
    let mut help = String::new();
    for command in [
        &["--help"][..],
        &["lab", "--help"],
        &["call", "--help"],
        &["check", "--help"],
        &["tools", "--help"],
        &["health", "--help"],
        &["token", "add", "--help"],
        &["token", "generate", "--help"],
        &["catalogue", "import", "--help"],
    ] {
        help.push_str(&run(home.path(), command).await.stdout);
    }
    help.push_str(&run(home.path(), &["known-hosts", "scan", "--help"]).await.stdout);
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let text = read(document);
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
            let is_flag = word
                .strip_prefix("--")
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
            // Flags of cargo and docker.
            if is_flag && !["--release", "--rm"].contains(&word) {
                assert!(help.contains(word), "{document}: jmcp has no `{word}`");
            }
        }
    }
}

#[test]
fn the_architecture_names_modules_that_exist() {
    let page = read("ARCHITECTURE.md");
    let mut names = 0;
    for name in page.split('`').skip(1).step_by(2) {
        let is_path = name.contains('/') && name.bytes().all(|b| b.is_ascii_lowercase() || b"/_.".contains(&b));
        if is_path {
            names += 1;
            let places = ["", "src/", "src/junos/"].map(|folder| format!("{folder}{name}"));
            let there = |place: &String| file(place).exists() || file(&format!("{place}.rs")).exists();
            assert!(places.iter().any(there), "ARCHITECTURE.md: there is no `{name}`");
        }
    }
    assert!(names > 0, "ARCHITECTURE.md says where things are");
}

#[tokio::test]
async fn the_template_of_an_inventory_lacks_nothing_but_key_files() {
    let home = directory(ONE_DEVICE);
    let template = file("devices-template.json");
    let checked = run(home.path(), &["check", "-f", template.to_str().unwrap()]).await;
    assert!(
        checked.stdout.contains("ok    inventory"),
        "{}{}",
        checked.stdout,
        checked.stderr
    );
    assert!(checked.stdout.contains("ok    guardrails"), "{}", checked.stdout);
    let wrong: Vec<&str> = checked
        .stdout
        .lines()
        .filter(|line| line.starts_with("wrong"))
        .collect();
    assert!(
        !wrong.is_empty() && wrong.iter().all(|line| line.contains("private key file not found")),
        "{wrong:?}"
    );
}
