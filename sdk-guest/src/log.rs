//! Lines for the operator, tagged by the host with plugin, tenant and request.

pub use crate::bindings::stoa::log::log::Level;

/// Writes a line.
pub fn write(level: Level, message: &str) {
    crate::host::log::write(level, message);
}

/// Writes a line with `format!`'s arguments.
#[macro_export]
#[doc(hidden)]
macro_rules! __log {
    ($level:ident, $($arg:tt)+) => {
        $crate::log::write($crate::log::Level::$level, &::std::format!($($arg)+))
    };
}

/// Writes a line at the level `trace`.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_trace {
    ($($arg:tt)+) => { $crate::__log!(Trace, $($arg)+) };
}
pub use __log_trace as trace;

/// Writes a line at the level `debug`.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_debug {
    ($($arg:tt)+) => { $crate::__log!(Debug, $($arg)+) };
}
pub use __log_debug as debug;

/// Writes a line at the level `info`.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_info {
    ($($arg:tt)+) => { $crate::__log!(Info, $($arg)+) };
}
pub use __log_info as info;

/// Writes a line at the level `warn`.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_warn {
    ($($arg:tt)+) => { $crate::__log!(Warn, $($arg)+) };
}
pub use __log_warn as warn;

/// Writes a line at the level `error`.
#[macro_export]
#[doc(hidden)]
macro_rules! __log_error {
    ($($arg:tt)+) => { $crate::__log!(Error, $($arg)+) };
}
pub use __log_error as error;
