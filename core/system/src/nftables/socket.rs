//! Asking the kernel.

use std::io;

use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};

use super::batch::{Attributes, Batch, question};
use super::ruleset::{self, TABLE};
use super::{DropTable, Dropped};

/// An answer is a message's head, and what was wrong with it.
const BUFFER: usize = 16 << 10;

/// A netlink socket for nf_tables, in one network namespace. Nothing waits: the kernel has done what it is asked when
/// `send` returns. Only the first request ever may take it some milliseconds, in which it loads its module.
pub struct Nftables {
    socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Nftables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nftables").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Nftables {
    /// A socket in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// The kernel's: it has no netfilter (`EPROTONOSUPPORT`).
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Whether there is a table of this name, from this program or an earlier run of it: one with a set like ours.
    ///
    /// # Errors
    ///
    /// The kernel's: it has no nf_tables (`EOPNOTSUPP`, `EINVAL`), or the process lacks CAP_NET_ADMIN.
    pub fn has_own_table(&mut self, name: &str) -> io::Result<bool> {
        self.is_there(libc::NFT_MSG_GETSET, |message| ruleset::name_own_set(message, name))
    }

    /// Whether the table is there and drops packets of all these addresses. Unlike a change, asking waits for nobody: the
    /// kernel makes one change at a time, and that of another program may take long.
    ///
    /// # Errors
    ///
    /// As [`Self::has_own_table`].
    pub fn drops(&mut self, table: &str, addresses: &[Dropped]) -> io::Result<bool> {
        let mut all = self.has_own_table(table);
        ruleset::each_set(addresses, |set, keys| {
            if matches!(all, Ok(true)) {
                let named = |message: &mut Attributes<'_>| ruleset::name_elements(message, table, set, keys);
                all = self.is_there(libc::NFT_MSG_GETSETELEM, named);
            }
        });
        all
    }

    fn is_there(&mut self, kind: i32, what: impl FnOnce(&mut Attributes<'_>)) -> io::Result<bool> {
        self.sequence = self.sequence.wrapping_add(1);
        match self.ask(&question(kind, self.sequence, what)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has a table, and these addresses in it, in place of one of ours by this name, and of ours called `before`. At no
    /// moment is an address of both not dropped.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if the table of this name is somebody else's, who may have a whole firewall in it; the kernel's.
    /// Nothing has changed then.
    pub fn replace_table(
        &mut self,
        table: &DropTable,
        before: Option<&str>,
        addresses: &[Dropped],
    ) -> io::Result<()> {
        let is_there = self.is_there(libc::NFT_MSG_GETTABLE, |message| message.text(TABLE, &table.name))?;
        if is_there && !self.has_own_table(&table.name)? {
            let message = "another program has a table of this name";
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
        }
        self.commit(|batch| {
            for name in before.into_iter().filter(|name| *name != table.name).chain([table.name.as_str()]) {
                // So that there is one to be removed.
                ruleset::ensure(batch, name);
                ruleset::remove(batch, name);
            }
            ruleset::create(batch, table);
            ruleset::add_addresses(batch, &table.name, addresses);
        })
    }

    /// Removes a table of ours. One that is not there, or somebody else's, is no error.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_table(&mut self, name: &str) -> io::Result<()> {
        if !self.has_own_table(name)? {
            return Ok(());
        }
        self.commit(|batch| ruleset::remove(batch, name))
    }

    /// Drops packets from and to `more`, and no longer those of `less`.
    ///
    /// # Errors
    ///
    /// The kernel's, and nothing has changed: there is no such table, or `less` names one that is not in it (both
    /// `NotFound`).
    pub fn change_addresses(&mut self, table: &str, more: &[Dropped], less: &[Dropped]) -> io::Result<()> {
        if more.is_empty() && less.is_empty() {
            return Ok(());
        }
        self.commit(|batch| {
            ruleset::add_addresses(batch, table, more);
            ruleset::remove_addresses(batch, table, less);
        })
    }

    /// The number of the ruleset of all tables: another one after each change, by whomever.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn generation(&mut self) -> io::Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        let asked = question(libc::NFT_MSG_GETGEN, self.sequence, |_| {});
        self.ask(&asked)?.generation.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn commit(&mut self, messages: impl FnOnce(&mut Batch)) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut batch = Batch::begin(self.sequence);
        messages(&mut batch);
        self.ask(&batch.end()).map(drop)
    }

    /// Sends octets, and takes in all that the kernel says of them: the first error counts.
    fn ask(&mut self, octets: &[u8]) -> io::Result<Answer> {
        self.socket.send(octets, 0)?;
        let mut outcome: Option<Answer> = None;
        loop {
            self.buffer.clear();
            match self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT) {
                Ok(_) => {}
                // An answer is there when `send` returns; should none be, that is an error, not a wait.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match outcome {
                        Some(said) if said.error == 0 => Ok(said),
                        Some(said) => Err(io::Error::from_raw_os_error(said.error.saturating_neg())),
                        None => Err(error),
                    };
                }
                Err(error) => return Err(error),
            }
            for said in Answers(&self.buffer).filter(|said| said.sequence == self.sequence) {
                if outcome.as_ref().is_none_or(|known| known.error == 0) {
                    outcome = Some(said);
                }
            }
        }
    }
}

/// What the kernel says of a message.
struct Answer {
    sequence: u32,
    /// Zero, or an error's number, negative.
    error: i32,
    /// The number of the ruleset, `NFTA_GEN_ID`, if it was asked for.
    generation: Option<u32>,
}

/// The answers in a datagram.
struct Answers<'a>(&'a [u8]);

impl Iterator for Answers<'_> {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        let word = |at: usize| -> Option<[u8; 4]> { self.0.get(at..at + 4)?.try_into().ok() };
        let length = usize::try_from(u32::from_ne_bytes(word(0)?)).ok().filter(|length| *length >= 16)?;
        let kind = word(4).map(|word| u16::from_ne_bytes([word[0], word[1]]));
        let sequence = u32::from_ne_bytes(word(8)?);
        let error = match kind {
            Some(kind) if i32::from(kind) == libc::NLMSG_ERROR => i32::from_ne_bytes(word(16)?),
            _ => 0,
        };
        const NEW_GENERATION: u16 = (libc::NFNL_SUBSYS_NFTABLES << 8 | libc::NFT_MSG_NEWGEN) as u16;
        // Behind both headers, and the attribute's own.
        let generation = word(24).filter(|_| kind == Some(NEW_GENERATION)).map(u32::from_be_bytes);
        // Messages begin at multiples of four.
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(Answer { sequence, error, generation })
    }
}
