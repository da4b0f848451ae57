//! Everything generated from `wit/`, and the only place where it is generated.

wasmtime::component::bindgen!({
    path: "../../../wit",
    world: "stoa:plugin/plugin@0.1.0",
    imports: { default: async | trappable },
    exports: { default: async },
});
