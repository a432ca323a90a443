//! Compiled components on disk: what is used of them, and what is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use keepwatch_host::Runtime;
use keepwatch_wasm::{ChildCompiler, Options, WasmRuntime};

use crate::support::{FLAPPING, read};

/// A cache directory of its own, and the warnings about it.
struct Trial {
    directory: PathBuf,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Trial {
    /// With the example compiled into it.
    async fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("keepwatch-cache-{name}-{}", std::process::id()));
        let trial = Self { directory, warnings: Arc::default() };
        trial.load(false).await.unwrap();
        assert_eq!(trial.warnings(), Vec::<String>::new());
        trial
    }

    /// Loads the example with a runtime of its own. Without a compiler it can only come from the cache.
    async fn load(&self, no_compiler: bool) -> Result<(), String> {
        let warnings = Arc::clone(&self.warnings);
        let broken = ChildCompiler { program: "/bin/false".into(), arguments: Vec::new() };
        let runtime = WasmRuntime::new(Options {
            cache: Some(self.directory.clone()),
            compiler: no_compiler.then_some(broken),
            warn: Some(Arc::new(move |text| warnings.lock().unwrap().push(text))),
        });
        let loaded = runtime.compile(&read(FLAPPING)).await;
        loaded.map(drop).map_err(|refusal| refusal.to_string())
    }

    fn warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap())
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.directory).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The one file that is there.
    fn file(&self) -> PathBuf {
        let files = self.files();
        assert_eq!(files.len(), 1, "{files:?}");
        files.into_iter().next().unwrap()
    }

    /// That the file is not used and made anew, and that somebody hears of it.
    async fn is_made_anew(&self, why: &str) {
        assert!(self.load(true).await.is_err(), "used although {why}");
        let warnings = self.warnings();
        assert!(warnings.len() == 1 && warnings[0].contains(why), "{warnings:?}");
        assert!(
            warnings[0].starts_with("a compiled WASM plugin is not used and made anew: "),
            "{warnings:?}"
        );
        self.load(false).await.unwrap();
        self.warnings();
        self.load(true).await.unwrap();
        assert_eq!(self.warnings(), Vec::<String>::new());
        assert_eq!(mode(&self.file()), 0o600);
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn what_was_compiled_once_is_loaded_and_only_we_can_write_it() {
    let trial = Trial::new("hit").await;
    assert_eq!((mode(&trial.directory), mode(&trial.file())), (0o700, 0o600));
    let before = fs::metadata(trial.file()).unwrap().ino();
    trial.load(true).await.unwrap();
    assert_eq!(fs::metadata(trial.file()).unwrap().ino(), before);
}

#[tokio::test]
async fn what_is_cut_or_damaged_is_made_anew() {
    let trial = Trial::new("damaged").await;
    let whole = fs::read(trial.file()).unwrap();
    let mut wrong = whole.clone();
    wrong[whole.len() / 2] ^= 1;
    for content in [&whole[..whole.len() / 2], &whole[..30], b""] {
        fs::write(trial.file(), content).unwrap();
        assert!(trial.load(true).await.is_err());
        let warnings = trial.warnings();
        assert!(warnings.len() == 1 && warnings[0].contains("is damaged"), "{warnings:?}");
    }
    fs::write(trial.file(), wrong).unwrap();
    trial.is_made_anew("is damaged").await;
}

#[tokio::test]
async fn what_others_can_write_is_made_anew() {
    let trial = Trial::new("writable").await;
    set_mode(&trial.file(), 0o660);
    trial.is_made_anew("can be written by others (mode 660)").await;
}

#[tokio::test]
async fn what_belongs_to_others_is_made_anew() {
    let trial = Trial::new("owner").await;
    // Only root can give files away.
    if fs::metadata(&trial.directory).unwrap().uid() == 0 {
        chown(trial.file(), Some(65534), None).unwrap();
        trial.is_made_anew("belongs to user 65534").await;
    }
}

#[tokio::test]
async fn a_directory_that_others_can_write_is_not_used() {
    let trial = Trial::new("directory").await;
    set_mode(&trial.directory, 0o770);
    let before = fs::metadata(trial.file()).unwrap().modified().unwrap();
    trial.load(false).await.unwrap();
    let warnings = trial.warnings();
    assert!(
        warnings.len() == 1 && warnings[0].starts_with("compiled WASM plugins are not kept: "),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("can be written by others (mode 770)"), "{warnings:?}");
    assert_eq!(fs::metadata(trial.file()).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory_is_done_without() {
    let trial = Trial::new("file").await;
    fs::remove_dir_all(&trial.directory).unwrap();
    fs::write(&trial.directory, "").unwrap();
    trial.load(false).await.unwrap();
    assert_eq!(trial.warnings().len(), 1);
    fs::remove_file(&trial.directory).unwrap();
}

#[tokio::test]
async fn the_newest_are_kept() {
    let trial = Trial::new("prune").await;
    let old = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    for number in 0..100 {
        let path = trial.directory.join(format!("{number}.component"));
        fs::write(&path, "").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
    }
    let left = trial.directory.join("x.1-0.tmp");
    fs::write(&left, "").unwrap();
    fs::File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();
    let used = trial.files().into_iter().find(|path| path.to_str().unwrap().len() > 80).unwrap();
    // Something has to be compiled for the others to go.
    fs::remove_file(&used).unwrap();
    trial.load(false).await.unwrap();
    assert_eq!(trial.files().len(), 64);
    assert!(used.exists() && !left.exists());
}

#[tokio::test]
async fn many_at_once_find_one_file() {
    let trial = Trial::new("many").await;
    fs::remove_file(trial.file()).unwrap();
    let runtime = || WasmRuntime::new(Options { cache: Some(trial.directory.clone()), ..Options::default() });
    let (one, other) = (runtime(), runtime());
    let source = read(FLAPPING);
    // Two daemons, each asked for the same plugin twice.
    let loaded = tokio::join!(
        one.compile(&source),
        one.compile(&source),
        other.compile(&source),
        other.compile(&source)
    );
    assert!(loaded.0.is_ok() && loaded.1.is_ok() && loaded.2.is_ok() && loaded.3.is_ok());
    trial.file();
    trial.load(true).await.unwrap();
}
