//! WASM components in a daemon that serves.

use std::path::PathBuf;

use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, ensure, seed, stop_it, vip};

pub(crate) const CASES: &[Case] =
    &[Case { name: "components::one_without_its_grant", needs: &[], run: one_without_its_grant }];

/// It does not load, the message says what to add, and with that it answers.
fn one_without_its_grant() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    let examples = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/plugins");
    std::fs::copy(examples.join("replication-lag/replication-lag.wasm"), folder.join("lag.wasm"))?;
    std::fs::write(folder.join("k.conf"), seed("h1.conf")?)?;
    let native = folder.join("keepwatch.toml");
    let table = "keepalived = \"k.conf\"\n[check.replication]\nplugin = \"lag.wasm\"\nconfig = { url = \
                 \"http://127.0.0.1:1/lag\", max_lag = 2.0 }\n";
    std::fs::write(&native, table)?;
    let mut h1 = site.keepwatch_at(1, &native, &[])?;
    site.wait_for_holder(1, vip())?;

    let asked = |arguments: &[&str], code: i32| -> Result<String, Failed> {
        let output = site.asking(1).args(arguments).output()?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        ensure(output.status.code() == Some(code), || format!("{}\n{said}", output.status))?;
        Ok(said)
    };
    for (granted, known) in [("", ""), ("grants = [\"track:db\"]\n", "\"track:db\", ")] {
        std::fs::write(&native, format!("{table}{granted}"))?;
        let said = asked(&["reload"], 1)?;
        let help = format!("under [check.replication]:  grants = [{known}\"http://HOST:PORT\"]");
        ensure(said.contains("may not send HTTP requests") && said.contains(&help), || said.clone())?;
    }
    std::fs::write(&native, format!("{table}grants = [\"http://127.0.0.1:1\"]\n"))?;
    let said = asked(&["reload"], 0)?;
    ensure(said.contains("replication loaded"), || said.clone())?;
    let list = asked(&["plugin", "list"], 0)?;
    ensure(list.contains("replication"), || list.clone())?;
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    stop_it(&mut h1)
}
