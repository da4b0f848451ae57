//! `plugin!`: from a manifest to a component's exports.

mod background;
mod interfaces;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use stoa_wit::{Channel, Manifest, own};
use syn::{Error, LitStr, Result};

pub fn expand(path: &LitStr) -> Result<TokenStream> {
    let at = |reason: String| Error::new(path.span(), reason);
    let root = std::env::var("CARGO_MANIFEST_DIR").map_err(|error| at(error.to_string()))?;
    let file = Path::new(&root).join(path.value());
    let own = own::packages(Path::new(&root)).map_err(|error| at(error.to_string()))?;
    let file = file.display().to_string();
    let text = std::fs::read_to_string(&file).map_err(|error| at(format!("{file}: {error}")))?;
    let plugin = plugin(&text, &own.text).map_err(|reason| at(reason.to_string()))?;
    let packages = own.files.iter().map(|file| file.display().to_string());
    Ok(quote! {
        // Makes cargo build again when the manifest or a package of the project's own changes.
        const _: &[u8] = include_bytes!(#file);
        #(const _: &[u8] = include_bytes!(#packages);)*
        #plugin
    })
}

/// What a manifest's text expands to, beside the text of the project's own WIT packages.
fn plugin(text: &str, own: &str) -> Result<TokenStream> {
    let manifest =
        Manifest::from_toml(text).map_err(|error| Error::new(Span::call_site(), error))?;
    let dispatch = dispatch(&manifest)?;
    let handler = manifest.answers_requests().then(export_handler);
    let lifecycle = manifest.lifecycle.then(export_lifecycle);
    let personal_data = manifest.personal_data.then(export_personal_data);
    let background = background::expand(&manifest)?;
    let interfaces = interfaces::expand(&manifest, own)?;
    Ok(quote! {
        /// This component.
        pub struct Plugin;

        #dispatch
        #handler
        #lifecycle
        #personal_data
        #background
        #interfaces
    })
}

/// A name of the manifest as one of Rust.
fn ident(key: &str, name: &str) -> Result<Ident> {
    let reason = || {
        Error::new(
            Span::call_site(),
            format!("plugin.toml: {key} {name:?} is a word of Rust's own"),
        )
    };
    syn::parse_str(name).map_err(|_| reason())
}

fn dispatch(manifest: &Manifest) -> Result<TokenStream> {
    let routes = manifest.routes.iter().map(|route| route.handler.as_str());
    let channels = manifest.channels.iter().flat_map(Channel::handlers);
    let names: BTreeSet<&str> = routes.chain(channels).collect();
    let functions = names
        .iter()
        .map(|name| ident("handler", name))
        .collect::<Result<Vec<_>>>()?;
    let names = names.iter();
    Ok(quote! {
        /// Lets the handler that the request names answer it.
        pub fn dispatch(request: &::stoa_guest::Request) -> ::stoa_guest::Result<::stoa_guest::Response> {
            match request.handler.as_str() {
                #(#names => ::stoa_guest::__private::call(#functions, request),)*
                other => Err(::stoa_guest::__private::unknown_handler(other)),
            }
        }
    })
}

fn export_handler() -> TokenStream {
    quote! {
        const _: () = {
            use ::stoa_guest::__private::{begin, stoa, wire};
            impl wire::Guest for Plugin {
                fn handle(request: wire::Request) -> ::core::result::Result<wire::Response, stoa::types::types::Problem> {
                    begin(request, dispatch)
                }
            }
            // Only a component exports: natively, the linker chokes on such names.
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod export {
                use super::Plugin;
                ::stoa_guest::__private::export_handler!(Plugin with_types_in ::stoa_guest::__private::bindings_handler);
            }
        };
    }
}

fn export_lifecycle() -> TokenStream {
    quote! {
        const _: () = {
            use ::stoa_guest::__private::wire_lifecycle;
            impl wire_lifecycle::Guest for Plugin {
                fn health() -> ::core::result::Result<(), ::std::string::String> {
                    self::health()
                }
                fn migrate(stored: ::std::string::String) -> ::core::result::Result<(), ::std::string::String> {
                    self::migrate(&stored)
                }
            }
            // Only a component exports: natively, the linker chokes on such names.
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod export {
                use super::Plugin;
                ::stoa_guest::__private::export_lifecycle!(Plugin with_types_in ::stoa_guest::__private::bindings_lifecycle);
            }
        };
    }
}

fn export_personal_data() -> TokenStream {
    quote! {
        const _: () = {
            use ::stoa_guest::__private::wire_personal_data;
            impl wire_personal_data::Guest for Plugin {
                fn export(account: ::std::string::String) -> ::core::result::Result<::std::string::String, ::std::string::String> {
                    ::stoa_guest::__private::told(self::personal_data(&account))
                }
            }
            // Only a component exports: natively, the linker chokes on such names.
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod export {
                use super::Plugin;
                ::stoa_guest::__private::export_personal_data!(Plugin with_types_in ::stoa_guest::__private::bindings_personal_data);
            }
        };
    }
}
