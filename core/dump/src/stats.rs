//! What was counted: keepalived.stats.

use crate::page::Page;
use crate::scene::Scene;

/// What each instance has counted, in keepalived's words.
#[must_use]
pub fn stats(scene: Scene<'_>) -> String {
    let mut page = Page::default();
    for (instance, status) in scene.instances() {
        let figures = scene.figures(status);
        page.line(format_args!("VRRP Instance: {}", instance.name));
        page.line("  Advertisements:");
        page.line(format_args!("    Received: {}", figures.advert_rcvd));
        page.line(format_args!("    Sent: {}", figures.advert_sent));
        page.line(format_args!("  Became master: {}", figures.become_master));
        page.line(format_args!("  Released master: {}", figures.release_master));
        page.line("  Packet Errors:");
        page.line(format_args!("    Length: {}", figures.packet_len_err));
        page.line(format_args!("    TTL: {}", figures.ip_ttl_err));
        page.line(format_args!("    Invalid Type: {}", figures.invalid_type_rcvd));
        page.line(format_args!("    Advertisement Interval: {}", figures.advert_interval_err));
        page.line(format_args!("    Address List: {}", figures.addr_list_err));
        page.line("  Authentication Errors:");
        page.line(format_args!("    Invalid Type: {}", figures.invalid_authtype));
        page.line(format_args!("    Type Mismatch: {}", figures.authtype_mismatch));
        page.line(format_args!("    Failure: {}", figures.auth_failure));
        page.line("  Priority Zero:");
        page.line(format_args!("    Received: {}", figures.pri_zero_rcvd));
        page.line(format_args!("    Sent: {}", figures.pri_zero_sent));
    }
    page.text()
}
