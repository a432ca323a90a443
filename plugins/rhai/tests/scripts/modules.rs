//! Files that scripts import.

use std::os::unix::fs::symlink;
use std::path::Path;

use keepwatch_host::diagnostic::Style;

use crate::support::{Setup, Trial, compile_at, folder};

#[tokio::test]
async fn links_lead_nowhere_outside() {
    let home = folder("links");
    let (hooks, outside) = (home.join("hooks.d"), home.join("outside"));
    std::fs::create_dir_all(hooks.join("lib")).unwrap();
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("secret.rhai"), "fn f() { 1 }").unwrap();
    std::fs::write(hooks.join("lib/inside.rhai"), "fn f() { 2 }").unwrap();
    symlink(outside.join("secret.rhai"), hooks.join("lib/file.rhai")).unwrap();
    symlink(&outside, hooks.join("lib/folder")).unwrap();
    symlink("/etc/hostname", hooks.join("lib/hostname.rhai")).unwrap();
    symlink("inside.rhai", hooks.join("lib/good.rhai")).unwrap();
    let main = hooks.join("main.rhai");
    for path in ["lib/file", "lib/folder/secret", "lib/hostname", "lib/file.rhai"] {
        let text = format!("import \"{path}\" as a; fn on_master(e) {{ a::f() }}");
        let Err(refusal) = compile_at(&main, &text).await else { panic!("{path} was imported") };
        let text = refusal.render(Style::Plain);
        assert!(text.contains("is not in the script's own folder"), "{text}");
    }
    let text = "import \"lib/good\" as a; fn on_master(e) { info(a::f()) }";
    let program = compile_at(&main, text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(program.files(), [hooks.join("lib/good.rhai")]);
    // What runs reads no file.
    std::fs::remove_dir_all(&home).unwrap();
    let mut trial = Trial::of(&*program, Setup::default()).await.unwrap();
    trial.master().await.unwrap();
    assert_eq!(trial.told(), ["trial Info: 2"]);
}

/// As `keepwatch plugin check NAME.rhai` has it; tests run in the folder of their package.
#[tokio::test]
async fn a_script_named_without_a_folder_imports_from_where_one_is() {
    let text = "import \"tests/corpus/lib/more\" as m; fn on_master(e) { info(m::mark()) }";
    let program =
        compile_at(Path::new("bare.rhai"), text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(program.files(), [Path::new("tests/corpus/lib/more.rhai")]);
    let Err(refusal) = compile_at(Path::new("bare.rhai"), "import \"/etc/x\" as x; fn on_master(e) {}").await
    else {
        panic!("imported")
    };
    assert!(refusal.to_string().contains("import a file below ., for example"), "{refusal}");
}

#[tokio::test]
async fn imports_are_known_in_functions_and_read_once() {
    let home = folder("imports");
    std::fs::create_dir_all(home.join("lib")).unwrap();
    std::fs::write(home.join("lib/a.rhai"), "import \"lib/b\" as b; fn f() { b::g() + config.n }").unwrap();
    std::fs::write(home.join("lib/b.rhai"), "fn g() { run(\"a\"); 1 }\nexport const X = 7;").unwrap();
    let text = "
        import \"lib/a\" as a;
        import \"lib/b.rhai\" as b;
        let top = a::f();
        fn on_master(e) { import \"lib/b\" as c; info(`${a::f()} ${b::g()} ${c::g()} ${b::X} ${this.top}`); helper(); }
        fn helper() { info(a::f()); }
    ";
    let program =
        compile_at(&home.join("main.rhai"), text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    assert_eq!(program.files().len(), 2);
    let needs: Vec<_> = program.manifest().needs.iter().map(|need| need.place.clone()).collect();
    assert_eq!(needs, [None], "in another file");
    let config = serde_json::json!({"n": 10});
    let mut trial = Trial::of(&*program, Setup { config, ..Setup::default() }).await.unwrap();
    trial.master().await.unwrap_or_else(|failure| panic!("{failure}"));
    let told: Vec<String> = trial.told().into_iter().filter(|line| line != "run a").collect();
    assert_eq!(told, ["trial Info: 11 1 1 7 11", "trial Info: 11"]);
}

#[tokio::test]
async fn what_is_no_text_is_refused() {
    let home = folder("no-text");
    std::fs::create_dir_all(home.join("lib")).unwrap();
    std::fs::write(home.join("lib/a.rhai"), b"\xff").unwrap();
    std::fs::write(home.join("lib/b.rhai"), vec![b' '; (1 << 20) + 1]).unwrap();
    std::fs::create_dir_all(home.join("lib/c.rhai")).unwrap();
    for (path, why) in [("a", "is not UTF-8 text"), ("b", "is larger than"), ("c", "is no file")] {
        let text = format!("import \"lib/{path}\" as a; fn on_master(e) {{ }}");
        let Err(refusal) = compile_at(&home.join("main.rhai"), &text).await else {
            panic!("{path} was imported")
        };
        assert!(refusal.to_string().contains(why), "{refusal}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_files_that_were_looked_at() {
    let home = folder("looked-at");
    std::fs::create_dir_all(home.join("lib")).unwrap();
    std::fs::write(home.join("lib/a.rhai"), "import \"lib/b\" as b; fn f( }").unwrap();
    let text = "import \"lib/a\" as a; import \"lib/c\" as c; import \"../d\" as d; fn on_master(e) { }";
    let Err(refusal) = compile_at(&home.join("main.rhai"), text).await else { panic!("it is wrong") };
    let files = ["lib/a.rhai", "lib/b.rhai", "lib/c.rhai"].map(|name| home.join(name));
    assert_eq!(refusal.files(), files, "also the missing ones");
}
