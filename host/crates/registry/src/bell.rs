//! What hosts over one database tell each other of plugins: that something was switched. What that was is in the rows.

use std::sync::{Arc, OnceLock};

use stoa_kernel::live::{BusEar, LiveBus, Signal};
use tokio::sync::Notify;

/// Rings here when another host has switched something, and there when this one has. Without a bus nobody rings, and
/// who follows looks from time to time.
#[derive(Default)]
pub struct Bell {
    rung: Notify,
    bus: OnceLock<Arc<dyn LiveBus>>,
}

impl Bell {
    /// Tells other hosts from now on. The first bus counts.
    pub fn join_bus(&self, bus: Arc<dyn LiveBus>) {
        // A second bus would tell everything twice.
        let _ = self.bus.set(bus);
    }

    /// Tells the other hosts.
    pub(crate) fn ring(&self) {
        if let Some(bus) = self.bus.get() {
            bus.tell(Arc::new(Signal::PluginsSwitched));
        }
    }

    /// Waits until another host has switched something.
    pub(crate) async fn rung(&self) {
        self.rung.notified().await;
    }
}

impl BusEar for Bell {
    fn hear(&self, signal: Signal) {
        if signal == Signal::PluginsSwitched {
            self.rung.notify_one();
        }
    }

    fn lost_some(&self) {
        self.rung.notify_one();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::sync::Mutex;

    use futures::FutureExt as _;

    use super::*;

    #[derive(Default)]
    struct Bus(Mutex<Vec<Signal>>);

    impl LiveBus for Bus {
        fn tell(&self, signal: Arc<Signal>) {
            self.0.lock().unwrap().push(Signal::clone(&signal));
        }
    }

    #[test]
    fn it_rings_here_when_others_switch_and_there_when_we_do() {
        let (bell, bus) = (Bell::default(), Arc::new(Bus::default()));
        bell.ring();
        bell.join_bus(bus.clone());
        bell.ring();
        assert_eq!(*bus.0.lock().unwrap(), [Signal::PluginsSwitched]);
        bell.hear(Signal::SessionEnded("s1".into()));
        assert!(bell.rung().now_or_never().is_none(), "not for us");
        bell.hear(Signal::PluginsSwitched);
        assert!(bell.rung().now_or_never().is_some());
        bell.lost_some();
        assert!(bell.rung().now_or_never().is_some(), "it may have rung");
    }
}
