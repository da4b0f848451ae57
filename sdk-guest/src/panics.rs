//! A panic's message reaches the log before the trap, whichever export was called.

/// Run once per instance: every export runs the module's constructors first.
#[expect(unsafe_code, reason = "naming a section is")]
#[unsafe(link_section = ".init_array")]
#[used]
static AT_START: extern "C" fn() = install;

extern "C" fn install() {
    std::panic::set_hook(Box::new(|info| {
        crate::log::write(crate::log::Level::Error, &info.to_string())
    }));
}
