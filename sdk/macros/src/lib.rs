//! The attributes of `keepwatch-sdk`, which re-exports and documents them: use them from there.

mod options;
mod role;
mod signature;

use proc_macro::TokenStream;
use quote::ToTokens;

/// Makes a plugin with the role *handler* of a function: it is called for each event.
///
/// ```ignore
/// #[handler(kinds = ["transition"], needs = ["run:haproxy-reload"])]
/// fn on_event(event: &Event, config: &Config, state: &mut Counts) -> Result<()> { .. }
/// ```
///
/// * `event: &Event` comes first.
/// * `config: &Config`, if there, is the plugin's settings: any type that implements `Deserialize` and is a struct
///   with named fields. Its fields are the settings that keepwatch accepts.
/// * `state: &mut T`, if there, is kept between events and carried over when the plugin is reloaded: any type that
///   implements `Default`, `Serialize` and `Deserialize`.
/// * The result is `Result<()>` or `Result<Outcome>`. An error is logged and counted; the event is not tried again.
///
/// `kinds` are the kinds of events that the function is called for (all, if left out), `needs` the grants without
/// which the plugin cannot work.
///
/// For tests the plugin has a type with the function's name: `Host::new().start::<on_event>(..)`.
#[proc_macro_attribute]
pub fn handler(attributes: TokenStream, item: TokenStream) -> TokenStream {
    expand(role::Role::Handler, attributes, item)
}

/// Makes a plugin with the role *checker* of a function: it is called whenever the check is due.
///
/// ```ignore
/// #[checker]
/// fn replication_lag(config: &Config) -> Result<Verdict> { .. }
/// ```
///
/// * `config: &Config`, if there, is the plugin's settings: any type that implements `Deserialize` and is a struct
///   with named fields. Its fields are the settings that keepwatch accepts.
/// * `state: &mut T`, if there, is kept between checks and carried over when the plugin is reloaded: any type that
///   implements `Default`, `Serialize` and `Deserialize`.
/// * The result is `Result<Verdict>`. An error counts as a verdict of `fail` with the error's text.
///
/// `#[checker(needs = ["tcp:127.0.0.1:5432"])]` names grants without which the plugin cannot work.
///
/// For tests the plugin has a type with the function's name: `Host::new().start::<replication_lag>(..)`.
#[proc_macro_attribute]
pub fn checker(attributes: TokenStream, item: TokenStream) -> TokenStream {
    expand(role::Role::Checker, attributes, item)
}

fn expand(role: role::Role, attributes: TokenStream, item: TokenStream) -> TokenStream {
    let item: proc_macro2::TokenStream = item.into();
    let expanded = syn::parse(attributes)
        .and_then(|options| role.expand(options, syn::parse2(item.clone())?))
        // The function stays, so that an editor goes on understanding it.
        .unwrap_or_else(|error| {
            let mut tokens = item;
            error.to_compile_error().to_tokens(&mut tokens);
            tokens
        });
    expanded.into()
}
