//! Making interfaces, by rtnetlink.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use keepwatch_system::netlink::{AddressKey, Link, Requests};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::link::{InfoBridge, LinkAttribute, LinkMessage, State};
use rtnetlink::{Handle, LinkBridge, LinkUnspec, LinkVeth};

use crate::dump::dump;
use crate::namespace::Namespace;

/// How long the kernel may take to notice a carrier.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs requests in a namespace.
fn ask<T, F>(namespace: &Namespace, request: impl FnOnce(Handle) -> F + Send) -> io::Result<T>
where
    T: Send,
    F: Future<Output = Result<T, rtnetlink::Error>>,
{
    namespace.run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        runtime.block_on(async {
            let (connection, handle, _) = rtnetlink::new_connection()?;
            let connection = tokio::spawn(connection);
            let outcome = request(handle).await.map_err(io::Error::other);
            connection.abort();
            outcome
        })
    })
}

/// An interface.
pub(crate) fn get(namespace: &Namespace, name: &str) -> io::Result<Link> {
    let links = namespace.run(|| Requests::open()?.links())?;
    let link = links.into_iter().find(|link| link.name == name);
    link.ok_or_else(|| io::Error::other(format!("there is no interface {name}")))
}

/// The index of an interface.
pub(crate) fn index_of(namespace: &Namespace, name: &str) -> io::Result<u32> {
    get(namespace, name).map(|link| link.index)
}

fn set(namespace: &Namespace, message: LinkMessage) -> io::Result<()> {
    ask(namespace, |handle| async move { handle.link().set(message).execute().await })
}

pub(crate) fn set_up(namespace: &Namespace, name: &str) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    set(namespace, LinkUnspec::new_with_index(index).up().build())
}

pub(crate) fn set_down(namespace: &Namespace, name: &str) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    set(namespace, LinkUnspec::new_with_index(index).down().build())
}

pub(crate) fn set_mac(namespace: &Namespace, name: &str, mac: [u8; 6]) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    set(namespace, LinkUnspec::new_with_index(index).address(mac.to_vec()).build())
}

pub(crate) fn rename(namespace: &Namespace, name: &str, to: &str) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    set(namespace, LinkUnspec::new_with_index(index).name(to).build())
}

pub(crate) fn delete(namespace: &Namespace, name: &str) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    ask(namespace, |handle| async move { handle.link().del(index).execute().await })
}

pub(crate) fn add_bridge(namespace: &Namespace, name: &str) -> io::Result<()> {
    let message = LinkBridge::new(name).build();
    ask(namespace, |handle| async move { handle.link().add(message).execute().await })?;
    set_up(namespace, name)
}

/// Waits until an interface that was just plugged in carries frames.
///
/// The kernel sees to that on a work queue of its own, up to a second later, and drops what is sent before: the
/// first ARP request, say, and with it a second of pings. An interface is already running (`IFF_RUNNING`) all that
/// time.
pub(crate) fn wait_until_connected(namespace: &Namespace, name: &str) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    while !namespace.run(|| is_operational(name))? {
        if Instant::now() >= until {
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{name} gets no carrier")));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    // The work queue sets this state first and lets frames through afterwards, under a lock that this takes, too.
    set_up(namespace, name)
}

fn is_operational(name: &str) -> io::Result<bool> {
    let answers = dump(RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
    let has = |link: &LinkMessage, wanted| link.attributes.contains(&wanted);
    Ok(answers.iter().any(|answer| match answer {
        RouteNetlinkMessage::NewLink(link) => {
            has(link, LinkAttribute::IfName(name.to_owned()))
                && has(link, LinkAttribute::OperState(State::Up))
        }
        _ => false,
    }))
}

/// Changes a bridge's options.
pub(crate) fn set_bridge(
    namespace: &Namespace,
    name: &str,
    options: impl IntoIterator<Item = InfoBridge>,
) -> io::Result<()> {
    let message =
        options.into_iter().fold(LinkBridge::new(name), |message, option| message.append_info_data(option));
    let message = message.build();
    ask(namespace, |handle| async move { handle.link().change(message).execute().await })
}

/// Connects a host: a cable whose one end is a port of the bridge, and whose other end is `interface` in the
/// host's namespace. Both ends are left down.
pub(crate) fn plug(
    switch: &Namespace,
    bridge: &str,
    port: &str,
    host: &Namespace,
    interface: &str,
) -> io::Result<()> {
    let message = LinkVeth::new(port, interface).build();
    ask(switch, |handle| async move { handle.link().add(message).execute().await })?;
    let end = index_of(switch, interface)?;
    let descriptor = std::os::fd::AsFd::as_fd(host).as_raw_fd();
    set(switch, LinkUnspec::new_with_index(end).setns_by_fd(descriptor).build())?;
    let (port, bridge) = (index_of(switch, port)?, index_of(switch, bridge)?);
    set(switch, LinkUnspec::new_with_index(port).controller(bridge).up().build())
}

pub(crate) fn add_address(
    namespace: &Namespace,
    name: &str,
    address: IpAddr,
    prefix_len: u8,
) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    ask(namespace, |handle| async move { handle.address().add(index, address, prefix_len).execute().await })
}

pub(crate) fn remove_address(
    namespace: &Namespace,
    name: &str,
    address: IpAddr,
    prefix_len: u8,
) -> io::Result<()> {
    let index = index_of(namespace, name)?;
    let key = AddressKey { address, prefix_len, peer: None };
    namespace.run(|| Requests::open()?.remove_address(index, key))
}
