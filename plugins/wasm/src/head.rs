//! What can be told of a file from its first octets.

use keepwatch_host::Refusal;
use wasmtime::Engine;

use crate::allowance::octets;

/// The largest component, in octets. A larger one could keep the compiler busy for minutes.
pub(crate) const LARGEST: usize = 16 << 20;

/// What all WebAssembly begins with.
const MAGIC: &[u8] = b"\0asm";
/// What follows in a component, and in a core module.
const COMPONENT: &[u8] = &[0x0d, 0, 1, 0];
const CORE_MODULE: &[u8] = &[1, 0, 0, 0];

/// Refuses what is no component.
pub(crate) fn check(content: &[u8]) -> Result<(), Refusal> {
    if content.len() > LARGEST {
        let (size, most) = (octets(content.len()), octets(LARGEST));
        let refusal = Refusal::plain(format!("the file has {size}; a component may have {most}"));
        return Err(refusal.help("build it for size, without debug information"));
    }
    if Engine::detect_precompiled(content).is_some() {
        let refusal = Refusal::plain("the file is compiled already; machine code is not taken as a plugin");
        return Err(refusal.help("give the component it was made from; keepwatch compiles it by itself"));
    }
    let Some(kind) = content.strip_prefix(MAGIC) else {
        let what = if content.is_empty() { "the file is empty" } else { "the file is no WebAssembly" };
        return Err(Refusal::plain(what).help("build it with `keepwatch plugin build`"));
    };
    match kind.get(..4) {
        Some(COMPONENT) => Ok(()),
        Some(CORE_MODULE) => {
            let refusal = Refusal::plain("the file is a core module, not a component");
            Err(refusal.help("wrap it: `keepwatch plugin build`"))
        }
        Some(_) => Err(Refusal::plain("the file is WebAssembly of a sort that keepwatch does not know")
            .help("build it with `keepwatch plugin build`")),
        None => Err(Refusal::plain("the file ends after its first octets").help("copy it again")),
    }
}
