//! Files that are written, replaced and removed.

use std::path::Path;

use keepwatch_checks::{
    Check, FileCheck, FileMode, InitialNumber, Missing, NumberCheck, Over, ValueError, value,
};
use keepwatch_event::Health;
use keepwatch_host::Native;
use tokio::time::timeout;

use crate::support::{Folder, HASTY, PATIENT, assert_verdict};

async fn says(native: &Native, health: Health, text: &str) {
    assert_verdict(&native.probe.probe(PATIENT).await, health, text);
}

/// Waits until the check says of itself that there may be another answer.
async fn changes(native: &Native) {
    timeout(PATIENT, native.probe.changed()).await.unwrap();
}

#[tokio::test]
async fn a_number_however_it_comes_into_the_file() {
    let folder = Folder::new("file");
    let path = folder.path("number");
    let shown = path.display();
    let check = Check::File(FileCheck::new(&path));
    assert_eq!(check.label(), format!("file {shown}"));
    let native = check.native();
    says(&native, Health::Pass, &format!("{shown} does not exist")).await;
    std::fs::write(&path, "0\n").unwrap();
    changes(&native).await;
    says(&native, Health::Pass, &format!("{shown} says 0")).await;
    std::fs::write(&path, "17\n").unwrap();
    changes(&native).await;
    says(&native, Health::Fail, &format!("{shown} says 17, expected 0")).await;
    // As most scripts and editors do it.
    std::fs::write(folder.path("new"), "-3").unwrap();
    std::fs::rename(folder.path("new"), &path).unwrap();
    changes(&native).await;
    says(&native, Health::Fail, &format!("{shown} says -3, expected 0")).await;
    std::fs::remove_file(&path).unwrap();
    changes(&native).await;
    says(&native, Health::Pass, &format!("{shown} does not exist")).await;
}

#[tokio::test]
async fn what_happens_to_other_files_does_not_matter() {
    let folder = Folder::new("file-other");
    let path = folder.path("number");
    let native = Check::File(FileCheck::new(&path)).native();
    says(&native, Health::Pass, &format!("{} does not exist", path.display())).await;
    for round in 0..10 {
        std::fs::write(folder.path("other"), round.to_string()).unwrap();
        std::fs::rename(folder.path("other"), folder.path("another")).unwrap();
        std::fs::remove_file(folder.path("another")).unwrap();
    }
    assert!(timeout(HASTY, native.probe.changed()).await.is_err());
    std::fs::write(&path, "1").unwrap();
    changes(&native).await;
}

/// With `fall = 2` two questions would be two failures.
#[tokio::test]
async fn one_change_is_one_question() {
    let folder = Folder::new("file-once");
    let (path, new) = (folder.path("flag"), folder.path("new"));
    let put = |text: &str| {
        std::fs::write(&new, text).unwrap();
        std::fs::rename(&new, &path).unwrap();
    };
    let once = async |native: &Native, change: &dyn Fn()| {
        native.probe.probe(PATIENT).await;
        change();
        changes(native).await;
        native.probe.probe(PATIENT).await;
        assert!(timeout(HASTY, native.probe.changed()).await.is_err());
    };
    let remove = || std::fs::remove_file(&path).unwrap();
    let number = Check::File(FileCheck::new(&path)).native();
    once(&number, &|| put("1")).await;
    once(&number, &|| put("2")).await;
    once(&number, &|| std::fs::write(&path, "3").unwrap()).await;
    once(&number, &remove).await;
    let absent = Check::File(FileCheck { mode: FileMode::Absent, ..FileCheck::new(&path) }).native();
    once(&absent, &|| std::fs::write(&path, "1").unwrap()).await;
    once(&absent, &remove).await;
    once(&absent, &|| put("1")).await;
    let tracked = Check::Number(NumberCheck { path: path.clone(), init: None }).native();
    once(&tracked, &|| put("7")).await;
}

