//! Linux: what the kernel is asked and told, as concrete types without policy.
//!
//! What is here: netlink requests and notifications, sockets for adverts and frames, the packet filter's table of addresses, the absolute timer, the
//! poller, clocks, capabilities, pages of code, files that only trusted users can have written, programs started as somebody else, and
//! the lock that keeps two engines from one interface. Nothing blocks unless its name says `wait`. What is absent: VRRP. This is the only crate with
//! unsafe code.

mod advert_socket;
mod capability;
mod clock;
mod deadline_timer;
mod frame_filter;
mod frame_socket;
mod interface_lock;
mod limits;
mod poller;
mod precedence;
mod presence;
mod program_pages;
mod start_as;
mod sysctl;
mod trusted_file;
mod wakeup;

pub mod netlink;
pub mod nftables;

pub use advert_socket::{AdvertSocket, Incoming, IpFamily};
pub use capability::{
    MissingCapability, keep_capabilities_to_ourselves, may_start_as_others, missing_capabilities,
};
pub use clock::boot_nanos;
pub use deadline_timer::DeadlineTimer;
pub use frame_filter::{ClaimProtocol, FrameFilter};
pub use frame_socket::{FrameSocket, Frames};
pub use interface_lock::{InterfaceLock, LockError, TableLock};
pub use limits::{lock_memory, raise_descriptor_limit};
pub use poller::{Poller, Token};
pub use precedence::{
    HIGHEST_NICE, LOWEST_REAL_TIME, ask_for_precedence, ask_for_real_time, run_on, set_nice,
};
pub use presence::Presence;
pub use program_pages::give_back_code_pages;
pub use start_as::start_as;
pub use sysctl::{InterfaceSetting, forwards_ipv6};
pub use trusted_file::{Distrust, TrustedFile};
pub use wakeup::Wakeup;
