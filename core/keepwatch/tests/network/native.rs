//! A keepwatch.toml without a keepalived.conf, beside real keepalived.

use libtest_mimic::Failed;

use crate::Case;
use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::site::{Site, ensure, ip, stop, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[Case {
    name: "native::both_families_beside_keepalived",
    needs: &[IP, KEEPALIVED],
    run: both_families_beside_keepalived,
}];

const V4: &str = "10.1.1.30";
const V6: &str = "fd00:1::30";

fn native(priority: u8) -> String {
    format!(
        "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\npriority = {priority}\nadvert_interval = \"200ms\"\n\
         virtual_addresses = [\"{V4}/24\", \"fe80::30/64\", \"{V6}/64\"]\n"
    )
}

/// What a peer has to say for both families.
fn peer(priority: u8) -> String {
    let instance = |name: &str, addresses: &str| {
        format!(
            "vrrp_instance {name} {{\n version 3\n interface eth0\n virtual_router_id 51\n priority {priority}\n \
             advert_int 0.2\n virtual_ipaddress {{\n{addresses}\n }}\n}}\n"
        )
    };
    let group = "vrrp_sync_group web {\n group {\n  web\n  web6\n }\n}\n";
    let (v4, v6) = (instance("web", &format!("{V4}/24")), instance("web6", &format!("fe80::30/64\n{V6}/64")));
    format!("{group}{v4}{v6}")
}

fn holds(site: &Site, host: usize) -> [bool; 2] {
    [V4, V6].map(|address| site.host(host).has(ip(address)))
}

/// One instance here is two there: both families are MASTER on one host, whoever that is.
fn both_families_beside_keepalived() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let path = site.folder().join("h1.toml");
    std::fs::write(&path, native(150))?;
    let h1 = site.keepwatch_at(1, &path, &[])?;
    wait("h1 to hold both", || holds(&site, 1) == [true; 2])?;
    wait_for_line(&h1, "(web) Entering MASTER STATE")?;
    wait_for_line(&h1, "(web-ipv6) Entering MASTER STATE")?;
    let h2 = keepalived(&site, 2, &peer(100))?;
    let capture = site.capture()?;
    wait("ten more adverts of each family", || {
        let adverts = capture.adverts();
        let of = |v6: bool| adverts.iter().filter(|advert| advert.source.is_ipv6() == v6).count();
        of(false) >= 10 && of(true) >= 10
    })?;
    ensure(holds(&site, 2) == [false; 2], || "the backup holds an address".to_owned())?;
    stop(h1)?;
    wait("h2 to hold both", || holds(&site, 2) == [true; 2] && holds(&site, 1) == [false; 2])?;
    let h1 = site.keepwatch_at(1, &path, &[])?;
    wait("h1 to hold both again", || holds(&site, 1) == [true; 2] && holds(&site, 2) == [false; 2])?;
    stop(h1)?;
    stop(h2)
}
