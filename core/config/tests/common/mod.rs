//! What tests of native files share.

use keepwatch_config::{Site, load_site};

/// A folder with this keepalived.conf and this native file, read. Each test has a name of its own.
pub(crate) fn read(name: &str, conf: &str, text: &str) -> Site {
    let folder = std::env::temp_dir().join(format!("keepwatch-config-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("k.conf"), conf).unwrap();
    std::fs::write(folder.join("keepwatch.toml"), text).unwrap();
    let site = load_site(&folder.join("keepwatch.toml")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    site
}
