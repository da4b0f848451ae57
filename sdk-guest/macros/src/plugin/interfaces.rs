//! The interfaces that plugins serve each other with.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::quote;
use stoa_wit::{Manifest, WIT_PACKAGES};
use syn::Result;

/// The interfaces shared with other plugins have a world of their own, generated in the plugin's crate.
///
/// `own` is the text of the packages that the project brings itself.
pub fn expand(manifest: &Manifest, own: &str) -> Result<Option<TokenStream>> {
    let used: BTreeMap<String, String> = manifest
        .used()
        .map(|(alias, interface)| (alias.into(), interface.into()))
        .collect();
    if used.is_empty() && manifest.provides.is_empty() {
        return Ok(None);
    }
    let lines = |verb: &str, names: &mut dyn Iterator<Item = &String>| -> String {
        names
            .map(|name| format!("{verb} {name};"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let inline = format!(
        "package stoa:of-{name}; world between-plugins {{ {imports} {exports} }}\n{WIT_PACKAGES}{own}",
        name = manifest.name,
        imports = lines("import", &mut used.values()),
        exports = lines("export", &mut manifest.provides.values()),
    );
    let uses = modules("uses", &used, &quote!(crate::between_plugins))?;
    let provides = modules(
        "provides",
        &manifest.provides,
        &quote!(crate::between_plugins::exports),
    )?;
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
                path: [],
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
fn modules(
    key: &str,
    entries: &BTreeMap<String, String>,
    root: &TokenStream,
) -> Result<Vec<TokenStream>> {
    let module = |(alias, interface): (&String, &String)| {
        let path = interface
            .split('@')
            .next()
            .unwrap_or(interface)
            .replace('-', "_");
        let segments = path
            .split([':', '/'])
            .map(|segment| super::ident(key, segment))
            .collect::<Result<Vec<_>>>()?;
        let alias = super::ident(key, alias)?;
        Ok(quote!(#root #(::#segments)* as #alias))
    };
    entries.iter().map(module).collect()
}
