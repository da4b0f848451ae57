//! What a plugin does without being asked by a client: events and schedules.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use stoa_wit::Manifest;
use syn::Result;

/// `dispatch_event` and `dispatch_turn`, with their exports.
pub fn expand(manifest: &Manifest) -> Result<TokenStream> {
    let events = (!manifest.subscriptions.is_empty()).then(|| events(manifest));
    let turns = (!manifest.schedules.is_empty()).then(|| turns(manifest));
    let (events, turns) = (events.transpose()?, turns.transpose()?);
    Ok(quote! { #events #turns })
}

fn events(manifest: &Manifest) -> Result<TokenStream> {
    let handlers = manifest.subscriptions.iter();
    let names: BTreeSet<&str> = handlers.map(|each| each.handler.as_str()).collect();
    let functions = functions(&names)?;
    let names = names.iter();
    Ok(quote! {
        /// Lets the function that the delivery names handle the event.
        pub fn dispatch_event(handler: &str, event: &::stoa_guest::__private::wire_subscriber::Event) -> ::stoa_guest::Result<()> {
            match handler {
                #(#names => ::stoa_guest::__private::deliver(#functions, event),)*
                other => Err(::stoa_guest::__private::unknown_handler(other)),
            }
        }
        const _: () = {
            use ::stoa_guest::__private::{stoa, wire_subscriber};
            impl wire_subscriber::Guest for Plugin {
                fn handle(handler: ::std::string::String, event: wire_subscriber::Event) -> ::core::result::Result<(), stoa::types::types::Problem> {
                    dispatch_event(&handler, &event).map_err(::core::convert::Into::into)
                }
            }
            // Only a component exports: natively, the linker chokes on such names.
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod export {
                use super::Plugin;
                ::stoa_guest::__private::export_subscriber!(Plugin with_types_in ::stoa_guest::__private::bindings_subscriber);
            }
        };
    })
}

fn turns(manifest: &Manifest) -> Result<TokenStream> {
    let handlers = manifest.schedules.iter();
    let names: BTreeSet<&str> = handlers.map(|each| each.handler.as_str()).collect();
    let functions = functions(&names)?;
    let names = names.iter();
    Ok(quote! {
        /// Lets the function that the schedule names take the turn.
        pub fn dispatch_turn(handler: &str, turn: ::stoa_guest::schedule::Turn) -> ::stoa_guest::Result<()> {
            match handler {
                #(#names => #functions(turn),)*
                other => Err(::stoa_guest::__private::unknown_handler(other)),
            }
        }
        const _: () = {
            use ::stoa_guest::__private::{stoa, wire_scheduled};
            impl wire_scheduled::Guest for Plugin {
                fn run(handler: ::std::string::String, due_ms: u64) -> ::core::result::Result<(), stoa::types::types::Problem> {
                    dispatch_turn(&handler, ::stoa_guest::schedule::Turn { due_ms }).map_err(::core::convert::Into::into)
                }
            }
            // Only a component exports: natively, the linker chokes on such names.
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod export {
                use super::Plugin;
                ::stoa_guest::__private::export_scheduled!(Plugin with_types_in ::stoa_guest::__private::bindings_scheduled);
            }
        };
    })
}

fn functions(names: &BTreeSet<&str>) -> Result<Vec<proc_macro2::Ident>> {
    names
        .iter()
        .map(|name| super::ident("handler", name))
        .collect()
}
