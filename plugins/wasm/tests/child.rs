//! Compiling in a child. The test program is its own compiler, as the daemon is: so it has a `main` of its own.

#[allow(dead_code)]
#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};

use keepwatch_host::{Program, Refusal, Runtime};
use keepwatch_wasm::{ChildCompiler, Options, WasmRuntime, compile_file};
use libtest_mimic::{Arguments, Failed, Trial};
use rustix::process::{Resource, getrlimit};

use support::{FLAPPING, read, source};

/// What makes this program a compiler.
const COMPILE: &str = "compile-component";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let [_, word, input, output] = arguments.as_slice()
        && word == COMPILE
    {
        return match compile_file(Path::new(input), Path::new(output)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::from(error.status())
            }
        };
    }
    if let [_, word] = arguments.as_slice()
        && word == LIMITS
    {
        let _ = compile_file(Path::new("/dev/null"), Path::new("/dev/null"));
        let (memory, cpu) = (getrlimit(Resource::As), getrlimit(Resource::Cpu));
        println!("{:?} {:?} {:?}", memory.maximum, cpu.current, cpu.maximum);
        return ExitCode::SUCCESS;
    }
    let tests = vec![
        Trial::test("what_a_child_has_compiled_is_loaded", compiled),
        Trial::test("a_childs_refusal_is_passed_on", refused),
        Trial::test("a_child_that_dies_is_no_compiler", died),
        Trial::test("a_child_has_limits_of_its_own", limited),
        Trial::test("a_child_that_cannot_write_is_done_without", full),
        Trial::test("a_child_of_many_words_is_heard_out", verbose),
        Trial::test("a_child_that_leaves_nothing_is_done_without", useless),
        Trial::test("a_compiler_that_is_not_there_is_done_without", missing),
    ];
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// A process with the limits that a compiler has.
const LIMITS: &str = "limits-of-compiler";

/// A cache of its own, and a runtime that compiles with this program.
struct Setup {
    directory: PathBuf,
    warnings: Arc<Mutex<Vec<String>>>,
    runtime: WasmRuntime,
}

impl Setup {
    fn new(name: &str, program: PathBuf, arguments: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("keepwatch-child-{name}-{}", std::process::id()));
        let warnings: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&warnings);
        let arguments = arguments.iter().map(Into::into).collect();
        let runtime = WasmRuntime::new(Options {
            cache: Some(directory.clone()),
            compiler: Some(ChildCompiler { program, arguments }),
            warn: Some(Arc::new(move |text| heard.lock().unwrap().push(text))),
        });
        Self { directory, warnings, runtime }
    }

    fn of_this_program(name: &str) -> Self {
        Self::new(name, std::env::current_exe().unwrap(), &[COMPILE])
    }

    fn compile(&self, content: Vec<u8>) -> Result<Arc<dyn Program>, Refusal> {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(self.runtime.compile(&source(content)))
    }

    fn example(&self) -> Result<Arc<dyn Program>, Refusal> {
        self.compile(read(FLAPPING).content.to_vec())
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.directory).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn compiled() -> Result<(), Failed> {
    let setup = Setup::of_this_program("compiled");
    assert!(setup.example()?.manifest().roles.handler);
    let files = setup.files();
    assert!(files.len() == 1 && files[0].extension().unwrap() == "component", "{files:?}");
    assert!(setup.warnings.lock().unwrap().is_empty());
    Ok(())
}

fn refused() -> Result<(), Failed> {
    let setup = Setup::of_this_program("refused");
    let mut content = read(FLAPPING).content.to_vec();
    content.truncate(10_000);
    let text = setup.compile(content).map(drop).unwrap_err().to_string();
    assert!(text.starts_with("error: the file is no valid component: "), "{text}");
    assert!(text.contains("a file copied in part looks like this"), "{text}");
    assert_eq!(setup.files(), Vec::<PathBuf>::new());
    Ok(())
}

fn died() -> Result<(), Failed> {
    let setup = Setup::new("died", "/bin/sh".into(), &["-c", "kill -9 $$"]);
    let text = setup.example().map(drop).unwrap_err().to_string();
    assert!(text.starts_with("error: the compiler failed: signal: 9 (SIGKILL)"), "{text}");
    assert_eq!(setup.files(), Vec::<PathBuf>::new());
    Ok(())
}

fn limited() -> Result<(), Failed> {
    let told = Command::new(std::env::current_exe()?).arg(LIMITS).output()?.stdout;
    assert_eq!(String::from_utf8(told)?, "Some(4294967296) Some(60) Some(61)\n", "4 GiB and a minute");
    Ok(())
}

fn full() -> Result<(), Failed> {
    // As on a full disk: what is longer than a few blocks is not written.
    let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"";
    let program = std::env::current_exe()?.display().to_string();
    let setup = Setup::new("full", "/bin/sh".into(), &["-c", script, &program, COMPILE]);
    assert!(setup.example().is_ok());
    let warnings = setup.warnings.lock().unwrap();
    let expected = "a WASM plugin is compiled in this process, as /bin/sh cannot do it: cannot write ";
    assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{warnings:?}");
    assert_eq!(setup.files().len(), 1, "nothing is left behind");
    Ok(())
}

fn verbose() -> Result<(), Failed> {
    // More than a pipe holds.
    let script = "echo 'error: no' >&2; head -c 1000000 /dev/zero >&2; exit 1";
    let setup = Setup::new("verbose", "/bin/sh".into(), &["-c", script]);
    let text = setup.example().map(drop).unwrap_err().to_string();
    assert_eq!(text, "error: no");
    Ok(())
}

fn useless() -> Result<(), Failed> {
    let setup = Setup::new("useless", "/bin/true".into(), &[]);
    assert!(setup.example().is_ok());
    let warnings = setup.warnings.lock().unwrap();
    let expected =
        "a WASM plugin is compiled in this process, as /bin/true cannot do it: it has left nothing";
    assert_eq!(*warnings, [expected]);
    Ok(())
}

fn missing() -> Result<(), Failed> {
    let setup = Setup::new("missing", "/no/such/program".into(), &[]);
    assert!(setup.example().is_ok());
    let warnings = setup.warnings.lock().unwrap();
    assert!(warnings.len() == 1 && warnings[0].contains("/no/such/program cannot do it: "), "{warnings:?}");
    Ok(())
}
