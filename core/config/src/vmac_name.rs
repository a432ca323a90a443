//! What the interfaces of virtual MACs are called, as keepalived calls them.

use keepwatch_vrrp::{Family, Vrid};

use crate::model::InterfaceName;

/// What keepalived calls these interfaces unless told otherwise.
pub(crate) const PREFIX: &str = "vrrp";
/// Octets in the name of an interface.
const LONGEST: usize = 15;

/// Names in keepalived's order: without a number, then for IPv6 with 6, then with any other.
pub(crate) fn candidates(prefix: &str, vrid: Vrid, family: Family) -> impl Iterator<Item = InterfaceName> {
    let six = (family == Family::V6).then_some(6);
    let numbers = six.into_iter().chain(1..=u16::MAX).map(|number| number.to_string());
    let endings = std::iter::once(String::new()).chain(numbers);
    endings.filter_map(move |number| generated(prefix, &format!("{number}.{vrid}")))
}

/// Whether names of interfaces can begin so.
pub(crate) fn is_prefix(text: &str) -> bool {
    !text.is_empty() && generated(text, "").is_some()
}

/// A prefix that is too long is cut, as keepalived does.
fn generated(prefix: &str, ending: &str) -> Option<InterfaceName> {
    let room = LONGEST.checked_sub(ending.len())?;
    let end = (0..=room.min(prefix.len())).rev().find(|&end| prefix.is_char_boundary(end))?;
    InterfaceName::new(&format!("{}{ending}", prefix.get(..end)?))
}
