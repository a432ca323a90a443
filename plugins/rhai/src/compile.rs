//! From a file to a script: parsed, reviewed, with its manifest and everything it imports; or all that is wrong with it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use keepwatch_event::KINDS;
use keepwatch_host::diagnostic::{Diagnostic, Findings, Source};
use keepwatch_host::{Manifest, Need, Refusal, Roles, nearest};
use rhai::{AST, Dynamic, Engine, ParseErrorType, Scope};

use crate::engine::{FUNCTIONS, language};
use crate::handler::{Handler, Hears, hears};
use crate::modules::{self, canonical};
use crate::needs::needs;
use crate::place;
use crate::review::{MOST, review, useless};
use crate::script::{Functions, Imported, Script};
use crate::settings;
use crate::survey::{Import, Survey};
use crate::words;

/// Names that stand for something in every script.
pub(crate) const GLOBALS: [&str; 2] = ["config", "saved"];

/// Compiles a script.
///
/// # Errors
///
/// All that is wrong with it; if something is wrong with a file that it imports and with itself, the latter. The
/// refusal names the files that it imports.
pub(crate) fn compile(file: &keepwatch_host::Source) -> Result<Script, Refusal> {
    let mut looked_at = Vec::new();
    compile_with(file, &mut looked_at).map_err(|refusal| refusal.looked_at(looked_at))
}

fn compile_with(file: &keepwatch_host::Source, looked_at: &mut Vec<PathBuf>) -> Result<Script, Refusal> {
    let name = shown(&file.path);
    let text = modules::text(&*file.content).map_err(|why| {
        Refusal::plain(format!("{name} {why}")).help("a Rhai script is a text; save it as UTF-8")
    })?;
    let source = Source::new(name, text).at(&file.path);
    let folder = file.path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    let mut engine = language(file.limits.memory);
    let budget = settings::watch(&mut engine, &file.limits);
    let mut compiler = Compiler { engine, folder, ..Compiler::default() };
    let main = compiler.file(&source, false, &mut vec![]);
    looked_at.clone_from(&compiler.files);
    if main.findings.is_empty()
        && let Some((source, findings)) = compiler.refused.into_iter().next()
    {
        return Err(refusal(source, findings));
    }
    let Some(ast) = main.ast.filter(|_| main.findings.is_empty()) else {
        return Err(refusal(source, main.findings));
    };
    let (handlers, functions) = handlers(&ast);
    if handlers.is_empty()
        && [functions.check, functions.sync, functions.shutdown].iter().all(Option::is_none)
    {
        let finding = useless(&main.survey, &source.text);
        return Err(refusal(source, vec![finding]));
    }
    let settings = match settings::ask(&compiler.engine, &budget, &ast, &main.survey, &source) {
        Ok(settings) => settings,
        Err(finding) => return Err(refusal(source, vec![*finding])),
    };
    let mut needed = main.needs;
    needed.extend(compiler.needs);
    let manifest = Manifest {
        name: String::new(),
        version: String::new(),
        description: description(&main.survey, &source.text),
        roles: roles(&handlers, functions),
        settings: settings.as_ref().map(|settings| settings.declared.clone()),
        kinds: kinds(&handlers),
        needs: needed,
    };
    let mut imported = compiler.modules;
    for import in &main.survey.imports {
        let (Some(path), Some(alias)) = (&import.path, &import.alias) else { continue };
        let path = canonical(&path.text.value);
        for module in imported.iter_mut().filter(|module| module.path == path) {
            module.aliases.push(alias.clone());
        }
    }
    Ok(Script {
        source,
        ast,
        modules: imported,
        handlers,
        functions,
        defaults: settings.map(|settings| settings.defaults),
        manifest,
        files: compiler.files,
    })
}

/// Compiles files that import each other.
#[derive(Default)]
struct Compiler {
    engine: Engine,
    folder: PathBuf,
    /// First what others need.
    modules: Vec<Imported>,
    needs: Vec<Need>,
    /// The files that are imported, whether they are there or not.
    files: Vec<PathBuf>,
    /// Imported files with something wrong.
    refused: Vec<(Source, Vec<Diagnostic>)>,
}

