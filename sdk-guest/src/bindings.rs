//! Everything generated from `wit/`. Only `host` and the macros look in here.
#![allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated"
)]

wit_bindgen::generate!({
    path: "../wit",
    world: "stoa:plugin/imports@0.1.0",
    generate_all,
    runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
});

/// The export of request handlers.
pub mod handler {
    wit_bindgen::generate!({
        inline: "package stoa:sdk-handler; world with-handler { export stoa:http/handler@0.1.0; }",
        path: "../wit",
        world: "with-handler",
        with: { "stoa:types/types@0.1.0": crate::bindings::stoa::types::types },
        pub_export_macro: true,
        export_macro_name: "export_handler",
        default_bindings_module: "::stoa_guest::__private::bindings_handler",
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

/// The export of a say in one's own activation.
pub mod lifecycle {
    wit_bindgen::generate!({
        inline: "package stoa:sdk-lifecycle; world with-lifecycle { export stoa:lifecycle/lifecycle@0.1.0; }",
        path: "../wit",
        world: "with-lifecycle",
        pub_export_macro: true,
        export_macro_name: "export_lifecycle",
        default_bindings_module: "::stoa_guest::__private::bindings_lifecycle",
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

/// The export of what is kept about people.
pub mod personal_data {
    wit_bindgen::generate!({
        inline: "package stoa:sdk-personal-data; world with-personal-data { export stoa:lifecycle/personal-data@0.1.0; }",
        path: "../wit",
        world: "with-personal-data",
        pub_export_macro: true,
        export_macro_name: "export_personal_data",
        default_bindings_module: "::stoa_guest::__private::bindings_personal_data",
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

/// The export of what handles events.
pub mod subscriber {
    wit_bindgen::generate!({
        inline: "package stoa:sdk-subscriber; world with-subscriber { export stoa:events/subscriber@0.1.0; }",
        path: "../wit",
        world: "with-subscriber",
        with: { "stoa:types/types@0.1.0": crate::bindings::stoa::types::types },
        pub_export_macro: true,
        export_macro_name: "export_subscriber",
        default_bindings_module: "::stoa_guest::__private::bindings_subscriber",
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

/// The export of work at intervals.
pub mod scheduled {
    wit_bindgen::generate!({
        inline: "package stoa:sdk-scheduled; world with-scheduled { export stoa:schedule/scheduled@0.1.0; }",
        path: "../wit",
        world: "with-scheduled",
        with: { "stoa:types/types@0.1.0": crate::bindings::stoa::types::types },
        pub_export_macro: true,
        export_macro_name: "export_scheduled",
        default_bindings_module: "::stoa_guest::__private::bindings_scheduled",
        runtime_path: "::stoa_guest::__private::wit_bindgen::rt",
    });
}

pub use handler::export_handler;
pub use lifecycle::export_lifecycle;
pub use personal_data::export_personal_data;
pub use scheduled::export_scheduled;
pub use subscriber::export_subscriber;
