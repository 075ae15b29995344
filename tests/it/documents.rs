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
    ] {
        help.push_str(&run(home.path(), command).await.stdout);
    }
    help.push_str(&run(home.path(), &["known-hosts", "scan", "--help"]).await.stdout);
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        for line in read(document).lines().filter(|line| line.contains("jmcp ")) {
            for word in line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
                let is_flag = word.len() > 3 && word.starts_with("--") && !word.starts_with("---");
                let of_others = ["--rm", "--version", "--path", "--release", "--locked", "--check"];
                if is_flag && !of_others.contains(&word) {
                    assert!(help.contains(word), "{document}: jmcp has no `{word}`: {line}");
                }
            }
        }
    }
}

#[test]
fn the_architecture_names_modules_that_exist() {
    let page = read("ARCHITECTURE.md");
    let mut names = 0;
    for word in page.split(|c: char| c.is_whitespace() || "`()|,;".contains(c)) {
        let word = word.trim_end_matches(['.', ':']);
        if ["src/", "tests/", "fuzz/", "benches/", ".ci/"]
            .iter()
            .any(|folder| word.starts_with(folder))
            && !word.contains(['*', '<', '{'])
        {
            names += 1;
            assert!(file(word).exists(), "ARCHITECTURE.md: there is no `{word}`");
        }
    }
    assert!(names > 0, "ARCHITECTURE.md says where things are");
}
