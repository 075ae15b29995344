use super::*;
use crate::junos::{inventory::Framing, ssh::HostKeys};

fn device(host: &str, port: u16, auth: Auth) -> Device {
    Device {
        name: "r1".to_owned(),
        host: host.to_owned(),
        port,
        username: "netops".to_owned(),
        auth,
        ssh_config: None,
        legacy: true,
        framing: Framing::Auto,
        database: None,
        read_only: false,
        mode: None,
        public: serde_json::Map::new(),
        problem: None,
    }
}

fn plan(config: &str, device: &Device) -> Result<Route> {
    plan_with(config, device, |_| {})
}

fn plan_with(config: &str, device: &Device, change: impl FnOnce(&mut Options)) -> Result<Route> {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("config");
    std::fs::write(&path, config).unwrap();
    let mut options = Options::new(HostKeys::strict("/nowhere"));
    options.ssh_config = Some(path);
    options.home = Some("/home/op".into());
    change(&mut options);
    Planner::new(&options, device).plan()
}

fn password() -> Auth {
    Auth::Password("pw".into())
}

#[test]
fn port_and_address_come_from_ssh_config_and_user_from_the_inventory() {
    let config = "Host core\nHostName 192.0.2.7\nPort 830\nUser other\nIdentityFile ~/x\nConnectTimeout 5\n";
    let route = plan(config, &device("core", 22, password())).unwrap();
    let [hop] = route.hops.as_slice() else {
        panic!("one hop")
    };
    assert_eq!(
        (hop.host.as_str(), hop.port, hop.user.as_str()),
        ("192.0.2.7", 830, "netops")
    );
    assert_eq!(hop.server, "device `r1` (192.0.2.7:830)");
    assert!(hop.legacy && hop.is_device && hop.login.files.is_empty() && !hop.login.agent);
    assert_eq!(hop.timeout, Duration::from_secs(5));
    assert_eq!(hop.names.primary(), "[192.0.2.7]:830");
}

#[test]
fn keys_of_the_agent_come_with_the_identity_files() {
    let route = plan("IdentityFile ~/.ssh/%h-%r\n", &device("2001:db8::1", 22, Auth::Agent)).unwrap();
    let hop = route.hops.last().unwrap();
    assert!(hop.login.agent);
    assert_eq!(
        hop.login.files[0].path,
        PathBuf::from("/home/op/.ssh/2001:db8::1-netops")
    );
    assert_eq!(hop.server, "device `r1` ([2001:db8::1]:22)");
}

#[test]
fn jump_hosts_in_order_each_with_its_own_entry() {
    let config = "Host r\nProxyJump ops@j1:2022,j2\nHost j1\nHostName 198.51.100.1\nProxyJump j0\nIdentityFile /k1\n\
                  Host j2\nProxyJump ignored\nUser two\nHost j0\nPort 222\n";
    let route = plan(config, &device("r", 830, password())).unwrap();
    let way: Vec<String> = route
        .hops
        .iter()
        .map(|hop| format!("{}@{}:{}", hop.user, hop.host, hop.port))
        .collect();
    assert!(way[0].ends_with("@j0:222"), "{way:?}");
    assert_eq!(way[1..], ["ops@198.51.100.1:2022", "two@j2:22", "netops@r:830"]);
    let j1 = &route.hops[1];
    assert!(j1.login.agent && !j1.legacy && !j1.is_device);
    assert_eq!(j1.login.files[0].path, PathBuf::from("/k1"));
    assert_eq!(
        route.hops[2].login.files[0].path,
        PathBuf::from("/home/op/.ssh/id_ed25519")
    );
    assert_eq!(j1.server, "jump host `j1` (198.51.100.1:2022) of device `r1`");
}

#[test]
fn a_jump_host_for_all_is_not_its_own() {
    let route = plan("Host *\nProxyJump bastion\n", &device("r", 22, password())).unwrap();
    assert_eq!(route.hops.len(), 2);
    assert_eq!(route.dial, Dial::Tcp);
}

#[test]
fn loops_and_long_ways_are_refused() {
    let error = plan(
        "Host r\nProxyJump a\nHost a\nProxyJump b\nHost b\nProxyJump a\n",
        &device("r", 22, password()),
    );
    assert_eq!(error.unwrap_err().code(), Code::InvalidInput);
    let many: Vec<String> = (0..9).map(|index| format!("j{index}")).collect();
    let error = plan(
        &format!("Host r\nProxyJump {}\n", many.join(",")),
        &device("r", 22, password()),
    );
    assert_eq!(error.unwrap_err().code(), Code::InvalidInput);
    let error = plan("Host r\nProxyJump a:x\n", &device("r", 22, password())).unwrap_err();
    assert!(error.message().contains("`a:x` is not a jump host"), "{error}");
}

#[test]
fn proxy_commands_are_filled_in_and_hostile_names_refused() {
    let config = "Host r\nHostName core\nHost *\nProxyCommand ssh %n nc %h %p -l %r\n";
    let route = plan(config, &device("r", 830, password())).unwrap();
    assert_eq!(route.dial, Dial::Command("ssh r nc core 830 -l netops".to_owned()));
    for hostile in ["r;reboot", "$(id)", "-oProxyCommand=x", "r 1"] {
        let error = plan("ProxyCommand nc %h %p\n", &device(hostile, 22, password())).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput, "{hostile}");
    }
    let error = plan_with(config, &device("r", 22, password()), |options| {
        options.proxy_command = false
    })
    .unwrap_err();
    assert_eq!(error.code(), Code::ConnectFailed);
}

#[test]
fn the_device_names_its_own_file_and_a_missing_one_is_an_error() {
    let mut lonely = device("r", 22, password());
    lonely.ssh_config = Some("/does/not/exist".into());
    let error = plan("Port 1\n", &lonely).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert!(
        error.message().contains("device `r1`") && error.message().contains("/does/not/exist"),
        "{error}"
    );
}

#[test]
fn known_hosts_of_ssh_config_are_added() {
    let config = "UserKnownHostsFile ~/.ssh/lab \"/etc/two\"\nHostKeyAlias pair\n";
    let hop = plan(config, &device("r", 830, password())).unwrap().hops.pop().unwrap();
    assert_eq!(
        hop.known_hosts,
        [PathBuf::from("/home/op/.ssh/lab"), PathBuf::from("/etc/two")]
    );
    assert_eq!(hop.names.primary(), "pair");
}