#[tokio::test]
async fn a_folder_made_anew_and_a_file_behind_a_link() {
    let folder = Folder::new("file-anew");
    let inner = folder.path("inner");
    std::fs::create_dir(&inner).unwrap();
    let real = inner.join("real");
    let link = folder.path("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    std::fs::write(&real, "1").unwrap();
    let native = Check::File(FileCheck::new(&link)).native();
    says(&native, Health::Fail, &format!("{} says 1, expected 0", link.display())).await;
    std::fs::write(&real, "2").unwrap();
    changes(&native).await;
    says(&native, Health::Fail, &format!("{} says 2, expected 0", link.display())).await;
    std::fs::remove_dir_all(&inner).unwrap();
    changes(&native).await;
    while timeout(HASTY, native.probe.changed()).await.is_ok() {}
    std::fs::create_dir(&inner).unwrap();
    std::fs::write(&real, "3").unwrap();
    says(&native, Health::Fail, &format!("{} says 3, expected 0", link.display())).await;
    std::fs::write(&real, "4").unwrap();
    changes(&native).await;
}

#[tokio::test]
async fn a_file_that_is_to_be_there() {
    let folder = Folder::new("file-there");
    let path = folder.path("flag");
    let shown = path.display();
    let must = FileCheck { missing: Missing::Fails, ..FileCheck::new(&path) };
    says(&Check::File(must.clone()).native(), Health::Fail, &format!("{shown} does not exist")).await;
    let native = Check::File(FileCheck { mode: FileMode::Exists, ..must }).native();
    says(&native, Health::Fail, &format!("{shown} does not exist")).await;
    std::fs::hard_link(make(&folder.path("other"), "5"), &path).unwrap();
    changes(&native).await;
    says(&native, Health::Pass, &format!("{shown} exists")).await;
}

fn make<'a>(path: &'a Path, text: &str) -> &'a Path {
    std::fs::write(path, text).unwrap();
    path
}

#[tokio::test]
async fn what_gives_no_number() {
    let folder = Folder::new("file-none");
    let path = folder.path("large");
    let native = Check::File(FileCheck::new(make(&path, "9999999999"))).native();
    let shown = path.display();
    let text = format!("{shown} has a number that is too large: it may be from -2147483648 to 2147483647");
    says(&native, Health::Unknown, &text).await;
    let native = Check::File(FileCheck::new(folder.path(""))).native();
    let text = format!("{} cannot be read: Is a directory", folder.path("").display());
    says(&native, Health::Unknown, &text).await;
    // Nobody writes to this pipe; it is not waited for.
    let pipe = folder.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(value(&pipe), Err(ValueError::NoNumber)));
    let native = Check::File(FileCheck::new(&pipe)).native();
    says(&native, Health::Pass, &format!("{} has no number, which counts as 0", pipe.display())).await;
    assert!(matches!(value(&folder.path("none")), Err(ValueError::Missing)));
    assert_eq!(value(make(&folder.path("hex"), "0x10 and so on")).unwrap(), 16);
}

#[tokio::test]
async fn a_file_that_is_not_to_be_there_is_noticed_however_it_comes() {
    let folder = Folder::new("file-not-there");
    let path = folder.path("flag");
    let shown = path.display();
    let absent = FileCheck { mode: FileMode::Absent, ..FileCheck::new(&path) };
    let native = Check::File(absent).native();
    let other = folder.path("other");
    make(&other, "");
    let link = |path: &Path| std::os::unix::fs::symlink(&other, path).unwrap();
    let hard_link = |path: &Path| std::fs::hard_link(&other, path).unwrap();
    let directory = |path: &Path| std::fs::create_dir(path).unwrap();
    let file = |path: &Path| std::fs::write(path, "x").unwrap();
    let ways: [&dyn Fn(&Path); 4] = [&link, &hard_link, &directory, &file];
    for come in ways {
        says(&native, Health::Pass, &format!("{shown} does not exist")).await;
        come(&path);
        changes(&native).await;
        says(&native, Health::Fail, &format!("{shown} exists")).await;
        if path.is_dir() { std::fs::remove_dir(&path) } else { std::fs::remove_file(&path) }.unwrap();
        changes(&native).await;
        // More may have been told of it.
        while timeout(HASTY, native.probe.changed()).await.is_ok() {}
    }
}

#[tokio::test]
async fn after_the_start_a_number_is_not_written_over() {
    let folder = Folder::new("file-later");
    let path = folder.path("weight");
    let shown = path.display();
    let init = InitialNumber { value: 7, over: Over::Anything };
    let check = Check::Number(NumberCheck { path: path.clone(), init: Some(init) });
    assert_eq!(check.native(), check.native_after_start(), "a reload without a change is none");
    says(&check.native_after_start(), Health::Pass, &format!("{shown} says 7")).await;
    std::fs::write(&path, "-50").unwrap();
    says(&check.native_after_start(), Health::Pass, &format!("{shown} says -50")).await;
    says(&check.native(), Health::Pass, &format!("{shown} says 7")).await;
}
