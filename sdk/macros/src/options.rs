//! What stands in the attribute's brackets: `kinds = [..]`, `needs = [..]`.

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

/// The attribute's options.
#[derive(Default)]
pub(crate) struct Options {
    /// Kinds of events, with the keyword's place.
    pub(crate) kinds: Option<(Ident, Vec<LitStr>)>,
    /// Grants.
    pub(crate) needs: Vec<LitStr>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let list;
            bracketed!(list in input);
            let list = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?.into_iter().collect();
            match name.to_string().as_str() {
                "kinds" => options.kinds = Some((name, list)),
                "needs" => options.needs = list,
                _ => {
                    return Err(syn::Error::new(
                        name.span(),
                        "known here are `kinds = [..]` and `needs = [..]`",
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}
