//! From any configuration to any other one: what the difference says leads from the one to the other.

use std::collections::BTreeMap;

use keepwatch_config::{Config, Deed, Diff, load_text};
use proptest::prelude::*;

fn instance() -> impl Strategy<Value = (u8, u8, String)> {
    let more = prop::sample::subsequence(
        vec![
            "priority 101",
            "advert_int 2",
            "nopreempt",
            "use_vmac",
            "version 3",
            "track_interface {\n eth2\n }",
            "track_script {\n web weight 5\n }",
            "virtual_ipaddress_excluded {\n 10.9.9.9\n }",
            "garp_master_delay 1",
            "notify /bin/true",
            "unicast_peer {\n 10.1.1.20\n }",
        ],
        0..4,
    );
    (0..5_u8, 1..5_u8, more).prop_map(|(name, vrid, more)| (name, vrid, more.join("\n ")))
}

fn text() -> impl Strategy<Value = String> {
    (prop::collection::vec(instance(), 1..5), any::<[bool; 2]>(), 1..4_u8).prop_map(
        |(instances, [grouped, ipvlans], interval)| {
            let mut seen: (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
            let mut text = format!(
                "vrrp_script web {{\n script \"/bin/true\"\n interval {interval}\n}}\n\
                 global_defs {{\n vrrp_garp_interval 0.00{interval}\n}}\n"
            );
            for (name, vrid, more) in instances {
                if seen.0.contains(&name) || seen.1.contains(&vrid) {
                    continue;
                }
                // The kernel lets either stand on an interface.
                let own = if ipvlans { "use_ipvlan 10.1.1.11" } else { "use_vmac" };
                let more = more.replace("use_vmac", own);
                seen.0.push(name);
                seen.1.push(vrid);
                text += &format!(
                    "vrrp_instance VI_{name} {{\n interface eth0\n virtual_router_id {vrid}\n {more}\n \
                 virtual_ipaddress {{\n 10.1.{vrid}.1\n }}\n}}\n"
                );
            }
            if grouped {
                let members: String = seen.0.iter().map(|name| format!(" VI_{name}\n")).collect();
                text += &format!("vrrp_sync_group G {{\n group {{\n{members} }}\n}}\n");
            }
            text
        },
    )
}

fn config(text: &str) -> Config {
    load_text("keepalived.conf", text).config.unwrap_or_else(|| panic!("{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_different_from_itself(text in text()) {
        let config = config(&text);
        let diff = Diff::between(&config, &config);
        prop_assert!(diff.is_empty() && !diff.needs_restart(), "{diff:?}");
        prop_assert!(diff.instances.iter().all(|instance| instance.changes.is_empty()));
        prop_assert_eq!(Diff::followed(&config, &config), config);
    }

    #[test]
    fn the_difference_leads_from_one_to_the_other(before in text(), after in text()) {
        let (before, after) = (config(&before), config(&after));
        let diff = Diff::between(&before, &after);
        let mut known: BTreeMap<&str, _> =
            before.instances.iter().map(|instance| (instance.name.as_str(), instance)).collect();
        let mut names = Vec::new();
        for change in &diff.instances {
            let old = change.before.as_deref().map(|name| known.remove(name).expect("there, and named once"));
            let new = change.after.as_deref();
            let new = new.map(|name| after.instances.iter().find(|i| i.name == name).expect("there"));
            names.extend(new.map(|new| new.name.clone()));
            match (change.deed, old, new) {
                (Deed::Keep, Some(old), Some(new)) => prop_assert_eq!(old, new),
                (Deed::Update, Some(old), Some(new)) => {
                    prop_assert!(old != new && !change.changes.is_empty());
                    prop_assert_eq!(
                        (&old.interface, old.vrid, old.version, old.family, old.own_interface.is_some()),
                        (&new.interface, new.vrid, new.version, new.family, new.own_interface.is_some())
                    );
                }
                (Deed::Restart, Some(old), Some(new)) => {
                    prop_assert!(old != new && !change.changes.is_empty());
                }
                (Deed::Add, None, Some(_)) | (Deed::Remove, Some(_), None) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert!(known.is_empty(), "nothing becomes of {known:?}");
        let wanted: Vec<String> = after.instances.iter().map(|instance| instance.name.clone()).collect();
        prop_assert_eq!(names, wanted);
        prop_assert_eq!(Diff::followed(&before, &after), after);
    }
}
