//! The macros of `stoa-guest`: `plugin!` and `#[derive(Schema)]`.

mod plugin;
mod schema;

use proc_macro::TokenStream;

/// Makes this crate the plugin that its manifest describes.
///
/// `plugin!("plugin.toml")` reads the manifest (the path is relative to `Cargo.toml`), fails to compile
/// when it is not a possible one, and expands to the component's exports:
///
/// * with routes: a request handler that calls the function named by each route's `handler`. A handler
///   without a function does not compile; a function that no route names is dead code, which rustc says.
/// * with `lifecycle = true`: the functions `health() -> Result<(), String>` and
///   `migrate(&str) -> Result<(), String>` of the crate's root.
/// * with `personal_data = true`: the function `personal_data(&str) -> Result<T>` of the crate's root, which answers what
///   is kept about an account, for the person to take along.
/// * for each interface under `[uses]`: a module of that name with its types and functions.
/// * for each interface under `[provides]`: a module `provided::<name>` whose trait `Guest` the author
///   implements for the generated type `Plugin`.
///
/// It also defines `dispatch`, with which a plugin's own tests run requests.
#[proc_macro]
pub fn plugin(input: TokenStream) -> TokenStream {
    let path = syn::parse_macro_input!(input as syn::LitStr);
    plugin::expand(&path)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Derives the type's JSON Schema (2020-12) from its syntax, for the API document.
///
/// Understands serde's `rename_all`, `rename`, `default`, `skip`, `flatten` and `deny_unknown_fields`; doc comments become
/// descriptions. A field of another type becomes a reference to the schema of that name, which has to be
/// derived, too; `#[schema(as = "Type")]` on a field names a different type to describe it by.
#[proc_macro_derive(Schema, attributes(schema))]
pub fn schema(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    schema::expand(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
