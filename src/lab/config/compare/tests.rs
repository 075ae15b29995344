use super::*;
use crate::lab::config::{set, text};

fn diff(base: &str, lines: &str) -> String {
    let old = text::configuration(base).unwrap();
    let mut new = old.clone();
    assert_eq!(set::run(&mut new, lines), Vec::new());
    compare(&old, &new)
}

const BASE: &str = r#"
system { host-name r1; services { ssh; } name-server { 192.0.2.53; } }
interfaces { ge-0/0/0 { description up; unit 0 { family inet { address 192.0.2.1/24; } } } }
policy-options { policy-statement p { term a { then accept; } term b { then reject; } } }
"#;

#[test]
fn equal_is_empty() {
    assert_eq!(diff(BASE, ""), "");
}

#[test]
fn a_changed_leaf() {
    assert_eq!(
        diff(BASE, "set system host-name r2"),
        "[edit system]\n-  host-name r1;\n+  host-name r2;\n"
    );
}

#[test]
fn depth_decides_the_indentation() {
    let lines = "set interfaces ge-0/0/0 unit 0 family inet address 192.0.2.2/24\nset interfaces ge-0/0/0 mtu 9000
set system services ftp\nset snmp location lab\nset interfaces ge-0/0/1 unit 0 family inet";
    let expected = "[edit]
+  snmp {
+      location lab;
+  }
[edit system services]
+    ftp;
[edit interfaces]
+   ge-0/0/1 {
+       unit 0 {
+           family inet;
+       }
+   }
[edit interfaces ge-0/0/0]
+   mtu 9000;
[edit interfaces ge-0/0/0 unit 0 family inet]
+       address 192.0.2.2/24;
";
    assert_eq!(diff(BASE, lines), expected);
}

#[test]
fn families_and_blocks() {
    let lines = "set interfaces ge-0/0/0 unit 0 family inet6 address 2001:db8::1/64\nset system name-server 192.0.2.54";
    let expected = "[edit system name-server]
    192.0.2.53;
+   192.0.2.54;
[edit interfaces ge-0/0/0 unit 0]
+      family inet6 {
+          address 2001:db8::1/64;
+      }
";
    assert_eq!(diff(BASE, lines), expected);
}

#[test]
fn marks_and_order() {
    let lines = "deactivate interfaces ge-0/0/0\ninsert policy-options policy-statement p term b before term a";
    let expected = "[edit interfaces]
!   inactive: ge-0/0/0 { ... }
[edit policy-options policy-statement p]
!    term b { ... }
!    term a { ... }
";
    assert_eq!(diff(BASE, lines), expected);
}

#[test]
fn deleted_blocks_and_secrets() {
    let lines = "delete policy-options\nset system root-authentication encrypted-password \"$6$EXAMPLE\"";
    let expected = "[edit]
-  policy-options {
-      policy-statement p {
-          term a {
-              then accept;
-          }
-          term b {
-              then reject;
-          }
-      }
-  }
[edit system]
+   root-authentication {
+       encrypted-password \"$6$EXAMPLE\"; ## SECRET-DATA
+   }
";
    assert_eq!(diff(BASE, lines), expected);
}