/// What became of one file.
struct Compiled {
    survey: Survey,
    ast: Option<AST>,
    findings: Vec<Diagnostic>,
    needs: Vec<Need>,
}

impl Compiler {
    /// One file, after all that it imports. `within` is the way of imports that led here.
    fn file(&mut self, source: &Source, imported: bool, within: &mut Vec<String>) -> Compiled {
        let survey = Survey::of(&source.text);
        let mut findings = Vec::new();
        if let Some((error, at)) = too_much(&survey) {
            findings.push(parse_error(&error, at, &survey));
            return Compiled { survey, ast: None, findings, needs: Vec::new() };
        }
        for import in &survey.imports {
            findings.extend(self.import(import, within));
        }
        let mut scope = Scope::new();
        for name in GLOBALS.into_iter().chain(survey.constants.iter().map(String::as_str)) {
            scope.push(name, Dynamic::UNIT);
        }
        let ast = match self.engine.compile_with_scope(&scope, &source.text) {
            Ok(mut ast) => {
                ast.set_source(source.name.as_str());
                findings.extend(review(&survey, imported, source.text.len()));
                Some(ast)
            }
            Err(error) => {
                let at = place::span(&source.text, error.position());
                // What stands behind the place may be read wrongly, and what stands before it is not.
                let mut before = review(&survey, imported, at.start);
                if !before.iter().any(|finding| finding.primary.span.start == at.start) {
                    before.push(parse_error(error.err_type(), at, &survey));
                }
                findings.extend(before);
                None
            }
        };
        let (needs, wrong) = needs(&survey);
        findings.extend(wrong);
        Compiled { survey, ast, findings, needs }
    }

    fn import(&mut self, import: &Import, within: &mut Vec<String>) -> Option<Diagnostic> {
        let Some(literal) = &import.path else {
            let message = "the path of an import is a text in quotation marks";
            return Some(
                Diagnostic::error(&import.span, message, "").help("write `import \"lib/NAME\" as NAME;`"),
            );
        };
        let path = canonical(&literal.text.value).to_owned();
        if within.contains(&path) {
            let message = format!("`{path}` imports itself");
            let way = within.iter().chain([&path]).map(String::as_str).collect::<Vec<_>>().join(" -> ");
            return Some(Diagnostic::error(&literal.span, message, "").note(way));
        }
        if self.modules.iter().any(|module| module.path == path) {
            return None;
        }
        let finding = |error: modules::NotFound| {
            let finding = Diagnostic::error(&literal.span, error.message, "");
            if error.help.is_empty() { finding } else { finding.help(error.help) }
        };
        let file = match modules::place(&self.folder, &path) {
            Ok(file) => file,
            Err(error) => return Some(finding(error)),
        };
        if !self.files.contains(&file) {
            self.files.push(file.clone());
        }
        let text = match modules::read(&self.folder, &path, &file) {
            Ok(text) => text,
            Err(error) => return Some(finding(error)),
        };
        let source = Source::new(shown(&file), text).at(&file);
        within.push(path.clone());
        let compiled = self.file(&source, true, within);
        within.pop();
        if !compiled.findings.is_empty() {
            self.refused.push((source, compiled.findings));
            return None;
        }
        // The place is one in another file than the manifest's.
        self.needs.extend(compiled.needs.into_iter().map(|need| Need { place: None, ..need }));
        let ast = compiled.ast?;
        self.modules.push(Imported { path, aliases: Vec::new(), source, ast });
        None
    }
}

/// What Rhai's parser would refuse, too, but perhaps only after a long time.
fn too_much(survey: &Survey) -> Option<(ParseErrorType, Range<usize>)> {
    let too_deep = survey.too_deep.clone().map(|at| (ParseErrorType::ExprTooDeep, at));
    let too_many = survey.functions.get(FUNCTIONS);
    too_deep.or_else(|| too_many.map(|first| (ParseErrorType::TooManyFunctions, first.span.clone())))
}

