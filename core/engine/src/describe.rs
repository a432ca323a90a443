//! What a configuration's instances are before anything has happened.

use keepwatch_config::model::{Config, Instance, VirtualAddress};
use keepwatch_event::{InstanceSettings, InstanceStatus};

/// The instances of a configuration, none of which has begun to take part.
#[must_use]
pub fn describe(config: &Config) -> Vec<InstanceStatus> {
    config.instances.iter().map(instance).collect()
}

fn instance(instance: &Instance) -> InstanceStatus {
    InstanceStatus::new(instance.name.as_str().into(), &settings(instance))
}

/// What an instance is set to, for outsiders.
pub(crate) fn settings(instance: &Instance) -> InstanceSettings {
    InstanceSettings {
        interface: instance.interface.to_string(),
        virtual_router_id: instance.vrid.get(),
        version: instance.version.number(),
        advert_interval: instance.interval.duration(),
        base_priority: instance.priority.get(),
        addresses: instance.addresses.iter().chain(&instance.excluded).map(written).collect(),
    }
}

fn written(address: &VirtualAddress) -> String {
    format!("{}/{}", address.address, address.prefix_len)
}
