//! The password of version 2, written in a native file or kept elsewhere.

use std::path::{Path, PathBuf};

use keepwatch_config::model::Password;
use keepwatch_config::{Site, Style, load_site, load_site_to_run};

/// A folder with a native file in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, keys: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-password-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let text = format!(
            "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nversion = 2\n{keys}\n\
             virtual_addresses = [\"10.1.1.30\"]\n"
        );
        std::fs::write(folder.join("keepwatch.toml"), text).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("keepwatch.toml")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn password(site: &Site) -> Option<Password> {
    site.config.as_ref().and_then(|config| config.instances[0].password)
}

#[test]
fn a_file_holds_it() {
    let folder = Folder::new("file", "auth_pass_file = \"vrrp.password\"");
    for (content, expected) in [
        ("k4711", *b"k4711\0\0\0"),
        ("k4711\n", *b"k4711\0\0\0"),
        ("k4711\n\n", *b"k4711\0\0\0"),
        ("opensesa\r\n", *b"opensesa"),
        (" a b ", *b" a b \0\0\0"),
    ] {
        std::fs::write(folder.0.join("vrrp.password"), content).unwrap();
        let site = load_site_to_run(&folder.file()).unwrap();
        assert_eq!(site.render(Style::Plain), "", "{content:?}");
        assert!(password(&site) == Some(Password(expected)), "{content:?}");
        assert!(site.files().contains(&folder.0.join("vrrp.password")));
        assert!(!format!("{site:?}").contains(content.trim()), "{content:?} is shown");
    }
}

#[test]
fn a_file_that_holds_none_is_shown_where_it_is_written() {
    let folder = Folder::new("none", "auth_pass_file = \"vrrp.password\"");
    let path = folder.0.join("vrrp.password");
    let said = |why: &str| {
        let site = load_site_to_run(&folder.file()).unwrap();
        assert!(site.config.is_none(), "{why}");
        assert!(site.files().contains(&path), "whoever watches waits for it");
        let shown = site.render(Style::Plain).replace(&folder.0.display().to_string(), "DIR");
        let message = format!("error: DIR/vrrp.password {why}\n --> keepwatch.toml:5:18\n");
        assert!(shown.starts_with(&message), "{shown}");
        assert!(shown.contains("auth_pass_file = \"vrrp.password\"\n"), "{shown}");
        shown
    };
    let shown = said("cannot be read: No such file or directory");
    assert!(shown.contains("help: write the password into it"), "{shown}");
    for content in ["", "\n", "ninechars", "ninechars\n", "much longer than one may be"] {
        std::fs::write(&path, content).unwrap();
        let shown = said("holds no password of 1 to 8 octets");
        assert!(content.trim().is_empty() || !shown.contains(content.trim()), "{shown}");
    }
    for content in ["k47\nx47\n", "k4711\r\nthe one before", "\n1"] {
        std::fs::write(&path, content).unwrap();
        let shown = said("holds more than one line");
        assert!(!shown.contains("47") && !shown.contains("before"), "{shown}");
    }
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    said("cannot be read: it is no file");
}

/// What systemd gives to the service is not there for others, who can look at the rest all the same.
#[test]
fn a_credential_is_there_for_the_service() {
    let folder = Folder::new("credential", "auth_pass_credential = \"vrrp\"");
    let look: fn(&Path) -> Site = |file| load_site(file).unwrap();
    let run: fn(&Path) -> Site = |file| load_site_to_run(file).unwrap();
    for (read, severity, label, is_one) in
        [(look, "remark", " so the password is not looked at", true), (run, "error", "", false)]
    {
        let site = read(&folder.file());
        let expected = format!(
            "{severity}: systemd gives no credentials here
 --> keepwatch.toml:5:24
  |
5 | auth_pass_credential = \"vrrp\"
  |                        ^^^^^^{label}
  |
  = help: LoadCredential= of the unit gives it to the service
"
        );
        assert_eq!(site.render(Style::Plain), expected);
        assert_eq!(site.config.is_some(), is_one);
    }
}

#[test]
fn mistakes() {
    let rows = [
        ("auth_pass = \"1\"\nauth_pass_file = \"p\"", "error: `auth_pass` is the password already", "6:1"),
        (
            "auth_pass_file = \"p\"\nauth_pass_credential = \"p\"",
            "error: `auth_pass_file` says where it is already",
            "6:1",
        ),
        ("auth_pass_credential = \"../p\"", "error: `../p` is no name of a credential", "5:24"),
        ("auth_pass = \"opensesame\"", "error: a password has 1 to 8 octets", "5:13"),
        ("auth_pass_file = 7", "error: this is an integer, not a text in quotes", "5:18"),
    ];
    for (number, (keys, message, place)) in rows.into_iter().enumerate() {
        let folder = Folder::new(&format!("mistake-{number}"), keys);
        let said = load_site(&folder.file()).unwrap().render(Style::Plain);
        assert!(said.starts_with(&format!("{message}\n --> keepwatch.toml:{place}\n")), "{said}");
        assert!(!said.contains("sesame"), "{said}");
    }
    let folder = Folder::new("version-3", "auth_pass_file = \"p\"\n");
    let text = std::fs::read_to_string(folder.file()).unwrap();
    std::fs::write(folder.file(), text.replace("version = 2", "version = 3")).unwrap();
    let said = load_site(&folder.file()).unwrap().render(Style::Plain);
    assert!(
        said.starts_with("error: VRRP version 3 has no authentication\n --> keepwatch.toml:5:18\n"),
        "{said}"
    );
}
