//! The packet filter for addresses at which packets are not accepted.

/// The table of the kernel's packet filter that drops packets from and to addresses of instances that do not accept them.
/// It is there while there are such instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firewall {
    /// `nftables`: its name, 1 to [`TABLE_NAME`](Self::TABLE_NAME) octets. keepalived's default is `keepalived`; two
    /// programs cannot share a table.
    pub table: String,
    /// `nftables_priority`: where its chains stand among those of other tables; lower ones come first.
    pub priority: i32,
    /// `nftables_counters`: whether its rules count packets.
    pub counters: bool,
}

impl Firewall {
    /// How long a table's name can be, in octets.
    pub const TABLE_NAME: usize = 64;
}

impl Default for Firewall {
    fn default() -> Self {
        Self { table: "keepwatch".to_owned(), priority: -1, counters: false }
    }
}