fn parse_error(error: &ParseErrorType, at: Range<usize>, survey: &Survey) -> Diagnostic {
    let words = words::of_parse_error(error);
    let finding = Diagnostic::error(&at, words.message, words.label);
    if let Some(help) = words.help {
        return finding.help(help);
    }
    let ParseErrorType::VariableUndefined(name) = error else { return finding };
    if survey.variables.contains(name) && survey.around(at.start).is_some() {
        return finding
            .note("functions do not see the variables around them")
            .help(format!("variables of the script are its state: in a handler, write `this.{name}`"));
    }
    if survey.declared.contains(name) {
        return finding
            .note("a function sees its own variables only, and `|...|` nothing of what is around it")
            .help("hand it over as an argument, or use a `for` loop");
    }
    let inner = survey.around(at.start).map(|function| function.parameters.iter()).into_iter().flatten();
    let known = GLOBALS
        .into_iter()
        .chain(inner.map(String::as_str))
        .chain(survey.declared.iter().map(String::as_str));
    match nearest(name, known) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding.help(format!("declare it first: `let {name} = ...;`")),
    }
}

/// The functions that are called, from what the parser found.
fn handlers(ast: &AST) -> (Vec<Handler>, Functions) {
    let (mut handlers, mut functions) = (Vec::new(), Functions::default());
    for function in ast.iter_functions().filter(|function| function.this_type.is_none()) {
        let takes = !function.params.is_empty();
        match function.name {
            "check" => functions.check = Some(takes),
            "on_sync" => functions.sync = Some(takes),
            "on_shutdown" => functions.shutdown = Some(takes),
            "save" => functions.save = Some(takes),
            name => handlers.extend(hears(name).map(|hears| Handler { name: name.to_owned(), hears, takes })),
        }
    }
    handlers.sort_by_key(|handler| handler.hears);
    (handlers, functions)
}

fn roles(handlers: &[Handler], functions: Functions) -> Roles {
    let hears = !handlers.is_empty() || functions.sync.is_some() || functions.shutdown.is_some();
    Roles { handler: hears, checker: functions.check.is_some() }
}

/// The kinds it hears; all if empty, so that a script that hears none must name one.
fn kinds(handlers: &[Handler]) -> Vec<String> {
    if handlers.iter().any(|handler| handler.hears == Hears::Everything) {
        // "All" leaves out the events about plugins and deliveries, which go to those only that ask for them.
        let asks = handlers.iter().any(|handler| matches!(handler.hears, Hears::Kind(_)));
        return if asks { KINDS.iter().map(|kind| (*kind).to_owned()).collect() } else { Vec::new() };
    }
    let mut kinds: Vec<String> =
        handlers.iter().filter_map(|handler| handler.hears.kind()).map(str::to_owned).collect();
    kinds.sort();
    kinds.dedup();
    if kinds.is_empty() {
        kinds.push("stopping".to_owned());
    }
    kinds
}

/// The first comment, if the script begins with it.
fn description(survey: &Survey, text: &str) -> String {
    let Some((span, comment)) = survey.comments.first() else { return String::new() };
    let first = text.get(..span.start).is_some_and(|before| before.trim() == "//");
    if first { comment.trim_start_matches(['/', '!']).trim().to_owned() } else { String::new() }
}

fn refusal(source: Source, mut found: Vec<Diagnostic>) -> Refusal {
    found.sort_by_key(|finding| finding.primary.span.start);
    let mut findings = Findings::default();
    found.into_iter().take(MOST).for_each(|finding| findings.push(finding));
    Refusal::findings(source, findings)
}

/// A file as it is shown: with the name of its folder.
fn shown(path: &Path) -> String {
    let mut names: Vec<_> =
        path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    names.retain(|name| name != "/");
    names.reverse();
    names.join("/")
}
