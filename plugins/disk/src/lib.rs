//! Files that outlive the daemon: [redb]'s, whose keys are texts. They are for nobody else's eyes; one that was only half
//! made is made anew; and one that something else has written into is an error, not the end of the program.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Database, TableDefinition};

/// redb's own memory.
const CACHE: usize = 1 << 20;
/// So long is what a file of redb's begins with.
const MAGIC: u64 = 9;

/// A table of a file.
pub type Table = TableDefinition<'static, &'static str, &'static [u8]>;

/// Opens a file, and makes it and its folder if they are not there; the tables are in it afterwards.
///
/// # Errors
///
/// With the path, and why it cannot be.
pub fn open(path: &Path, tables: &[Table]) -> Result<Database, String> {
    // redb gives up on some damaged files by a panic.
    let opened = catch_unwind(AssertUnwindSafe(|| on_disk(path, tables)));
    let why = match opened {
        Ok(Ok(database)) => return Ok(database),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "it is damaged; keepwatch makes a new one once it is moved away".to_owned(),
    };
    Err(format!("{} cannot be opened: {why}", path.display()))
}

/// Reads or writes, as it is `done`: a file found damaged meanwhile is an error.
///
/// # Errors
///
/// With the path, and why it cannot be.
pub fn attempt<T>(
    path: &Path,
    done: &str,
    work: impl FnOnce() -> Result<T, redb::Error>,
) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{} cannot be {done}: {error}", path.display())),
        Err(_) => Err(format!("{} is damaged", path.display())),
    }
}

fn on_disk(path: &Path, tables: &[Table]) -> Result<Database, redb::Error> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    set_unfinished_aside(path)?;
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let database = redb::Builder::new().set_cache_size(CACHE).create_with_backend(FileBackend::new(file)?)?;
    let write = database.begin_write()?;
    for table in tables {
        write.open_table(*table)?;
    }
    write.commit()?;
    Ok(database)
}

/// Makes room for a new file where one is that was being made when the disk was full or the program was killed: redb writes
/// its first octets last, so that nothing can be in it. It is kept beside, as nothing is thrown away unseen.
fn set_unfinished_aside(path: &Path) -> io::Result<()> {
    let mut first = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(MAGIC).read_to_end(&mut first)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if first.is_empty() || first.iter().any(|octet| *octet != 0) {
        return Ok(());
    }
    std::fs::rename(path, path.with_extension("unfinished"))
}
