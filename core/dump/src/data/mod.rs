//! How everything is: keepalived.data.

mod instance;
mod tracked;

use crate::page::Page;
use crate::scene::Scene;
use crate::words;

/// How everything is, in keepalived's words.
#[must_use]
pub fn data(scene: Scene<'_>) -> String {
    let mut page = Page::default();
    globals(&mut page, scene);
    page.line("------< VRRP Topology >------");
    for (instance, status) in scene.instances() {
        instance::write(&mut page, scene, instance, status);
    }
    groups(&mut page, scene);
    tracked::write(&mut page, scene);
    page.text()
}

fn globals(page: &mut Page, scene: Scene<'_>) {
    let globals = &scene.config.globals;
    page.line("------< Global definitions >------");
    let namespace = globals.net_namespace.as_deref().unwrap_or("(default)");
    page.line(format_args!(" Network namespace = {namespace}"));
    let router = globals.router_id.as_deref().unwrap_or(&scene.snapshot.node);
    page.line(format_args!(" Router ID = {router}"));
    let security = if globals.script_security { "enabled" } else { "disabled" };
    page.line(format_args!(" Script security {security}"));
}

fn groups(page: &mut Page, scene: Scene<'_>) {
    if scene.config.groups.is_empty() {
        return;
    }
    page.line("------< VRRP Sync groups >------");
    for group in &scene.config.groups {
        let state = words::state(scene.together(&group.members));
        page.line(format_args!(" VRRP Sync Group = {}, {state}", group.name));
        page.list("VRRP member instances ", &group.members);
        page.set("Using smtp notification", if group.mail_alert { "yes" } else { "no" });
        instance::scripts(page, &group.notify);
    }
}
