//! What the function takes: an event, settings, a state.

use syn::spanned::Spanned;
use syn::{Error, FnArg, ReturnType, Signature, Type, TypeReference};

use crate::role::Role;

/// The function's parameters after the event.
pub(crate) struct Parameters {
    /// In the order in which they are written.
    pub(crate) order: Vec<Parameter>,
    /// The type of the settings.
    pub(crate) config: Option<Type>,
    /// The type of the state.
    pub(crate) state: Option<Type>,
}

/// One parameter.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Parameter {
    /// `&Event`
    Event,
    /// `&Config`
    Config,
    /// `&mut State`
    State,
}

/// Reads the signature, or says what is wrong with it at its place.
pub(crate) fn read(role: Role, signature: &Signature) -> syn::Result<Parameters> {
    if let Some(word) = &signature.asyncness {
        return Err(Error::new(word.span(), "a plugin's function is not async: the host's functions wait"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(signature.generics.span(), "a plugin's function has no type parameters"));
    }
    if matches!(signature.output, ReturnType::Default) {
        let text = format!("it should return {}", role.returns());
        return Err(Error::new(signature.ident.span(), text));
    }
    let mut parameters = Parameters { order: Vec::new(), config: None, state: None };
    for input in &signature.inputs {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new(input.span(), "a plugin's function is no method"));
        };
        let Type::Reference(reference) = &*typed.ty else {
            return Err(Error::new(typed.ty.span(), role.takes()));
        };
        parameters.take(role, reference)?;
    }
    if role == Role::Handler && parameters.order.first() != Some(&Parameter::Event) {
        return Err(Error::new(signature.ident.span(), "its first parameter should be `event: &Event`"));
    }
    Ok(parameters)
}

impl Parameters {
    fn take(&mut self, role: Role, reference: &TypeReference) -> syn::Result<()> {
        let of = (*reference.elem).clone();
        let first_event = role == Role::Handler && self.order.is_empty();
        let (parameter, place) = if reference.mutability.is_some() {
            (Parameter::State, Some(&mut self.state))
        } else if first_event {
            (Parameter::Event, None)
        } else {
            (Parameter::Config, Some(&mut self.config))
        };
        if place.is_some_and(|place| place.replace(of).is_some()) {
            return Err(Error::new(reference.span(), role.takes()));
        }
        self.order.push(parameter);
        Ok(())
    }
}
