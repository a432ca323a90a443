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
