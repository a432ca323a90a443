//! What a function is turned into: a type that implements `Plugin`, and its exports.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemFn};

use crate::options::Options;
use crate::signature::{Parameter, Parameters, read};

/// What a plugin is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// Hears events.
    Handler,
    /// Answers checks.
    Checker,
}

impl Role {
    /// What its function may take, for messages.
    pub(crate) fn takes(self) -> &'static str {
        match self {
            Self::Handler => "a handler takes `&Event`, then perhaps `&Config` and `&mut State`, each once",
            Self::Checker => "a checker takes perhaps `&Config` and `&mut State`, each once",
        }
    }

    /// What its function may return, for messages.
    pub(crate) fn returns(self) -> &'static str {
        match self {
            Self::Handler => "`Result<()>` or `Result<Outcome>`",
            Self::Checker => "`Result<Verdict>`",
        }
    }

    /// The function and what is added to it.
    pub(crate) fn expand(self, options: Options, function: ItemFn) -> syn::Result<TokenStream> {
        if let (Self::Checker, Some((place, _))) = (self, &options.kinds) {
            return Err(Error::new(place.span(), "a checker hears no events, so `kinds` has no sense here"));
        }
        let parameters = read(self, &function.sig)?;
        let name = &function.sig.ident;
        let visibility = &function.vis;
        let Parameters { config, state, .. } = &parameters;
        let config = config.as_ref().map_or_else(|| quote!(::keepwatch_sdk::NoConfig), |ty| quote!(#ty));
        let state_field = state.as_ref().map(|ty| quote!(state: #ty));
        let restored = state.as_ref().map(|_| quote!(state: ::keepwatch_sdk::state::restore(saved)));
        let save = state.as_ref().map(|_| {
            quote! {
                fn save(&mut self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    ::keepwatch_sdk::state::save(&self.state)
                }
            }
        });
        let kinds = options.kinds.map(|(_, kinds)| kinds).unwrap_or_default();
        let needs = options.needs;
        let method = self.method(&function, &parameters);
        let role = match self {
            Self::Handler => quote!(handler),
            Self::Checker => quote!(checker),
        };
        let about = format!("The plugin that the function `{name}` makes.");
        Ok(quote! {
            #function

            #[doc = #about]
            #[allow(non_camel_case_types, dead_code)]
            #visibility struct #name {
                config: #config,
                #state_field
            }

            impl ::keepwatch_sdk::Plugin for #name {
                type Config = #config;
                const KINDS: &'static [&'static str] = &[#(#kinds),*];
                const NEEDS: &'static [&'static str] = &[#(#needs),*];

                fn init(config: #config, saved: ::core::option::Option<&[u8]>) -> ::keepwatch_sdk::Result<Self> {
                    let _ = saved;
                    ::core::result::Result::Ok(Self { config, #restored })
                }

                #method

                #save
            }

            ::keepwatch_sdk::export!(#name: #role);
        })
    }

    /// `handle` or `check`, which calls the function.
    fn method(self, function: &ItemFn, parameters: &Parameters) -> TokenStream {
        let name = &function.sig.ident;
        let arguments = parameters.order.iter().map(|parameter| match parameter {
            Parameter::Event => quote!(event),
            Parameter::Config => quote!(&self.config),
            Parameter::State => quote!(&mut self.state),
        });
        let result = function.sig.output.span();
        match self {
            Self::Handler => {
                let answer = quote_spanned!(result=> ::keepwatch_sdk::IntoOutcome::into_outcome(answer));
                quote! {
                    fn handle(
                        &mut self,
                        event: &::keepwatch_sdk::Event,
                    ) -> ::keepwatch_sdk::Result<::keepwatch_sdk::Outcome> {
                        let answer = #name(#(#arguments),*);
                        #answer
                    }
                }
            }
            Self::Checker => quote! {
                fn check(
                    &mut self,
                    _: &::keepwatch_sdk::CheckRequest,
                ) -> ::keepwatch_sdk::Result<::keepwatch_sdk::Verdict> {
                    #name(#(#arguments),*)
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(role: Role, options: TokenStream, function: TokenStream) -> Result<String, String> {
        let options = syn::parse2(options);
        let function = syn::parse2(function);
        let expanded = options.and_then(|options| role.expand(options, function?));
        expanded.map(|tokens| tokens.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_wrong_is_said() {
        let takes = "a handler takes `&Event`, then perhaps `&Config` and `&mut State`, each once";
        for (options, function, error) in [
            (
                quote!(),
                quote!(
                    async fn f(e: &Event) -> Result<()> {}
                ),
                "a plugin's function is not async: the host's functions wait",
            ),
            (
                quote!(),
                quote!(
                    fn f<T>(e: &Event) -> Result<()> {}
                ),
                "a plugin's function has no type parameters",
            ),
            (
                quote!(),
                quote!(
                    fn f(e: &Event) {}
                ),
                "it should return `Result<()>` or `Result<Outcome>`",
            ),
            (
                quote!(),
                quote!(
                    fn f(&self) -> Result<()> {}
                ),
                "a plugin's function is no method",
            ),
            (
                quote!(),
                quote!(
                    fn f() -> Result<()> {}
                ),
                "its first parameter should be `event: &Event`",
            ),
            (
                quote!(),
                quote!(
                    fn f(e: Event) -> Result<()> {}
                ),
                takes,
            ),
            (
                quote!(),
                quote!(
                    fn f(e: &Event, c: &A, d: &B) -> Result<()> {}
                ),
                takes,
            ),
            (
                quote!(),
                quote!(
                    fn f(e: &Event, c: &mut A, d: &mut B) -> Result<()> {}
                ),
                takes,
            ),
            (
                quote!(kind = ["x"]),
                quote!(
                    fn f(e: &Event) -> Result<()> {}
                ),
                "known here are `kinds = [..]` and `needs = [..]`",
            ),
            (
                quote!(kinds = "x"),
                quote!(
                    fn f(e: &Event) -> Result<()> {}
                ),
                "expected square brackets",
            ),
        ] {
            assert_eq!(expand(Role::Handler, options, function).unwrap_err(), error);
        }
        let checker = expand(
            Role::Checker,
            quote!(kinds = ["x"]),
            quote!(
                fn f() -> Result<Verdict> {}
            ),
        );
        assert_eq!(checker.unwrap_err(), "a checker hears no events, so `kinds` has no sense here");
    }

    #[test]
    fn the_function_is_called_with_what_it_takes_in_its_order() {
        let function = quote!(
            pub fn f(event: &Event, state: &mut S, config: &C) -> Result<()> {}
        );
        let expanded =
            expand(Role::Handler, quote!(kinds = ["transition"], needs = ["run:x"]), function).unwrap();
        for part in [
            quote!(f(event, &mut self.state, &self.config)),
            quote!(
                const KINDS: &'static [&'static str] = &["transition"];
            ),
            quote!(
                const NEEDS: &'static [&'static str] = &["run:x"];
            ),
            quote!(::keepwatch_sdk::export!(f: handler);),
            quote!(
                type Config = C;
            ),
        ] {
            assert!(expanded.contains(&part.to_string()), "{part} is not in\n{expanded}");
        }
    }
}
