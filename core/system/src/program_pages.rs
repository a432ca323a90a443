//! Pages of the program's own code in memory.

use std::ffi::c_void;
use std::io;

use rustix::mm::{Advice, madvise};

/// Gives back the pages of machine code that this process has mapped of its program and libraries. Most of them are there
/// because the start needed something near them. They stay in the kernel's cache of files: what is used again is mapped
/// again, in less than a microsecond, and nothing is read from a disk that would not have been.
///
/// Code made by this process itself (a compiled WASM component) stays as it is, and so does what [`lock_memory`] has locked.
///
/// # Errors
///
/// If `/proc/self/maps` cannot be read.
///
/// [`lock_memory`]: crate::lock_memory
pub fn give_back_code_pages() -> io::Result<()> {
    for (start, length) in std::fs::read_to_string("/proc/self/maps")?.lines().filter_map(code_of_file) {
        // SAFETY: the range is a private mapping of a file that can be executed and not be written, so that its pages hold
        // what the file holds, and the kernel maps the same again when one is touched. Memory that relocations have been
        // written to is not executable and not among these ranges. Should the range be gone or be something else by now,
        // another thread has unloaded a library, which nothing in this program does.
        let given = unsafe { madvise(start as *mut c_void, length, Advice::LinuxDontNeed) };
        // What is locked is refused, and stays.
        let _ = given;
    }
    Ok(())
}

/// Start and length, in octets, of what a line of `/proc/PID/maps` (proc_pid_maps(5)) describes, if it is code from a file:
/// `START-END r-xp OFFSET DEVICE INODE PATH`.
fn code_of_file(line: &str) -> Option<(usize, usize)> {
    let mut fields = line.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    if fields.next()? != "r-xp" || !fields.nth(3)?.starts_with('/') {
        return None;
    }
    let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
    Some((start, end.checked_sub(start)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_from_files_is_given_back() {
        let code = "7f0000001000-7f0000003000 r-xp 00026000 fe:00 1311 /usr/lib/x86_64-linux-gnu/libc.so.6";
        assert_eq!(code_of_file(code), Some((0x7f00_0000_1000, 0x2000)));
        for other in [
            "7f0000001000-7f0000003000 r--p 00026000 fe:00 1311 /usr/bin/keepwatch",
            "7f0000001000-7f0000003000 rwxp 00026000 fe:00 1311 /usr/bin/keepwatch",
            "7f0000001000-7f0000003000 r-xs 00026000 fe:00 1311 /usr/bin/keepwatch",
            "7f0000001000-7f0000003000 r-xp 00000000 00:00 0 ",
            "7ffd2b5f0000-7ffd2b5f2000 r-xp 00000000 00:00 0                          [vdso]",
            "nonsense",
            "",
        ] {
            assert_eq!(code_of_file(other), None, "{other}");
        }
    }

    #[test]
    fn the_program_runs_on_with_fewer_pages() {
        let before = resident_code();
        give_back_code_pages().unwrap();
        let after = resident_code();
        assert!(after < before, "{after} KiB of code, {before} before");
        // Something that has not been called since.
        assert_eq!(format!("{:?}", "1.5".parse::<f64>()), "Ok(1.5)");
    }

    /// What is resident of this program's code, in KiB.
    fn resident_code() -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut is_code = false;
        let mut resident = 0;
        for line in maps.lines() {
            if line.split_ascii_whitespace().next().is_some_and(|first| first.contains('-')) {
                is_code = code_of_file(line).is_some();
            } else if let Some(figure) = line.strip_prefix("Rss:").filter(|_| is_code) {
                resident += figure.trim().trim_end_matches(" kB").parse::<u64>().unwrap();
            }
        }
        resident
    }
}
