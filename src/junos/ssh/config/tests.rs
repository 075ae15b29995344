use super::*;

fn about(text: &str, alias: &str) -> HostConfig {
    lookup(text, alias).unwrap()
}

fn lookup(text: &str, alias: &str) -> Result<HostConfig> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config");
    std::fs::write(&path, text).unwrap();
    ConfigFile {
        path: Some(path),
        home: Some(directory.path().to_owned()),
    }
    .about(alias)
}

#[test]
fn the_first_value_wins_and_identity_files_add_up() {
    let text = "Port 2022\n# comment\nHost r1 r2\n  HostName 192.0.2.1\n  Port 830\n  IdentityFile ~/one\nHost *\n  \
                HostName %h.example.net\n  IdentityFile \"/with space/two\"\n  User netops # who\n";
    let found = about(text, "r1");
    assert_eq!(found.host_name.as_deref(), Some("192.0.2.1"));
    assert_eq!(found.port, Some(2022));
    assert_eq!(found.user.as_deref(), Some("netops"));
    assert_eq!(found.identity_files, ["~/one", "/with space/two"]);
    assert_eq!(about(text, "r9").host_name.as_deref(), Some("%h.example.net"));
}

#[test]
fn patterns_negation_case_and_equals_signs() {
    let text = "host *.lab !r9.lab\n\tPORT=830\n\thostname = core\nHost=r9.lab\nUser x\n";
    assert_eq!(about(text, "R1.lab").port, Some(830));
    assert_eq!(about(text, "R1.lab").host_name.as_deref(), Some("core"));
    assert_eq!(about(text, "r9.lab").port, None);
    assert_eq!(about(text, "r9.lab").user.as_deref(), Some("x"));
}

#[test]
fn match_blocks() {
    let text = "Host r1\nHostName core.example.net\nMatch host core.example.net\nPort 1\nMatch exec \"true\"\nUser no\n\
                Match originalhost r1,r2\nConnectTimeout 7\nMatch !host r1 all\nUser yes\n";
    let found = about(text, "r1");
    assert_eq!(found.port, Some(1));
    assert_eq!(found.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(found.user.as_deref(), Some("yes"));
    assert_eq!(about(text, "r3").port, None);
}

#[test]
fn of_proxy_jump_and_proxy_command_the_first_wins() {
    let text = "Host a\nProxyCommand nc -X 5 %h %p # not a comment\nHost b\nProxyJump none\nHost *\nProxyJump j1,j2\n";
    assert_eq!(
        about(text, "a").proxy,
        Some(Proxy::Command("nc -X 5 %h %p # not a comment".to_owned()))
    );
    assert_eq!(about(text, "b").proxy, Some(Proxy::None));
    assert_eq!(about(text, "c").proxy, Some(Proxy::Jump("j1,j2".to_owned())));
}

#[test]
fn includes_are_read_where_they_stand() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join(".ssh/config.d");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("10-a.conf"), "Host r1\nPort 1\n").unwrap();
    std::fs::write(directory.join("20-b.conf"), "Host r1\nPort 2\nUser b\n").unwrap();
    std::fs::write(directory.join("ignored"), "User no\n").unwrap();
    std::fs::write(home.path().join(".ssh/inner"), "User inner\n").unwrap();
    let path = home.path().join(".ssh/config");
    std::fs::write(
        &path,
        "Include config.d/*.conf missing\nHost r2\nInclude ~/.ssh/inner\nHost *\nPort 3\n",
    )
    .unwrap();
    let file = ConfigFile {
        path: Some(path),
        home: Some(home.path().to_owned()),
    };
    let r1 = file.about("r1").unwrap();
    assert_eq!((r1.port, r1.user.as_deref()), (Some(1), Some("b")));
    let r2 = file.about("r2").unwrap();
    assert_eq!((r2.port, r2.user.as_deref()), (Some(3), Some("inner")));
}

#[test]
fn files_that_include_themselves_are_refused() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let path = home.path().join(".ssh/config");
    std::fs::write(&path, "Include config\n").unwrap();
    let error = ConfigFile {
        path: Some(path),
        home: Some(home.path().to_owned()),
    }
    .about("r1")
    .unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
}

#[test]
fn bad_values_name_file_and_line() {
    let error = lookup("Host *\n  Port ninety\n", "r1").unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
    assert!(error.message().ends_with("config:2: `ninety` is not a port"), "{error}");
    let missing = ConfigFile {
        path: Some("/does/not/exist".into()),
        home: None,
    }
    .about("r1")
    .unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    assert!(lookup("Nonsense here\nGSSAPIAuthentication yes\n", "r1").is_ok());
}

#[test]
fn tokens_and_home() {
    assert_eq!(
        expand_tokens("nc %h %p 100%% %z %", &[('h', "r1"), ('p', "830")]),
        "nc r1 830 100% %z %"
    );
    let home = Path::new("/home/op");
    assert_eq!(expand_home("~/.ssh/id", Some(home)), PathBuf::from("/home/op/.ssh/id"));
    assert_eq!(expand_home("~other/id", Some(home)), PathBuf::from("~other/id"));
    assert_eq!(expand_home("/etc/id", Some(home)), PathBuf::from("/etc/id"));
}
