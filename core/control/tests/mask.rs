//! The socket's mode under other masks. A process has one mask: these tests have one of their own.

use std::os::unix::fs::MetadataExt;

use keepwatch_control::Server;
use rustix::fs::Mode;
use rustix::process::umask;

#[test]
fn the_mask_neither_widens_nor_narrows_the_socket() {
    let before = umask(Mode::empty());
    let folder = std::env::temp_dir().join(format!("keepwatch-control-mask-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    for mask in [0, 0o022, 0o077, 0o777] {
        umask(Mode::from_raw_mode(mask));
        let path = folder.join(format!("{mask:o}")).join("control.sock");
        let parent = path.parent().unwrap();
        let server = Server::bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o660, "mask {mask:o}");
        assert_eq!(std::fs::metadata(parent).unwrap().mode() & 0o7777, 0o755, "mask {mask:o}");
        drop(server);
    }
    umask(before);
    std::fs::remove_dir_all(&folder).unwrap();
}
