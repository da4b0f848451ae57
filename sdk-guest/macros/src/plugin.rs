//! `plugin!`: from a manifest to a component's exports.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use stoa_wit::{Manifest, WIT_DIR};
use syn::{Error, LitStr, Result};

pub fn expand(path: &LitStr) -> Result<TokenStream> {
    let at = |reason: String| Error::new(path.span(), reason);
    let root = std::env::var("CARGO_MANIFEST_DIR").map_err(|error| at(error.to_string()))?;
    let file = Path::new(&root).join(path.value());
    let text = std::fs::read_to_string(&file).map_err(|error| at(format!("{}: {error}", file.display())))?;
    let manifest = Manifest::from_toml(&text).map_err(|error| at(error.to_string()))?;

    let file = file.display().to_string();
    let dispatch = dispatch(&manifest);
    let handler = (!manifest.routes.is_empty()).then(export_handler);
    let lifecycle = manifest.lifecycle.then(export_lifecycle);
    let interfaces = interfaces(&manifest)?;
    Ok(quote! {
        // Makes cargo build again when the manifest changes.
        const _: &[u8] = include_bytes!(#file);

        /// This component.
        pub struct Plugin;

        #dispatch
        #handler
        #lifecycle
        #interfaces
    })
}

fn dispatch(manifest: &Manifest) -> TokenStream {
    let names: BTreeSet<&str> = manifest.routes.iter().map(|route| route.handler.as_str()).collect();
    let functions = names.iter().map(|name| format_ident!("{name}"));
    let names = names.iter();
    quote! {
        /// Lets the handler that the request names answer it.
        pub fn dispatch(request: &::stoa_guest::Request) -> ::stoa_guest::Result<::stoa_guest::Response> {
            match request.handler.as_str() {
                #(#names => ::stoa_guest::__private::call(#functions, request),)*
                other => Err(::stoa_guest::__private::unknown_handler(other)),
            }
        }
    }
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

/// The interfaces shared with other plugins have a world of their own, generated in the plugin's crate.
fn interfaces(manifest: &Manifest) -> Result<Option<TokenStream>> {
    if manifest.uses.is_empty() && manifest.provides.is_empty() {
        return Ok(None);
    }
    let lines = |verb: &str, names: &mut dyn Iterator<Item = &String>| -> String {
        names.map(|name| format!("{verb} {name};")).collect::<Vec<_>>().join(" ")
    };
    let inline = format!(
        "package stoa:of-{name}; world between-plugins {{ {imports} {exports} }}",
        name = manifest.name,
        imports = lines("import", &mut manifest.uses.values()),
        exports = lines("export", &mut manifest.provides.values()),
    );
    let uses = modules(manifest.uses.iter(), &quote!(crate::between_plugins))?;
    let provides = modules(manifest.provides.iter(), &quote!(crate::between_plugins::exports))?;
    let export = (!manifest.provides.is_empty()).then(|| {
        quote! {
            #[cfg(target_arch = "wasm32")]
            #[expect(unsafe_code, reason = "exports are")]
            mod between_plugins_export {
                use super::Plugin;
                crate::between_plugins::export_between_plugins!(Plugin with_types_in crate::between_plugins);
            }
        }
    });
    Ok(Some(quote! {
        #[allow(unsafe_code, dead_code, unused_imports, missing_docs, clippy::all, clippy::pedantic, clippy::restriction, reason = "generated")]
        mod between_plugins {
            ::stoa_guest::__private::wit_bindgen::generate!({
                inline: #inline,
                path: #WIT_DIR,
                world: "between-plugins",
                generate_all,
                export_macro_name: "export_between_plugins",
                default_bindings_module: "crate::between_plugins",
                runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
                additional_derives: [PartialEq],
            });
        }
        #(pub use #uses;)*
        /// The interfaces that this plugin provides: their types and the traits to implement.
        pub mod provided {
            #(pub use #provides;)*
        }
        #export
    }))
}

/// `path::to::package::interface as alias` for each `alias = "package:name/interface@version"`.
fn modules<'a>(
    entries: impl Iterator<Item = (&'a String, &'a String)>,
    root: &TokenStream,
) -> Result<Vec<TokenStream>> {
    entries
        .map(|(alias, interface)| {
            let path = interface.split('@').next().unwrap_or(interface);
            let segments: Vec<_> = path
                .split([':', '/'])
                .map(|segment| syn::parse_str::<syn::Ident>(&segment.replace('-', "_")))
                .collect::<Result<_>>()
                .map_err(|_| Error::new(Span::call_site(), format!("{interface} is no interface")))?;
            let alias = format_ident!("{alias}");
            Ok(quote!(#root #(::#segments)* as #alias))
        })
        .collect()
}
