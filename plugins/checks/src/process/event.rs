//! The kernel's messages about processes, as octets (linux/cn_proc.h, linux/connector.h, linux/netlink.h).

/// `struct nlmsghdr`.
const NETLINK: usize = 16;
/// `struct cn_msg`.
const CONNECTOR: usize = 20;
/// `CN_IDX_PROC`, and `CN_VAL_PROC` too.
pub(super) const PROCESSES: u32 = 1;
/// `NLMSG_DONE`.
const DONE: u16 = 3;
/// `PROC_CN_MCAST_LISTEN`.
const LISTEN: u32 = 1;

const NONE: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const COMM: u32 = 0x200;
const EXIT: u32 = 0x8000_0000;

/// What has become of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// There is a new one.
    Forked {
        /// Its parent.
        parent: i32,
        /// The new one.
        child: i32,
    },
    /// It runs another program or calls itself otherwise.
    Renamed(i32),
    /// It is over.
    Ended(i32),
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The kernel will tell, or why not: an error's number.
    Answer(i32),
    /// Something has become of a process.
    Event(Event),
    /// Something that does not matter here.
    Other,
}

/// The request to be told.
pub(super) fn request() -> Vec<u8> {
    let length = NETLINK + CONNECTOR + 4;
    let mut octets = Vec::with_capacity(length);
    octets.extend(u32::try_from(length).unwrap_or(0).to_ne_bytes());
    octets.extend(DONE.to_ne_bytes());
    // Flags, number and sender: the kernel knows the sender by its socket.
    octets.extend([0; 10]);
    octets.extend(PROCESSES.to_ne_bytes());
    octets.extend(PROCESSES.to_ne_bytes());
    octets.extend([0; 8]);
    octets.extend(4_u16.to_ne_bytes());
    octets.extend([0; 2]);
    octets.extend(LISTEN.to_ne_bytes());
    octets
}

/// Reads one datagram, which has one message.
pub(super) fn parse(octets: &[u8]) -> Message {
    read(octets).unwrap_or(Message::Other)
}

fn read(octets: &[u8]) -> Option<Message> {
    let body = octets.get(NETLINK..)?;
    if number(body, 0)? != PROCESSES {
        return None;
    }
    let event = body.get(CONNECTOR..)?;
    // After the kind there are the CPU and the time.
    let field = |place: usize| number(event, 16 + 4 * place).map(u32::cast_signed);
    let message = match number(event, 0)? {
        NONE => Message::Answer(field(0)?),
        // A thread has a number of its own; its process is not new. The same is meant below.
        FORK if field(2)? == field(3)? => {
            Message::Event(Event::Forked { parent: field(1)?, child: field(3)? })
        }
        EXEC => Message::Event(Event::Renamed(field(1)?)),
        COMM if field(0)? == field(1)? => Message::Event(Event::Renamed(field(1)?)),
        EXIT if field(0)? == field(1)? => Message::Event(Event::Ended(field(1)?)),
        _ => Message::Other,
    };
    Some(message)
}

fn number(octets: &[u8], at: usize) -> Option<u32> {
    octets.get(at..)?.first_chunk().copied().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u32, fields: &[i32]) -> Vec<u8> {
        let mut octets = request();
        octets.truncate(NETLINK + CONNECTOR);
        octets.extend(kind.to_ne_bytes());
        octets.extend([7; 12]);
        octets.extend(fields.iter().flat_map(|field| field.to_ne_bytes()));
        octets
    }

    #[test]
    fn messages_that_matter_and_others() {
        let table = [
            (FORK, vec![10, 10, 12, 12], Message::Event(Event::Forked { parent: 10, child: 12 })),
            (FORK, vec![11, 10, 12, 12], Message::Event(Event::Forked { parent: 10, child: 12 })),
            (FORK, vec![10, 10, 12, 10], Message::Other),
            (EXEC, vec![12, 12], Message::Event(Event::Renamed(12))),
            (COMM, vec![12, 12, 0, 0, 0, 0], Message::Event(Event::Renamed(12))),
            (COMM, vec![13, 12, 0, 0, 0, 0], Message::Other),
            (EXIT, vec![12, 12, 0, 17], Message::Event(Event::Ended(12))),
            (EXIT, vec![13, 12, 0, 17], Message::Other),
            (NONE, vec![0], Message::Answer(0)),
            (NONE, vec![1], Message::Answer(1)),
            (4, vec![12, 12, 0, 0], Message::Other),
        ];
        for (kind, fields, expected) in table {
            let octets = message(kind, &fields);
            assert_eq!(parse(&octets), expected, "{kind} {fields:?}");
            for length in 0..octets.len().min(NETLINK + CONNECTOR + 20) {
                assert_eq!(parse(&octets[..length]), Message::Other, "cut short");
            }
        }
    }

    #[test]
    fn the_request_has_the_length_it_says() {
        let request = request();
        assert_eq!(request.len(), 40);
        assert_eq!(number(&request, 0), Some(40));
    }
}
