//! What a configuration's instances are before anything has happened.

use keepwatch_config::model::{Config, Instance, VirtualAddress};
use keepwatch_event::{InstanceStatus, State};

/// The instances of a configuration, none of which has begun to take part.
#[must_use]
pub fn describe(config: &Config) -> Vec<InstanceStatus> {
    config.instances.iter().map(instance).collect()
}

fn instance(instance: &Instance) -> InstanceStatus {
    let addresses = instance.addresses.iter().chain(&instance.excluded).map(written).collect();
    InstanceStatus {
        name: instance.name.as_str().into(),
        interface: instance.interface.to_string(),
        virtual_router_id: instance.vrid.get(),
        version: instance.version.number(),
        advert_interval: instance.interval.duration(),
        base_priority: instance.priority.get(),
        priority: instance.priority.get(),
        addresses,
        held: Vec::new(),
        state: State::Init,
        since: None,
        reason: None,
        term: 0,
        leaving: false,
        peer: None,
        announced: None,
        troubles: Vec::new(),
    }
}

fn written(address: &VirtualAddress) -> String {
    format!("{}/{}", address.address, address.prefix_len)
}
